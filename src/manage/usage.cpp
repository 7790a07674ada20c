#include "manage/usage.h"

#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

namespace {

constexpr std::int64_t pruned_rows_max = 5'000;

std::int64_t hour_from(std::int64_t wall_ms) noexcept {
    return (wall_ms + ms_per_hour - 1) / ms_per_hour;
}

Result<UsageFilter> filter_of(Rows& rows, const Context& context, const UsageQuery& query) {
    const auto caller = caller_of(rows, context);
    if (!caller)
        return caller.failure();
    const auto which = rows_of(rows, caller.value(), query.tokens, context.now.wall_ms);
    if (!which)
        return which.failure();
    UsageFilter filter;
    filter.tokens = which.value();
    if (!query.prefix.empty()) {
        const auto token = find_token_for(rows, caller.value(), query.prefix);
        if (!token)
            return token.failure();
        filter.token = token.value().token.id;
    }
    if (query.from_ms)
        filter.from_hour = hour_from(*query.from_ms);
    if (query.until_ms)
        filter.until_hour = hour_from(*query.until_ms);
    return filter;
}

}  // namespace

Status write_usage(Ledger& ledger, std::span<const UsageNote> notes) {
    return ledger.write([&](Rows& rows) -> Status {
        for (const UsageNote& note : notes)
            if (Status added = rows.add_usage(note); !added)
                return added;
        return Done{};
    });
}

Result<std::int64_t> prune_usage(Ledger& ledger, std::int64_t before_hour) {
    std::int64_t pruned = 0;
    const Status done = ledger.write([&](Rows& rows) -> Status {
        const auto count = rows.prune_usage(before_hour, pruned_rows_max);
        if (!count)
            return count.failure();
        pruned = count.value();
        return Done{};
    });
    if (!done)
        return done.failure();
    return pruned;
}

Result<Slice<UsageRow>> list_usage(const Context& context, const UsageQuery& query,
                                   const Page& page) {
    return in_read(context, [&](Rows& rows) -> Result<Slice<UsageRow>> {
        const auto filter = filter_of(rows, context, query);
        if (!filter) {
            const std::string& ws = query.tokens.workspace;
            const bool may_be_closed = context.actor.power == Power::gate && !ws.empty() &&
                                       filter.failure().fault == Fault::not_found;
            const auto closed = may_be_closed ? rows.closed_workspace(ws)
                                              : Result<std::optional<std::string>>(std::nullopt);
            if (!closed)
                return closed.failure();
            if (closed.value())
                return Slice<UsageRow>();  // its tokens are gone, and what they called with them
            return filter.failure();
        }
        return rows.usage(filter.value(), page);
    });
}

Result<std::int64_t> calls_granted(const Context& context, std::int64_t from_ms,
                                   std::int64_t until_ms) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) {
        return rows.calls_granted(from_ms / ms_per_hour, hour_from(until_ms));
    });
}

}  // namespace hourgate::manage
