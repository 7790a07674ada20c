#include "policy/own_routes.h"

namespace hourgate::policy {

OwnRoute own_route_of(std::span<const std::string_view> rest) noexcept {
    if (rest.empty())
        return OwnRoute::other;
    const bool rotates = rest.back() == "rotate";
    if (rest[0] == "me" && rest.size() == 1)
        return OwnRoute::me;
    if (rest[0] == "me" && rest.size() == 2 && rotates)
        return OwnRoute::rotate_self;
    if (rest[0] == "tokens" && rest.size() == 1)
        return OwnRoute::tokens;
    if (rest[0] == "tokens" && rest.size() == 2)
        return OwnRoute::token;
    if (rest[0] == "tokens" && rest.size() == 3 && rotates)
        return OwnRoute::rotate_token;
    if (rest[0] == "organization" && rest.size() == 1)
        return OwnRoute::organization;
    if (rest[0] == "check" && rest.size() == 1)
        return OwnRoute::check;
    return OwnRoute::other;
}

OwnWindow own_window_of(OwnRoute route, std::string_view method) noexcept {
    constexpr OwnWindow other = OwnWindow::self_service;
    switch (route) {
        case OwnRoute::rotate_self:
        case OwnRoute::rotate_token:
            return method == "POST" ? OwnWindow::rotate : other;
        case OwnRoute::check:
            return method == "POST" ? OwnWindow::check : other;
        case OwnRoute::token:
            return method == "DELETE" ? OwnWindow::revoke : other;
        case OwnRoute::why:
            return method == "GET" || method == "HEAD" ? OwnWindow::why : other;
        case OwnRoute::none:
        case OwnRoute::me:
        case OwnRoute::tokens:
        case OwnRoute::organization:
        case OwnRoute::other:
        case OwnRoute::admin:
            return other;
    }
    return other;
}

bool is_urgent(OwnRoute route, std::string_view method) noexcept {
    return own_window_of(route, method) != OwnWindow::self_service;
}

bool asks_whether_paid(OwnRoute route, std::string_view method) noexcept {
    if (route == OwnRoute::none)
        return true;
    return !is_urgent(route, method) && method != "GET" && method != "HEAD" && method != "OPTIONS";
}

}  // namespace hourgate::policy
