#include "manage/mint_warnings.h"

#include <span>
#include <string_view>

#include "base/time_text.h"
#include "manage/find.h"

namespace hourgate::manage {

namespace {

using Warnings = std::vector<std::string>;

void about_env(Warnings& out, const Context& context, const TokenRecord& token) {
    if (token.env == context.tokens.env)
        return;
    const std::string asked(token::to_text(token.env)), taken(token::to_text(context.tokens.env));
    out.push_back("It is a " + asked + " token, and this gate accepts only " + taken +
                  " tokens ([tokens] env): every call with it is answered 401 wrong_environment.");
}

/// The plan that counts: the workspace's own, or the one that a lapsed workspace counts as.
Status about_plan(Warnings& out, Rows& rows, const Context& context, const TokenView& view) {
    const auto workspace = rows.workspace_by_row(view.member.workspace_id);
    if (!workspace)
        return workspace.failure();
    const Result<PlanBook> plans = rows.plans();
    if (!plans)
        return plans.failure();
    if (!workspace.value())
        return Done{};
    const Standing standing =
        standing_at(workspace.value()->paid_until_ms, context.lapse, context.now.wall_ms);
    const bool lapsed = standing.paid == Paid::lapsed;
    const Plan* const plan = lapsed ? plans.value().find(std::string_view(context.lapse_to))
                                    : plans.value().find(workspace.value()->plan_id);
    if (plan != nullptr && plan->api)
        return Done{};
    const std::string named = "The workspace " + quoted(view.workspace_name);
    const std::string pay = ": `hourgate workspace plan " + view.workspace_id + " PLAN";
    if (lapsed)
        out.push_back(named + " lapsed at " + format_time(standing.lapses_ms) +
                      " and counts as plan " + quoted(context.lapse_to) +
                      ", which has no API access, so calls are answered 402 until it is paid" +
                      pay + " --paid-until DATE`.");
    else
        out.push_back(named + " is on plan " + quoted(plan == nullptr ? "" : plan->name) +
                      ", which has no API access, so calls are answered 402 until it moves to "
                      "another" +
                      pay + "`.");
    return Done{};
}

void about_rights(Warnings& out, const Context& context, const TokenView& view) {
    if (!context.passes_something)
        return;
    const std::vector<policy::Scope>& scopes = view.token.scopes;
    const Role role = view.member.role;
    const std::string named = "Role " + std::string(to_text(role));
    const bool nothing = !context.passes_something(role, scopes);
    if (scopes.empty()) {
        if (nothing)
            out.push_back(named +
                          " has no access to any resource, so every call to the API is answered "
                          "403.");
        return;
    }
    std::string useless;
    for (const policy::Scope& scope : scopes)
        if (!context.passes_something(role, std::span(&scope, 1)))
            useless.append(useless.empty() ? "" : ", ").append(policy::to_text(scope));
    if (useless.empty())
        return;
    out.push_back(named + " may do nothing that these scopes allow: " + useless +
                  (nothing ? ". Every call to the API is answered 403."
                           : ". The token works for its other scopes."));
}

}  // namespace

Result<std::vector<std::string>> mint_warnings(Rows& rows, const Context& context,
                                               const TokenView& view) {
    Warnings out;
    about_env(out, context, view.token);
    if (view.token.is_operator)
        return out;
    if (Status looked = about_plan(out, rows, context, view); !looked)
        return looked.failure();
    about_rights(out, context, view);
    return out;
}

}  // namespace hourgate::manage
