// The reasons in responses that are not decisions about a call: management, unreadable requests, an
// API that does not answer. A reason that decisions have, too, is only in enum Reason. The names
// are stable, as those of enum Reason are. Each has an entry in docs/errors.md. Tests compare both
// lists with that page, and this list with the sources.
#pragma once

#include <array>
#include <string_view>

namespace hourgate::http {

// clang-format off
inline constexpr std::array<std::string_view, 62> other_reasons = {
    "ambiguous_member", "bad_chunk", "bad_email", "bad_grace", "bad_header", "bad_host",
    "bad_idempotency_key", "bad_json", "bad_length", "bad_line_end", "bad_name", "bad_plan",
    "bad_prefix", "bad_request_line", "beyond_token", "body_cut_short", "body_too_large",
    "conflict", "expiry_past", "expiry_too_late", "forbidden_scope", "gate_not_understood",
    "gate_unreachable", "granted_since", "head_too_long", "header_too_long", "idempotency_key_used",
    "internal_error", "invalid_fields", "last_owner", "line_ended", "member_exists",
    "name_taken", "no_such_route", "not_found", "not_ready", "not_rotatable",
    "operators_only", "plan_in_use", "preflight_with_body", "timed_out", "token_ended",
    "token_in_grace", "too_busy", "too_many_bodies", "too_many_connections", "too_many_headers",
    "too_many_options", "too_many_plans", "too_many_scopes", "too_many_tokens", "unknown_encoding",
    "unknown_host", "unknown_scope", "unknown_version", "upstream_broken", "upstream_timed_out",
    "upstream_unreachable", "validation_error", "which_tokens", "workspace_in_use",
    "wrong_content_type",
};
// clang-format on

}  // namespace hourgate::http
