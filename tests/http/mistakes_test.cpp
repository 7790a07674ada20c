// Mistakes that callers really make, one row each: what the answer says of it. The body alone must
// name the cause and one step, in about two sentences, and nothing that is not the caller's.
// With HOURGATE_WRITE_MISTAKES=FILE the rows are written there with their bodies, as Markdown.
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "base/time_text.h"
#include "http/server/session.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Request;
using hourgate::http::Response;
using hourgate::http::Session;
using Json = nlohmann::ordered_json;

namespace {

/// A gate in a world with somebody else in it, of whom nothing may be told.
class World : public HttpBench {
public:
    World() {
        const ScriptedFacts mine = facts;
        facts.token.id = facts.token.line = 8;
        facts.token.prefix = "bbbbbbbbbbbb";
        facts.token.name = "other-token";
        facts.member.id = 12;
        facts.member.public_id = "mem_other";
        facts.member.email = "eve@other.example";
        facts.workspace.id = 22;
        facts.workspace.public_id = "ws_other";
        facts.workspace.name = "Other Corp";
        put();
        facts = mine;
        put();
    }
    /// A second token of the same workspace.
    void second_token() {
        const ScriptedFacts mine = facts;
        facts.token.id = facts.token.line = 9;
        facts.token.prefix = "4f8a2c1bded9";
        facts.token.digest = token::digest_of(second());
        put();
        facts = mine;
    }
    [[nodiscard]] static std::string second() {
        return whole_token("hsk_live_4f8a2c1bded9_" + std::string(secret));
    }
};

using Ask = std::function<std::string(World&)>;

struct Mistake {
    std::string_view what;
    std::string_view reason;
    int status;
    std::vector<std::string_view> cause;  // words of `message`
    std::vector<std::string_view> step;   // words of `fix`
    std::function<void(World&)> before;
    Ask ask;  // the body of the answer
};

void nothing(World&) {}

/// A call to the API as Caddy asks about it, changed.
Ask call(std::function<void(Request&)> change, std::string method = "GET",
         std::string target = "/clients/7?q=hidden") {
    return [=](World& world) {
        Request request = HttpBench::forwarded(method, target);
        change(request);
        return world.ask(request).body;
    };
}
void as_it_is(Request&) {}
/// With this as the whole value of Authorization.
Ask authorization(std::string value) {
    return call([=](Request& request) { set_header(request, "Authorization", value); });
}
Ask bearer(const std::string& text) {
    return authorization("Bearer " + text);
}
Ask without_token(std::function<void(Request&)> change = as_it_is,
                  std::string target = "/clients/7?q=hidden") {
    return call(
        [=](Request& request) {
            drop_header(request, "Authorization");
            change(request);
        },
        "GET", target);
}
Ask to(std::string method, std::string target) {
    return call(as_it_is, std::move(method), std::move(target));
}
/// Bytes as they come on the wire.
Ask bytes(std::string text) {
    return [=](World& world) {
        const std::atomic<bool> ending{false};
        Session session(Listener::public_, *Address::parse("192.0.2.1"), world.service, ending);
        session.take(text);
        while (session.phase() == Session::Phase::work)
            session.work();
        const std::string said(session.output());
        return said.substr(said.find("\r\n\r\n") + 4);
    };
}
Ask own(std::string method, std::string target, std::string body = "",
        Listener listener = Listener::public_, bool with_token = true) {
    return [=](World& world) {
        Request request = HttpBench::request(method, target);
        request.body = body;
        request.headers.push_back({"Content-Type", "application/json"});
        if (!with_token)
            drop_header(request, "Authorization");
        return world.service.handle(listener, request).body;
    };
}

std::function<void(Request&)> with(std::string name, std::string value) {
    return [=](Request& request) { request.headers.push_back({name, value}); };
}

std::string upper(std::string text) {
    for (char& c : text)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return text;
}

const std::string token_text = HttpBench::token();

// "me:" and the token, in base 64.
std::string base64(std::string_view text) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::uint32_t bits = 0;
        for (std::size_t i = 0; i < 3; ++i)
            bits =
                bits << 8U | (at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U);
        for (std::size_t i = 0; i < 4; ++i)
            out += at + i > text.size() ? '=' : digits[bits >> (18U - 6U * i) & 63U];
    }
    return out;
}

// --- the rows ------------------------------------------------------------------------------------

