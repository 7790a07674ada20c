// A decision that outlives its call: it copies what the Call points to. Of the target it keeps only
// the path, without the query and with the secret of every token blotted out. Long values are cut.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gate/decision.h"

namespace hourgate {

/// How a granted call failed at the API.
struct UpstreamFailure {
    std::string place;   ///< address of the API: "127.0.0.1:3000", "unix:/run/api.sock"
    std::string reason;  ///< of the response: "upstream_broken"; "" if the call did not fail
    std::string how;     ///< for the log: "unreachable", "timed_out", or "broken: " and the fault
    std::string what;    ///< a clause for people: the fault, and the bound that was reached
    int status = 0;      ///< the status that the caller got
};

class KeptDecision {
public:
    /// `again`: the call repeats one that was decided a moment ago, so it is neither counted nor
    /// spent. `failure`: how a granted call failed, if it did. Keeps alive the resource that
    /// `decision` points to, without the policy. Throws std::bad_alloc.
    KeptDecision(const Decision& decision, bool again, UpstreamFailure failure = {});
    KeptDecision(const KeptDecision&) = delete;
    KeptDecision& operator=(const KeptDecision&) = delete;

    /// Returns the decision. Its views are of this object.
    [[nodiscard]] const Decision& decision() const noexcept { return decision_; }
    [[nodiscard]] bool again() const noexcept { return again_; }
    [[nodiscard]] bool failed() const noexcept { return !failure_.reason.empty(); }
    [[nodiscard]] const UpstreamFailure& failure() const noexcept { return failure_; }
    /// Returns whether the kept path differs from the path that was decided.
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
    const std::shared_ptr<const policy::Resource> resource_;  // null if there is none
    const bool again_;
    const bool is_cut_;
    const UpstreamFailure failure_;
    Decision decision_;
};

}  // namespace hourgate
