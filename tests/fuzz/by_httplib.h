// How cpp-httplib reads a request: somebody else's reading of the same bytes.
#pragma once

#include <optional>
#include <string_view>

#include "http/wire/message.h"

namespace hourgate::test {

/// The request whose head, a whole one, these bytes are; nothing when the library refuses it.
/// Headers are sorted: the library forgets their order.
[[nodiscard]] std::optional<http::Request> read_by_httplib(std::string_view head);

/// Whether the library is known to read these bytes as they stand. It decodes escapes in some
/// headers' values, cuts a target at '#', knows ten methods, and has its own mind on Accept, Range
/// and Expect.
[[nodiscard]] bool is_plain(const http::RequestView& request) noexcept;

/// The same headers in the same order as read_by_httplib().
void sort_headers(http::Request& request);

}  // namespace hourgate::test
