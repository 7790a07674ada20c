#include "gate/decision.h"

#include "base/limits.h"
#include "base/random.h"

namespace hourgate {

Decision::Decision(const Call& call)
    : now(call.now),
      call_kind(call.call_kind),
      method(call.method),
      target(call.target),
      host(call.host),
      request_id(call.request_id),
      problem(call.problem),
      problem_detail(call.problem_detail),
      presented(call.presented),
      misplaced(call.misplaced),
      misplaced_in(call.misplaced_in),
      address(call.address),
      peer(call.peer) {
    if (call.spend != Spend::no)
        id = random_hex_128();
    if (call.presented == Presented::other_scheme)
        scheme = call.credentials;
}

std::span<const Window> gate_windows(policy::GateWindow which) noexcept {
    using Pair = std::array<Window, 2>;
    const auto pair = [](const char* name, std::uint32_t per_token, std::uint32_t per_member) {
        return Pair{
            Window{name, per_token, limits::gate_window_s, Per::token},
            Window{std::string(name) + "-member", per_member, limits::gate_window_s, Per::member}};
    };
    // In the order of GateWindow.
    static const std::array<Pair, policy::gate_window_count> all = {
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
        asked = gate_windows(policy::gate_window_of(match.own, method));
    return room.count <= asked.size() ? asked.first(room.count) : std::span<const Window>();
}

std::string_view Decision::role() const noexcept {
    if (!facts)
        return {};
    return facts->is_operator() ? std::string_view("operator") : to_text(facts->member->role);
}

}  // namespace hourgate
