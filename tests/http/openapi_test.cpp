// The description of the management routes is true: what they answer in a run is what it says,
// status, medium and body, and its examples are from that run. HOURGATE_WRITE_EXAMPLES=1 writes them
// into schema/openapi.json.
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "http/ask/introspect.h"
#include "ops/decision_writer.h"
#include "places.h"
#include "support/description.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::description;
using hourgate::test::flaw;
using hourgate::test::flaw_of;
using hourgate::test::Json;
using hourgate::test::ManageBench;
using hourgate::test::Operation;
using hourgate::test::operation_of;
using hourgate::test::operations;

namespace {

/// What a run answered, as the description shows it.
class Examples {
public:
    /// With at most two items in a list; and with a name of its own, the same in every run, for
    /// each value that a run makes up.
    [[nodiscard]] Json written(const Json& value) {
        if (value.is_string())
            return written(value.get<std::string>());
        if (value.is_array()) {
            Json list = Json::array();
            for (std::size_t i = 0; i < value.size() && i < 2; ++i)
                list.push_back(written(value[i]));
            return list;
        }
        if (!value.is_object())
            return value;
        Json object = Json::object();
        for (const auto& [name, member] : value.items())
            object[name] = written(member);
        return object;
    }

private:
    std::string written(const std::string& text) {
        static const std::regex made_up(
            R"(hsk_live_[0-9a-f]{12}_\w+|(ws|mem)_[0-9a-z]{16}|\b[0-9a-f]{12}\b|dec_\w+|^[\w-]{60,}$)");
        std::string out;
        auto from = text.cbegin();
        std::smatch match;
        while (std::regex_search(from, text.cend(), match, made_up)) {
            out.append(from, match[0].first);
            out += named(match.str());
            from = match[0].second;
        }
        return out.append(from, text.cend());
    }

    /// The first of its kind ends in 1, the next in 2: of the same length and kind.
    std::string named(const std::string& real) {
        const auto known = names_.find(real);
        if (known != names_.end())
            return known->second;
        std::string name;
        if (real.starts_with("hsk_")) {
            const std::string prefix = named(real.substr(9, 12));
            name = "hsk_live_" + prefix + "_" + std::string(real.size() - 22, '2');
        } else {
            const std::size_t begin =
                real.find('_') == 2 || real.find('_') == 3 ? real.find('_') + 1 : 0;
            const std::string kind = real.substr(0, begin) + std::to_string(real.size());
            const std::string count = std::to_string(++counts_[kind]);
            name = real.substr(0, begin) + std::string(real.size() - begin - count.size(), '2') +
                   count;
        }
        return names_[real] = name;
    }

    std::map<std::string, std::string> names_;
    std::map<std::string, int> counts_;
};

/// The document as its file has it: a line for each path's method and each component.
std::string as_file(const Json& value, int depth = 0) {
    const bool deep = depth == 3 || !value.is_object() || value.empty();
    if (deep)
        return value.dump();
    std::string text = "{";
    for (const auto& [name, member] : value.items())
        text += (text.size() > 1 ? ",\n" : "\n") + Json(name).dump() + ": " +
                as_file(member, depth + 1);
    return text + "\n}";
}

/// A bench that compares each answer with the description.
class Checked : public ManageBench {
public:
    /// `route`: as the description writes it; `values` for its names, in order.
    Reply check(const std::string& who, const std::string& method, const std::string& route,
                const std::vector<std::string>& values = {}, const Json& body = nullptr,
                const std::string& query = "", const std::vector<http::Header>& more = {}) {
        std::string target;
        std::size_t used = 0;
        for (std::size_t at = 0; at < route.size(); ++at) {
            if (route[at] != '{') {
                target += route[at];
                continue;
            }
            target += values.at(used++);
            at = route.find('}', at);
        }
        std::vector<http::Header> headers = more;
        headers.push_back({"Accept", "application/json"});
        const auto ask = [&] {
            return call(who.empty() ? "" : tokens.at(who), method, target + query, body, headers);
        };
        const Reply reply = ask();
        const Operation operation = operation_of(method, route);
        CAPTURE(method, target, reply.status, reply.answer.body);
        REQUIRE(flaw_of(reply.answer, operation) == "");
        note(operation, reply.answer, body);
        if (reply.status < 300)
            return reply;
        // The same refusal at the same instant, as RFC 9457 has it.
        clock.boot_us -= 10 * us_per_s;
        headers.back().value = "application/problem+json";
        const Reply problem = ask();
        CHECK(problem.status == reply.status);
        CHECK(test::type_of(problem.answer) == "application/problem+json");
        CHECK(flaw_of(problem.answer, operation) == "");
        return reply;
    }

