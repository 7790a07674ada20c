// Idempotency-Key: the same call again gets the same answer and makes nothing, another call is
// refused; bounded in number, size and time, and without any secret.
#include "http/manage/idempotency_cache.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/manage_bench.h"

using namespace hourgate;
using hourgate::http::IdempotencyCache;
using hourgate::test::ManageBench;
using hourgate::test::shows;
using Json = ManageBench::Json;
using Kind = IdempotencyCache::Found::Kind;

namespace {

std::string replayed(const ManageBench::Reply& reply) {
    for (const http::Header& header : reply.answer.headers)
        if (header.name == "Idempotent-Replayed")
            return header.value;
    return "";
}

ManageBench::Reply operate(ManageBench& bench, const std::string& path, const Json& body,
                           const std::string& key) {
    return bench.call(bench.tokens.at("operator"), "POST", "/admin/v1" + path, body,
                      {{"Idempotency-Key", key}});
}

}  // namespace

TEST_CASE("every call that creates something is made once under its key, and answered the same") {
    ManageBench bench;
    const std::string ann = bench.members["member@acme"];
    const std::string prefix = bench.prefix_of(bench.token_for(ann));
    const std::vector<std::pair<std::string, Json>> calls = {
        {"/workspaces", {{"name", "Dune"}, {"plan", "studio"}}},
        {"/workspaces/acme/members", {{"email", "new@acme.example"}}},
        {"/members/" + ann + "/tokens", {{"name", "ci"}}},
        {"/tokens/" + prefix + "/rotate", {{"grace", "1h"}}}};
    for (const auto& [path, body] : calls) {
        INFO(path);
        const auto first = operate(bench, path, body, "key-of-" + std::to_string(path.size()));
        REQUIRE(first.status == 201);
        CHECK(replayed(first).empty());
        const std::int64_t events = bench.events();
        const auto again = operate(bench, path, body, "key-of-" + std::to_string(path.size()));
        CHECK(again.status == 201);
        CHECK(replayed(again) == "true");
        Json expected = first.body;
        if (expected["data"].contains("token")) {
            CHECK_FALSE(shows(again.answer, expected["data"]["token"].get<std::string>()));
            expected["data"]["token"] = nullptr;
        }
        CHECK(again.body == expected);
        CHECK(bench.events() == events);
        // Another body, or another path, under the key.
        Json other = body;
        other["name"] = "another";
        const auto refused = operate(bench, path, other, "key-of-" + std::to_string(path.size()));
        CHECK(refused.status == 409);
        CHECK(refused.reason() == "idempotency_key_used");
        CHECK(bench.events() == events);
    }
}

TEST_CASE("a call that made nothing leaves its key free, and a key is its caller's alone") {
    ManageBench bench;
    CHECK(operate(bench, "/workspaces", {{"name", ""}}, "k").status == 422);
    CHECK(operate(bench, "/workspaces", {{"name", "acme"}}, "k").status == 409);
    const auto made = operate(bench, "/workspaces", {{"name", "Dune"}}, "k");
    CHECK(made.status == 201);
    CHECK(replayed(made).empty());
    const auto other = test::take(manage::mint_operator(bench.context(), "second"));
    const auto theirs =
        bench.call(std::string(other.token.reveal()), "POST", "/admin/v1/workspaces",
                   {{"name", "Arrakis"}}, {{"Idempotency-Key", "k"}});
    CHECK(theirs.status == 201);
    CHECK(replayed(theirs).empty());
    for (const std::string& bad : {std::string(), std::string(256, 'k'), std::string("a b"),
                                   std::string("\"open"), bench.tokens["owner@acme"]})
        CHECK(operate(bench, "/workspaces", {{"name", "Caladan"}}, bad).status == 422);
    CHECK(bench.operate("GET", "/workspaces/Caladan").status == 404);
}

TEST_CASE("a key is forgotten after a day") {
    ManageBench bench;
    CHECK(operate(bench, "/workspaces", {{"name", "Dune"}}, "k").status == 201);
    bench.clock.wall_ms += IdempotencyCache::keep_ms - 1;
    CHECK(operate(bench, "/workspaces", {{"name", "Dune"}}, "k").status == 201);
    bench.clock.wall_ms += 1;
    CHECK(operate(bench, "/workspaces", {{"name", "Dune"}}, "k").status == 409);  // name_taken
}

TEST_CASE("what is remembered is bounded for one caller, for all, and in size") {
    IdempotencyCache repeats;
    const auto made = [&](const std::string& who, const std::string& key) {
        const auto found = repeats.begin(who, key, "call", 0);
        if (found.kind == Kind::fresh)
            repeats.finish(who, key, 201, "made");
        return found.kind;
    };
    for (std::size_t i = 0; i <= IdempotencyCache::calls_of_one_max; ++i)
        CHECK(made("ann", std::to_string(i)) == Kind::fresh);
    CHECK(repeats.size() == IdempotencyCache::calls_of_one_max);
    CHECK(made("ann", std::to_string(IdempotencyCache::calls_of_one_max)) == Kind::answered);
    CHECK(made("ann", "0") == Kind::fresh);  // the oldest made way
    for (std::size_t i = 0; i < 2 * IdempotencyCache::calls_max; ++i)
        static_cast<void>(made("member " + std::to_string(i), "k"));
    CHECK(repeats.size() == IdempotencyCache::calls_max);
    CHECK(repeats.begin("eve", "k", "call", 0).kind == Kind::fresh);
    repeats.finish("eve", "k", 201, std::string(IdempotencyCache::body_bytes_max + 1, 'x'));
    CHECK(repeats.begin("eve", "k", "call", 0).kind == Kind::lost);
    CHECK(repeats.begin("eve", "k", "another", 0).kind == Kind::other);
}

TEST_CASE("of many calls at once under one key one goes on, and the others hear that it runs") {
    IdempotencyCache repeats;
    std::vector<Kind> kinds(16);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < kinds.size(); ++i)
        threads.emplace_back([&, i] { kinds[i] = repeats.begin("ann", "k", "call", 0).kind; });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(std::count(kinds.begin(), kinds.end(), Kind::fresh) == 1);
    CHECK(std::count(kinds.begin(), kinds.end(), Kind::running) == 15);
    repeats.drop("ann", "k");
    CHECK(repeats.begin("ann", "k", "call", 0).kind == Kind::fresh);
}
