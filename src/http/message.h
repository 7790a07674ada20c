// A request and an answer as this program sees them, whatever library carries the bytes. Adapters
// in http/ turn a Request into a gate::Call and a Decision into an Answer; library/ (and, later,
// the loop) only moves them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"

namespace hourgate::http {

struct Header {
    std::string name;
    std::string value;
};

/// Whether `text` is what RFC 9110 section 5.6.2 calls a token: methods and header names are. It is
/// called a word here, where tokens are something else.
[[nodiscard]] bool is_word(std::string_view text) noexcept;

struct Request {
    std::string method;
    std::string target;           ///< as sent
    std::vector<Header> headers;  ///< in order, repeats kept; values without surrounding space
    std::string body;             ///< whole, bounded; only where the route reads one
    Address peer;                 ///< of the socket; a Unix socket's peer is Address::loopback()

    /// The only header of that name (ASCII case ignored); nothing when absent or repeated.
    [[nodiscard]] std::optional<std::string_view> only(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    /// All values of that name, in order, joined by ", " (RFC 9110 section 5.3); empty when absent.
    [[nodiscard]] std::string joined(std::string_view name) const;

    /// Overwrites what may hold a token: every header value and the body.
    void wipe() noexcept;
};

struct Answer {
    int status = 200;
    std::vector<Header> headers;  ///< Content-Type included, Content-Length not
    std::string body;
    bool holds_token = false;  ///< in the body: overwritten as soon as it is sent
};

}  // namespace hourgate::http
