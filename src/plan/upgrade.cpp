#include "plan/upgrade.h"

namespace hourgate {

const Plan* upgrade_from(const PlanBook& book, const Plan* present) noexcept {
    if (present == nullptr)
        return book.lowest_with_api();
    for (const Plan& plan : book.plans())
        if (plan.api && plan.rank > present->rank)
            return &plan;
    return nullptr;
}

}  // namespace hourgate
