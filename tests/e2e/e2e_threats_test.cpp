// Attacks on the real program, each with the outcome in its name: what a stored name may do, what a
// text that goes to the database may do, what guessing gets, what floods of all kinds take.
// SECURITY.md has the list of all, with where each is tried.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"
#include "token/format.h"

using namespace hourgate::e2e;

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

Headers bearer(const std::string& token) {
    return {{"Authorization", "Bearer " + token}};
}

/// What would break out of a header, a line, a string of JSON, a page of HTML, a shell, a statement
/// of SQL, a format or a terminal.
const std::vector<std::string> hostile_names = {
    "a\r\nX-Evil: 1",
    "a\nlevel=error msg=refused",
    "a\x1b[2Jb",
    std::string("a\0b", 3),
    "%0d%0aX-Evil: 1",
    "\",\"role\":\"owner\",\"x\":\"",
    "\\u000d\\u000aX-Evil: 1",
    "</title><script>alert(1)</script>",
    "'; DROP TABLE tokens; --",
    "\" OR 1=1 --",
    "' || (SELECT hex(digest) FROM tokens) || '",
    "$(reboot) `id` ${HOME} ${jndi:ldap://x}",
    "%s%s%n {} {0} {:d}",
    "=HYPERLINK(\"http://x\")",
    "\xe2\x80\xae\xe2\x80\xa8 right to left, and a line end of Unicode",
    std::string(10'000, 'x'),
};

/// A server, and an operator who asks it for changes.
class Site {
public:
    explicit Site(const std::string& more = "") : here_(more) {
        here_.populate();
        operator_ = here_.json({"operator", "mint", "--name", "op"}).at("token");
        server_.emplace(here_);
    }
    [[nodiscard]] Answered change(const std::string& target, const Json& body) const {
        return Wire(server_->ports().admin).ask(post(target, body.dump(), bearer(operator_)));
    }
    [[nodiscard]] Answered look(const std::string& target) const {
        return Wire(server_->ports().admin).ask(get(target, bearer(operator_)));
    }
    [[nodiscard]] Answered own(const std::string& target, const std::string& token,
                               Headers more = {}) const {
        Headers headers = bearer(token);
        headers.insert(headers.end(), more.begin(), more.end());
        return Wire(server_->ports().public_).ask(get(target, headers));
    }
    [[nodiscard]] const Installation& here() const noexcept { return here_; }
    [[nodiscard]] Server& server() noexcept { return *server_; }
    /// Of one row and column.
    [[nodiscard]] std::string sql(const std::string& statement) const {
        return run({"sqlite3", "-readonly", here_.database(), statement}).out;
    }

private:
    Installation here_;
    std::string operator_;
    std::optional<Server> server_;
};

/// Nothing that a terminal would obey, but line ends.
bool is_tame(const std::string& text) {
    for (const char c : text)
        if (c != '\n' && hourgate::is_control_byte(c))
            return false;
    return true;
}

/// No header but the gate's own, none of them broken in two.
void check_headers(const Answered& answer) {
    CHECK(answer.count("X-Evil") == 0);
    for (const auto& [name, value] : answer.headers) {
        INFO(name << ": " << value);
        CHECK(is_tame(value));
        CHECK_FALSE(contains(value, "<script"));
    }
}

/// A workspace, a service and a token, all of that name; the token, or "" when it was refused.
std::string stored(const Site& site, const std::string& name) {
    const Answered made = site.change("/admin/v1/workspaces", {{"name", name}, {"plan", "studio"}});
    check_headers(made);
    if (made.status != 201) {
        CHECK(made.status == 422);
        CHECK(Json::parse(made.body)["error"]["reason"] == "bad_name");
        CHECK(is_tame(made.body));
        return "";
    }
    const std::string workspace = Json::parse(made.body)["data"]["id"];
    const Answered member = site.change("/admin/v1/workspaces/" + workspace + "/members",
                                        {{"kind", "service"}, {"name", name}, {"role", "owner"}});
    INFO(member.body);
    REQUIRE(member.status == 201);
    const std::string id = Json::parse(member.body)["data"]["id"];
    const Answered minted = site.change("/admin/v1/members/" + id + "/tokens", {{"name", name}});
    INFO(minted.body);
    REQUIRE(minted.status == 201);
    return Json::parse(minted.body)["data"]["token"];
}

/// Each way in which a name is shown again.
void check_shown_as_text(Site& site, const std::string& name, const std::string& token) {
    const Answered me = site.own("/_hourgate/api/v1/me", token);
    REQUIRE(me.status == 200);
    check_headers(me);
    CHECK(me.header("Content-Type") == "application/json");
    const Json data = Json::parse(me.body)["data"];
    CHECK(data["orgName"] == name);
    CHECK(data["tokenName"] == name);
    CHECK(data["role"] == "owner");

    const Answered granted =
        Wire(site.server().ports().ask).ask(question(token, "/api/v1/clients"));
    CHECK(granted.status == 200);
    check_headers(granted);

    site.here().must({"token", "revoke", prefix_of(token)});
    const Answered refused =
        Wire(site.server().ports().ask).ask(question(token, "/api/v1/clients"));
    CHECK(refused.status == 401);
    check_headers(refused);
    const std::string why = "/_hourgate/why/" + refused.header("X-Hourgate-Decision");
    const Answered letter = site.own(why, token);
    REQUIRE(letter.status == 200);
    check_headers(letter);
    CHECK(is_tame(letter.body));
    CHECK(letter.header("Content-Type").rfind("text/plain", 0) == 0);
    CHECK(letter.header("X-Content-Type-Options") == "nosniff");
    const Answered document = site.own(why, token, {{"Accept", "application/json"}});
    CHECK(Json::parse(document.body).is_object());
    for (const Arguments& command :
         {Arguments{"workspace", "list"}, Arguments{"token", "list"},
          Arguments{"token", "show", prefix_of(token)}, Arguments{"audit"},
          Arguments{"why", refused.header("X-Hourgate-Decision")}}) {
        const Ran ran = site.here().run(command);
        CHECK(ran.exit_code == 0);
        CHECK(is_tame(ran.out));
    }
}

/// "GET /_hourgate/auth/caddy" as a proxy on this machine sends it for a client at `address`.
std::string from(const std::string& address, const std::string& token, const std::string& path,
                 const std::string& request_id = "") {
    Headers headers = {{"Authorization", "Bearer " + token},
                       {"X-Forwarded-For", address},
                       {"X-Forwarded-Method", "GET"},
                       {"X-Forwarded-Uri", path}};
    if (!request_id.empty())
        headers.emplace_back("X-Request-Id", request_id);
    return get("/_hourgate/auth/caddy", headers);
}

/// A token of the right shape that nobody was given: `number` in its prefix, the rest of another.
std::string guess(const std::string& like, std::size_t number) {
    std::string text = "hsk_live_000000000000_" + std::string(26, '0');
    const std::string digits = std::to_string(number);
    text.replace(text.size() - digits.size(), digits.size(), digits);
    text.replace(9, 12, prefix_of(like));
    const auto check = hourgate::token::check_of(text);
    return text.append(check.begin(), check.end());
}

}  // namespace

