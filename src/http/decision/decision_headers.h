// The headers of a response about a decision, and the settings that all responses share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "gate/decision.h"
#include "http/wire/message.h"

namespace hourgate::http {

/// What responses say in addition to the decision.
struct ReplySettings {
    std::string realm = "hourgate";  ///< of WWW-Authenticate
    std::string brand = "hsk";
    std::string env = "live";
    std::string renew_url;  ///< "": none
    std::string contact;    ///< of the operator: an e-mail address or a URL; "": none
    std::string docs_url;   ///< base URL of the documentation; "#reason" is appended
    Window failures;        ///< for texts such as "10 per 60 s"
    Window public_calls;
    std::vector<std::string> cors_origins;
    std::size_t target_bytes_max = limits::target_bytes_default;
    policy::WriteScope write_scope = policy::WriteScope::changes;
    bool notices = true;  ///< send notices with every response to a live token
};

/// Returns "dec_" and the id, which a caller quotes when asking for help. REQUIRES: has_id().
[[nodiscard]] std::string shown_id(const Decision& decision);

/// Adds the headers of every response about a decision: X-Hourgate-Decision (except for a dry run),
/// Cache-Control, limit headers if due, and X-Hourgate-Would if observed. Refusals also get
/// WWW-Authenticate (RFC 6750 section 3) and Retry-After.
///
/// Unless notices are off, a live token also gets these. X-Hourgate-Plan-Lapses during the grace of
/// the plan. X-Hourgate-Token-Expires in the last limits::expiry_notice_ms of the token. For a
/// rotated token that still works, Deprecation (when it was rotated: RFC 9745) and Sunset (until
/// when it works: RFC 8594).
void add_decision_headers(HeaderSink& to, const Decision& decision, const ReplySettings& settings);

/// Adds all eight identity headers, empty if unknown, so that an upstream never reads a forged one.
void add_identity_headers(HeaderSink& to, const Decision& decision);

/// Returns true if the caller holds a token that works.
[[nodiscard]] bool is_live(const Decision& decision) noexcept;

/// Returns when the token stops working, if it is in the last limits::expiry_notice_ms of its life.
/// REQUIRES: is_live().
[[nodiscard]] std::optional<std::int64_t> expires_soon(const Decision& decision) noexcept;

/// The headers that a page of another origin may read, for Access-Control-Expose-Headers.
inline constexpr std::string_view exposed_headers =
    "Retry-After, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, "
    "RateLimit-Policy, RateLimit, X-Hourgate-Decision, X-Hourgate-Plan-Lapses, "
    "X-Hourgate-Token-Expires, Deprecation, Sunset, WWW-Authenticate";
/// Returns true if `origin` is configured in [cors].
[[nodiscard]] bool is_cors_origin(std::string_view origin, const ReplySettings& settings) noexcept;

/// Adds the CORS headers (Access-Control-Allow-Origin, -Expose-Headers, Vary) if `origin` is
/// configured.
void add_cors(Response& answer, std::string_view origin, const ReplySettings& settings);

}  // namespace hourgate::http
