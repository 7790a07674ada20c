#include "policy/scope.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"

namespace hourgate::policy {

namespace {

constexpr std::array<Reach, 3> all_reaches = {Reach::read, Reach::write, Reach::all};

std::string_view to_text(Reach reach) noexcept {
    switch (reach) {
        case Reach::read:
            return "read";
        case Reach::write:
            return "write";
        case Reach::all:
            return "*";
    }
    return "";
}

bool reaches(Reach reach, Action action, WriteScope write) noexcept {
    switch (reach) {
        case Reach::read:
            return action == Action::read;
        case Reach::write:
            return action != Action::read || write == WriteScope::reads_too;
        case Reach::all:
            return true;
    }
    return false;
}

/// Returns whether the scope covers this resource. If `resource` is every_resource, only a scope
/// for every_resource does.
bool names(const Scope& scope, std::string_view resource) noexcept {
    return scope.resource == resource ||
           (scope.resource == every_resource && resource != gate_resource_name);
}

}  // namespace

Result<Scope> parse_scope(std::string_view text) {
    const std::size_t colon = text.find(':');
    if (colon != text.npos && is_slug(text.substr(0, colon), resource_name_bytes_max))
        for (const Reach reach : all_reaches)
            if (text.substr(colon + 1) == to_text(reach))
                return Scope{std::string(text.substr(0, colon)), reach};
    const std::string all_read = std::string(every_resource) + ":read";
    if (text == all_read)
        return Scope{std::string(every_resource), Reach::read};
    return Failure{Fault::usage, "'" + printable(text) + "' is not a scope",
                   "write RESOURCE:read, RESOURCE:write or RESOURCE:*, as in clients:read, or " +
                       all_read + " to read every resource"};
}

std::string to_text(const Scope& scope) {
    return (scope.resource + ':').append(to_text(scope.reach));
}

Result<std::vector<Scope>> parse_scopes(std::string_view text) {
    std::vector<Scope> scopes;
    if (text.empty())
        return scopes;
    for (const std::string_view part : split(text, ' ')) {
        auto scope = parse_scope(part);
        if (!scope)
            return scope.failure();
        scopes.push_back(std::move(scope).value());
    }
    if (scopes.size() > limits::scopes_max)
        return Failure{Fault::usage, std::to_string(scopes.size()) + " scopes",
                       "at most " + std::to_string(limits::scopes_max) +
                           "; RESOURCE:* stands for read and write"};
    return scopes;
}

std::string to_text(std::span<const Scope> scopes) {
    std::string text;
    for (const Scope& scope : scopes) {
        if (!text.empty())
            text += ' ';
        text += to_text(scope);
    }
    return text;
}

bool allow(std::span<const Scope> scopes, std::string_view resource, Action action,
           WriteScope write) noexcept {
    return scopes.empty() || std::any_of(scopes.begin(), scopes.end(), [&](const Scope& scope) {
               return names(scope, resource) && reaches(scope.reach, action, write);
           });
}

bool within(std::span<const Scope> asked, std::span<const Scope> held, WriteScope write) noexcept {
    if (held.empty())
        return true;
    if (asked.empty())
        return false;
    for (const Scope& scope : asked)
        for (const Action action : all_actions)
            if (reaches(scope.reach, action, write) && !allow(held, scope.resource, action, write))
                return false;
    return true;
}

std::string scope_for(std::string_view resource, Action action) {
    return std::string(resource) + (action == Action::read ? ":read" : ":write");
}

}  // namespace hourgate::policy
