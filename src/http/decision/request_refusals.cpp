#include "http/decision/request_refusals.h"

#include "base/limits.h"

namespace hourgate::http {

namespace {

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

Response answer_to(HeadFlaw flaw, const ErrorFrame& frame) {
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

Response answer_to(BodyFlaw flaw, const ErrorFrame& frame) {
    if (flaw == BodyFlaw::cut_short)
        return plain_error(400, "bad_request", "body_cut_short",
                           "The request ended before its body did.",
                           "Send as many bytes as it says, or end the last chunk.", frame);
    return plain_error(400, "bad_request", "bad_chunk", "The chunks of the body cannot be read.",
                       "Send the body with Content-Length.", frame);
}

}  // namespace hourgate::http
