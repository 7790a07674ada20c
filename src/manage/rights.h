// Who may: the rules that use cases ask first. An operator may everything. A member, acting by a
// token, may what is written here, and stands as the database says in the use case's own
// transaction: a token revoked since the call was decided changes nothing any more. Private to
// manage/.
#pragma once

#include <optional>

#include "base/result.h"
#include "manage/ledger.h"
#include "manage/tokens.h"

namespace hourgate::manage {

/// The member who acts, as they are now, and the token they act by.
struct Caller {
    Member member;
    Workspace workspace;
    TokenRecord token;

    /// A token with scopes sees and ends its own line alone: of other tokens, of the same member or
    /// of others, it learns neither name nor prefix, whatever its scopes and its member's role.
    [[nodiscard]] bool is_narrowed() const noexcept { return !token.scopes.empty(); }
    /// Owner and admin see and revoke every token of their workspace, others their own.
    [[nodiscard]] bool sees_all_tokens() const noexcept {
        return member.role == Role::owner || member.role == Role::admin;
    }
    /// Role member sees their own record, others every member of their workspace.
    [[nodiscard]] bool sees_all_members() const noexcept { return member.role != Role::member; }
};

/// None: an operator acts. Conflict when the token, or its member, ended meanwhile.
[[nodiscard]] Result<std::optional<Caller>> caller_of(Rows& rows, const Context& context);

/// Forbidden to members.
[[nodiscard]] Status operators_only(const Context& context);

/// What the caller may see under a prefix. What is not theirs to see is not there: not_found, in
/// the same words.
[[nodiscard]] Result<TokenView> find_token_for(Rows& rows, const std::optional<Caller>& caller,
                                               std::string_view prefix);

/// The caller's own workspace, whether named or not; any, for an operator, who has to name it.
[[nodiscard]] Result<Workspace> find_workspace_for(Rows& rows, const std::optional<Caller>& caller,
                                                   std::string_view ws);

/// The member that acts, and the workspace that the call is about.
struct CallerAndWorkspace {
    std::optional<Caller> caller;
    Workspace workspace;
};
/// Returns caller_of() and find_workspace_for() together, or the failure of the first that fails.
[[nodiscard]] Result<CallerAndWorkspace> caller_and_workspace(Rows& rows, const Context& context,
                                                              std::string_view ws);

/// By id alone, and in the caller's workspace, for a member; however named, for an operator.
[[nodiscard]] Result<Member> find_member_for(Rows& rows, const std::optional<Caller>& caller,
                                             std::string_view member);

/// The tokens a query is of, as rows: never more than the caller may see.
[[nodiscard]] Result<TokenRows> rows_of(Rows& rows, const std::optional<Caller>& caller,
                                        const TokenQuery& query, std::int64_t now_ms);

}  // namespace hourgate::manage
