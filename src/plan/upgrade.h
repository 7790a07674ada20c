// Finds the plan that a workspace needs if its present one is not enough.
#pragma once

#include "plan/plan.h"

namespace hourgate {

/// Returns the lowest-ranked plan with API access that is an upgrade from `present`, which may be
/// null: its rank is above that of `present`. Of equal ranks, the first in PlanBook::plans()
/// counts. Returns null if there is none.
[[nodiscard]] const Plan* upgrade_from(const PlanBook& book, const Plan* present) noexcept;

}  // namespace hourgate
