#include "cli/replay/engine.h"

#include <algorithm>
#include <utility>

#include "base/address.h"
#include "cli/doctor/stage.h"
#include "gate/gate.h"
#include "http/why/decided_by.h"
#include "limiter/limiter.h"
#include "policy/policy.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t same_boot_us = 5 * us_per_s;  // clocks drift and are adjusted slightly
constexpr std::int64_t sweep_interval_us = 60 * us_per_s;

/// Knows only the token of the record, or none.
class OneToken final : public Directory {
public:
    explicit OneToken(std::shared_ptr<const PlanBook> plans) : plans_(std::move(plans)) {}
    void know(std::shared_ptr<const Facts> facts) { facts_ = std::move(facts); }

    [[nodiscard]] Found find(std::string_view prefix, Now) override {
        const bool known = facts_ != nullptr && facts_->token.prefix == prefix;
        return {known ? Outcome::found : Outcome::absent, known ? facts_ : nullptr, plans_, false};
    }
    void simulate_lookup(std::string_view) noexcept override {}

private:
    const std::shared_ptr<const PlanBook> plans_;
    std::shared_ptr<const Facts> facts_;
};

std::optional<Reason> reason_from(std::string_view text) noexcept {
    for (std::size_t i = 0; i < reason_count; ++i)
        if (to_text(static_cast<Reason>(i)) == text)
            return static_cast<Reason>(i);
    return std::nullopt;
}

/// Returns a token that nobody has: the right form and check digits, and a secret of zeros.
std::string stand_in(const std::string& brand, token::Env env, const std::string& prefix) {
    std::string text = brand + "_" + std::string(token::to_text(env)) + "_" + prefix + "_" +
                       std::string(token::random_digits, '0');
    const auto check = token::check_of(text);
    return text.append(check.begin(), check.end());
}

}  // namespace

struct ReplayEngine::State {
    State(const config::Config& config_, policy::Policy policy_, PlanBook plans_)
        : config(config_),
          policy(std::move(policy_)),
          plans(std::make_shared<const PlanBook>(std::move(plans_))),
          directory(plans),
          failures(config.failures),
          public_calls(config.public_calls),
          preflights(config.public_calls),
          gate({Mode::enforce, config.brand, config.env, LapseRule{config.grace_days * ms_per_day},
                config.lapse_to},
               policy, directory, limiter, own, failures, public_calls, preflights) {}

    const config::Config config;
    const policy::Policy policy;
    const std::shared_ptr<const PlanBook> plans;
    OneToken directory;
    Limiter limiter;
    Limiter own;
    AddressLimiter failures;
    AddressLimiter public_calls;
    AddressLimiter preflights;
    Gate gate;
    // Row numbers of this run, by public id.
    std::map<std::string, std::int64_t> members, workspaces;
    std::optional<std::int64_t> boot_began_us;  // start of the boot of the last record
    std::int64_t latest_us = 0;
    std::int64_t swept_us = 0;

    /// Maps all boots to one time line: exact within a boot, by the wall clock between boots. It
    /// never goes back.
    Now now_of(const manage::DecisionRecord& record) {
        const std::int64_t began_us = record.at_ms * 1'000 - record.boot_us;
        if (!boot_began_us || began_us - *boot_began_us > same_boot_us ||
            *boot_began_us - began_us > same_boot_us)
            boot_began_us = began_us;
        latest_us = std::max(latest_us, *boot_began_us + record.boot_us);
        return {latest_us, record.at_ms};
    }

    void sweep(Now now) {
        if (now.boot_us - swept_us < sweep_interval_us)
            return;
        swept_us = now.boot_us;
        limiter.sweep(now);
        own.sweep(now);
        failures.sweep(now);
        public_calls.sweep(now);
        preflights.sweep(now);
    }

    static std::int64_t number_of(const std::string& id,
                                  std::map<std::string, std::int64_t>& numbers) {
        const auto next = static_cast<std::int64_t>(numbers.size()) + 1;
        return numbers.try_emplace(id, next).first->second;
    }

    std::shared_ptr<const Facts> facts_of(const manage::DecisionRecord& record,
                                          const http::DecidedBy& by, const std::string& token) {
        auto facts = std::make_shared<Facts>();
        facts->token.id = record.token_id;
        facts->token.line = record.line;
        facts->token.kind = by.is_operator ? TokenFacts::Kind::operator_ : TokenFacts::Kind::member;
        facts->token.prefix = record.prefix;
        facts->token.env = by.env;
        facts->token.digest = token::digest_of(token);
        facts->token.scopes = by.scopes;
        facts->token.expires_ms = by.expires_ms;
        facts->token.works_until_ms = by.works_until_ms;
        facts->token.revoked_ms = by.revoked_ms;
        if (by.is_operator)
            return facts;
        auto member = std::make_shared<Member>();
        member->id = number_of(record.member_id, members);
        member->public_id = record.member_id;
        member->role = by.role;
        member->removed_ms = by.removed_ms;
        facts->member = std::move(member);
        auto workspace = std::make_shared<Workspace>();
        workspace->id = number_of(record.workspace_id, workspaces);
        workspace->public_id = record.workspace_id;
        workspace->name = by.workspace_name;
        const Plan* plan = plans->find(by.plan);
        workspace->plan_id = plan != nullptr ? plan->id : -1;  // a deleted plan has no access
        workspace->paid_until_ms = by.paid_until_ms;
        facts->workspace = std::move(workspace);
        return facts;
    }
};

namespace {

/// What the caller presented, as far as it is on record. For the gate it equals what was sent.
struct Sent {
    Presented presented = Presented::nothing;
    std::string credentials;
};

Sent sent_by(const manage::DecisionRecord& record, const http::DecidedBy& by, Reason reason,
             const std::string& brand) {
    const bool known = record.token_id != 0;
    const bool shaped = reason == Reason::unknown_token || reason == Reason::wrong_environment;
    if (known || (shaped && token::is_prefix(record.prefix)))
        return {Presented::bearer, stand_in(brand, by.env, record.prefix)};
    if (by.other_bearer)
        return {Presented::bearer, "another-services-bearer"};
    if (reason == Reason::wrong_scheme)
        return {Presented::other_scheme, ""};
    if (reason == Reason::malformed_token)
        return {Presented::bearer, "?"};
    if (reason != Reason::damaged_token)
        return {};
    std::string damaged = stand_in(brand, by.env, "000000000000");
    damaged.back() = damaged.back() == '0' ? '1' : '0';
    return {Presented::bearer, std::move(damaged)};
}

/// Returns true if the record cannot be replayed: a repeat, an undecided call, or one refused for a
/// header or its method. The same holds if the path on record is cut, or if the policy needs the
/// host and it is not on record.
bool is_left(const manage::DecisionRecord& record, const http::DecidedBy& by, Reason reason,
             bool by_host) {
    return record.again || by.cut || by.problem || reason == Reason::store_failed ||
           (by_host && !by.host);
}

/// Returns true if the call was refused before authentication: the caller is not on record.
bool was_unreadable(Reason reason) noexcept {
    return reason == Reason::path_ambiguous || reason == Reason::bad_request ||
           reason == Reason::target_too_long || reason == Reason::host_unlisted;
}

constexpr std::string_view another_api = "?";  // not the name of any [[api]]

/// Returns true if the host belonged to one API and the proxy's text led to another. The name of
/// the latter is not on record.
bool was_led_elsewhere(const http::DecidedBy& by, Reason was) noexcept {
    return was == Reason::host_unlisted && !by.api.empty();
}

Replayed::Kind kind_of(Reason was, Reason now) noexcept {
    if (was == now)
        return Replayed::Kind::same;
    if (was == Reason::granted)
        return Replayed::Kind::newly_refused;
    return now == Reason::granted ? Replayed::Kind::newly_granted
                                  : Replayed::Kind::refused_otherwise;
}

}  // namespace

ReplayEngine::ReplayEngine(std::unique_ptr<State> state) : state_(std::move(state)) {}
ReplayEngine::~ReplayEngine() = default;

Result<std::unique_ptr<ReplayEngine>> ReplayEngine::make(const config::Config& config,
                                                         PlanBook plans) {
    auto policy = policy::Policy::make(config.rules);
    if (!policy)
        return policy.failure();
    return std::unique_ptr<ReplayEngine>(new ReplayEngine(
        std::make_unique<State>(config, std::move(policy).value(), std::move(plans))));
}

Result<Replayed> ReplayEngine::run(const manage::DecisionRecord& record) {
    const auto read = http::decided_by(record.facts);
    if (!read)
        return read.failure();
    const http::DecidedBy& by = read.value();
    const auto was = reason_from(record.reason);
    Replayed replayed{Replayed::Kind::left, record.reason, "", by.workspace_name};
    if (by.plan == probe_plan) {
        replayed.kind = Replayed::Kind::probe;
        return replayed;
    }
    if (!was || is_left(record, by, *was, state_->policy.looks_at_hosts()))
        return replayed;

    State& state = *state_;
    const Reason first = reason_from(by.because).value_or(*was);  // behind too_many_failures
    const Sent sent = sent_by(record, by, first, state.config.brand);
    state.directory.know(record.token_id != 0 ? state.facts_of(record, by, sent.credentials)
                                              : nullptr);
    Call call;
    call.call_kind = by.is_admin_call ? CallKind::admin : CallKind::api;
    call.answered_here = true;
    call.presented = sent.presented;
    call.credentials = sent.credentials;
    call.method = record.method;
    call.target = record.path;
    call.host = by.host ? std::string_view(*by.host) : std::string_view();
    if (was_led_elsewhere(by, *was)) {
        // Under this configuration, the host may belong to the very API that the text led to.
        const policy::Match match = state.policy.find(call.target, call.host);
        if (match.host_listed && match.api != by.api)
            return replayed;
        call.api = another_api;
    }
    call.preflight = by.preflight;
    call.address = Address::parse(record.address);
    call.now = state.now_of(record);
    state.sweep(call.now);
    const Decision decision = state.gate.decide(call);
    if (was_unreadable(*was) && question_of(decision.reason) == 1)
        return replayed;
    replayed.kind = kind_of(*was, decision.reason);
    replayed.now = to_text(decision.reason);
    return replayed;
}

}  // namespace hourgate::cli
