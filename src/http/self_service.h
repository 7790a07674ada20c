// What a caller may ask the gate about itself, under server.api_prefix. Decided like every other
// call.
#pragma once

#include "gate/decision.h"
#include "http/message.h"
#include "http/reply.h"

namespace hourgate::http {

/// GET {api_prefix}/me: who this token is, and what it has left. The quickest way to test a token.
/// The answer to a refusal is a refusal.
[[nodiscard]] Answer me_answer(const Decision& decision, const ReplySettings& settings,
                               Format format);

}  // namespace hourgate::http