std::vector<Mistake> marred_tokens() {
    const std::string get = "GET /_hourgate/api/v1/me HTTP/1.1\r\nHost: h\r\n";
    std::string mistyped = token_text;
    mistyped[30] = mistyped[30] == 'z' ? 'y' : 'z';
    return {
        {"pasted with a line end, by a client that lets it through",
         "bad_line_end",
         0,
         {"line end", "token"},
         {"Cut the line end off"},
         nothing,
         bytes(get + "Authorization: Bearer " + token_text + "\n\r\n\r\n")},
        {"a line end in the middle of the token, from an e-mail",
         "bad_header",
         0,
         {"line end", "token"},
         {"without line ends"},
         nothing,
         bytes(get + "Authorization: Bearer " + token_text.substr(0, 30) + "\r\n" +
               token_text.substr(30) + "\r\n\r\n")},
        {"a line end written out as \\n, from an .env file",
         "malformed_token",
         401,
         {"a line end", "character 55"},
         {"where the token is read"},
         nothing,
         bearer(token_text + "\\n")},
        {"quotation marks from a shell",
         "malformed_token",
         401,
         {"quotation mark"},
         {"without quotes"},
         nothing,
         bearer("\"" + token_text + "\"")},
        {"typographic quotation marks from a document",
         "malformed_token",
         401,
         {"quotation mark"},
         {"without quotes"},
         nothing,
         bearer("“" + token_text + "”")},
        {"quotation marks around Bearer and the token",
         "malformed_token",
         401,
         {"quotation mark"},
         {"without quotes"},
         nothing,
         authorization("'Bearer " + token_text + "'")},
        {"a space in the middle",
         "malformed_token",
         401,
         {"a space", "character 31"},
         {"without quotes or spaces"},
         nothing,
         bearer(token_text.substr(0, 30) + " " + token_text.substr(30))},
        {"Bearer twice: the library writes it, too",
         "malformed_token",
         401,
         {"Bearer", "twice"},
         {"the token alone"},
         nothing,
         bearer("Bearer " + token_text)},
        {"a colon after Bearer",
         "malformed_token",
         401,
         {"':'", "Bearer"},
         {"Authorization: Bearer hsk_live_..."},
         nothing,
         authorization("Bearer: " + token_text)},
        {"a variable that is empty",
         "malformed_token",
         401,
         {"nothing after Bearer"},
         {"Set the variable"},
         nothing,
         authorization("Bearer ")},
        {"a variable in quotes that keep it: '$TOKEN'",
         "malformed_token",
         401,
         {"placeholder", "never filled in"},
         {"Set the variable"},
         nothing,
         bearer("$TOKEN")},
        {"a template that was not rendered",
         "malformed_token",
         401,
         {"placeholder"},
         {"Set the variable"},
         nothing,
         bearer("{{ api_token }}")},
        {"JavaScript without a value",
         "malformed_token",
         401,
         {"placeholder", "undefined"},
         {"Set the variable"},
         nothing,
         bearer("undefined")},
        {"the example of the documentation, as it stands there",
         "malformed_token",
         401,
         {"placeholder"},
         {"Set the variable"},
         nothing,
         bearer("YOUR_API_TOKEN")},
        {"the prefix only, from the list of tokens",
         "malformed_token",
         401,
         {"only the public prefix"},
         {"whole token", "54 characters"},
         nothing,
         bearer(std::string(HttpBench::prefix))},
        {"brand, environment and prefix, without the secret",
         "malformed_token",
         401,
         {"only the public prefix"},
         {"whole token"},
         nothing,
         bearer("hsk_live_" + std::string(HttpBench::prefix))},
        {"shortened with dots, from a page that shows it so",
         "malformed_token",
         401,
         {"shortened"},
         {"whole token"},
         nothing,
         bearer(token_text.substr(0, 25) + "...")},
        {"truncated in a spreadsheet",
         "malformed_token",
         401,
         {"40 characters long", "14 are missing at its end"},
         {"Copy the whole token"},
         nothing,
         bearer(token_text.substr(0, 40))},
        {"a comma that came along",
         "malformed_token",
         401,
         {"after the token", "character 55"},
         {"the token alone"},
         nothing,
         bearer(token_text + ",")},
        {"upper-cased by a form",
         "malformed_token",
         401,
         {"upper or lower case"},
         {"Copy the whole token"},
         nothing,
         bearer(upper(token_text))},
        {"a character that no token has",
         "malformed_token",
         401,
         {"neither a letter nor a digit", "character 31"},
         {"Copy the whole token"},
         nothing,
         bearer(token_text.substr(0, 30) + "-" + token_text.substr(31))},
        {"one character mistyped",
         "damaged_token",
         401,
         {"check digits", "mistyped"},
         {"Copy the whole token"},
         nothing,
         bearer(mistyped)},
        {"the secret lower-cased by a database",
         "damaged_token",
         401,
         {"one case"},
         {"Copy the whole token"},
         nothing,
         bearer(lower(token_text))},
        {"the token of another service",
         "malformed_token",
         401,
         {"JSON Web Token"},
         {"a token of this API"},
         nothing,
         bearer("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln")},
        {"a test token in production",
         "wrong_environment",
         401,
         {"test token", "live"},
         {"begins with hsk_live_"},
         nothing,
         bearer(whole_token("hsk_test_" + std::string(HttpBench::prefix) + "_" +
                            std::string(HttpBench::secret)))},
    };
}

