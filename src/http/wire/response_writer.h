// Writes a response as bytes: status line, headers, and a body with a Content-Length (RFC 9112).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/wire/message.h"

namespace hourgate::http {

/// Returns the reason phrase of RFC 9110 section 15: "Unauthorized". Returns that of 500 for a
/// status that the gate never answers.
[[nodiscard]] std::string_view phrase_of(int status) noexcept;

/// Returns "Wed, 25 Nov 2026 14:03:09 GMT" (RFC 9110 section 5.6.7). The text is valid until this
/// thread calls the function again.
[[nodiscard]] const std::string& http_date_at(std::int64_t unix_s);

enum class After : std::uint8_t { keep, close };

/// Writes the head of an answer to the end of a text, from the status line on, a header at a time.
/// A control byte in a value becomes a space, no matter who put it there. The text is whole after
/// finish(): until then it is longer than what is written.
class ResponseWriter final : public HeaderSink {
public:
    ResponseWriter(std::string& text, int status);
    void add(std::string_view name, std::string_view value) override;
    /// Date (`unix_s`), Content-Length (but for 204), Connection and the empty line. The body, if
    /// there is one to be sent, follows.
    void finish(std::size_t body_bytes, After after, std::int64_t unix_s);

private:
    void reserve_space(std::size_t bytes) {
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
void write_response(std::string& text, const Response& answer, std::string_view method, After after,
                    std::int64_t unix_s);

}  // namespace hourgate::http
