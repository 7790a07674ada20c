// Shows records and reports on standard output: aligned lines for people, and for programs the JSON
// of http/manage/views.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_context.h"
#include "manage/accounts.h"
#include "manage/records.h"
#include "manage/tokens.h"
#include "manage/usage.h"
#include "plan/plan.h"
#include "store/database.h"

namespace hourgate::cli {

[[nodiscard]] Status show(const CommandContext& session, const manage::WorkspaceView& view);
[[nodiscard]] Status show(const CommandContext& session,
                          const std::vector<manage::WorkspaceView>& views);
[[nodiscard]] Status show(const CommandContext& session, const manage::MemberView& view);
[[nodiscard]] Status show(const CommandContext& session,
                          const std::vector<manage::MemberView>& views);
[[nodiscard]] Status show(const CommandContext& session, const Plan& plan);
[[nodiscard]] Status show(const CommandContext& session, const std::vector<Plan>& plans);
/// Shows its warnings too: on standard error, and as "warnings" in JSON.
[[nodiscard]] Status show(const CommandContext& session, const manage::PlanSet& set);
[[nodiscard]] Pairs pairs_of(const CommandContext& session, const manage::TokenView& view);
[[nodiscard]] Status show(const CommandContext& session, const manage::TokenView& view);
/// Shows also the tokens before and after it in its token line.
[[nodiscard]] Status show(const CommandContext& session, const manage::TokenView& view,
                          const manage::TokenLinks& links);
[[nodiscard]] Status show(const CommandContext& session,
                          const std::vector<manage::TokenView>& views);
[[nodiscard]] Status show(const CommandContext& session,
                          const std::vector<manage::AuditEvent>& events);
[[nodiscard]] Status show(const CommandContext& session,
                          const std::vector<manage::DecisionRecord>& records);
[[nodiscard]] Status show(const CommandContext& session, const std::vector<manage::UsageRow>& rows);
/// Shows also the token itself, which is shown only once.
[[nodiscard]] Status show(const CommandContext& session, const manage::MintedToken& minted);

/// Shows what a revocation changed.
[[nodiscard]] Status show_revoked(const CommandContext& session, const manage::Revocation& revoked);
[[nodiscard]] Status show_revoked(const CommandContext& session,
                                  const std::vector<manage::TokenView>& views);
/// For a preview: `tokens` are those that would be revoked.
[[nodiscard]] Status show_removal(const CommandContext& session, const manage::MemberView& member,
                                  const std::vector<manage::TokenView>& tokens);
[[nodiscard]] Status show_closed(const CommandContext& session,
                                 const manage::ClosedWorkspace& closed);
[[nodiscard]] Status show_removed_plan(const CommandContext& session, std::string_view name);

/// The end of a command that only read something.
template <typename T>
[[nodiscard]] Status show(const CommandContext& session, const manage::Slice<T>& slice) {
    return show(session, slice.items);
}
template <typename T>
[[nodiscard]] Status shown(const CommandContext& session, const Result<T>& result) {
    return result ? show(session, result.value()) : Status(result.failure());
}

/// With --dry-run, adds after the result that nothing was changed.
[[nodiscard]] Status with_preview_note(const CommandContext& session, Status printed);

/// The end of a command that changed something. Waits until the change is in force for every later
/// request to a running server. With --dry-run, shows what would change.
template <typename T>
[[nodiscard]] Status shown_in_force(const CommandContext& session, const Result<T>& result) {
    if (result)
        store::wait_out_leases();
    return with_preview_note(session, shown(session, result));
}

}  // namespace hourgate::cli
