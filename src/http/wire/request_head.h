// The head of an HTTP/1.1 request as bytes (RFC 9112), without a socket: where it ends and what it
// says. Reading is strict: a head that two readers could understand in two ways is refused. Header
// values are forwarded byte for byte, because the gate must judge what the upstream will read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/limits.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// What is off about a head. Each is answered once, then the connection is closed.
enum class HeadFlaw : std::uint8_t {
    none,
    request_line,      ///< not method SP target SP version, or a byte that may not be there
    version,           ///< neither HTTP/1.1 nor HTTP/1.0
    target_too_long,   ///< over what is configured, or limits::target_bytes_max
    line_end,          ///< a line that ends with LF alone
    header_line,       ///< not name ":" value, a folded line, or a control byte in it
    header_too_long,   ///< over limits::head_line_bytes_max
    too_many_headers,  ///< over limits::headers_max
    head_too_long,     ///< over limits::head_bytes_max
    too_many_options,  ///< over limits::connection_options_max
    host,              ///< none in HTTP/1.1, several, or one that is no host: RFC 9112, 3.2
    length,            ///< Content-Length is no number, there twice, or beside Transfer-Encoding
    encoding,          ///< a Transfer-Encoding other than chunked
    preflight_body,    ///< a CORS preflight with a body: no browser sends one
};

/// How long a head may be. All but `lines` in bytes, line ends left out.
struct HeadBounds {
    std::size_t first_line = 0;
    std::size_t line = 0;         ///< one header line
    std::size_t target_line = 0;  ///< one in which a proxy says the target (X-Original-URI)
    std::size_t lines = 0;        ///< header lines
    std::size_t bytes = 0;        ///< all header lines together
};
constexpr std::size_t method_bytes_max = 32;
constexpr HeadBounds request_bounds = {method_bytes_max + limits::target_bytes_max + 12,
                                       limits::head_line_bytes_max, limits::target_bytes_max + 64,
                                       limits::headers_max, limits::head_bytes_max};
/// Bounds for the head of an answer that the API gives.
constexpr HeadBounds answer_bounds = {
    limits::head_line_bytes_max, limits::answer_head_line_bytes_max,
    limits::answer_head_line_bytes_max, limits::answer_headers_max, limits::answer_head_bytes_max};

/// Finds the end of a head while its bytes arrive, and gives up as early as it can: no more than
/// its bounds is ever waited for.
class HeadScanner {
public:
    enum class State : std::uint8_t { more, complete, refused };

    HeadScanner() noexcept : HeadScanner(request_bounds) {}
    /// `bounds` outlive it.
    explicit HeadScanner(const HeadBounds& bounds) noexcept : bounds_(&bounds) {}

    /// `bytes`: all that has arrived, from the first byte of the request on.
    [[nodiscard]] State scan(std::string_view bytes) noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return at_; }  ///< of the head, when complete
    [[nodiscard]] HeadFlaw flaw() const noexcept { return flaw_; }   ///< when refused

private:
    [[nodiscard]] State refuse(HeadFlaw flaw) noexcept;
    [[nodiscard]] HeadFlaw flaw_of_line(std::string_view line) const noexcept;

    const HeadBounds* bounds_;
    std::size_t at_ = 0;         // begin of the line that is not complete
    std::size_t looked_at_ = 0;  // no LF before here but those of complete lines
    std::size_t lines_ = 0;      // complete ones
    std::size_t first_line_ =
        0;  // bytes of the request line, which the bound on headers leaves out
    HeadFlaw flaw_ = HeadFlaw::none;
};

struct RequestHead {
    enum class Body : std::uint8_t { none, length, chunked };

    HeadFlaw flaw = HeadFlaw::none;  ///< anything but none: the rest says nothing
    /// Points into the bytes that were read. A target in absolute form (RFC 9112 section 3.2.2) is
    /// given in origin form here, and Host is what the target named.
    RequestView request;
    int minor_version = 1;  ///< of HTTP/1.x
    Body body = Body::none;
    std::uint64_t body_bytes = 0;   ///< Body::length: more than 0
    bool keep_alive = false;        ///< what the client wishes
    bool expects_continue = false;  ///< RFC 9110 section 10.1.1
    std::string written_target;     ///< memory of a target that is not in the bytes as it is meant
};

/// `bytes` is a whole head, its empty line included. Into `head`, whose memory is used again.
void parse_request_head(std::string_view bytes, RequestHead& head);

/// One header line without its end: "name:", a value, space around it. False: it is not one, or has
/// a control byte.
[[nodiscard]] bool read_header_line(std::string_view line, HeaderView& header) noexcept;

/// Whether one of the headers `name`, a list, has that option (RFC 9110 section 5.6.1); ASCII case
/// ignored.
[[nodiscard]] bool has_option(std::span<const HeaderView> headers, std::string_view name,
                              std::string_view option) noexcept;

/// The options of the Connection headers of one head (RFC 9110 section 7.6.1), collected once.
class ConnectionOptions {
public:
    /// `headers` and what they point to outlive it.
    explicit ConnectionOptions(std::span<const HeaderView> headers) noexcept;
    /// False: there are more than limits::connection_options_max, and the rest was not looked at.
    [[nodiscard]] bool all() const noexcept { return all_; }
    /// ASCII case ignored.
    [[nodiscard]] bool has(std::string_view option) const noexcept;

private:
    std::array<std::string_view, limits::connection_options_max> options_;
    std::size_t count_ = 0;
    bool all_ = true;
};

}  // namespace hourgate::http
