#include "http/manage/why_routes.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/text.h"
#include "http/decision/json.h"
#include "http/manage/views.h"
#include "http/why/why.h"
#include "manage/accounts.h"
#include "manage/decisions.h"
#include "policy/scope.h"

namespace hourgate::http {

namespace {

constexpr std::int64_t helpers_max = 5;

/// The text is the same whether the decision does not exist or the asker may not read it.
Failure no_decision() {
    return {Fault::not_found, "No decision of that id, that this token may read, is on record.",
            "Ask with the token that was refused, or that of an owner or admin of its workspace. "
            "Not every granted call is kept, and none for ever: see [decisions] of the "
            "configuration."};
}

/// Finds a record in memory or in the database.
Result<manage::DecisionRecord> look_up(ManagementCall& call) {
    const auto digits = manage::decision_digits(call.captured(0));
    if (!digits)
        return no_decision();
    if (auto recent = call.recent(*digits))
        return *std::move(recent);
    auto written = manage::find_decision(call.context(), *digits);
    if (!written)
        return written.failure();
    if (!written.value())
        return no_decision();
    return *std::move(written).value();
}

/// Returns "Ann <ann@acme.example> (owner)".
std::string shown(const Member& member) {
    std::string text = member.name.empty() ? member.email : member.name;
    if (!member.name.empty() && !member.email.empty())
        text.append(" <").append(member.email).append(">");
    return text.append(" (").append(to_text(member.role)).append(")");
}

Response shown_record(ManagementCall& call, const manage::DecisionRecord& record, bool with_names) {
    std::vector<std::string> helpers;
    if (with_names)
        helpers = helpers_of(call.context(), record);
    const Json document = shown_document(record.document, helpers);
    if (wants_json(call.request().joined("Accept")))
        return call.data(200, document);
    return call.text(letter_of(document));
}

Response why(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    const Facts& asker = *call.decision().facts;
    const bool alive = call.decision().because == Reason::granted;
    const auto record = look_up(call);
    if (!record)
        return call.failed(record.failure());
    if (!may_read(asker, alive, record.value()))
        return call.failed(no_decision());
    const bool sees_names = alive && asker.member->role != Role::member &&
                            record.value().workspace_id == asker.workspace->public_id &&
                            policy::allow(asker.token.scopes, policy::gate_resource_name,
                                          policy::Action::read, call.settings().write_scope);
    return shown_record(call, record.value(), sees_names);
}

constexpr std::array routes = {Route{"GET", "why/{}", Body::none, why}};

/// Returns the greatest weight that `accept` gives to one of `types`, in thousandths.
int weight_for(std::string_view accept, std::initializer_list<std::string_view> types) noexcept {
    int most = 0;
    for (const std::string_view type : types)
        most = std::max(most, weight_in(accept, type));
    return most;
}

}  // namespace

bool may_read(const Facts& asker, bool alive, const manage::DecisionRecord& record) noexcept {
    if (asker.is_operator())
        return false;  // they use the admin listener
    if (record.token_id != 0 && record.line == asker.token.line)
        return true;
    const Role role = asker.member->role;
    return alive && asker.token.scopes.empty() && (role == Role::owner || role == Role::admin) &&
           !record.workspace_id.empty() && record.workspace_id == asker.workspace->public_id;
}

std::vector<std::string> helpers_of(const manage::Context& context,
                                    const manage::DecisionRecord& record) {
    std::vector<std::string> helpers;
    const std::vector<Role> roles = helping_roles(shown_document(record.document, {}));
    if (roles.empty() || record.workspace_id.empty())
        return helpers;
    const auto members = manage::members_of_roles(context, record.workspace_id, roles, helpers_max);
    if (!members)
        return helpers;  // the letter is useful without names
    for (const Member& member : members.value())
        helpers.push_back(shown(member));
    return helpers;
}

std::span<const Route> why_routes() noexcept {
    return routes;
}

bool wants_json(std::string_view accept) noexcept {
    const int json = weight_for(accept, {"application/json", "application/problem+json"});
    return json > 0 && json > weight_for(accept, {"text/plain", "text/html"});
}

Response list_decisions(ManagementCall& call) {
    manage::DecisionFilter filter;
    filter.workspace_id = call.query.text("workspace").value_or("");
    filter.prefix = call.query.text("token").value_or("");
    filter.reason = call.query.text("reason").value_or("");
    const ManagementCall::Period period = call.period();
    filter.from_ms = period.from_ms;
    filter.until_ms = period.until_ms;
    const manage::Page page = call.page_by(manage::event_order);
    if (auto off = call.flawed())
        return *std::move(off);
    return call.list(manage::list_decisions(call.context(), filter, page),
                     [](const manage::DecisionRecord& record) { return view_of(record); });
}

Response show_decision(ManagementCall& call) {
    if (auto off = call.flawed())
        return *std::move(off);
    const auto record = look_up(call);
    return record ? shown_record(call, record.value(), true) : call.failed(record.failure());
}

}  // namespace hourgate::http
