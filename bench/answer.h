// Parses HTTP/1.1 responses as far as a load generator needs: the status, the end, and whether the
// connection ends too (RFC 9112 sections 6.3 and 9.3). Bodies are counted, never read.
// Transfer-Encoding is refused: a measured server has to send Content-Length.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hourgate::bench {

struct Response {
    int status = 0;
    std::size_t bytes = 0;  ///< head and body
    bool last = false;      ///< the server closes the connection after this response
};

enum class Reading : std::uint8_t { whole, more_to_come, unreadable };

/// Returns true if `line` is the header `name`, given in lower case with its colon.
inline bool is_header(std::string_view line, std::string_view name) noexcept {
    if (line.size() < name.size())
        return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const char c = line[i];
        if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c) != name[i])
            return false;
    }
    return true;
}

inline std::string_view value_of(std::string_view line) noexcept {
    std::string_view value = line.substr(line.find(':') + 1);
    while (!value.empty() && value.front() == ' ')
        value.remove_prefix(1);
    return value;
}

/// Returns false if `text` is not a number.
inline bool read_number(std::string_view text, std::size_t& number) noexcept {
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    return error == std::errc() && stop == end;
}

/// Parses the response at the beginning of `bytes`. `answer` is valid if the result is `whole`.
inline Reading read_answer(std::string_view bytes, Response& answer) noexcept {
    constexpr std::string_view begin = "HTTP/1.";
    constexpr std::size_t status_at = 9, status_line_min = 12;
    if (!begin.starts_with(bytes.substr(0, begin.size())))
        return Reading::unreadable;
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == bytes.npos)
        return Reading::more_to_come;
    std::size_t status = 0, body = 0;
    if (head_end < status_line_min || !read_number(bytes.substr(status_at, 3), status))
        return Reading::unreadable;
    answer = {static_cast<int>(status), 0, bytes[7] == '0'};
    const std::string_view head = bytes.substr(0, head_end);
    std::size_t at = head.find("\r\n");
    while (at != head.npos) {
        const std::size_t next = head.find("\r\n", at + 2);
        const std::string_view line =
            head.substr(at + 2, next == head.npos ? head.npos : next - at - 2);
        if (is_header(line, "transfer-encoding:"))
            return Reading::unreadable;
        if (is_header(line, "content-length:") && !read_number(value_of(line), body))
            return Reading::unreadable;
        if (is_header(line, "connection:"))
            answer.last = is_header(value_of(line), "close");
        at = next;
    }
    if (answer.status == 204 || answer.status == 304)
        body = 0;
    answer.bytes = head_end + 4 + body;
    return bytes.size() < answer.bytes ? Reading::more_to_come : Reading::whole;
}

}  // namespace hourgate::bench
