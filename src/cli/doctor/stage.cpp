#include "cli/doctor/stage.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "manage/accounts.h"
#include "manage/tokens.h"
#include "manage/usage.h"
#include "store/database.h"

namespace hourgate::cli {

namespace {

constexpr std::string_view service_name = "doctor";
/// The last in every list of plans, and never the plan that a caller is advised to move to.
constexpr std::int64_t plan_rank = 1'000'000;
/// A resource that always exists and is not the one asked for.
constexpr std::string_view other_resource = "hourgate";

constexpr ProbeFixture::Part all_parts[] = {
    ProbeFixture::Part::caller,  ProbeFixture::Part::narrow, ProbeFixture::Part::forger,
    ProbeFixture::Part::claimer, ProbeFixture::Part::near,   ProbeFixture::Part::near_claimer,
    ProbeFixture::Part::walker};

Result<manage::WorkspaceView> workspace_in(const manage::Context& context) {
    auto known = manage::show_workspace(context, probe_workspace);
    if (known || known.failure().fault != Fault::not_found)
        return known;
    return manage::add_workspace(context,
                                 {std::string(probe_workspace), std::string(probe_plan), {}});
}

/// Finds or adds the service; a removed one, from an earlier run, is found too.
Result<manage::MemberView> member_in(const manage::Context& context, const std::string& workspace,
                                     Role role) {
    const auto all = manage::list_members(context, workspace);
    if (!all)
        return all.failure();
    for (const manage::MemberView& view : all.value().items)
        if (view.member.kind == MemberKind::service && view.member.name == service_name) {
            if (auto back = manage::restore_member(context, view.member.public_id); !back)
                return back;
            return manage::change_role(context, view.member.public_id, role);
        }
    manage::NewMember wanted;
    wanted.workspace = workspace;
    wanted.kind = MemberKind::service;
    wanted.name = service_name;
    wanted.role = role;
    return manage::add_member(context, wanted);
}

/// Waits until no other doctor runs. Locks the folder of the database: that leaves no file behind,
/// and ends with the process that holds the lock.
Result<store::File> take_turn(CommandContext& session) {
    const auto config = session.config();
    if (!config)
        return config.failure();
    const std::string folder = store::folder_of(config.value()->database);
    store::File file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (file.fd() < 0)
        return Failure{Fault::system, "cannot open " + folder + ": " + std::strerror(errno), ""};
    const std::int64_t end_us = session.clock.now().boot_us + ProbeFixture::wait_s * us_per_s;
    while (::flock(file.fd(), LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return Failure{Fault::system, "cannot lock " + folder + ": " + std::strerror(errno),
                           ""};
        if (session.clock.now().boot_us >= end_us)
            return Failure{Fault::conflict,
                           "another `hourgate doctor --through` has been at work for " +
                               std::to_string(ProbeFixture::wait_s) + " s, with the same accounts",
                           "wait until it is done, or end it; then run this again"};
        session.output.progress("waiting for another doctor");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return file;
}

}  // namespace

Result<std::unique_ptr<ProbeFixture>> ProbeFixture::set(CommandContext& session, Role role) {
    auto turn = take_turn(session);
    if (!turn)
        return turn.failure();
    std::unique_ptr<ProbeFixture> stage(new ProbeFixture(session, std::move(turn).value()));
    if (Status made = stage->make(role); !made)
        return made.failure();
    store::wait_out_leases();
    return stage;
}

ProbeFixture::~ProbeFixture() {
    static_cast<void>(put_away());
}

/// Allows enough live tokens for the probes, whatever the configured bound is.
Result<manage::Context> ProbeFixture::context() {
    auto context = session_.manage();
    if (context)
        context.value().tokens.live_max = static_cast<std::int64_t>(2 * parts);
    return context;
}

Status ProbeFixture::make(Role role) {
    const auto context = this->context();
    if (!context)
        return context.failure();
    if (Status planned = set_plan(false); !planned)
        return planned;
    set_ = true;
    const auto workspace = workspace_in(context.value());
    if (!workspace)
        return workspace.failure();
    workspace_ = workspace.value().workspace.public_id;
    if (workspace.value().plan != probe_plan || workspace.value().workspace.paid_until_ms) {
        manage::WorkspaceChange change;
        change.plan = probe_plan;
        change.paid_until_ms.emplace();  // without end
        if (auto moved = manage::change_workspace(context.value(), workspace_, change); !moved)
            return moved.failure();
    }
    const auto member = member_in(context.value(), workspace_, role);
    if (!member)
        return member.failure();
    member_ = member.value().member.public_id;
    for (const Part part : all_parts)
        if (Status minted = mint(part); !minted)
            return minted;
    return Done{};
}

Status ProbeFixture::set_plan(bool api) {
    const auto context = this->context();
    if (!context)
        return context.failure();
    manage::PlanChange change;
    change.name = probe_plan;
    change.api = api;
    change.rank = plan_rank;
    change.windows = {Window{"probe", window_calls, window_seconds, Per::token}};
    const auto set = manage::set_plan(context.value(), change);
    return set ? Status(Done{}) : Status(set.failure());
}

Status ProbeFixture::mint(Part part) {
    const auto context = this->context();
    if (!context)
        return context.failure();
    manage::NewToken asked;
    asked.member = member_;
    asked.name = "doctor";
    asked.expires_ms = context.value().now.wall_ms + token_life_s * ms_per_s;
    if (part == Part::narrow)
        asked.scopes = {policy::Scope{std::string(other_resource), policy::Reach::read}};
    auto minted = manage::mint_token(context.value(), asked);
    if (!minted)
        return minted.failure();
    Minted& place = tokens_[static_cast<std::size_t>(part)];
    place.prefix = minted.value().view.token.prefix;
    place.token = std::move(minted.value().token);
    return Done{};
}

Status ProbeFixture::open() {
    if (Status set = set_plan(true); !set)
        return set;
    store::wait_out_leases();
    return Done{};
}

Status ProbeFixture::put_away() {
    if (!set_)
        return Done{};
    std::vector<std::string> prefixes;
    std::string words;
    for (const Minted& minted : tokens_)
        if (!minted.prefix.empty()) {
            prefixes.push_back(minted.prefix);
            words += " " + minted.prefix;
        }
    Status done = Done{};
    const auto keep_first = [&](const auto& result) {
        if (!result && done)
            done = result.failure();
    };
    // Every step is tried, even if an earlier one failed.
    if (const auto context = this->context()) {
        if (!prefixes.empty())
            keep_first(manage::revoke_tokens(context.value(), prefixes));
        keep_first(set_plan(false));
        if (!member_.empty()) {
            const auto removed = manage::remove_member(context.value(), member_);
            // A workspace keeps its last owner, who has no tokens and is on a plan without API
            // access.
            if (!removed && removed.failure().reason != "last_owner")
                keep_first(removed);
        }
    } else {
        keep_first(context);
    }
    store::wait_out_leases();
    if (!done)
        return Failure{done.failure().fault,
                       "could not clean up after the probes: " + done.failure().what +
                           ". Their tokens end within " + std::to_string(token_life_s / 60) +
                           " minutes",
                       "`hourgate token revoke" + words + "` and `hourgate plan set " +
                           std::string(probe_plan) + " --api no`"};
    set_ = false;
    return Done{};
}

std::string_view ProbeFixture::token(Part part) const noexcept {
    return tokens_[static_cast<std::size_t>(part)].token.reveal();
}

Result<Noted> ProbeFixture::noted(Part part) {
    const auto context = this->context();
    if (!context)
        return context.failure();
    const std::string& prefix = tokens_[static_cast<std::size_t>(part)].prefix;
    manage::UsageQuery query;
    query.prefix = prefix;
    const auto usage = manage::list_usage(context.value(), query);
    if (!usage)
        return usage.failure();
    const auto shown = manage::show_token(context.value(), prefix);
    if (!shown)
        return shown.failure();
    Noted noted;
    for (const manage::UsageRow& row : usage.value().items)
        for (const auto& [reason, calls] : row.calls)
            noted.decided.emplace_back(reason, calls);
    const manage::TokenUse& use = shown.value().use;
    const bool used_last = use.used_ms.value_or(0) >= use.refused_ms.value_or(0);
    noted.from = used_last ? use.used_from : use.refused_from;
    return noted;
}

}  // namespace hourgate::cli
