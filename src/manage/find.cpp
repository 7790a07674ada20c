#include "manage/find.h"

#include <algorithm>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "base/visible.h"
#include "manage/similar.h"
#include "token/blot.h"

namespace hourgate::manage {

namespace {

void keep(std::vector<Member>& found, std::vector<Member> more) {
    for (Member& member : more) {
        const auto same = [&](const Member& other) { return other.id == member.id; };
        if (std::none_of(found.begin(), found.end(), same))
            found.push_back(std::move(member));
    }
}

/// "WS/EMAIL" and "WS/SERVICE NAME". A name may have a '/' itself, so every one is tried as the
/// boundary.
Result<std::vector<Member>> found_in_workspaces(Rows& rows, std::string_view text) {
    std::vector<Member> found;
    for (auto slash = text.find('/'); slash != text.npos; slash = text.find('/', slash + 1)) {
        const auto workspace = rows.workspace(text.substr(0, slash));
        if (!workspace)
            return workspace.failure();
        if (!workspace.value())
            continue;
        const std::int64_t row = workspace.value()->id;
        const std::string_view rest = text.substr(slash + 1);
        auto persons = rows.members_by_email(rest, row);
        if (!persons)
            return persons.failure();
        keep(found, std::move(persons).value());
        auto service = rows.service(row, rest);
        if (!service)
            return service.failure();
        if (service.value())
            keep(found, {*std::move(service).value()});
    }
    return found;
}

Result<Member> ambiguous(Rows& rows, std::string_view text, const std::vector<Member>& found) {
    std::string list;
    for (const Member& member : found) {
        const Result<Workspace> workspace = workspace_of(rows, member);
        if (!workspace)
            return workspace.failure();
        list += (list.empty() ? "" : ", ") + member.public_id;
        list += " in " + quoted(workspace.value().name);
        if (member.removed_ms)
            list += " (removed)";
    }
    return Failure{Fault::usage,
                   quoted(text) + " means " + std::to_string(found.size()) + " members: " + list,
                   "name the one you mean as WORKSPACE/EMAIL or WORKSPACE/SERVICE, or by its id",
                   "ambiguous_member", "member"};
}

}  // namespace

std::string quoted(std::string_view text) {
    constexpr std::size_t shown_bytes_max = limits::name_bytes_max + limits::email_bytes_max;
    const std::string safe = token::blotted(text);
    return "'" + (is_plain_name(safe, shown_bytes_max) ? safe : printable(safe)) + "'";
}

bool is_name(std::string_view text, std::size_t bytes_max) {
    return is_plain_name(text, bytes_max) && !token::shows_secret(text);
}

namespace {

std::string flaw_of_name(std::string_view text, std::size_t bytes_max) {
    if (text.empty())
        return "it is empty";
    if (text.find_first_not_of(' ') == text.npos)
        return "it has nothing but spaces";
    if (text.size() > bytes_max)
        return "it has " + std::to_string(text.size()) + " bytes";
    if (!is_utf8(text))
        return "it is not UTF-8";
    if (text.front() == ' ' || text.back() == ' ')
        return "it has a space at an end";
    return token::shows_secret(text) ? "it has a token in it"
                                     : "it has a control character, or one that nobody sees";
}

}  // namespace

std::string name_rule(std::string_view text, std::size_t bytes_max) {
    return flaw_of_name(text, bytes_max) + "; use 1 to " + std::to_string(bytes_max) +
           " bytes of plain UTF-8 text: no space at either end, no control or invisible character, "
           "no token";
}

std::string name_of(const Member& member) {
    const std::string name =
        member.kind == MemberKind::person ? visible_line(member.email) : quoted(member.name);
    return name + " (" + visible_line(member.public_id) + ")";
}

Failure no_token(std::string_view prefix) {
    return {Fault::not_found, "there is no token with the prefix " + std::string(prefix),
            "see `hourgate token list`", "not_found"};
}

Failure no_workspace(std::string_view ws) {
    return {Fault::not_found, "there is no workspace " + quoted(ws),
            "see `hourgate workspace list`", "not_found"};
}

Result<Workspace> find_workspace(Rows& rows, std::string_view ws) {
    auto found = rows.workspace(ws);
    if (!found)
        return found.failure();
    if (found.value())
        return *std::move(found).value();
    const auto similar = similar_workspace(rows, ws);
    if (!similar)
        return similar.failure();
    Failure failure = no_workspace(ws);
    if (similar.value())
        failure.next =
            "did you mean " + quoted(similar.value()->name) + "? If not, " + failure.next;
    return failure;
}

Result<std::string> find_workspace_in_logs(Rows& rows, std::string_view ws) {
    Result<Workspace> found = find_workspace(rows, ws);
    if (found)
        return std::move(found.value().public_id);
    if (found.failure().fault != Fault::not_found)
        return found.failure();
    auto closed = rows.closed_workspace(ws);
    if (!closed)
        return closed.failure();
    if (closed.value())
        return *std::move(closed).value();
    return found.failure();
}

Result<Workspace> workspace_of(Rows& rows, const Member& member) {
    auto found = rows.workspace_by_row(member.workspace_id);
    if (!found)
        return found.failure();
    if (!found.value())
        return Failure{Fault::store,
                       "the workspace of " + name_of(member) + " is not in the database",
                       "restore a backup: `hourgate restore FILE`"};
    return *std::move(found).value();
}

Result<Member> find_member(Rows& rows, std::string_view member) {
    auto by_id = rows.member_by_id(member);
    if (!by_id)
        return by_id.failure();
    if (by_id.value())
        return *std::move(by_id).value();
    auto found = found_in_workspaces(rows, member);
    if (!found)
        return found.failure();
    auto by_email = rows.members_by_email(member, std::nullopt);
    if (!by_email)
        return by_email.failure();
    keep(found.value(), std::move(by_email).value());
    std::vector<Member>& members = found.value();
    if (members.empty()) {
        const Result<std::string> similar = similar_member(rows, member);
        if (!similar)
            return similar.failure();
        const std::string meant =
            similar.value().empty() ? "" : "did you mean " + quoted(similar.value()) + "? If not, ";
        return Failure{Fault::not_found, "there is no member " + quoted(member),
                       meant +
                           "name one by id, WORKSPACE/EMAIL or WORKSPACE/SERVICE; see `hourgate "
                           "member list WORKSPACE`",
                       "not_found"};
    }
    if (members.size() > 1)
        return ambiguous(rows, member, members);
    return std::move(members.front());
}

Result<Plan> find_plan(Rows& rows, std::string_view name, std::string_view field) {
    const Result<PlanBook> book = rows.plans();
    if (!book)
        return book.failure();
    if (const Plan* plan = book.value().find(name))
        return *plan;
    constexpr std::size_t named_max = 12;
    std::string known;
    const std::vector<Plan>& plans = book.value().plans();
    for (std::size_t i = 0; i < std::min(plans.size(), named_max); ++i)
        known.append(i == 0 ? "" : ", ").append(plans[i].name);
    return Failure{Fault::not_found, "there is no plan " + quoted(name),
                   "the plans are: " + known + (plans.size() > named_max ? ", …" : "") +
                       "; see `hourgate plan list`",
                   "not_found", field};
}

Result<TokenView> find_token(Rows& rows, std::string_view prefix) {
    if (!token::is_prefix(prefix))
        return Failure{Fault::usage, "that is not the prefix of a token",
                       "give the 12 hex digits between the second and the third '_'; see `hourgate "
                       "token list`",
                       "bad_prefix", "prefix"};
    auto found = rows.token(prefix);
    if (!found)
        return found.failure();
    if (!found.value())
        return no_token(prefix);
    return *std::move(found).value();
}

Result<MemberView> view_of(Rows& rows, Member member, std::int64_t now_ms) {
    Result<Workspace> workspace = workspace_of(rows, member);
    if (!workspace)
        return workspace.failure();
    const auto tokens = rows.live_tokens_of(member.id, now_ms);
    if (!tokens)
        return tokens.failure();
    return MemberView{std::move(member), std::move(workspace.value().public_id),
                      std::move(workspace.value().name), tokens.value()};
}

Result<WorkspaceView> view_of(Rows& rows, const Workspace& workspace, std::int64_t now_ms) {
    auto view = rows.workspace_view(now_ms, workspace.id);
    if (!view)
        return view.failure();
    HOURGATE_CHECK(view.value().has_value());  // read in the transaction that found the workspace
    return *std::move(view).value();
}

}  // namespace hourgate::manage
