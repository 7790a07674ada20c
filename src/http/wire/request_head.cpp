#include "http/wire/request_head.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/text.h"
#include "http/wire/endpoint.h"

namespace hourgate::http {

namespace {

/// Returns the part before the first `separator` and removes both from `text`; nullopt if there is
/// none.
std::optional<std::string_view> cut(std::string_view& text, char separator) noexcept {
    const std::size_t at = text.find(separator);
    if (at == text.npos)
        return std::nullopt;
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at + 1);
    return before;
}

HeadFlaw parse_request_line(RequestHead& head, std::string_view line) {
    const auto method = cut(line, ' ');
    const auto target = cut(line, ' ');
    if (!method || !target || method->size() > method_bytes_max || !is_http_token(*method) ||
        target->empty() || std::any_of(target->begin(), target->end(), is_control_byte))
        return HeadFlaw::request_line;
    if (line != "HTTP/1.1" && line != "HTTP/1.0")
        return line.size() == 8 && line.starts_with("HTTP/") ? HeadFlaw::version
                                                             : HeadFlaw::request_line;
    if (target->size() > limits::target_bytes_max)
        return HeadFlaw::target_too_long;
    head.request.method = *method;
    head.request.target = *target;
    head.minor_version = line.back() - '0';
    return HeadFlaw::none;
}

HeadFlaw parse_header_line(RequestHead& head, std::string_view line) {
    HeaderView header;
    if (!read_header_line(line, header))
        return HeadFlaw::header_line;
    head.request.headers.push_back(header);
    return HeadFlaw::none;
}

/// Determines the framing of the body: RFC 9112 section 6.3, and stricter where that leaves a
/// choice.
HeadFlaw read_framing(RequestHead& head) {
    const RequestView& request = head.request;
    const std::size_t encodings = request.count("Transfer-Encoding");
    const std::size_t lengths = request.count("Content-Length");
    if (lengths > 1 || (lengths > 0 && encodings > 0))
        return HeadFlaw::length;
    if (encodings > 0) {
        const auto encoding = request.only("Transfer-Encoding");
        if (head.minor_version == 0 || !encoding || !same_ignoring_case(*encoding, "chunked"))
            return HeadFlaw::encoding;
        head.body = RequestHead::Body::chunked;
    }
    if (lengths > 0) {
        constexpr std::uint64_t most = std::uint64_t{1} << 62U;
        const auto length = parse_number(*request.only("Content-Length"), most);
        if (!length)
            return HeadFlaw::length;
        head.body_bytes = *length;
        if (*length > 0)
            head.body = RequestHead::Body::length;
    }
    return HeadFlaw::none;
}

/// Returns true for a preflight with a body. A preflight asks whether a browser may send a call,
/// and has no body (Fetch, section 4.8). It needs no token, so a body could be used to occupy a
/// connection to the API.
bool is_preflight_with_body(const RequestHead& head) noexcept {
    const RequestView& request = head.request;
    return head.body != RequestHead::Body::none && request.method == "OPTIONS" &&
           request.count("Origin") > 0 && request.count("Access-Control-Request-Method") > 0;
}

/// Returns true if the value is acceptable as Host (RFC 9112 section 3.2). An empty one is refused:
/// an API that builds its own URL from it would take the first path segment for the host. An empty
/// port means the default.
bool is_host_field(std::string_view host) noexcept {
    if (host.ends_with(':')) {
        host.remove_suffix(1);
        return is_host(host) && (host.ends_with(']') || host.find(':') == host.npos);
    }
    return is_host(host);
}

/// Turns "http://host/path" into "/path" and Host (RFC 9112 section 3.2.2). If both name a host,
/// the target wins, so that policy and API read the same. Any other target that is not a path is
/// left alone; the policy refuses it.
HeadFlaw read_absolute_form(RequestHead& head) {
    RequestView& request = head.request;
    std::string_view rest = request.target;
    if (rest.starts_with('/'))
        return HeadFlaw::none;
    const std::size_t colon = rest.find(':');
    const std::string_view scheme = rest.substr(0, colon);
    if (!same_ignoring_case(scheme, "http") && !same_ignoring_case(scheme, "https"))
        return HeadFlaw::none;
    if (request.method == "CONNECT" || !rest.substr(colon + 1).starts_with("//"))
        return HeadFlaw::request_line;
    rest.remove_prefix(colon + 3);
    const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
    const std::string_view authority = rest.substr(0, end);
    rest.remove_prefix(end);
    if (!is_host(authority) || rest.find('#') != rest.npos)
        return HeadFlaw::request_line;
    if (rest.empty()) {
        request.target = request.method == "OPTIONS" ? "*" : "/";  // RFC 9112 section 3.2.4
    } else if (rest.starts_with('/')) {
        request.target = rest;
    } else {
        head.written_target.assign("/").append(rest);
        request.target = head.written_target;
    }
    const auto host =
        std::find_if(request.headers.begin(), request.headers.end(),
                     [](const HeaderView& one) { return same_ignoring_case(one.name, "Host"); });
    if (host != request.headers.end())
        host->value = authority;
    else if (request.headers.size() == limits::headers_max)
        return HeadFlaw::too_many_headers;
    else
        request.headers.push_back({"Host", authority});  // HTTP/1.0
    return HeadFlaw::none;
}

/// Returns true if the header line is one in which a proxy names the target
/// (http/ask/forward_auth.h).
bool tells_target(std::string_view line) noexcept {
    const std::string_view name = line.substr(0, line.find(':'));
    return same_ignoring_case(name, "X-Original-URI") ||
           same_ignoring_case(name, "X-Forwarded-Uri");
}

}  // namespace

