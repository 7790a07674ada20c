// The Authorization header, and what stands in for it: the first line is its value, the second the
// target, each further line another header. What is read, and what a whole gate says to it.
#include <string>
#include <vector>

#include "base/header_name.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "http/decision/credentials.h"
#include "http/wire/request_head.h"
#include "support/http_bench.h"
#include "token/format.h"

using namespace hourgate;
using test::HttpBench;

namespace {

struct Sent {
    std::string_view authorization, target;
    std::vector<http::HeaderView> headers;  // as a head that was read has them
};

/// Line ends and NUL never come out of a head that was read.
bool is_value(std::string_view text) noexcept {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == text.npos && trimmed(text) == text;
}

bool is_name_of(const Sent& sent, std::string_view name) noexcept {
    return std::any_of(sent.headers.begin(), sent.headers.end(),
                       [&](const http::HeaderView& header) { return header.name == name; });
}

void check_reading(const Sent& sent) {
    http::RequestView request;
    request.method = "GET";
    request.target = sent.target;
    request.headers = sent.headers;
    request.peer = Address::loopback();
    Call call;
    call.method = request.method;
    call.target = request.target;
    const http::Trust trust;
    http::read_headers(call, request, trust);

    const std::size_t count = request.count("Authorization");
    HOURGATE_LAW((call.problem == Problem::two_authorizations) == (count > 1));
    if (count > 1)
        return;
    HOURGATE_LAW(call.problem_detail.empty() || is_name_of(sent, call.problem_detail) ||
                 (call.problem == Problem::method_override &&
                  sent.target.find(call.problem_detail) != sent.target.npos));
    HOURGATE_LAW((call.misplaced == Misplaced::in_header) == !call.misplaced_in.empty());
    HOURGATE_LAW(call.misplaced_in.empty() || is_name_of(sent, call.misplaced_in));
    for (const http::HeaderView& header : sent.headers)
        if (claim_of(header.name) == Claim::identity)
            HOURGATE_LAW(call.problem == Problem::forged_header);
    const std::string_view value = request.only("Authorization").value_or("");
    if (call.presented == Presented::bearer)
        HOURGATE_LAW(value.find(call.credentials) != value.npos &&
                     trimmed(call.credentials) == call.credentials);
    else if (call.presented == Presented::other_scheme)
        HOURGATE_LAW(!token::holds_token(call.credentials) && call.credentials.size() < 16);
    else
        HOURGATE_LAW(call.credentials.empty());
    HOURGATE_LAW((call.presented == Presented::nothing) == value.empty());
}

/// A gate of its own for each input: nothing is left of the one before.
void check_gate(const Sent& sent) {
    HttpBench bench;
    http::Request request = HttpBench::nginx("GET", "/clients/1");
    test::drop_header(request, "Authorization");
    test::drop_header(request, "X-Original-URI");
    request.headers.push_back({"X-Original-URI", std::string(sent.target)});
    for (const http::HeaderView& header : sent.headers)
        request.headers.push_back({std::string(header.name), std::string(header.value)});
    const std::string token = HttpBench::token();
    const http::Response answer = bench.ask(request);
    HOURGATE_LAW(answer.status >= 200 && answer.status < 600);
    HOURGATE_LAW(!test::shows(answer, token));
    for (const http::Header& header : answer.headers)
        HOURGATE_LAW(is_value(header.value));
    if (test::header(answer, "X-Hourgate-Token") == HttpBench::prefix) {
        // The token was at hand, whole, as the only credentials.
        const std::string_view value = trimmed(sent.authorization);
        HOURGATE_LAW(same_ignoring_case(value.substr(0, 6), "Bearer"));
        HOURGATE_LAW(trimmed(value.substr(6)) == token);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    Sent sent;
    sent.authorization = input.line();
    sent.target = input.line();
    if (!is_value(sent.authorization) || !is_value(sent.target))
        return 0;
    sent.headers.push_back({"Authorization", sent.authorization});
    while (!input.empty() && sent.headers.size() < 20) {
        http::HeaderView header;
        if (http::read_header_line(input.line(), header))
            sent.headers.push_back(header);
    }
    check_reading(sent);
    check_gate(sent);
    return 0;
}
