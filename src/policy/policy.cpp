#include "policy/policy.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"

namespace hourgate::policy {

namespace {

constexpr std::string_view own_name = "hourgate";
constexpr std::size_t method_bytes_max = 32;
constexpr std::size_t why_at = 0;  // of own_'s patterns; first, so that no api_prefix hides it

// --- checking the rules --------------------------------------------------------------------------

Failure off(const Resource& resource, std::string_view what, std::string_view next) {
    return Failure{Fault::config,
                   "resource '" + printable(resource.name) + "': " + std::string(what),
                   std::string(next)};
}

bool has_rows(const Resource& resource) noexcept {
    return std::any_of(resource.access.begin(), resource.access.end(),
                       [](const Access& row) { return row != Access{}; });
}

bool says_own(const Resource& resource) noexcept {
    return std::any_of(resource.access.begin(), resource.access.end(),
                       [](const Access& row) { return row.own; });
}

/// An upper-case method name of RFC 9110 section 5.6.2 characters.
bool is_method_name(std::string_view name) noexcept {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && name.size() <= method_bytes_max &&
           std::all_of(name.begin(), name.end(), [&](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      marks.find(c) != marks.npos;
           });
}

std::optional<Failure> check_methods(const Resource& resource) {
    if (resource.methods.size() > limits::methods_per_resource_max)
        return off(
            resource, "lists too many methods",
            "at most " + std::to_string(limits::methods_per_resource_max) + " can be listed");
    for (const auto& method : resource.methods) {
        const std::string& name = method.first;
        if (!is_method_name(name))
            return off(resource, "'" + printable(name) + "' is not a method",
                       "write it in upper case, as in methods = { PURGE = \"delete\" }");
        if (action_of(name, nullptr))
            return off(resource, "method " + name + " has its action already",
                       "list only methods beyond GET HEAD OPTIONS POST PUT PATCH DELETE");
        const auto named_so = [&](const auto& other) { return other.first == name; };
        if (std::count_if(resource.methods.begin(), resource.methods.end(), named_so) > 1)
            return off(resource, "lists method " + name + " twice", "list it once");
    }
    return std::nullopt;
}

/// Whether some path, ASCII case aside, is under the gate's own prefix and matches `pattern`.
bool overlaps(const Pattern& pattern, const Pattern& own) noexcept {
    const std::size_t common = std::min(pattern.segments.size(), own.segments.size());
    if (common == 0 || pattern.segments[0].kind == Segment::Kind::capture)
        return false;
    for (std::size_t at = 0; at < common; ++at) {
        const Segment& segment = pattern.segments[at];
        if (segment.kind == Segment::Kind::literal &&
            !same_ignoring_case(segment.text, own.segments[at].text))
            return false;
    }
    return pattern.segments.size() >= own.segments.size() || pattern.rest;
}

std::optional<Failure> check_patterns(const Resource& resource, const Resource& own) {
    if (resource.patterns.empty())
        return off(resource, "has no path", "add paths = [\"/…/**\"]");
    if (resource.patterns.size() > limits::paths_per_resource_max)
        return off(resource, "lists too many paths",
                   "at most " + std::to_string(limits::paths_per_resource_max) + " can be listed");
    for (const Pattern& pattern : resource.patterns) {
        for (const Pattern& gates : own.patterns)
            if (overlaps(pattern, gates))
                return off(
                    resource,
                    "path '" + pattern.text + "' overlaps the gate's own '" + gates.text + "'",
                    &gates == &own.patterns[why_at]
                        ? "narrow the path"
                        : "set another server.api_prefix, or narrow the path");
        if (pattern.member_at < 0 && says_own(resource) && !resource.own_by_upstream)
            return off(resource,
                       "a row says own, and path '" + pattern.text + "' does not capture {member}",
                       "set own_by = \"upstream\" if the upstream narrows by X-Hourgate-Own");
    }
    return std::nullopt;
}

std::optional<Failure> check_resource(const Resource& resource, const Resource& own) {
    if (!is_slug(resource.name, resource_name_bytes_max))
        return off(resource, "cannot be named so",
                   "use 1 to 64 of a-z, 0-9, '_' and '-', a letter first");
    if (resource.name == own_name)
        return off(resource, "is the name of the gate's own routes", "give it another name");
    if (resource.is_public && has_rows(resource))
        return off(resource, "is public, so no role is looked at",
                   "remove its rows or public = true");
    if (auto failure = check_patterns(resource, own))
        return failure;
    return check_methods(resource);
}

/// The built-in resource of the gate's own routes.
Result<Resource> own_resource(const std::string& api_prefix) {
    auto pattern = parse_pattern(api_prefix + "/**");
    const bool plain =
        pattern && pattern.value().rest && !pattern.value().segments.empty() &&
        std::all_of(pattern.value().segments.begin(), pattern.value().segments.end(),
                    [](const Segment& segment) { return segment.kind == Segment::Kind::literal; });
    if (!plain)
        return Failure{Fault::config,
                       "server.api_prefix '" + printable(api_prefix) + "' is no plain path",
                       "write a path such as /_hourgate/api/v1, without '/' at the end"};
    Pattern why = parse_pattern(std::string(why_prefix) + "/**").value();
    if (pattern.value().segments.size() >= why.segments.size() && overlaps(pattern.value(), why))
        return Failure{Fault::config,
                       "server.api_prefix '" + printable(api_prefix) + "' is in " +
                           std::string(why_prefix) + ", where the gate says why",
                       "write another path, such as /_hourgate/api/v1"};
    Resource own;
    own.name = own_name;
    own.patterns = {std::move(why), std::move(pattern).value()};
    for (Access& row : own.access)
        for (const Action action : all_actions)
            row.add(action);
    return own;
}

// --- finding the resource ------------------------------------------------------------------------

/// How a path stands to a pattern or a resource.
enum class Fit : std::uint8_t { none, but_for_case, exact };

Fit fit_of(const Segment& segment, std::string_view text) noexcept {
    if (segment.kind == Segment::Kind::capture)
        return text.empty() ? Fit::none : Fit::exact;
    if (segment.text == text)
        return Fit::exact;
    return same_ignoring_case(segment.text, text) ? Fit::but_for_case : Fit::none;
}

Fit fit_of(const Pattern& pattern, Segments path) noexcept {
    const std::size_t count = pattern.segments.size();
    if (pattern.rest ? path.size() < count : path.size() != count)
        return Fit::none;
    Fit fit = Fit::exact;
    for (std::size_t at = 0; at < count && fit != Fit::none; ++at)
        fit = std::min(fit, fit_of(pattern.segments[at], path[at]));
    return fit;
}

struct Found {
    Fit fit = Fit::none;
    const Pattern* pattern = nullptr;  // the first that fits exactly
};

Found look_in(const Resource& resource, Segments path) noexcept {
    Found found;
    for (const Pattern& pattern : resource.patterns) {
        found.fit = std::max(found.fit, fit_of(pattern, path));
        if (found.fit == Fit::exact)
            return {Fit::exact, &pattern};
    }
    return found;
}

/// Whether the path as sent is `prefix` or below it.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
    return path.substr(0, prefix.size()) == prefix &&
           (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// --- judging -------------------------------------------------------------------------------------

/// The least role whose row has the action; none when no role may.
std::optional<Role> least_role(const Resource& resource, Action action) noexcept {
    for (auto role = all_roles.rbegin(); role != all_roles.rend(); ++role)
        if (resource.access[index(*role)].has(action))
            return *role;
    return std::nullopt;
}

void judge_own(Judgement& judgement, const Match& match, const Subject& subject) {
    judgement.own = subject.member_id;
    if (!match.member)
        judgement.narrowed_by_upstream = true;
    else if (*match.member != subject.member_id && *match.member != "me")
        judgement.verdict = Verdict::not_own;
}

}  // namespace

Policy::Policy(Rules rules, Resource own)
    : rules_(std::move(rules)), own_(std::move(own)), organization_(own_), admin_(own_) {
    organization_.access[index(Role::member)] = {};
    admin_.name = "admin";
    admin_.patterns.clear();
}

Result<Policy> Policy::make(Rules rules) {
    auto own = own_resource(rules.api_prefix);
    if (!own)
        return own.failure();
    if (rules.resources.size() > limits::resources_max)
        return Failure{Fault::config, std::to_string(rules.resources.size()) + " resources",
                       "at most " + std::to_string(limits::resources_max) + " can be configured"};
    for (const Resource& resource : rules.resources) {
        if (auto failure = check_resource(resource, own.value()))
            return *std::move(failure);
        const auto named_so = [&](const Resource& other) { return other.name == resource.name; };
        if (std::count_if(rules.resources.begin(), rules.resources.end(), named_so) > 1)
            return off(resource, "is there twice", "list all its paths in one [[resource]]");
    }
    return Policy(std::move(rules), std::move(own).value());
}

Match Policy::find(std::string_view target) const {
    const Path path = read_path(target, rules_.path);
    Match match;
    match.flaw = path.flaw;
    if (match.flaw != PathFlaw::none) {
        const std::string_view sent = path_part(target);
        if (is_below(sent, rules_.api_prefix) || is_below(sent, why_prefix))
            match.own = OwnRoute::other;
        return match;
    }

    const Pattern* pattern = nullptr;  // that fits
    // True when the search ends at this resource.
    const auto ends_at = [&](const Resource& resource) {
        const Found found = look_in(resource, path.segments);
        if (found.fit == Fit::exact) {
            match.kind = Match::Kind::resource;
            match.resource = &resource;
            pattern = found.pattern;
            if (found.pattern->member_at >= 0)
                match.member = path.segments[static_cast<std::size_t>(found.pattern->member_at)];
            return true;
        }
        const bool variant = found.fit == Fit::but_for_case && rules_.path.case_variant;
        if (variant)
            match.flaw = PathFlaw::case_variant;
        return variant;
    };
    if (ends_at(own_)) {
        if (match.flaw != PathFlaw::none)
            return match;
        const Segments rest = Segments(path.segments).subspan(pattern->segments.size());
        const bool why = pattern == &own_.patterns[why_at];
        match.own = !why ? own_route_of(rest) : rest.size() == 1 ? OwnRoute::why : OwnRoute::other;
        if (match.own == OwnRoute::why)
            match.own_object = rest[0];
        if (match.own == OwnRoute::organization)
            match.resource = &organization_;
        if (match.own == OwnRoute::token || match.own == OwnRoute::rotate_token)
            match.own_object = rest[1];
        return match;
    }
    match.kind = rules_.resources.empty() ? Match::Kind::implicit : Match::Kind::unlisted;
    for (const Resource& resource : rules_.resources)
        if (ends_at(resource))
            break;
    return match;
}

Match Policy::find_admin(std::string_view target) const {
    Match match;
    match.flaw = read_path(target, rules_.path).flaw;
    match.kind = Match::Kind::resource;
    match.resource = &admin_;
    match.own = OwnRoute::admin;
    return match;
}

/// Whatever a token is narrowed to, it may ask who it is, why it was refused and what would be,
/// rotate itself and revoke itself.
bool Policy::acts_on_itself(const Match& match, const Subject& subject,
                            std::string_view method) const noexcept {
    switch (match.own) {
        case OwnRoute::me:
            return action_of(method, &own_) == Action::read;
        case OwnRoute::rotate_self:
        case OwnRoute::check:
        case OwnRoute::why:
            return is_urgent(match.own, method);
        case OwnRoute::token:
        case OwnRoute::rotate_token:
            return is_urgent(match.own, method) && match.own_object == subject.token_prefix;
        case OwnRoute::none:
        case OwnRoute::tokens:
        case OwnRoute::organization:
        case OwnRoute::other:
        case OwnRoute::admin:
            return false;
    }
    return false;
}

Judgement Policy::judge(const Match& match, const Subject& subject, std::string_view method) const {
    HOURGATE_CHECK(match.flaw == PathFlaw::none);
    HOURGATE_CHECK((match.kind == Match::Kind::resource) == (match.resource != nullptr));
    Judgement judgement;
    judgement.action = action_of(method, match.resource);
    const auto refuse = [&](Verdict verdict) {
        judgement.verdict = verdict;
        return judgement;
    };
    if (match.kind == Match::Kind::unlisted && !rules_.unlisted_allowed)
        return refuse(Verdict::path_unlisted);
    if (!judgement.action)
        return refuse(Verdict::role_forbidden);
    const Action action = *judgement.action;

    if (match.resource == nullptr) {
        if (match.kind == Match::Kind::implicit && subject.role == Role::member) {
            judgement.required_role = Role::manager;
            return refuse(Verdict::role_forbidden);
        }
        // A narrowed token never reaches what no resource names: no scope could say so.
        return subject.scopes.empty() ? judgement : refuse(Verdict::scope_missing);
    }
    const Resource& resource = *match.resource;
    const Access& row = resource.access[index(subject.role)];
    if (!row.has(action)) {
        judgement.required_role = least_role(resource, action);
        return refuse(Verdict::role_forbidden);
    }
    if (!allow(subject.scopes, resource.name, action) && !acts_on_itself(match, subject, method)) {
        judgement.required_scope = scope_for(resource.name, action);
        return refuse(Verdict::scope_missing);
    }
    if (row.own)
        judge_own(judgement, match, subject);
    return judgement;
}

bool Policy::knows(std::string_view resource) const noexcept {
    return resource == own_name ||
           std::any_of(rules_.resources.begin(), rules_.resources.end(),
                       [&](const Resource& known) { return known.name == resource; });
}

std::optional<Action> action_of(std::string_view method, const Resource* resource) noexcept {
    if (method == "GET" || method == "HEAD" || method == "OPTIONS")
        return Action::read;
    if (method == "POST")
        return Action::create;
    if (method == "PUT" || method == "PATCH")
        return Action::update;
    if (method == "DELETE")
        return Action::delete_;
    if (resource == nullptr)
        return std::nullopt;
    for (const auto& [name, action] : resource->methods)
        if (name == method)
            return action;
    return std::nullopt;
}

}  // namespace hourgate::policy