// --- where a head ends ---------------------------------------------------------------------------

HeadScanner::State HeadScanner::refuse(HeadFlaw flaw) noexcept {
    flaw_ = flaw;
    return State::refused;
}

HeadFlaw HeadScanner::flaw_of_line(std::string_view line) const noexcept {
    if (lines_ == 0)
        return line.size() > bounds_->first_line ? HeadFlaw::target_too_long : HeadFlaw::none;
    if (line.size() > bounds_->line) {
        if (!tells_target(line))
            return HeadFlaw::header_too_long;
        if (line.size() > bounds_->target_line)
            return HeadFlaw::target_too_long;
    }
    // The empty line at the end is not a header.
    if (!line.empty() && at_ + line.size() - first_line_ > bounds_->bytes)
        return HeadFlaw::head_too_long;
    return HeadFlaw::none;
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) noexcept {
    if (flaw_ != HeadFlaw::none)
        return State::refused;
    // Refuse at once what cannot become a request, such as a TLS greeting.
    if (!bytes.empty() && bytes[0] != '\r' && !is_http_token(bytes.substr(0, 1)))
        return refuse(HeadFlaw::request_line);
    for (;;) {
        const std::size_t end = bytes.find('\n', looked_at_);
        if (end == bytes.npos) {
            looked_at_ = bytes.size();
            const std::size_t but_cr = bytes.size() - at_ - (bytes.size() > at_ ? 1 : 0);
            const HeadFlaw flaw = flaw_of_line(bytes.substr(at_, but_cr));
            return flaw == HeadFlaw::none ? State::more : refuse(flaw);
        }
        if (end == at_ || bytes[end - 1] != '\r')
            return refuse(HeadFlaw::line_end);
        const std::size_t line_bytes = end - 1 - at_;
        if (const HeadFlaw flaw = flaw_of_line(bytes.substr(at_, line_bytes));
            flaw != HeadFlaw::none)
            return refuse(flaw);
        const bool leading = at_ == 0;
        looked_at_ = at_ = end + 1;
        if (line_bytes == 0) {
            if (lines_ > 0)
                return State::complete;
            if (!leading)
                return refuse(HeadFlaw::request_line);
            continue;  // RFC 9112 section 2.2: ignore one empty line before a request
        }
        if (lines_ == 0)
            first_line_ = at_;
        if (lines_ > bounds_->lines)
            return refuse(HeadFlaw::too_many_headers);
        ++lines_;
    }
}