TEST_CASE("a name that would be a header, JSON, HTML, SQL or a command is refused or stays text") {
    Site site("[failures]\nlimit = 1000\n");
    const std::string tables = site.sql("SELECT count(*) FROM sqlite_schema");
    std::size_t taken = 0, refused = 0;
    for (const std::string& name : hostile_names) {
        INFO(hourgate::printable(name));
        const std::string token = stored(site, name);
        if (token.empty()) {
            ++refused;
            continue;
        }
        ++taken;
        check_shown_as_text(site, name, token);
    }
    CHECK(taken == 10);
    CHECK(refused == 6);
    CHECK(site.sql("SELECT count(*) FROM sqlite_schema") == tables);
    CHECK(site.sql("SELECT count(*) FROM workspaces") == std::to_string(taken + 1) + "\n");
    CHECK(site.sql("PRAGMA integrity_check") == "ok\n");
    CHECK(site.server().stop() == 0);
    const std::string log = site.server().program().err();
    for (const std::string_view line : hourgate::split(log, '\n')) {
        INFO(line);
        CHECK((line.empty() || line.rfind("time=", 0) == 0));
        CHECK(is_tame(std::string(line)));
    }
}

TEST_CASE("SQL in a path, a filter, a cursor or an argument finds nothing and changes nothing") {
    Site site;
    const std::string owner = site.here().mint("Acme/owner@acme.example");
    const std::string state = "SELECT directory_version, (SELECT count(*) FROM tokens) FROM meta";
    const std::string before = site.sql(state);
    for (const std::string text :
         {"%27%20OR%20%271%27=%271", "1%20UNION%20SELECT%20digest%20FROM%20tokens",
          "%27;DELETE%20FROM%20tokens;--", "%25", "_", "%22", "x%27%29%29--"}) {
        INFO(text);
        for (const std::string target : {"workspaces/",
                                         "members/",
                                         "plans/",
                                         "tokens/",
                                         "decisions/",
                                         "tokens?workspace=",
                                         "tokens?member=",
                                         "tokens?sort=",
                                         "tokens?cursor=",
                                         "audit?workspace=",
                                         "audit?actor=",
                                         "audit?action=",
                                         "audit?object=",
                                         "audit?from=",
                                         "usage?workspace=",
                                         "usage?member=",
                                         "usage?token=",
                                         "usage?until=",
                                         "decisions?workspace=",
                                         "decisions?token=",
                                         "decisions?reason=",
                                         "decisions?limit="}) {
            const Answered answer = site.look("/admin/v1/" + target + text);
            INFO(target << ' ' << answer.status << ' ' << answer.body);
            const bool nothing = answer.status == 200 && Json::parse(answer.body)["data"].empty();
            CHECK(
                (nothing || answer.status == 400 || answer.status == 404 || answer.status == 422));
            CHECK_FALSE(contains(answer.body, "SQL"));
        }
        for (const std::string target : {"tokens/", "members/", "tokens?member=", "usage?token="}) {
            const Answered answer = site.own("/_hourgate/api/v1/" + target + text, owner);
            INFO(target << ' ' << answer.status << ' ' << answer.body);
            const bool nothing = answer.status == 200 && Json::parse(answer.body)["data"].empty();
            CHECK((nothing || answer.status == 400 || answer.status == 403 ||
                   answer.status == 404 || answer.status == 422));
        }
    }
    for (const std::string text : {"' OR '1'='1", "\" OR 1=1 --", "%", "_", "x') --"})
        for (const Arguments& command :
             {Arguments{"workspace", "show", text}, Arguments{"member", "list", text},
              Arguments{"member", "role", text, "owner"}, Arguments{"member", "remove", text},
              Arguments{"token", "list", text}, Arguments{"token", "show", text},
              Arguments{"token", "revoke", text}, Arguments{"plan", "remove", text},
              Arguments{"why", text}}) {
            INFO(text << ' ' << command[0] << ' ' << command[1]);
            CHECK(site.here().run(command).exit_code != 0);
        }
    CHECK(site.sql(state) == before);
    CHECK(site.server().status(owner) == 200);
}

