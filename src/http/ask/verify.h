// POST /_hourgate/verify: for back ends that ask from code. They belong to the operator, so the
// method, path and address that they send are trusted. Their JSON is parsed strictly.
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

/// The body of such a request.
struct Question {
    Secret token;  ///< empty: the caller sent none
    std::string method;
    std::string path;                ///< origin form, including the query
    std::string host = {};           ///< to which the call was sent; "" if not given
    std::optional<Address> address;  ///< the client's, if the back end gives it
    Spend spend = Spend::yes;        ///< no: a dry run, which no observer sees
};

/// Parses the object {"token","method","path","host"?,"address"?,"spend"?}. Failure::usage names
/// the first member that is unknown, missing, duplicated, of the wrong type or too long. `flaws`
/// gets all of them by name. Neither contains a value, since it may be the token.
[[nodiscard]] Result<Question> read_question(std::string_view body,
                                             std::map<std::string, std::string>* flaws = nullptr);

/// Returns the call. Its views point into `question`.
[[nodiscard]] Call call_of(const Question& question, const Trust& trust, Now now);

/// Returns 200 with the decision as JSON, granted or not. A dry run is not recorded, so it has no
/// "decision" and no X-Hourgate-Decision.
[[nodiscard]] Response verify_answer(const Decision& decision, const ReplySettings& settings);

}  // namespace hourgate::http
