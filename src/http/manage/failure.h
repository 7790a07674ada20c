// Turns a Failure of a use case into a response. Its next step is worded for HTTP, because manage/
// words it for the command line.
#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "gate/decision.h"
#include "http/decision/reply.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// Returns the one step that fixes it, for a caller over HTTP.
[[nodiscard]] std::string fix_of(const Failure& failure);

/// Returns 422 for an invalid request, or 404, 409 or 403. Returns 429 with Retry-After if it was
/// done as often as allowed, and 503 if the store failed. Includes the headers of the decision.
[[nodiscard]] Response failure_answer(const Failure& failure, const Decision& decision,
                                      const ReplySettings& settings, Format format);
/// Returns 422. `flaws` are by the name of the field.
[[nodiscard]] Response fields_answer(const std::map<std::string, std::string>& flaws,
                                     const Decision& decision, const ReplySettings& settings,
                                     Format format);

/// Returns 400 for a question of a back end that is invalid, as `first` says. `flaws` as above.
[[nodiscard]] Response question_answer(const Failure& first,
                                       const std::map<std::string, std::string>& flaws,
                                       const ErrorFrame& frame);

}  // namespace hourgate::http
