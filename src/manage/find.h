// From what a person wrote to the one row meant by it, or a Failure that says why there is not just
// one. Private to manage/.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

[[nodiscard]] Result<Workspace> find_workspace(Rows& rows, std::string_view ws);
/// The public id of a workspace, also of one that was closed: logs have it still.
[[nodiscard]] Result<std::string> find_workspace_in_logs(Rows& rows, std::string_view ws);
/// The workspace of a row that must be there.
[[nodiscard]] Result<Workspace> workspace_of(Rows& rows, const Member& member);
/// Failure::usage when several members are meant: it lists their ids.
[[nodiscard]] Result<Member> find_member(Rows& rows, std::string_view member);
/// `field`: the member of the request that names it.
[[nodiscard]] Result<Plan> find_plan(Rows& rows, std::string_view name,
                                     std::string_view field = {});
/// Never repeats a text that is no prefix: it may be a whole token, pasted by mistake.
[[nodiscard]] Result<TokenView> find_token(Rows& rows, std::string_view prefix);

[[nodiscard]] Result<MemberView> view_of(Rows& rows, Member member, std::int64_t now_ms);
[[nodiscard]] Result<WorkspaceView> view_of(Rows& rows, const Workspace& workspace,
                                            std::int64_t now_ms);

/// What is said when there is none, and when it is not the asker's to see.
[[nodiscard]] Failure no_token(std::string_view prefix);
[[nodiscard]] Failure no_workspace(std::string_view ws);

/// Whether something may be named so: is_plain_name(), and no secret of a token in it, which would
/// be stored and shown from then on.
[[nodiscard]] bool is_name(std::string_view text, std::size_t bytes_max);
/// What is wrong with a text that is not a name, and what a name has to be (is_name): the next step
/// of a refusal.
[[nodiscard]] std::string name_rule(std::string_view text, std::size_t bytes_max);
/// "'Acme'": as it is when it is plain text, else with its odd bytes spelled out; without secrets.
[[nodiscard]] std::string quoted(std::string_view text);
/// "ann@acme.example (mem_…)" or "'build robot' (mem_…)".
[[nodiscard]] std::string name_of(const Member& member);

/// Runs a use case that gives a T in one transaction. With context.preview it is rolled back, and
/// what it gave is returned all the same.
template <typename Work>
[[nodiscard]] auto in_write(const Context& context, Work&& work)
    -> decltype(work(std::declval<Rows&>())) {
    using Outcome = decltype(work(std::declval<Rows&>()));
    std::optional<Outcome> outcome;
    bool previewed = false;
    const Status done = context.ledger.write([&](Rows& rows) -> Status {
        outcome.emplace(work(rows));
        if (!*outcome)
            return outcome->failure();
        previewed = context.preview;
        return previewed ? Status(Failure{Fault::conflict, "a preview", ""}) : Status(Done{});
    });
    if (!done && !previewed)
        return done.failure();
    return *std::move(outcome);
}

/// The same on one snapshot, without a change.
template <typename Look>
[[nodiscard]] auto in_read(const Context& context, Look&& look)
    -> decltype(look(std::declval<Rows&>())) {
    using Outcome = decltype(look(std::declval<Rows&>()));
    std::optional<Outcome> outcome;
    const Status done = context.ledger.read([&](Rows& rows) -> Status {
        outcome.emplace(look(rows));
        if (!*outcome)
            return outcome->failure();
        return Done{};
    });
    if (!done)
        return done.failure();
    return *std::move(outcome);
}

}  // namespace hourgate::manage
