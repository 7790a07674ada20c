// The latest decisions, in memory: every refusal, and of granted calls what the configuration asks
// for. What is older is overwritten; the writer (ops/decision_writer.h) takes what is to stay.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/seeded_hash.h"
#include "gate/kept_decision.h"

namespace hourgate::ops {

/// Which granted calls are kept: [decisions] grants.
enum class Grants : std::uint8_t {
    none,
    last,  ///< of each token and resource one in limits::sample_s
    all,
};

class DecisionLog {
public:
    explicit DecisionLog(Grants grants);

    /// Keeps it, or not. Takes one lock for a few instructions, and for a granted call that is not
    /// kept none. `again`: as of KeptDecision. Any thread.
    void note(const Decision& decision, bool again) noexcept;
    /// Keeps a granted call that failed, whichever granted calls are kept. find() and take() give
    /// this one too if the decision was noted before, and find() gives it first.
    void note(const Decision& granted, bool again, const UpstreamFailure& failure) noexcept;

    /// By the digits of its id, behind "dec_"; null: not, or no longer, in memory. Any thread.
    [[nodiscard]] std::shared_ptr<const KeptDecision> find(std::string_view id) const;

    /// Those that were not taken yet, oldest first.
    [[nodiscard]] std::vector<std::shared_ptr<const KeptDecision>> take();
    /// Called when as many wait to be taken as half the room there is. Set it before the first
    /// note; it must not wait, and throws nothing.
    void on_half_full(std::function<void()> call) { half_full_ = std::move(call); }

    /// Overwritten before they were taken, or not kept for lack of memory.
    [[nodiscard]] std::uint64_t lost() const noexcept { return lost_.load(); }
    [[nodiscard]] Grants grants() const noexcept { return grants_; }

private:
    using Id = std::array<char, 32>;
    static constexpr std::size_t room = limits::decisions_in_memory;

    void put(const Decision& decision, bool again, const UpstreamFailure& failure) noexcept;
    [[nodiscard]] bool keeps(const Decision& granted) noexcept;
    [[nodiscard]] bool sampled(const Decision& decision) noexcept;

    const Grants grants_;
    std::function<void()> half_full_;
    /// Who has a slot, and since which sample time: a granted call whose slot is taken by another
    /// in this sample time is not kept, so what is kept has a bound.
    const std::unique_ptr<std::atomic<std::uint64_t>[]> slots_;
    const SeededHash hash_;
    std::atomic<std::uint64_t> lost_{0};

    mutable std::mutex mutex_;
    std::vector<std::shared_ptr<const KeptDecision>> ring_;  // guarded by mutex_
    std::vector<Id> ids_;                                    // of ring_; guarded by mutex_
    std::uint64_t next_ = 0;   // number of the next; guarded by mutex_
    std::uint64_t taken_ = 0;  // those before; guarded by mutex_
};

}  // namespace hourgate::ops
