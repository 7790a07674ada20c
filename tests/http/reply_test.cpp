// Every refusal, byte for byte: status, headers and body, in both formats. Asked the way Caddy
// asks, which passes the whole answer on.
#include "http/decision/reply.h"

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Format;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

struct Case {
    std::string_view reason;
    std::function<void(HttpBench&)> before;
    std::function<void(Request&)> change;
    int status;
    std::string_view title;
    std::string_view headers;  // those after Cache-Control
    std::string_view members;  // of "error", without the braces
};

void nothing(HttpBench&) {}
void as_it_is(Request&) {}

std::function<void(Request&)> with(std::string name, std::string value) {
    return [=](Request& request) { set_header(request, name, value); };
}
std::function<void(Request&)> with_token(std::string text) {
    return with("Authorization", "Bearer " + text);
}
void without_token(Request& request) {
    drop_header(request, "Authorization");
}

constexpr std::string_view untouched = R"(X-RateLimit-Limit: 5
X-RateLimit-Remaining: 5
X-RateLimit-Reset: 1780000060
RateLimit-Policy: "burst";q=3;w=10, "sustained";q=5;w=60
RateLimit: "burst";r=3;t=10, "sustained";r=5;t=60
)";

std::string after(std::string_view first, std::string_view rest = untouched) {
    return std::string(first) + "\n" + std::string(rest);
}

// --- 400 -----------------------------------------------------------------------------------------

