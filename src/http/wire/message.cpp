#include "http/wire/message.h"

#include <algorithm>

#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"

namespace hourgate::http {

namespace {

/// The characters of an HTTP token (RFC 9110 section 5.6.2).
constexpr CharacterSet in_words(
    "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

/// Compares names. The exact spelling is the most frequent, so it is tested first.
bool is_named(std::string_view sent, std::string_view name) noexcept {
    return sent == name || same_ignoring_case(sent, name);
}

template <typename Headers>
std::optional<std::string_view> only_of(const Headers& headers, std::string_view name) noexcept {
    std::optional<std::string_view> found;
    for (const auto& header : headers) {
        if (!is_named(header.name, name))
            continue;
        if (found)
            return std::nullopt;
        found = header.value;
    }
    return found;
}

template <typename Headers>
std::size_t count_of(const Headers& headers, std::string_view name) noexcept {
    return static_cast<std::size_t>(
        std::count_if(headers.begin(), headers.end(),
                      [&](const auto& header) { return is_named(header.name, name); }));
}

template <typename Headers>
std::string joined_of(const Headers& headers, std::string_view name) {
    std::string all;
    for (const auto& header : headers) {
        if (!is_named(header.name, name))
            continue;
        if (!all.empty())
            all += ", ";
        all += header.value;
    }
    return all;
}

}  // namespace

bool is_http_token(std::string_view text) noexcept {
    return !text.empty() && in_words.has_all_of(text);
}

std::optional<std::string_view> RequestView::only(std::string_view name) const noexcept {
    return only_of(headers, name);
}
std::size_t RequestView::count(std::string_view name) const noexcept {
    return count_of(headers, name);
}
std::string RequestView::joined(std::string_view name) const {
    return joined_of(headers, name);
}

Request::Request(const RequestView& view)
    : method(view.method), target(view.target), peer(view.peer), carrier(view.carrier) {
    headers.reserve(view.headers.size());
    for (const HeaderView& header : view.headers)
        headers.push_back({std::string(header.name), std::string(header.value)});
}

Request::operator RequestView() const {
    const std::string_view start = std::string_view(body).substr(0, limits::misplaced_bytes_max);
    RequestView view{method, target, {}, peer, start, carrier};
    view.headers.reserve(headers.size());
    for (const Header& header : headers)
        view.headers.push_back({header.name, header.value});
    return view;
}

std::optional<std::string_view> Request::only(std::string_view name) const noexcept {
    return only_of(headers, name);
}
std::size_t Request::count(std::string_view name) const noexcept {
    return count_of(headers, name);
}
std::string Request::joined(std::string_view name) const {
    return joined_of(headers, name);
}

void Request::wipe() noexcept {
    for (Header& header : headers)
        hourgate::wipe(header.value);
    hourgate::wipe(body);
}

}  // namespace hourgate::http
