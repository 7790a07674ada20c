// A request and a response as this program sees them. Adapters in http/ turn a request into a Call
// and a Decision into a Response. http/server/session.h reads requests and writes responses.
#pragma once

#include <cstddef>
#include <cstdint>
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

/// Returns true if `text` is a token in the sense of RFC 9110 section 5.6.2, as methods and header
/// names are. It is called an HTTP token here, since tokens are something else.
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;

/// How a request reached the gate.
enum class Carrier : std::uint8_t { tcp, unix_socket };

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// A request in memory that it does not own: the bytes received, or a Request.
struct RequestView {
    std::string_view method;
    std::string_view target;          ///< as sent
    std::vector<HeaderView> headers;  ///< in order, repeats kept; values without surrounding space
    Address peer;                     ///< of the socket; Address::loopback() for a Unix socket
    /// The raw bytes of the body that have arrived: at most limits::misplaced_bytes_max, often
    /// none.
    std::string_view body_start = {};
    Carrier carrier = Carrier::tcp;

    /// Returns the value of the only header `name` (ASCII case ignored), or nullopt if it is absent
    /// or repeated.
    [[nodiscard]] std::optional<std::string_view> only(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    /// Returns all values of `name` in order, joined by ", " (RFC 9110 section 5.3); "" if absent.
    [[nodiscard]] std::string joined(std::string_view name) const;
};

/// A request that owns its memory, for work that takes longer than the bytes are kept.
struct Request {
    std::string method;
    std::string target;
    std::vector<Header> headers;
    std::string body;  ///< complete and bounded; only if the route reads a body
    Address peer;
    Carrier carrier = Carrier::tcp;

    Request() = default;
    explicit Request(const RequestView& view);
    /// Returns a view of this request.
    operator RequestView() const;  // NOLINT(google-explicit-constructor): it is one

    /// See RequestView.
    [[nodiscard]] std::optional<std::string_view> only(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    [[nodiscard]] std::string joined(std::string_view name) const;

    /// Overwrites what may hold a token: every header value and the body.
    void wipe() noexcept;
};

/// Takes headers one after another.
class HeaderSink {
public:
    virtual ~HeaderSink() = default;
    virtual void add(std::string_view name, std::string_view value) = 0;
};

struct Response {
    int status = 200;
    std::vector<Header> headers;  ///< Content-Type included, Content-Length not
    std::string body;
    bool holds_token = false;  ///< in the body, which is overwritten as soon as it is sent
};

/// Appends headers to a response.
class ResponseHeaders final : public HeaderSink {
public:
    explicit ResponseHeaders(Response& answer) noexcept : answer_(answer) {}
    void add(std::string_view name, std::string_view value) override {
        answer_.headers.push_back({std::string(name), std::string(value)});
    }

private:
    Response& answer_;
};

}  // namespace hourgate::http
