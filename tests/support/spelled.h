// Spellings of a header's name.
#pragma once

#include <string>
#include <string_view>

namespace hourgate::test {

/// Returns "X-Hourgate-Role" as "X.Hourgate.Role".
inline std::string spelled(std::string_view name, char separator) {
    std::string text(name);
    for (char& c : text)
        if (c == '-')
            c = separator;
    return text;
}

}  // namespace hourgate::test
