// The head of an HTTP/1.1 request as bytes (RFC 9112), without a socket: where it ends and what it
// says. Parsing is strict: a head that two readers could understand in two ways is refused. Header
// values are kept byte for byte, because the gate must judge what the upstream will read.
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

/// What is wrong with a head. The gate answers each once, then closes the connection.
enum class HeadFlaw : std::uint8_t {
    none,
    request_line,      ///< not method SP target SP version, or a forbidden byte
    version,           ///< neither HTTP/1.1 nor HTTP/1.0
    target_too_long,   ///< over the configured bound, or limits::target_bytes_max
    line_end,          ///< a line that ends with a bare LF
    header_line,       ///< not name ":" value, a folded line, or a control byte
    header_too_long,   ///< over limits::head_line_bytes_max
    too_many_headers,  ///< over limits::headers_max
    head_too_long,     ///< over limits::head_bytes_max
    too_many_options,  ///< over limits::connection_options_max
    host,              ///< missing in HTTP/1.1, repeated, or not a host: RFC 9112 section 3.2
    length,            ///< Content-Length is not a number, repeated, or next to Transfer-Encoding
    encoding,          ///< a Transfer-Encoding other than chunked
    preflight_body,    ///< a CORS preflight with a body: no browser sends one
};

/// Bounds of a head. All but `lines` are in bytes, without line ends.
struct HeadBounds {
    std::size_t first_line = 0;
    std::size_t line = 0;         ///< one header line
    std::size_t target_line = 0;  ///< a header line that names the target (X-Original-URI)
    std::size_t lines = 0;        ///< header lines
    std::size_t bytes = 0;        ///< all header lines together
};
constexpr std::size_t method_bytes_max = 32;
constexpr HeadBounds request_bounds = {method_bytes_max + limits::target_bytes_max + 12,
                                       limits::head_line_bytes_max, limits::target_bytes_max + 64,
                                       limits::headers_max, limits::head_bytes_max};
/// Bounds for the head of an API's response.
constexpr HeadBounds answer_bounds = {
    limits::head_line_bytes_max, limits::answer_head_line_bytes_max,
    limits::answer_head_line_bytes_max, limits::answer_headers_max, limits::answer_head_bytes_max};

/// Finds the end of a head while its bytes arrive. Refuses a head as early as possible, and never
/// waits for more bytes than its bounds allow.
class HeadScanner {
public:
    enum class State : std::uint8_t { more, complete, refused };

    HeadScanner() noexcept : HeadScanner(request_bounds) {}
    /// `bounds` must outlive the scanner.
    explicit HeadScanner(const HeadBounds& bounds) noexcept : bounds_(&bounds) {}

    /// `bytes` is everything that has arrived, from the first byte of the request on.
    [[nodiscard]] State scan(std::string_view bytes) noexcept;

    /// Returns the bytes of the head. REQUIRES: complete.
    [[nodiscard]] std::size_t size() const noexcept { return at_; }
    [[nodiscard]] HeadFlaw flaw() const noexcept { return flaw_; }  ///< REQUIRES: refused

private:
    [[nodiscard]] State refuse(HeadFlaw flaw) noexcept;
    [[nodiscard]] HeadFlaw flaw_of_line(std::string_view line) const noexcept;

    const HeadBounds* bounds_;
    std::size_t at_ = 0;         // start of the incomplete line
    std::size_t looked_at_ = 0;  // no LF before this index, except in complete lines
    std::size_t lines_ = 0;      // complete lines
    // Bytes of the request line, which do not count towards the bound on headers.
    std::size_t first_line_ = 0;
    HeadFlaw flaw_ = HeadFlaw::none;
};

struct RequestHead {
    enum class Body : std::uint8_t { none, length, chunked };

    HeadFlaw flaw = HeadFlaw::none;  ///< if not `none`, no other field is valid
    /// Points into the parsed bytes. A target in absolute form (RFC 9112 section 3.2.2) is given in
    /// origin form here, and Host is the host that it named.
    RequestView request;
    int minor_version = 1;  ///< of HTTP/1.x
    Body body = Body::none;
    std::uint64_t body_bytes = 0;   ///< Body::length: more than 0
    bool keep_alive = false;        ///< what the client asks for
    bool expects_continue = false;  ///< RFC 9110 section 10.1.1
    std::string written_target;     ///< memory for a target that was rewritten
};

/// Parses a complete head, including its empty line, into `head`, whose memory is reused.
void parse_request_head(std::string_view bytes, RequestHead& head);

/// Parses one header line without its end: a name, ":" and a value with optional space around it.
/// Returns false if it is malformed or has a control byte.
[[nodiscard]] bool read_header_line(std::string_view line, HeaderView& header) noexcept;

/// Returns true if a list header `name` contains `option` (RFC 9110 section 5.6.1); ASCII case is
/// ignored.
[[nodiscard]] bool has_option(std::span<const HeaderView> headers, std::string_view name,
                              std::string_view option) noexcept;

/// The options of all Connection headers of one head (RFC 9110 section 7.6.1).
class ConnectionOptions {
public:
    /// `headers` and what they point to must outlive this object.
    explicit ConnectionOptions(std::span<const HeaderView> headers) noexcept;
    /// Returns false if there are more than limits::connection_options_max; the rest was not read.
    [[nodiscard]] bool all() const noexcept { return all_; }
    /// Returns true if `option` is among them; ASCII case is ignored.
    [[nodiscard]] bool has(std::string_view option) const noexcept;

private:
    std::array<std::string_view, limits::connection_options_max> options_;
    std::size_t count_ = 0;
    bool all_ = true;
};

}  // namespace hourgate::http
