// A decision that outlives its call: what the Call only pointed to is copied, as far as it may be
// kept. Of the target that is the path alone, without its query and with every token blotted out;
// what is long is cut.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gate/decision.h"

namespace hourgate {

/// How a call that the gate granted failed behind it.
struct UpstreamFailure {
    std::string place;   ///< of the API: "127.0.0.1:3000", "unix:/run/api.sock"
    std::string reason;  ///< of the answer: "upstream_broken"; "": the call did not fail
    std::string how;     ///< for the log: "unreachable", "timed_out", "broken: " and what was met
    std::string what;    ///< a clause for people: which fault, and which bound was met
    int status = 0;      ///< what the caller got to see
};

class KeptDecision {
public:
    /// `again`: the repeat of a call that was decided a moment ago, so neither counted nor spent.
    /// `failure`: what came of a granted call, if it failed. Keeps the resource that `decision`
    /// points to; the policy may go. Throws std::bad_alloc.
    KeptDecision(const Decision& decision, bool again, UpstreamFailure failure = {});
    KeptDecision(const KeptDecision&) = delete;
    KeptDecision& operator=(const KeptDecision&) = delete;

    /// Its views point into this object.
    [[nodiscard]] const Decision& decision() const noexcept { return decision_; }
    [[nodiscard]] bool again() const noexcept { return again_; }
    [[nodiscard]] bool failed() const noexcept { return !failure_.reason.empty(); }
    [[nodiscard]] const UpstreamFailure& failure() const noexcept { return failure_; }
    /// Whether its path is not the path that was decided.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

private:
    const std::string method_;
    const std::string path_;
    const std::string host_;
    const std::string api_;
    const std::string request_id_;
    const std::string detail_;
    const std::string scheme_;
    const std::string misplaced_in_;
    const std::shared_ptr<const policy::Resource> resource_;  // null: none
    const bool again_;
    const bool is_cut_;
    const UpstreamFailure failure_;
    Decision decision_;
};

}  // namespace hourgate
