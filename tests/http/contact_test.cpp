// [gate] contact: named where a caller cannot go on without the people who run the gate, in every
// form of a refusal, and nowhere else.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

constexpr const char* contact = "https://status.example.com/help";
constexpr const char* sentence =
    " The operators of this gate can be reached at https://status.example.com/help";

http::ReplySettings with_contact(const char* renew_url = "") {
    http::ReplySettings reply = HttpBench::reply_settings();
    reply.contact = contact;
    reply.renew_url = renew_url;
    return reply;
}

struct Case {
    std::string_view reason;
    bool named;
    std::function<void(HttpBench&)> before;
    std::string_view target = "/clients/1";
    const char* renew_url = "";
};

const auto nothing = [](HttpBench&) {};
const auto unpaid = [](HttpBench& bench) { bench.facts.workspace.plan_id = 1; };

std::vector<Case> cases() {
    return {
        {"role_forbidden", true, [](HttpBench& bench) { bench.facts.member.role = Role::member; }},
        {"path_unlisted", true, nothing, "/nowhere"},
        {"member_removed", true,
         [](HttpBench& bench) { bench.facts.member.removed_ms = bench.now.wall_ms; }},
        {"store_failed", true, [](HttpBench& bench) { bench.directory.fails = true; }},
        {"plan_without_api", true, unpaid},
        {"plan_without_api", false, unpaid, "/clients/1", "https://pay.example"},
        {"window_full", false, [](HttpBench& bench) { bench.spend_all(); }},
        {"revoked_token", false,
         [](HttpBench& bench) { bench.facts.token.revoked_ms = bench.now.wall_ms; }},
        {"expired_token", false,
         [](HttpBench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms; }},
        {"scope_missing", false,
         [](HttpBench& bench) {
             bench.facts.token.scopes = policy::parse_scopes("notes:read").value();
         }},
        {"path_ambiguous", false, nothing, "/clients//1"},
    };
}

bool says(const Response& answer, const std::string& part) {
    return answer.body.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a refusal names the contact where the caller cannot go on alone, and nowhere else") {
    for (const Case& one : cases())
        for (const char* accept : {"application/json", "application/problem+json"}) {
            CAPTURE(one.reason, accept);
            HttpBench bench(Mode::enforce, small_rules(), with_contact(one.renew_url));
            one.before(bench);
            bench.put();
            Request request = HttpBench::forwarded("GET", one.target);
            request.headers.push_back({"Accept", accept});
            const Response answer = bench.ask(request);
            REQUIRE(says(answer, "\"reason\":\"" + std::string(one.reason) + "\""));
            CHECK(says(answer, std::string("\"contact\":\"") + contact + "\"") == one.named);
            CHECK(says(answer, sentence) == one.named);
        }
}

TEST_CASE("without a contact no refusal has one") {
    for (const Case& one : cases()) {
        CAPTURE(one.reason);
        HttpBench bench;
        one.before(bench);
        bench.put();
        const Response answer = bench.ask(HttpBench::forwarded("GET", one.target));
        CHECK_FALSE(says(answer, "\"contact\""));
        CHECK_FALSE(says(answer, "are reached at"));
    }
}

TEST_CASE("faults of the gate and of the API name the contact, mistakes of a caller do not") {
    const http::ReplySettings reply = with_contact();
    for (const char* reason : {"internal_error", "not_ready", "upstream_unreachable",
                               "upstream_broken", "upstream_timed_out"}) {
        INFO(reason);
        const Response answer =
            http::plain_error(502, "unavailable", reason, "No.", "Go.", {reply});
        CHECK(says(answer, std::string("\"contact\":\"") + contact + "\""));
        CHECK(says(answer, std::string("Go.") + sentence));
    }
    for (const char* reason : {"no_such_route", "timed_out", "too_busy", "too_many_connections",
                               "body_too_large", "validation_error"}) {
        INFO(reason);
        CHECK_FALSE(
            says(http::plain_error(400, "bad_request", reason, "No.", "Go.", {reply}), contact));
    }
}