std::vector<Case> unreadable() {
    return {
        {"bad_request", nothing,
         [](Request& request) {
             request.headers.push_back({"Authorization", "Bearer x"});
         },
         400, "Bad Request", "",
         R"("code":"bad_request","reason":"bad_request","message":"The call has more than one Authorization header.","fix":"Send exactly one Authorization header.","decision":"dec_ID")"},
        {"bad_request", nothing, with("X-HTTP-Method-Override", "DELETE"), 400, "Bad Request", "",
         R"("code":"bad_request","reason":"bad_request","message":"The header or query parameter X-HTTP-Method-Override asks for a different method than the call has.","fix":"Leave it out and send the method itself.","decision":"dec_ID")"},
        {"bad_request", nothing, with("X-Forwarded-Uri", "http://api.example/clients/7"), 400,
         "Bad Request", "",
         R"("code":"bad_request","reason":"bad_request","message":"The target of the call is not a path: it does not begin with '/'.","fix":"Send a path that begins with '/'.","decision":"dec_ID")"},
        {"bad_request", nothing, with("X-Forwarded-Method", "GET it"), 400, "Bad Request", "",
         R"("code":"bad_request","reason":"bad_request","message":"The method of the call is not a valid HTTP method.","fix":"Send a method such as GET, POST, PUT, PATCH or DELETE.","decision":"dec_ID")"},
        {"bad_request", nothing, [](Request& request) { drop_header(request, "X-Forwarded-Uri"); },
         400, "Bad Request", "",
         R"("code":"bad_request","reason":"bad_request","message":"The proxy in front must send the header X-Forwarded-Uri exactly once when it asks the gate. It is missing or repeated.","fix":"Operator: let the proxy set this header when it asks the gate.","decision":"dec_ID")"},
        {"method_not_allowed", nothing, with("X-Forwarded-Method", "TRACE"), 405,
         "Method Not Allowed", "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\n",
         R"("code":"bad_request","reason":"method_not_allowed","message":"The gate passes TRACE on to no API.","fix":"Send another method, such as GET, POST, PUT, PATCH or DELETE.","decision":"dec_ID")"},
        {"target_too_long", nothing, with("X-Forwarded-Uri", "/" + std::string(8'000, 'a')), 414,
         "URI Too Long", "",
         R"("code":"bad_request","reason":"target_too_long","message":"The target of the call is too long.","fix":"Send at most 8000 bytes of path and query.","decision":"dec_ID")"},
        {"path_ambiguous", nothing, with("X-Forwarded-Uri", "/clients/%2e%2e/x?q=1"), 400,
         "Bad Request", "",
         R"("code":"bad_request","reason":"path_ambiguous","message":"An upstream may interpret this path differently from the gate: the path has a segment '.' or '..', as sent or encoded.","fix":"Send the path in the plain form the API's documentation shows.","decision":"dec_ID")"},
        {"forged_header", nothing, with("x_hourgate-Role", "owner"), 400, "Bad Request", "",
         R"("code":"bad_request","reason":"forged_header","message":"The call has the header x_hourgate-Role. Headers that begin with X-Hourgate- are the gate's own.","fix":"Leave the header out.","decision":"dec_ID")"},
    };
}

// --- 401 -----------------------------------------------------------------------------------------

constexpr std::string_view plain_challenge = "WWW-Authenticate: Bearer realm=\"hourgate\"\n";

std::vector<Case> unknown_callers() {
    const std::string damaged = HttpBench::token().substr(0, 53) + "?";
    std::string mistyped = HttpBench::token();
    mistyped.back() = mistyped.back() == 'z' ? 'y' : 'z';
    const std::string test_token = whole_token("hsk_test_" + std::string(HttpBench::prefix) + "_" +
                                               std::string(HttpBench::secret));
    return {
        {"no_credentials", nothing, without_token, 401, "Unauthorized", plain_challenge,
         R"("code":"unauthenticated","reason":"no_credentials","message":"The call has no token: there is no Authorization header.","fix":"Send Authorization: Bearer hsk_live_...","decision":"dec_ID")"},
        {"wrong_scheme", nothing, with("Authorization", "Basic YTpi"), 401, "Unauthorized",
         plain_challenge,
         R"("code":"unauthenticated","reason":"wrong_scheme","message":"The Authorization header has the scheme Basic instead of Bearer.","fix":"Send Authorization: Bearer hsk_live_...","decision":"dec_ID")"},
        {"wrong_scheme", nothing, with("Authorization", HttpBench::token()), 401, "Unauthorized",
         plain_challenge,
         R"("code":"unauthenticated","reason":"wrong_scheme","message":"The Authorization header has no scheme before the token.","fix":"Send Authorization: Bearer hsk_live_...","decision":"dec_ID")"},
        {"malformed_token", nothing, with_token(damaged), 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"What follows Bearer is not a token: its last part has a character "
         "that is "
         "neither a letter nor a digit (character 54).\"\n",
         R"("code":"unauthenticated","reason":"malformed_token","message":"What follows Bearer is not a token: its last part has a character that is neither a letter nor a digit (character 54).","fix":"Copy the whole token again: hsk_live_, 12 digits, _, 32 letters and digits, without quotes or spaces.","decision":"dec_ID")"},
        {"damaged_token", nothing, with_token(mistyped), 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"The token has the right shape, but its check digits do not fit: it "
         "was "
         "mistyped, cut or altered.\"\n",
         R"("code":"unauthenticated","reason":"damaged_token","message":"The token has the right shape, but its check digits do not fit: it was mistyped, cut or altered.","fix":"Copy the whole token again from where it was kept when it was minted.","decision":"dec_ID")"},
        {"wrong_environment", nothing, with_token(test_token), 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"This is a test token, and this gate accepts only live tokens.\"\n",
         R"("code":"unauthenticated","reason":"wrong_environment","message":"This is a test token, and this gate accepts only live tokens.","fix":"Send a token that begins with hsk_live_.","decision":"dec_ID")"},
        {"unknown_token", nothing, with_token(HttpBench::wrong_secret()), 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"No token 4f8a2c1bdedf with this secret is known here.\"\n",
         R"("code":"unauthenticated","reason":"unknown_token","message":"No token 4f8a2c1bdedf with this secret is known here.","fix":"Check that the token is meant for this API; a lost token cannot be recovered, so have a new one minted.","decision":"dec_ID")"},
    };
}

std::vector<Case> ended_tokens() {
    return {
        {"revoked_token",
         [](HttpBench& bench) { bench.facts.token.revoked_ms = bench.now.wall_ms - 1000; },
         as_it_is, 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"Token 4f8a2c1bdedf was revoked at 2026-05-28T20:26:39Z. This cannot be "
         "undone.\"\n",
         R"("code":"unauthenticated","reason":"revoked_token","message":"Token 4f8a2c1bdedf was revoked at 2026-05-28T20:26:39Z. This cannot be undone.","fix":"Use another token, or have a new one minted.","decision":"dec_ID","at":"2026-05-28T20:26:39Z")"},
        {"expired_token",
         [](HttpBench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms; }, as_it_is, 401,
         "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"Token 4f8a2c1bdedf expired at 2026-05-28T20:26:40Z.\"\n",
         R"("code":"unauthenticated","reason":"expired_token","message":"Token 4f8a2c1bdedf expired at 2026-05-28T20:26:40Z.","fix":"Have a new token minted.","decision":"dec_ID","at":"2026-05-28T20:26:40Z")"},
        {"rotated_token",
         [](HttpBench& bench) {
             bench.facts.token.rotated_ms = bench.now.wall_ms - 5000;
             bench.facts.token.works_until_ms = bench.now.wall_ms - 1000;
         },
         as_it_is, 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"Token 4f8a2c1bdedf was rotated at 2026-05-28T20:26:35Z, and worked "
         "until "
         "2026-05-28T20:26:39Z.\"\n",
         R"("code":"unauthenticated","reason":"rotated_token","message":"Token 4f8a2c1bdedf was rotated at 2026-05-28T20:26:35Z, and worked until 2026-05-28T20:26:39Z.","fix":"Use the token it was rotated into, which was shown then; if it is lost, have a new one minted.","decision":"dec_ID","at":"2026-05-28T20:26:39Z","rotatedAt":"2026-05-28T20:26:35Z")"},
        {"member_removed",
         [](HttpBench& bench) { bench.facts.member.removed_ms = bench.now.wall_ms - 1000; },
         as_it_is, 401, "Unauthorized",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"invalid_token\", "
         "error_description=\"The member who owns token 4f8a2c1bdedf was removed at "
         "2026-05-28T20:26:39Z.\"\n",
         R"("code":"unauthenticated","reason":"member_removed","message":"The member who owns token 4f8a2c1bdedf was removed at 2026-05-28T20:26:39Z.","fix":"Use the token of a present member, or have this member restored.","decision":"dec_ID","at":"2026-05-28T20:26:39Z")"},
    };
}

// --- 402 -----------------------------------------------------------------------------------------

std::vector<Case> unpaid() {
    return {
        {"plan_without_api", [](HttpBench& bench) { bench.facts.workspace.plan_id = 1; }, as_it_is,
         402, "Payment Required", "",
         R"("code":"forbidden_plan","reason":"plan_without_api","message":"Workspace 'Acme' is on plan 'free', which has no API access.","fix":"An owner or admin of the workspace changes to plan 'studio' or above; the same token works again at once.","decision":"dec_ID","requiredPlan":"studio","plansWithApi":["studio"],"feature":"apiAccess","plan":"free","rolesThatRenew":["owner","admin"])"},
        {"plan_lapsed",
         [](HttpBench& bench) {
             bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 3 * Bench::day;
         },
         as_it_is, 402, "Payment Required", "",
         R"("code":"forbidden_plan","reason":"plan_lapsed","message":"Workspace 'Acme' was paid on plan 'studio' until 2026-05-25T20:26:40Z, and lapsed at 2026-05-28T20:26:40Z after 3 days of grace: it counts as on plan 'free' now, which has no API access.","fix":"An owner or admin of the workspace renews the plan; the same token works again at once.","decision":"dec_ID","requiredPlan":"studio","plansWithApi":["studio"],"feature":"apiAccess","plan":"free","lapsedAt":"2026-05-28T20:26:40Z","paidUntil":"2026-05-25T20:26:40Z","graceDays":3,"rolesThatRenew":["owner","admin"])"},
    };
}

// --- 403 -----------------------------------------------------------------------------------------

const std::string forbidden =
    after("WWW-Authenticate: Bearer realm=\"hourgate\", error=\"insufficient_scope\"");
const std::string scope_asked = after(
    "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"insufficient_scope\", "
    "scope=\"clients:read\"");

std::vector<Case> forbidden_calls() {
    const auto role_member = [](HttpBench& bench) { bench.facts.member.role = Role::member; };
    return {
        {"role_forbidden", role_member, as_it_is, 403, "Forbidden", forbidden,
         R"("code":"forbidden_scope","reason":"role_forbidden","message":"Role member may not read 'clients' (GET /clients/7).","fix":"Use a token of a member whose role is manager or above; a token acts with its member's present role.","decision":"dec_ID","resource":"clients","action":"read","role":"member","requiredRole":"manager","rolesThatMay":["owner","admin","manager"])"},
        {"role_forbidden", nothing, with("X-Forwarded-Method", "PURGE"), 403, "Forbidden",
         forbidden,
         R"("code":"forbidden_scope","reason":"role_forbidden","message":"The gate knows no method PURGE for 'clients'.","fix":"Use GET, POST, PUT, PATCH or DELETE, or have the operator list the method under 'methods' of the resource.","decision":"dec_ID","resource":"clients","action":null,"role":"manager","requiredRole":null)"},
        {"role_forbidden",
         [](HttpBench& bench) { bench.facts.token.kind = TokenFacts::Kind::operator_; }, as_it_is,
         403, "Forbidden",
         "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"insufficient_scope\"\n",
         R"("code":"forbidden_scope","reason":"role_forbidden","message":"This is an operator token. It opens the admin listener and nothing else.","fix":"Send the token of a member.","decision":"dec_ID","resource":"clients","action":"read","role":"operator","requiredRole":null)"},
        {"scope_missing",
         [](HttpBench& bench) {
             bench.facts.token.scopes = policy::parse_scopes("notes:read health:*").value();
         },
         as_it_is, 403, "Forbidden", scope_asked,
         R"("code":"forbidden_scope","reason":"scope_missing","message":"The token is narrowed to notes:read health:*, which does not reach GET /clients/7.","fix":"Use a token with the scope clients:read.","decision":"dec_ID","resource":"clients","action":"read","role":"manager","requiredScope":"clients:read")"},
        {"not_own", role_member, with("X-Forwarded-Uri", "/notes/mem_b"), 403, "Forbidden",
         forbidden,
         R"("code":"forbidden_scope","reason":"not_own","message":"Role member reaches only its own part of 'notes', and GET /notes/mem_b is another member's.","fix":"Put 'me' or your own member id, mem_a, where the path names the member.","decision":"dec_ID","resource":"notes","action":"read","role":"member")"},
        {"role_forbidden", role_member,
         with("X-Forwarded-Uri", "/_hourgate/api/v1/organization?q=1"), 403,
         "Forbidden", forbidden, R"("code":"forbidden_scope","reason":"role_forbidden","message":"Role member may not read 'hourgate' (GET /_hourgate/api/v1/organization).","fix":"Use a token of a member whose role is manager or above; a token acts with its member's present role.","decision":"dec_ID","resource":"hourgate","action":"read","role":"member","requiredRole":"manager","rolesThatMay":["owner","admin","manager"])"},
        {"path_unlisted", nothing, with("X-Forwarded-Uri", "/nowhere?q=1"), 403, "Forbidden",
         forbidden,
         R"("code":"forbidden_scope","reason":"path_unlisted","message":"GET /nowhere belongs to no [[resource]] of the gate, and the gate refuses such paths.","fix":"Check the path for a typing error; if it is right, have the operator list it.","decision":"dec_ID","resource":null,"action":"read","role":"manager")"},
    };
}

// --- 429, 503 ------------------------------------------------------------------------------------

std::vector<Case> no_room() {
    return {
        {"too_many_failures",
         [](HttpBench& bench) {
             Request request = HttpBench::forwarded("GET", "/clients/7");
             drop_header(request, "Authorization");
             for (int i = 0; i < 10; ++i)
                 (void)bench.ask(request);
         },
         with_token(HttpBench::unknown_prefix()), 429, "Too Many Requests", "Retry-After: 60\n",
         R"("code":"rate_limited","reason":"too_many_failures","message":"More than 10 calls in 60 s from 192.0.2.1 had no valid token; 'because' says what is wrong with this call.","fix":"Fix what 'because' says: a valid token passes at once, anything else is answered in full again in 60 s.","decision":"dec_ID","window":"failures","limit":10,"windowSeconds":60,"per":"address","retryAfter":60,"retryAt":"2026-05-28T20:27:40Z","because":{"reason":"unknown_token","message":"No token 000000000000 with this secret is known here.","fix":"Check that the token is meant for this API; a lost token cannot be recovered, so have a new one minted."})"},
        {"window_full", [](HttpBench& bench) { bench.spend(3); }, as_it_is, 429,
         "Too Many Requests",
         "Retry-After: 10\n"
         "X-RateLimit-Limit: 3\n"
         "X-RateLimit-Remaining: 0\n"
         "X-RateLimit-Reset: 1780000010\n"
         "RateLimit-Policy: \"burst\";q=3;w=10, \"sustained\";q=5;w=60\n"
         "RateLimit: \"burst\";r=0;t=10, \"sustained\";r=2;t=60\n",
         R"("code":"rate_limited","reason":"window_full","message":"Window 'burst' of plan 'studio' is full: 3 calls in any 10 s, shared by all programs that use this token.","fix":"Wait 10 s, until 2026-05-28T20:26:50Z, then send the same call again; one call every 3.334 s altogether never fills this window.","decision":"dec_ID","window":"burst","limit":3,"windowSeconds":10,"per":"token","retryAfter":10,"retryAt":"2026-05-28T20:26:50Z","paceSeconds":3.334)"},
        {"window_full",
         [](HttpBench& bench) {
             Request request = HttpBench::forwarded("GET", "/health");
             drop_header(request, "Authorization");
             for (int i = 0; i < 4; ++i)
                 (void)bench.ask(request);
             bench.advance_s(59);
         },
         [](Request& request) {
             without_token(request);
             set_header(request, "X-Forwarded-Uri", "/health");
         },
         429, "Too Many Requests", "Retry-After: 1\n",
         R"("code":"rate_limited","reason":"window_full","message":"The window for public calls from 192.0.2.1 is full: 4 calls in any 60 s.","fix":"Wait 1 s, until 2026-05-28T20:27:40Z, then send the same call again; one call every 15 s altogether never fills this window.","decision":"dec_ID","window":"public","limit":4,"windowSeconds":60,"per":"address","retryAfter":1,"retryAt":"2026-05-28T20:27:40Z","paceSeconds":15.0)"},
        {"window_full",
         [](HttpBench& bench) {
             Request request = HttpBench::forwarded("POST", "/_hourgate/api/v1/me/rotate");
             for (int i = 0; i < 60; ++i)
                 (void)bench.ask(request);
             bench.advance_s(20);
         },
         [](Request& request) {
             set_header(request, "X-Forwarded-Method", "POST");
             set_header(request, "X-Forwarded-Uri", "/_hourgate/api/v1/tokens/4f8a2c1bdedf/rotate");
         },
         429, "Too Many Requests",
         "Retry-After: 40\nX-RateLimit-Limit: 60\nX-RateLimit-Remaining: 0\n"
         "X-RateLimit-Reset: 1780000060\n"
         "RateLimit-Policy: \"rotate\";q=60;w=60\n"
         "RateLimit: \"rotate\";r=0;t=40\n",
         R"("code":"rate_limited","reason":"window_full","message":"Window 'rotate' for rotating tokens is full: 60 calls in any 60 s, shared by all programs that use this token. Calls to the API do not count in it.","fix":"Wait 40 s, until 2026-05-28T20:27:40Z, then send the same call again; one call every 1 s altogether never fills this window.","decision":"dec_ID","window":"rotate","limit":60,"windowSeconds":60,"per":"token","retryAfter":40,"retryAt":"2026-05-28T20:27:40Z","paceSeconds":1.0)"},
        {"store_failed", [](HttpBench& bench) { bench.directory.fails = true; }, as_it_is, 503,
         "Service Unavailable", "",
         R"("code":"unavailable","reason":"store_failed","message":"The gate could not read its database, so it could not decide. This is not about your token.","fix":"Send the call again in a few seconds; if that does not help, tell the operator this decision id.","decision":"dec_ID")"},
    };
}

std::vector<Case> all_cases() {
    std::vector<Case> all;
    for (const auto& some :
         {unreadable(), unknown_callers(), ended_tokens(), unpaid(), forbidden_calls(), no_room()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

std::string start_of(const Case& one, std::string_view type) {
    return std::to_string(one.status) + "\nContent-Type: " + std::string(type) +
           "\nX-Hourgate-Decision: dec_ID\nCache-Control: no-store\n" + std::string(one.headers) +
           "\n";
}

/// The same facts as RFC 9457 wants them.
std::string as_problem(const Case& one) {
    const std::string_view from = R"("message":")";
    const std::size_t begin = one.members.find(from) + from.size();
    const std::string message(one.members.substr(begin, one.members.find(R"(","fix":)") - begin));
    return R"({"type":"about:blank","title":")" + std::string(one.title) + R"(","status":)" +
           std::to_string(one.status) + R"(,"detail":")" + message + "\"," +
           std::string(one.members) + "}\n";
}

Response answer_in(const Case& one, std::string_view accept) {
    HttpBench bench;
    one.before(bench);
    bench.put();
    Request request = HttpBench::forwarded("GET", "/clients/7?q=hidden");
    one.change(request);
    if (!accept.empty())
        request.headers.push_back({"Accept", std::string(accept)});
    const std::uint32_t left = bench.left();
    Response answer = bench.ask(request);
    CHECK(bench.left() == left);
    CHECK_FALSE(bench.notes.told.empty());
    CHECK(bench.notes.told.back().first == one.reason);
    CHECK(bench.notes.told.back().second == one.status);
    return answer;
}

}  // namespace

TEST_CASE("every refusal is these very bytes, in both formats, and spends nothing") {
    for (const Case& one : all_cases()) {
        CAPTURE(one.reason, one.members);
        CHECK(whole(answer_in(one, "")) == start_of(one, "application/json") + R"({"error":{)" +
                                               std::string(one.members) + "}}\n");
        CHECK(whole(answer_in(one, "application/problem+json")) ==
              start_of(one, "application/problem+json") + as_problem(one));
    }
}

TEST_CASE("every reason there is has its bytes pinned") {
    // A bench has one API, under every host: tests/http/apis_test.cpp has that one.
    std::set<std::string_view> pinned = {"granted", "host_unlisted"};
    for (const Case& one : all_cases())
        pinned.insert(one.reason);
    for (std::size_t i = 0; i < reason_count; ++i) {
        const std::string_view reason = to_text(static_cast<Reason>(i));
        CAPTURE(reason);
        CHECK(pinned.count(reason) == 1);
    }
}

TEST_CASE("no answer shows the token, the query or a word the caller should not see") {
    for (const Case& one : all_cases()) {
        CAPTURE(one.reason);
        const std::string text = whole(answer_in(one, ""));
        CHECK(text.find(HttpBench::secret) == std::string::npos);
        CHECK(text.find("hidden") == std::string::npos);
        CHECK(text.find("PAYMENT-REQUIRED") == std::string::npos);
    }
}

TEST_CASE("an unknown prefix and a wrong secret are answered with the same bytes") {
    HttpBench bench;
    Request unknown = HttpBench::forwarded("GET", "/clients/7");
    set_header(unknown, "Authorization", "Bearer " + HttpBench::unknown_prefix());
    Request wrong = unknown;
    set_header(wrong, "Authorization", "Bearer " + HttpBench::wrong_secret());
    const std::string first = whole(bench.ask(unknown));
    std::string second = whole(bench.ask(wrong));
    // Each names the prefix it was asked with, and is the same but for that.
    for (std::size_t at = second.find(HttpBench::prefix); at != std::string::npos;
         at = second.find(HttpBench::prefix))
        second.replace(at, HttpBench::prefix.size(), "000000000000");
    CHECK(first == second);
}

TEST_CASE(
    "the workspace, the renewal address and the documentation are named where they are known") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.renew_url = "https://acme.example/renew";
    settings.docs_url = "https://docs.example/refusals";
    HttpBench bench(Mode::enforce, small_rules(), settings);
    bench.facts.workspace.plan_id = 1;
    bench.put();
    const std::string members =
        R"("code":"forbidden_plan","reason":"plan_without_api","message":"Workspace 'Acme' is on plan 'free', which has no API access.","fix":"An owner or admin of the workspace changes to plan 'studio' or above at https://acme.example/renew; the same token works again at once.","decision":"dec_ID","docs":"https://docs.example/refusals#plan_without_api","requiredPlan":"studio","plansWithApi":["studio"],"feature":"apiAccess","plan":"free","rolesThatRenew":["owner","admin"],"renewUrl":"https://acme.example/renew")";
    Request request = HttpBench::forwarded("GET", "/clients/7");
    const std::string head =
        "402\nContent-Type: application/json\nX-Hourgate-Decision: dec_ID\nCache-Control: "
        "no-store\n\n";
    CHECK(whole(bench.ask(request)) == head + R"({"error":{)" + members + "}}\n");
    request.headers.push_back({"Accept", "application/problem+json"});
    const std::string text = whole(bench.ask(request));
    CHECK(
        text.find(
            R"({"type":"https://docs.example/refusals#plan_without_api","title":"Payment Required",)") !=
        std::string::npos);
}

TEST_CASE("a lapsed customer on a plan with API access is told of the lapse in every refusal") {
    http::ReplySettings reply = HttpBench::reply_settings();
    reply.renew_url = "https://example.com/renew";
    HttpBench bench(Mode::enforce, test::small_rules(), reply);
    bench.directory.plans = std::make_shared<PlanBook>(
        std::vector<Plan>{test::make_plan(1, "free", true, 0, {{"burst", 1, 10, Per::token}}),
                          test::make_plan(2, "studio", true, 10, {{"burst", 3, 10, Per::token}})});
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 4 * Bench::day;
    bench.put();
    REQUIRE(bench.ask(HttpBench::forwarded("GET", "/clients/7")).status == 200);
    for (const auto& [path, status] : {std::pair{"/nowhere", 403}, std::pair{"/clients/7", 429}}) {
        const Response refused = bench.ask(HttpBench::forwarded("GET", path));
        CHECK(refused.status == status);
        CAPTURE(refused.body);
        for (const char* told :
             {R"("lapsedAt":"2026-05-27T20:26:40Z")", R"("paidUntil":"2026-05-24T20:26:40Z")",
              R"("plan":"free")", R"("renewUrl":"https://example.com/renew")",
              "lapsed at 2026-05-27T20:26:40Z: it counts as on plan 'free' now."})
            CHECK(refused.body.find(told) != std::string::npos);
    }
    // Once it is paid again, nothing of it is left.
    bench.facts.workspace.paid_until_ms.reset();
    bench.put();
    CHECK(bench.ask(HttpBench::forwarded("GET", "/nowhere")).body.find("apse") ==
          std::string::npos);
}

TEST_CASE("in the days of grace every answer says when the plan lapses") {
    HttpBench bench;
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - Bench::day;
    bench.put();
    const Response granted = bench.ask(HttpBench::forwarded("GET", "/clients/7"));
    CHECK(granted.status == 200);
    CHECK(header(granted, "X-Hourgate-Plan-Lapses") == "2026-05-30T20:26:40Z");
    const Response refused = bench.ask(HttpBench::forwarded("GET", "/nowhere"));
    CHECK(refused.status == 403);
    CHECK(header(refused, "X-Hourgate-Plan-Lapses") == "2026-05-30T20:26:40Z");
}

TEST_CASE("the time a window resets at is rounded up, as the seconds until then are") {
    HttpBench bench;
    bench.now.wall_ms += 1;
    const Response answer = bench.ask(HttpBench::forwarded("GET", "/clients/7"));
    CHECK(header(answer, "X-RateLimit-Reset") == "1780000061");
}

TEST_CASE(
    "revoking and rotating are answered with the plan's windows, which they leave as they are") {
    HttpBench bench;
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - Bench::day;
    bench.put();
    bench.spend(3);
    Request request = HttpBench::forwarded("POST", "/_hourgate/api/v1/me/rotate");
    const Response granted = bench.ask(request);
    CHECK(granted.status == 200);
    CHECK(header(granted, "X-RateLimit-Remaining") == "2");
    CHECK(header(granted, "RateLimit") == "\"burst\";r=0;t=10, \"sustained\";r=2;t=60");
    CHECK(header(granted, "X-Hourgate-Plan-Lapses") == "2026-05-30T20:26:40Z");
    CHECK(header(granted, "Retry-After") == "(absent)");
    CHECK(bench.own_left(policy::GateWindow::rotate) == 59);
    bench.facts.workspace.plan_id = 1;
    bench.put();
    const Response unpaid = bench.ask(request);
    CHECK(unpaid.status == 200);
    CHECK(header(unpaid, "X-RateLimit-Limit") == "(absent)");
    CHECK(header(unpaid, "RateLimit") == "(absent)");
    CHECK(bench.own_left(policy::GateWindow::rotate) == 58);
    CHECK(bench.left() == 0);
}

TEST_CASE("on a 429 the X-RateLimit headers describe the full window, elsewhere the longest one") {
    HttpBench bench;
    const Request request = HttpBench::forwarded("GET", "/clients/7");
    for (int i = 0; i < 3; ++i)
        CHECK(header(bench.ask(request), "X-RateLimit-Limit") == "5");
    const Response burst = bench.ask(request);
    CHECK(burst.status == 429);
    CHECK(header(burst, "X-RateLimit-Limit") == "3");
    CHECK(header(burst, "X-RateLimit-Remaining") == "0");
    CHECK(header(burst, "X-RateLimit-Reset") == "1780000010");
    bench.advance_s(10);
    bench.spend(2);
    const Response sustained = bench.ask(request);
    CHECK(sustained.status == 429);
    CHECK(header(sustained, "X-RateLimit-Limit") == "5");
    CHECK(header(sustained, "X-RateLimit-Remaining") == "0");
    CHECK(header(sustained, "X-RateLimit-Reset") == "1780000060");
}

TEST_CASE("in mode observe an unreadable call to one of the gate's own routes is still a 400") {
    HttpBench bench(Mode::observe);
    Request request = HttpBench::request("GET", "/_hourgate/api/v1/me");
    request.headers.push_back({"X-Hourgate-Role", "owner"});
    const Response answer = bench.service.handle(http::Listener::public_, request);
    CHECK(answer.status == 400);
    CHECK(header(answer, "X-Hourgate-Would") == "(absent)");
    CHECK(bench.notes.told.back().second == 400);
    CHECK(bench.left() == 3);
}

TEST_CASE("at the admin door a member is told whose tokens it takes") {
    HttpBench bench;
    const std::string token = HttpBench::token();
    Call call = bench.call("/admin/v1/workspaces?q=hidden", "POST");
    call.credentials = token;
    call.call_kind = CallKind::admin;
    const http::ReplySettings settings = HttpBench::reply_settings();
    const Response answer = http::refusal(bench.gate.decide(call), settings, Format::json);
    CHECK(
        whole(answer) ==
        "403\nContent-Type: application/json\nX-Hourgate-Decision: dec_ID\n"
        "Cache-Control: no-store\n"
        "WWW-Authenticate: Bearer realm=\"hourgate\", error=\"insufficient_scope\"\n\n"
        R"({"error":{"code":"forbidden_scope","reason":"role_forbidden","message":"This is the token of a member. The admin listener accepts only operator tokens.","fix":"Have an operator token minted: `hourgate operator mint --name NAME`.","decision":"dec_ID","resource":"admin","action":"create","role":"manager","requiredRole":"operator"}})"
        "\n");
    CHECK(bench.left() == 3);
    CHECK(bench.own_left(policy::GateWindow::rotate) == 60);
}

TEST_CASE("every status that is answered has the phrase of RFC 9110") {
    CHECK(http::phrase_of(201) == "Created");
    CHECK(http::phrase_of(409) == "Conflict");
    CHECK(http::phrase_of(422) == "Unprocessable Content");
    CHECK(http::phrase_of(429) == "Too Many Requests");
    CHECK(http::phrase_of(599) == "Internal Server Error");
}

TEST_CASE("a plan without windows has no limit headers") {
    HttpBench bench;
    bench.directory.plans =
        std::make_shared<PlanBook>(std::vector<Plan>{make_plan(2, "studio", true, 10, {})});
    const Response answer = bench.ask(HttpBench::forwarded("GET", "/clients/7"));
    CHECK(answer.status == 200);
    CHECK(header(answer, "X-RateLimit-Limit") == "(absent)");
    CHECK(header(answer, "RateLimit") == "(absent)");
    CHECK(header(answer, "RateLimit-Policy") == "(absent)");
}

TEST_CASE("no character of a name breaks out of a header or out of the JSON") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.realm = "a\"b\\c\r\nX: y\xc3\xa9";
    HttpBench bench(Mode::enforce, small_rules(), settings);
    bench.facts.workspace.name = "A\"\\\x01\xff";
    bench.facts.workspace.plan_id = 1;
    bench.put();
    Request request = HttpBench::forwarded("GET", "/clients/7");
    const Response unpaid = bench.ask(request);
    CHECK(unpaid.body.find(R"('A\"\\\u0001)"
                           "\xef\xbf\xbd'") != std::string::npos);
    drop_header(request, "Authorization");
    const Response unknown = bench.ask(request);
    CHECK(header(unknown, "WWW-Authenticate") == "Bearer realm=\"a'b'c??X: y??\"");
}

TEST_CASE("a problem document is sent to who asks for it, and JSON to everybody else") {
    for (const char* accept :
         {"", "*/*", "application/json", "application/*", "text/html, */*;q=0.1",
          "application/problem+json;q=0", "application/problem+json;q=0.000",
          "application/json, application/problem+json;q=0.9",
          "application/problem+json;q=0.5;x=y, application/json;q=0.51",
          "application/problem+jsonx", "q=1", ",,;;",
          "application/problem+json;q=0, application/problem+xml"}) {
        CAPTURE(accept);
        CHECK(http::format_for(accept) == Format::json);
    }
    for (const char* accept :
         {"application/problem+json", "Application/Problem+JSON",
          " application/problem+json ; q=0.1 ", "application/problem+json, application/json",
          "text/html, application/problem+json;q=0.001",
          "application/json;q=0.2,application/problem+json;q=0.2",
          "application/problem+json;q=1.000", "application/problem+json;v=1"}) {
        CAPTURE(accept);
        CHECK(http::format_for(accept) == Format::problem);
    }
}

TEST_CASE("an error without a decision has the members of all errors, and its decision is null") {
    const http::ReplySettings bare;
    CHECK(
        whole(http::plain_error(404, "not_found", "no_such_route", "No.", "Go.", {bare})) ==
        "404\nContent-Type: application/json\nCache-Control: no-store\n\n"
        R"({"error":{"code":"not_found","reason":"no_such_route","message":"No.","fix":"Go.","decision":null}})"
        "\n");
    http::ReplySettings settings;
    settings.docs_url = "/_hourgate/errors";
    CHECK(
        whole(http::plain_error(404, "not_found", "no_such_route", "No.", "Go.",
                                {settings, Format::problem})) ==
        "404\nContent-Type: application/problem+json\nCache-Control: no-store\n\n"
        R"({"type":"/_hourgate/errors#no_such_route","title":"Not Found","status":404,"detail":"No.","code":"not_found","reason":"no_such_route","message":"No.","fix":"Go.","decision":null,"docs":"/_hourgate/errors#no_such_route"})"
        "\n");
}
