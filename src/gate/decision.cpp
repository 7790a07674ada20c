#include "gate/decision.h"

#include "base/limits.h"

namespace hourgate {

std::string_view to_text(Reason reason) noexcept {
    switch (reason) {
        case Reason::granted:
            return "granted";
        case Reason::bad_request:
            return "bad_request";
        case Reason::host_unlisted:
            return "host_unlisted";
        case Reason::method_not_allowed:
            return "method_not_allowed";
        case Reason::target_too_long:
            return "target_too_long";
        case Reason::path_ambiguous:
            return "path_ambiguous";
        case Reason::forged_header:
            return "forged_header";
        case Reason::no_credentials:
            return "no_credentials";
        case Reason::wrong_scheme:
            return "wrong_scheme";
        case Reason::malformed_token:
            return "malformed_token";
        case Reason::damaged_token:
            return "damaged_token";
        case Reason::wrong_environment:
            return "wrong_environment";
        case Reason::unknown_token:
            return "unknown_token";
        case Reason::revoked_token:
            return "revoked_token";
        case Reason::expired_token:
            return "expired_token";
        case Reason::rotated_token:
            return "rotated_token";
        case Reason::member_removed:
            return "member_removed";
        case Reason::too_many_failures:
            return "too_many_failures";
        case Reason::plan_without_api:
            return "plan_without_api";
        case Reason::plan_lapsed:
            return "plan_lapsed";
        case Reason::role_forbidden:
            return "role_forbidden";
        case Reason::scope_missing:
            return "scope_missing";
        case Reason::not_own:
            return "not_own";
        case Reason::path_unlisted:
            return "path_unlisted";
        case Reason::window_full:
            return "window_full";
        case Reason::store_failed:
            return "store_failed";
    }
    return "";
}

Reason reason_of(policy::Verdict verdict) noexcept {
    switch (verdict) {
        case policy::Verdict::allowed:
            return Reason::granted;
        case policy::Verdict::role_forbidden:
            return Reason::role_forbidden;
        case policy::Verdict::scope_missing:
            return Reason::scope_missing;
        case policy::Verdict::not_own:
            return Reason::not_own;
        case policy::Verdict::path_unlisted:
            return Reason::path_unlisted;
    }
    return Reason::store_failed;
}

int question_of(Reason reason) noexcept {
    switch (reason) {
        case Reason::granted:
        case Reason::bad_request:
        case Reason::host_unlisted:
        case Reason::method_not_allowed:
        case Reason::target_too_long:
        case Reason::path_ambiguous:
        case Reason::forged_header:
        case Reason::store_failed:
            return 0;
        case Reason::no_credentials:
        case Reason::wrong_scheme:
        case Reason::malformed_token:
        case Reason::damaged_token:
        case Reason::wrong_environment:
        case Reason::unknown_token:
        case Reason::revoked_token:
        case Reason::expired_token:
        case Reason::rotated_token:
        case Reason::member_removed:
        case Reason::too_many_failures:
            return 1;
        case Reason::plan_without_api:
        case Reason::plan_lapsed:
            return 2;
        case Reason::role_forbidden:
        case Reason::scope_missing:
        case Reason::not_own:
        case Reason::path_unlisted:
            return 3;
        case Reason::window_full:
            return 4;
    }
    return 0;
}

std::span<const Window> own_windows(policy::OwnWindow which) noexcept {
    using Pair = std::array<Window, 2>;
    const auto pair = [](const char* name, std::uint32_t per_token, std::uint32_t per_member) {
        return Pair{
            Window{name, per_token, limits::own_window_s, Per::token},
            Window{std::string(name) + "-member", per_member, limits::own_window_s, Per::member}};
    };
    // In the order of OwnWindow.
    static const std::array<Pair, policy::own_window_count> all = {
        pair("self-service", limits::self_service_calls_per_token,
             limits::self_service_calls_per_member),
        pair("why", limits::urgent_calls_per_token, limits::urgent_calls_per_member),
        pair("check", limits::urgent_calls_per_token, limits::urgent_calls_per_member),
        pair("rotate", limits::rotations_per_token, limits::rotations_per_member),
        pair("revoke", limits::urgent_calls_per_token, limits::urgent_calls_per_member),
    };
    return all[static_cast<std::size_t>(which)];
}

std::span<const Window> Decision::windows() const noexcept {
    std::span<const Window> asked;
    if (room_of == RoomOf::plan && plan != nullptr)
        asked = plan->windows;
    else if (room_of == RoomOf::own && reason == Reason::window_full)
        asked = own_windows(policy::own_window_of(match.own, method));
    return room.count <= asked.size() ? asked.first(room.count) : std::span<const Window>();
}

std::string_view Decision::role() const noexcept {
    if (!facts)
        return {};
    return facts->is_operator() ? std::string_view("operator") : to_text(facts->member->role);
}

}  // namespace hourgate
