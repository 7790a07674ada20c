#include "http/why/decided_by.h"

#include <utility>

#include "base/text.h"
#include "http/decision/json.h"

namespace hourgate::http {

std::string facts_of(const KeptDecision& kept) {
    const Decision& decision = kept.decision();
    Json facts = {{"door", decision.call_kind == CallKind::admin ? "admin" : "api"}};
    const bool nobody_asked = decision.reason == Reason::granted && !decision.facts;
    const bool is_public = decision.match.resource != nullptr && decision.match.resource->is_public;
    const bool lets_others_pass =
        decision.match.resource != nullptr && decision.match.resource->other_bearers_pass;
    if (nobody_asked && lets_others_pass && decision.presented == Presented::bearer)
        facts["otherBearer"] = true;
    else if (nobody_asked && !is_public && decision.method == "OPTIONS")
        facts["preflight"] = true;
    if (decision.problem != Problem::none)
        facts["problem"] = true;
    if (kept.is_cut() || !is_utf8(decision.target))
        facts["cut"] = true;  // a record spells out what is not UTF-8
    if (!decision.match.api.empty() || !decision.match.host_listed) {
        facts["host"] = decision.host;
        facts["api"] = text_or_null(decision.match.api);
    }
    if (decision.reason == Reason::too_many_failures)
        facts["because"] = hourgate::to_text(decision.because);
    if (!decision.prefix.empty())
        facts["env"] = static_cast<int>(decision.env);
    if (!decision.facts)
        return text_of(facts);
    const Facts& known = *decision.facts;
    facts["scopes"] = policy::to_text(known.token.scopes);
    const auto add = [&](const char* name, std::optional<std::int64_t> time_ms) {
        if (time_ms)
            facts[name] = *time_ms;
    };
    add("expires", known.token.expires_ms);
    add("worksUntil", known.token.works_until_ms);
    add("revoked", known.token.revoked_ms);
    if (known.is_operator()) {
        facts["operator"] = true;
        return text_of(facts);
    }
    const Plan* plan = decision.plans ? decision.plans->find(known.workspace->plan_id) : nullptr;
    facts["role"] = static_cast<int>(known.member->role);
    facts["workspace"] = known.workspace->name;
    facts["plan"] = plan != nullptr ? Json(plan->name) : Json();
    add("paidUntil", known.workspace->paid_until_ms);
    add("removed", known.member->removed_ms);
    return text_of(facts);
}

namespace {

/// Returns a whole number from 0 to `max`; `otherwise` if it is absent or invalid.
int number_in(const Json& json, const char* name, int max, int otherwise) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_number_integer())
        return otherwise;
    const auto number = found->get<std::int64_t>();
    return number >= 0 && number <= max ? static_cast<int>(number) : otherwise;
}

std::optional<std::int64_t> time_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    if (found == json.end() || !found->is_number_integer())
        return std::nullopt;
    return found->get<std::int64_t>();
}

std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

Result<DecidedBy> decided_by(std::string_view facts) {
    const Json json = Json::parse(facts, nullptr, false);
    if (!json.is_object())
        return Failure{Fault::store, "a record of the decision log has no facts that can be read",
                       "see `hourgate doctor`"};
    DecidedBy by;
    by.is_admin_call = text_in(json, "door") == "admin";
    by.preflight = json.contains("preflight");
    by.other_bearer = json.contains("otherBearer");
    by.env = static_cast<token::Env>(number_in(json, "env", static_cast<int>(token::Env::test), 0));
    by.role = static_cast<Role>(
        number_in(json, "role", static_cast<int>(Role::member), static_cast<int>(Role::member)));
    by.is_operator = json.contains("operator");
    auto scopes = policy::parse_scopes(text_in(json, "scopes"));
    if (!scopes)
        return scopes.failure();
    by.scopes = std::move(scopes).value();
    if (json.contains("host"))
        by.host = text_in(json, "host");
    by.api = text_in(json, "api");
    by.workspace_name = text_in(json, "workspace");
    by.plan = text_in(json, "plan");
    by.paid_until_ms = time_in(json, "paidUntil");
    by.expires_ms = time_in(json, "expires");
    by.works_until_ms = time_in(json, "worksUntil");
    by.revoked_ms = time_in(json, "revoked");
    by.removed_ms = time_in(json, "removed");
    by.problem = json.contains("problem");
    by.cut = json.contains("cut");
    by.because = text_in(json, "because");
    return by;
}

}  // namespace hourgate::http
