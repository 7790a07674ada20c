#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "limiter/limiter.h"
#include "limiter/table.h"

namespace hourgate {
namespace {

/// Address::limiter_key(), or for a net or a block its beginning, followed by zeros.
using AddressKey = std::array<std::uint8_t, 9>;

struct Entry {
    explicit Entry(std::int64_t since_us) noexcept : log(since_us) {}
    WindowLog log;
    bool refused = false;  ///< a Spend::yes was refused after the newest recorded call
};

/// The first byte of a piece of save(). Stored and never renumbered.
constexpr char addresses_part = 0;
constexpr char everybody_part = 1;
constexpr char nets_part = 2;
constexpr char blocks_part = 3;

void put_counted(std::string& out, const Entry& entry) {
    put_number(out, entry.refused ? 1 : 0);
    entry.log.save(out);
}

/// Reads an entry; it must not be used if `in` has failed.
Entry counted_in(SavedReader& in, std::int64_t until_us) {
    Entry entry(until_us);
    entry.refused = in.number(1) == 1;
    entry.log = WindowLog::load(in, until_us);
    return entry;
}

/// Returns the first entry of a new slot at `at_us`. Its calls were counted in `wider` until then.
Entry begun_by(const Entry& wider, std::int64_t at_us) {
    Entry entry(at_us);
    if (!wider.log.idle(at_us)) {
        entry.log.inherit(wider.log, at_us);
        entry.refused = wider.refused;
    }
    return entry;
}

using AddressTable = Table<AddressKey, Entry>;

/// The slots of one table, and how many of them each wider key holds. Any thread; its lock is taken
/// last.
class AddressSlots {
public:
    AddressSlots(std::size_t all_max, std::size_t around_max) noexcept
        : all_max_(all_max), around_max_(around_max) {}

    /// Takes a slot in `around`. Returns false if there is none.
    bool take(const AddressKey& around) {
        const std::lock_guard lock(mutex_);
        const auto found = taken_.find(around);
        if (held_ >= all_max_ || (found != taken_.end() && found->second >= around_max_)) {
            return false;
        }
        take_one(around);
        return true;
    }
    /// Takes a slot even beyond the bounds: an earlier process held it.
    void take_anyway(const AddressKey& around) {
        const std::lock_guard lock(mutex_);
        take_one(around);
    }
    void give_back(const AddressKey& around) noexcept {
        const std::lock_guard lock(mutex_);
        const auto found = taken_.find(around);
        HOURGATE_CHECK(found != taken_.end());
        --held_;
        if (--found->second == 0) {
            taken_.erase(found);
        }
    }
    [[nodiscard]] std::size_t held() const {
        const std::lock_guard lock(mutex_);
        return held_;
    }
    [[nodiscard]] std::size_t max() const noexcept { return all_max_; }
    [[nodiscard]] std::size_t bytes() const {
        constexpr std::size_t node_bytes = sizeof(AddressKey) + 5 * sizeof(void*);
        const std::lock_guard lock(mutex_);
        return taken_.bucket_count() * sizeof(void*) + taken_.size() * node_bytes;
    }

private:
    void take_one(const AddressKey& around) {
        ++taken_[around];
        ++held_;
    }

    const std::size_t all_max_, around_max_;
    mutable std::mutex mutex_;
    // Guarded by mutex_. No value is 0, so there are never more entries than held slots.
    std::unordered_map<AddressKey, std::size_t, SeededHash> taken_;
    std::size_t held_ = 0;
};

/// Windows of one width (addresses, nets or blocks), and their slots.
struct Level {
    std::size_t v4_bytes, v6_bytes;  ///< leading bytes of an address that make up its key
    char part;                       ///< first byte of a piece of save()
    AddressTable table;
    AddressSlots places;  ///< by key of the next wider level

    [[nodiscard]] AddressKey key_of(const AddressKey& address) const noexcept {
        constexpr std::uint8_t v4 = 4;  // Address::Family
        const std::size_t bytes = 1 + (address[0] == v4 ? v4_bytes : v6_bytes);
        AddressKey key{};
        std::copy_n(address.begin(), bytes, key.begin());
        return key;
    }
};

}  // namespace

struct AddressLimiter::State {
    State(Window window, Timeline the_time)
        : time(the_time),
          levels{Level{4, 8, addresses_part, AddressTable(time.since_us),
                       AddressSlots(limits::addresses_max, limits::addresses_per_net_max)},
                 Level{2, 6, nets_part, AddressTable(time.since_us),
                       AddressSlots(limits::nets_max, limits::nets_per_block_max)},
                 Level{1, 4, blocks_part, AddressTable(time.since_us),
                       AddressSlots(limits::blocks_max, limits::blocks_max)}},
          everybody(time.since_us) {
        use(std::move(window));
    }

