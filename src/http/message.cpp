#include "http/message.h"

#include <algorithm>

#include "base/secret.h"
#include "base/text.h"

namespace hourgate::http {

bool is_word(std::string_view text) noexcept {
    constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
               others.find(c) != others.npos;
    });
}

std::optional<std::string_view> Request::only(std::string_view name) const noexcept {
    std::optional<std::string_view> found;
    for (const Header& header : headers) {
        if (!same_ignoring_case(header.name, name))
            continue;
        if (found)
            return std::nullopt;
        found = header.value;
    }
    return found;
}

std::size_t Request::count(std::string_view name) const noexcept {
    std::size_t count = 0;
    for (const Header& header : headers)
        if (same_ignoring_case(header.name, name))
            ++count;
    return count;
}

std::string Request::joined(std::string_view name) const {
    std::string all;
    for (const Header& header : headers) {
        if (!same_ignoring_case(header.name, name))
            continue;
        if (!all.empty())
            all += ", ";
        all += header.value;
    }
    return all;
}

void Request::wipe() noexcept {
    for (Header& header : headers)
        hourgate::wipe(header.value);
    hourgate::wipe(body);
}

}  // namespace hourgate::http
