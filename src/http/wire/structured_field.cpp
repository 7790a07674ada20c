#include "http/wire/structured_field.h"

#include <algorithm>

#include "base/text.h"

namespace hourgate::http {

namespace {

bool is_visible(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<std::string> read_string_item(std::string_view value) {
    value = trimmed(value);
    if (!value.starts_with('"'))
        return is_visible(value) ? std::optional<std::string>(value) : std::nullopt;
    std::string text;
    std::size_t at = 1;
    for (; at < value.size() && value[at] != '"'; ++at) {
        if (value[at] == '\\' && (++at == value.size() || (value[at] != '"' && value[at] != '\\')))
            return std::nullopt;
        if (value[at] < 0x20 || value[at] > 0x7e)
            return std::nullopt;
        text += value[at];
    }
    if (at == value.size())
        return std::nullopt;  // the closing quote is missing
    const std::string_view parameters = value.substr(at + 1);
    if (!parameters.empty() && (parameters.front() != ';' || !is_printable_ascii(parameters)))
        return std::nullopt;
    return text;
}

}  // namespace hourgate::http
