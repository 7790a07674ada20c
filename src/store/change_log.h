// Which rows of the directory changed lately, so that what is remembered can be checked without
// being read again. Bounded: when more changed than it holds, everything remembered before is to be
// read again.
//
// Generations number what this process has seen of the directory, 1, 2, …: one for each reading
// that found a new directory_version. They only rise, also when the file is replaced by an older
// one.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/seeded_hash.h"
#include "gate/facts.h"

namespace hourgate::store {

using Generation = std::uint64_t;

/// One changed row. The numbers are those of the query that lists changes.
struct Change {
    enum class Table : std::uint8_t { tokens = 0, members = 1, workspaces = 2 };
    Table table = Table::tokens;
    std::int64_t id = 0;
};

/// Safe to use from any thread.
class ChangeLog {
public:
    /// What a reading found: these rows changed between the generation before and this one.
    void add(Generation generation, const std::vector<Change>& changes);
    /// Everything remembered at an earlier generation is to be read again.
    void forget_before(Generation generation);

    /// Whether facts known to hold at `since` may have changed by the latest generation added.
    [[nodiscard]] bool touched(const Facts& facts, Generation since) const;

private:
    [[nodiscard]] bool changed_after(Generation since, Change::Table table, std::int64_t id) const;
    void clear(Generation generation);

    mutable std::mutex mutex_;
    // Guarded by mutex_: the latest generation at which a row changed, of all changes after floor_.
    std::array<std::unordered_map<std::int64_t, Generation, SeededHash>, 3> latest_;
    Generation floor_ = 0;
};

}  // namespace hourgate::store
