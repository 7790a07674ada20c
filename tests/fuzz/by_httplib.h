// Parses a request with cpp-httplib, as an independent interpretation of the same bytes.
#pragma once

#include <optional>
#include <string_view>

#include "http/wire/message.h"

namespace hourgate::test {

/// Returns the request of this complete head; nullopt if the library refuses it. The headers are
/// sorted, because the library forgets their order.
[[nodiscard]] std::optional<http::Request> read_by_httplib(std::string_view head);

/// Returns true if the library is known to leave these bytes unchanged. It decodes escapes in the
/// values of some headers, cuts a target at '#', knows ten methods, and treats Accept, Range and
/// Expect specially.
[[nodiscard]] bool is_plain(const http::RequestView& request) noexcept;

/// Sorts the headers like read_by_httplib().
void sort_headers(http::Request& request);

}  // namespace hourgate::test
