// The description of the HTTP routes is whole: it has every route, method, field and reason of the
// program and no other; and what proxies and back ends ask is answered as it says.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "base/limits.h"
#include "http/ask/introspect.h"
#include "http/decision/reasons.h"
#include "http/decision/request_refusals.h"
#include "http/manage/why_routes.h"
#include "http/wire/request_head.h"
#include "support/description.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::description;
using hourgate::test::flaw_of;
using hourgate::test::HttpBench;
using hourgate::test::Json;
using hourgate::test::Operation;
using hourgate::test::operations;
using http::Listener;

namespace {

constexpr std::array all_listeners = {Listener::public_, Listener::ask, Listener::admin};

/// A bench whose service also has the two documents.
class DocumentedBench : public HttpBench {
public:
    DocumentedBench() : documented(with_documents(), gate, clock, notes) {}
    http::Service documented;

    /// The token is rotated and expires tomorrow, and the workspace is in its days of grace.
    void about_to_end() {
        facts.token.rotated_ms = now.wall_ms;
        facts.token.works_until_ms = now.wall_ms + day;
        facts.token.expires_ms = now.wall_ms + day;
        facts.workspace.paid_until_ms = now.wall_ms - day;
        put();
    }

private:
    http::Service::Settings with_documents() {
        http::Service::Settings made = settings();
        made.openapi = embedded::openapi;
        made.errors = embedded::errors;
        return made;
    }
};

std::string replaced(std::string text, const std::string& pattern, const std::string& by) {
    return std::regex_replace(text, std::regex(pattern), by);
}

/// What a listener says that it answers: from the tables that answer it.
std::set<std::string> paths_of(http::Service& service, Listener listener) {
    http::Request request = HttpBench::request("GET", "/_hourgate/nowhere");
    const Json body = Json::parse(service.handle(listener, request).body);
    std::string fix = body["error"]["fix"];
    fix.erase(0, fix.find("Here are ") + 9);
    fix.pop_back();
    std::set<std::string> paths;
    static const std::regex separator(", | and ");
    for (std::sregex_token_iterator at(fix.begin(), fix.end(), separator, -1), end; at != end; ++at)
        paths.insert(at->str().ends_with('/') ? at->str() + "ID" : at->str());
    return paths;
}

std::string with_ids(const std::string& route) {
    return replaced(route, R"(\{\w+\})", "ID");
}

/// The names in "is not known here; known are a, b", "no field is".
std::set<std::string> known_in(const Json& reply, const std::string& field = "nonsense") {
    std::string text = reply.at("error").at("fields").at(field);
    std::set<std::string> names;
    const std::size_t at = text.find("known are ");
    if (at == text.npos)
        return names;
    static const std::regex separator(", | and ");
    text.erase(0, at + 10);
    for (std::sregex_token_iterator name(text.begin(), text.end(), separator, -1), end; name != end;
         ++name)
        names.insert(*name);
    return names;
}

std::set<std::string> names_in(const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, unused] : object.items())
        names.insert(name);
    return names;
}

}  // namespace

TEST_CASE("every path that a listener answers is described, and no other") {
    DocumentedBench bench;
    std::set<std::string> answered, described;
    for (const Listener listener : all_listeners)
        answered.merge(paths_of(bench.documented, listener));
    for (const Operation& operation : operations())
        described.insert(with_ids(operation.route));
    CHECK(answered == described);
    CHECK(answered.size() > 40);
    CHECK(description()["openapi"] == "3.1.0");
    CHECK(bench.documented
              .handle(Listener::public_, HttpBench::request("GET", "/_hourgate/openapi.json"))
              .body == embedded::openapi);
}

TEST_CASE("every method that a path takes is described, and no other") {
    DocumentedBench bench;
    const auto is_described = [](const std::string& method, const std::string& path) {
        for (const Operation& operation : operations())
            if (operation.method == method &&
                std::regex_match(path,
                                 std::regex(replaced(operation.route, R"(\{\w+\})", "[^/]+"))))
                return true;
        return false;
    };
    for (const Listener listener : all_listeners)
        for (const std::string& path : paths_of(bench.documented, listener))
            for (const std::string method : {"GET", "POST", "PUT", "PATCH", "DELETE"}) {
                // What proxies ask is asked with any method.
                if (path.find("/auth/") != path.npos || path.ends_with("/denied"))
                    continue;
                CAPTURE(path, method);
                const int status =
                    bench.documented.handle(listener, HttpBench::request(method, path)).status;
                CHECK((status != 405) == is_described(method, path));
            }
}

