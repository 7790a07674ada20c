// HTTP/1.1 messages as bytes (RFC 9112), without a socket: where the head of a request ends, what
// it says, and how an answer is written. Strict: what two readers could take in two ways is
// refused, and header values are handed on byte for byte (a gate must judge what the upstream will
// read: trap 4).
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

struct ErrorFrame;  // http/decision/reply.h

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

struct Head {
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
void parse_head(std::string_view bytes, Head& head);

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

/// "Wed, 25 Nov 2026 14:03:09 GMT": RFC 9110 section 5.6.7. Valid until this thread asks again.
[[nodiscard]] const std::string& http_date_at(std::int64_t unix_s);

/// The answer to a head that is refused, in the one shape all errors have.
[[nodiscard]] Answer answer_to(HeadFlaw flaw, const ErrorFrame& frame);
/// The reason in that answer: "target_too_long". Of HeadFlaw::none, that of request_line.
[[nodiscard]] std::string_view reason_of(HeadFlaw flaw) noexcept;
/// Which bound it went over: "8000 bytes of path and query". "" for other flaws. `target_bytes_max`
/// is what is configured.
[[nodiscard]] std::string bound_of(HeadFlaw flaw, std::size_t target_bytes_max);
/// The same of the head of an answer.
[[nodiscard]] std::string bound_of_answer(HeadFlaw flaw);

/// Every reason for which a request is refused before it is read as a whole.
constexpr std::array<std::string_view, 20> refused_reasons = {"target_too_long",
                                                              "header_too_long",
                                                              "too_many_headers",
                                                              "head_too_long",
                                                              "too_many_options",
                                                              "unknown_version",
                                                              "unknown_encoding",
                                                              "bad_length",
                                                              "bad_host",
                                                              "bad_line_end",
                                                              "bad_header",
                                                              "bad_request_line",
                                                              "preflight_with_body",
                                                              "bad_chunk",
                                                              "body_cut_short",
                                                              "body_too_large",
                                                              "too_many_bodies",
                                                              "too_many_connections",
                                                              "timed_out",
                                                              "other"};

/// What is off about a body; answered once, then the connection is closed.
enum class BodyFlaw : std::uint8_t {
    chunk,      ///< no chunks as of RFC 9112 section 7.1
    cut_short,  ///< the peer ended before its body did
};
[[nodiscard]] Answer answer_to(BodyFlaw flaw, const ErrorFrame& frame);

enum class After : std::uint8_t { keep, close };

/// Writes the head of an answer to the end of a text, from the status line on, a header at a time.
/// A control byte in a value becomes a space, no matter who put it there. The text is whole after
/// finish(): until then it is longer than what is written.
class HeadWriter final : public HeaderSink {
public:
    HeadWriter(std::string& text, int status);
    void add(std::string_view name, std::string_view value) override;
    /// Date (`unix_s`), Content-Length (but for 204), Connection and the empty line. The body, if
    /// there is one to be sent, follows.
    void finish(std::size_t body_bytes, After after, std::int64_t unix_s);

private:
    void make_room(std::size_t bytes) {
        if (text_.size() - end_ < bytes)
            grow(bytes);
    }
    void grow(std::size_t bytes);
    void put(std::string_view part) noexcept;  ///< REQUIRES: there is room

    std::string& text_;
    std::size_t end_;  // of what is written
    const int status_;
};

/// Status line, headers and body, to the end of `text`. No body to HEAD and in 204.
void write_answer(std::string& text, const Answer& answer, std::string_view method, After after,
                  std::int64_t unix_s);

}  // namespace hourgate::http
