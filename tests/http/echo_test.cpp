// What a caller sent is repeated in many answers; a token among it is in none, and nothing in an
// answer is hidden.
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/visible.h"
#include "http/why/why.h"
#include "support/altered_tokens.h"
#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::test::ManageBench;
using Json = ManageBench::Json;

namespace {

/// A gate, and a token of another member's that callers put where none belongs.
class EchoBench : public ManageBench {
public:
    std::string stray = tokens["member@bolt"];  ///< altered or not
    const std::string secret = test::secret_of(stray);
    std::size_t shown_max = 7;  ///< characters of the secret in a row

    void check(const http::Response& answer) const {
        CAPTURE(stray, answer.status, answer.body);
        CHECK_FALSE(answer.body.empty());
        CHECK(test::longest_run(answer.body, secret) <= shown_max);
        for (const http::Header& header : answer.headers)
            CHECK(test::longest_run(header.value, secret) <= shown_max);
    }
    /// Everything that the database holds, as bytes.
    [[nodiscard]] std::string database() const {
        std::string all;
        for (const char* end : {"", "-wal"}) {
            std::ifstream file(path + end, std::ios::binary);
            all.append(std::istreambuf_iterator<char>(file), {});
        }
        return all;
    }
    void check_database() const {
        const std::string bytes = lower(database());
        REQUIRE(bytes.size() > 4'096);
        for (std::size_t from = 0; from + 16 <= secret.size(); ++from)
            CHECK(bytes.find(lower(secret.substr(from, 16))) == bytes.npos);
    }
    http::Response ask(std::string target, std::string type, std::string body) {
        http::Request request;
        request.method = "POST";
        request.target = std::move(target);
        request.peer = Address::loopback();
        request.headers = {{"Host", "gate"}, {"Content-Type", std::move(type)}};
        request.body = std::move(body);
        return service->handle(http::Listener::ask, request);
    }
};

}  // namespace

namespace {

/// Puts the stray wherever self-service takes a text.
void call_self_service(EchoBench& bench) {
    const std::string token = bench.tokens["owner@acme"];
    const std::string& stray = bench.stray;
    for (const std::string& path :
         {"/tokens/" + stray, "/tokens/x" + stray + "x", "/members/" + stray, "/" + stray,
          "/tokens?" + stray + "=1", "/tokens?cursor=" + stray, "/tokens?member=" + stray,
          "/tokens?sort=" + stray, "/usage?token=" + stray, "/usage?from=" + stray,
          "/tokens?limit=" + stray, "/tokens?x%3D" + stray})
        bench.check(bench.self(token, "GET", path).answer);
    bench.check(bench.self(token, "DELETE", "/tokens/" + stray).answer);
    bench.check(bench.self(token, "POST", "/tokens/" + stray + "/rotate").answer);
    bench.check(bench.self(token, stray, "/me").answer);
    for (const Json& body :
         {Json{{stray, 1}}, Json{{"name", stray}}, Json{{"name", "a"}, {"scopes", {stray}}},
          Json{{"name", "a"}, {"scopes", {"clients:" + stray}}},
          Json{{"name", "a"}, {"env", stray}}, Json{{"name", "a"}, {"expiresIn", stray}},
          Json{{"name", "a"}, {"expiresAt", stray}}, Json{{"name", "a"}, {"a" + stray, true}},
          Json{{"name", stray + "~" + std::string(300, 'x')}}, Json("{\"" + stray)})
        bench.check(bench.self(token, "POST", "/tokens", body).answer);
    bench.check(
        bench.self(token, "POST", "/tokens", {{"name", "a"}}, {{"Idempotency-Key", stray}}).answer);
    bench.check(bench.self(token, "GET", "/me", nullptr, {{"X-Hourgate-" + stray, "1"}}).answer);
    bench.check(bench.self("", "GET", "/me", nullptr, {{"Authorization", stray + " x"}}).answer);
    bench.check(bench.self("", "GET", "/me", nullptr, {{"Authorization", stray}}).answer);
    bench.check(bench.self("", "GET", "/me", nullptr, {{"X-" + stray, stray}}).answer);
    bench.check(bench.self(token, "GET", "/nowhere", nullptr, {{"Accept", stray}}).answer);
    bench.check(bench.call(token, "GET", "/_hourgate/why/" + stray).answer);
    bench.check(bench.call(token, "GET", "/_hourgate/" + stray).answer);
}

/// Puts the stray wherever operators and peers of the ask listener give a text.
void call_as_operator(EchoBench& bench) {
    const std::string& stray = bench.stray;
    for (const std::string& path :
         {"/workspaces/" + stray, "/workspaces/" + stray + "/members", "/members/" + stray,
          "/tokens/" + stray, "/plans/" + stray, "/decisions/" + stray, "/" + stray,
          "/tokens?workspace=" + stray, "/audit?until=" + stray, "/decisions?" + stray + "=1"})
        bench.check(bench.operate("GET", path).answer);
    bench.check(bench.operate("POST", "/workspaces", {{"name", stray}, {"plan", "studio"}}).answer);
    bench.check(bench.operate("POST", "/workspaces", {{"name", "a"}, {"plan", stray}}).answer);
    bench.check(bench.operate("POST", "/workspaces", {{"name", "a"}, {stray, stray}}).answer);
    bench.check(bench
                    .operate("POST", "/workspaces/acme/members",
                             {{"email", stray + "@x.example"}, {"role", "owner"}})
                    .answer);
    bench.check(bench
                    .operate("POST", "/workspaces/acme/members",
                             {{"email", "a@x.example"}, {"role", stray}})
                    .answer);
    bench.check(bench.operate("PUT", "/plans/" + stray, {{"api", true}}).answer);
    bench.check(bench.operate("POST", "/tokens/revoke", {{"member", stray}}).answer);
    bench.check(bench.operate("POST", "/tokens/revoke", {{"prefixes", {stray}}}).answer);

    const std::string form = "application/x-www-form-urlencoded";
    for (const std::string& body :
         {stray + "=1", "token=x&" + stray + "=1", "token=x&token=" + stray, stray})
        bench.check(bench.ask("/_hourgate/introspect", form, body));
    bench.check(bench.ask("/_hourgate/introspect", stray, "token=x"));
    bench.check(bench.ask("/_hourgate/verify", "application/json", "{\"" + stray + "\":1}"));
    bench.check(bench.ask("/_hourgate/verify?" + stray, stray, "{}"));
    bench.check(bench.ask("/_hourgate/" + stray, form, ""));
}

}  // namespace

TEST_CASE("a token that stands anywhere in a call of self-service is in no answer") {
    EchoBench bench;
    call_self_service(bench);
    bench.check_database();
}

TEST_CASE("a token that stands anywhere in a call of an operator or a peer is in no answer") {
    EchoBench bench;
    call_as_operator(bench);
    bench.check_database();
}

TEST_CASE("whatever was done to a token, its secret is in no answer and in no row") {
    EchoBench bench;
    const std::string token = bench.stray;
    bench.shown_max = 15;
    for (const test::Alteration& alteration : test::alterations) {
        CAPTURE(alteration.name);
        bench.stray = alteration.make(token);
        bench.clock.boot_us += 60 * us_per_s;
        call_self_service(bench);
        call_as_operator(bench);
    }
    bench.check_database();
}

TEST_CASE("a key or a name that may be a secret is not kept as it is") {
    EchoBench bench;
    const std::string token = bench.tokens["owner@acme"];
    const auto mint = [&](const std::string& key) {
        return bench.self(token, "POST", "/tokens", {{"name", "a"}}, {{"Idempotency-Key", key}})
            .status;
    };
    CHECK(mint(bench.secret) == 201);  // it may as well be a key that a program drew
    CHECK(mint(bench.secret) == 201);  // the first answer once more
    CHECK(bench.text("SELECT length(key) FROM idempotency_keys") == "64");
    CHECK(mint(test::separated(bench.stray, "-")) == 422);
    CHECK(bench.self(token, "POST", "/tokens", {{"name", bench.secret}}).status == 422);
    CHECK(
        bench.operate("POST", "/workspaces", {{"name", bench.secret}, {"plan", "studio"}}).status ==
        422);
    CHECK(bench
              .operate("POST", "/workspaces/acme/members",
                       {{"kind", "service"}, {"name", bench.secret}, {"role", "member"}})
              .status == 422);
    CHECK(bench
              .operate("POST", "/workspaces/acme/members",
                       {{"email", bench.secret + "@x.example"}, {"role", "member"}})
              .status == 422);
    bench.check_database();
}

TEST_CASE("every letter and document spells out what an old name hides") {
    const std::string override = "\xe2\x80\xae";
    Json document = {{"decision", "dec_1"},
                     {"at", "2026-01-01T00:00:00Z"},
                     {"reason", "plan_lapsed"},
                     {"status", 402},
                     {"asked", {{"method", "GET"}, {"path", "/"}}},
                     {"questions", Json::array()},
                     {"error", {{"message", "Workspace 'Ac" + override + "me' is"}, {"fix", "x"}}},
                     {"who", {{"text", "In your workspace."}, {"roles", {"owner"}}}}};
    const std::vector<std::string> helpers = {"Ann " + override + "x <ann@acme.example> (owner)"};
    const Json shown = http::shown_document(document.dump(), helpers);
    const std::string letter = http::letter_of(shown);
    CAPTURE(letter);
    CHECK_FALSE(has_hidden(letter));
    CHECK(letter.find("Workspace 'Ac\\xe2\\x80\\xaeme' is") != letter.npos);
    const std::string text = http::text_of(shown);
    CHECK_FALSE(has_hidden(text));
    CHECK(Json::parse(text) == shown);
}

TEST_CASE("a name that hides something is refused wherever one is given") {
    EchoBench bench;
    const std::string hidden = "Ac\xe2\x80\x8bme";
    const std::string token = bench.tokens["owner@acme"];
    const std::int64_t events = bench.events();
    for (const auto& reply :
         {bench.self(token, "POST", "/tokens", {{"name", hidden}}),
          bench.operate("POST", "/workspaces", {{"name", hidden}, {"plan", "studio"}}),
          bench.operate("PATCH", "/workspaces/acme", {{"name", hidden}}),
          bench.operate("POST", "/workspaces/acme/members",
                        {{"kind", "service"}, {"name", hidden}, {"role", "member"}}),
          bench.operate("POST", "/workspaces/acme/members",
                        {{"email", "a\xe2\x80\x8b@x.example"}, {"role", "member"}})}) {
        CAPTURE(reply.answer.body);
        CHECK(reply.status == 422);
        CHECK_FALSE(has_hidden(reply.answer.body));
    }
    CHECK(bench.events() == events);
}
