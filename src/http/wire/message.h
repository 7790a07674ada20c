// A request and an answer as this program sees them. Adapters in http/ turn a request into a Call
// and a Decision into an Response; http/server/session reads the one and writes the other.
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

/// Whether `text` is what RFC 9110 section 5.6.2 calls a token: methods and header names are. It is
/// called a word here, where tokens are something else.
[[nodiscard]] bool is_http_token(std::string_view text) noexcept;

/// What a request came over.
enum class Carrier : std::uint8_t { tcp, unix_socket };

struct HeaderView {
    std::string_view name;
    std::string_view value;
};

/// A request that stands in somebody else's memory: in the bytes it came in, or in a Request.
struct RequestView {
    std::string_view method;
    std::string_view target;          ///< as sent
    std::vector<HeaderView> headers;  ///< in order, repeats kept; values without surrounding space
    Address peer;                     ///< of the socket; a Unix socket's is Address::loopback()
    /// What has come of the body by now, as it came: the first limits::misplaced_bytes_max at most,
    /// often nothing.
    std::string_view body_start = {};
    Carrier carrier = Carrier::tcp;

    /// The only header of that name (ASCII case ignored); nothing when absent or repeated.
    [[nodiscard]] std::optional<std::string_view> only(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    /// All values of that name, in order, joined by ", " (RFC 9110 section 5.3); empty when absent.
    [[nodiscard]] std::string joined(std::string_view name) const;
};

/// A request with memory of its own, for what takes longer than the bytes stay.
struct Request {
    std::string method;
    std::string target;
    std::vector<Header> headers;
    std::string body;  ///< whole, bounded; only where the route reads one
    Address peer;
    Carrier carrier = Carrier::tcp;

    Request() = default;
    explicit Request(const RequestView& view);
    /// The view points into this request.
    operator RequestView() const;  // NOLINT(google-explicit-constructor): it is one

    /// As of RequestView.
    [[nodiscard]] std::optional<std::string_view> only(std::string_view name) const noexcept;
    [[nodiscard]] std::size_t count(std::string_view name) const noexcept;
    [[nodiscard]] std::string joined(std::string_view name) const;

    /// Overwrites what may hold a token: every header value and the body.
    void wipe() noexcept;
};

/// Where headers are put, one after another.
class HeaderSink {
public:
    virtual ~HeaderSink() = default;
    virtual void add(std::string_view name, std::string_view value) = 0;
};

struct Response {
    int status = 200;
    std::vector<Header> headers;  ///< Content-Type included, Content-Length not
    std::string body;
    bool holds_token = false;  ///< in the body: overwritten as soon as it is sent
};

/// Puts headers into an answer.
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
