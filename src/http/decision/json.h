// JSON as the answers of this folder write it: members in the order they were added, and bytes that
// are not UTF-8 replaced rather than thrown over.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "gate/decision.h"
#include "http/decision/reply.h"

namespace hourgate::http {

using Json = nlohmann::ordered_json;

/// The bytes the library's dump() gives, in less time, but for hidden characters (has_hidden) and
/// controls, which are escaped. Nesting is followed by recursion, as there.
[[nodiscard]] std::string text_of(const Json& json);

/// The text, or null when it is empty.
[[nodiscard]] inline Json text_or_null(std::string_view text) {
    return text.empty() ? Json() : Json(text);
}

/// Adds `lapsedAt`, `paidUntil`, `plan` (the one that counts now) and `renewUrl` if the caller's
/// workspace has lapsed; else nothing.
void add_lapse(Json& error, const Decision& decision, const ReplySettings& settings);

/// Blots the secret of every token out of all texts and names in it, at any depth. Every text of an
/// error goes through here: what a caller sent is repeated in many of them.
void blot(Json& json);

/// The members of "error", in order; blotted.
[[nodiscard]] Json error_members(const Decision& decision, const ReplySettings& settings);

/// One body in either format from the same members of "error", which are blotted first.
[[nodiscard]] Response error_answer(int status, Json members, Format format);

/// The same with what all errors have: the decision (null if none was made), docs, and the headers
/// that go with them.
[[nodiscard]] Response framed_error(int status, Json members, const ErrorFrame& frame);

/// What is written about a reason: "error.docs". Empty where nothing is configured.
[[nodiscard]] std::string docs_of(std::string_view reason, const ReplySettings& settings);

/// "limits" of verify and /me: the plan's windows with what is left of them; [] when not known.
[[nodiscard]] Json limits_of(const Decision& decision);

/// "notices" of verify: what is told of in headers elsewhere (add_decision_headers in reply.h); {}
/// when there is nothing to tell.
[[nodiscard]] Json notices_of(const Decision& decision, const ReplySettings& settings);

/// Scopes of the token, each as it is written; [] when there are none.
[[nodiscard]] Json scopes_of(const Decision& decision);

}  // namespace hourgate::http
