// Why a call is granted or refused, and everything that depends on the reason alone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "policy/policy.h"

namespace hourgate {

/// The reason of a decision. docs/errors.md has an entry for each one.
enum class Reason : std::uint8_t {
    granted,
    bad_request,
    host_unlisted,
    method_not_allowed,
    target_too_long,
    path_ambiguous,
    forged_header,
    no_credentials,
    wrong_scheme,
    malformed_token,
    damaged_token,
    wrong_environment,
    unknown_token,
    revoked_token,
    expired_token,
    rotated_token,
    member_removed,
    too_many_failures,
    plan_without_api,
    plan_lapsed,
    role_forbidden,
    scope_missing,
    not_own,
    path_unlisted,
    window_full,
    store_failed,
};

/// One row of the table of reasons.
struct ReasonRow {
    Reason reason;
    std::string_view name;  ///< stable: used in responses, logs, records and metrics
    int question;           ///< 1 who, 2 paid, 3 may, 4 room; 0: none of them was answered
    int status;             ///< the HTTP status of a refusal (RFC 9110 section 15, RFC 6585)
    std::string_view code;  ///< stable: the member `code` of errors
};

// clang-format off
/// In the order of the enumeration. store_failed means that a call could not be decided. It is
/// never a refusal of the caller, and the call is never granted.
inline constexpr std::array reason_table = std::to_array<ReasonRow>({
    {Reason::granted, "granted", 0, 200, "granted"},
    {Reason::bad_request, "bad_request", 0, 400, "bad_request"},
    {Reason::host_unlisted, "host_unlisted", 0, 421, "bad_request"},
    {Reason::method_not_allowed, "method_not_allowed", 0, 405, "bad_request"},
    {Reason::target_too_long, "target_too_long", 0, 414, "bad_request"},
    {Reason::path_ambiguous, "path_ambiguous", 0, 400, "bad_request"},
    {Reason::forged_header, "forged_header", 0, 400, "bad_request"},
    {Reason::no_credentials, "no_credentials", 1, 401, "unauthenticated"},
    {Reason::wrong_scheme, "wrong_scheme", 1, 401, "unauthenticated"},
    {Reason::malformed_token, "malformed_token", 1, 401, "unauthenticated"},
    {Reason::damaged_token, "damaged_token", 1, 401, "unauthenticated"},
    {Reason::wrong_environment, "wrong_environment", 1, 401, "unauthenticated"},
    {Reason::unknown_token, "unknown_token", 1, 401, "unauthenticated"},
    {Reason::revoked_token, "revoked_token", 1, 401, "unauthenticated"},
    {Reason::expired_token, "expired_token", 1, 401, "unauthenticated"},
    {Reason::rotated_token, "rotated_token", 1, 401, "unauthenticated"},
    {Reason::member_removed, "member_removed", 1, 401, "unauthenticated"},
    {Reason::too_many_failures, "too_many_failures", 1, 429, "rate_limited"},
    {Reason::plan_without_api, "plan_without_api", 2, 402, "forbidden_plan"},
    {Reason::plan_lapsed, "plan_lapsed", 2, 402, "forbidden_plan"},
    {Reason::role_forbidden, "role_forbidden", 3, 403, "forbidden_scope"},
    {Reason::scope_missing, "scope_missing", 3, 403, "forbidden_scope"},
    {Reason::not_own, "not_own", 3, 403, "forbidden_scope"},
    {Reason::path_unlisted, "path_unlisted", 3, 403, "forbidden_scope"},
    {Reason::window_full, "window_full", 4, 429, "rate_limited"},
    {Reason::store_failed, "store_failed", 0, 503, "unavailable"},
});
// clang-format on

constexpr std::size_t reason_count = reason_table.size();

/// Returns the row of a reason.
[[nodiscard]] constexpr const ReasonRow& row_of(Reason reason) noexcept {
    return reason_table[static_cast<std::size_t>(reason)];
}
[[nodiscard]] constexpr std::string_view to_text(Reason reason) noexcept {
    return row_of(reason).name;
}
[[nodiscard]] constexpr int question_of(Reason reason) noexcept {
    return row_of(reason).question;
}
[[nodiscard]] constexpr int status_of(Reason reason) noexcept {
    return row_of(reason).status;
}
[[nodiscard]] constexpr std::string_view code_of(Reason reason) noexcept {
    return row_of(reason).code;
}

static_assert([] {
    for (std::size_t at = 0; at < reason_count; ++at)
        if (static_cast<std::size_t>(reason_table[at].reason) != at)
            return false;
    return reason_table.back().reason == Reason::store_failed;
}());

/// Returns the reason of a decision that question 3 makes.
[[nodiscard]] Reason reason_of(policy::Verdict verdict) noexcept;

}  // namespace hourgate
