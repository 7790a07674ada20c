// hourgate replay
#include <algorithm>
#include <utility>

#include "base/time_text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/doctor/stage.h"
#include "cli/print.h"
#include "cli/replay/engine.h"
#include "cli/replay/report.h"
#include "cli/values.h"
#include "config/load.h"
#include "manage/accounts.h"
#include "manage/decisions.h"
#include "manage/usage.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t week_ms = 7 * ms_per_day;
constexpr std::int64_t records_per_look = 1'000;

/// Splits "studio:burst=30/10" into its plan and the rest.
Result<std::pair<std::string, std::string>> plan_and_window(const std::string& text) {
    const std::size_t colon = text.find(':');
    if (colon == std::string::npos || colon == 0)
        return Failure{Fault::usage, "'" + echoed(text) + "' names no plan",
                       "write PLAN:NAME=LIMIT/SECONDS, as in studio:burst=30/10, or "
                       "PLAN:NAME=off"};
    return std::pair(text.substr(0, colon), text.substr(colon + 1));
}

/// Returns "a, b, c" for a message.
template <typename Items>
std::string names_of(const Items& items) {
    std::string names;
    for (const auto& item : items)
        names.append(names.empty() ? "" : ", ").append(item.name);
    return names.empty() ? "none" : names;
}

/// Returns Failure::not_found for a window that the plan does not have, which is most likely a
/// typing mistake.
Status check_window(const Plan& plan, const std::string& name, bool is_new,
                    const std::string& limit) {
    const bool known = std::any_of(plan.windows.begin(), plan.windows.end(),
                                   [&](const Window& one) { return one.name == name; });
    if (known != is_new)
        return Done{};
    if (known)
        return Failure{Fault::conflict,
                       "plan '" + plan.name + "' has a window '" + echoed(name) + "' already",
                       "leave the '+' out to try it with another limit"};
    return Failure{
        Fault::not_found, "plan '" + plan.name + "' has no window '" + echoed(name) + "'",
        "its windows are: " + names_of(plan.windows) + "; to try a new one, write " + plan.name +
            ":+" + echoed(name) + (limit.empty() ? "=LIMIT/SECONDS" : limit)};
}

/// Puts one window into its plan, in place of the one with that name. "off" removes it, and '+'
/// before the name adds a new one.
Status put_window(std::vector<Plan>& plans, const std::string& text) {
    auto parts = plan_and_window(text);
    if (!parts)
        return parts.failure();
    const auto& [name, rest] = parts.value();
    const auto named = [&](const Plan& plan) { return plan.name == parts.value().first; };
    const auto plan = std::find_if(plans.begin(), plans.end(), named);
    if (plan == plans.end())
        return Failure{Fault::not_found, "there is no plan '" + echoed(name) + "'",
                       "the plans are: " + names_of(plans)};
    const bool is_new = rest.starts_with('+');
    const std::string wanted = rest.substr(is_new ? 1 : 0);
    const std::string window_name = wanted.substr(0, wanted.find('='));
    const std::string limit = wanted.substr(window_name.size());
    const bool off = limit == "=off";
    if (Status known = check_window(*plan, window_name, is_new, off ? "" : limit); !known)
        return known;
    auto window = off ? Result<Window>(Window{}) : parse_window(wanted);
    if (!window)
        return window.failure();
    std::erase_if(plan->windows, [&](const Window& one) { return one.name == window_name; });
    if (!off)
        plan->windows.push_back(std::move(window).value());
    return validate(*plan);
}

Result<PlanBook> plans_with(const manage::Context& context, const Arguments& arguments) {
    auto listed = manage::list_plans(context);
    if (!listed)
        return listed.failure();
    std::vector<Plan> plans = std::move(listed).value();
    for (const std::string& window : arguments.all("--window"))
        if (Status put = put_window(plans, window); !put)
            return put.failure();
    return PlanBook(std::move(plans));
}

struct Period {
    std::int64_t from_ms = 0;
    std::int64_t until_ms = 0;
};

Result<Period> period_of(const CommandContext& session) {
    const std::int64_t now_ms = session.clock.now().wall_ms;
    const auto from = from_of(session.arguments, now_ms);
    if (!from)
        return from.failure();
    const auto until = time_of(session.arguments, until_option.name, until_form, now_ms);
    if (!until)
        return until.failure();
    const std::int64_t end = until.value().value_or(now_ms);
    const Period period{from.value().value_or(end - week_ms), end};
    if (Status sound = check_period(session.arguments, period.from_ms, period.until_ms); !sound)
        return sound.failure();
    return period;
}

/// Returns the whole hours that contain the period: usage is counted by the hour.
Period hours_of(const Period& period) {
    return {period.from_ms / ms_per_hour * ms_per_hour,
            (period.until_ms + ms_per_hour - 1) / ms_per_hour * ms_per_hour};
}

