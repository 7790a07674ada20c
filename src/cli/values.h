// Values of arguments: texts into roles, instants, spans of time. Failure::usage names the
// argument, what it was and the form it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/role.h"
#include "base/time_text.h"
#include "cli/command.h"
#include "manage/records.h"
#include "policy/scope.h"
#include "token/format.h"

namespace hourgate::cli {

/// What a span of time is measured from now: backwards or forwards.
enum class SpanMeans : std::uint8_t { ago, ahead };
/// How an option that takes a time reads what names no instant of its own.
struct TimeForm {
    DateMeans date = DateMeans::its_end;
    SpanMeans span = SpanMeans::ahead;
};
inline constexpr TimeForm from_form = {DateMeans::its_beginning, SpanMeans::ago};
inline constexpr TimeForm until_form = {DateMeans::its_end, SpanMeans::ago};
inline constexpr TimeForm end_form = {DateMeans::its_end, SpanMeans::ahead};

/// Reads a time as people type it: an instant of RFC 3339; a date, or yesterday, today or tomorrow,
/// which name the beginning or the end of their day (UTC); now; or a span as in "2h".
[[nodiscard]] Result<std::optional<std::int64_t>> time_of(const Arguments&, std::string_view name,
                                                          TimeForm form, std::int64_t now_ms);
/// Reads a time from a text; nullopt if the text has none of these forms.
[[nodiscard]] std::optional<std::int64_t> time_from(std::string_view text, TimeForm form,
                                                    std::int64_t now_ms);
/// "24h", "0": seconds.
[[nodiscard]] Result<std::optional<std::int64_t>> span_of(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<std::int64_t>> number_of(const Arguments&, std::string_view name,
                                                            std::int64_t max);
[[nodiscard]] Result<std::optional<bool>> yes_or_no(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<Role>> role_of(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<token::Env>> env_of(const Arguments&, std::string_view name);
/// All that are given, each alone or several with commas or spaces between them.
[[nodiscard]] Result<std::vector<policy::Scope>> scopes_of(const Arguments&, std::string_view name);

/// The workspace that --workspace names, or, in an older spelling, the word WS; "" for none.
[[nodiscard]] Result<std::string> workspace_of(const Arguments&);
/// What --status says of tokens; `standard` without it.
[[nodiscard]] Result<manage::TokenStatus> token_status_of(const Arguments&,
                                                          manage::TokenStatus standard);

inline constexpr Parameter from_option =
    option("--from", "TIME", "from an instant, a date (UTC), yesterday, or 2h, so long ago");
inline constexpr Parameter since_option = option("--since", "TIME", "the same as --from");
inline constexpr Parameter until_option =
    option("--until", "TIME", "before an instant or a span ago, or until the end of a date (UTC)");

/// What --from or --since, --until and --limit say of a list, newest first. A date means the
/// beginning of its day for --from, and its end for --until.
struct Listing {
    std::optional<std::int64_t> from_ms;
    std::optional<std::int64_t> until_ms;
    manage::Page page;
};
/// `shown_by_default`: without --limit.
[[nodiscard]] Result<Listing> listing_of(const Arguments&, std::int64_t shown_by_default,
                                         std::int64_t now_ms);
/// What --from or --since says.
[[nodiscard]] Result<std::optional<std::int64_t>> from_of(const Arguments&, std::int64_t now_ms);

}  // namespace hourgate::cli
