#include "cli/values.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "gate/decision.h"
#include "manage/decisions.h"

namespace hourgate::cli {

namespace {

Failure not_a(std::string_view what, std::string_view name, std::string_view text,
              std::string_view form) {
    return {Fault::usage,
            std::string(name) + ": '" + echoed(text) + "' is not " + std::string(what),
            std::string(form)};
}

/// Returns the failure for a duration beyond the bound, which is named in the unit of `text`.
Failure too_long(std::string_view name, std::string_view text, std::string_view others) {
    return {Fault::usage,
            std::string(name) + ": '" + echoed(text) + "' is longer than a span of time may be",
            "give at most " + span_like(text, span_s_max) + std::string(others)};
}

/// Returns true if `text` means that something has no end.
bool is_no_end(std::string_view text) {
    return text == "never" || text == "none";
}

std::string form_of(TimeForm form) {
    return std::string("write a date, as in 2027-01-31, which means the ") +
           (form.date == DateMeans::its_beginning ? "beginning" : "end") +
           " of that day (UTC), an instant, as in 2027-01-31T12:00:00Z, " +
           (form.span == SpanMeans::ago ? "yesterday, or a span, as in 2h, which means so long ago"
                                        : "tomorrow, or a span, as in 90d, from now on");
}

}  // namespace

Result<std::optional<std::int64_t>> time_of(const Arguments& arguments, std::string_view name,
                                            TimeForm form, std::int64_t now_ms) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto time = time_from(*text, form, now_ms);
    if (!time && is_span(*text))
        return too_long(name, *text, ", or a date, as in 2027-01-31");
    if (!time)
        return not_a(
            "a time", name, *text,
            is_no_end(*text)
                ? "there is no end to leave out here; leave the option out, or " + form_of(form)
                : form_of(form));
    return time;
}

Result<std::optional<std::optional<std::int64_t>>> end_of(const Arguments& arguments,
                                                          std::string_view name,
                                                          std::int64_t now_ms) {
    using Given = std::optional<std::optional<std::int64_t>>;
    const auto text = arguments.find(name);
    if (!text)
        return Given();
    if (is_no_end(*text))
        return Given(std::in_place, std::nullopt);
    const auto end = time_from(*text, end_form, now_ms);
    if (!end && is_span(*text))
        return too_long(name, *text, ", a date, as in 2027-01-31, or never");
    if (!end)
        return not_a("a time", name, *text, form_of(end_form) + ", or never");
    return Given(end);
}

Result<std::optional<std::int64_t>> span_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto span_s = *text == "none" ? std::optional<std::int64_t>(0) : parse_duration_s(*text);
    if (!span_s && is_span(*text))
        return too_long(name, *text, ", or 0 for none");
    if (!span_s)
        return not_a("a span of time", name, *text,
                     "write it as in 90s, 15m, 24h or 7d, or 0 for none: a span always ends");
    return span_s;
}

Result<std::optional<std::int64_t>> number_of(const Arguments& arguments, std::string_view name,
                                              std::int64_t max, std::int64_t least) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto number = parse_number(*text, static_cast<std::uint64_t>(max));
    if (!number || static_cast<std::int64_t>(*number) < least)
        return not_a(
            "a number it can be", name, *text,
            "write a whole number from " + std::to_string(least) + " to " + std::to_string(max));
    return std::optional(static_cast<std::int64_t>(*number));
}

Result<std::optional<bool>> yes_or_no(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<bool>();
    if (*text != "yes" && *text != "no")
        return not_a("yes or no", name, *text, "write yes or no");
    return std::optional(*text == "yes");
}

Result<std::optional<Role>> role_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<Role>();
    const auto role = role_from(*text);
    if (!role)
        return not_a("a role", name, *text, "the roles are owner, admin, manager and member");
    return role;
}

Result<std::optional<MemberKind>> kind_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<MemberKind>();
    if (*text == "person")
        return std::optional(MemberKind::person);
    if (*text == "service")
        return std::optional(MemberKind::service);
    return not_a("a kind of member", name, *text, "write person or service");
}

Result<std::optional<bool>> removed_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<bool>();
    if (*text == "present" || *text == "removed")
        return std::optional(*text == "removed");
    return not_a("a status", name, *text, "write present or removed");
}

Result<std::optional<Paid>> standing_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<Paid>();
    if (*text == "paid")
        return std::optional(Paid::yes);
    if (*text == "grace")
        return std::optional(Paid::in_grace);
    if (*text == "lapsed")
        return std::optional(Paid::lapsed);
    return not_a("a standing", name, *text, "write paid, grace or lapsed");
}

Result<std::optional<token::Env>> env_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<token::Env>();
    const auto env = token::env_from(*text);
    if (!env)
        return not_a("an environment", name, *text, "write live or test");
    return env;
}

