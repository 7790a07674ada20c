// Explains a decision: as a document that can be stored and shown, and as a letter for people. Both
// say what was asked, what was looked at for each of the four questions in order, where it stopped,
// and what to do.
// Never shows a secret, a query string, or anything of a token other than the one sent.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gate/kept_decision.h"
#include "http/decision/json.h"
#include "http/decision/reply.h"
#include "manage/records.h"

namespace hourgate::http {

/// Returns what is stored of a decision. `document` is
/// {"decision","at","granted","observed","status", "reason", and
/// "asked","questions","error","who"}. "questions" has, in order, what was asked, whether it
/// passed, and what was looked at. "error" is what the refused caller got, with the texts and
/// values of that time. "who" names the roles that can fix it. For `facts`, see
/// http/why/decided_by.h.
[[nodiscard]] manage::DecisionRecord record_of(const KeptDecision& kept,
                                               const ReplySettings& settings);

/// Returns a record's document. `helpers` are members who can fix it, if the reader may see them;
/// they become "members" of "who".
[[nodiscard]] Json shown_document(const std::string& document,
                                  std::span<const std::string> helpers);
/// Returns the letter, as lines of text, for a result of shown_document().
[[nodiscard]] std::string letter_of(const Json& document);

/// Returns the roles in "who" of a document, to look for members.
[[nodiscard]] std::vector<Role> helping_roles(const Json& document);

}  // namespace hourgate::http
