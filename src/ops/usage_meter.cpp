#include "ops/usage_meter.h"

#include <optional>
#include <string>

#include "base/few.h"
#include "base/limits.h"
#include "base/seeded_hash.h"

namespace hourgate::ops {

namespace {

struct Count {
    Reason reason = Reason::granted;
    std::uint32_t calls = 0;
};

struct Entry {
    std::int64_t hour = 0;
    Few<Count, 2> counts;      // few callers meet more than two reasons
    std::int64_t used_ms = 0;  // 0: not granted
    std::optional<Address> used_from;
    std::int64_t refused_ms = 0;  // 0: not refused
    std::optional<Address> refused_from;
    Reason refused = Reason::granted;

    void add(Reason reason) {
        for (Count& count : counts)
            if (count.reason == reason) {
                ++count.calls;
                return;
            }
        counts.push_back({reason, 1});
    }
};

/// Whether the token was made by a rotation just now, so that its predecessor may ask whether it
/// was ever used.
bool is_fresh_successor(const TokenFacts& token, std::int64_t now_ms) noexcept {
    return token.id != token.line && now_ms - token.created_ms < limits::fresh_successor_ms;
}

manage::UsageNote note_of(std::int64_t token_id, const Entry& entry) {
    manage::UsageNote note;
    note.token_id = token_id;
    note.hour = entry.hour;
    for (const Count& count : entry.counts)
        note.calls.emplace_back(to_text(count.reason), count.calls);
    if (entry.used_ms != 0)
        note.last.used_ms = entry.used_ms;
    if (entry.used_from)
        note.last.used_from = entry.used_from->text();
    if (entry.refused_ms != 0) {
        note.last.refused_ms = entry.refused_ms;
        note.last.refused_reason = to_text(entry.refused);
    }
    if (entry.refused_from)
        note.last.refused_from = entry.refused_from->text();
    return note;
}

}  // namespace

struct UsageMeter::Shard {
    std::mutex mutex;
    std::unordered_map<std::int64_t, Entry, SeededHash> entries;  // of this hour, by token
    std::vector<manage::UsageNote> earlier;                       // of hours that are over
};

UsageMeter::UsageMeter() : shards_(std::make_unique<Shard[]>(limits::usage_shards)) {}
UsageMeter::~UsageMeter() = default;

void UsageMeter::count(const Decision& decision) noexcept {
    // A dead token that asks why was granted nothing.
    if (!decision.facts || (decision.granted() && decision.because != Reason::granted))
        return;
    const std::int64_t id = decision.facts->token.id;
    const std::int64_t now_ms = decision.now.wall_ms;
    const std::int64_t hour = now_ms / ms_per_hour;
    Shard& shard = shards_[static_cast<std::size_t>(id) % limits::usage_shards];
    bool first_use = false;
    try {
        const std::lock_guard lock(shard.mutex);
        const auto found = shard.entries.find(id);
        if (found == shard.entries.end() &&
            shard.entries.size() + shard.earlier.size() >= limits::usage_entries_per_shard_max) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        Entry& entry = found == shard.entries.end() ? shard.entries[id] : found->second;
        if (entry.hour != hour) {
            if (entry.hour != 0)
                shard.earlier.push_back(note_of(id, entry));
            entry = Entry{};
            entry.hour = hour;
        }
        entry.add(decision.reason);
        if (decision.granted()) {
            first_use = entry.used_ms == 0;
            entry.used_ms = now_ms;
            entry.used_from = decision.address;
        } else {
            entry.refused_ms = now_ms;
            entry.refused_from = decision.address;
            entry.refused = decision.reason;
        }
    } catch (...) {
        dropped_.fetch_add(1, std::memory_order_relaxed);
    }
    if (first_use && wake_ && is_fresh_successor(decision.facts->token, now_ms))
        wake_();
}

std::vector<manage::UsageNote> UsageMeter::take(std::size_t part) {
    Shard& shard = shards_[part];
    std::vector<manage::UsageNote> notes;
    std::unordered_map<std::int64_t, Entry, SeededHash> entries;
    {
        const std::lock_guard lock(shard.mutex);
        entries.swap(shard.entries);
        notes.swap(shard.earlier);
    }
    notes.reserve(notes.size() + entries.size());
    for (const auto& [id, entry] : entries)
        notes.push_back(note_of(id, entry));
    return notes;
}

}  // namespace hourgate::ops
