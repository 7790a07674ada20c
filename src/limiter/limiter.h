// Question 4, "is there room?": counts calls for token lines, members and workspaces, and failed or
// public calls for addresses. Never over, always: see WindowLog.
//
// Threads: every method may be called from any thread. Shards by hash bits, one mutex each. A call
// that needs several logs locks their shards in one fixed order: token line, member, workspace.
// The instant a call is counted at is the latest of its clock's reading and of all at which its
// logs were asked about or swept before: it lies between the reading of its clock and its answer,
// and in no interval [t, t + W) of these instants are more than N calls granted.
//
// To go on where an earlier process ended, a limiter is made with a Timeline and given the pieces
// of that process's save(), and then takes the place of the one in use. After that it answers as
// the earlier one would have.
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
    std::uint32_t retry_after_s = 0;  ///< 0 when granted; the largest reset_s among full windows
    int full = -1;                    ///< index of the full window with that reset_s, or -1
    std::int64_t at_us = 0;           ///< the instant the call was counted, or looked, at, in the
                                      ///< limiter's time (see Timeline)
    std::size_t count = 0;            ///< windows in `states`, in the plan's order
    std::array<WindowState, limits::windows_per_plan_max> states{};  ///< after spending, if spent
};

/// Whose logs a call is counted in, by row number. A number stays with its line, member or
/// workspace for ever, so one that is renamed, changed, removed or restored keeps its log.
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

    /// Checks all windows, then, with Spend::yes and if none is full, spends one call in all of
    /// them, as one step. Each window counts in the log of `whose` that its `per` names.
    /// Spend::repeat is Spend::no. Spend::counted is a look that is never refused.
    /// REQUIRES: windows.size() <= limits::windows_per_plan_max; now.boot_us >= 0.
    [[nodiscard]] Room ask(CountedFor whose, std::span<const Window> windows, Now now, Spend spend);

    /// Forgets logs in which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    /// Hands all that counts at `now` to `sink`. Locks a few logs at a time: calls go on, and one
    /// that comes meanwhile may or may not be in it. Not idle ones: nothing is lost with them.
    /// False when the sink says so, or when there is more than load() takes.
    [[nodiscard]] bool save(Now now, const SavedSink& sink) const;
    /// Counts what a piece of save() does. False when it is none: then this limiter is not to be
    /// used. The bytes may be anything; what they say is at most until `since_us` of the Timeline.
    /// REQUIRES: no other thread uses it; nothing was asked yet.
    [[nodiscard]] bool load(std::string_view piece);
    /// Becomes `other`. REQUIRES: no other thread uses either.
    void take_over(Limiter&& other) noexcept;
    /// Forgets lines, members and workspaces whose number, without its sign, is above that of
    /// `last`. After a restore such numbers are given to others.
    void forget_above(CountedFor last);

    [[nodiscard]] std::size_t entries() const;
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::uint64_t evicted() const noexcept;  ///< logs forgotten by sweep()

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Counts for client addresses: each has a window of its own, as long as there is a place for it.
///
/// Places are bounded: limits::addresses_max in all, and limits::addresses_per_net_max of them for
/// one net, which is an IPv6 /48 or an IPv4 /16. Addresses that find no place share one window with
/// the others of their net. At most limits::nets_max nets have such a window, and at most
/// limits::nets_per_block_max of one block, an IPv6 /32 or an IPv4 /8. Nets that find no place
/// share the window of their block, and blocks after limits::blocks_max share one window. So the
/// traffic of a net costs strangers elsewhere nothing; that of many nets costs them their own
/// place, but not the window of their own net.
///
/// Eviction (sweep) only forgets what counts nothing. What gets a place of its own starts with what
/// the window that it shared until then still counts: some of it may have been its own.
class AddressLimiter {
public:
    explicit AddressLimiter(Window window, Timeline time = {});
    ~AddressLimiter();
    AddressLimiter(const AddressLimiter&) = delete;
    AddressLimiter& operator=(const AddressLimiter&) = delete;

    [[nodiscard]] const Window& window() const noexcept;
    /// Counts in another window from now on; what was counted stays counted, as far as both
    /// windows reach back. Former windows stay in memory: window() may be held. Any thread.
    void use(Window window);

    /// Checks the window and, with Spend::yes and if it has room, spends one call in it.
    /// Spend::repeat counts nothing and refuses only if a Spend::yes has been refused since the
    /// window became full: the call that filled it was granted, and so is its repeat (`states`
    /// shows it full). Spend::counted counts nothing and is never refused.
    /// `address`: Address::limiter_key(), IPv6 per /64. With another first byte it counts apart.
    [[nodiscard]] Room ask(const std::array<std::uint8_t, 9>& address, Now now, Spend spend);

    /// Forgets addresses for which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    /// As those of Limiter. An earlier process's window may have been another one: what it counted
    /// is kept as after a change of plan.
    [[nodiscard]] bool save(Now now, const SavedSink& sink) const;
    [[nodiscard]] bool load(std::string_view piece);
    void take_over(AddressLimiter&& other) noexcept;

    [[nodiscard]] std::size_t entries() const;  ///< addresses that have a place
    [[nodiscard]] std::size_t bytes() const;
    [[nodiscard]] std::uint64_t evicted() const noexcept;  ///< addresses forgotten by sweep()
    /// Calls that came to a window shared by a net or a block, refused ones included.
    [[nodiscard]] std::uint64_t shared_in_net() const noexcept;
    /// Calls that came to the window that all share whose block has no place, either.
    [[nodiscard]] std::uint64_t shared_by_all() const noexcept;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate
