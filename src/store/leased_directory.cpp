#include "store/leased_directory.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/seeded_hash.h"
#include "store/change_log.h"
#include "store/directory_readers.h"
#include "store/errors.h"
#include "store/lock_file.h"

// Why an answer is never older than the change it must show.
//
// 1. The lease. `until_us` is the instant *before* a version was read plus lease_us. A request
//    whose `now` is earlier than that is answered by what that reading published: the reading began
//    later than now - lease_us. A change committed before now - lease_us was there to be read.
//    Writers wait longer than lease_us after their commit, so no request received after they return
//    misses it.
// 2. Publishing. A reading that finds a new version first adds what changed to the log, then tells
//    every shard the new generation and plans, and only then extends the lease. A thread that sees
//    the lease and then locks a shard finds that generation, or a later one.
// 3. Remembered facts carry the generation they are known to hold at. If the shard is further, the
//    log knows every row that changed since, and says whether one of theirs did: it holds all
//    changes of all generations the shards know, because of the order in 2.
// 4. Facts read from the store are marked with the generation the shard had *before* the reading
//    began. That generation's version was committed by then, and a snapshot of a WAL database begun
//    later holds all that was: the facts are of that version or of a later one. Marking them too
//    low is safe: a change they contain already may make them be read once more, and a change they
//    lack has a higher stamp than their snapshot, so a later generation reports it.
// 5. Facts of a newer version than the one published (the row says of which) would stand beside
//    older plans: then the version is read at once, lease or not, before the answer is given.

namespace hourgate::store {

namespace {

constexpr std::size_t fact_readers_max = 4;  // connections; a look-up takes microseconds
constexpr std::size_t shard_entries_max = limits::directory_entries_max / limits::directory_shards;
constexpr std::size_t eviction_sample = 8;  // entries compared to find one not used for long

constexpr std::size_t swept_buckets = limits::directory_swept_per_shard;

using Key = std::uint64_t;  // the 12 hex digits of a prefix as a number

std::optional<Key> key_of(std::string_view prefix) noexcept {
    if (!token::is_prefix(prefix))
        return std::nullopt;
    Key key = 0;
    for (const char c : prefix)
        key = key << 4U | static_cast<Key>(c <= '9' ? c - '0' : c - 'a' + 10);
    return key;
}

struct Entry {
    std::shared_ptr<const Facts> facts;
    Generation known_at = 0;   // the facts hold at this generation
    std::int64_t used_us = 0;  // when they were asked for last
};

bool has_ended(const TokenFacts& token, std::int64_t now_ms) noexcept {
    const auto passed = [&](const std::optional<std::int64_t>& end_ms) {
        return end_ms && *end_ms <= now_ms;
    };
    return token.revoked_ms || passed(token.works_until_ms) || passed(token.expires_ms);
}

/// A part of what is remembered, on cache lines of its own.
struct alignas(64) Shard {
    mutable std::mutex mutex;
    // All guarded by mutex.
    std::unordered_map<Key, Entry, SeededHash> entries;
    Generation generation = 0;              // the latest published
    std::shared_ptr<const PlanBook> plans;  // as of it
    std::size_t next_bucket = 0;            // where the search for an old entry goes on
    std::size_t next_swept = 0;             // where the sweep goes on
    std::uint64_t hits = 0, reloads = 0, evictions = 0;

    /// Forgets, among the next few, what has ended or changed. What is asked for all the same is
    /// read again.
    void forget_useless(const ChangeLog& log, std::int64_t now_ms) {
        std::vector<Key> useless;
        const std::size_t buckets = std::min(entries.bucket_count(), swept_buckets);
        for (std::size_t seen = 0; seen < buckets; ++seen) {
            next_swept = (next_swept + 1) % entries.bucket_count();
            for (auto it = entries.begin(next_swept); it != entries.end(next_swept); ++it) {
                const Entry& entry = it->second;
                const bool changed =
                    entry.known_at != generation && log.touched(*entry.facts, entry.known_at);
                if (changed || has_ended(entry.facts->token, now_ms))
                    useless.push_back(it->first);
            }
        }
        for (const Key key : useless)
            entries.erase(key);
    }

    /// Forgets the entry used longest ago among the next few. REQUIRES: not empty.
    void forget_an_old_one() {
        Key oldest = entries.begin()->first;
        std::int64_t oldest_us = entries.begin()->second.used_us;
        for (std::size_t seen = 0; seen < eviction_sample;) {
            next_bucket = (next_bucket + 1) % entries.bucket_count();
            for (auto it = entries.begin(next_bucket); it != entries.end(next_bucket); ++it, ++seen)
                if (it->second.used_us < oldest_us) {
                    oldest = it->first;
                    oldest_us = it->second.used_us;
                }
        }
        entries.erase(oldest);
        ++evictions;
    }
};

/// The connections that read single rows: at most fact_readers_max, opened when wanted, thrown away
/// after a failure.
class FactReaders {
public:
    explicit FactReaders(const std::string& path) : path_(path) { idle_.reserve(fact_readers_max); }

    /// One look-up; waits for a connection when all are busy. Throws.
    [[nodiscard]] FactReader::Row read(std::string_view prefix) {
        Borrowed borrowed = borrow();
        try {
            if (!borrowed.reader)
                borrowed.reader = std::make_unique<FactReader>(path_, pools_);
            FactReader::Row row = borrowed.reader->read(prefix);
            give_back(std::move(borrowed));
            return row;
        } catch (...) {
            borrowed.reader.reset();
            give_back(std::move(borrowed));
            throw;
        }
    }

    /// Another file stands at the path: connections to the old one are not used again.
    void reopen() {
        const std::lock_guard lock(mutex_);
        ++file_;
        idle_.clear();
    }

private:
    struct Borrowed {
        std::unique_ptr<FactReader> reader;  // null: the right to open one
        std::uint64_t file = 0;
    };

    Borrowed borrow() {
        std::unique_lock lock(mutex_);
        freed_.wait(lock, [&] { return lent_ < fact_readers_max; });
        ++lent_;
        Borrowed borrowed{nullptr, file_};
        if (!idle_.empty()) {
            borrowed.reader = std::move(idle_.back());
            idle_.pop_back();
        }
        return borrowed;
    }

    void give_back(Borrowed borrowed) {
        {
            const std::lock_guard lock(mutex_);
            --lent_;
            if (borrowed.reader && borrowed.file == file_)
                idle_.push_back(std::move(borrowed.reader));
        }
        freed_.notify_one();
    }

    const std::string path_;
    Pools pools_;
    std::mutex mutex_;
    std::condition_variable freed_;
    // Guarded by mutex_.
    std::vector<std::unique_ptr<FactReader>> idle_;
    std::size_t lent_ = 0;
    std::uint64_t file_ = 0;  // counts the files that stood at the path
};

}  // namespace

struct LeasedDirectory::State {
    State(std::string database, const Clock& its_clock, InUse in_use)
        : path(std::move(database)), clock(its_clock), use(std::move(in_use)), readers(path) {}

    const std::string path;
    const Clock& clock;
    const InUse use;  // outlives the connections

    // Self-synchronised.
    std::atomic<std::int64_t> until_us{INT64_MIN};  // the lease: CLOCK_BOOTTIME
    std::atomic<bool> refreshing{false};            // somebody is about to read the version
    std::atomic<std::int64_t> version{-1};          // of the latest generation; -1: none yet
    ChangeLog log;
    FactReaders readers;
    std::array<Shard, limits::directory_shards> shards;
    std::atomic<std::uint64_t> look_ups{0}, version_reads{0}, failures{0};

    // Guarded by version_mutex, which is taken before a shard's.
    std::mutex version_mutex;
    std::unique_ptr<VersionReader> version_reader;  // null after a failure
    Generation generation = 0;

