// Which plan a workspace needs when its present one does not do.
#pragma once

#include "plan/plan.h"

namespace hourgate {

/// Returns the lowest-ranked plan with API access that is an upgrade from `present`: its rank is
/// above that of `present`, if there is one. Of equal ranks the first in PlanBook::plans() counts.
/// Returns null if there is none.
[[nodiscard]] const Plan* upgrade_from(const PlanBook& book, const Plan* present) noexcept;

}  // namespace hourgate
