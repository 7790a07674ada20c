#include "cli/values.h"

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "base/text.h"
#include "base/time_text.h"

namespace hourgate::cli {

namespace {

Failure not_a(std::string_view what, std::string_view name, std::string_view text,
              std::string_view form) {
    return {Fault::usage,
            std::string(name) + ": '" + echoed(text) + "' is not " + std::string(what),
            std::string(form)};
}

std::string date_form(DateMeans means) {
    return std::string("write a date, as in 2027-01-31, which means the ") +
           (means == DateMeans::its_beginning ? "beginning" : "end") +
           " of that day (UTC), or an instant, as in 2027-01-31T12:00:00Z";
}

}  // namespace

Result<std::optional<std::int64_t>> time_of(const Arguments& arguments, std::string_view name,
                                            DateMeans means) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto time = parse_time(*text, means);
    if (!time)
        return not_a("a date", name, *text, date_form(means));
    return time;
}

Result<std::optional<std::int64_t>> end_of(const Arguments& arguments, std::string_view name,
                                           std::int64_t now_ms) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    if (const auto span_s = parse_duration_s(*text))
        return std::optional(now_ms + *span_s * ms_per_s);
    if (const auto time = parse_time(*text))
        return time;
    return not_a(
        "a date or a span of time", name, *text,
        "write a span, as in 90d, or a date, as in 2027-01-31, which ends with that day (UTC)");
}

Result<std::optional<std::int64_t>> span_of(const Arguments& arguments, std::string_view name) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto span_s = parse_duration_s(*text);
    if (!span_s)
        return not_a("a span of time", name, *text,
                     "write it as in 90s, 15m, 24h or 7d, or 0 for none");
    return span_s;
}

Result<std::optional<std::int64_t>> number_of(const Arguments& arguments, std::string_view name,
                                              std::int64_t max) {
    const auto text = arguments.find(name);
    if (!text)
        return std::optional<std::int64_t>();
    const auto number = parse_number(*text, static_cast<std::uint64_t>(max));
    if (!number)
        return not_a("a number it can be", name, *text, "write 0 to " + std::to_string(max));
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

Result<Listing> listing_of(const Arguments& arguments, std::int64_t shown_by_default) {
    constexpr std::int64_t shown_max = 100'000;
    const auto from = time_of(arguments, "--from", DateMeans::its_beginning);
    if (!from)
        return from.failure();
    const auto until = time_of(arguments, "--until", DateMeans::its_end);
    if (!until)
        return until.failure();
    const auto limit = number_of(arguments, "--limit", shown_max);
    if (!limit)
        return limit.failure();
    return Listing{from.value(), until.value(), {limit.value().value_or(shown_by_default), {}}};
}

}  // namespace hourgate::cli
