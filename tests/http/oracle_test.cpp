// What somebody without the secret can learn by asking: nothing. Whatever became of a token,
// wherever it is known and whatever is asked for with it, a wrong secret is answered with the same
// bytes as a prefix that does not exist, for the same counted work.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "http/server/session.h"
#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::After;
using hourgate::http::Listener;
using hourgate::http::Request;
using hourgate::http::RequestHead;

namespace {

/// What may have become of a token.
struct Fate {
    std::string_view name;
    std::function<void(HttpBench&)> change;
};

std::vector<Fate> fates() {
    return {
        {"live", [](HttpBench&) {}},
        {"revoked", [](HttpBench& bench) { bench.facts.token.revoked_ms = 1; }},
        {"expired", [](HttpBench& bench) { bench.facts.token.expires_ms = 1; }},
        {"about to expire",
         [](HttpBench& bench) { bench.facts.token.expires_ms = bench.now.wall_ms + 1'000; }},
        {"rotated",
         [](HttpBench& bench) {
             bench.facts.token.rotated_ms = 1;
             bench.facts.token.works_until_ms = 2;
         }},
        {"rotated, in its grace",
         [](HttpBench& bench) {
             bench.facts.token.rotated_ms = 1;
             bench.facts.token.works_until_ms = bench.now.wall_ms + Bench::day;
         }},
        {"of a removed member", [](HttpBench& bench) { bench.facts.member.removed_ms = 1; }},
        {"on a plan without API access",
         [](HttpBench& bench) { bench.facts.workspace.plan_id = 1; }},
        {"in the plan's days of grace",
         [](HttpBench& bench) { bench.facts.workspace.paid_until_ms = bench.now.wall_ms - 1; }},
        {"on a lapsed plan", [](HttpBench& bench) { bench.facts.workspace.paid_until_ms = 1; }},
        {"of role member", [](HttpBench& bench) { bench.facts.member.role = Role::member; }},
        {"narrowed",
         [](HttpBench& bench) {
             bench.facts.token.scopes = policy::parse_scopes("notes:read").value();
         }},
        {"an operator's", [](HttpBench& bench) { bench.make_operator(); }},
        {"with a full window", [](HttpBench& bench) { bench.spend_all(); }},
    };
}

/// One way to ask, with a token.
struct Way {
    std::string_view name;
    std::function<http::Response(HttpBench&, const std::string& token)> ask;
};

http::Response by_caddy(HttpBench& bench, const std::string& token, std::string_view method,
                        std::string_view target) {
    Request request = HttpBench::forwarded(method, target);
    set_header(request, "Authorization", "Bearer " + token);
    return bench.ask(request);
}

http::Response directly(HttpBench& bench, const std::string& token, Listener listener,
                        std::string method, std::string target) {
    Request request = HttpBench::request(std::move(method), std::move(target));
    set_header(request, "Authorization", "Bearer " + token);
    return bench.service.handle(listener, request);
}

http::Response by_nginx(HttpBench& bench, const std::string& token, std::string path) {
    Request request = HttpBench::nginx("GET", "/clients/7", std::move(path));
    set_header(request, "Authorization", "Bearer " + token);
    return bench.ask(request);
}

http::Response by_verify(HttpBench& bench, const std::string& token) {
    Request request = HttpBench::request("POST", "/_hourgate/verify");
    drop_header(request, "Authorization");
    request.headers.push_back({"Content-Type", "application/json"});
    request.body = R"({"token":")" + token + R"(","method":"GET","path":"/clients/7"})";
    return bench.ask(request);
}

std::vector<Way> ways() {
    const auto caddy = [](std::string method, std::string target) {
        return [=](HttpBench& bench, const std::string& token) {
            return by_caddy(bench, token, method, target);
        };
    };
    const auto own = [](Listener listener, std::string method, std::string target) {
        return [=](HttpBench& bench, const std::string& token) {
            return directly(bench, token, listener, method, target);
        };
    };
    const auto nginx = [](std::string path) {
        return [=](HttpBench& bench, const std::string& token) {
            return by_nginx(bench, token, path);
        };
    };
    const std::string api = "/_hourgate/api/v1";
    return {
        {"a path that is granted", caddy("GET", "/clients/7")},
        {"a path of another member", caddy("GET", "/notes/mem_b")},
        {"a path nobody may call", caddy("GET", "/nowhere")},
        {"an unknown method", caddy("BREW", "/clients/7")},
        {"a public path", caddy("GET", "/health")},
        {"nginx", nginx("/_hourgate/auth/nginx")},
        {"nginx, the answer in full", nginx("/_hourgate/denied")},
        {"verify", by_verify},
        {"/me", own(Listener::public_, "GET", api + "/me")},
        {"rotating it", own(Listener::public_, "POST", api + "/me/rotate")},
        {"revoking it",
         own(Listener::public_, "DELETE", api + "/tokens/" + std::string(HttpBench::prefix))},
        {"the admin listener", own(Listener::admin, "GET", "/admin/v1/workspaces")},
    };
}

/// All that can be seen from outside, and what it took.
struct Seen {
    std::string answer;  // the prefix as PREFIX: it is what was sent
    std::vector<std::uint64_t> work;

    friend bool operator==(const Seen&, const Seen&) = default;
};

std::string without(std::string text, std::string_view prefix) {
    for (std::size_t at = text.find(prefix); at != text.npos; at = text.find(prefix))
        text.replace(at, prefix.size(), "PREFIX");
    return text;
}

Seen seen(HttpBench& bench, const Way& way, const std::string& token) {
    const token::Work before = token::work_of_this_thread();
    const int look_ups = bench.directory.look_ups;
    const std::size_t held = bench.limiter.entries() + bench.own.entries();
    const std::string answer = whole(way.ask(bench, token));
    const token::Work& after = token::work_of_this_thread();
    return {without(answer, token.substr(9, token::prefix_digits)),
            {after.digests - before.digests, after.compares - before.compares,
             static_cast<std::uint64_t>(bench.directory.look_ups - look_ups),
             bench.limiter.entries() + bench.own.entries() - held}};
}

/// The fast path's answer to the same question; empty: it leaves it to the store.
std::string by_fast_path(HttpBench& bench, const std::string& token) {
    const std::string bytes =
        "GET /_hourgate/auth/caddy HTTP/1.1\r\nHost: h\r\n"
        "X-Forwarded-For: 192.0.2.9\r\nX-Forwarded-Method: GET\r\n"
        "X-Forwarded-Uri: /clients/7\r\nAuthorization: Bearer " +
        token + "\r\n\r\n";
    RequestHead head;
    http::parse_request_head(bytes, head);
    head.request.peer = Address::loopback();
    std::string out;
    (void)bench.service.answer_at_once(Listener::ask, head, After::keep, out);
    return out;
}

/// Asks with the right secret: from now on the facts are in memory.
void remember(HttpBench& bench) {
    (void)bench.directory.find(HttpBench::prefix, bench.now);
}

}  // namespace

TEST_CASE("a wrong secret is answered as an unknown prefix, whatever became of the token") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        for (const Way& way : ways()) {
            CAPTURE(way.name);
            HttpBench none(mode);
            const Seen expected = seen(none, way, HttpBench::unknown_prefix());
            if (mode == Mode::enforce)
                CHECK(expected.answer.find("unknown_token") != std::string::npos);
            for (const Fate& fate : fates()) {
                CAPTURE(fate.name);
                for (const bool remembered : {false, true}) {
                    HttpBench bench(mode);
                    fate.change(bench);
                    bench.put();
                    if (remembered)
                        remember(bench);
                    CHECK(seen(bench, way, HttpBench::wrong_secret()) == expected);
                }
            }
        }
    }
}

