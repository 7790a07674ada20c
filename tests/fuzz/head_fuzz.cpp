// The head of a request: where it ends, however it arrives, and what it says. The fast path has a target
// of its own.
#include <algorithm>
#include <string>

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "http/decision/reply.h"
#include "http/decision/request_refusals.h"
#include "http/wire/request_head.h"

using namespace hourgate;
using http::HeadFlaw;
using http::HeadScanner;
using http::RequestHead;
using State = http::HeadScanner::State;

namespace {

/// The scanner's word on bytes that arrive one by one.
State scan_slowly(HeadScanner& scanner, std::string_view bytes) {
    State state = State::more;
    for (std::size_t arrived = 0; arrived <= bytes.size() && state == State::more; ++arrived)
        state = scanner.scan(bytes.substr(0, arrived));
    return state;
}

std::string printed(const RequestHead& head) {
    std::string text(head.request.method);
    text += " " + std::string(head.request.target) + " HTTP/1." +
            std::to_string(head.minor_version) + "\r\n";
    for (const http::HeaderView& header : head.request.headers)
        text += std::string(header.name) + ":" + std::string(header.value) + "\r\n";
    return text + "\r\n";
}

bool same(const RequestHead& a, const RequestHead& b) {
    return a.request.method == b.request.method && a.request.target == b.request.target &&
           std::equal(a.request.headers.begin(), a.request.headers.end(), b.request.headers.begin(),
                      b.request.headers.end(),
                      [](const http::HeaderView& one, const http::HeaderView& other) {
                          return one.name == other.name && one.value == other.value;
                      }) &&
           a.minor_version == b.minor_version && a.body == b.body && a.body_bytes == b.body_bytes &&
           a.keep_alive == b.keep_alive && a.expects_continue == b.expects_continue;
}

void check_read(const RequestHead& head) {
    const http::RequestView& request = head.request;
    HOURGATE_LAW(http::is_http_token(request.method));
    HOURGATE_LAW(!request.target.empty() && request.target.size() <= limits::target_bytes_max);
    for (const char c : request.target)
        HOURGATE_LAW(c != ' ' && !is_control_byte(c));
    HOURGATE_LAW(request.headers.size() <= limits::headers_max);
    std::size_t lengths = 0, encodings = 0;
    for (const http::HeaderView& header : request.headers) {
        HOURGATE_LAW(http::is_http_token(header.name));
        HOURGATE_LAW(trimmed(header.value) == header.value);
        for (const char c : header.value)
            HOURGATE_LAW(c == '\t' || !is_control_byte(c));
        lengths += same_ignoring_case(header.name, "Content-Length");
        encodings += same_ignoring_case(header.name, "Transfer-Encoding");
    }
    // One framing, which nobody can take for another.
    HOURGATE_LAW(lengths + encodings <= 1);
    HOURGATE_LAW((head.body == RequestHead::Body::chunked) == (encodings == 1));
    HOURGATE_LAW(head.body != RequestHead::Body::length || (lengths == 1 && head.body_bytes > 0));
    HOURGATE_LAW(head.minor_version == 1 || head.minor_version == 0);
    HOURGATE_LAW(head.minor_version == 0 || request.count("Host") == 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = fuzz::text_of(data, size);
    HeadScanner at_once, slowly;
    const State state = at_once.scan(bytes);
    HOURGATE_LAW(scan_slowly(slowly, bytes) == state);
    if (state == State::refused) {
        HOURGATE_LAW(at_once.flaw() != HeadFlaw::none && at_once.flaw() == slowly.flaw());
        HOURGATE_LAW(http::answer_to(at_once.flaw(), {http::ReplySettings{}}).status >= 400);
    }
    if (state != State::complete)
        return 0;
    HOURGATE_LAW(at_once.size() == slowly.size() && at_once.size() <= bytes.size());
    RequestHead head;
    http::parse_request_head(bytes.substr(0, at_once.size()), head);
    if (head.flaw != HeadFlaw::none) {
        HOURGATE_LAW(http::answer_to(head.flaw, {http::ReplySettings{}}).status >= 400);
        return 0;
    }
    check_read(head);
    const std::string text = printed(head);
    HeadScanner again;
    HOURGATE_LAW(again.scan(text + "GET") == State::complete && again.size() == text.size());
    RequestHead reread;
    http::parse_request_head(text, reread);
    HOURGATE_LAW(reread.flaw == HeadFlaw::none && same(head, reread));
    return 0;
}
