// POST /_hourgate/verify: back ends that ask from code. They are the operator's own, so what they
// say about method, path and address is believed; how they say it is read strictly.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/address.h"
#include "base/result.h"
#include "base/secret.h"
#include "gate/call.h"
#include "gate/decision.h"
#include "http/decision/credentials.h"
#include "http/decision/reply.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// What is asked.
struct Question {
    Secret token;  ///< empty: the caller sent none
    std::string method;
    std::string path;                ///< origin form, query included
    std::string host = {};           ///< to which the call was sent; "" where it is not said
    std::optional<Address> address;  ///< the client's, when the back end says it
    Spend spend = Spend::yes;        ///< no: told to no observer
};

/// Reads the object {"token","method","path","host"?,"address"?,"spend"?}. Failure::usage names the
/// first member that is unknown, missing, there twice, of the wrong type or over its bound, and
/// `flaws` gets all of them, by name. Neither says a value: it may be the token.
[[nodiscard]] Result<Question> read_question(std::string_view body,
                                             std::map<std::string, std::string>* flaws = nullptr);

/// The call. Views point into `question`.
[[nodiscard]] Call call_of(const Question& question, const Trust& trust, Now now);

/// 200 with the decision as JSON, granted or not. A look, which is on no record, has no "decision"
/// and no X-Hourgate-Decision.
[[nodiscard]] Response verify_answer(const Decision& decision, const ReplySettings& settings);

}  // namespace hourgate::http