    void use(Window window) {
        const std::lock_guard lock(windows_mutex);
        in_force.store(&windows.emplace_back(std::move(window)), std::memory_order_release);
    }

    std::mutex windows_mutex;
    std::deque<Window> windows;                    ///< guarded by windows_mutex; never removed
    std::atomic<const Window*> in_force{nullptr};  ///< the newest of them
    const Timeline time;
    /// Addresses, nets, blocks. A shard is locked before one of a wider level, never after.
    std::array<Level, 3> levels;
    std::mutex everybody_mutex;  ///< taken after every shard's mutex
    Entry everybody;             ///< guarded; counts for all without a slot at any level
    std::atomic<std::uint64_t> evicted{0}, shared_in_net{0}, shared_by_all{0};

    [[nodiscard]] Room ask(Entry& entry, std::int64_t now_us, Spend spend) const;
    [[nodiscard]] Room ask(std::size_t level, const AddressKey& address, std::int64_t now_us,
                           Spend spend);
    [[nodiscard]] Entry begun_from(std::size_t level, const AddressKey& address,
                                   std::int64_t at_us);
    void count_shared(std::size_t level, Spend spend) noexcept;
    /// Returns the wider key in which the key of `level` lies, as AddressSlots counts it.
    [[nodiscard]] AddressKey around(std::size_t level, const AddressKey& key) const noexcept {
        return level + 1 < levels.size() ? levels[level + 1].key_of(key) : AddressKey{};
    }
    [[nodiscard]] bool load(std::size_t level, SavedReader& in);
};

AddressLimiter::AddressLimiter(Window window, Timeline time)
    : state_(std::make_unique<State>(std::move(window), time)) {
    HOURGATE_CHECK(time.since_us >= 0 && time.ahead_us >= 0);
}
AddressLimiter::~AddressLimiter() = default;

const Window& AddressLimiter::window() const noexcept {
    return *state_->in_force.load(std::memory_order_acquire);
}

void AddressLimiter::use(Window window) {
    state_->use(std::move(window));
}

Room AddressLimiter::ask(const AddressKey& address, Now now, Spend spend) {
    return state_->ask(0, address, now.boot_us + state_->time.ahead_us, spend);
}

Room AddressLimiter::State::ask(Entry& entry, std::int64_t now_us, Spend spend) const {
    const Window* const asked[] = {in_force.load(std::memory_order_acquire)};
    Room room;
    room.count = 1;
    room.at_us = std::max(now_us, entry.log.latest_us());
    const std::span<WindowState> states(room.states.data(), room.count);
    entry.log.fit(asked, room.at_us);
    entry.log.look(room.at_us, states);
    if (spend == Spend::counted || (spend == Spend::repeat && !entry.refused)) {
        return room;
    }
    judge(room);
    if (spend == Spend::yes) {
        entry.refused = !room.granted;
        if (room.granted) {
            entry.log.record(room.at_us, states);
        }
    }
    return room;
}

/// Asks the narrowest window, from `level` on, that exists or that there is a slot for. A dry run
/// creates none: it gets the state that a call would start with.
Room AddressLimiter::State::ask(std::size_t level, const AddressKey& address, std::int64_t now_us,
                                Spend spend) {
    if (level == levels.size()) {
        const std::lock_guard lock(everybody_mutex);
        count_shared(level, spend);
        return ask(everybody, now_us, spend);
    }
    Level& here = levels[level];
    const AddressKey key = here.key_of(address);
    AddressTable::Shard& shard = here.table.shard(key);
    const std::lock_guard lock(shard.mutex);
    if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
        count_shared(level, spend);
        return ask(found->second, now_us, spend);
    }
    const std::int64_t at_us = std::max(now_us, shard.swept_us);
    if (spend != Spend::yes) {
        Entry begun = begun_from(level + 1, address, at_us);
        return ask(begun, at_us, spend);
    }
    if (!here.places.take(around(level, key))) {
        return ask(level + 1, address, at_us, spend);
    }
    count_shared(level, spend);
    try {
        Entry begun = begun_from(level + 1, address, at_us);
        Entry& entry = shard.entries.try_emplace(key, std::move(begun)).first->second;
        return ask(entry, at_us, spend);
    } catch (...) {
        if (!shard.entries.contains(key)) {
            here.places.give_back(around(level, key));
        }
        throw;
    }
}