/// Replays the decisions of the whole hours, so that windows are as full as they were when the
/// period begins, and reports those of the period. Reads in parts, so that no snapshot of the
/// database is held for long while a server writes.
Status run_all(const CommandContext& session, const manage::Context& context, const Period& period,
               ReplayEngine& engine, ReplayReport& report) {
    manage::Page page{records_per_look, {}};
    std::int64_t count = 0;
    for (;;) {
        const auto part =
            manage::decisions_in_order(context, report.hours_from_ms, report.hours_until_ms, page);
        if (!part)
            return part.failure();
        for (const manage::DecisionRecord& record : part.value().items) {
            const auto replayed = engine.run(record);
            if (!replayed)
                return replayed.failure();
            const bool inside = record.at_ms >= period.from_ms && record.at_ms < period.until_ms;
            if (inside)
                report.add(record, replayed.value());
            else
                report.add_around(record, replayed.value());
        }
        count += static_cast<std::int64_t>(part.value().items.size());
        session.output.progress(std::to_string(count) + " decisions");
        if (!part.value().next)
            break;
        page.after = part.value().next;
    }
    session.output.progress("");
    return Done{};
}

/// Returns the granted calls of `hourgate doctor --through`. REQUIRES: `period` is whole hours.
Result<std::int64_t> probes_granted(const manage::Context& context, const Period& period) {
    manage::UsageQuery query;
    query.tokens.workspace = probe_workspace;
    query.from_ms = period.from_ms;
    query.until_ms = period.until_ms;
    const auto usage = manage::list_usage(context, query);
    if (!usage && usage.failure().fault == Fault::not_found)
        return std::int64_t{0};
    if (!usage)
        return usage.failure();
    std::int64_t calls = 0;
    for (const manage::UsageRow& row : usage.value().items)
        for (const auto& [reason, count] : row.calls)
            calls += reason == "granted" ? count : 0;
    return calls;
}

/// Returns "new.toml, studio:burst=60/10".
std::string described(const CommandContext& session, const std::optional<std::string>& against) {
    std::string text = against.value_or(session.config_file());
    for (const std::string& window : session.arguments.all("--window"))
        text.append(", ").append(window);
    return text;
}

Status replay(CommandContext& session) {
    const auto against = session.arguments.find("--against");
    // Without --against, the current configuration is the one to try, so it must be valid.
    const auto present = against ? session.settings() : session.config();
    if (!present)
        return present.failure();
    const auto context = session.manage();
    if (!context)
        return context.failure();
    config::Config rules = *present.value();
    if (against) {
        auto loaded = load_config(against);
        if (!loaded)
            return loaded.failure();
        rules = std::move(loaded).value();
    }
    const auto period = period_of(session);
    if (!period)
        return period.failure();
    auto plans = plans_with(context.value(), session.arguments);
    if (!plans)
        return plans.failure();
    auto engine = ReplayEngine::make(rules, std::move(plans).value());
    if (!engine)
        return engine.failure();
    ReplayReport report;
    report.against = described(session, against);
    report.from_ms = period.value().from_ms;
    report.until_ms = period.value().until_ms;
    const Period hours = hours_of(period.value());
    report.hours_from_ms = hours.from_ms;
    report.hours_until_ms = hours.until_ms;
    if (Status done = run_all(session, context.value(), period.value(), *engine.value(), report);
        !done)
        return done;
    const auto granted = manage::calls_granted(context.value(), hours.from_ms, hours.until_ms);
    if (!granted)
        return granted.failure();
    const auto probes = probes_granted(context.value(), hours);
    if (!probes)
        return probes.failure();
    report.calls_granted = granted.value() - probes.value();
    if (session.output.form() == Form::json)
        return print(session, report.json());
    return session.output.print_found(report.text());
}

}  // namespace

std::vector<Command> replay_commands() {
    return {
        {.group = "",
         .name = "replay",
         .summary = "Try another configuration, or other limits, on the calls on record",
         .details =
             "Decides the calls on record once more, by the same code, with the same roles, "
             "scopes and times, against --against FILE or with --window in its plan, and reports "
             "who would newly be refused or granted. Reads only. Calls that `hourgate doctor "
             "--through` made are left out. Limits need every granted call on record: "
             "[decisions] grants = \"all\". A decision is on record with its moment, so --since "
             "and --until may be moments, as after a change at 14:20. Usage is counted by the "
             "hour, and parts of an hour cannot be separated: whether every granted call is on "
             "record is looked at for whole hours. Where there are [[api]]s, a call is judged by "
             "its host: the API that the text of a proxy leads to (?api=NAME) is on no record. A "
             "call that was refused because it led to another API than its host's stays refused "
             "while the host is of the same API. If not, it is left as it was.",
         .parameters =
             {option("--against", "FILE", "the configuration to try; else the present"),
              options(
                  "--window", "PLAN:W",
                  "a window of the plan to try: PLAN:NAME=LIMIT/SECONDS[/PER], or PLAN:NAME=off; a "
                  "new one: PLAN:+NAME=LIMIT/SECONDS[/PER]"),
              option("--from", "TIME",
                     "from an instant, a date (UTC), yesterday, or 2h, so long ago; without it a "
                     "week back"),
              since_option, until_option},
         .example = "hourgate replay --window studio:burst=20/10\n"
                    "hourgate replay --against new.toml --from 2026-11-18\n"
                    "hourgate replay --since 2026-12-01T14:20Z",
         .run = replay},
    };
}

}  // namespace hourgate::cli
