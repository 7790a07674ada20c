// Turns a Decision into an answer. The only file that knows status numbers and header names of
// answers, the texts a refused caller reads, and the formats they come in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "gate/decision.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// What answers say beyond the decision.
struct ReplySettings {
    std::string realm = "hourgate";  ///< of WWW-Authenticate
    std::string brand = "hsk";
    std::string env = "live";
    std::string renew_url;  ///< "" = none
    std::string contact;    ///< of the operator: an e-mail address or a URL; "" = none
    std::string docs_url;   ///< base address of docs; reason is appended as "#reason"
    Window failures;        ///< to say "10 per 60 s"
    Window public_calls;
    std::vector<std::string> cors_origins;
    std::size_t target_bytes_max = limits::target_bytes_default;
    policy::WriteScope write_scope = policy::WriteScope::changes;
    bool notices = true;  ///< what is about to end is told on every answer to a live token
};

enum class Format : std::uint8_t { json, problem };  ///< {"error":…} or RFC 9457

/// The weight, in thousandths, that a header Accept gives a type it names; 0 when it does not name
/// it. RFC 9110 section 12.5.1, without ranges: nobody asks for "*/*" in particular.
[[nodiscard]] int weight_in(std::string_view accept, std::string_view type) noexcept;

/// application/problem+json when Accept names it with a q above 0 and not below application/json's.
[[nodiscard]] Format format_for(std::string_view accept) noexcept;

/// Returns the status of an answer: 200 if the call is granted, also in mode observe.
[[nodiscard]] int status_of(const Decision& decision) noexcept;

/// "dec_" and the id: what a caller quotes when asking for help. REQUIRES: decision.has_id().
[[nodiscard]] std::string shown_id(const Decision& decision);

/// What a refused caller reads. `message` is what happened on which value, `fix` the one next step.
struct Words {
    std::string message;
    std::string fix;
};
[[nodiscard]] Words words_of(const Decision& decision, const ReplySettings& settings);

/// The members of "error" in order, as a JSON object text; the same facts for both formats.
[[nodiscard]] std::string error_json(const Decision& decision, const ReplySettings& settings);

/// Adds the headers of every answer about a decision: X-Hourgate-Decision (not of a look),
/// Cache-Control, limit headers when due, X-Hourgate-Would when observed, WWW-Authenticate
/// (RFC 6750 section 3) and Retry-After on refusals. To a live token also what is about to end,
/// unless notices are off: X-Hourgate-Plan-Lapses in the days of grace, X-Hourgate-Token-Expires in
/// the last limits::expiry_notice_ms of its life, and of a rotated token that works still
/// Deprecation (when it was rotated: RFC 9745) and Sunset (until when it works: RFC 8594).
void add_decision_headers(HeaderSink& to, const Decision& decision, const ReplySettings& settings);

/// Adds all eight identity headers, always, empty when not known (trap 3).
void add_identity_headers(HeaderSink& to, const Decision& decision);

/// Whether a refused caller, and the workspace, cannot go on without the people who run the gate:
/// they are named then, if [gate] contact says how to reach them.
[[nodiscard]] bool is_for_operator(const Decision& decision,
                                   const ReplySettings& settings) noexcept;
/// The same of an answer that is no decision, by its reason.
[[nodiscard]] bool is_for_operator(std::string_view reason) noexcept;
/// `fix`, and how to reach them.
[[nodiscard]] std::string with_contact(std::string_view fix, const ReplySettings& settings);

/// A full answer to a refusal.
[[nodiscard]] Answer refusal(const Decision& decision, const ReplySettings& settings,
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
[[nodiscard]] Answer plain_error(int status, std::string_view code, std::string_view reason,
                                 std::string_view message, std::string_view fix,
                                 const ErrorFrame& frame);

/// What a page of another origin may read of an answer, for Access-Control-Expose-Headers.
inline constexpr std::string_view exposed_headers =
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "RateLimit-Policy, RateLimit, X-Hourgate-Decision, X-Hourgate-Plan-Lapses, "
    "X-Hourgate-Token-Expires, Deprecation, Sunset, WWW-Authenticate";
/// Whether `origin` is one of the configured.
[[nodiscard]] bool is_cors_origin(std::string_view origin, const ReplySettings& settings) noexcept;

/// Adds the CORS headers (Access-Control-Allow-Origin, -Expose-Headers, Vary) when `origin` is one
/// of the configured.
void add_cors(Answer& answer, std::string_view origin, const ReplySettings& settings);

}  // namespace hourgate::http
