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

/// Reads an instant of RFC 3339, or a date, which names the beginning or the end of its day (UTC).
[[nodiscard]] Result<std::optional<std::int64_t>> time_of(const Arguments&, std::string_view name,
                                                          DateMeans means = DateMeans::its_end);
/// An instant as above, or a span from now, as in "90d".
[[nodiscard]] Result<std::optional<std::int64_t>> end_of(const Arguments&, std::string_view name,
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

/// What --from, --until and --limit say of a list, newest first. A date means the beginning of its
/// day for --from, and its end for --until.
struct Listing {
    std::optional<std::int64_t> from_ms;
    std::optional<std::int64_t> until_ms;
    manage::Page page;
};
/// `shown_by_default`: without --limit.
[[nodiscard]] Result<Listing> listing_of(const Arguments&, std::int64_t shown_by_default);

}  // namespace hourgate::cli