TEST_CASE("the work for a wrong secret is one look-up, one digest and one compare") {
    for (const Fate& fate : fates()) {
        CAPTURE(fate.name);
        HttpBench bench;
        fate.change(bench);
        bench.put();
        const std::vector<std::uint64_t> once = {1, 1, 1, 0};
        for (int i = 0; i < 3; ++i) {
            CHECK(seen(bench, ways()[0], HttpBench::wrong_secret()).work == once);
            CHECK(seen(bench, ways()[0], HttpBench::unknown_prefix()).work == once);
            remember(bench);
        }
    }
}

TEST_CASE("the fast path answers neither a wrong secret nor an unknown prefix, in memory or not") {
    for (const Fate& fate : fates()) {
        CAPTURE(fate.name);
        HttpBench bench;
        fate.change(bench);
        bench.put();
        for (int i = 0; i < 2; ++i) {
            CHECK(by_fast_path(bench, HttpBench::wrong_secret()).empty());
            CHECK(by_fast_path(bench, HttpBench::unknown_prefix()).empty());
            remember(bench);
        }
        CHECK(bench.notes.told.empty());
        CHECK(bench.failures.entries() == 0);
    }
}

TEST_CASE("a guesser that is told to wait learns no more than before") {
    const Way way = ways()[0];
    const auto eleventh = [&](const std::function<void(HttpBench&)>& change,
                              const std::string& token) {
        HttpBench bench;
        change(bench);
        bench.put();
        remember(bench);
        for (int i = 0; i < 10; ++i)
            (void)way.ask(bench, token);
        return seen(bench, way, token);
    };
    const Seen expected = eleventh([](HttpBench&) {}, HttpBench::unknown_prefix());
    CHECK(expected.answer.find("too_many_failures") != std::string::npos);
    for (const Fate& fate : fates()) {
        CAPTURE(fate.name);
        CHECK(eleventh(fate.change, HttpBench::wrong_secret()) == expected);
    }
}

