// How tokens are used: calls per token and hour by outcome, and the last of each. Written in
// batches, off the path of decisions; kept for a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "manage/ledger.h"
#include "manage/tokens.h"

namespace hourgate::manage {

/// One transaction for all of them; tokens that are not in the database are passed over.
[[nodiscard]] Status write_usage(Ledger& ledger, std::span<const UsageNote> notes);
/// Deletes some of what is older than that Unix hour: how many rows. 0: there is no more.
[[nodiscard]] Result<std::int64_t> prune_usage(Ledger& ledger, std::int64_t before_hour);

struct UsageQuery {
    TokenQuery tokens;
    std::string prefix;                    ///< of one token; empty: any
    std::optional<std::int64_t> from_ms;   ///< hours that begin at or after
    std::optional<std::int64_t> until_ms;  ///< hours that begin before
};
/// Latest hour first. Of the tokens that list_tokens would list.
[[nodiscard]] Result<Slice<UsageRow>> list_usage(const Context&, const UsageQuery&,
                                                 const Page& = {});

/// Calls that were granted in the hours that touch this time, of all tokens. Operators only.
[[nodiscard]] Result<std::int64_t> calls_granted(const Context&, std::int64_t from_ms,
                                                 std::int64_t until_ms);

}  // namespace hourgate::manage
