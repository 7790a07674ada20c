// Who may read why a call was decided as it was: GET /_hourgate/why/{decision} on the public
// listener for callers, /admin/v1/decisions for operators.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/manage/management.h"

namespace hourgate::http {

/// Behind "/_hourgate/": "why/{}".
[[nodiscard]] std::span<const Route> why_routes() noexcept;

/// Whether the holder of this token may read that record: the refused token itself, and what it was
/// rotated into, whatever became of it; and, of their workspace, owner and admin, whose token works
/// and is not narrowed: a letter names the token it is about.
[[nodiscard]] bool may_read(const Facts& asker, bool alive,
                            const manage::DecisionRecord& record) noexcept;

/// Present members of the record's workspace who have one of the roles that can mend it, a few of
/// them: "Ann <ann@acme.example> (owner)". As far as the asker may see members.
[[nodiscard]] std::vector<std::string> helpers_of(const manage::Context& context,
                                                  const manage::DecisionRecord& record);

/// Whether a document is wanted rather than a letter: `accept` names a kind of JSON, and no kind of
/// text that weighs as much.
[[nodiscard]] bool wants_json(std::string_view accept) noexcept;

/// workspace, token, reason, from, until of the query. Newest first, without what was looked at.
[[nodiscard]] Response list_decisions(ManagementCall& call);
/// Any decision, for operators.
[[nodiscard]] Response show_decision(ManagementCall& call);

}  // namespace hourgate::http