TEST_CASE("every field of the query and the body that a route reads is described, and no other") {
    hourgate::test::ManageBench bench;
    std::size_t bodies = 0;
    for (const Operation& operation : operations()) {
        if (!operation.is_managed())
            continue;
        CAPTURE(operation.method, operation.route);
        const bool admin = operation.route.starts_with("/admin/");
        const std::string& token = bench.tokens[admin ? "operator" : "owner@acme"];
        const std::string path = with_ids(operation.route);
        bench.clock.boot_us += 60 * us_per_s;
        CHECK(known_in(bench.call(token, operation.method, path + "?nonsense=1").body) ==
              operation.parameters("query"));
        if (!operation.json.contains("requestBody"))
            continue;
        const Json& schema = operation.json["requestBody"]["content"]["application/json"]["schema"];
        CHECK(known_in(bench.call(token, operation.method, path, {{"nonsense", 1}}).body) ==
              names_in(hourgate::test::resolved(schema).value("properties", Json::object())));
        ++bodies;
    }
    CHECK(bodies > 15);
    const Json& window =
        description()["components"]["schemas"]["PlanChange"]["properties"]["windows"]["items"];
    const auto odd = bench.call(bench.tokens["operator"], "PUT", "/admin/v1/plans/gold",
                                {{"windows", {{{"nonsense", 1}}}}});
    CHECK(known_in(odd.body, "windows[0].nonsense") ==
          names_in(hourgate::test::resolved(window)["properties"]));
}

TEST_CASE("a route that creates something, and no other, is described with an Idempotency-Key") {
    std::set<std::string> creating, described;
    const auto add_all = [&](const std::string& prefix, std::span<const http::Route> routes) {
        for (const http::Route& route : routes)
            if (route.creates == http::Creates::yes)
                creating.insert(std::string(route.method) + " " + prefix +
                                std::string(route.pattern));
    };
    add_all("/_hourgate/api/v1/", http::self_service_routes());
    add_all("/admin/v1/", http::admin_routes());
    add_all("/_hourgate/", http::why_routes());
    for (const Operation& operation : operations())
        if (operation.parameters("header").count("Idempotency-Key") == 1)
            described.insert(operation.key());
    CHECK(creating == described);
    CHECK(creating.size() >= 5);
}

TEST_CASE("each reason is described at the status it is answered with, and no other") {
    // Said by proxies, and to calls of the API behind the gate.
    std::set<std::string> elsewhere = {"gate_not_understood", "gate_unreachable", "upstream_broken",
                                       "upstream_timed_out", "upstream_unreachable"};
    std::map<std::string, std::set<int>> described;
    for (const auto& [name, schema] : description()["components"]["schemas"].items())
        if (std::regex_match(name, std::regex(R"(Reason\d+)")))
            for (const Json& reason : schema["enum"])
                described[reason].insert(std::stoi(name.substr(6)));
    for (std::size_t i = 0; i < reason_count; ++i) {
        Decision decision;
        decision.reason = static_cast<Reason>(i);
        if (decision.reason == Reason::granted)
            continue;
        CAPTURE(std::string(to_text(decision.reason)));
        CHECK(described[std::string(to_text(decision.reason))].count(http::status_of(decision)) ==
              1);
    }
    for (const std::string_view reason : http::other_reasons) {
        CAPTURE(std::string(reason));
        CHECK(described.count(std::string(reason)) + elsewhere.count(std::string(reason)) == 1);
    }
    // docs/errors.md says the same: "**Cause** (401; 409 at management)."
    const std::string errors = embedded::errors;
    static const std::regex entry(R"(\n## (\w+)\n\n\*\*Cause\*\* \(([^)]*)\))");
    std::size_t entries = 0;
    for (std::sregex_iterator at(errors.begin(), errors.end(), entry), end; at != end; ++at) {
        if (elsewhere.count((*at)[1]) == 1)
            continue;
        std::set<int> statuses;
        const std::string said = (*at)[2];
        static const std::regex number(R"(\d{3})");
        for (std::sregex_iterator one(said.begin(), said.end(), number); one != end; ++one)
            statuses.insert(std::stoi(one->str()));
        CAPTURE((*at)[1].str());
        CHECK(statuses == described[(*at)[1]]);
        ++entries;
    }
    CHECK(entries == described.size());
}