    /// The same record for people.
    void check_letter(const std::string& who, const std::string& route, const std::string& id) {
        const std::string target = std::regex_replace(route, std::regex(R"(\{\w+\})"), id);
        const Reply letter = call(tokens.at(who), "GET", target);
        CHECK(test::type_of(letter.answer) == "text/plain");
        CHECK(flaw_of(letter.answer, operation_of("GET", route)) == "");
    }

    /// A question of a back end on the ask listener.
    http::Response check_ask(const std::string& route, std::string_view type,
                             const std::string& body) {
        http::Request request = test::HttpBench::request("POST", route);
        test::drop_header(request, "Authorization");
        request.headers.push_back({"Content-Type", std::string(type)});
        request.body = body;
        clock.boot_us += 10 * us_per_s;
        http::Response answer = service->handle(http::Listener::ask, request);
        const Operation operation = operation_of("POST", route);
        CAPTURE(route, answer.body);
        CHECK(flaw_of(answer, operation) == "");
        note(operation, answer, Json::parse(body, nullptr, false));
        return answer;
    }

    /// The description with the examples of this run.
    Json with_examples = description();
    std::set<std::string> succeeded;  // as Operation::key()
    std::set<int> seen;

private:
    void note(const Operation& operation, const http::Response& answer, const Json& asked) {
        std::string lower = operation.method;
        for (char& c : lower)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        const Json::json_pointer at = Json::json_pointer("/paths") / operation.route / lower;
        const std::string status = std::to_string(answer.status);
        const bool success = answer.status < 300;
        seen.insert(answer.status);
        show(success ? at / "responses" / status
                     : Json::json_pointer("/components/responses") / ("E" + status),
             Json::parse(answer.body, nullptr, false));
        if (!success)
            return;
        succeeded.insert(operation.key());
        if (asked.is_object())
            show(at / "requestBody", asked);
    }
    /// The first of its kind is the example.
    void show(const Json::json_pointer& at, const Json& body) {
        Json& content = with_examples[at]["content"]["application/json"];
        if (shown_.insert(at.to_string()).second)
            content["example"] = examples_.written(body);
    }
    Examples examples_;
    std::set<std::string> shown_;
};

/// A decision that this token was refused by.
std::string refused_decision(ManageBench& bench, const std::string& who) {
    const auto reply = bench.call(bench.tokens.at(who), "GET", "/admin/v1/plans");
    for (const http::Header& header : reply.answer.headers)
        if (header.name == "X-Hourgate-Decision")
            return header.value;
    return "";
}

}  // namespace

TEST_CASE("a flaw in an answer is found: what compares can fail") {
    const Json token = {{"$ref", "#/components/schemas/PlanName"}};
    CHECK(flaw({{"name", "a"}}, token, "t") == "");
    CHECK(flaw({{"name", 1}}, token, "t") != "");
    CHECK(flaw({{"name", "a"}, {"more", 1}}, token, "t") == "t.more is not described");
    CHECK(flaw(Json::object(), token, "t") == "t.name is missing");
}

TEST_CASE("what a run makes up is written the same in every example, and no token in one is real") {
    Examples examples;
    const std::string real(token::mint("hsk", token::Env::live).text.reveal());
    const Json first = examples.written({{"id", "ws_aaaaaaaaaaaaaaaa"}, {"token", real}});
    const Json again = examples.written({{"id", "ws_bbbbbbbbbbbbbbbb"}});
    CHECK(first["id"] == "ws_2222222222222221");
    CHECK(again["id"] == "ws_2222222222222222");
    CHECK(examples.written({{"id", "ws_aaaaaaaaaaaaaaaa"}}) == Json{{"id", first["id"]}});
    CHECK(first["token"] != real);
    CHECK(examples.written({{"data", {1, 2, 3}}}) == Json{{"data", {1, 2}}});
}

