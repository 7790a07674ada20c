#include "cli/command.h"

#include <algorithm>

#include "base/text.h"
#include "token/format.h"

namespace hourgate::cli {

std::string Command::path() const {
    std::string path(group);
    if (!path.empty())
        path += ' ';
    return path.append(name);
}

const Group* Table::find_group(std::string_view name) const noexcept {
    for (const Group& group : groups)
        if (group.name == name)
            return &group;
    return nullptr;
}

std::string echoed(std::string_view argument) {
    constexpr std::size_t bytes_max = 200;
    const std::string safe = token::blotted(argument);
    return is_plain_name(safe, bytes_max) ? safe : printable(safe, bytes_max);
}

void Arguments::add(std::string_view name, std::vector<std::string> values) {
    values_.emplace_back(name, std::move(values));
}

bool Arguments::given(std::string_view name) const noexcept {
    return std::any_of(values_.begin(), values_.end(),
                       [&](const auto& value) { return value.first == name; });
}

const std::string& Arguments::one(std::string_view name) const {
    for (const auto& [known, values] : values_)
        if (known == name && !values.empty())
            return values.front();
    check_failed(__FILE__, __LINE__, "the argument is given");
}

std::optional<std::string> Arguments::find(std::string_view name) const {
    return given(name) ? std::optional(one(name)) : std::nullopt;
}

std::vector<std::string> Arguments::all(std::string_view name) const {
    for (const auto& [known, values] : values_)
        if (known == name)
            return values;
    return {};
}

}  // namespace hourgate::cli