TEST_CASE(
    "a thousand guesses at a token get ten answers and no hint, and its owner is not in the way") {
    Site site;
    const std::string token = site.here().mint("Acme/owner@acme.example");
    std::size_t answered = 0, told_to_wait = 0;
    Wire wire(site.server().ports().ask);
    for (std::size_t i = 0; i < 1'000; ++i) {
        const Answered answer = wire.ask(from("192.0.2.7", guess(token, i), "/api/v1/clients"));
        if (answer.status == 401)
            ++answered;
        else if (answer.status == 429)
            ++told_to_wait;
        REQUIRE(contains(answer.body, "unknown_token"));
    }
    CHECK(answered == 10);
    CHECK(told_to_wait == 990);
    CHECK(wire.ask(from("192.0.2.7", token, "/api/v1/clients")).status == 200);

    // All of a /64 is one guesser.
    answered = 0;
    for (std::size_t i = 0; i < 300; ++i)
        answered +=
            wire.ask(from("2001:db8::" + std::to_string(i + 1), guess(token, i), "/")).status == 401
                ? 1U
                : 0U;
    CHECK(answered == 10);
}

TEST_CASE(
    "addresses, tokens, paths and request ids without end take no more memory the second time") {
    Site site;
    const std::string token = site.here().mint("Acme/owner@acme.example");
    std::size_t number = 0;
    const auto flood = [&] {
        Wire wire(site.server().ports().ask);
        for (int batch = 0; batch < 400; ++batch) {
            std::string questions;
            for (int i = 0; i < 100; ++i, ++number)
                questions += from("10." + std::to_string(number >> 16U & 255U) + "." +
                                      std::to_string(number >> 8U & 255U) + "." +
                                      std::to_string(number & 255U),
                                  number % 2 == 0 ? guess(token, number) : "nonsense",
                                  "/" + std::string(1'000, 'p') + std::to_string(number),
                                  std::string(200, 'i') + std::to_string(number));
            REQUIRE(wire.send(questions));
            for (int i = 0; i < 100; ++i) {  // who is not held any more shares one window
                const int status = wire.receive().status;
                REQUIRE((status == 401 || status == 429));
            }
        }
        return resident_kib_of(site.server().program().pid());
    };
    // 80,000 addresses are more than are held (65,536), and more than are held of decisions.
    // What is held of them, and what memory keeps between them, is there after the third.
    (void)flood();
    (void)flood();
    const long full_kib = flood(), again_kib = flood();
    INFO(full_kib << " KiB, then " << again_kib << " KiB");
    CHECK(full_kib > 0);
    if (is_shipped_kind()) {
        CHECK(again_kib < full_kib + 8 * 1'024);
        CHECK(again_kib < 100 * 1'024);
    }
    CHECK(site.server().status(token) == 200);
}
