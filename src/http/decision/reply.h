// Turns a Decision into a response: its status, its body in one of two formats, and its headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "gate/decision.h"
#include "http/decision/decision_headers.h"
#include "http/decision/refusal_texts.h"
#include "http/wire/message.h"

namespace hourgate::http {

enum class Format : std::uint8_t { json, problem };  ///< {"error":…} or RFC 9457

/// Returns the weight, in thousandths, that an Accept header gives `type`; 0 if it does not name it
/// (RFC 9110 section 12.5.1). Ranges such as "*/*" are ignored, because they do not ask for a
/// particular type.
[[nodiscard]] int weight_in(std::string_view accept, std::string_view type) noexcept;

/// Returns `problem` if Accept names application/problem+json with a q above 0 and not below that
/// of application/json.
[[nodiscard]] Format format_for(std::string_view accept) noexcept;

/// Returns the status of a response: 200 if the call is granted, also in mode observe.
[[nodiscard]] int status_of(const Decision& decision) noexcept;

/// Returns the members of "error" in order, as the text of a JSON object. Both formats have the
/// same facts.
[[nodiscard]] std::string error_json(const Decision& decision, const ReplySettings& settings);

/// Returns the complete response to a refusal.
[[nodiscard]] Response refusal(const Decision& decision, const ReplySettings& settings,
                               Format format);

/// What all errors about one request have in common. REQUIRES: everything outlives the call that
/// uses it.
struct ErrorFrame {
    const ReplySettings& settings;
    Format format = Format::json;
    const Decision* decision = nullptr;          ///< about this request; null: none was made
    std::string_view origin = {};                ///< the Origin header, if CORS headers may be due
    std::shared_ptr<const void> kept = nullptr;  ///< owns `settings`; null: they outlive it
};

/// Returns an error that is not a refusal by the gate, with the members that every error has: 404,
/// 405, 408, 413, 415, 502, or 400 on gate routes. If no decision was made, its `decision` is null
/// and the headers of a decision are left out.
[[nodiscard]] Response plain_error(int status, std::string_view code, std::string_view reason,
                                   std::string_view message, std::string_view fix,
                                   const ErrorFrame& frame);

}  // namespace hourgate::http
