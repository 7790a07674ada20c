// How records and reports look on standard output: aligned lines for people, the JSON of
// http/views.h for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/session.h"
#include "manage/accounts.h"
#include "manage/records.h"
#include "manage/tokens.h"
#include "manage/usage.h"
#include "plan/plan.h"
#include "store/database.h"

namespace hourgate::cli {

[[nodiscard]] Status show(const Session& session, const manage::WorkspaceView& view);
[[nodiscard]] Status show(const Session& session, const std::vector<manage::WorkspaceView>& views);
[[nodiscard]] Status show(const Session& session, const manage::MemberView& view);
[[nodiscard]] Status show(const Session& session, const std::vector<manage::MemberView>& views);
[[nodiscard]] Status show(const Session& session, const Plan& plan);
[[nodiscard]] Status show(const Session& session, const std::vector<Plan>& plans);
/// With its warnings: on standard error, and as "warnings" in JSON.
[[nodiscard]] Status show(const Session& session, const manage::PlanSet& set);
[[nodiscard]] Pairs pairs_of(const Session& session, const manage::TokenView& view);
[[nodiscard]] Status show(const Session& session, const manage::TokenView& view);
/// With the tokens before and behind it in its line.
[[nodiscard]] Status show(const Session& session, const manage::TokenView& view,
                          const manage::TokenLinks& links);
[[nodiscard]] Status show(const Session& session, const std::vector<manage::TokenView>& views);
[[nodiscard]] Status show(const Session& session, const std::vector<manage::AuditEvent>& events);
[[nodiscard]] Status show(const Session& session,
                          const std::vector<manage::DecisionRecord>& records);
[[nodiscard]] Status show(const Session& session, const std::vector<manage::UsageRow>& rows);
/// With the token itself, this once.
[[nodiscard]] Status show(const Session& session, const manage::MintedToken& minted);

/// After a revocation.
[[nodiscard]] Status show_revoked(const Session& session, const manage::Revocation& revoked);
[[nodiscard]] Status show_revoked(const Session& session,
                                  const std::vector<manage::TokenView>& views);
/// A preview: the tokens are those that would end.
[[nodiscard]] Status show_removal(const Session& session, const manage::MemberView& member,
                                  const std::vector<manage::TokenView>& tokens);
[[nodiscard]] Status show_closed(const Session& session, const manage::ClosedWorkspace& closed);
[[nodiscard]] Status show_removed_plan(const Session& session, std::string_view name);

/// What a command ends with that looked at something.
template <typename T>
[[nodiscard]] Status show(const Session& session, const manage::Slice<T>& slice) {
    return show(session, slice.items);
}
template <typename T>
[[nodiscard]] Status shown(const Session& session, const Result<T>& result) {
    return result ? show(session, result.value()) : Status(result.failure());
}

/// With --dry-run, says behind what was printed that nothing was changed.
[[nodiscard]] Status with_preview_note(const Session& session, Status printed);

/// What a command ends with that changed something: shown once the change is in force for every
/// request that a running server receives from now on. With --dry-run: what it would be.
template <typename T>
[[nodiscard]] Status shown_in_force(const Session& session, const Result<T>& result) {
    if (result)
        store::wait_out_leases();
    return with_preview_note(session, shown(session, result));
}

}  // namespace hourgate::cli
