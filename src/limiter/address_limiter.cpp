#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <utility>

#include "base/check.h"
#include "limiter/limiter.h"
#include "limiter/table.h"

namespace hourgate {
namespace {

using AddressKey = std::array<std::uint8_t, 9>;

struct Entry {
    explicit Entry(std::int64_t since_us) noexcept : log(since_us) {}
    WindowLog log;
    bool refused = false;  ///< a Spend::yes was refused after the newest recorded call
};

/// Keyed: who may choose among 2^64 addresses must not be able to choose their places in the table.
class AddressHash {
public:
    AddressHash() {
        std::random_device random;
        for (std::uint64_t& key : keys_) {
            key = static_cast<std::uint64_t>(random()) << 32 | random();
        }
    }
    std::size_t operator()(const AddressKey& address) const noexcept {
        std::uint64_t low = 0;
        std::memcpy(&low, address.data(), sizeof low);
        return spread(spread(low ^ keys_[0]) + (address[8] ^ keys_[1]));
    }

private:
    std::array<std::uint64_t, 2> keys_{};
};

/// The first byte of a piece of save(). Stored: never renumbered.
constexpr char addresses_part = 0;
constexpr char shared_part = 1;

void put_counted(std::string& out, const Entry& entry) {
    put_number(out, entry.refused ? 1 : 0);
    entry.log.save(out);
}

/// Of no use when `in` has failed.
Entry counted_in(SavedReader& in, std::int64_t until_us) {
    Entry entry(until_us);
    entry.refused = in.number(1) == 1;
    entry.log = WindowLog::load(in, until_us);
    return entry;
}

using AddressTable = Table<AddressKey, Entry, AddressHash>;

}  // namespace

struct AddressLimiter::State {
    State(Window window, Timeline the_time)
        : time(the_time), table(the_time.since_us), overflow(the_time.since_us) {
        use(std::move(window));
    }

    void use(Window window) {
        const std::lock_guard lock(windows_mutex);
        in_force.store(&windows.emplace_back(std::move(window)), std::memory_order_release);
    }

    std::mutex windows_mutex;
    std::deque<Window> windows;                    ///< guarded by windows_mutex; they stay
    std::atomic<const Window*> in_force{nullptr};  ///< the last of them
    const Timeline time;
    AddressTable table;
    std::atomic<std::size_t> held{0};  ///< entries of the table; raised under overflow_mutex
    std::mutex overflow_mutex;         ///< taken after a shard's, never before
    Entry overflow;                    ///< guarded: counts for all addresses without an entry
    std::atomic<std::uint64_t> evicted{0}, shared{0};

    [[nodiscard]] Room ask(Entry& entry, std::int64_t now_us, Spend spend) const;
    [[nodiscard]] Room ask_unheld(AddressTable::Shard& shard, const AddressKey& address,
                                  std::int64_t now_us, Spend spend);
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
    AddressTable::Shard& shard = state_->table.shard(address);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(address);
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    return found != shard.entries.end() ? state_->ask(found->second, now_us, spend)
                                        : state_->ask_unheld(shard, address, now_us, spend);
}

Room AddressLimiter::State::ask(Entry& entry, std::int64_t now_us, Spend spend) const {
    const Window* const asked[] = {in_force.load(std::memory_order_acquire)};
    Room room;
    room.count = 1;
    room.at_us = std::max(now_us, entry.log.latest_us());
    const std::span<WindowState> states(room.states.data(), room.count);
    entry.log.fit(asked, room.at_us);
    entry.log.look(room.at_us, states);
    if (spend == Spend::counted || (spend == Spend::again && !entry.refused)) {
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

/// For an address without an entry, under its shard's lock.
Room AddressLimiter::State::ask_unheld(AddressTable::Shard& shard, const AddressKey& address,
                                       std::int64_t now_us, Spend spend) {
    const std::lock_guard lock(overflow_mutex);
    const std::int64_t at_us = std::max(now_us, shard.swept_us);
    const bool shares = !overflow.log.idle(at_us);
    if (spend != Spend::yes) {
        // A look makes no entry: the answer is that of the entry a call would be counted in.
        Entry fresh(at_us);
        return ask(shares ? overflow : fresh, at_us, spend);
    }
    if (held >= limits::addresses_max) {
        shared.fetch_add(1, std::memory_order_relaxed);
        return ask(overflow, at_us, spend);
    }
    Entry& entry = shard.entries.try_emplace(address, at_us).first->second;
    ++held;
    if (shares) {
        entry.log.inherit(overflow.log, at_us);
        entry.refused = overflow.refused;
    }
    return ask(entry, at_us, spend);
}

void AddressLimiter::sweep(Now now) {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    const std::size_t gone = state_->table.sweep(now_us);
    state_->held -= gone;
    state_->evicted.fetch_add(gone, std::memory_order_relaxed);
    const std::lock_guard lock(state_->overflow_mutex);
    WindowLog& log = state_->overflow.log;
    log.tidy(std::max(now_us, log.latest_us()));
}

bool AddressLimiter::save(Now now, const SavedSink& sink) const {
    // The shared window first: an address that gets a place of its own meanwhile takes over from
    // it, and one that is not yet in the table's part is then still in this.
    std::string shared(1, shared_part);
    {
        const std::lock_guard lock(state_->overflow_mutex);
        put_counted(shared, state_->overflow);
    }
    const auto put = [](std::string& piece, const AddressKey& address, const Entry& entry) {
        piece.append(address.begin(), address.end());
        put_counted(piece, entry);
    };
    return sink(shared) && save_table(state_->table, addresses_part,
                                      now.boot_us + state_->time.ahead_us, put, sink);
}

bool AddressLimiter::load(std::string_view piece) {
    if (piece.empty()) {
        return false;
    }
    const std::int64_t until_us = state_->time.since_us;
    SavedReader in(piece.substr(1));
    if (piece.front() == shared_part) {
        state_->overflow = counted_in(in, until_us);
        return !in.failed() && in.at_end();
    }
    if (piece.front() != addresses_part) {
        return false;
    }
    while (!in.at_end()) {
        AddressKey address{};
        const std::string_view key = in.bytes(address.size());
        std::copy(key.begin(), key.end(), address.begin());
        Entry entry = counted_in(in, until_us);
        if (in.failed()) {
            return false;
        }
        state_->held += state_->table.put(address, std::move(entry)) ? 1 : 0;
        // More than there may be at a time: some went and others came while it was saved.
        if (state_->held > 2 * limits::addresses_max) {
            return false;
        }
    }
    return !in.failed();
}

void AddressLimiter::take_over(AddressLimiter&& other) noexcept {
    state_ = std::move(other.state_);
}

std::size_t AddressLimiter::entries() const {
    return state_->held.load();
}

std::uint64_t AddressLimiter::evicted() const noexcept {
    return state_->evicted.load(std::memory_order_relaxed);
}

std::uint64_t AddressLimiter::shared() const noexcept {
    return state_->shared.load(std::memory_order_relaxed);
}

std::size_t AddressLimiter::bytes() const {
    std::size_t bytes = sizeof(State);
    state_->table.visit(
        [&](const AddressTable::Shard& shard) { bytes += heap_bytes(shard.entries); });
    return bytes;
}

}  // namespace hourgate