void AddressLimiter::State::count_shared(std::size_t level, Spend spend) noexcept {
    if (spend == Spend::yes && level > 0) {
        (level < levels.size() ? shared_in_net : shared_by_all)
            .fetch_add(1, std::memory_order_relaxed);
    }
}

/// Returns the first entry of a window that does not exist yet. Its calls were counted in the
/// narrowest wider window that exists. That one has all of them, because it began in the same way.
Entry AddressLimiter::State::begun_from(std::size_t level, const AddressKey& address,
                                        std::int64_t at_us) {
    for (; level < levels.size(); ++level) {
        const AddressKey key = levels[level].key_of(address);
        AddressTable::Shard& shard = levels[level].table.shard(key);
        const std::lock_guard lock(shard.mutex);
        at_us = std::max(at_us, shard.swept_us);
        if (const auto found = shard.entries.find(key); found != shard.entries.end()) {
            return begun_by(found->second, at_us);
        }
    }
    const std::lock_guard lock(everybody_mutex);
    return begun_by(everybody, at_us);
}

void AddressLimiter::sweep(Now now) {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    for (std::size_t level = 0; level < state_->levels.size(); ++level) {
        Level& here = state_->levels[level];
        const std::size_t gone = here.table.sweep(now_us, [&](const AddressKey& key) {
            here.places.give_back(state_->around(level, key));
        });
        if (level == 0) {
            state_->evicted.fetch_add(gone, std::memory_order_relaxed);
        }
    }
    const std::lock_guard lock(state_->everybody_mutex);
    WindowLog& log = state_->everybody.log;
    log.tidy(std::max(now_us, log.latest_us()));
}

bool AddressLimiter::save(Now now, const SavedSink& sink) const {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    // The widest is written first. What gets a slot meanwhile takes over from the wider level. So
    // what is missing in the narrower part is still in the wider one.
    std::string everybody(1, everybody_part);
    {
        const std::lock_guard lock(state_->everybody_mutex);
        put_counted(everybody, state_->everybody);
    }
    const auto put = [](std::string& piece, const AddressKey& key, const Entry& entry) {
        piece.append(key.begin(), key.end());
        put_counted(piece, entry);
    };
    bool all = sink(everybody);
    for (auto level = state_->levels.rbegin(); all && level != state_->levels.rend(); ++level) {
        all = save_table(level->table, level->part, now_us, put, sink);
    }
    return all;
}

bool AddressLimiter::load(std::string_view piece) {
    if (piece.empty()) {
        return false;
    }
    SavedReader in(piece.substr(1));
    if (piece.front() == everybody_part) {
        state_->everybody = counted_in(in, state_->time.since_us);
        return !in.failed() && in.at_end();
    }
    for (std::size_t level = 0; level < state_->levels.size(); ++level) {
        if (piece.front() == state_->levels[level].part) {
            return state_->load(level, in);
        }
    }
    return false;
}

bool AddressLimiter::State::load(std::size_t level, SavedReader& in) {
    Level& here = levels[level];
    while (!in.at_end()) {
        AddressKey read{};
        const std::string_view bytes = in.bytes(read.size());
        std::copy(bytes.begin(), bytes.end(), read.begin());
        Entry entry = counted_in(in, time.since_us);
        const AddressKey key = here.key_of(read);
        if (in.failed() || key != read) {
            return false;
        }
        if (here.table.put(key, std::move(entry))) {
            here.places.take_anyway(around(level, key));
        }
        // There may be more than the bound: entries came and went during the save.
        if (here.places.held() > 2 * here.places.max()) {
            return false;
        }
    }
    return !in.failed();
}

void AddressLimiter::take_over(AddressLimiter&& other) noexcept {
    state_ = std::move(other.state_);
}

std::size_t AddressLimiter::entries() const {
    return state_->levels[0].places.held();
}

std::uint64_t AddressLimiter::evicted() const noexcept {
    return state_->evicted.load(std::memory_order_relaxed);
}

std::uint64_t AddressLimiter::shared_in_net() const noexcept {
    return state_->shared_in_net.load(std::memory_order_relaxed);
}

std::uint64_t AddressLimiter::shared_by_all() const noexcept {
    return state_->shared_by_all.load(std::memory_order_relaxed);
}

std::size_t AddressLimiter::bytes() const {
    std::size_t bytes = sizeof(State);
    for (const Level& level : state_->levels) {
        bytes += level.places.bytes();
        level.table.visit(
            [&](const AddressTable::Shard& shard) { bytes += heap_bytes(shard.entries); });
    }
    return bytes;
}

}  // namespace hourgate
