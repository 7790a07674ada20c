// Plans: listed, made, changed, removed.
#include <algorithm>
#include <optional>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "manage/accounts.h"
#include "manage/audit.h"
#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

namespace {

Json state_of(const Plan& plan) {
    Json json;
    json.add_flag("api", plan.api).add("rank", plan.rank);
    std::string windows;
    for (const Window& window : plan.windows)
        windows += (windows.empty() ? "" : " ") + to_text(window);
    json.add("windows", windows);
    return json;
}

/// `before`, if given, is set to the plan as it was; it is left as it is if there was none.
Result<Plan> set_in(Rows& rows, const Context& context, const PlanChange& change,
                    std::optional<Plan>* before = nullptr) {
    const Result<PlanBook> book = rows.plans();
    if (!book)
        return book.failure();
    const Plan* const old = book.value().find(change.name);
    if (before != nullptr && old != nullptr)
        *before = *old;
    if (old == nullptr && book.value().plans().size() >= limits::plans_max)
        return Failure{
            Fault::conflict,
            "there are " + std::to_string(limits::plans_max) + " plans, as many as can be",
            "remove one first: `hourgate plan remove NAME`", "too_many_plans"};
    Plan plan = old == nullptr ? Plan{} : *old;
    plan.name = change.name;
    if (change.api)
        plan.api = *change.api;
    if (change.rank)
        plan.rank = *change.rank;
    if (change.windows)
        plan.windows = *change.windows;
    if (Status valid = validate(plan); !valid) {
        Failure failure = valid.failure();
        failure.reason = "bad_plan";
        return failure;
    }
    if (old != nullptr && plan == *old)
        return plan;

    const Status stored = old == nullptr ? rows.add(plan) : rows.update(plan);
    if (!stored)
        return stored.failure();
    const Json was = old == nullptr ? Json{} : state_of(*old);
    const Object object{plan.name, ""};
    if (Status told = record(rows, context, "plan.set", object, was, state_of(plan)); !told)
        return told.failure();
    return plan;
}

/// Who counts as a plan: the workspaces on it that have not lapsed, and, if it is the plan that
/// lapsed ones count as, those.
struct Users {
    std::int64_t workspaces = 0;
    std::int64_t tokens = 0;  ///< live or in grace
};

Result<Users> users_of(Rows& rows, const Context& context, const Plan& plan) {
    const bool of_lapsed = plan.name == context.lapse_to;
    const auto on_it = rows.workspaces_on(plan.id);
    if (!on_it)
        return on_it.failure();
    if (on_it.value() == 0 && !of_lapsed)
        return Users();
    const auto all = rows.workspaces({{}, {}, context.now.wall_ms, {}}, {});
    if (!all)
        return all.failure();
    Users users;
    for (const WorkspaceView& view : all.value().items) {
        const Standing standing =
            standing_at(view.workspace.paid_until_ms, context.lapse, context.now.wall_ms);
        const bool counts = standing.paid == Paid::lapsed ? of_lapsed : view.plan == plan.name;
        if (!counts)
            continue;
        ++users.workspaces;
        users.tokens += view.tokens;
    }
    return users;
}

/// Whether some calls that had room before may have none now: a window that no earlier one of the
/// same scope and length was at least as narrow as.
bool narrows(const Plan& was, const Plan& is) {
    return std::any_of(is.windows.begin(), is.windows.end(), [&](const Window& window) {
        return std::none_of(was.windows.begin(), was.windows.end(), [&](const Window& old) {
            return old.per == window.per && old.seconds >= window.seconds &&
                   old.limit <= window.limit;
        });
    });
}

std::string counted(std::int64_t count, std::string_view what) {
    return std::to_string(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

/// "" if the change takes nothing from anybody.
Result<std::string> about_users(Rows& rows, const Context& context, const Plan& was,
                                const Plan& is) {
    const bool cut_off = was.api && !is.api;
    if (!cut_off && !(is.api && was.api && narrows(was, is)))
        return std::string();
    const Result<Users> users = users_of(rows, context, is);
    if (!users)
        return users.failure();
    if (users.value().workspaces == 0)
        return std::string();
    const std::string who = counted(users.value().workspaces, "workspace") + " with " +
                            counted(users.value().tokens, "live token");
    const std::string count = users.value().workspaces == 1 ? " counts" : " count";
    if (context.preview)
        return who + count + " as plan " + quoted(is.name) +
               (cut_off ? ", which would have no API access any more: their calls would be "
                          "answered 402."
                        : ", which would be narrower than it is: calls beyond its windows would be "
                          "answered 429.");
    if (cut_off)
        return who + count + " as plan " + quoted(is.name) +
               ", which has no API access any more: from now on their calls are answered 402. To "
               "undo it: `hourgate plan set " +
               is.name + " --api yes`.";
    return who + count + " as plan " + quoted(is.name) +
           ", which is narrower than it was: calls beyond its windows are answered 429 from now "
           "on.";
}

/// "" unless the plan has just been made, and nobody said what rank it has.
std::string about_rank(const std::optional<Plan>& before, const PlanChange& change, bool preview) {
    if (before || change.rank)
        return "";
    return "Plan " + quoted(change.name) +
           (preview ? " would be new and get rank 0" : " is new and got rank 0") +
           ", below all plans with a higher one: a refusal names the lowest "
           "plan above the workspace's own, so it will hardly name this one. To give it its "
           "place: `hourgate plan set " +
           change.name + " --rank N`.";
}

Status remove_in(Rows& rows, const Context& context, std::string_view name) {
    const Result<Plan> found = find_plan(rows, name);
    if (!found)
        return found.failure();
    const Plan* const plan = &found.value();
    if (plan->name == context.lapse_to)
        return Failure{Fault::conflict,
                       "plan " + quoted(name) +
                           " is the one that lapsed workspaces count as ([plans] lapse_to)",
                       "name another plan there first", "plan_in_use"};
    const auto users = rows.workspaces_on(plan->id);
    if (!users)
        return users.failure();
    if (users.value() > 0)
        return Failure{Fault::conflict,
                       "plan " + quoted(name) + " is the plan of " + std::to_string(users.value()) +
                           (users.value() == 1 ? " workspace" : " workspaces"),
                       "move them first: `hourgate workspace plan WORKSPACE PLAN`", "plan_in_use"};
    if (Status removed = rows.remove_plan(plan->id); !removed)
        return removed;
    return record(rows, context, "plan.remove", Object{plan->name, ""}, state_of(*plan), {});
}

}  // namespace

Result<std::vector<Plan>> list_plans(const Context& context, const Page& page) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    auto listed = in_read(context, [](Rows& rows) -> Result<std::vector<Plan>> {
        const Result<PlanBook> book = rows.plans();
        if (!book)
            return book.failure();
        return book.value().plans();
    });
    if (!listed)
        return listed;
    std::vector<Plan>& plans = listed.value();
    const std::string wanted = lower(page.search);
    std::erase_if(plans,
                  [&](const Plan& plan) { return plan.name.find(wanted) == plan.name.npos; });
    if (page.by == OrderBy::name)
        std::stable_sort(plans.begin(), plans.end(),
                         [](const Plan& a, const Plan& b) { return a.name < b.name; });
    if (page.reversed)
        std::reverse(plans.begin(), plans.end());
    return listed;
}

Result<std::vector<std::string>> plan_warnings(const Context& context) {
    const Result<std::vector<Plan>> plans = list_plans(context);
    if (!plans)
        return plans.failure();
    std::vector<std::string> warnings;
    for (const Plan& plan : plans.value())
        if (std::string warning = warning_about(plan, context.tokens.live_max); !warning.empty())
            warnings.push_back(std::move(warning));
    return warnings;
}

Result<Plan> show_plan(const Context& context, std::string_view name) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) { return find_plan(rows, name); });
}

