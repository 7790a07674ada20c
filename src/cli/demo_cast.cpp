#include "cli/demo_cast.h"

#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "manage/accounts.h"
#include "manage/tokens.h"

namespace hourgate::cli {

namespace {

struct Part {
    std::string_view workspace;
    std::string_view plan;
    Role role;
};

constexpr std::string_view lapsed_workspace = "Dune";
constexpr Part parts[] = {
    {"Acme", "studio", Role::owner},           {"Acme", "studio", Role::admin},
    {"Acme", "studio", Role::manager},         {"Acme", "studio", Role::member},
    {"Birch", "agency", Role::owner},          {"Cedar", "free", Role::owner},
    {lapsed_workspace, "studio", Role::owner},
};
constexpr std::int64_t lapsed_days = 30;

Status add_workspace(const manage::Context& context, const Part& part) {
    manage::NewWorkspace workspace;
    workspace.name = part.workspace;
    workspace.plan = part.plan;
    if (part.workspace == lapsed_workspace)
        workspace.paid_until_ms = context.now.wall_ms - lapsed_days * ms_per_day;
    const auto added = manage::add_workspace(context, workspace);
    return added ? Status(Done{}) : Status(added.failure());
}

Result<DemoToken> add_member(const manage::Context& context, const Part& part) {
    manage::NewMember member;
    member.workspace = part.workspace;
    member.email = std::string(to_text(part.role)) + "@" + lower(part.workspace) + ".example";
    member.role = part.role;
    const auto added = manage::add_member(context, member);
    if (!added)
        return added.failure();
    manage::NewToken asked;
    asked.member = added.value().member.public_id;
    asked.name = "demo";
    auto minted = manage::mint_token(context, asked);
    if (!minted)
        return minted.failure();
    DemoToken token;
    token.workspace = part.workspace;
    token.plan = std::string(part.plan) + (part.workspace == lapsed_workspace ? ", lapsed" : "");
    token.role = to_text(part.role);
    token.member = member.email;
    token.prefix = minted.value().view.token.prefix;
    token.token = std::move(minted.value().token);
    return token;
}

}  // namespace

Result<std::vector<DemoToken>> make_cast(const manage::Context& context) {
    std::vector<DemoToken> cast;
    for (const Part& part : parts) {
        if (cast.empty() || cast.back().workspace != part.workspace)
            if (Status added = add_workspace(context, part); !added)
                return added.failure();
        auto token = add_member(context, part);
        if (!token)
            return token.failure();
        cast.push_back(std::move(token).value());
    }
    return cast;
}

}  // namespace hourgate::cli