namespace {

/// Calls that fill the window in which a route of the gate's own counts.
struct Filler {
    std::string method;
    std::string target;
    int calls = 60;
};

Filler filler_of(const std::string& method, const std::string& route) {
    const std::string api(ManageBench::api);
    if (route.ends_with("/rotate"))
        return {"POST", api + "/tokens/000000000000/rotate"};
    if (route.ends_with("/check"))
        return {"POST", api + "/check"};
    if (route.ends_with("{decision}"))
        return {"GET", "/_hourgate/why/dec_00000000000000000000000000000000"};
    if (method == "DELETE")
        return {"DELETE", api + "/tokens/000000000000"};
    return {"GET", api + "/me", 240};
}

}  // namespace

TEST_CASE("every operation refuses as it is described: each status by the call that deserves it") {
    for (const Operation& operation : operations()) {
        if (!operation.is_managed())
            continue;
        Checked bench;
        const std::string& route = operation.route;
        const std::string& method = operation.method;
        const bool admin = route.starts_with("/admin/");
        const bool body = operation.json.contains("requestBody");
        const std::string who = admin ? "operator" : "owner@acme";
        // Never asked about before the database fails.
        const std::string unknown = admin ? "spare" : "member@acme";
        bench.tokens["spare"] =
            hourgate::test::take(manage::mint_operator(bench.context(), "spare")).token.reveal();
        const Json fitting =  // a body that would do
            body ? operation.json["requestBody"]["content"]["application/json"]["example"] : Json();
        std::vector<std::string> there, nowhere;  // for the names in the route
        const std::map<std::string, std::string> real = {
            {"{prefix}", bench.prefix_of(bench.tokens["owner@acme"])},
            {"{id}", bench.members["owner@acme"]},
            {"{member}", bench.members["admin@acme"]},
            {"{workspace}", "acme"},
            {"{plan}", "studio"},
            {"{decision}", refused_decision(bench, "owner@acme")}};
        for (const auto& [name, value] : real)
            if (route.find(name) != std::string::npos) {
                there.push_back(value);
                nowhere.push_back(name == "{plan}" ? "no-plan" : "000000000000");
            }
        const auto call = [&](const std::string& asking, const Json& sent = nullptr,
                              const std::string& query = "",
                              const std::vector<http::Header>& more = {}) {
            return bench.check(asking, method, route, there, sent, query, more).status;
        };
        CAPTURE(method, route);
        CHECK(call("") == 401);
        CHECK(call(admin ? "owner@acme" : "operator") == 403);
        CHECK(call(who, nullptr, "?nonsense=1") == 422);
        if (admin)
            CHECK(call(who, nullptr, "", {{"Host", "elsewhere.example"}}) == 421);
        if (body) {
            CHECK(call(who, Json("[")) == 400);
            CHECK(call(who, Json("{}"), "", {{"Content-Type", "text/plain"}}) == 415);
            CHECK(call(who, {{"nonsense", 1}}) == 422);
        }
        // 413 is said on the connection, before the body is read, and 414 before the route is known.
        CHECK((bench.service->body_bytes_max(
                   admin ? http::Listener::admin : http::Listener::public_, method,
                   std::regex_replace(route, std::regex(R"(\{\w+\})"), "x")) > 0) == body);
        if (!there.empty() && method != "PUT")
            CHECK(bench.check(who, method, route, nowhere, fitting).status == 404);
        if (!admin) {
            const Filler filler = filler_of(method, route);
            for (int i = 0; i < filler.calls; ++i)
                bench.call_now(bench.tokens[who], filler.method, filler.target);
            bench.clock.boot_us -= 10 * us_per_s;  // call() lets that time pass
            // A revocation that takes effect is never refused for room.
            CHECK((method == "DELETE" ? bench.check(who, method, route, nowhere).status
                                      : call(who)) == 429);
        }
        if (operation.statuses().count(402) == 1) {
            hourgate::test::take(
                manage::change_workspace(bench.context(), "acme", hourgate::test::to_plan("free")));
            bench.directory->catch_up();
            CHECK(call(who) == 402);
        }
        bench.run("ALTER TABLE tokens RENAME TO away");
        bench.directory->catch_up();
        CHECK(call(unknown, fitting) == 503);
    }
}

