// The decision log as it is written and read: every refusal and a sample of granted calls, bounded
// in days and, for each kind, in rows.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "manage/ledger.h"

namespace hourgate::manage {

/// Whether the gate granted the call, and it failed behind the gate.
[[nodiscard]] inline bool has_failed(const DecisionRecord& record) noexcept {
    return record.kind == DecisionRecord::Kind::granted && record.status >= 400;
}

/// What a call that the gate granted may fail by, as its caller was told.
inline constexpr std::array<std::string_view, 3> reasons_after_grant = {
    "upstream_broken", "upstream_timed_out", "upstream_unreachable"};
[[nodiscard]] constexpr bool is_after_grant(std::string_view reason) noexcept {
    return std::find(reasons_after_grant.begin(), reasons_after_grant.end(), reason) !=
           reasons_after_grant.end();
}
/// The reason that the caller was told: that of the decision or, if the call failed behind the
/// gate, of that failure.
[[nodiscard]] std::string told_reason(const DecisionRecord& record);

using DecisionCounts = std::array<std::int64_t, decision_kinds>;

/// In one transaction; then, of each kind, the oldest beyond `rows_max` are deleted. `counts` is
/// what there is of each kind, before and, when it is done, after. `grants_alone`: as of
/// Rows::add_decision, for granted calls.
[[nodiscard]] Status write_decisions(Ledger& ledger, std::span<const DecisionRecord> records,
                                     bool grants_alone, std::int64_t rows_max,
                                     DecisionCounts& counts);
[[nodiscard]] Result<DecisionCounts> count_decisions(Ledger& ledger);
/// Deletes some of what is from before that instant: how many of each kind. All 0: there is no
/// more.
[[nodiscard]] Result<DecisionCounts> prune_decisions(Ledger& ledger, std::int64_t before_ms);

/// The 32 digits of an id as people write it, with or without "dec_"; nothing when it is none.
[[nodiscard]] std::optional<std::string_view> decision_digits(std::string_view text) noexcept;

/// Nothing when it is not on record. Asks nobody who they are.
[[nodiscard]] Result<std::optional<DecisionRecord>> find_decision(const Context&,
                                                                  std::string_view digits);
/// Operators only. A workspace is named by id or name: not_found when there is none.
[[nodiscard]] Result<Slice<DecisionRecord>> list_decisions(const Context&, DecisionFilter filter,
                                                           const Page& = {});

/// The same, in the order in which they were decided: from an instant on, before another.
/// `page.after` is `next` of the part before.
[[nodiscard]] Result<Slice<DecisionRecord>> decisions_in_order(const Context&, std::int64_t from_ms,
                                                               std::int64_t until_ms,
                                                               const Page& page);

}  // namespace hourgate::manage