std::vector<Mistake> wrong_places() {
    return {
        {"no token at all",
         "no_credentials",
         401,
         {"no Authorization header"},
         {"Authorization: Bearer hsk_live_..."},
         nothing,
         without_token()},
        {"Token instead of Bearer",
         "wrong_scheme",
         401,
         {"scheme Token", "Bearer"},
         {"Authorization: Bearer"},
         nothing,
         authorization("Token " + token_text)},
        {"the token without a scheme",
         "wrong_scheme",
         401,
         {"no scheme before the token"},
         {"Authorization: Bearer"},
         nothing,
         authorization(token_text)},
        {"the token as Basic's user name: curl -u",
         "wrong_scheme",
         401,
         {"scheme Basic", "user name or password"},
         {"Authorization: Bearer"},
         nothing,
         authorization("Basic " + base64(token_text + ":"))},
        {"the token as Basic's password",
         "wrong_scheme",
         401,
         {"scheme Basic", "user name or password"},
         {"Authorization: Bearer"},
         nothing,
         authorization("Basic " + base64("me:" + token_text))},
        {"the token in the query",
         "no_credentials",
         401,
         {"in the query"},
         {"Authorization: Bearer", "rotate it", "logs"},
         nothing,
         without_token(as_it_is, "/clients/7?api_key=" + token_text)},
        {"the token in X-Api-Key",
         "no_credentials",
         401,
         {"header X-Api-Key"},
         {"Authorization: Bearer"},
         nothing,
         without_token(with("X-Api-Key", token_text))},
        {"Authentication instead of Authorization",
         "no_credentials",
         401,
         {"header Authentication"},
         {"Authorization: Bearer"},
         nothing,
         without_token(with("Authentication", "Bearer " + token_text))},
        {"the token in a cookie",
         "no_credentials",
         401,
         {"header Cookie"},
         {"Authorization: Bearer"},
         nothing,
         without_token(with("Cookie", "a=b; token=" + token_text))},
        {"the token in the body",
         "no_credentials",
         401,
         {"in the body"},
         {"Authorization: Bearer"},
         nothing,
         own("POST", "/_hourgate/api/v1/tokens", R"({"token":")" + token_text + R"("})",
             Listener::public_, false)},
        {"Authorization twice: the client's and the proxy's",
         "bad_request",
         400,
         {"more than one Authorization header"},
         {"exactly one"},
         nothing,
         call(with("Authorization", "Bearer " + token_text))},
    };
}

