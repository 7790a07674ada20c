// A decision that outlives its call: what the Call only pointed to is copied, as far as it may be
// kept. Of the target that is the path alone, without its query and with every token blotted out;
// what is long is cut.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gate/decision.h"

namespace hourgate {

class KeptDecision {
public:
    /// `again`: the repeat of a call that was decided a moment ago, so neither counted nor spent.
    /// Keeps the resource that `decision` points to; the policy may go. Throws std::bad_alloc.
    KeptDecision(const Decision& decision, bool again);
    KeptDecision(const KeptDecision&) = delete;
    KeptDecision& operator=(const KeptDecision&) = delete;

    /// Its views point into this object.
    [[nodiscard]] const Decision& decision() const noexcept { return decision_; }
    [[nodiscard]] bool again() const noexcept { return again_; }
    /// Whether its path is not the path that was decided.
    [[nodiscard]] bool is_cut() const noexcept { return is_cut_; }

private:
    const std::string method_;
    const std::string path_;
    const std::string request_id_;
    const std::string detail_;
    const std::string scheme_;
    const std::string misplaced_in_;
    const std::shared_ptr<const policy::Resource> resource_;  // null: none
    const bool again_;
    const bool is_cut_;
    Decision decision_;
};

}  // namespace hourgate