    [[nodiscard]] Shard& shard_of(std::optional<Key> key) noexcept {
        return shards[key.value_or(0) % limits::directory_shards];
    }

    // --- the lease ---

    [[nodiscard]] bool leased(Now now) const noexcept {
        return now.boot_us < until_us.load(std::memory_order_acquire);
    }

    /// Makes sure that the lease covers `now`. False when the store does not answer.
    [[nodiscard]] bool renew(Now now) {
        const std::lock_guard lock(version_mutex);
        return leased(now) || read_version();  // another thread read it while this one waited
    }

    /// Makes sure that what is published is not older than a row of this version.
    [[nodiscard]] bool renew_to(std::int64_t row_version) {
        if (version.load() == row_version)
            return true;
        const std::lock_guard lock(version_mutex);
        return version.load() == row_version || read_version();
    }

    /// REQUIRES: version_mutex is held.
    [[nodiscard]] bool read_version() {
        version_reads.fetch_add(1, std::memory_order_relaxed);
        try {
            const std::int64_t before_us = clock.now().boot_us;
            if (!version_reader || version_reader->moved())
                open_version_reader();
            if (version_reader->version() != version.load())
                publish(version_reader->changes_since(version.load()));
            until_us.store(before_us + limits::lease_us, std::memory_order_release);
            return true;
        } catch (...) {
            failures.fetch_add(1, std::memory_order_relaxed);
            version_reader.reset();  // opened again by the next who asks
            return false;
        }
    }

    /// After a failure the file may be another one than before: nothing remembered is trusted. No
    /// directory is at version -1, so the next reading forgets it all.
    void open_version_reader() {
        version_reader.reset();
        version_reader = std::make_unique<VersionReader>(path);
        readers.reopen();
        version.store(-1);
    }

    void publish(const Reading& reading) {
        ++generation;
        if (reading.forget)
            log.forget_before(generation);
        else
            log.add(generation, reading.changes);
        for (Shard& shard : shards) {
            const std::lock_guard lock(shard.mutex);
            shard.generation = generation;
            if (reading.plans)
                shard.plans = reading.plans;
        }
        version.store(reading.version);
    }

    // --- one token ---

    /// Facts that still hold, and the generation to mark others with.
    [[nodiscard]] std::optional<Found> from_memory(Shard& shard, std::optional<Key> key, Now now,
                                                   Generation& at) {
        const std::lock_guard lock(shard.mutex);
        at = shard.generation;
        if (!key)
            return std::nullopt;
        const auto found = shard.entries.find(*key);
        if (found == shard.entries.end())
            return std::nullopt;
        Entry& entry = found->second;
        if (entry.known_at != shard.generation) {
            if (log.touched(*entry.facts, entry.known_at))
                return std::nullopt;
            entry.known_at = shard.generation;
        }
        entry.used_us = now.boot_us;
        ++shard.hits;
        return Found{Outcome::found, entry.facts, shard.plans, true};
    }

    [[nodiscard]] Found from_store(Shard& shard, std::optional<Key> key, std::string_view prefix,
                                   Now now, Generation at) {
        look_ups.fetch_add(1, std::memory_order_relaxed);
        FactReader::Row row = readers.read(prefix);
        if (row.facts && !renew_to(row.version))
            return {};
        const std::lock_guard lock(shard.mutex);
        if (!row.facts) {
            if (key)
                shard.entries.erase(*key);
            return {Outcome::absent, nullptr, shard.plans, false};
        }
        if (key)
            remember(shard, *key, {row.facts, at, now.boot_us});
        return {Outcome::found, std::move(row.facts), shard.plans, false};
    }