std::vector<Mistake> ended() {
    return {
        {"a lost token: another secret with the right prefix",
         "unknown_token",
         401,
         {"4f8a2c1bdedf", "known here"},
         {"have a new one minted"},
         nothing,
         bearer(HttpBench::wrong_secret())},
        {"revoked yesterday",
         "revoked_token",
         401,
         {"revoked at 2026-05-27T20:26:40Z", "cannot be undone"},
         {"another token"},
         [](World& world) { world.facts.token.revoked_ms = world.now.wall_ms - Bench::day; },
         call(as_it_is)},
        {"expired",
         "expired_token",
         401,
         {"expired at 2026-05-28T20:26:40Z"},
         {"minted"},
         [](World& world) { world.facts.token.expires_ms = world.now.wall_ms; },
         call(as_it_is)},
        {"an old environment variable: rotated two days ago",
         "rotated_token",
         401,
         {"rotated at 2026-05-26T20:26:40Z", "until 2026-05-27T20:26:40Z"},
         {"rotated into"},
         [](World& world) {
             world.facts.token.rotated_ms = world.now.wall_ms - 2 * Bench::day;
             world.facts.token.works_until_ms = world.now.wall_ms - Bench::day;
         },
         call(as_it_is)},
        {"the member left",
         "member_removed",
         401,
         {"member", "removed at 2026-05-28T19:26:40Z"},
         {"present member"},
         [](World& world) { world.facts.member.removed_ms = world.now.wall_ms - 3'600'000; },
         call(as_it_is)},
        {"a wrong token in a loop",
         "too_many_failures",
         429,
         {"192.0.2.1", "no valid token"},
         {"'because'", "60 s"},
         [](World& world) {
             for (int i = 0; i < 10; ++i)
                 (void)bearer("undefined")(world);
         },
         bearer("undefined")},
        {"the plan lapsed at midnight",
         "plan_lapsed",
         402,
         {"until 2026-05-28T00:00:00Z", "lapsed at 2026-05-31T00:00:00Z", "3 days of grace",
          "'studio'"},
         {"owner or admin", "renews the plan", "works again at once"},
         [](World& world) {
             world.facts.workspace.paid_until_ms = parse_time("2026-05-27");
             world.now.wall_ms = *parse_time("2026-05-31T00:00:30Z");
         },
         call(as_it_is)},
        {"a plan without API access",
         "plan_without_api",
         402,
         {"'free'", "no API access"},
         {"owner or admin", "'studio'"},
         [](World& world) { world.facts.workspace.plan_id = 1; },
         call(as_it_is)},
    };
}

std::vector<Mistake> not_allowed() {
    const auto role_member = [](World& world) { world.facts.member.role = Role::member; };
    const auto scopes = [](std::string text) {
        return [=](World& world) { world.facts.token.scopes = policy::parse_scopes(text).value(); };
    };
    return {
        {"the wrong role",
         "role_forbidden",
         403,
         {"Role member", "read 'clients'"},
         {"manager or above"},
         role_member,
         call(as_it_is)},
        {"a scope for reading, used to write",
         "scope_missing",
         403,
         {"clients:read", "POST /clients/7"},
         {"clients:write"},
         scopes("clients:read"),
         to("POST", "/clients/7?q=hidden")},
        {"HEAD with a scope for writing alone: it reads, too",
         "scope_missing",
         403,
         {"clients:write", "HEAD /clients/7"},
         {"clients:read"},
         scopes("clients:write"),
         to("HEAD", "/clients/7?q=hidden")},
        {"another member's id in the path",
         "not_own",
         403,
         {"another member's"},
         {"'me'", "mem_a"},
         role_member,
         to("GET", "/notes/mem_z")},
        {"a typing error in the path",
         "path_unlisted",
         403,
         {"GET /cleints/7", "no [[resource]]"},
         {"typing error"},
         nothing,
         to("GET", "/cleints/7?q=hidden")},
        {"an unknown method",
         "role_forbidden",
         403,
         {"no method BREW"},
         {"Use GET, POST"},
         nothing,
         to("BREW", "/clients/7")},
        {"the method in lower case",
         "role_forbidden",
         403,
         {"no method get", "capitals"},
         {"in capitals"},
         nothing,
         to("get", "/clients/7")},
        {"an operator's token, sent to the API",
         "role_forbidden",
         403,
         {"operator token"},
         {"token of a member"},
         [](World& world) { world.make_operator(); },
         call(as_it_is)},
        {"a member's token, sent to the admin listener",
         "role_forbidden",
         403,
         {"token of a member", "only operator tokens"},
         {"operator token minted"},
         nothing,
         own("GET", "/admin/v1/workspaces", "", Listener::admin)},
    };
}

std::vector<Mistake> unreadable() {
    return {
        {".. in the path",
         "path_ambiguous",
         400,
         {"'..'"},
         {"plain form"},
         nothing,
         to("GET", "/clients/../clients/7?q=hidden")},
        {"a double slash, from two parts put together",
         "path_ambiguous",
         400,
         {"empty segment", "//"},
         {"plain form"},
         nothing,
         to("GET", "/clients//7")},
        {"two trailing slashes",
         "path_ambiguous",
         400,
         {"empty segment"},
         {"plain form"},
         nothing,
         to("GET", "/clients/7//")},
        {"an encoded slash",
         "path_ambiguous",
         400,
         {"%2F"},
         {"plain form"},
         nothing,
         to("GET", "/clients/a%2Fb")},
        {"the path in upper case",
         "path_ambiguous",
         400,
         {"upper and lower case"},
         {"plain form"},
         nothing,
         to("GET", "/CLIENTS/7")},
        {"a whole address where the path belongs",
         "bad_request",
         400,
         {"not a path", "begin with '/'"},
         {"begins with '/'"},
         nothing,
         to("GET", "https://api.example/clients/7")},
        {"X-Hourgate-Role forged",
         "forged_header",
         400,
         {"X-Hourgate-Role", "gate's own"},
         {"Leave the header out"},
         nothing,
         call(with("X-Hourgate-Role", "owner"))},
        {"a method override",
         "bad_request",
         400,
         {"X-HTTP-Method-Override", "a different method"},
         {"the method itself"},
         nothing,
         call(with("X-HTTP-Method-Override", "DELETE"))},
    };
}

