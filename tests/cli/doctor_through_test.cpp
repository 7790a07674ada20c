// Rows of `hourgate doctor --through`, from answers that nobody need have given.
#include <string>
#include <vector>

#include "base/limits.h"
#include "cli/doctor/through_findings.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

namespace {

using Headers = std::vector<http::Header>;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

ProbeResult answered(int status, std::string body = "", Headers headers = {}) {
    return exchange_of(http::ProbeAnswer{status, std::move(headers), std::move(body)});
}

std::string error(const std::string& code, const std::string& reason) {
    return R"({"error":{"code":")" + code + R"(","reason":")" + reason + "\"}}";
}

const http::Header decision = {"X-Hourgate-Decision", "dec_1"};
const Expected unpaid = {"402 paid", 402, "plan_without_api"};
const Expected full = {"429 room", 429, "window_full"};
const Expected nobody = {"401 who", 401, "no_credentials"};

ProbeResult refused(int status) {
    return answered(status, error("forbidden_plan", "plan_without_api"), {decision});
}

Noted noted(std::vector<std::pair<std::string, std::int64_t>> decided, std::string from = "") {
    return {std::move(decided), std::move(from)};
}

/// What a good deployment leaves behind.
Evidence good() {
    Evidence evidence;
    evidence.unpaid = refused(402);
    for (const char* left : {"2", "1", "0"})
        evidence.paid.push_back(answered(200, "", {{"X-RateLimit-Remaining", left}}));
    evidence.paid.push_back(
        answered(429, error("rate_limited", "window_full"), {decision, {"Retry-After", "60"}}));
    evidence.of_caller =
        noted({{"plan_without_api", 1}, {"granted", 3}, {"window_full", 1}}, "192.0.2.2");
    evidence.of_claimer = noted({{"granted", 1}}, "192.0.2.2");
    evidence.noted = true;
    evidence.forged_role = "made-up-1";
    evidence.claimed_address = "203.0.113.77";
    evidence.source = "192.0.2.2";
    evidence.workspace = "ws_1";
    return evidence;
}

const std::vector<std::string> marks = {"nginx 01234567", "caddy 89abcdef"};

policy::Policy policy_of(std::vector<policy::Resource> resources) {
    policy::PolicyConfig rules;
    rules.resources = std::move(resources);
    auto made = policy::Policy::make(std::move(rules));
    REQUIRE(made.ok());
    return std::move(made).value();
}

policy::Resource resource(const std::string& path, Role least, bool own = false) {
    policy::Resource made;
    made.name = "r" + std::to_string(path.size());
    made.patterns = {policy::parse_pattern(path).value()};
    for (const Role role : {Role::owner, Role::admin, Role::manager, Role::member})
        if (role <= least)
            made.access[index(role)] = policy::parse_access(own ? "read own" : "read").value();
    made.own_by_upstream = own;
    return made;
}

}  // namespace

TEST_CASE("an address is a scheme, a host and a port") {
    CHECK(parse_url("http://127.0.0.1:8080").value().port == 8080);
    CHECK(parse_url("HTTP://api.example/").value().host == "api.example");
    CHECK(parse_url("http://api.example").value().port == 80);
    CHECK(parse_url("http://[::1]:81").value().host == "::1");
    CHECK(parse_url("http://[::1]:81").value().port == 81);
    CHECK(parse_url("http://[::1]").value().port == 80);
    for (const char* text :
         {"", "http://", "http://:80", "http://h:", "http://h:0", "http://h:65536", "http://h/x",
          "http://u@h", "ftp://h", "h", "https://h", "HTTPS://h"}) {
        INFO(text);
        const auto url = parse_url(text);
        REQUIRE_FALSE(url.ok());
        CHECK(url.failure().fault == Fault::usage);
        CHECK_FALSE(url.failure().next.empty());
    }
    CHECK(has(parse_url("https://api.example:444/v1").failure().next, "--host api.example`"));
}

