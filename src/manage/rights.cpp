#include "manage/rights.h"

#include <utility>

#include "manage/find.h"

namespace hourgate::manage {

namespace {

Failure ended(const TokenRecord& token, std::string_view how) {
    return {Fault::conflict, "token " + token.prefix + " " + std::string(how) + " a moment ago",
            "send the call with a token that works", "token_ended"};
}

Failure no_member(std::string_view member) {
    return {Fault::not_found, "there is no member " + quoted(member),
            "see `hourgate member list WORKSPACE`", "not_found"};
}

}  // namespace

Result<std::optional<Caller>> caller_of(Rows& rows, const Context& context) {
    if (context.actor.power == Power::gate)
        return std::optional<Caller>();
    Result<TokenView> found = find_token(rows, context.actor.token);
    if (!found)
        return found.failure();
    TokenView& view = found.value();
    const std::string_view status = status_of(view.token, context.now.wall_ms);
    if (status != "live" && status != "grace")
        return ended(view.token, "was " + std::string(status));
    if (view.member.removed_ms || view.token.is_operator)
        return ended(view.token, "lost its member");
    Result<Workspace> workspace = workspace_of(rows, view.member);
    if (!workspace)
        return workspace.failure();
    return std::optional<Caller>(
        Caller{std::move(view.member), std::move(workspace).value(), std::move(view.token)});
}

Status operators_only(const Context& context) {
    if (context.actor.power == Power::gate)
        return Done{};
    return Failure{Fault::forbidden, "only an operator may do this",
                   "ask the people who run the gate", "operators_only"};
}

Result<TokenView> find_token_for(Rows& rows, const std::optional<Caller>& caller,
                                 std::string_view prefix) {
    Result<TokenView> found = find_token(rows, prefix);
    if (!found || !caller)
        return found;
    const TokenView& view = found.value();
    if (caller->is_narrowed() && view.token.line != caller->token.line)
        return no_token(prefix);
    const bool own = view.token.member_id == caller->member.id;
    const bool same_workspace =
        !view.token.is_operator && view.member.workspace_id == caller->workspace.id;
    if (own || (same_workspace && caller->sees_all_tokens()))
        return found;
    return no_token(prefix);
}

Result<Workspace> find_workspace_for(Rows& rows, const std::optional<Caller>& caller,
                                     std::string_view ws) {
    if (!caller)
        return find_workspace(rows, ws);
    if (ws.empty() || ws == caller->workspace.public_id)
        return caller->workspace;
    return no_workspace(ws);
}

Result<CallerAndWorkspace> caller_and_workspace(Rows& rows, const Context& context,
                                                std::string_view ws) {
    auto caller = caller_of(rows, context);
    if (!caller)
        return caller.failure();
    auto workspace = find_workspace_for(rows, caller.value(), ws);
    if (!workspace)
        return workspace.failure();
    return CallerAndWorkspace{std::move(caller).value(), std::move(workspace).value()};
}

Result<Member> find_member_for(Rows& rows, const std::optional<Caller>& caller,
                               std::string_view member) {
    if (!caller)
        return find_member(rows, member);
    auto found = rows.member_by_id(member);
    if (!found)
        return found.failure();
    if (!found.value() || found.value()->workspace_id != caller->workspace.id)
        return no_member(member);
    if (found.value()->id != caller->member.id && !caller->sees_all_members())
        return no_member(member);
    return *std::move(found).value();
}

Result<TokenRows> rows_of(Rows& rows, const std::optional<Caller>& caller, const TokenQuery& query,
                          std::int64_t now_ms) {
    TokenRows which;
    which.order = query.order;
    which.status = query.status;
    which.now_ms = now_ms;
    which.env = query.env;
    which.operators = query.operators;
    if (caller || !query.workspace.empty()) {
        const auto workspace = find_workspace_for(rows, caller, query.workspace);
        if (!workspace)
            return workspace.failure();
        which.workspace = workspace.value().id;
    }
    if (!query.member.empty()) {
        const auto member = find_member_for(rows, caller, query.member);
        if (!member)
            return member.failure();
        which.member = member.value().id;
    }
    if (caller && !caller->sees_all_tokens()) {
        // Another member's tokens are not theirs to see: an empty list, as if there were none.
        which.member = which.member.value_or(caller->member.id);
        if (*which.member != caller->member.id)
            which.member = 0;
    }
    if (caller && caller->is_narrowed())
        which.line = caller->token.line;
    return which;
}

}  // namespace hourgate::manage
