#include "manage/records.h"

namespace hourgate::manage {

std::string_view status_of(const TokenRecord& token, std::int64_t now_ms) noexcept {
    if (token.revoked_ms)
        return "revoked";
    if (token.works_until_ms && *token.works_until_ms <= now_ms)
        return "rotated";
    if (token.expires_ms && *token.expires_ms <= now_ms)
        return "expired";
    return token.rotated_ms ? "grace" : "live";
}

std::string_view status_of(const TokenView& view, std::int64_t now_ms) noexcept {
    const std::string_view status = status_of(view.token, now_ms);
    const bool works = status == "live" || status == "grace";
    return works && view.member.removed_ms ? "member_removed" : status;
}

}  // namespace hourgate::manage
