// The routes that explain decisions: GET /_hourgate/why/{decision} on the public listener for
// callers, and /admin/v1/decisions for operators.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/manage/management.h"

namespace hourgate::http {

/// Returns the routes below "/_hourgate/": "why/{}".
[[nodiscard]] std::span<const Route> why_routes() noexcept;

/// Returns true if the holder of this token may read that record. That is the token itself, or what
/// it was rotated into, in any state. It is also an owner or admin of the workspace, whose token
/// works and is not narrowed, since a letter names its token.
[[nodiscard]] bool may_read(const Facts& asker, bool alive,
                            const manage::DecisionRecord& record) noexcept;

/// Returns a few current members of the record's workspace whose role allows them to fix it: "Ann
/// <ann@acme.example> (owner)". REQUIRES: the asker may see members.
[[nodiscard]] std::vector<std::string> helpers_of(const manage::Context& context,
                                                  const manage::DecisionRecord& record);

/// Returns true if the caller wants the document rather than the letter: `accept` names a JSON
/// type, with a greater weight than any text type.
[[nodiscard]] bool wants_json(std::string_view accept) noexcept;

/// Lists decisions by workspace, token, reason, from and until of the query. Newest first, without
/// what was looked at.
[[nodiscard]] Response list_decisions(ManagementCall& call);
/// Shows any decision to an operator.
[[nodiscard]] Response show_decision(ManagementCall& call);

}  // namespace hourgate::http