TEST_CASE("a path is chosen that the lowest role that can may read as a whole") {
    CHECK(aim_at(policy_of({resource("/a/**", Role::manager)}), {}).value().path == "/a");
    CHECK(aim_at(policy_of({resource("/a/**", Role::manager)}), {}).value().role == Role::manager);
    CHECK(aim_at(policy_of({resource("/a", Role::member)}), {}).value().role == Role::member);
    CHECK(aim_at(policy_of({resource("/a/{id}", Role::member), resource("/bc", Role::owner)}), {})
              .value()
              .path == "/bc");
    // Narrowed to their own: which answer is right, only the API knows.
    CHECK_FALSE(aim_at(policy_of({resource("/a", Role::member, true)}), {}).ok());
    // Every path: the one that every API has. So it is where no row lists any.
    CHECK(aim_at(policy_of({resource("/**", Role::member)}), {}).value().path == "/");
    CHECK(aim_at(policy_of({resource("/**", Role::member)}), {}).value().role == Role::member);
    CHECK(aim_at(policy_of({}), {}).value().path == "/");
    CHECK(aim_at(policy_of({}), {}).value().role == Role::manager);
    policy::PolicyConfig unlisted;
    unlisted.resources = {resource("/a/{id}", Role::member)};
    CHECK_FALSE(aim_at(policy::Policy::make(unlisted).value(), {}).ok());
    unlisted.unlisted_allowed = true;
    CHECK(aim_at(policy::Policy::make(unlisted).value(), {}).value().path == "/");
    CHECK(aim_at(policy_of({}), "/x").value().role == Role::manager);
    CHECK_FALSE(aim_at(policy_of({resource("/a", Role::member)}), "/b").ok());
    CHECK_FALSE(aim_at(policy_of({resource("/a", Role::member)}), "/_hourgate/api/v1/me").ok());
    policy::Resource open;
    open.name = "open";
    open.patterns = {policy::parse_pattern("/open").value()};
    open.is_public = true;
    CHECK_FALSE(aim_at(policy_of({open}), {}).ok());
    CHECK_FALSE(aim_at(policy_of({open}), "/open").ok());
}

TEST_CASE("refusals are read in both forms, and nothing else is taken for one") {
    CHECK(answered(402, error("forbidden_plan", "plan_lapsed")).reason == "plan_lapsed");
    CHECK(answered(402, R"({"type":"about:blank","code":"x","reason":"y"})").reason == "y");
    for (const char* body : {"", "<html>", "[]", "{\"error\":3}", "{\"reason\":3}", "{\"error\":"})
        CHECK(answered(402, body).reason.empty());
    CHECK(exchange_of(Failure{Fault::system, "nobody", ""}).failed == "nobody");
}

TEST_CASE("a refusal that arrives as it was is well") {
    CHECK(about_refusal(unpaid, refused(402), true).state == State::ok);
    const std::string body = error("unauthenticated", "no_credentials");
    CHECK(about_refusal(nobody, answered(401, body, {decision, {"WWW-Authenticate", "B"}}), {})
              .state == State::ok);
}

TEST_CASE("a refusal that does not is bad, and the row says how") {
    const auto seen = [](const Expected& expected, const ProbeResult& exchange,
                         std::optional<bool> gate_refused) {
        const Check check = about_refusal(expected, exchange, gate_refused);
        CHECK(check.state == State::bad);
        CHECK_FALSE(check.fix.empty());
        return check.seen;
    };
    CHECK(has(seen(unpaid, answered(500, "<html>"), true), "failures of its own"));
    CHECK(has(seen(unpaid, refused(500), true), "failures of its own"));
    CHECK(has(seen(unpaid, answered(403), true), "403 instead of 402"));
    CHECK(has(seen(unpaid, answered(402, "<html>"), true), "without the gate's answer"));
    CHECK(has(seen(unpaid, answered(200), true), "does not heed it"));
    CHECK(has(seen(unpaid, answered(200), false), "did not refuse"));
    CHECK(has(seen(unpaid, exchange_of(Failure{Fault::system, "cut", ""}), {}), "cut"));
    const std::string busy = error("rate_limited", "window_full");
    CHECK(has(seen(full, answered(429, busy, {decision}), {}), "Retry-After is missing"));
    CHECK(has(seen(full, answered(429, busy, {decision, {"Retry-After", "0"}}), {}), "missing"));
    CHECK(has(seen(full, answered(429, busy, {{"Retry-After", "3"}}), {}), "X-Hourgate-Decision"));
    const std::string who = error("unauthenticated", "no_credentials");
    CHECK(has(seen(nobody, answered(401, who, {decision}), {}), "WWW-Authenticate is missing"));
    const http::Header challenge = {"WWW-Authenticate", "Bearer"};
    CHECK(about_refusal(nobody, answered(401, who, {decision, challenge, challenge}), {}).state ==
          State::warn);
}

TEST_CASE("an address with too many failures is nobody's mistake") {
    const auto busy = answered(429, error("rate_limited", "too_many_failures"), {decision});
    CHECK(about_refusal(nobody, busy, {}).state == State::skipped);
    CHECK(about_authorization(busy, {}).state == State::warn);
}

TEST_CASE("whether the token arrived is told from what the gate said and wrote down") {
    const auto said = [](const std::string& reason) {
        return answered(401, error("unauthenticated", reason));
    };
    CHECK(has(about_authorization(said("no_credentials"), {}).seen, "drops Authorization"));
    CHECK(has(about_authorization(said("unknown_token"), {}).seen, "another database"));
    CHECK(about_authorization(answered(200), {}).state == State::bad);
    CHECK(about_authorization(answered(500), noted({{"plan_without_api", 1}})).state == State::ok);
    CHECK(about_authorization(refused(402), {}).state == State::ok);
    const std::vector<ProbeResult> since = {answered(503, error("unavailable", "granted_since"))};
    CHECK(has(about_authorization(refused(402), {}, since).seen, "for the text of a refusal"));
    CHECK(about_authorization(refused(402), noted({{"granted", 1}}), since).state == State::ok);
}

TEST_CASE("where nobody answers, or somebody else does, it is said") {
    CHECK(about_reach(answered(401), "http://h").state == State::ok);
    CHECK(about_reach(answered(500), "http://h").state == State::ok);
    CHECK(about_reach(exchange_of(Failure{Fault::system, "no", ""}), "u").state == State::bad);
    CHECK(has(about_reach(answered(404, error("not_found", "no_such_route")), "u").seen, "itself"));
    const auto moved = answered(301, "", {{"Location", "https://h/"}});
    CHECK(has(about_reach(moved, "u").seen, "https://h/"));
}

TEST_CASE("each call is to be decided once") {
    Evidence evidence = good();
    CHECK(about_counting(evidence).state == State::ok);
    evidence.of_caller.decided.emplace_back("granted", 1);
    CHECK(has(about_counting(evidence).seen, "more than once"));
    evidence.of_caller.decided = {{"granted", 2}};
    CHECK(has(about_counting(evidence).seen, "without asking"));
    evidence.noted = false;
    CHECK(about_counting(evidence).state == State::skipped);
}

TEST_CASE("limit headers on granted calls are worth having") {
    Evidence evidence = good();
    CHECK(has(about_limit_headers(evidence).seen, "2, 1, 0"));
    evidence.paid.front().answer.headers.clear();
    CHECK(about_limit_headers(evidence).state == State::warn);
    evidence.paid.clear();
    CHECK(about_limit_headers(evidence).state == State::skipped);
}

TEST_CASE("calls that were granted are said to be, also when the API answers none of them") {
    Evidence evidence = good();
    CHECK(about_api(evidence).state == State::ok);
    CHECK(has(about_api(evidence).seen, "granted 3 calls"));
    for (ProbeResult& paid : evidence.paid)
        if (paid.reason.empty())
            paid = answered(502, error("bad_gateway", "upstream_unreachable"));
    const Check dead = about_api(evidence);
    CHECK(dead.state == State::bad);
    CHECK(has(dead.seen, "granted 3 calls, but the caller gets 502 upstream_unreachable"));
    CHECK(has(about_limit_headers(evidence).seen, "granted 3 calls, but the API answered none"));
    // A proxy that says it in words of its own.
    for (ProbeResult& paid : evidence.paid)
        if (paid.reason != "window_full")
            paid = answered(504, "<html>");
    CHECK(about_api(evidence).state == State::bad);
    evidence.of_caller.decided = {{"window_full", 4}};
    CHECK(about_api(evidence).state == State::skipped);
    CHECK(has(about_api(evidence).seen, "granted none"));
}

TEST_CASE("what became of a made-up identity is told as far as it can be seen") {
    Evidence evidence = good();
    CHECK(about_identity(evidence).state == State::skipped);
    evidence.forged = answered(400, error("bad_request", "forged_header"), {decision});
    CHECK(about_identity(evidence).state == State::ok);
    evidence.forged = answered(200, "you are made-up-1");
    CHECK(about_identity(evidence).state == State::bad);
    evidence.forged = answered(200, "", {{"X-Echo", "made-up-1"}});
    CHECK(about_identity(evidence).state == State::bad);
    evidence.forged = answered(200, "you are manager");
    CHECK(about_identity(evidence).state == State::warn);
    evidence.forged = answered(404);
    evidence.of_forger = noted({{"granted", 1}});
    CHECK(about_identity(evidence).state == State::warn);
    evidence.of_forger = {};
    evidence.forged = answered(500);
    CHECK(about_identity(evidence).state == State::bad);
}

TEST_CASE("the address that the gate believed is the caller's, or it is said whose it is") {
    Evidence evidence = good();
    const auto from = [&](const std::string& address) {
        evidence.of_claimer.from = address;
        return about_address(evidence).state;
    };
    CHECK(from("192.0.2.2") == State::ok);
    CHECK(from("203.0.113.77") == State::bad);
    CHECK(from("127.0.0.1") == State::bad);
    CHECK(from("") == State::bad);
    CHECK(from("198.51.100.1") == State::warn);
    evidence.source_is_proxy = true;
    evidence.source = "127.0.0.1";
    CHECK(from("127.0.0.1") == State::ok);
    CHECK(from("203.0.113.77") == State::warn);
    evidence.of_caller.from = "";  // calls without the header come from nowhere
    CHECK(from("203.0.113.77") == State::bad);
    evidence.of_claimer = {};
    CHECK(about_address(evidence).state == State::skipped);
}

TEST_CASE("what a program of this machine gets is part of what is said about addresses") {
    Evidence evidence = good();
    evidence.near_source = "127.0.0.1";
    const auto seen = [&](const std::string& near, const std::string& claimed) {
        evidence.of_near = noted({{"granted", 1}}, near);
        evidence.of_near_claimer = noted({{"granted", 1}}, claimed);
        return about_address(evidence);
    };
    CHECK(seen("127.0.0.1", "127.0.0.1").state == State::ok);
    CHECK(has(seen("127.0.0.1", "203.0.113.77").seen, "the proxy appends"));
    const Check direct = seen("", "203.0.113.77");
    CHECK(direct.state == State::warn);
    CHECK(has(direct.seen, "or the one that is made up in X-Forwarded-For"));
    CHECK(has(direct.fix, "proxies = []"));
    const Check silent = seen("", "");
    CHECK(silent.state == State::warn);
    CHECK_FALSE(has(silent.seen, "or the one that is made up"));
    evidence.of_near = {};  // none was decided
    CHECK(about_address(evidence).state == State::ok);
    // The proxy's own address is the usual one of this machine, also where that is no loopback.
    evidence.near_source = evidence.of_claimer.from = "192.0.2.9";
    CHECK(about_address(evidence).state == State::bad);
}

TEST_CASE("the gate's own listeners are not to be reached through the proxy") {
    Evidence evidence = good();
    CHECK(about_own_routes(evidence).state == State::skipped);
    evidence.ask = evidence.admin = evidence.metrics = answered(404);
    CHECK(about_own_routes(evidence).state == State::ok);
    // A refusal of the proxy's own question about that path looks like this.
    evidence.admin = answered(403, error("forbidden_scope", "path_unlisted"));
    CHECK(about_own_routes(evidence).state == State::ok);
    evidence.admin =
        answered(403, R"({"error":{"reason":"role_forbidden","requiredRole":"operator"}})");
    CHECK(has(about_own_routes(evidence).seen, "/admin/v1"));
    evidence.metrics = answered(200, "hourgate_decisions_total{reason=\"granted\"} 0\n");
    CHECK(has(about_own_routes(evidence).seen, "/metrics"));
    evidence.ask = answered(204, "", {{"X-Hourgate-Workspace", "ws_1"}});
    CHECK(has(about_own_routes(evidence).seen, "ask listener"));
}

TEST_CASE("another site of the same address that asks nobody is worth a look") {
    Evidence evidence = good();
    evidence.other_host = "nobody.invalid";
    CHECK(about_other_hosts(evidence).state == State::skipped);
    evidence.elsewhere = answered(401, error("unauthenticated", "no_credentials"));
    CHECK(about_other_hosts(evidence).state == State::ok);
    evidence.elsewhere = answered(404, "<html>");
    CHECK(about_other_hosts(evidence).state == State::ok);
    evidence.elsewhere = exchange_of(Failure{Fault::system, "closed", ""});
    CHECK(about_other_hosts(evidence).state == State::ok);
    for (const int status : {200, 204, 301}) {
        evidence.elsewhere = answered(status, "hello");
        const Check check = about_other_hosts(evidence);
        CHECK(check.state == State::warn);
        CHECK(has(check.seen, "Host: nobody.invalid gets " + std::to_string(status)));
        CHECK(has(check.fix, "default_server"));
    }
}

TEST_CASE("an older text of a proxy is told from the present one and from one by hand") {
    Evidence evidence = good();
    CHECK(about_text(evidence, marks).state == State::skipped);
    evidence.text = answered(200, "nginx 01234567\n");
    CHECK(about_text(evidence, marks).state == State::ok);
    evidence.text = answered(200, "nginx ffffffff\n");
    CHECK(about_text(evidence, marks).state == State::warn);
    CHECK(has(about_text(evidence, marks).fix, "`hourgate snippets nginx`"));
    for (const char* other : {"<html>", "", "apache 01234567", "nginxx"}) {
        evidence.text = answered(200, other);
        CHECK(about_text(evidence, marks).state == State::skipped);
    }
    evidence.text = answered(401, error("unauthenticated", "no_credentials"));
    CHECK(about_text(evidence, marks).state == State::skipped);
}

TEST_CASE("mode observe refuses nothing, so nothing is expected to be refused") {
    Evidence evidence = good();
    evidence.observed = true;
    for (const Check& check : findings_of(evidence, marks))
        if (check.name.starts_with("4"))
            CHECK(check.state == State::skipped);
}
