// Question 4, "is there room?": counts calls for token lines and workspaces, and failed or public
// calls for addresses. Never over, always: see WindowLog.
//
// Threads: every method may be called from any thread. Shards by hash bits, one mutex each; a call
// that needs a line's log and a workspace's log locks the line's shard first, always.
// The instant a call is counted at is the latest of its clock's reading and of all at which its
// logs were asked about or swept before: it lies between the reading of its clock and its answer,
// and in no interval [t, t + W) of these instants are more than N calls granted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "base/limits.h"
#include "base/spend.h"
#include "limiter/window_log.h"
#include "plan/window.h"

namespace hourgate {

/// The outcome for one call.
struct Room {
    bool granted = true;
    std::uint32_t retry_after_s = 0;  ///< 0 when granted; the largest reset_s among full windows
    int full = -1;                    ///< index of the full window with that reset_s, or -1
    std::int64_t at_us = 0;           ///< the instant the call was counted, or looked, at
    std::size_t count = 0;            ///< windows in `states`, in the plan's order
    std::array<WindowState, limits::windows_per_plan_max> states{};  ///< after spending, if spent
};

/// Counts for token lines and workspaces.
class Limiter {
public:
    Limiter();
    ~Limiter();
    Limiter(const Limiter&) = delete;
    Limiter& operator=(const Limiter&) = delete;

    /// Checks all windows, then, with Spend::yes and if none is full, spends one call in all of
    /// them, as one step. Windows with Per::token count under `line`, the others under `workspace`.
    /// Spend::again is Spend::no. Spend::counted is a look that is never refused.
    /// REQUIRES: windows.size() <= limits::windows_per_plan_max; now.boot_us >= 0.
    [[nodiscard]] Room ask(std::int64_t line, std::int64_t workspace,
                           std::span<const Window> windows, Now now, Spend spend);

    /// Forgets logs in which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    [[nodiscard]] std::size_t entries() const;
    [[nodiscard]] std::size_t bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Counts for client addresses, one window for all. At most limits::addresses_max addresses are
/// held; while full, addresses not held share one window. Eviction (sweep) only forgets idle ones.
/// An address that gets a place of its own starts with what the shared window still counts: some of
/// it may have been its own.
class AddressLimiter {
public:
    explicit AddressLimiter(Window window);
    ~AddressLimiter();
    AddressLimiter(const AddressLimiter&) = delete;
    AddressLimiter& operator=(const AddressLimiter&) = delete;

    [[nodiscard]] const Window& window() const noexcept;
    /// Counts in another window from now on; what was counted stays counted, as far as both
    /// windows reach back. Former windows stay in memory: window() may be held. Any thread.
    void use(Window window);

    /// Checks the window and, with Spend::yes and if it has room, spends one call in it.
    /// Spend::again counts nothing and refuses only if a Spend::yes has been refused since the
    /// window became full: the call that filled it was granted, and so is its repeat (`states`
    /// shows it full). Spend::counted counts nothing and is never refused.
    /// `address` is Address::limiter_key() of base/address.h: IPv6 per /64, IPv4-mapped as IPv4.
    [[nodiscard]] Room ask(const std::array<std::uint8_t, 9>& address, Now now, Spend spend);

    /// Forgets addresses for which nothing counts any more. Holds one shard's lock at a time.
    void sweep(Now now);

    [[nodiscard]] std::size_t entries() const;  ///< addresses held
    [[nodiscard]] std::size_t bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate
