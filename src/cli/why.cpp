// hourgate why
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/print.h"
#include "cli/show.h"
#include "cli/values.h"
#include "config/nearest.h"
#include "gate/decision.h"
#include "http/manage/why_routes.h"
#include "http/why/why.h"
#include "manage/decisions.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t shown_by_default = 20;
constexpr auto poll_interval = std::chrono::milliseconds(100);

/// A decision is written within a second, so this waits for one that is not on record yet.
Result<std::optional<manage::DecisionRecord>> find_soon(const manage::Context& context,
                                                        std::string_view digits) {
    const auto deadline = std::chrono::steady_clock::now() +
                          std::chrono::milliseconds(limits::decisions_write_ms) + 5 * poll_interval;
    for (;;) {
        auto found = manage::find_decision(context, digits);
        if (!found || found.value() || std::chrono::steady_clock::now() >= deadline)
            return found;
        std::this_thread::sleep_for(poll_interval);
    }
}

Status show_one(CommandContext& session, const manage::Context& context, const std::string& id) {
    const auto digits = manage::decision_digits(id);
    if (!digits)
        return Failure{Fault::usage, "'" + echoed(id) + "' is no decision: dec_ and 32 digits",
                       "copy it from 'decision' of the refusal, or from X-Hourgate-Decision"};
    const auto found = find_soon(context, *digits);
    if (!found)
        return found.failure();
    if (!found.value())
        return Failure{Fault::not_found,
                       "no decision dec_" + std::string(*digits) + " is on record",
                       "records have their bounds, and not every granted call is kept: see "
                       "[decisions] in the configuration; `hourgate why` lists the latest"};
    const manage::DecisionRecord& record = *found.value();
    const auto document = http::shown_document(record.document, http::helpers_of(context, record));
    if (session.output.form() == Form::json)
        return print_found(session, document);
    return session.output.print_found(http::letter_of(document));
}

/// Refuses a filter that matches nothing: its empty result would look like a quiet day.
Status check_filters(const Arguments& arguments) {
    if (const auto prefix = arguments.find("--token"); prefix && !token::is_prefix(*prefix))
        return Failure{Fault::usage, "--token '" + echoed(*prefix) + "' is not a token's prefix",
                       "give the 12 hex digits between the second and the third '_'"};
    const auto reason = arguments.find("--reason");
    if (!reason)
        return Done{};
    const std::vector<std::string_view> known = told_reasons();
    std::string all;
    for (const std::string_view one : known) {
        all.append(all.empty() ? "" : ", ").append(one);
        if (one == *reason)
            return Done{};
    }
    const auto meant = config::nearest(lower(*reason), known);
    return Failure{Fault::usage, "--reason '" + echoed(*reason) + "' is not a reason",
                   (meant ? "did you mean " + std::string(*meant) + "? " : std::string()) +
                       "The reasons are: " + all};
}

/// Warns if no decision is about the token: the empty result would look like an unused token.
void warn_of_unknown(const CommandContext& session, const manage::Context& context,
                     const std::string& prefix) {
    manage::DecisionFilter of;
    of.prefix = prefix;
    const auto one = manage::list_decisions(context, of, {1});
    if (one && one.value().items.empty())
        session.output.warn("no decision on record is of --token '" + echoed(prefix) +
                            "'; see `hourgate token list`");
}

Status list(CommandContext& session, const manage::Context& context) {
    const Arguments& arguments = session.arguments;
    if (Status known = check_filters(arguments); !known)
        return known;
    manage::DecisionFilter filter;
    filter.workspace_id = arguments.find("--workspace").value_or("");
    filter.prefix = arguments.find("--token").value_or("");
    filter.reason = arguments.find("--reason").value_or("");
    const auto listing = listing_of(arguments, shown_by_default, session.clock.now().wall_ms);
    if (!listing)
        return listing.failure();
    filter.from_ms = listing.value().from_ms;
    filter.until_ms = listing.value().until_ms;
    const auto decisions = manage::list_decisions(context, filter, listing.value().page);
    if (decisions && decisions.value().items.empty() && !filter.prefix.empty())
        warn_of_unknown(session, context, filter.prefix);
    return shown(session, decisions);
}

Status why(CommandContext& session) {
    const auto context = session.manage();
    if (!context)
        return context.failure();
    const auto decision = session.arguments.find("DECISION");
    return decision ? show_one(session, context.value(), *decision)
                    : list(session, context.value());
}

}  // namespace

std::vector<Command> why_commands() {
    return {
        {.group = "",
         .name = "why",
         .summary = "Tell why a call was refused, or list the latest decisions",
         .details = "With DECISION, the id that a refusal carries: what was asked, what was looked "
                    "at for each of the four questions, where it stopped, what to do and who can "
                    "do it. Without: the latest decisions on record, newest first. Every refusal "
                    "is recorded within a second, within the bounds of [decisions] in the "
                    "configuration, and of granted calls a sample.",
         .parameters = {optional_word("DECISION", "as in the refusal: dec_..."), workspace_option,
                        token_option,
                        option("--reason", "REASON",
                               "list: window_full, role_forbidden, upstream_timed_out, ..."),
                        from_option, since_option, until_option,
                        option("--limit", "N", "list: at most so many; without it 20, 0: all"),
                        option("--sort", "FIELD", "list: at for the oldest first"), search_option},
         .example = "hourgate why dec_0123456789abcdef0123456789abcdef",
         .run = why},
    };
}

}  // namespace hourgate::cli