Result<Plan> set_plan(const Context& context, const PlanChange& change) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_write(context, [&](Rows& rows) { return set_in(rows, context, change); });
}

Result<PlanSet> change_plan(const Context& context, const PlanChange& change) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    std::optional<Plan> before;
    const Result<Plan> set =
        in_write(context, [&](Rows& rows) { return set_in(rows, context, change, &before); });
    if (!set)
        return set.failure();
    PlanSet out{set.value(), {}};
    if (std::string weak = warning_about(out.plan, context.tokens.live_max); !weak.empty())
        out.warnings.push_back(std::move(weak));
    if (std::string rank = about_rank(before, change, context.preview); !rank.empty())
        out.warnings.push_back(std::move(rank));
    if (!before)
        return out;
    // Apart from the change, so that the count keeps no other writer waiting.
    const auto users =
        in_read(context, [&](Rows& rows) { return about_users(rows, context, *before, out.plan); });
    if (users && !users.value().empty())
        out.warnings.push_back(users.value());
    return out;
}

Status remove_plan(const Context& context, std::string_view name) {
    if (Status may = operators_only(context); !may)
        return may;
    return in_write(context, [&](Rows& rows) { return remove_in(rows, context, name); });
}

Status add_built_in_plans(const Context& context) {
    return in_write(context, [&](Rows& rows) -> Status {
        const Result<PlanBook> book = rows.plans();
        if (!book)
            return book.failure();
        if (!book.value().plans().empty())
            return Failure{Fault::conflict, "the database has plans already",
                           "see `hourgate plan list`"};
        for (const Plan& plan : built_in_plans()) {
            const PlanChange change{plan.name, plan.api, plan.rank, plan.windows};
            if (Result<Plan> set = set_in(rows, context, change); !set)
                return set.failure();
        }
        return Done{};
    });
}

}  // namespace hourgate::manage
