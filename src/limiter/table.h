// What the limiters of this folder have in common: entries in shards, with one mutex each.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/seeded_hash.h"
#include "limiter/limiter.h"
#include "limiter/saved.h"
#include "limiter/window_log.h"

namespace hourgate {

/// An `Entry` has a WindowLog `log`. It is constructed from the instant before which it will not
/// count.
template <typename Key, typename Entry>
class Table {
public:
    using Entries = std::unordered_map<Key, Entry, SeededHash>;

    /// The mutex guards everything else.
    struct alignas(64) Shard {
        mutable std::mutex mutex;
        Entries entries;
        /// The latest sweep. A call that read its clock earlier but comes later is counted as of
        /// this instant. What was swept as idle might still count at the call's own instant.
        std::int64_t swept_us = 0;
    };

    /// Nothing is counted before `since_us`.
    explicit Table(std::int64_t since_us = 0) {
        for (Shard& shard : shards_) {
            shard.swept_us = since_us;
        }
    }

    [[nodiscard]] Shard& shard(const Key& key) noexcept {
        // Use the high bits, so that the low ones still separate keys within a shard.
        constexpr int shift = 64 - std::countr_zero(limits::limiter_shards);
        return shards_[hash_(key) >> shift];
    }

    /// Forgets entries in which nothing counts any more, and tidies the others. Calls `forgotten`
    /// with the key of each forgotten entry, under its shard's lock. Returns how many were
    /// forgotten.
    template <typename Forgotten>
    std::size_t sweep(std::int64_t now_us, Forgotten forgotten) {
        std::size_t gone = 0;
        for (Shard& shard : shards_) {
            for (std::size_t bucket = 0; sweep_some(shard, bucket, now_us, gone, forgotten);) {
                // Calls get in between: a shard with many entries must not hold them up.
            }
        }
        return gone;
    }
    std::size_t sweep(std::int64_t now_us) {
        return sweep(now_us, [](const Key& /*forgotten*/) {});
    }

    /// Calls `write` for every entry under its lock, and `flush` without a lock after every few
    /// entries. Returns false as soon as `flush` does. An entry that exists all the time is
    /// written, perhaps twice; then the later one counts.
    template <typename Write, typename Flush>
    bool copy(Write write, Flush flush) const {
        for (const Shard& shard : shards_) {
            std::size_t buckets = 0;
            for (std::size_t bucket = 0; copy_some(shard, bucket, buckets, write);) {
                if (!flush()) {
                    return false;
                }
            }
            if (!flush()) {
                return false;
            }
        }
        return true;
    }

    /// Replaces the entry under `key`, if any, by `entry`. Returns whether it is new. REQUIRES: no
    /// other thread uses this table.
    bool put(const Key& key, Entry entry) {
        return shard(key).entries.insert_or_assign(key, std::move(entry)).second;
    }

    /// Forgets the entries for whose key `which` returns true.
    template <typename Which>
    void forget(Which which) {
        for (Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            std::erase_if(shard.entries, [&](const auto& item) { return which(item.first); });
        }
    }

    /// Calls `visit` for every shard under its lock.
    template <typename Visit>
    void visit(Visit visit_shard) const {
        for (const Shard& shard : shards_) {
            const std::lock_guard lock(shard.mutex);
            visit_shard(shard);
        }
    }

private:
    /// Sweeps some buckets from `bucket` on and sets it to the next one. Returns whether there are
    /// more. A rehash in between may hide an entry from this sweep; the next sweep finds it.
    template <typename Forgotten>
    static bool sweep_some(Shard& shard, std::size_t& bucket, std::int64_t now_us,
                           std::size_t& gone, Forgotten& forgotten) {
        const std::lock_guard lock(shard.mutex);
        shard.swept_us = std::max(shard.swept_us, now_us);
        const std::size_t end = std::min(shard.entries.bucket_count(), bucket + 64);
        for (; bucket < end; ++bucket) {
            std::vector<Key> idle;
            for (auto item = shard.entries.begin(bucket); item != shard.entries.end(bucket);
                 ++item) {
                WindowLog& log = item->second.log;
                if (log.idle(now_us)) {
                    idle.push_back(item->first);
                } else {
                    log.tidy(std::max(now_us, log.latest_us()));
                }
            }
            for (const Key& key : idle) {
                gone += shard.entries.erase(key);
                forgotten(key);
            }
        }
        return bucket < shard.entries.bucket_count();
    }

    /// Writes some buckets from `bucket` on and sets it to the next one. Returns whether there are
    /// more. A rehash moves entries, so the shard is then written from its beginning.
    template <typename Write>
    static bool copy_some(const Shard& shard, std::size_t& bucket, std::size_t& buckets,
                          Write& write) {
        const std::lock_guard lock(shard.mutex);
        if (buckets != shard.entries.bucket_count()) {
            buckets = shard.entries.bucket_count();
            bucket = 0;
        }
        const std::size_t end = std::min(buckets, bucket + 64);
        for (; bucket < end; ++bucket) {
            for (auto item = shard.entries.begin(bucket); item != shard.entries.end(bucket);
                 ++item) {
                write(item->first, item->second);
            }
        }
        return bucket < buckets;
    }

    const SeededHash hash_;
    std::array<Shard, limits::limiter_shards> shards_;
};

/// Passes the entries of a table in which something counts at `now_us` to `sink`. Each piece begins
/// with `part`, the byte that names the table. `put_entry` appends one entry to a piece. Returns
/// false if the sink does, or if there are more entries than can be read back.
template <typename SomeTable, typename PutEntry>
bool save_table(const SomeTable& table, char part, std::int64_t now_us, PutEntry put_entry,
                const SavedSink& sink) {
    std::string piece;
    std::size_t entries = 0;
    const auto hand_over = [&] {
        const bool fine = piece.empty() || (piece.size() <= limits::state_piece_bytes_max &&
                                            entries <= limits::state_entries_max && sink(piece));
        piece.clear();
        return fine;
    };
    const bool all = table.copy(
        [&](const auto& key, const auto& entry) {
            if (entry.log.idle(now_us)) {
                return;
            }
            if (piece.empty()) {
                piece.push_back(part);
            }
            put_entry(piece, key, entry);
            ++entries;
        },
        [&] { return piece.size() < limits::state_piece_bytes || hand_over(); });
    return all && hand_over();
}

/// Returns the heap bytes of a shard's entries, for the memory metric.
template <typename Entries>
[[nodiscard]] std::size_t heap_bytes(const Entries& entries) {
    constexpr std::size_t node_overhead = 2 * sizeof(void*);  // the link, and malloc's header
    std::size_t bytes = entries.bucket_count() * sizeof(void*);
    for (const auto& item : entries) {
        bytes += sizeof item + node_overhead + item.second.log.bytes();
    }
    return bytes;
}

/// Sets `granted`, `full` and `retry_after_s` from `states`.
inline void judge(Room& room) noexcept {
    for (std::size_t i = 0; i < room.count; ++i) {
        const WindowState& state = room.states[i];
        if (state.full && (room.granted || state.reset_s > room.retry_after_s)) {
            room.granted = false;
            room.full = static_cast<int>(i);
            room.retry_after_s = state.reset_s;
        }
    }
}

}  // namespace hourgate