TEST_CASE("every operation answers as it is described, when it succeeds and when it does not") {
    Checked bench;
    const std::string api = "/_hourgate/api/v1", admin = "/admin/v1", op = "operator";
    const std::string me = "owner@acme", own = bench.prefix_of(bench.tokens[me]);
    const std::string mine = bench.members[me];
    bench.check(me, "GET", api + "/me");
    const auto minted = bench.check(me, "POST", api + "/tokens", {}, {{"name", "n"}}, "",
                                    {{"Idempotency-Key", "k"}});
    const std::string prefix = minted.body["data"]["prefix"];
    bench.check(me, "POST", api + "/tokens", {}, {{"name", "n"}}, "", {{"Idempotency-Key", "k"}});
    bench.check(me, "POST", api + "/tokens", {}, {{"name", "m"}}, "", {{"Idempotency-Key", "k"}});
    bench.check(me, "POST", api + "/tokens", {}, Json::object());
    bench.check(me, "POST", api + "/tokens", {}, Json("["));
    bench.check(me, "POST", api + "/tokens", {}, Json("{}"), "", {{"Content-Type", "a/b"}});
    bench.check(me, "GET", api + "/tokens", {}, nullptr, "?limit=1");
    bench.check(me, "GET", api + "/tokens", {}, nullptr, "?limit=no");
    bench.check(me, "GET", api + "/tokens/{prefix}", {prefix});
    bench.check(me, "GET", api + "/tokens/{prefix}", {"000000000000"});
    bench.check(me, "POST", api + "/tokens/{prefix}/rotate", {prefix}, Json::object());
    bench.check(me, "POST", api + "/tokens/{prefix}/rotate", {prefix}, Json::object());
    bench.check(me, "PATCH", api + "/tokens/{prefix}", {prefix},
                {{"name", "ci job"}, {"note", "for the nightly build"}});
    bench.check(me, "DELETE", api + "/tokens/{prefix}", {prefix});
    bench.check(me, "GET", api + "/members");
    bench.check(me, "GET", api + "/members/{id}", {mine});
    bench.check(me, "GET", api + "/organization");
    bench.check("member@acme", "GET", api + "/organization");
    bench.check("", "GET", api + "/usage");
    bench.check("manager@acme", "POST", api + "/me/rotate", {}, {{"grace", "1h"}});
    ops::UsageMeter& meter = bench.meter;
    hourgate::test::take(bench.ledger->write([&](manage::Rows& rows) -> Status {
        for (std::size_t part = 0; part < limits::usage_shards; ++part)
            for (const manage::UsageNote& note : meter.take(part))
                hourgate::test::take(rows.add_usage(note));
        return Done{};
    }));
    bench.check(me, "GET", api + "/usage");

    bench.check(op, "GET", admin + "/workspaces");
    bench.check(me, "GET", admin + "/workspaces");
    bench.check(op, "POST", admin + "/workspaces", {}, {{"name", "Dune"}});
    bench.check(op, "POST", admin + "/workspaces", {}, {{"name", "Dune"}});
    bench.check(op, "GET", admin + "/workspaces/{workspace}", {"Dune"});
    bench.check(op, "PATCH", admin + "/workspaces/{workspace}", {"Dune"}, {{"plan", "studio"}});
    bench.check(op, "PATCH", admin + "/workspaces/{workspace}", {"Dune"}, {{"plan", "none"}});
    bench.check(op, "GET", admin + "/workspaces/{workspace}/members", {"acme"});
    const auto added = bench.check(op, "POST", admin + "/workspaces/{workspace}/members", {"Dune"},
                                   {{"kind", "service"}, {"name", "robot"}, {"role", "admin"}});
    const std::string robot = added.body["data"]["id"];
    bench.check(op, "GET", admin + "/members/{member}", {robot});
    bench.check(op, "PATCH", admin + "/members/{member}", {robot},
                {{"role", "member"}, {"name", "importer"}});
    bench.check(op, "POST", admin + "/members/{member}/tokens", {robot}, {{"name", "n"}});
    bench.check(op, "DELETE", admin + "/members/{member}", {robot});
    bench.check(op, "DELETE", admin + "/members/{member}", {mine});
    bench.check(op, "POST", admin + "/members/{member}/restore", {robot}, Json::object());
    bench.check(op, "GET", admin + "/plans");
    bench.check(op, "PUT", admin + "/plans/{plan}", {"gold"}, {{"api", true}});
    bench.check(op, "GET", admin + "/plans/{plan}", {"gold"});
    bench.check(op, "DELETE", admin + "/plans/{plan}", {"gold"});
    bench.check(op, "DELETE", admin + "/plans/{plan}", {"studio"});
    bench.check(op, "GET", admin + "/tokens", {}, nullptr, "?sort=lastUsed");
    bench.check(op, "GET", admin + "/tokens/{prefix}", {own});
    bench.check(op, "POST", admin + "/tokens/{prefix}/rotate", {own}, {{"grace", "1h"}});
    bench.check(op, "PATCH", admin + "/tokens/{prefix}", {own}, {{"note", "asked for by Ann"}});
    bench.check(op, "DELETE", admin + "/workspaces/{workspace}", {"bolt"});
    bench.check(op, "POST", admin + "/workspaces/{workspace}/transfer", {"acme"},
                {{"to", "admin@acme.example"}, {"formerRole", "owner"}});
    bench.check(op, "POST", admin + "/workspaces/{workspace}/transfer", {"bolt"},
                {{"to", "admin@bolt.example"}});
    bench.check(op, "POST", admin + "/tokens/revoke", {}, {{"workspace", "bolt"}});
    bench.check(op, "DELETE", admin + "/workspaces/{workspace}", {"bolt"});
    const auto second = hourgate::test::take(manage::mint_operator(bench.context(), "second"));
    bench.check(op, "GET", admin + "/operators");
    bench.check(op, "DELETE", admin + "/operators/{prefix}", {second.view.token.prefix});
    bench.check(op, "DELETE", admin + "/tokens/{prefix}", {own});
    bench.check(op, "GET", admin + "/audit");
    bench.check(op, "GET", admin + "/usage", {}, nullptr, "?workspace=acme");
    const std::string refused = refused_decision(bench, "manager@acme");
    bench.check("manager@acme", "GET", "/_hourgate/why/{decision}", {refused});
    const ops::Log quiet(-1);
    ops::DecisionWriter writer(bench.decisions, *bench.ledger, bench.clock, quiet,
                               {86'400, 1'000, [](const KeptDecision& kept) {
                                    return http::record_of(
                                        kept, hourgate::test::HttpBench::reply_settings());
                                }});
    writer.write();
    bench.check(op, "GET", admin + "/decisions", {}, nullptr, "?reason=role_forbidden");
    bench.check(op, "GET", admin + "/decisions/{decision}", {refused});
    bench.check_letter("manager@acme", "/_hourgate/why/{decision}", refused);
    bench.check_letter(op, admin + "/decisions/{decision}", refused);
    // A caller's; an operator is told the name of the file as well.
    bench.run("ALTER TABLE audit_events RENAME TO away");
    bench.check("admin@acme", "POST", api + "/tokens", {}, {{"name", "n"}});
    bench.run("ALTER TABLE away RENAME TO audit_events");
    hourgate::test::take(
        manage::change_workspace(bench.context(), "acme", hourgate::test::to_plan("free")));
    bench.directory->catch_up();
    bench.check("admin@acme", "POST", api + "/tokens", {}, {{"name", "n"}});

    bench.check("member@acme", "POST", api + "/check", {},
                {{"method", "GET"}, {"path", "/clients/1"}});
    for (int i = 0; i < 61; ++i)  // the window for rotating has room for 60 a minute
        bench.call_now(bench.tokens["admin@acme"], "POST", api + "/tokens/000000000000/rotate");
    bench.check("admin@acme", "POST", api + "/tokens/{prefix}/rotate", {"000000000000"});

    bench.check(op, "GET", admin + "/plans", {}, nullptr, "", {{"Host", "elsewhere.example"}});

    const std::string& asked = bench.tokens["manager@bolt"];
    const Json question = {{"token", asked}, {"method", "GET"}, {"path", "/clients/1"}};
    CHECK(bench.check_ask("/_hourgate/verify", "application/json", question.dump()).status == 200);
    CHECK(bench.check_ask("/_hourgate/introspect", http::form_type, "token=" + asked).status ==
          200);

    std::set<std::string> with_examples;
    for (const Operation& operation : operations())
        if (operation.is_managed() || operation.tag() == "back ends")
            with_examples.insert(operation.key());
    CHECK(bench.succeeded == with_examples);
    CHECK(bench.seen ==
          std::set<int>{200, 201, 400, 401, 402, 403, 404, 409, 415, 421, 422, 429, 503});

    // The examples are of this very run.
    if (std::getenv("HOURGATE_WRITE_EXAMPLES") != nullptr)
        std::ofstream(HOURGATE_SOURCE_DIR "/schema/openapi.json")
            << as_file(bench.with_examples) << "\n";
    const bool same = bench.with_examples == description();
    CHECK(same);
}