    /// REQUIRES: the shard's mutex is held.
    static void remember(Shard& shard, Key key, Entry entry) {
        const auto found = shard.entries.find(key);
        if (found != shard.entries.end()) {
            ++shard.reloads;
            // Another thread may have read it later and been done sooner.
            if (found->second.known_at <= entry.known_at)
                found->second = std::move(entry);
            return;
        }
        if (shard.entries.size() >= shard_entries_max)
            shard.forget_an_old_one();
        shard.entries.emplace(key, std::move(entry));
    }
};

LeasedDirectory::LeasedDirectory(std::unique_ptr<State> state) : state_(std::move(state)) {}
LeasedDirectory::~LeasedDirectory() = default;

Result<std::unique_ptr<LeasedDirectory>> LeasedDirectory::open(const std::string& path,
                                                               const Clock& clock) {
    return guarded(path, [&]() -> Result<std::unique_ptr<LeasedDirectory>> {
        Result<InUse> use = InUse::take(path);
        if (!use)
            return use.failure();
        auto state = std::make_unique<State>(path, clock, std::move(use).value());
        state->open_version_reader();
        state->publish(state->version_reader->changes_since(-1));
        return std::unique_ptr<LeasedDirectory>(new LeasedDirectory(std::move(state)));
    });
}

Directory::Found LeasedDirectory::find(std::string_view prefix, Now now) {
    try {
        if (!state_->leased(now) && !state_->renew(now))
            return {};
        const std::optional<Key> key = key_of(prefix);
        Shard& shard = state_->shard_of(key);
        Generation at = 0;
        if (auto found = state_->from_memory(shard, key, now, at))
            return *std::move(found);
        return state_->from_store(shard, key, prefix, now, at);
    } catch (...) {
        state_->failures.fetch_add(1, std::memory_order_relaxed);
        return {};
    }
}

Directory::Found LeasedDirectory::find_in_memory(std::string_view prefix, Now now) noexcept {
    try {
        const std::optional<Key> key = key_of(prefix);
        Generation at = 0;
        if (state_->leased(now))
            if (auto found = state_->from_memory(state_->shard_of(key), key, now, at))
                return *std::move(found);
    } catch (...) {
    }
    return {Outcome::absent, nullptr, nullptr, true};
}

bool LeasedDirectory::refresh_due(Now now) noexcept {
    const std::int64_t until_us = state_->until_us.load(std::memory_order_acquire);
    return until_us != INT64_MIN && now.boot_us >= until_us - limits::lease_us / 2 &&
           !state_->refreshing.exchange(true);
}

void LeasedDirectory::refresh() noexcept {
    const std::lock_guard lock(state_->version_mutex);
    (void)state_->read_version();
    state_->refreshing.store(false);
}

void LeasedDirectory::simulate_lookup(std::string_view prefix) noexcept {
    state_->look_ups.fetch_add(1, std::memory_order_relaxed);
    try {
        const FactReader::Row forgotten = state_->readers.read(prefix);
    } catch (...) {
        state_->failures.fetch_add(1, std::memory_order_relaxed);
    }
}

void LeasedDirectory::catch_up() noexcept {
    // Under the mutex: a reading that began before the commit sets its lease before, not after.
    const std::lock_guard lock(state_->version_mutex);
    if (!state_->read_version())
        state_->until_us.store(INT64_MIN, std::memory_order_release);
}

void LeasedDirectory::sweep(Now now) noexcept {
    for (Shard& shard : state_->shards) {
        try {
            const std::lock_guard lock(shard.mutex);
            shard.forget_useless(state_->log, now.wall_ms);
        } catch (...) {  // out of memory: the next sweep looks again
        }
    }
}

bool LeasedDirectory::ready() noexcept {
    const std::lock_guard lock(state_->version_mutex);
    return state_->read_version();
}

LeasedDirectory::Counts LeasedDirectory::counts() const noexcept {
    Counts counts;
    counts.look_ups = state_->look_ups.load();
    counts.version_reads = state_->version_reads.load();
    counts.failures = state_->failures.load();
    for (const Shard& shard : state_->shards) {
        const std::lock_guard lock(shard.mutex);
        counts.hits += shard.hits;
        counts.reloads += shard.reloads;
        counts.evictions += shard.evictions;
        counts.entries += shard.entries.size();
    }
    return counts;
}

}  // namespace hourgate::store
