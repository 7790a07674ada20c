#include "http/wire/request_head.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/decision/host_check.h"
#include "http/decision/reply.h"

namespace hourgate::http {

namespace {

constexpr std::size_t head_bytes_usual = 1'024;  // of an answer: most fit

bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// Cuts `text` at the first `separator`; nothing when there is none.
std::optional<std::string_view> cut(std::string_view& text, char separator) noexcept {
    const std::size_t at = text.find(separator);
    if (at == text.npos)
        return std::nullopt;
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at + 1);
    return before;
}

HeadFlaw parse_request_line(Head& head, std::string_view line) {
    const auto method = cut(line, ' ');
    const auto target = cut(line, ' ');
    if (!method || !target || method->size() > method_bytes_max || !is_word(*method) ||
        target->empty() || std::any_of(target->begin(), target->end(), is_control))
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

HeadFlaw parse_header_line(Head& head, std::string_view line) {
    HeaderView header;
    if (!read_header_line(line, header))
        return HeadFlaw::header_line;
    head.request.headers.push_back(header);
    return HeadFlaw::none;
}

/// How the body is framed: RFC 9112 section 6.3, and stricter where that leaves a choice.
HeadFlaw read_framing(Head& head) {
    const RequestView& request = head.request;
    const std::size_t encodings = request.count("Transfer-Encoding");
    const std::size_t lengths = request.count("Content-Length");
    if (lengths > 1 || (lengths > 0 && encodings > 0))
        return HeadFlaw::length;
    if (encodings > 0) {
        const auto encoding = request.only("Transfer-Encoding");
        if (head.minor_version == 0 || !encoding || !same_ignoring_case(*encoding, "chunked"))
            return HeadFlaw::encoding;
        head.body = Head::Body::chunked;
    }
    if (lengths > 0) {
        constexpr std::uint64_t most = std::uint64_t{1} << 62U;
        const auto length = parse_number(*request.only("Content-Length"), most);
        if (!length)
            return HeadFlaw::length;
        head.body_bytes = *length;
        if (*length > 0)
            head.body = Head::Body::length;
    }
    return HeadFlaw::none;
}

/// A preflight asks whether a browser may send a call; it has no body of its own (Fetch, section
/// 4.8). It needs no token, so a body would be a way to hold a connection to the API.
bool is_preflight_with_body(const Head& head) noexcept {
    const RequestView& request = head.request;
    return head.body != Head::Body::none && request.method == "OPTIONS" &&
           request.count("Origin") > 0 && request.count("Access-Control-Request-Method") > 0;
}

/// Whether a client may send it as Host (RFC 9112 section 3.2). An empty one names no host: an API
/// that builds its own address from it takes the first segment of the path for the host. An empty
/// port is the usual one.
bool is_host_field(std::string_view host) noexcept {
    if (host.ends_with(':')) {
        host.remove_suffix(1);
        return is_host(host) && (host.ends_with(']') || host.find(':') == host.npos);
    }
    return is_host(host);
}

/// "http://host/path" becomes "/path" and Host: RFC 9112 section 3.2.2. The target wins where both
/// name a host, so that policy and API read the same. Anything else that is no path stays as it is:
/// the policy refuses it.
HeadFlaw read_absolute_form(Head& head) {
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

/// "Wed, 25 Nov 2026 14:03:09 GMT": RFC 9110 section 5.6.7.
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

/// Whether a proxy says in this header line what was asked for (http/ask/forward_auth.h).
bool tells_target(std::string_view line) noexcept {
    const std::string_view name = line.substr(0, line.find(':'));
    return same_ignoring_case(name, "X-Original-URI") ||
           same_ignoring_case(name, "X-Forwarded-Uri");
}

std::string bound_within(HeadFlaw flaw, const HeadBounds& bounds, std::size_t target_bytes_max) {
    const auto text = [](std::size_t number, std::string_view what) {
        return std::to_string(number).append(" ").append(what);
    };
    switch (flaw) {
        case HeadFlaw::target_too_long:
            return text(target_bytes_max, "bytes of path and query");
        case HeadFlaw::header_too_long:
            return text(bounds.line, "bytes a header line");
        case HeadFlaw::too_many_headers:
            return text(bounds.lines, "header lines");
        case HeadFlaw::head_too_long:
            return text(bounds.bytes, "bytes of headers");
        case HeadFlaw::too_many_options:
            return text(limits::connection_options_max, "options of Connection");
        case HeadFlaw::preflight_body:
        case HeadFlaw::version:
        case HeadFlaw::encoding:
        case HeadFlaw::length:
        case HeadFlaw::host:
        case HeadFlaw::line_end:
        case HeadFlaw::header_line:
        case HeadFlaw::request_line:
        case HeadFlaw::none:
            break;
    }
    return "";
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
    // The empty line at the end is no header.
    if (!line.empty() && at_ + line.size() - first_line_ > bounds_->bytes)
        return HeadFlaw::head_too_long;
    return HeadFlaw::none;
}

HeadScanner::State HeadScanner::scan(std::string_view bytes) noexcept {
    if (flaw_ != HeadFlaw::none)
        return State::refused;
    // What cannot become a request is not waited for: a TLS greeting, for one.
    if (!bytes.empty() && bytes[0] != '\r' && !is_word(bytes.substr(0, 1)))
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
            continue;  // one empty line before a request is to be ignored: RFC 9112 section 2.2
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
    if (!name || !is_word(*name))
        return false;
    header = {*name, trimmed(line)};
    return is_printable_ascii(header.value) ||
           std::none_of(header.value.begin(), header.value.end(),
                        [](char c) { return is_control(c) && c != '\t'; });
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

void parse_head(std::string_view bytes, Head& head) {
    RequestView request;
    request.headers.swap(head.request.headers);
    request.headers.clear();
    head = Head{};
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

/// Composed once a second for each thread.
const std::string& http_date_at(std::int64_t unix_s) {
    thread_local std::int64_t at_s = -1;
    thread_local std::string text;
    if (unix_s != at_s) {
        text = http_date(unix_s);
        at_s = unix_s;
    }
    return text;
}

// --- answers -------------------------------------------------------------------------------------

std::string_view reason_of(HeadFlaw flaw) noexcept {
    switch (flaw) {
        case HeadFlaw::target_too_long:
            return "target_too_long";
        case HeadFlaw::header_too_long:
            return "header_too_long";
        case HeadFlaw::too_many_headers:
            return "too_many_headers";
        case HeadFlaw::head_too_long:
            return "head_too_long";
        case HeadFlaw::too_many_options:
            return "too_many_options";
        case HeadFlaw::preflight_body:
            return "preflight_with_body";
        case HeadFlaw::version:
            return "unknown_version";
        case HeadFlaw::encoding:
            return "unknown_encoding";
        case HeadFlaw::length:
            return "bad_length";
        case HeadFlaw::host:
            return "bad_host";
        case HeadFlaw::line_end:
            return "bad_line_end";
        case HeadFlaw::header_line:
            return "bad_header";
        case HeadFlaw::request_line:
        case HeadFlaw::none:
            break;
    }
    return "bad_request_line";
}

std::string bound_of(HeadFlaw flaw, std::size_t target_bytes_max) {
    return bound_within(flaw, request_bounds, target_bytes_max);
}

std::string bound_of_answer(HeadFlaw flaw) {
    return flaw == HeadFlaw::target_too_long
               ? std::to_string(answer_bounds.first_line) + " bytes of its status line"
               : bound_within(flaw, answer_bounds, 0);
}

Answer answer_to(HeadFlaw flaw, const ErrorFrame& frame) {
    const auto bad_head = [&](int status, std::string_view reason, std::string_view message,
                              std::string_view fix) {
        return plain_error(status, "bad_request", reason, message, fix, frame);
    };
    const auto at_most = [&](HeadFlaw of) {
        return "Send at most " + bound_of(of, frame.settings.target_bytes_max) + ".";
    };
    switch (flaw) {
        case HeadFlaw::target_too_long:
            return bad_head(414, "target_too_long", "The target of the request is too long.",
                            at_most(flaw));
        case HeadFlaw::header_too_long:
            return bad_head(431, "header_too_long", "A header of the request is too long.",
                            at_most(flaw));
        case HeadFlaw::too_many_headers:
            return bad_head(431, "too_many_headers", "The request has too many headers.",
                            at_most(flaw));
        case HeadFlaw::head_too_long:
            return bad_head(431, "head_too_long",
                            "The headers of the request are too long together.", at_most(flaw));
        case HeadFlaw::too_many_options:
            return bad_head(431, "too_many_options",
                            "The Connection headers of the request have too many options.",
                            at_most(flaw));
        case HeadFlaw::version:
            return bad_head(505, "unknown_version", "The request is in another version of HTTP.",
                            "Speak HTTP/1.1.");
        case HeadFlaw::encoding:
            return bad_head(501, "unknown_encoding",
                            "The body has a Transfer-Encoding not known here.",
                            "Send it with Content-Length, or chunked.");
        case HeadFlaw::length:
            return bad_head(
                400, "bad_length", "The request does not say in one way where it ends.",
                "Send one Content-Length that is a number, or Transfer-Encoding: chunked.");
        case HeadFlaw::host:
            return bad_head(400, "bad_host",
                            "The request has no Host header, more than one, or one that names no "
                            "host.",
                            "Send one Host header: a name of letters, digits, '-', '.' and '_', "
                            "an IPv4 address or an IPv6 address in brackets, and a port if "
                            "it is not the usual one.");
        case HeadFlaw::preflight_body:
            return bad_head(400, "preflight_with_body",
                            "The request asks for permission to call from another origin (a CORS "
                            "preflight), and has a body.",
                            "Send a preflight without a body. Leave Access-Control-Request-Method "
                            "out of any other OPTIONS call.");
        case HeadFlaw::line_end:
            return bad_head(400, "bad_line_end",
                            "A line of the request ends without CR, as when a token is pasted into "
                            "a header with a line end.",
                            "Cut the line end off where the token is read; a program that writes "
                            "HTTP itself ends every line with CR LF.");
        case HeadFlaw::header_line:
            return bad_head(
                400, "bad_header",
                "A header line of the request is folded, has no colon, or has a character "
                "that may not be there, as when a token is pasted with a line end in it.",
                "Send headers as Name: value, without line ends, NUL and other control characters "
                "in them.");
        case HeadFlaw::request_line:
        case HeadFlaw::none:
            break;
    }
    return bad_head(
        400, "bad_request_line", "The first line of the request is not HTTP.",
        "Send METHOD, a space, the path, a space and HTTP/1.1; speak TLS to the proxy in "
        "front.");
}

Answer answer_to(BodyFlaw flaw, const ErrorFrame& frame) {
    if (flaw == BodyFlaw::cut_short)
        return plain_error(400, "bad_request", "body_cut_short",
                           "The request ended before its body did.",
                           "Send as many bytes as it says, or end the last chunk.", frame);
    return plain_error(400, "bad_request", "bad_chunk", "The chunks of the body cannot be read.",
                       "Send the body with Content-Length.", frame);
}

HeadWriter::HeadWriter(std::string& text, int status)
    : text_(text), end_(text.size()), status_(status) {
    make_room(head_bytes_usual);
    put("HTTP/1.1 ");
    put(Digits(status));
    put(" ");
    put(phrase_of(status));
    put("\r\n");
}

void HeadWriter::grow(std::size_t bytes) {
    text_.resize(end_ + std::max(bytes, head_bytes_usual));
}

void HeadWriter::put(std::string_view part) noexcept {
    end_ += part.copy(text_.data() + end_, part.size());  // also what is empty, and nowhere
}

void HeadWriter::add(std::string_view name, std::string_view value) {
    make_room(name.size() + value.size() + 4);
    put(name);
    put(": ");
    put(value);
    if (!is_printable_ascii(value)) {
        char* const end = text_.data() + end_;
        std::replace_if(
            end - value.size(), end, [](char c) { return is_control(c) && c != '\t'; }, ' ');
    }
    put("\r\n");
}

void HeadWriter::finish(std::size_t body_bytes, After after, std::int64_t unix_s) {
    add("Date", http_date_at(unix_s));
    if (status_ != 204)
        add("Content-Length", Digits(body_bytes));
    add("Connection", after == After::close ? "close" : "keep-alive");
    make_room(2);
    put("\r\n");
    text_.resize(end_);
}

void write_answer(std::string& text, const Answer& answer, std::string_view method, After after,
                  std::int64_t unix_s) {
    // At once: growing leaves copies behind.
    text.reserve(text.size() + head_bytes_usual + answer.body.size());
    HeadWriter head(text, answer.status);
    for (const Header& header : answer.headers)
        head.add(header.name, header.value);
    head.finish(answer.body.size(), after, unix_s);
    if (method != "HEAD" && answer.status != 204)
        text += answer.body;
}

}  // namespace hourgate::http
