// Converts the values of arguments into roles, instants and durations. Failure::usage names the
// argument, its value and the expected form. An optional result is nullopt if the argument is not
// given.
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

/// Reads a time as people write it; see time_from().
[[nodiscard]] Result<std::optional<std::int64_t>> time_of(const Arguments&, std::string_view name,
                                                          TimeForm form, std::int64_t now_ms);
/// Does the same for an end that may be absent, written as never or none. Returns nullopt if it is
/// not given, and an inner nullopt for no end.
[[nodiscard]] Result<std::optional<std::optional<std::int64_t>>> end_of(const Arguments&,
                                                                        std::string_view name,
                                                                        std::int64_t now_ms);
/// Reads a duration: "24h", "0". Returns seconds.
[[nodiscard]] Result<std::optional<std::int64_t>> span_of(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<std::int64_t>> number_of(const Arguments&, std::string_view name,
                                                            std::int64_t max,
                                                            std::int64_t least = 0);
[[nodiscard]] Result<std::optional<bool>> yes_or_no(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<Role>> role_of(const Arguments&, std::string_view name);
/// Reads person or service.
[[nodiscard]] Result<std::optional<MemberKind>> kind_of(const Arguments&, std::string_view name);
/// Reads present or removed. Returns true for removed.
[[nodiscard]] Result<std::optional<bool>> removed_of(const Arguments&, std::string_view name);
/// Reads paid, grace or lapsed.
[[nodiscard]] Result<std::optional<Paid>> standing_of(const Arguments&, std::string_view name);
[[nodiscard]] Result<std::optional<token::Env>> env_of(const Arguments&, std::string_view name);
/// Returns all scopes given, each in its own argument or several separated by commas or spaces.
[[nodiscard]] Result<std::vector<policy::Scope>> scopes_of(const Arguments&, std::string_view name);

/// Returns the workspace that --workspace or, in the older spelling, the argument WS names; "" for
/// none.
[[nodiscard]] Result<std::string> workspace_of(const Arguments&);
/// Returns what --status says about tokens; `standard` if it is not given.
[[nodiscard]] Result<manage::TokenStatus> token_status_of(const Arguments&,
                                                          manage::TokenStatus standard);

inline constexpr Parameter from_option =
    option("--from", "TIME", "from an instant, a date (UTC), yesterday, or 2h, so long ago");
inline constexpr Parameter since_option = option("--since", "TIME", "the same as --from");
inline constexpr Parameter until_option =
    option("--until", "TIME", "before an instant or a span ago, or until the end of a date (UTC)");

inline constexpr Parameter search_option =
    option("--search", "TEXT", "those that have this text; letter case is ignored");

/// What --from or --since, --until, --limit, --sort and --search say about a list. A date means the
/// beginning of its day for --from, and its end for --until.
struct Listing {
    std::optional<std::int64_t> from_ms;
    std::optional<std::int64_t> until_ms;
    manage::Page page;
};
/// `shown_by_default` is the limit if --limit is not given.
[[nodiscard]] Result<Listing> listing_of(const Arguments&, std::int64_t shown_by_default,
                                         std::int64_t now_ms,
                                         const manage::ListOrder& order = manage::event_order);
/// Returns what --sort and --search say about a list. Without them: its standard order and every
/// row.
[[nodiscard]] Result<manage::Page> page_of(const Arguments&, const manage::ListOrder& order);
[[nodiscard]] Result<manage::Sort> sort_of(const Arguments&, const manage::ListOrder& order);
/// Refuses a period that ends before it begins.
[[nodiscard]] Status check_period(const Arguments&, std::int64_t from_ms, std::int64_t until_ms);
/// Returns what --from or --since says. Failure::usage if that is in the future, for which there
/// are no records.
[[nodiscard]] Result<std::optional<std::int64_t>> from_of(const Arguments&, std::int64_t now_ms);

/// Returns the values of --reason: the gate's reasons, then those for which a granted call may
/// fail.
[[nodiscard]] std::vector<std::string_view> told_reasons();

}  // namespace hourgate::cli