// --- what it says --------------------------------------------------------------------------------

bool read_header_line(std::string_view line, HeaderView& header) noexcept {
    const auto name = cut(line, ':');
    if (!name || !is_http_token(*name))
        return false;
    header = {*name, trimmed(line)};
    return is_printable_ascii(header.value) ||
           std::none_of(header.value.begin(), header.value.end(),
                        [](char c) { return is_control_byte(c) && c != '\t'; });
}

bool has_option(std::span<const HeaderView> headers, std::string_view name,
                std::string_view option) noexcept {
    for (const HeaderView& one : headers) {
        if (!same_ignoring_case(one.name, name))
            continue;
        for (std::string_view rest = one.value; !rest.empty();) {
            const std::size_t comma = rest.find(',');
            if (same_ignoring_case(trimmed(rest.substr(0, comma)), option))
                return true;
            rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
    return false;
}

ConnectionOptions::ConnectionOptions(std::span<const HeaderView> headers) noexcept {
    for (const HeaderView& one : headers) {
        if (!same_ignoring_case(one.name, "Connection"))
            continue;
        for (std::string_view rest = one.value; !rest.empty();) {
            if (count_ == options_.size()) {
                all_ = false;
                return;
            }
            const std::size_t comma = rest.find(',');
            options_[count_++] = trimmed(rest.substr(0, comma));
            rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
        }
    }
}

bool ConnectionOptions::has(std::string_view option) const noexcept {
    return std::any_of(options_.begin(), options_.begin() + static_cast<std::ptrdiff_t>(count_),
                       [&](std::string_view one) { return same_ignoring_case(one, option); });
}

void parse_request_head(std::string_view bytes, RequestHead& head) {
    RequestView request;
    request.headers.swap(head.request.headers);
    request.headers.clear();
    head = RequestHead{};
    head.request.headers.swap(request.headers);
    if (bytes.starts_with("\r\n"))
        bytes.remove_prefix(2);
    bool first = true;
    while (!bytes.empty() && head.flaw == HeadFlaw::none) {
        std::string_view line = cut(bytes, '\n').value_or(std::string_view());
        if (!line.ends_with('\r')) {
            head.flaw = HeadFlaw::line_end;
            break;
        }
        line.remove_suffix(1);
        if (line.empty())
            break;
        head.flaw = first ? parse_request_line(head, line) : parse_header_line(head, line);
        first = false;
    }
    if (head.flaw != HeadFlaw::none)
        return;
    const bool is_1_1 = head.minor_version == 1;
    const std::size_t hosts = head.request.count("Host");
    const std::string_view host = head.request.only("Host").value_or("");
    if (hosts > 1 || (is_1_1 && hosts == 0) || (hosts == 1 && !is_host_field(host))) {
        head.flaw = HeadFlaw::host;
        return;
    }
    const auto& headers = head.request.headers;
    const ConnectionOptions connection(headers);
    if (!connection.all()) {
        head.flaw = HeadFlaw::too_many_options;
        return;
    }
    head.flaw = read_framing(head);
    head.expects_continue = is_1_1 && has_option(headers, "Expect", "100-continue");
    head.keep_alive = is_1_1 ? !connection.has("close") : connection.has("keep-alive");
    if (head.flaw == HeadFlaw::none && is_preflight_with_body(head))
        head.flaw = HeadFlaw::preflight_body;
    if (head.flaw == HeadFlaw::none)
        head.flaw = read_absolute_form(head);
}

}  // namespace hourgate::http
