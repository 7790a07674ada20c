#include <algorithm>
#include <atomic>
#include <cstring>
#include <deque>
#include <random>
#include <utility>

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

using AddressTable = Table<AddressKey, Entry, AddressHash>;

}  // namespace

struct AddressLimiter::State {
    explicit State(Window window) { use(std::move(window)); }

    void use(Window window) {
        const std::lock_guard lock(windows_mutex);
        in_force.store(&windows.emplace_back(std::move(window)), std::memory_order_release);
    }

    std::mutex windows_mutex;
    std::deque<Window> windows;  ///< guarded by windows_mutex; each stays where it is
    std::atomic<const Window*> in_force{nullptr};  ///< the last of them
    AddressTable table;
    std::atomic<std::size_t> held{0};  ///< entries of the table; raised under overflow_mutex
    std::mutex overflow_mutex;         ///< taken after a shard's, never before
    Entry overflow{0};                 ///< guarded: counts for all addresses without an entry

    [[nodiscard]] Room ask(Entry& entry, std::int64_t now_us, Spend spend) const;
    [[nodiscard]] Room ask_unheld(AddressTable::Shard& shard, const AddressKey& address,
                                  std::int64_t now_us, Spend spend);
};

AddressLimiter::AddressLimiter(Window window)
    : state_(std::make_unique<State>(std::move(window))) {}
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
    return found != shard.entries.end() ? state_->ask(found->second, now.boot_us, spend)
                                        : state_->ask_unheld(shard, address, now.boot_us, spend);
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
    const bool shared = !overflow.log.idle(at_us);
    if (spend != Spend::yes) {
        // A look makes no entry: the answer is that of the entry a call would be counted in.
        Entry fresh(at_us);
        return ask(shared ? overflow : fresh, at_us, spend);
    }
    if (held >= limits::addresses_max) {
        return ask(overflow, at_us, spend);
    }
    Entry& entry = shard.entries.try_emplace(address, at_us).first->second;
    ++held;
    if (shared) {
        entry.log.inherit(overflow.log, at_us);
        entry.refused = overflow.refused;
    }
    return ask(entry, at_us, spend);
}

void AddressLimiter::sweep(Now now) {
    state_->held -= state_->table.sweep(now.boot_us);
    const std::lock_guard lock(state_->overflow_mutex);
    WindowLog& log = state_->overflow.log;
    log.tidy(std::max(now.boot_us, log.latest_us()));
}

std::size_t AddressLimiter::entries() const {
    return state_->held.load();
}

std::size_t AddressLimiter::bytes() const {
    std::size_t bytes = sizeof(State);
    state_->table.visit(
        [&](const AddressTable::Shard& shard) { bytes += heap_bytes(shard.entries); });
    return bytes;
}

}  // namespace hourgate
