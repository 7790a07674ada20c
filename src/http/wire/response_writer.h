// Writes a response as bytes: status line, headers, and a body with a Content-Length (RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace hourgate::http {

/// Returns the reason phrase of RFC 9110 section 15: "Unauthorized". Returns that of 500 for a
/// status that the gate never sends.
[[nodiscard]] std::string_view phrase_of(int status) noexcept;

/// Returns "Wed, 25 Nov 2026 14:03:09 GMT" (RFC 9110 section 5.6.7). The text is valid until the
/// same thread calls this function again.
[[nodiscard]] const std::string& http_date_at(std::int64_t unix_s);

enum class After : std::uint8_t { keep, close };

/// Appends the head of a response to a text, one header at a time, beginning with the status line.
/// A control byte in a value becomes a space, no matter who supplied it. Until finish(), the text
/// is longer than what has been written.
class ResponseWriter final : public HeaderSink {
public:
    ResponseWriter(std::string& text, int status);
    void add(std::string_view name, std::string_view value) override;
    /// Writes Date (`unix_s`), Content-Length (except for 204), Connection and the empty line. The
    /// caller appends the body, if there is one.
    void finish(std::size_t body_bytes, After after, std::int64_t unix_s);

private:
    void reserve_space(std::size_t bytes) {
        if (text_.size() - end_ < bytes)
            grow(bytes);
    }
    void grow(std::size_t bytes);
    void put(std::string_view part) noexcept;  ///< REQUIRES: enough reserved space

    std::string& text_;
    std::size_t end_;  // end of what has been written
    const int status_;
};

/// Appends status line, headers and body to `text`. Writes no body for HEAD and 204.
void write_response(std::string& text, const Response& answer, std::string_view method, After after,
                    std::int64_t unix_s);

}  // namespace hourgate::http
