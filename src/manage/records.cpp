#include "manage/records.h"

#include <array>

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

std::optional<TokenStatus> token_status_from(std::string_view text) noexcept {
    struct Named {
        std::string_view name;
        TokenStatus status;
    };
    constexpr std::array named = {Named{"all", TokenStatus::any},
                                  Named{"working", TokenStatus::working},
                                  Named{"ended", TokenStatus::ended},
                                  Named{"live", TokenStatus::live},
                                  Named{"grace", TokenStatus::grace},
                                  Named{"rotated", TokenStatus::rotated},
                                  Named{"revoked", TokenStatus::revoked},
                                  Named{"expired", TokenStatus::expired},
                                  Named{"member_removed", TokenStatus::member_removed}};
    for (const Named& one : named)
        if (one.name == text)
            return one.status;
    return std::nullopt;
}

std::string_view status_of(const TokenView& view, std::int64_t now_ms) noexcept {
    const std::string_view status = status_of(view.token, now_ms);
    const bool works = status == "live" || status == "grace";
    return works && view.member.removed_ms ? "member_removed" : status;
}

}  // namespace hourgate::manage