std::vector<Mistake> no_room() {
    return {
        {"a script in a burst",
         "window_full",
         429,
         {"'burst'", "3 calls in any 10 s"},
         {"Wait 10 s", "until 2026-05-28T20:26:50Z", "every 3.334 s"},
         [](World& world) { world.spend(3); },
         call(as_it_is)},
        {"two scripts that share a token",
         "window_full",
         429,
         {"shared by all programs that use this token"},
         {"Wait 10 s"},
         [](World& world) {
             (void)call(as_it_is)(world);
             (void)call(as_it_is)(world);
             (void)to("POST", "/clients/9")(world);
         },
         to("POST", "/clients/9")},
        {"a colleague's script, in a window of the workspace",
         "window_full",
         429,
         {"shared by the whole workspace", "'team'"},
         {"Wait 30 s", "every 15 s"},
         [](World& world) {
             world.directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
                 make_plan(2, "studio", true, 10, {{"team", 2, 30, Per::workspace}})});
             world.second_token();
             (void)bearer(World::second())(world);
             (void)bearer(World::second())(world);
         },
         call(as_it_is)},
        {"the gate's own trouble",
         "store_failed",
         503,
         {"database", "not about your token"},
         {"again in a few seconds"},
         [](World& world) { world.directory.fails = true; },
         call(as_it_is)},
    };
}

