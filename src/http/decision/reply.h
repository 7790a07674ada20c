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

/// The weight, in thousandths, that a header Accept gives a type it names; 0 when it does not name
/// it. RFC 9110 section 12.5.1, without ranges: nobody asks for "*/*" in particular.
[[nodiscard]] int weight_in(std::string_view accept, std::string_view type) noexcept;

/// application/problem+json when Accept names it with a q above 0 and not below application/json's.
[[nodiscard]] Format format_for(std::string_view accept) noexcept;

/// Returns the status of an answer: 200 if the call is granted, also in mode observe.
[[nodiscard]] int status_of(const Decision& decision) noexcept;

/// The members of "error" in order, as a JSON object text; the same facts for both formats.
[[nodiscard]] std::string error_json(const Decision& decision, const ReplySettings& settings);

/// A full answer to a refusal.
[[nodiscard]] Response refusal(const Decision& decision, const ReplySettings& settings,
                               Format format);

/// What all errors about one request have in common. All of it outlives the call that takes it.
struct ErrorFrame {
    const ReplySettings& settings;
    Format format = Format::json;
    const Decision* decision = nullptr;  ///< made about this request; null: none was made
    std::string_view origin = {};        ///< the header Origin, where CORS headers may be due
    std::shared_ptr<const void> kept = nullptr;  ///< what `settings` belong to; null: they outlive
};

/// Returns an error that is no refusal by the gate (404, 405, 408, 413, 415, 502, 400 on the gate's
/// own routes), with the members that every error has. `decision` is null in it, and the headers of
/// a decision are left out, if no decision was made.
[[nodiscard]] Response plain_error(int status, std::string_view code, std::string_view reason,
                                   std::string_view message, std::string_view fix,
                                   const ErrorFrame& frame);

}  // namespace hourgate::http
