#include "http/own_tokens.h"

#include "base/limits.h"
#include "manage/tokens.h"

namespace hourgate::http {

std::shared_ptr<const std::vector<OwnToken>> own_tokens_of(manage::Ledger& ledger,
                                                           const policy::Policy& policy,
                                                           const Decision& decision) {
    const Member& member = *decision.facts->member;
    const auto fits = [&](const manage::TokenRecord& token) {
        const policy::Subject subject{member.role, member.public_id, token.scopes, token.prefix};
        return token.env == decision.env &&
               policy.judge(decision.match, subject, decision.method).verdict ==
                   policy::Verdict::allowed;
    };
    const auto found = manage::working_tokens_of(ledger, member.id, decision.now.wall_ms, fits,
                                                 limits::own_tokens_shown_max);
    if (!found)
        return nullptr;
    auto tokens = std::make_shared<std::vector<OwnToken>>();
    for (const manage::TokenRecord& token : found.value())
        tokens->push_back({token.prefix, token.name});
    return tokens;
}

}  // namespace hourgate::http
