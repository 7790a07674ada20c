// Plans: listed, made, changed, removed.
#include <utility>

#include "base/limits.h"
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

Result<Plan> set_in(Rows& rows, const Context& context, const PlanChange& change) {
    const Result<PlanBook> book = rows.plans();
    if (!book)
        return book.failure();
    const Plan* const old = book.value().find(change.name);
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
    const Json before = old == nullptr ? Json{} : state_of(*old);
    const Object object{plan.name, ""};
    if (Status told = record(rows, context, "plan.set", object, before, state_of(plan)); !told)
        return told.failure();
    return plan;
}

Status remove_in(Rows& rows, const Context& context, std::string_view name) {
    const Result<Plan> found = find_plan(rows, name);
    if (!found)
        return found.failure();
    const Plan* const plan = &found.value();
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

Result<std::vector<Plan>> list_plans(const Context& context) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [](Rows& rows) -> Result<std::vector<Plan>> {
        const Result<PlanBook> book = rows.plans();
        if (!book)
            return book.failure();
        return book.value().plans();
    });
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