TEST_CASE("what cannot be read as a request is answered as every operation describes it") {
    const http::ReplySettings settings = HttpBench::reply_settings();
    const Json& other = description()["components"]["responses"]["Other"]["content"];
    const Json& too_long = description()["components"]["responses"]["E414"]["content"];
    std::vector<http::Response> answers = {http::answer_to(http::BodyFlaw::chunk, {settings}),
                                           http::answer_to(http::BodyFlaw::cut_short, {settings})};
    constexpr auto last = static_cast<int>(http::HeadFlaw::preflight_body);
    for (int flaw = static_cast<int>(http::HeadFlaw::request_line); flaw <= last; ++flaw)
        answers.push_back(http::answer_to(static_cast<http::HeadFlaw>(flaw), {settings}));
    for (const http::Response& answer : answers) {
        const Json body = Json::parse(answer.body);
        CAPTURE(answer.status, answer.body);
        CHECK(hourgate::test::flaw(body, other["application/json"]["schema"], "body") == "");
        if (answer.status == 414)
            CHECK(hourgate::test::flaw(body, too_long["application/json"]["schema"], "body") == "");
    }
    for (const Operation& operation : operations()) {
        CAPTURE(operation.key());
        CHECK(operation.json["responses"]["default"]["$ref"] == "#/components/responses/Other");
        if (operation.is_managed())
            CHECK(operation.statuses().count(414) == 1);
    }
}

// --- what proxies and back ends ask --------------------------------------------------------------

namespace {

using Change = std::function<void(http::Request& request)>;

/// Every answer to one operation of the ask listener, compared with its description.
class Asked {
public:
    explicit Asked(const Operation& operation) : operation_(operation) {}

    /// The question about GET `target`, with the right token, from a peer that may ask.
    void ask(const std::string& target, const Change& change = {}) {
        http::Request request;
        if (is_envoy()) {
            request = HttpBench::request(operation_.method,
                                         replaced(operation_.route, R"(/\{\w+\})", "") + target);
        } else if (operation_.parameters("header").count("X-Original-URI") == 1) {
            request = HttpBench::nginx("GET", target, operation_.route);
        } else {
            request = HttpBench::forwarded("GET", target, operation_.route);
        }
        if (change)
            change(request);
        send(request);
    }

    void send(const http::Request& request, Listener listener = Listener::ask) {
        const http::Response answer = bench.documented.handle(listener, request);
        CAPTURE(operation_.key(), request.target, answer.status, answer.body);
        CHECK(flaw_of(answer, operation_) == "");
        seen.insert(answer.status);
        media.insert(hourgate::test::type_of(answer));
        const Json body = Json::parse(answer.body, nullptr, false);
        if (body.is_object() && body.contains("error") && body["error"].is_object())
            reasons.insert(body["error"]["reason"]);
        const auto status =
            std::find_if(answer.headers.begin(), answer.headers.end(),
                         [](const http::Header& one) { return one.name == "X-Hourgate-Status"; });
        if (status != answer.headers.end())
            said.insert(std::stoi(status->value));
    }

    [[nodiscard]] bool is_envoy() const {
        return operation_.route.find("{path}") != std::string::npos;
    }

    DocumentedBench bench;
    std::set<int> seen;
    std::set<int> said;  // in X-Hourgate-Status
    std::set<std::string> media;
    std::set<std::string> reasons;

private:
    const Operation& operation_;
};

void without_token(http::Request& request) {
    hourgate::test::drop_header(request, "Authorization");
}
void as_problem(http::Request& request) {
    without_token(request);
    hourgate::test::set_header(request, "Accept", "application/problem+json");
}
void of_a_stranger(http::Request& request) {
    request.peer = *Address::parse("192.0.2.77");
}
void under_another_name(http::Request& request) {
    hourgate::test::set_header(request, "Host", "elsewhere.example");
}

}  // namespace

