// A Failure of a use case as an answer: its status, and its next step in the words of HTTP where
// manage/ has those of the command line.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "gate/decision.h"
#include "http/decision/reply.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// The one step that mends it, for who asks over HTTP.
[[nodiscard]] std::string fix_of(const Failure& failure);

/// 422 for what is wrong with the request, 404, 409, 403, 429 with Retry-After when it was done as
/// often as it may be, and 503 when the store failed. Headers of the decision included.
[[nodiscard]] Response failure_answer(const Failure& failure, const Decision& decision,
                                      const ReplySettings& settings, Format format);
/// 422: `flaws` by the name of the field.
[[nodiscard]] Response fields_answer(const std::map<std::string, std::string>& flaws,
                                     const Decision& decision, const ReplySettings& settings,
                                     Format format);

/// 400 for a question of a back end that cannot be asked, as `first` says; `flaws` as above.
[[nodiscard]] Response question_answer(const Failure& first,
                                       const std::map<std::string, std::string>& flaws,
                                       const ErrorFrame& frame);

}  // namespace hourgate::http