TEST_CASE("what is off about a text is told from the text alone: no token is looked for") {
    std::string damaged = HttpBench::token();
    damaged.back() = damaged.back() == 'z' ? 'y' : 'z';
    std::string never = HttpBench::unknown_prefix();
    never.back() = never.back() == 'z' ? 'y' : 'z';
    const std::string right = HttpBench::token();
    const std::string other = HttpBench::unknown_prefix();
    struct Pair {
        std::string known;
        std::string unknown;
    };
    for (const auto& [known, unknown] :
         std::vector<Pair>{{damaged, never},
                           {right.substr(0, 40), other.substr(0, 40)},
                           {right.substr(0, 21), other.substr(0, 21)},
                           {std::string(HttpBench::prefix), "000000000000"},
                           {right + ",", other + ","},
                           {"Bearer " + right, "Bearer " + other},
                           {"\"" + right + "\"", "\"" + other + "\""}}) {
        HttpBench bench;
        remember(bench);
        const int look_ups = bench.directory.look_ups;
        const Way way = ways()[0];
        CHECK(whole(way.ask(bench, known)) == whole(way.ask(bench, unknown)));
        CHECK(bench.directory.look_ups == look_ups);
    }
}

TEST_CASE("a right token in the wrong place is told as any other there is") {
    const std::vector<std::string> all = {HttpBench::token(), HttpBench::wrong_secret(),
                                          HttpBench::unknown_prefix()};
    std::vector<std::string> answers;
    for (const std::string& token : all) {
        HttpBench bench;
        remember(bench);
        const int look_ups = bench.directory.look_ups;
        Request request = HttpBench::forwarded("GET", "/clients/7?key=" + token);
        drop_header(request, "Authorization");
        std::string answer = whole(bench.ask(request));
        request = HttpBench::forwarded("GET", "/clients/7");
        drop_header(request, "Authorization");
        request.headers.push_back({"X-Api-Key", token});
        answer += whole(bench.ask(request));
        answers.push_back(answer);
        CHECK(bench.directory.look_ups == look_ups);
        CHECK(bench.left() == 3);
    }
    CHECK(answers[0] == answers[1]);
    CHECK(answers[1] == answers[2]);
}
