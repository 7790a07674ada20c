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

/// The first byte of a piece of save(). Stored: never renumbered.
constexpr char lines_part = 0;
constexpr char workspaces_part = 1;

using IdTable = Table<std::int64_t, Entry>;

/// The windows of one question that count under the same id, and the log they count in.
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

    /// Finds the log of `id` and keeps it locked; a spending call makes one where there is none.
    /// Nothing to do when no window counts here.
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

    /// The instant before which nothing can be asked here.
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

    // Of these, the first count_:
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
        : time(the_time), lines(the_time.since_us), workspaces(the_time.since_us) {}

    const Timeline time;
    IdTable lines;
    IdTable workspaces;
    std::array<std::size_t, 2> loaded{};  ///< entries, by part
    std::atomic<std::uint64_t> evicted{0};

    template <typename Visit>
    void visit(Visit visit_shard) const {
        lines.visit(visit_shard);
        workspaces.visit(visit_shard);
    }
};

Limiter::Limiter(Timeline time) : state_(std::make_unique<State>(time)) {
    HOURGATE_CHECK(time.since_us >= 0 && time.ahead_us >= 0);
}
Limiter::~Limiter() = default;

Room Limiter::ask(std::int64_t line, std::int64_t workspace, std::span<const Window> windows,
                  Now now, Spend spend) {
    HOURGATE_CHECK(windows.size() <= limits::windows_per_plan_max);
    Side of_line(windows, Per::token);
    Side of_workspace(windows, Per::workspace);
    of_line.open(state_->lines, line, spend);
    of_workspace.open(state_->workspaces, workspace, spend);

    Room room;
    room.count = windows.size();
    room.at_us = std::max(
        {now.boot_us + state_->time.ahead_us, of_line.since_us(), of_workspace.since_us()});
    of_line.fit(room.at_us);
    of_workspace.fit(room.at_us);
    of_line.look(room);
    of_workspace.look(room);
    if (spend == Spend::counted) {
        return room;
    }
    judge(room);
    if (room.granted && spend == Spend::yes) {
        of_line.record(room);
        of_workspace.record(room);
    }
    return room;
}

void Limiter::sweep(Now now) {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    const std::size_t gone = state_->lines.sweep(now_us) + state_->workspaces.sweep(now_us);
    state_->evicted.fetch_add(gone, std::memory_order_relaxed);
}

bool Limiter::save(Now now, const SavedSink& sink) const {
    const std::int64_t now_us = now.boot_us + state_->time.ahead_us;
    const auto put = [](std::string& piece, std::int64_t id, const Entry& entry) {
        put_number(piece, static_cast<std::uint64_t>(id));
        entry.log.save(piece);
    };
    return save_table(state_->lines, lines_part, now_us, put, sink) &&
           save_table(state_->workspaces, workspaces_part, now_us, put, sink);
}

bool Limiter::load(std::string_view piece) {
    if (piece.empty() || (piece.front() != lines_part && piece.front() != workspaces_part)) {
        return false;
    }
    IdTable& table = piece.front() == lines_part ? state_->lines : state_->workspaces;
    std::size_t& loaded = state_->loaded[static_cast<std::size_t>(piece.front())];
    SavedReader in(piece.substr(1));
    while (!in.at_end()) {
        const auto id = static_cast<std::int64_t>(in.number(UINT64_MAX));
        Entry entry(0);
        entry.log = WindowLog::load(in, state_->time.since_us);
        if (in.failed() || ++loaded > limits::state_entries_max) {
            return false;
        }
        table.put(id, std::move(entry));
    }
    return !in.failed();
}

void Limiter::forget_above(std::int64_t line_max, std::int64_t workspace_max) {
    state_->lines.forget([=](std::int64_t line) { return line > line_max || line < -line_max; });
    state_->workspaces.forget([=](std::int64_t id) { return id > workspace_max; });
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