Result<std::vector<policy::Scope>> scopes_of(const Arguments& arguments, std::string_view name) {
    std::string joined;
    for (std::string text : arguments.all(name)) {
        std::replace(text.begin(), text.end(), ',', ' ');
        for (const std::string_view part : split(text, ' '))
            if (!part.empty())
                joined.append(joined.empty() ? "" : " ").append(part);
    }
    if (joined.empty() && arguments.given(name))
        return not_a("a scope", name, "",
                     "write RESOURCE:read, RESOURCE:write, RESOURCE:* or *:read");
    return policy::parse_scopes(joined);
}

Result<std::string> workspace_of(const Arguments& arguments) {
    const auto named = arguments.find(workspace_option.name);
    const auto word = arguments.find("WS");
    if (named && word)
        return Failure{Fault::usage, "the workspace is named twice", "write --workspace WS alone"};
    return named ? *named : word.value_or("");
}

Result<manage::TokenStatus> token_status_of(const Arguments& arguments,
                                            manage::TokenStatus standard) {
    const auto text = arguments.find("--status");
    if (!text)
        return standard;
    const auto status = manage::token_status_from(*text);
    if (!status)
        return not_a("a status", "--status", *text, "write " + std::string(manage::token_statuses));
    return *status;
}

namespace {

/// Returns the option as it was typed.
std::string_view from_name_of(const Arguments& arguments) {
    return arguments.given(since_option.name) ? since_option.name : from_option.name;
}

}  // namespace

Result<std::optional<std::int64_t>> from_of(const Arguments& arguments, std::int64_t now_ms) {
    if (arguments.given(from_option.name) && arguments.given(since_option.name))
        return Failure{Fault::usage, "--from and --since mean the same", "give one of them"};
    const std::string_view name = from_name_of(arguments);
    auto from = time_of(arguments, name, from_form, now_ms);
    if (from && from.value() && *from.value() > now_ms)
        return Failure{Fault::usage,
                       std::string(name) + ": '" + echoed(arguments.one(name)) + "' (" +
                           format_time(*from.value()) +
                           ") is in the future, from which nothing is on record",
                       "give an earlier time; it is " + format_time(now_ms) + " now"};
    return from;
}

Result<Listing> listing_of(const Arguments& arguments, std::int64_t shown_by_default,
                           std::int64_t now_ms, const manage::ListOrder& order) {
    constexpr std::int64_t shown_max = 100'000;
    const auto from = from_of(arguments, now_ms);
    if (!from)
        return from.failure();
    const auto until = time_of(arguments, until_option.name, until_form, now_ms);
    if (!until)
        return until.failure();
    if (from.value() && until.value())
        if (Status sound = check_period(arguments, *from.value(), *until.value()); !sound)
            return sound.failure();
    const auto limit = number_of(arguments, "--limit", shown_max);
    if (!limit)
        return limit.failure();
    auto page = page_of(arguments, order);
    if (!page)
        return page.failure();
    page.value().limit = limit.value().value_or(shown_by_default);
    return Listing{from.value(), until.value(), std::move(page).value()};
}

Result<manage::Sort> sort_of(const Arguments& arguments, const manage::ListOrder& order) {
    const auto text = arguments.find("--sort");
    const auto sort = manage::sort_from(text.value_or(""), order);
    if (!sort || (text && text->empty()))
        return not_a("a field of this list", "--sort", *text, "write " + manage::sorts_of(order));
    return *sort;
}

Result<manage::Page> page_of(const Arguments& arguments, const manage::ListOrder& order) {
    const auto sort = sort_of(arguments, order);
    if (!sort)
        return sort.failure();
    manage::Page page;
    manage::put_sort(sort.value(), page);
    page.search = arguments.find(search_option.name).value_or("");
    if (page.search.size() > limits::search_bytes_max)
        return Failure{
            Fault::usage,
            "--search is longer than " + std::to_string(limits::search_bytes_max) + " bytes",
            "look for a part of it"};
    return page;
}

Status check_period(const Arguments& arguments, std::int64_t from_ms, std::int64_t until_ms) {
    if (from_ms < until_ms)
        return Done{};
    const std::string from(from_name_of(arguments));
    return Failure{Fault::usage,
                   from + " (" + format_time(from_ms) + ") is not before --until (" +
                       format_time(until_ms) + ")",
                   "give an earlier " + from + ", or a later --until"};
}

std::vector<std::string_view> told_reasons() {
    std::vector<std::string_view> all;
    for (std::size_t i = 0; i < reason_count; ++i)
        all.push_back(to_text(static_cast<Reason>(i)));
    all.insert(all.end(), manage::reasons_after_grant.begin(), manage::reasons_after_grant.end());
    return all;
}

}  // namespace hourgate::cli
