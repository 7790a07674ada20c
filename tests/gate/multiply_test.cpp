// No member multiplies a limit: whatever they mint, rotate and revoke, in no interval are more calls
// granted than the windows per token line, per member and per workspace say.
#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gate/gate_bench.h"
#include "limiter/schedule.h"
#include "support/catch.h"

using namespace hourgate;
using hourgate::test::Bench;
using hourgate::test::make_plan;
using hourgate::testing::Dice;
using hourgate::testing::most_in;
using hourgate::testing::seed_text;
using hourgate::testing::seeds;

namespace {

struct Token {
    token::Minted minted;
    test::ScriptedFacts facts;
};

/// Members with several tokens each, in two workspaces of one plan.
class World {
public:
    World(Dice& dice, std::vector<Window> windows) : dice_(dice), windows_(std::move(windows)) {
        bench_.directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
            make_plan(1, "free", false, 0, {}), make_plan(2, "studio", true, 10, windows_)});
        for (std::int64_t member = 1; member <= 3; ++member)
            for (int tokens = 0; tokens < 2; ++tokens)
                mint(member);
    }

    void step() {
        bench_.now.boot_us +=
            dice_.one_in(500) ? dice_.from(0, 20 * us_per_s) : dice_.from(0, 30'000);
        if (dice_.one_in(40))
            mint(dice_.from(1, 3));
        if (dice_.one_in(40))
            rotate(any());
        if (dice_.one_in(40))
            revoke(any());
        if (dice_.one_in(200))
            leave_and_return(dice_.from(1, 3));
        if (dice_.one_in(100))
            bench_.limiter.sweep(bench_.now);
        call(any());
    }

    /// The largest number of granted calls of one line, member or workspace in such a window.
    std::size_t most(const Window& window) {
        std::size_t most = 0;
        for (const auto& [whose, calls] : granted_)
            if (whose.first == window.per)
                most = std::max(most, most_in(calls, window.seconds * us_per_s));
        return most;
    }
    [[nodiscard]] const std::vector<Window>& windows() const noexcept { return windows_; }
    [[nodiscard]] int refused() const noexcept { return refused_; }
    [[nodiscard]] std::size_t tokens_minted() const noexcept {
        return static_cast<std::size_t>(last_id_);
    }

private:
    Token& any() {
        return tokens_[static_cast<std::size_t>(dice_.from(0, std::ssize(tokens_) - 1))];
    }
    void put(const Token& token) {
        bench_.directory.facts[token.facts.token.prefix] =
            std::make_shared<Facts>(token.facts.shared());
    }
    void add(Token token) {
        token.minted = token::mint("hsk", token::Env::live);
        token.facts.token.id = ++last_id_;
        token.facts.token.prefix = token.minted.prefix;
        token.facts.token.digest = token.minted.digest;
        if (token.facts.token.line == 0)
            token.facts.token.line = last_id_;
        put(token);
        tokens_.push_back(std::move(token));
    }
    void mint(std::int64_t member) {
        Token token;
        token.facts = bench_.facts;
        token.facts.token = TokenFacts{};
        token.facts.member.id = member;
        token.facts.workspace.id = member == 3 ? 2 : 1;
        add(std::move(token));
    }
    /// The old one keeps working for a while, or not.
    void rotate(Token& old) {
        Token next;
        next.facts = old.facts;
        next.facts.token.rotated_ms = next.facts.token.works_until_ms = std::nullopt;
        old.facts.token.rotated_ms = bench_.now.wall_ms;
        old.facts.token.works_until_ms = bench_.now.wall_ms + (dice_.one_in(2) ? Bench::day : 0);
        put(old);
        add(std::move(next));
    }
    void revoke(Token& token) {
        token.facts.token.revoked_ms = bench_.now.wall_ms;
        put(token);
    }
    /// A member who is removed and restored, of another role by then.
    void leave_and_return(std::int64_t member) {
        for (const bool removed : {true, false})
            for (Token& token : tokens_)
                if (token.facts.member.id == member) {
                    token.facts.member.removed_ms =
                        removed ? std::optional(bench_.now.wall_ms) : std::nullopt;
                    token.facts.member.role = Role::owner;
                    put(token);
                    if (removed)
                        call(token);
                }
    }
    void call(const Token& token) {
        Call call = bench_.call();
        call.credentials = token.minted.text.reveal();
        call.address.reset();
        const Decision decision = bench_.gate.decide(call);
        refused_ += decision.reason == Reason::window_full ? 1 : 0;
        if (!decision.granted())
            return;
        const std::int64_t at_us = decision.room.at_us;
        granted_[{Per::token, token.facts.token.line}].push_back(at_us);
        granted_[{Per::member, token.facts.member.id}].push_back(at_us);
        granted_[{Per::workspace, token.facts.workspace.id}].push_back(at_us);
    }

    Dice& dice_;
    const std::vector<Window> windows_;
    Bench bench_;
    std::vector<Token> tokens_;
    std::map<std::pair<Per, std::int64_t>, std::vector<std::int64_t>> granted_;
    std::int64_t last_id_ = 0;
    int refused_ = 0;
};

}  // namespace

TEST_CASE("whatever is minted, rotated and revoked, no interval has more calls than any window") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        const std::vector<std::vector<Window>> plans = {
            {{"burst", 6, 1, Per::token}, {"sustained", 40, 10, Per::member}},
            {{"burst", 6, 1, Per::token},
             {"sustained", 40, 10, Per::member},
             {"team", 70, 12, Per::workspace}},
            {{"member", 2'100, 60, Per::member}, {"team", 2'500, 60, Per::workspace}},
        };
        for (const std::vector<Window>& windows : plans) {
            World world(dice, windows);
            for (int i = 0; i < 6'000; ++i)
                world.step();
            CHECK(world.tokens_minted() > 100);
            for (const Window& window : windows) {
                CAPTURE(window.name);
                CHECK(world.most(window) <= window.limit);
            }
            if (windows.front().per == Per::token) {
                CHECK(world.refused() > 0);
                CHECK(world.most(windows[1]) == windows[1].limit);  // and it can be reached
            }
        }
    }
}

TEST_CASE("a member who mints, spends and revokes in turn gets what one window per member has") {
    Bench bench;
    const Plan studio = built_in_plans()[1];
    bench.directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
        make_plan(1, "free", false, 0, {}), make_plan(2, "studio", true, 10, studio.windows)});
    std::vector<std::int64_t> granted;
    for (std::int64_t id = 100; bench.now.boot_us < 1'000'000'000 + 200 * us_per_s; ++id) {
        bench.minted = token::mint("hsk", token::Env::live);
        bench.facts.token = TokenFacts{};
        bench.facts.token.id = bench.facts.token.line = id;
        bench.facts.token.prefix = bench.minted.prefix;
        bench.facts.token.digest = bench.minted.digest;
        bench.put();
        for (;;) {
            const Decision decision = bench.gate.decide(bench.call());
            bench.now.boot_us += 1'000;
            if (!decision.granted())
                break;
            granted.push_back(decision.room.at_us);
        }
        bench.facts.token.revoked_ms = bench.now.wall_ms;
        bench.put();
        bench.now.boot_us += 250'000;
    }
    CHECK(most_in(granted, 60 * us_per_s) == 600);
    CHECK(granted.size() <= 4 * 600);
}
