// Management over HTTP on the real server: many members change things at once, while others are
// decided. HOURGATE_SECONDS makes the crowd stay longer than a moment.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "e2e/installation.h"
#include "support/catch.h"
#include "support/waiting.h"

using namespace hourgate::e2e;
using hourgate::test::comes_true;

namespace {

constexpr int people = 8;

Answered call(Wire& wire, const std::string& method, const std::string& target,
              const std::string& token, const std::string& body = "") {
    std::string bytes = method + " " + target +
                        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n";
    if (!body.empty())
        bytes +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\n";
    return wire.ask(bytes + "\r\n" + body);
}

std::chrono::seconds length() {
    const char* seconds = std::getenv("HOURGATE_SECONDS");
    return std::chrono::seconds(seconds != nullptr ? std::atoi(seconds) : 2);
}

/// The 99th of a hundred, in microseconds.
std::int64_t p99(std::vector<std::int64_t> times) {
    REQUIRE(times.size() > 100);
    std::sort(times.begin(), times.end());
    return times[times.size() * 99 / 100];
}

constexpr std::size_t decided_at_least = 20;  // by each

/// Eight connections that ask about the same granted call until `over`: each answer's time.
std::vector<std::int64_t> decide_until(const Server& server, const std::string& token,
                                       std::atomic<bool>& over, std::atomic<int>& wrong) {
    std::vector<std::int64_t> times;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (int i = 0; i < people; ++i)
        threads.emplace_back([&] {
            Wire wire(server.ports().ask);
            const std::string bytes = question(token, "/api/v1/clients");
            std::vector<std::int64_t> own;
            while (!over || own.size() < decided_at_least) {
                const auto begin = std::chrono::steady_clock::now();
                wrong += wire.ask(bytes).status != 200;
                own.push_back(std::chrono::duration_cast<std::chrono::microseconds>(
                                  std::chrono::steady_clock::now() - begin)
                                  .count());
                std::this_thread::sleep_for(std::chrono::milliseconds(2));
            }
            const std::lock_guard lock(mutex);
            times.insert(times.end(), own.begin(), own.end());
        });
    for (std::thread& thread : threads)
        thread.join();
    return times;
}

}  // namespace

TEST_CASE("eight members mint and revoke while eight are decided: one event for each change") {
    const Installation here("[failures]\nlimit = 1000000\n[tokens]\nmints_per_day = 10000\n");
    here.populate();
    here.must(
        {"plan", "set", "roomy", "--api", "yes", "--rank", "30", "--window", "all=10000000/60"});
    here.must({"workspace", "plan", "Acme", "roomy"});
    std::vector<std::string> tokens;
    for (int i = 0; i < people; ++i) {
        const std::string email = "m" + std::to_string(i) + "@acme.example";
        here.must({"member", "add", "Acme", email, "--role", "manager"});
        tokens.push_back(here.mint(email));
    }
    Server server(here);
    const std::size_t before = here.json({"audit", "--limit", "0"}).size();
    std::atomic<int> wrong{0}, changes{0};

    std::atomic<bool> quiet_over{false};
    std::thread quiet_end([&] {
        std::this_thread::sleep_for(length());
        quiet_over = true;
    });
    const std::vector<std::int64_t> quiet = decide_until(server, tokens[0], quiet_over, wrong);
    quiet_end.join();

    std::atomic<bool> over{false}, enough{false};
    std::vector<std::thread> crowd;
    for (int i = 0; i < people; ++i)
        crowd.emplace_back([&, i] {
            Wire wire(server.ports().public_), other(server.ports().ask);
            const std::string api = "/_hourgate/api/v1";
            // Fewer than the window of self-service takes, however quick the machine is.
            for (int mints = 0; !over && mints < 200; ++mints) {
                const Answered made = call(wire, "POST", api + "/tokens",
                                           tokens[static_cast<std::size_t>(i)], R"({"name":"n"})");
                if (made.status != 201) {
                    ++wrong;
                    return;
                }
                ++changes;
                const std::string token = Json::parse(made.body)["data"]["token"];
                wrong += other.ask(question(token, "/api/v1/clients")).status != 200;
                // By itself: each line has a window of its own for this.
                wrong +=
                    call(wire, "DELETE", api + "/tokens/" + prefix_of(token), token).status != 200;
                ++changes;
                wrong += other.ask(question(token, "/api/v1/clients")).status != 401;
            }
        });
    std::thread end([&] {
        std::this_thread::sleep_for(length());
        enough = comes_true([&] { return changes > 20; });  // a busy machine takes longer
        over = true;
    });
    const std::vector<std::int64_t> busy = decide_until(server, tokens[0], over, wrong);
    end.join();
    for (std::thread& thread : crowd)
        thread.join();
    CHECK(wrong == 0);
    CHECK(enough);
    CHECK(server.stop() == 0);
    const std::size_t after = here.json({"audit", "--limit", "0"}).size();
    CHECK(after - before == static_cast<std::size_t>(changes.load()));
    std::cout << "management: " << changes << " changes, " << wrong
              << " surprises; p99 of a decision " << p99(quiet) << " us quiet, " << p99(busy)
              << " us beside them\n";
}

