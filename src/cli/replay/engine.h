// Decisions on record, made once more under other rules: the real gate, policy and limiter, fed
// with what each call was decided by, at the instants it came. Nothing is written or asked for.
//
// What is not on record cannot be made again: a call that a bound of the log left out, a granted
// call that was not sampled, and the secret of a token. A token that was known then is known now.
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

/// What became of one record.
struct Replayed {
    enum class Kind : std::uint8_t {
        same,  ///< granted as before, or refused for the same reason
        newly_refused,
        newly_granted,
        refused_otherwise,  ///< for another reason
        left,               ///< cannot be made again: see engine.cpp
        probe,              ///< sent by `hourgate doctor --through`: nobody's traffic, not counted
    };
    Kind kind = Kind::left;
    std::string was;        ///< to_text(Reason)
    std::string now;        ///< the same; empty when left
    std::string workspace;  ///< its name then; empty when none
};

class ReplayEngine {
public:
    /// `config`: the rules to decide by. `plans`: with the windows to count in. Failure::config: a
    /// policy that is none.
    [[nodiscard]] static Result<std::unique_ptr<ReplayEngine>> make(const config::Config& config,
                                                                    PlanBook plans);
    ~ReplayEngine();
    ReplayEngine(const ReplayEngine&) = delete;
    ReplayEngine& operator=(const ReplayEngine&) = delete;

    /// In the order in which they were decided. Failure::store: a record that is none.
    [[nodiscard]] Result<Replayed> run(const manage::DecisionRecord& record);

private:
    struct State;
    explicit ReplayEngine(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::cli