TEST_CASE("a proxy is answered as described: each status by the question that deserves it") {
    std::size_t count = 0;
    for (const Operation& operation : operations()) {
        if (operation.tag() != "proxies")
            continue;
        ++count;
        Asked asked(operation);
        asked.ask("/clients/1");
        asked.ask("/clients/1", without_token);
        asked.ask("/clients/1", as_problem);
        asked.ask("/clients/../1");
        asked.ask("/nowhere");
        asked.ask("/" + std::string(limits::target_bytes_default, 'a'));
        asked.bench.about_to_end();
        asked.ask("/clients/1");
        asked.ask("/nowhere");
        asked.ask("/clients/1", of_a_stranger);
        asked.ask("/clients/1", under_another_name);
        asked.bench.spend_all();
        asked.ask("/clients/1");
        asked.bench.facts.workspace.plan_id = 1;
        asked.bench.put();
        asked.ask("/clients/1");
        asked.bench.directory.fails = true;
        asked.ask("/clients/1");
        CAPTURE(operation.key());
        CHECK(asked.seen == operation.statuses());
        CHECK(asked.media.count("application/problem+json") == 1);
        if (operation.route.ends_with("/nginx"))
            CHECK(asked.said == std::set<int>{400, 401, 402, 403, 414, 429, 503});
        if (asked.is_envoy())
            continue;
        // A header is needed if it is described so.
        for (const std::string& name : operation.parameters("header")) {
            // X-Forwarded-Host: where there are [[api]]s, which this gate has not.
            const bool needed = name != "X-Ask-Id" && name != "X-Request-Id" &&
                                name != "X-Forwarded-For" && name != "X-Forwarded-Host";
            for (const Json& one : operation.json["parameters"])
                if (one.value("name", "") == name)
                    CHECK(one["required"] == needed);
            Asked again(operation);
            again.ask("/clients/../1",
                      [&](http::Request& request) { hourgate::test::drop_header(request, name); });
            const std::string problem = needed ? "bad_request" : "path_ambiguous";
            CAPTURE(name);
            CHECK(again.reasons == std::set<std::string>{problem});
        }
    }
    CHECK(count == 11);
}

TEST_CASE("a back end is answered as described: each status by the question that deserves it") {
    for (const Operation& operation : operations()) {
        if (operation.tag() != "back ends")
            continue;
        const bool verify = operation.route.ends_with("/verify");
        const std::string type(verify ? "application/json" : http::form_type);
        http::Request request = HttpBench::request("POST", operation.route);
        without_token(request);
        request.headers.push_back({"Content-Type", type});
        request.body =
            verify ? Json{{"token", HttpBench::token()}, {"method", "GET"}, {"path", "/clients/1"}}
                         .dump()
                   : "token=" + HttpBench::token();
        Asked asked(operation);
        const auto with = [&](const Change& change) {
            http::Request changed = request;
            change(changed);
            asked.send(changed);
        };
        asked.send(request);
        with(of_a_stranger);
        with(under_another_name);
        with([](http::Request& changed) { changed.body = "%"; });
        with([](http::Request& changed) {
            hourgate::test::set_header(changed, "Content-Type", "a/b");
        });
        with([](http::Request& changed) {
            hourgate::test::set_header(changed, "Content-Type", "a/b");
            hourgate::test::set_header(changed, "Accept", "application/problem+json");
        });
        asked.bench.facts.workspace.plan_id = 1;
        asked.bench.put();
        asked.send(request);
        asked.bench.directory.fails = true;
        asked.send(request);
        // 413 is said on the connection, before the body is read.
        CHECK(asked.bench.documented.body_bytes_max(Listener::ask, "POST", operation.route) ==
              limits::verify_body_bytes_max);
        asked.seen.insert(413);
        CAPTURE(operation.key());
        CHECK(asked.seen == operation.statuses());
        CHECK(asked.media.count("application/problem+json") == 1);
        if (!verify)
            continue;
        request.body = R"({"nonsense":1})";
        const http::Response unknown = asked.bench.documented.handle(Listener::ask, request);
        const Json& question = description()["components"]["schemas"]["Question"];
        CHECK(known_in(Json::parse(unknown.body)) == names_in(question["properties"]));
    }
}

TEST_CASE("health, metrics and the documents are answered as described, in each medium") {
    std::size_t count = 0;
    for (const Operation& operation : operations()) {
        if (operation.tag() != "health")
            continue;
        ++count;
        Asked asked(operation);
        http::Request request = HttpBench::request("GET", operation.route);
        without_token(request);
        for (const Listener listener : all_listeners) {
            if (paths_of(asked.bench.documented, listener).count(operation.route) == 0)
                continue;
            for (const std::string accept : {"", "text/html"})
                for (const bool ready : {true, false}) {
                    asked.bench.ready = ready;
                    http::Request one = request;
                    one.headers.push_back({"Accept", accept});
                    asked.send(one, listener);
                    hourgate::test::set_header(one, "Accept", "application/problem+json");
                    asked.send(one, listener);
                }
            if (listener == Listener::public_)
                continue;
            http::Request away = request;
            under_another_name(away);
            asked.send(away, listener);
            if (listener == Listener::ask) {
                of_a_stranger(away);
                asked.send(away, listener);
            }
        }
        CAPTURE(operation.key());
        CHECK(asked.seen == operation.statuses());
        for (const auto& [medium, unused] : operation.response(200)["content"].items())
            CHECK(asked.media.count(medium) == 1);
    }
    CHECK(count == 5);
}
