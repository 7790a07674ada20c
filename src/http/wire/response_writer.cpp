#include "http/wire/response_writer.h"

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_text.h"

namespace hourgate::http {

namespace {

constexpr std::size_t head_bytes_usual = 1'024;  // most heads fit

/// Returns "Wed, 25 Nov 2026 14:03:09 GMT" (RFC 9110 section 5.6.7).
std::string http_date(std::int64_t unix_s) {
    constexpr std::array<const char*, 7> days = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    constexpr std::array<const char*, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const std::string text = format_time(unix_s * ms_per_s);  // 2026-11-25T14:03:09Z
    const auto month = static_cast<std::size_t>((text[5] - '0') * 10 + text[6] - '1');
    const auto day = static_cast<std::size_t>(unix_s / (ms_per_day / ms_per_s) % 7);
    return std::string(days.at(day)) + ", " + text.substr(8, 2) + " " + months.at(month) + " " +
           text.substr(0, 4) + " " + text.substr(11, 8) + " GMT";
}

}  // namespace

std::string_view phrase_of(int status) noexcept {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 402:
            return "Payment Required";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 421:
            return "Misdirected Request";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Internal Server Error";
    }
}

/// Formats the date once a second for each thread.
const std::string& http_date_at(std::int64_t unix_s) {
    thread_local std::int64_t at_s = -1;
    thread_local std::string text;
    if (unix_s != at_s) {
        text = http_date(unix_s);
        at_s = unix_s;
    }
    return text;
}

ResponseWriter::ResponseWriter(std::string& text, int status)
    : text_(text), end_(text.size()), status_(status) {
    reserve_space(head_bytes_usual);
    put("HTTP/1.1 ");
    put(Digits(status));
    put(" ");
    put(phrase_of(status));
    put("\r\n");
}

void ResponseWriter::grow(std::size_t bytes) {
    text_.resize(end_ + std::max(bytes, head_bytes_usual));
}

void ResponseWriter::put(std::string_view part) noexcept {
    end_ += part.copy(text_.data() + end_,
                      part.size());  // valid also for an empty part with a null pointer
}

void ResponseWriter::add(std::string_view name, std::string_view value) {
    reserve_space(name.size() + value.size() + 4);
    put(name);
    put(": ");
    put(value);
    if (!is_printable_ascii(value)) {
        char* const end = text_.data() + end_;
        std::replace_if(
            end - value.size(), end, [](char c) { return is_control_byte(c) && c != '\t'; }, ' ');
    }
    put("\r\n");
}

void ResponseWriter::finish(std::size_t body_bytes, After after, std::int64_t unix_s) {
    add("Date", http_date_at(unix_s));
    if (status_ != 204)
        add("Content-Length", Digits(body_bytes));
    add("Connection", after == After::close ? "close" : "keep-alive");
    reserve_space(2);
    put("\r\n");
    text_.resize(end_);
}

void write_response(std::string& text, const Response& answer, std::string_view method, After after,
                    std::int64_t unix_s) {
    // Reserved in one step: growing would leave copies in memory.
    text.reserve(text.size() + head_bytes_usual + answer.body.size());
    ResponseWriter head(text, answer.status);
    for (const Header& header : answer.headers)
        head.add(header.name, header.value);
    head.finish(answer.body.size(), after, unix_s);
    if (method != "HEAD" && answer.status != 204)
        text += answer.body;
}

}  // namespace hourgate::http
