// Replays recorded decisions under another configuration. It feeds the real gate, policy and
// limiter with the recorded values at the recorded times. It writes nothing and asks nothing.
//
// Some things are not on record: calls left out by a bound of the log, granted calls that were not
// sampled, and the secrets of tokens. A token that was known then counts as known now.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "config/config.h"
#include "gate/decision.h"
#include "manage/records.h"
#include "plan/plan.h"

namespace hourgate::cli {

/// The result for one record.
struct Replayed {
    enum class Kind : std::uint8_t {
        same,  ///< granted both times, or refused for the same reason
        newly_refused,
        newly_granted,
        refused_otherwise,  ///< refused for a different reason
        left,               ///< cannot be replayed: see engine.cpp
        probe,              ///< sent by `hourgate doctor --through`: not counted
    };
    Kind kind = Kind::left;
    std::string was;        ///< to_text(Reason)
    std::string now;        ///< same form; empty if not replayed
    std::string workspace;  ///< its name at that time; empty if none
};

class ReplayEngine {
public:
    /// `config`: the configuration to decide by. `plans`: the windows to count in. Returns
    /// Failure::config if the policy is invalid.
    [[nodiscard]] static Result<std::unique_ptr<ReplayEngine>> make(const config::Config& config,
                                                                    PlanBook plans);
    ~ReplayEngine();
    ReplayEngine(const ReplayEngine&) = delete;
    ReplayEngine& operator=(const ReplayEngine&) = delete;

    /// REQUIRES: records come in the order in which they were decided. Returns Failure::store for
    /// an invalid record.
    [[nodiscard]] Result<Replayed> run(const manage::DecisionRecord& record);

private:
    struct State;
    explicit ReplayEngine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::cli
