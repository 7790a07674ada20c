// Values of arguments: texts into roles, instants, spans of time. Failure::usage names the
// argument, what it was and the form it has.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "account/member.h"
#include "base/result.h"
#include "base/role.h"
#include "base/time_text.h"
#include "cli/command.h"
#include "manage/list_order.h"
#include "manage/records.h"
#include "plan/subscription.h"
#include "policy/scope.h"
#include "token/format.h"

namespace hourgate::cli {

/// Reads a time as people type it; see time_from().
[[nodiscard]] Result<std::optional<std::int64_t>> time_of(const Arguments&, std::string_view name,
                                                          TimeForm form, std::int64_t now_ms);
/// The same for the end of something that may have none, which is typed as never or none: nullopt
/// if it is not given, and a nullopt inside for no end.
[[nodiscard]] Result<std::optional<std::optional<std::int64_t>>> end_of(const Arguments&,
                                                                        std::string_view name,
                                                                        std::int64_t now_ms);
/// "24h", "0": seconds.
[[nodiscard]] Result<std::optional<std::int64_t>> span_of(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<std::int64_t>> number_of(const Arguments&, std::string_view name,
                                                            std::int64_t max,
                                                            std::int64_t least = 0);
[[nodiscard]] Result<std::optional<bool>> yes_or_no(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<Role>> role_of(const Arguments&, std::string_view name);
/// person or service.
[[nodiscard]] Result<std::optional<MemberKind>> kind_of(const Arguments&, std::string_view name);
/// present or removed: whether they are removed.
[[nodiscard]] Result<std::optional<bool>> removed_of(const Arguments&, std::string_view name);
/// paid, grace or lapsed.
[[nodiscard]] Result<std::optional<Paid>> standing_of(const Arguments&, std::string_view name);
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

inline constexpr Parameter search_option =
    option("--search", "TEXT", "those that have this text; letter case is ignored");

/// What --from or --since, --until, --limit, --sort and --search say of a list. A date
/// means the beginning of its day for --from, and its end for --until.
struct Listing {
    std::optional<std::int64_t> from_ms;
    std::optional<std::int64_t> until_ms;
    manage::Page page;
};
/// `shown_by_default`: without --limit.
[[nodiscard]] Result<Listing> listing_of(const Arguments&, std::int64_t shown_by_default,
                                         std::int64_t now_ms,
                                         const manage::ListOrder& order = manage::event_order);
/// What --sort and --search say of a list; its standard order and everything without them.
[[nodiscard]] Result<manage::Page> page_of(const Arguments&, const manage::ListOrder& order);
[[nodiscard]] Result<manage::Sort> sort_of(const Arguments&, const manage::ListOrder& order);
/// Refuses a period that ends before it begins.
[[nodiscard]] Status check_period(const Arguments&, std::int64_t from_ms, std::int64_t until_ms);
/// What --from or --since says. Failure::usage if that is in the future, from which nothing can be
/// on record.
[[nodiscard]] Result<std::optional<std::int64_t>> from_of(const Arguments&, std::int64_t now_ms);

/// What --reason may be: those of the gate, then those that a granted call may fail by.
[[nodiscard]] std::vector<std::string_view> told_reasons();

}  // namespace hourgate::cli