TEST_CASE(
    "mint and revoke over sockets are in force at once on every connection, a thousand times") {
    const Installation here("[failures]\nlimit = 1000000\n[tokens]\nmints_per_day = 10000\n");
    here.populate();
    here.must(
        {"plan", "set", "roomy", "--api", "yes", "--rank", "30", "--window", "all=10000000/60"});
    here.must({"workspace", "plan", "Acme", "roomy"});
    // Self-service has a window for each token, which one token would fill.
    std::vector<std::string> owners;
    for (int i = 0; i < 5; ++i)
        owners.push_back(here.mint("owner@acme.example"));
    const Server server(here);
    Wire changing(server.ports().public_);
    std::vector<std::unique_ptr<Wire>> asking;  // in force on every connection
    for (int i = 0; i < 4; ++i)
        asking.push_back(std::make_unique<Wire>(server.ports().ask));
    const std::string tokens = "/_hourgate/api/v1/tokens";
    int surprises = 0;
    for (int round = 0; round < 1'000; ++round) {
        const std::string& owner = owners[static_cast<std::size_t>(round % 5)];
        const Answered made = call(changing, "POST", tokens, owner, R"({"name":"n"})");
        REQUIRE(made.status == 201);
        const std::string token = Json::parse(made.body)["data"]["token"];
        for (const auto& wire : asking)
            surprises += wire->ask(question(token, "/api/v1/clients")).status != 200;
        surprises += call(changing, "DELETE", tokens + "/" + prefix_of(token), token).status != 200;
        for (const auto& wire : asking)
            surprises += wire->ask(question(token, "/api/v1/clients")).status != 401;
    }
    CHECK(surprises == 0);
}

TEST_CASE("role and plan changes over HTTP are in force for the next request") {
    const Installation here("[failures]\nlimit = 1000000\n");
    here.populate();
    here.must(
        {"plan", "set", "roomy", "--api", "yes", "--rank", "30", "--window", "all=10000000/60"});
    here.must({"workspace", "plan", "Acme", "roomy"});
    const std::string operator_token =
        here.json({"operator", "mint", "--name", "billing"})["token"];
    const std::string token = here.mint("manager@acme.example");
    Server server(here);
    Wire admin(server.ports().admin), ask(server.ports().ask);
    const std::string member =
        Json::parse(call(admin, "GET", "/admin/v1/workspaces/Acme/members", operator_token)
                        .body)["data"][2]["id"];
    int surprises = 0;
    struct Step {
        std::string target, body;
        int status;
    };
    const std::vector<Step> steps = {
        {"/admin/v1/members/" + member, R"({"role":"member"})", 403},
        {"/admin/v1/workspaces/Acme", R"({"plan":"free"})", 402},
        {"/admin/v1/members/" + member, R"({"role":"manager"})", 402},
        {"/admin/v1/workspaces/Acme", R"({"plan":"roomy"})", 200},
    };
    for (int round = 0; round < 250; ++round)  // 1,000 changes
        for (const Step& step : steps) {
            surprises += call(admin, "PATCH", step.target, operator_token, step.body).status != 200;
            surprises += ask.ask(question(token, "/api/v1/clients")).status != step.status;
        }
    CHECK(surprises == 0);
    CHECK(server.stop() == 0);
    // A clean stop loses nothing of the usage.
    const Json shown = here.json({"token", "show", prefix_of(token)});
    CHECK_FALSE(shown["lastUsedAt"].is_null());
    CHECK(shown["lastRefusedReason"] == "plan_without_api");
}
