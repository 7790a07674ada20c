// Question 4, "is there room?": counts calls for token lines, members and workspaces, and failed or
// public calls for addresses. A window is never exceeded (see WindowLog).
//
// Threads: every method may be called from any thread. Entries are in shards by hash bits, with one
// mutex each. A call that needs several logs locks their shards in one fixed order: token line,
// member, workspace.
// A call is counted at the latest of its clock's reading and all instants at which its logs were
// asked about or swept before. That instant is between the reading of its clock and its answer. In
// no interval [t, t + W) of these instants are more than N calls granted.
//
// To continue from an earlier process, make a limiter with a Timeline, load() the pieces of that
// process's save(), and let the limiter in use take_over() it. It then answers as the earlier one
// would have.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "base/spend.h"
#include "limiter/saved.h"
#include "limiter/window_log.h"
#include "plan/window.h"

namespace hourgate {

/// The outcome for one call.
struct Room {
    bool granted = true;
    std::uint32_t retry_after_s = 0;  ///< 0 if granted; the largest reset_s among full windows
    int full = -1;                    ///< index of the full window with that reset_s, or -1
    std::int64_t at_us = 0;           ///< the instant at which the call was counted or checked, in
                                      ///< the limiter's time (see Timeline)
    std::size_t count = 0;            ///< windows in `states`, in the plan's order
    /// After spending, if the call was spent.
    std::array<WindowState, limits::windows_per_plan_max> states{};
};

/// Whose logs count a call, by row number. A line, member or workspace keeps its number for ever.
/// So one that is renamed, changed, removed or restored keeps its log.
struct CountedFor {
    std::int64_t line = 0;
    std::int64_t member = 0;
    std::int64_t workspace = 0;
};

/// Counts for token lines, members and workspaces.
class Limiter {
public:
    /// REQUIRES: no part of `time` is negative.
    explicit Limiter(Timeline time = {});
    ~Limiter();
    Limiter(const Limiter&) = delete;
    Limiter& operator=(const Limiter&) = delete;

    /// Checks all windows. With Spend::yes, and if none is full, also spends one call in all of
    /// them, as one step. Each window counts in the log of `whose` that its `per` names.
    /// Spend::repeat acts like Spend::no. Spend::counted counts nothing and is never refused.
    /// REQUIRES: windows.size() <= limits::windows_per_plan_max; now.boot_us >= 0.
    [[nodiscard]] Room ask(CountedFor whose, std::span<const Window> windows, Now now, Spend spend);

    /// Forgets logs in which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    /// Passes everything that counts at `now` to `sink`. Locks a few logs at a time: calls
    /// continue, and a call that comes meanwhile may or may not be included. Leaves out idle logs,
    /// with which nothing is lost. Returns false if the sink does, or if there is more than load()
    /// accepts.
    [[nodiscard]] bool save(Now now, const SavedSink& sink) const;
    /// Counts what a piece of save() contains, which may be any bytes. Returns false if it is not
    /// valid; this limiter must not be used then. Nothing in it counts after `since_us` of the
    /// Timeline.
    /// REQUIRES: no other thread uses this limiter; nothing was asked yet.
    [[nodiscard]] bool load(std::string_view piece);
    /// Becomes `other`. REQUIRES: no other thread uses either.
    void take_over(Limiter&& other) noexcept;
    /// Forgets lines, members and workspaces whose number, without its sign, is above that of
    /// `last`. After a restore, such numbers are given out again.
    void forget_above(CountedFor last);

    [[nodiscard]] std::size_t entries() const;
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::uint64_t evicted() const noexcept;  ///< logs forgotten by sweep()

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Counts for client addresses. Each address has a window of its own, as long as there is a slot
/// for it.
///
/// Slots are bounded: limits::addresses_max in all, and limits::addresses_per_net_max of them for
/// one net, which is an IPv6 /48 or an IPv4 /16. Addresses without a slot share one window with the
/// others of their net. At most limits::nets_max nets have such a window, and at most
/// limits::nets_per_block_max of one block, an IPv6 /32 or an IPv4 /8. Nets without a slot share
/// the window of their block. Blocks beyond limits::blocks_max share one window.
/// So the traffic of one net does not affect clients elsewhere. The traffic of many nets may cost
/// them their own slot, but not the window of their own net.
///
/// Eviction (sweep) only forgets what counts nothing. An address, net or block that gets a slot
/// starts with the calls that its shared window still counts. Some of them may have been its own.
class AddressLimiter {
public:
    explicit AddressLimiter(Window window, Timeline time = {});
    ~AddressLimiter();
    AddressLimiter(const AddressLimiter&) = delete;
    AddressLimiter& operator=(const AddressLimiter&) = delete;

    [[nodiscard]] const Window& window() const noexcept;
    /// Counts in another window from now on. Calls stay counted, as far as both windows reach back.
    /// Earlier windows stay in memory, because callers may hold window(). Any thread.
    void use(Window window);

    /// Checks the window. With Spend::yes, and if it has room, also spends one call in it.
    /// Spend::repeat counts nothing. It refuses only if a Spend::yes has been refused since the
    /// window became full. The call that filled it was granted, so its repeat is granted too
    /// (`states` shows the window full). Spend::counted counts nothing and is never refused.
    /// `address` is Address::limiter_key(), with IPv6 per /64. A key with a different first byte is
    /// counted separately.
    [[nodiscard]] Room ask(const std::array<std::uint8_t, 9>& address, Now now, Spend spend);

    /// Forgets addresses for which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    /// Work like those of Limiter. If an earlier process had another window, its counts are kept as
    /// after a change of plan.
    [[nodiscard]] bool save(Now now, const SavedSink& sink) const;
    [[nodiscard]] bool load(std::string_view piece);
    void take_over(AddressLimiter&& other) noexcept;

    [[nodiscard]] std::size_t entries() const;  ///< addresses that have a slot
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::uint64_t evicted() const noexcept;  ///< addresses forgotten by sweep()
    /// Returns how many calls came to a window shared by a net or a block, refused ones included.
    [[nodiscard]] std::uint64_t shared_in_net() const noexcept;
    /// Returns how many calls came to the window of all whose block has no slot either.
    [[nodiscard]] std::uint64_t shared_by_all() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate
