#include "limiter/limiter.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <utility>

#include "base/check.h"
#include "limiter/table.h"

namespace hourgate {
namespace {

struct Entry {
    explicit Entry(std::int64_t since_us) noexcept : log(since_us) {}
    WindowLog log;
};

/// The first byte of a piece of save(). Stored and never renumbered.
constexpr char lines_part = 0;
constexpr char workspaces_part = 1;
constexpr char members_part = 2;
constexpr std::size_t parts = 3;

using IdTable = Table<std::int64_t, Entry>;

/// The windows of one call that count under the same id, and their log.
class Side {
public:
    Side(std::span<const Window> windows, Per per) noexcept {
        for (std::size_t i = 0; i < windows.size(); ++i) {
            if (windows[i].per == per) {
                windows_[count_] = &windows[i];
                place_[count_++] = i;
            }
        }
    }

    /// Finds the log of `id` and keeps it locked; a spending call creates a missing one. Does
    /// nothing if no window counts here.
    void open(IdTable& table, std::int64_t id, Spend spend) {
        if (count_ == 0) {
            return;
        }
        IdTable::Shard& shard = table.shard(id);
        lock_ = std::unique_lock(shard.mutex);
        since_us_ = shard.swept_us;
        if (spend == Spend::yes) {
            log_ = &shard.entries.try_emplace(id, since_us_).first->second.log;
        } else if (const auto found = shard.entries.find(id); found != shard.entries.end()) {
            log_ = &found->second.log;
        }
        if (log_ != nullptr) {
            since_us_ = log_->latest_us();
        }
    }

    /// Returns the instant before which nothing can be asked here.
    [[nodiscard]] std::int64_t since_us() const noexcept { return since_us_; }

    void fit(std::int64_t now_us) {
        if (log_ != nullptr) {
            log_->fit({windows_.data(), count_}, now_us);
        }
    }

    void look(Room& room) {
        if (log_ != nullptr) {
            log_->look(room.at_us, {states_.data(), count_});
        } else {
            for (std::size_t i = 0; i < count_; ++i) {
                states_[i] = untouched(*windows_[i]);
            }
        }
        show(room);
    }

    void record(Room& room) {
        if (log_ != nullptr) {
            log_->record(room.at_us, {states_.data(), count_});
            show(room);
        }
    }

private:
    void show(Room& room) const noexcept {
        for (std::size_t i = 0; i < count_; ++i) {
            room.states[place_[i]] = states_[i];
        }
    }

    // The first count_ of each are valid.
    std::array<const Window*, limits::windows_per_plan_max> windows_;
    std::array<std::size_t, limits::windows_per_plan_max> place_;  ///< index in the plan
    std::array<WindowState, limits::windows_per_plan_max> states_;
    std::size_t count_ = 0;
    std::unique_lock<std::mutex> lock_;
    std::int64_t since_us_ = 0;
    WindowLog* log_ = nullptr;  ///< null: nothing is counted here
};

}  // namespace

struct Limiter::State {
    explicit State(Timeline the_time)
        : time(the_time),
          lines(the_time.since_us),
          members(the_time.since_us),
          workspaces(the_time.since_us) {}

    const Timeline time;
    IdTable lines;
    IdTable members;
    IdTable workspaces;
    std::array<std::size_t, parts> loaded{};  ///< entries, by part
    std::atomic<std::uint64_t> evicted{0};

    template <typename Visit>
    void visit(Visit visit_shard) const {
        lines.visit(visit_shard);
        members.visit(visit_shard);
        workspaces.visit(visit_shard);
    }

    /// Returns null if no table has this part.
    [[nodiscard]] IdTable* table_of(char part) noexcept {
        switch (part) {
            case lines_part:
                return &lines;
            case workspaces_part:
                return &workspaces;
            case members_part:
                return &members;
            default:
                return nullptr;
        }
    }
};

Limiter::Limiter(Timeline time) : state_(std::make_unique<State>(time)) {
    HOURGATE_CHECK(time.since_us >= 0 && time.ahead_us >= 0);
}
Limiter::~Limiter() = default;

Room Limiter::ask(CountedFor whose, std::span<const Window> windows, Now now, Spend spend) {
    HOURGATE_CHECK(windows.size() <= limits::windows_per_plan_max);
    Side of_line(windows, Per::token);
    Side of_member(windows, Per::member);
    Side of_workspace(windows, Per::workspace);
    of_line.open(state_->lines, whose.line, spend);
    of_member.open(state_->members, whose.member, spend);
    of_workspace.open(state_->workspaces, whose.workspace, spend);

    Room room;
    room.count = windows.size();
    room.at_us = std::max({now.boot_us + state_->time.ahead_us, of_line.since_us(),
                           of_member.since_us(), of_workspace.since_us()});
    const auto each = [&](auto what) {
        what(of_line);
        what(of_member);
        what(of_workspace);
    };
    each([&](Side& side) { side.fit(room.at_us); });
    each([&](Side& side) { side.look(room); });
    if (spend == Spend::counted) {
        return room;
    }
    judge(room);
    if (room.granted && spend == Spend::yes) {
        each([&](Side& side) { side.record(room); });
    }
    return room;
}

void Limiter::sweep(Now now) {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    const std::size_t gone = state_->lines.sweep(now_us) + state_->members.sweep(now_us) +
                             state_->workspaces.sweep(now_us);
    state_->evicted.fetch_add(gone, std::memory_order_relaxed);
}

bool Limiter::save(Now now, const SavedSink& sink) const {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    const auto put = [](std::string& piece, std::int64_t id, const Entry& entry) {
        put_number(piece, static_cast<std::uint64_t>(id));
        entry.log.save(piece);
    };
    return save_table(state_->lines, lines_part, now_us, put, sink) &&
           save_table(state_->members, members_part, now_us, put, sink) &&
           save_table(state_->workspaces, workspaces_part, now_us, put, sink);
}

bool Limiter::load(std::string_view piece) {
    IdTable* const table = piece.empty() ? nullptr : state_->table_of(piece.front());
    if (table == nullptr) {
        return false;
    }
    std::size_t& loaded = state_->loaded[static_cast<std::size_t>(piece.front())];
    SavedReader in(piece.substr(1));
    while (!in.at_end()) {
        const auto id = static_cast<std::int64_t>(in.number(UINT64_MAX));
        Entry entry(0);
        entry.log = WindowLog::load(in, state_->time.since_us);
        if (in.failed() || ++loaded > limits::state_entries_max) {
            return false;
        }
        table->put(id, std::move(entry));
    }
    return !in.failed();
}

void Limiter::forget_above(CountedFor last) {
    const auto above = [](std::int64_t max) {
        return [max](std::int64_t id) { return id > max || id < -max; };
    };
    state_->lines.forget(above(last.line));
    state_->members.forget(above(last.member));
    state_->workspaces.forget(above(last.workspace));
}

void Limiter::take_over(Limiter&& other) noexcept {
    state_ = std::move(other.state_);
}

std::size_t Limiter::entries() const {
    std::size_t entries = 0;
    state_->visit([&](const IdTable::Shard& shard) { entries += shard.entries.size(); });
    return entries;
}

std::size_t Limiter::bytes() const {
    std::size_t bytes = sizeof(State);
    state_->visit([&](const IdTable::Shard& shard) { bytes += heap_bytes(shard.entries); });
    return bytes;
}

std::uint64_t Limiter::evicted() const noexcept {
    return state_->evicted.load(std::memory_order_relaxed);
}

}  // namespace hourgate
