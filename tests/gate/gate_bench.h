// A gate with everything it needs, in memory: a directory that does what the test says, a policy,
// real limiters. Time is a number the test sets.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gate/gate.h"
#include "limiter/limiter.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "token/digest.h"
#include "token/mint.h"

namespace hourgate::test {

/// Facts as a test changes them.
struct ScriptedFacts {
    TokenFacts token;
    Member member;
    Workspace workspace;

    [[nodiscard]] Facts shared() const {
        return {token, std::make_shared<Member>(member), std::make_shared<Workspace>(workspace)};
    }
};

/// Facts by prefix, as the test puts them. Counts look-ups; fails when told to.
class ScriptedDirectory final : public Directory {
public:
    Found find(std::string_view prefix, Now) override {
        const std::lock_guard lock(mutex);
        return find_locked(prefix);
    }
    Found find_in_memory(std::string_view prefix, Now) noexcept override {
        const std::lock_guard lock(mutex);
        const auto entry = facts.find(std::string(prefix));
        if (fails || entry == facts.end() || entry->second.use_count() == 1)
            return {Outcome::absent, nullptr, nullptr, true};
        return find_locked(prefix);
    }
    void simulate_lookup(std::string_view) noexcept override { ++look_ups; }

    std::map<std::string, std::shared_ptr<const Facts>> facts;
    std::vector<std::shared_ptr<const Facts>> kept;
    std::shared_ptr<const PlanBook> plans;
    std::atomic<int> look_ups = 0;
    std::atomic<bool> fails = false;
    std::mutex mutex;  // for who changes `facts` while a server runs

private:
    Found find_locked(std::string_view prefix) {
        if (fails)
            return {};
        const auto entry = facts.find(std::string(prefix));
        if (entry == facts.end()) {
            ++look_ups;
            return {Outcome::absent, nullptr, plans, false};
        }
        const bool remembered = entry->second.use_count() > 1;
        if (!remembered) {
            ++look_ups;
            kept.push_back(entry->second);
        }
        return {Outcome::found, entry->second, plans, remembered};
    }
};

inline policy::Pattern pattern(std::string_view text) {
    return policy::parse_pattern(text).value();
}
inline policy::Access access(std::string_view text) {
    return policy::parse_access(text).value();
}

inline policy::Resource resource_at(std::string name, std::string_view path) {
    policy::Resource made;
    made.name = std::move(name);
    made.patterns = {pattern(path)};
    return made;
}

/// clients: full but none for role member · notes/{member}: read own for role member · health:
/// public.
inline policy::PolicyConfig small_rules() {
    policy::Resource clients = resource_at("clients", "/clients/**");
    policy::Resource notes = resource_at("notes", "/notes/{member}");
    policy::Resource health = resource_at("health", "/health");
    health.is_public = true;
    for (const Role role : {Role::owner, Role::admin, Role::manager})
        clients.access[index(role)] = notes.access[index(role)] = access("full");
    notes.access[index(Role::member)] = access("read own");
    policy::PolicyConfig rules;
    rules.resources = {clients, notes, health};
    return rules;
}

inline Plan make_plan(std::int64_t id, std::string name, bool api, std::int64_t rank,
                      std::vector<Window> windows) {
    return {id, std::move(name), api, rank, std::move(windows)};
}

class Bench {
public:
    static constexpr std::int64_t start_ms = 1'780'000'000'000;
    static constexpr std::int64_t day = ms_per_day;

    explicit Bench(Mode mode = Mode::enforce, policy::PolicyConfig rules = small_rules())
        : policy(policy::Policy::make(std::move(rules)).value()),
          gate({mode, "hsk", token::Env::live, LapseRule{3 * day}, "free"}, policy, directory,
               limiter, own, failures, public_calls, preflights) {
        directory.plans = std::make_shared<PlanBook>(std::vector<Plan>{
            make_plan(1, "free", false, 0, {}),
            make_plan(2, "studio", true, 10,
                      {{"burst", 3, 10, Per::token}, {"sustained", 5, 60, Per::token}})});
        now = {1'000'000'000, start_ms};
        minted = token::mint("hsk", token::Env::live);
        facts.token.id = facts.token.line = 7;
        facts.token.prefix = minted.prefix;
        facts.token.digest = minted.digest;
        facts.member.id = 11;
        facts.member.public_id = "mem_a";
        facts.member.role = Role::manager;
        facts.workspace.id = 21;
        facts.workspace.public_id = "ws_a";
        facts.workspace.name = "Acme";
        facts.workspace.plan_id = 2;
        put();
    }

    /// What `facts` says is what the directory says from now on.
    void put() {
        const std::lock_guard lock(directory.mutex);
        directory.kept.clear();
        directory.facts[facts.token.prefix] = std::make_shared<Facts>(facts.shared());
    }

    [[nodiscard]] Call call(std::string_view target = "/clients/1",
                            std::string_view method = "GET") const {
        Call made;
        made.presented = Presented::bearer;
        made.credentials = minted.text.reveal();
        made.method = method;
        made.target = target;
        made.address = Address::parse("192.0.2.1");
        made.now = now;
        return made;
    }

    /// Calls granted now in the plan's first window without spending any.
    [[nodiscard]] std::uint32_t left() {
        const Plan* plan = directory.plans->find(facts.workspace.plan_id);
        return limiter
            .ask({facts.token.line, facts.member.id, facts.workspace.id}, plan->windows, now,
                 Spend::no)
            .states[0]
            .remaining;
    }

    /// The same, of a call that a route of the gate's own answers.
    [[nodiscard]] Call own_call(std::string_view target, std::string_view method = "GET") const {
        Call made = call(target, method);
        made.answered_here = true;
        return made;
    }

    /// Calls to the gate's own routes of this kind that are granted now to the token.
    [[nodiscard]] std::uint32_t own_left(policy::GateWindow which) {
        return own
            .ask(gate_logs_of(facts.shared(), which, false), gate_windows(which), now, Spend::no)
            .states[0]
            .remaining;
    }

    /// The token is an operator's from now on.
    void make_operator() {
        facts.token.kind = TokenFacts::Kind::operator_;
        facts.member = {};
        facts.workspace = {};
        put();
    }

    void advance_s(std::int64_t seconds) {
        now.boot_us += seconds * us_per_s;
        now.wall_ms += seconds * ms_per_s;
    }

    policy::Policy policy;
    ScriptedDirectory directory;
    Limiter limiter;
    Limiter own;
    AddressLimiter failures{{"failures", 10, 60, Per::token}};
    AddressLimiter public_calls{{"public", 4, 60, Per::token}};
    AddressLimiter preflights{{"public", 4, 60, Per::token}};
    Gate gate;
    Now now;
    token::Minted minted;
    ScriptedFacts facts;
};

}  // namespace hourgate::test