std::vector<Mistake> all_mistakes() {
    std::vector<Mistake> all;
    for (const auto& some :
         {marred_tokens(), wrong_places(), ended(), not_allowed(), unreadable(), no_room()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

// --- reading the answers -------------------------------------------------------------------------

std::string body_of(const Mistake& mistake, World& world) {
    mistake.before(world);
    world.put();
    return mistake.ask(world);
}

bool has(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

/// Ends of sentences: '.', '?' or '!' before a space or the end; "..." is none.
int sentences_of(std::string_view text) {
    int ends = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool end = text[at] == '.' || text[at] == '?' || text[at] == '!';
        const bool dots = text[at] == '.' && at > 0 && text[at - 1] == '.';
        const bool last = at + 1 == text.size();
        ends += (end && !dots && (last || text[at + 1] == ' ')) || (last && !end) || (last && dots)
                    ? 1
                    : 0;
    }
    return ends;
}

/// A caller without the right token learns nothing of the one who has.
bool is_stranger(std::string_view reason) {
    for (const char* told : {"no_credentials", "wrong_scheme", "malformed_token", "damaged_token",
                             "wrong_environment", "unknown_token", "too_many_failures"})
        if (reason == told)
            return true;
    return false;
}

}  // namespace

TEST_CASE("of each mistake the body alone names the cause and one step, in plain words") {
    for (const Mistake& mistake : all_mistakes()) {
        CAPTURE(mistake.what);
        World world;
        const std::string body = body_of(mistake, world);
        CAPTURE(body);
        const Json error = Json::parse(body).at("error");
        const std::string message = error.at("message");
        const std::string fix = error.at("fix");
        CHECK(error.at("reason") == mistake.reason);
        for (const std::string_view part : mistake.cause) {
            CAPTURE(part);
            CHECK(has(message, part));
        }
        for (const std::string_view part : mistake.step) {
            CAPTURE(part);
            CHECK(has(fix, part));
        }
        CHECK(sentences_of(message) + sentences_of(fix) <= 3);
        CHECK(message.size() + fix.size() <= 420);
        CHECK(has(message, " "));
        CHECK_FALSE(fix.empty());
        if (mistake.status != 0) {  // a decision: it was told, too
            CHECK(world.notes.told.back().first == mistake.reason);
            CHECK(world.notes.told.back().second == mistake.status);
        }
    }
}

TEST_CASE("of no mistake the body tells a secret, the query, or what is somebody else's") {
    for (const Mistake& mistake : all_mistakes()) {
        CAPTURE(mistake.what);
        World world;
        const std::string body = body_of(mistake, world);
        CAPTURE(body);
        for (const char* part : {"bbbbbbbbbbbb", "4f8a2c1bded9", "other-token", "mem_other",
                                 "ws_other", "Other Corp", "other.example", "hidden"})
            CHECK_FALSE(has(body, part));
        // No more of the secret than chance gives, in whatever case and place it was sent.
        const std::string secret = token_text.substr(token_text.rfind('_') + 1);
        for (std::size_t at = 0; at + 8 <= secret.size(); ++at)
            CHECK_FALSE(has(lower(body), lower(secret.substr(at, 8))));
        if (is_stranger(mistake.reason))
            for (const char* part : {"Acme", "mem_a", "ws_a", "acme.example", "studio", "manager"})
                CHECK_FALSE(has(body, part));
    }
}

TEST_CASE("no mistake spends a call or goes further") {
    for (const Mistake& mistake : all_mistakes()) {
        CAPTURE(mistake.what);
        World world;
        mistake.before(world);
        world.put();
        const Plan* plan = world.directory.plans->find("studio");
        const auto left = [&] {
            return world.limiter.ask({7, 0, 21}, plan->windows, world.now, Spend::no)
                .states[0]
                .remaining;
        };
        const std::uint32_t before = left();
        (void)mistake.ask(world);
        CHECK(left() == before);
    }
}

TEST_CASE("one slash at the end, and a token in any letter case of Bearer, are no mistakes") {
    World world;
    CHECK(world.ask(HttpBench::forwarded("GET", "/clients/7/")).status == 200);
    Request request = HttpBench::forwarded("HEAD", "/clients/7");
    set_header(request, "Authorization", "bearer  " + token_text);
    CHECK(world.ask(request).status == 200);
    CHECK(world.left() == 1);
}

TEST_CASE("a token elsewhere is told of only where the call has no other, and never used") {
    World world;
    Request request = HttpBench::forwarded("GET", "/clients/7?key=" + World::second());
    request.headers.push_back({"X-Api-Key", World::second()});
    CHECK(world.ask(request).status == 200);
    set_header(request, "Authorization", "Bearer " + HttpBench::wrong_secret());
    const std::string wrong = world.ask(request).body;
    CHECK(has(wrong, "unknown_token"));
    CHECK_FALSE(has(wrong, "tokenIn"));
    set_header(request, "Authorization", "Digest username=x");
    const std::string digest = world.ask(request).body;
    CHECK(has(digest, R"("reason":"wrong_scheme")"));
    CHECK(has(digest, R"("tokenIn":"query")"));
    CHECK(world.left() == 2);
}

TEST_CASE("the start of a body is looked at as far as it came with the head, and no further") {
    const std::string head =
        "POST /_hourgate/api/v1/tokens HTTP/1.1\r\nHost: h\r\n"
        "Content-Type: application/json\r\nContent-Length: ";
    const std::string body = R"({"key":")" + token_text + R"("})";
    const auto told = [&](const std::string& sent) {
        World world;
        const std::string answer = bytes(sent)(world);
        CHECK(world.notes.told.back().first == "no_credentials");
        return has(answer, "in the body");
    };
    CHECK(told(head + std::to_string(body.size()) + "\r\n\r\n" + body));
    CHECK_FALSE(told(head + std::to_string(body.size()) + "\r\n\r\n"));
    // What follows the body is the next request, and somebody else's perhaps.
    CHECK_FALSE(told(head + "2\r\n\r\n{}GET / HTTP/1.1\r\nX: " + token_text + "\r\n\r\n"));
}

TEST_CASE("the rows are written down where a file is named") {
    const char* const file = std::getenv("HOURGATE_WRITE_MISTAKES");
    if (file == nullptr)
        return;
    std::ofstream out(file);
    out << "| # | mistake | status, reason | body |\n|--:|---|---|---|\n";
    int number = 0;
    for (const Mistake& mistake : all_mistakes()) {
        World world;
        std::string body = body_of(mistake, world);
        body.erase(body.find_last_not_of('\n') + 1);
        out << "| " << ++number << " | " << mistake.what << " | "
            << (mistake.status == 0 ? 400 : mistake.status) << " " << mistake.reason << " | `"
            << body << "` |\n";
    }
    CHECK(out.good());
}
