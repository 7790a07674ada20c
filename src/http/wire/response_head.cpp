#include "http/wire/response_head.h"

#include "base/text.h"
#include "http/wire/request_head.h"

namespace hourgate::http {

namespace {

/// Parses "HTTP/1.1 200 OK" (RFC 9112 section 4). The phrase may be missing, with its space or
/// without.
bool read_status_line(ResponseHead& head, std::string_view line) noexcept {
    if (line.size() < 12 || !(line.starts_with("HTTP/1.1 ") || line.starts_with("HTTP/1.0 ")))
        return false;
    const auto status = parse_number(line.substr(9, 3), 599);
    if (!status || *status < 100 || (line.size() > 12 && line[12] != ' '))
        return false;
    head.minor_version = line[7] - '0';
    head.status = static_cast<int>(*status);
    head.phrase = line.size() > 13 ? line.substr(13) : std::string_view();
    for (const char c : head.phrase)
        if (is_control_byte(c) && c != '\t')
            return false;
    return true;
}

/// Determines the framing of the body: RFC 9112 section 6.3, and stricter where that leaves a
/// choice.
bool read_framing(ResponseHead& head, std::string_view method) noexcept {
    std::size_t encodings = 0;
    bool chunked = false;
    for (const HeaderView& header : head.headers) {
        if (same_ignoring_case(header.name, "Transfer-Encoding")) {
            ++encodings;
            chunked = same_ignoring_case(header.value, "chunked");
        } else if (same_ignoring_case(header.name, "Content-Length")) {
            constexpr std::uint64_t most = std::uint64_t{1} << 62U;
            const auto length = parse_number(header.value, most);
            if (!length || head.says_length)
                return false;
            head.says_length = true;
            head.length = *length;
        }
    }
    if (encodings > 1 || (encodings == 1 && (!chunked || head.says_length)))
        return false;
    const bool without =
        method == "HEAD" || head.status < 200 || head.status == 204 || head.status == 304;
    if (without)
        return true;
    if (encodings == 1) {
        head.body = ResponseHead::Body::chunked;
        return head.minor_version == 1;
    }
    if (head.says_length) {
        head.body = head.length > 0 ? ResponseHead::Body::length : ResponseHead::Body::none;
        head.body_bytes = head.length;
    } else {
        head.body = ResponseHead::Body::rest;
    }
    return true;
}

bool read_lines(ResponseHead& head, std::string_view bytes) {
    bool first = true;
    while (!bytes.empty()) {
        const std::size_t end = bytes.find("\r\n");
        if (end == bytes.npos)
            return false;
        const std::string_view line = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        if (line.empty())
            return !first && bytes.empty();
        if (first) {
            if (!read_status_line(head, line))
                return false;
            first = false;
            continue;
        }
        HeaderView header;
        if (!read_header_line(line, header))
            return false;
        head.headers.push_back(header);
    }
    return false;
}

}  // namespace

void parse_response_head(std::string_view bytes, std::string_view method, ResponseHead& head) {
    std::vector<HeaderView> memory;
    memory.swap(head.headers);
    memory.clear();
    head = ResponseHead{};
    head.headers.swap(memory);
    head.readable = read_lines(head, bytes) && read_framing(head, method);
    if (!head.readable)
        return;
    const ConnectionOptions connection(head.headers);
    head.readable = connection.all();
    head.too_many_options = !head.readable;
    const bool is_1_1 = head.minor_version == 1;
    head.keep_alive = head.body != ResponseHead::Body::rest &&
                      (is_1_1 ? !connection.has("close") : connection.has("keep-alive"));
    head.switches = head.status == 101 && connection.has("upgrade") &&
                    has_option(head.headers, "Upgrade", "websocket");
}

}  // namespace hourgate::http
