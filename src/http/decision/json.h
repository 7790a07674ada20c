// JSON as responses contain it. Members keep the order in which they were added. Bytes that are not
// UTF-8 are replaced; they never cause an exception.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gate/decision.h"
#include "http/decision/reply.h"

namespace hourgate::http {

using Json = nlohmann::ordered_json;

/// Returns what the library's dump() returns, but faster. In addition, hidden characters
/// (has_hidden) and controls are escaped. Recurses into nested values, as dump() does.
[[nodiscard]] std::string text_of(const Json& json);

/// Returns the text, or null if it is empty.
[[nodiscard]] inline Json text_or_null(std::string_view text) {
    return text.empty() ? Json() : Json(text);
}

/// Adds `lapsedAt`, `paidUntil`, `plan` (the one that counts now) and `renewUrl` if the caller's
/// workspace has lapsed.
void add_lapse(Json& error, const Decision& decision, const ReplySettings& settings);

/// Removes the secret of every token from all texts and names in `json`, at any depth. All texts of
/// an error must pass through it, because many repeat what the caller sent.
void blot(Json& json);

/// Returns the members of "error" in order, without secrets.
[[nodiscard]] Json error_members(const Decision& decision, const ReplySettings& settings);

/// Returns a body in either format from the same members of "error". Removes secrets first.
[[nodiscard]] Response error_answer(int status, Json members, Format format);

/// Does the same with what all errors have: the decision (null if none was made), docs, and their
/// headers.
[[nodiscard]] Response framed_error(int status, Json members, const ErrorFrame& frame);

/// Returns "error.docs", the address of the documentation of a reason; "" if none is configured.
[[nodiscard]] std::string docs_of(std::string_view reason, const ReplySettings& settings);

/// Returns "limits" of verify and /me: the plan's windows and what is left of each; [] if unknown.
[[nodiscard]] Json limits_of(const Decision& decision);

/// Returns "notices" of verify, which other responses send as headers (see add_decision_headers());
/// {} if there are none.
[[nodiscard]] Json notices_of(const Decision& decision, const ReplySettings& settings);

/// Returns the scopes of the token as they are written; [] if there are none.
[[nodiscard]] Json scopes_of(const Decision& decision);

}  // namespace hourgate::http
