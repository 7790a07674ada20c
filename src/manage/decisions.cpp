#include "manage/decisions.h"

#include <algorithm>
#include <utility>

#include "base/limits.h"
#include "manage/find.h"
#include "manage/rights.h"

namespace hourgate::manage {

namespace {

constexpr std::int64_t pruned_rows_max = 2'000;  // in one transaction: others wait for it
constexpr std::string_view id_prefix = "dec_";
constexpr std::size_t id_digits = 32;

std::size_t place_of(DecisionRecord::Kind kind) noexcept {
    return static_cast<std::size_t>(kind);
}

/// Of each kind what is over, as far as one transaction goes.
Status prune_over(Rows& rows, std::int64_t rows_max, DecisionCounts& counts) {
    using Kind = DecisionRecord::Kind;
    for (const Kind kind : {Kind::refused_nobody, Kind::refused_token, Kind::granted}) {
        std::int64_t& count = counts[place_of(kind)];
        if (count <= rows_max)
            continue;
        const auto pruned = rows.prune_decisions(kind, std::min(count - rows_max, pruned_rows_max));
        if (!pruned)
            return pruned.failure();
        count -= pruned.value();
    }
    return Done{};
}

}  // namespace

std::string told_reason(const DecisionRecord& record) {
    if (!has_failed(record))
        return record.reason;
    // It is written by our own program, in which no other text can look like this one.
    constexpr std::string_view before = R"("upstream":{"reason":")";
    const std::size_t at = record.document.find(before);
    if (at == std::string::npos)
        return record.reason;
    const std::size_t begin = at + before.size();
    return record.document.substr(begin, record.document.find('"', begin) - begin);
}

Status write_decisions(Ledger& ledger, std::span<const DecisionRecord> records, bool grants_alone,
                       std::int64_t rows_max, DecisionCounts& counts) {
    DecisionCounts after = counts;
    const Status done = ledger.write([&](Rows& rows) -> Status {
        for (const DecisionRecord& record : records) {
            const bool alone = grants_alone && record.kind == DecisionRecord::Kind::granted;
            const auto more = rows.add_decision(record, alone);
            if (!more)
                return more.failure();
            after[place_of(record.kind)] += more.value();
        }
        return prune_over(rows, rows_max, after);
    });
    if (done)
        counts = after;
    return done;
}

Result<DecisionCounts> count_decisions(Ledger& ledger) {
    DecisionCounts counts{};
    const Status done = ledger.read([&](Rows& rows) -> Status {
        const auto found = rows.count_decisions();
        if (!found)
            return found.failure();
        counts = found.value();
        return Done{};
    });
    if (!done)
        return done.failure();
    return counts;
}

Result<DecisionCounts> prune_decisions(Ledger& ledger, std::int64_t before_ms) {
    DecisionCounts counts{};
    const Status done = ledger.write([&](Rows& rows) -> Status {
        const auto pruned = rows.prune_decisions_before(before_ms, pruned_rows_max);
        if (!pruned)
            return pruned.failure();
        counts = pruned.value();
        return Done{};
    });
    if (!done)
        return done.failure();
    return counts;
}

std::optional<std::string_view> decision_digits(std::string_view text) noexcept {
    if (text.starts_with(id_prefix))
        text.remove_prefix(id_prefix.size());
    if (text.size() != id_digits ||
        text.find_first_not_of("0123456789abcdef") != std::string_view::npos)
        return std::nullopt;
    return text;
}

Result<std::optional<DecisionRecord>> find_decision(const Context& context,
                                                    std::string_view digits) {
    return in_read(context, [&](Rows& rows) { return rows.decision(digits); });
}

Result<Slice<DecisionRecord>> list_decisions(const Context& context, DecisionFilter filter,
                                             const Page& page) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context, [&](Rows& rows) -> Result<Slice<DecisionRecord>> {
        if (!filter.workspace_id.empty()) {
            Result<std::string> id = find_workspace_in_logs(rows, filter.workspace_id);
            if (!id)
                return id.failure();
            filter.workspace_id = std::move(id).value();
        }
        return rows.decisions(filter, page);
    });
}

Result<Slice<DecisionRecord>> decisions_in_order(const Context& context, std::int64_t from_ms,
                                                 std::int64_t until_ms, const Page& page) {
    if (Status may = operators_only(context); !may)
        return may.failure();
    return in_read(context,
                   [&](Rows& rows) { return rows.decisions_in_order(from_ms, until_ms, page); });
}

}  // namespace hourgate::manage
