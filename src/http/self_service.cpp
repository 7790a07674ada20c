#include "http/self_service.h"

#include <utility>

#include "base/time_text.h"
#include "http/json.h"

namespace hourgate::http {

Answer me_answer(const Decision& decision, const ReplySettings& settings, Format format) {
    if (!decision.granted() || !decision.facts)
        return refusal(decision, settings, format);
    const Facts& facts = *decision.facts;
    const Json data = {
        {"orgId", facts.workspace.public_id},
        {"orgName", facts.workspace.name},
        {"memberId", facts.member.public_id},
        {"email", text_or_null(facts.member.email)},
        {"role", decision.role()},
        {"plan", decision.plan != nullptr ? Json(decision.plan->name) : Json()},
        {"scopes", scopes_of(decision)},
        {"tokenName", facts.token.name},
        {"token", facts.token.prefix},
        {"env", token::to_text(facts.token.env)},
        {"expiresAt", facts.token.expires_ms ? Json(format_time(*facts.token.expires_ms)) : Json()},
        {"limits", limits_of(decision)},
    };
    Answer answer;
    answer.headers.push_back({"Content-Type", "application/json"});
    for (Header& header : decision_headers(decision, settings))
        answer.headers.push_back(std::move(header));
    answer.body = text_of(Json{{"data", data}}) + "\n";
    return answer;
}

}  // namespace hourgate::http
