// Counts what becomes of each token's calls, in memory, until somebody takes the counts away.
// Decisions of callers whose secret matched no token are nobody's usage. Bounded: when full, what
// happens to a token that is not held is dropped, and counted as dropped.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

#include "gate/decision.h"
#include "manage/records.h"

namespace hourgate::ops {

class UsageMeter {
public:
    UsageMeter();
    ~UsageMeter();
    UsageMeter(const UsageMeter&) = delete;
    UsageMeter& operator=(const UsageMeter&) = delete;

    /// Called when the first call since the last writing is granted to a token that a rotation made
    /// less than limits::fresh_successor_ms ago, so that a crash loses hardly any such call. Set
    /// once, before the first call; `wake` neither waits nor throws.
    void on_fresh_successor(std::function<void()> wake) { wake_ = std::move(wake); }
    /// One shard's lock, no write. Any thread.
    void count(const Decision& decision) noexcept;
    /// What was counted in one part of it since that was last taken: a part at a time, so that not
    /// all of it is in memory twice. REQUIRES: part < limits::usage_shards.
    [[nodiscard]] std::vector<manage::UsageNote> take(std::size_t part);
    /// Decisions that found no room.
    [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(); }

private:
    struct Shard;
    std::unique_ptr<Shard[]> shards_;
    std::atomic<std::uint64_t> dropped_{0};
    std::function<void()> wake_;
};

}  // namespace hourgate::ops
