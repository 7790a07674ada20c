// Why a call was decided as it was: the decision as a document that can be kept and shown, and as a
// letter that a person reads. It says what was asked, what was looked at for each of the four
// questions in order, where it stopped, and what to do.
// Refuses to: show a secret, a query string, or anything of a token but the one that was sent.
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

/// What is kept of a decision. `document` is {"decision","at","granted","observed","status",
/// "reason", and "asked","questions","error","who"}: "questions" has, in order, what was asked,
/// whether it passed, and what was looked at; "error" is as the refused caller got it, in the words
/// and with the values of then; "who" names the roles that can fix it. `facts` are those of
/// http/why/decided_by.h.
[[nodiscard]] manage::DecisionRecord record_of(const KeptDecision& kept,
                                               const ReplySettings& settings);

/// A record's document. `helpers`: members who can mend it, where the reader may see them; they
/// are "members" of "who" then.
[[nodiscard]] Json shown_document(const std::string& document,
                                  std::span<const std::string> helpers);
/// The letter, in lines of text, of what shown_document gives.
[[nodiscard]] std::string letter_of(const Json& document);

/// The roles of a document's "who": whom to look for.
[[nodiscard]] std::vector<Role> helping_roles(const Json& document);

}  // namespace hourgate::http
