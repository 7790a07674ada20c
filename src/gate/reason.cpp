#include "gate/reason.h"

namespace hourgate {

Reason reason_of(policy::Verdict verdict) noexcept {
    switch (verdict) {
        case policy::Verdict::allowed:
            return Reason::granted;
        case policy::Verdict::role_forbidden:
            return Reason::role_forbidden;
        case policy::Verdict::scope_missing:
            return Reason::scope_missing;
        case policy::Verdict::not_own:
            return Reason::not_own;
        case policy::Verdict::path_unlisted:
            return Reason::path_unlisted;
    }
    return Reason::store_failed;
}

}  // namespace hourgate
