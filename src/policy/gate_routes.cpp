#include "policy/gate_routes.h"

namespace hourgate::policy {

GateRoute gate_route_of(std::span<const std::string_view> rest) noexcept {
    if (rest.empty())
        return GateRoute::other;
    const bool rotates = rest.back() == "rotate";
    if (rest[0] == "me" && rest.size() == 1)
        return GateRoute::me;
    if (rest[0] == "me" && rest.size() == 2 && rotates)
        return GateRoute::rotate_self;
    if (rest[0] == "tokens" && rest.size() == 1)
        return GateRoute::tokens;
    if (rest[0] == "tokens" && rest.size() == 2)
        return GateRoute::token;
    if (rest[0] == "tokens" && rest.size() == 3 && rotates)
        return GateRoute::rotate_token;
    if (rest[0] == "organization" && rest.size() == 1)
        return GateRoute::organization;
    if (rest[0] == "check" && rest.size() == 1)
        return GateRoute::check;
    return GateRoute::other;
}

GateWindow gate_window_of(GateRoute route, std::string_view method) noexcept {
    constexpr GateWindow other = GateWindow::self_service;
    switch (route) {
        case GateRoute::rotate_self:
        case GateRoute::rotate_token:
            return method == "POST" ? GateWindow::rotate : other;
        case GateRoute::check:
            return method == "POST" ? GateWindow::check : other;
        case GateRoute::token:
            return method == "DELETE" ? GateWindow::revoke : other;
        case GateRoute::why:
            return method == "GET" || method == "HEAD" ? GateWindow::why : other;
        case GateRoute::none:
        case GateRoute::me:
        case GateRoute::tokens:
        case GateRoute::organization:
        case GateRoute::other:
        case GateRoute::admin:
            return other;
    }
    return other;
}

bool is_urgent(GateRoute route, std::string_view method) noexcept {
    return gate_window_of(route, method) != GateWindow::self_service;
}

bool asks_whether_paid(GateRoute route, std::string_view method) noexcept {
    if (route == GateRoute::none)
        return true;
    return !is_urgent(route, method) && method != "GET" && method != "HEAD" && method != "OPTIONS";
}

}  // namespace hourgate::policy
