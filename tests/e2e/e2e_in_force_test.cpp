// When a command returns, its change is in force for every request received after: on a kept-alive
// connection, with a request sent the moment the command has ended.
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/load.h"
#include "e2e/installation.h"
#include "manage/tokens.h"
#include "store/sqlite_ledger.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

constexpr int revocations = 1'000;
constexpr int role_and_plan_changes = 200;
constexpr std::int64_t soon_us = 200;

/// All refusals come from one address: they must not be answered 429 in place of what they are.
const std::string many_failures = "[failures]\nlimit = 1000000\n";

/// Runs commands and asks about a call as soon as each has ended.
class Witness {
public:
    Witness(const Installation& here, std::uint16_t ask_port) : here_(here), wire_(ask_port) {}

    /// Status of the call now.
    [[nodiscard]] int ask(const std::string& token) {
        return wire_.ask(question(token, "/api/v1/clients")).status;
    }

    /// Status of the call right after the command.
    [[nodiscard]] int ask_after(const Arguments& command, const std::string& token) {
        const std::string bytes = question(token, "/api/v1/clients");
        const pid_t pid = start_silently(here_.words(command));
        // Asked again and again: being woken takes longer than the time that is measured here. The
        // command ended after `alive_us`.
        std::optional<int> exit_code;
        std::int64_t alive_us = 0;
        while (!exit_code) {
            alive_us = clock_.now().boot_us;
            exit_code = exit_code_if_ended(pid);
        }
        if (clock_.now().boot_us - alive_us > soon_us)
            ++late_;
        wire_.send(bytes);
        REQUIRE(*exit_code == 0);
        return wire_.receive().status;
    }

    [[nodiscard]] std::string lateness() const {
        return std::to_string(late_) +
               " requests may have been sent later than 0.2 ms after its end\n";
    }

private:
    const hourgate::SystemClock clock_;
    const Installation& here_;
    Wire wire_;
    int late_ = 0;
};

/// Many tokens of one member, without a process for each.
std::vector<std::string> mint_many(const Installation& here, const std::string& member, int count) {
    namespace manage = hourgate::manage;
    auto ledger = hourgate::store::SqliteLedger::open(here.database());
    REQUIRE(ledger.ok());
    manage::TokenSettings rules;
    rules.live_max = count;
    const manage::Context context{*ledger.value(),
                                  {"test", "local"},
                                  hourgate::SystemClock().now(),
                                  rules,
                                  [](std::string_view) { return true; }};
    std::vector<std::string> tokens;
    for (int at = 0; at < count; ++at) {
        const auto minted = manage::mint_token(context, {member, "test", {}, {}, {}});
        REQUIRE(minted.ok());
        tokens.emplace_back(minted.value().token.reveal());
    }
    return tokens;
}

}  // namespace

TEST_CASE("no revocation is missed by a request that follows it") {
    const Installation here(many_failures);
    here.populate();
    here.must(
        {"plan", "set", "roomy", "--api", "yes", "--rank", "30", "--window", "all=10000000/60"});
    here.must({"workspace", "plan", "Acme", "roomy"});
    const std::vector<std::string> tokens = mint_many(here, "manager@acme.example", revocations);
    Server server(here);
    Witness witness(here, server.ports().ask);
    int missed = 0;
    for (const std::string& token : tokens) {
        REQUIRE(witness.ask(token) == 200);  // known to the server, and fresh
        if (witness.ask_after({"token", "revoke", prefix_of(token)}, token) != 401)
            ++missed;
    }
    CHECK(missed == 0);
    std::cout << "in force: " << revocations << " revocations, " << missed << " missed; "
              << witness.lateness();
    CHECK(server.stop() == 0);
}

TEST_CASE("no change of role or plan is missed by a request that follows it") {
    const Installation here(many_failures);
    here.populate();
    here.must(
        {"plan", "set", "roomy", "--api", "yes", "--rank", "30", "--window", "all=100000/60"});
    here.must({"workspace", "plan", "Acme", "roomy"});
    const std::string token = here.mint("manager@acme.example");
    Server server(here);
    Witness witness(here, server.ports().ask);
    REQUIRE(witness.ask(token) == 200);
    struct Step {
        Arguments command;
        int status;
    };
    const std::vector<Step> steps = {
        {{"member", "role", "manager@acme.example", "member"}, 403},
        {{"workspace", "plan", "Acme", "free"}, 402},
        {{"member", "role", "manager@acme.example", "manager"}, 402},
        {{"workspace", "plan", "Acme", "roomy"}, 200},
        {{"plan", "set", "roomy", "--api", "no"}, 402},
        {{"plan", "set", "roomy", "--api", "yes"}, 200},
        {{"member", "remove", "manager@acme.example"}, 401},
        {{"member", "restore", "manager@acme.example"}, 200},
    };
    int missed = 0, made = 0;
    while (made < role_and_plan_changes) {
        for (const Step& step : steps) {
            if (witness.ask_after(step.command, token) != step.status)
                ++missed;
            ++made;
        }
    }
    CHECK(missed == 0);
    std::cout << "in force: " << made << " changes of role, plan and membership, " << missed
              << " missed; " << witness.lateness();
    CHECK(server.stop() == 0);
}
