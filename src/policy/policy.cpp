#include "policy/policy.h"

#include <algorithm>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/readings.h"

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
enum class Fit : std::uint8_t { none, but_for_reading, but_for_case, exact };

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

/// A path, and how it may be looked at.
struct Looked {
    Looked(const Path& path, const PathRules& the_rules)
        : segments(path.segments), readings(path, the_rules), rules(the_rules) {}

    Segments segments;
    Readings readings;
    const PathRules& rules;
};

/// Case is not looked at where the rule allows it.
Fit fit_of(const Pattern& pattern, const Looked& path) noexcept {
    const Fit fit = fit_of(pattern, path.segments);
    if (fit == Fit::exact || (fit == Fit::but_for_case && path.rules.case_variant))
        return fit;
    return path.readings.match(pattern) ? Fit::but_for_reading : Fit::none;
}

struct Found {
    Fit fit = Fit::none;
    const Pattern* pattern = nullptr;  // the first that fits so well
};

Found look_in(const Resource& resource, const Looked& path) noexcept {
    Found found;
    for (const Pattern& pattern : resource.patterns) {
        const Fit fit = fit_of(pattern, path);
        if (fit > found.fit)
            found = {fit, &pattern};
        if (fit == Fit::exact)
            break;
    }
    return found;
}

/// What is off about a segment, hidden readings included.
PathFlaw segment_flaw(std::string_view segment, const PathRules& rules) {
    const PathFlaw flaw = policy::flaw_of(segment, rules);
    return flaw == PathFlaw::none && may_change_path(segment, rules) ? PathFlaw::reading_variant
                                                                     : flaw;
}

/// What is off about a path before any resource is looked at.
PathFlaw path_flaw(const Path& path, const PathRules& rules) {
    if (path.flaw == PathFlaw::none && !path.plain)
        for (const std::string_view segment : path.segments)
            if (may_change_path(segment, rules))
                return PathFlaw::reading_variant;
    return path.flaw;
}

/// What is refused when an earlier resource fits but so.
PathFlaw flaw_of(Fit fit, const PathRules& rules) noexcept {
    if (fit == Fit::but_for_reading && rules.reading_variant)
        return PathFlaw::reading_variant;
    return fit == Fit::none || fit == Fit::exact ? PathFlaw::none : PathFlaw::case_variant;
}

void fold_literals(Resource& resource, const PathRules& rules) {
    for (Pattern& pattern : resource.patterns)
        for (Segment& segment : pattern.segments)
            if (segment.kind == Segment::Kind::literal)
                segment.folded = folded(segment.text, rules);
}

// --- rows that can never match -------------------------------------------------------------------

/// What takes a path from the resources below.
struct Taker {
    const Resource* resource = nullptr;  // null: nothing does
    Found found;
};

/// The rows above one: the gate's own routes, then these resources.
struct Above {
    const Resource& own;
    std::span<const Resource> resources;
};

Taker taker_of(const Looked& path, const Above& above) noexcept {
    if (const Found found = look_in(above.own, path); found.fit != Fit::none)
        return {&above.own, found};
    for (const Resource& resource : above.resources)
        if (const Found found = look_in(resource, path); found.fit != Fit::none)
            return {&resource, found};
    return {};
}

/// "resource 'clients' above takes them by '/clients/**'", and why where that is no match.
std::string in_words(const Taker& taker) {
    std::string text = "resource '" + taker.resource->name + "' above takes them by '" +
                       taker.found.pattern->text + "'";
    if (taker.found.fit == Fit::but_for_case)
        text += ", which differs only in case (policy.case_variant)";
    if (taker.found.fit == Fit::but_for_reading)
        text += ", as an upstream may read them (policy.reading_variant, policy.case_variant)";
    return text;
}

/// A path of so many segments that matches `pattern` and nothing else that it need not match: if a
/// pattern takes this path, it takes every path of so many segments that `pattern` matches. For
/// what is captured it has a text that no literal is, or is read as; for the rest an empty segment
/// where such are allowed, because no capture takes one.
Path hardest_path(const Pattern& pattern, std::size_t count, const PathRules& rules,
                  std::string_view no_literal) {
    Path path;
    for (const Segment& segment : pattern.segments)
        path.segments.push_back(
            segment.kind == Segment::Kind::literal ? std::string_view(segment.text) : no_literal);
    while (path.segments.size() < count)
        path.segments.push_back(rules.empty_segment ? no_literal : std::string_view());
    return path;
}

/// Says what takes every path of `pattern`; none when some path is left for it. `longest`: more
/// segments than any pattern above has. A single pattern above that takes a path of some length
/// takes all of that length, so one path of each length is looked at, the longest first: few
/// patterns take that one.
std::optional<std::string> all_taken(const Pattern& pattern, const Above& above,
                                     const PathRules& rules, std::size_t longest,
                                     std::string_view no_literal) {
    constexpr std::size_t takers_told_max = 3;
    const std::size_t least = pattern.segments.size();
    const std::size_t most = pattern.rest ? std::max(least, longest) : least;
    std::vector<std::string> takers;
    for (std::size_t count = most;; --count) {
        const Path path = hardest_path(pattern, count, rules, no_literal);
        const Taker taker = taker_of(Looked(path, rules), above);
        if (taker.resource == nullptr)
            return std::nullopt;
        std::string text = in_words(taker);
        if (std::find(takers.begin(), takers.end(), text) == takers.end() &&
            takers.size() < takers_told_max)
            takers.push_back(std::move(text));
        if (count == least)
            break;
    }
    std::string all;
    for (const std::string& taker : takers)
        all += (all.empty() ? "" : ", and ") + taker;
    return all;
}

/// The flaw for which a rule refuses every path of `pattern`.
PathFlaw flaw_in(const Pattern& pattern, const PathRules& rules) {
    for (const Segment& segment : pattern.segments)
        if (segment.kind == Segment::Kind::literal)
            if (const PathFlaw flaw = segment_flaw(segment.text, rules); flaw != PathFlaw::none)
                return flaw;
    return PathFlaw::none;
}

/// REQUIRES: literals are folded.
std::optional<Failure> check_reached(const Resource& own, std::span<const Resource> resources,
                                     const PathRules& rules) {
    std::size_t literal_bytes = 0;
    std::size_t segments = 0;
    const auto measure = [&](const Resource& resource) {
        for (const Pattern& pattern : resource.patterns) {
            segments = std::max(segments, pattern.segments.size());
            for (const Segment& segment : pattern.segments)
                literal_bytes = std::max(literal_bytes, segment.text.size());
        }
    };
    measure(own);
    std::for_each(resources.begin(), resources.end(), measure);
    const std::string no_literal(literal_bytes + 1, 'x');
    const std::size_t longest = std::min(segments + 1, limits::path_segments_max);
    for (std::size_t at = 0; at < resources.size(); ++at)
        for (const Pattern& pattern : resources[at].patterns) {
            const std::string what = "path '" + pattern.text + "' can never match: ";
            if (const PathFlaw flaw = flaw_in(pattern, rules); flaw != PathFlaw::none)
                return off(resources[at], what + std::string(explain(flaw)) + ", and is refused",
                           "remove the path, or see [policy]");
            if (const auto takers =
                    all_taken(pattern, {own, resources.first(at)}, rules, longest, no_literal))
                return off(resources[at], what + *takers,
                           "move this resource above that one, or remove the path");
        }
    return std::nullopt;
}

/// Whether the path as sent is `prefix` or below it.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
    return path.substr(0, prefix.size()) == prefix &&
           (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// --- judging -------------------------------------------------------------------------------------

/// Whether what the path captures is the caller's own; true where it captures nothing.
bool is_own(const Match& match, const Subject& subject) noexcept {
    return !match.member || *match.member == subject.member_id || *match.member == "me";
}

/// The roles with which this call would pass: a row that says own does not for another's path.
Roles able_roles(const Resource& resource, Action action, const Match& match,
                 const Subject& subject) noexcept {
    Roles able;
    for (const Role role : all_roles) {
        const Access& row = resource.access[index(role)];
        if (row.has(action) && (!row.own || is_own(match, subject)))
            able.add(role);
    }
    return able;
}

void judge_own(Judgement& judgement, const Match& match, const Subject& subject) {
    judgement.own = subject.member_id;
    if (!match.member)
        judgement.narrowed_by_upstream = true;
    else if (!is_own(match, subject))
        judgement.verdict = Verdict::not_own;
}

}  // namespace

Policy::Policy(Rules rules, Resource own)
    : rules_(std::move(rules)), own_(std::move(own)), organization_(own_), admin_(own_) {
    organization_.access[index(Role::member)] = {};
    admin_.name = "admin";
    admin_.patterns.clear();
    fold_literals(own_, rules_.path);
    for (Resource& resource : rules_.resources)
        fold_literals(resource, rules_.path);
    for (Resource& resource : rules_.resources)
        resource.lasting = std::make_shared<const Resource>(resource);
    for (Resource* const built_in : {&own_, &organization_, &admin_})
        built_in->lasting = std::make_shared<const Resource>(*built_in);
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
    Policy policy(std::move(rules), std::move(own).value());
    if (auto failure = check_reached(policy.own_, policy.resources(), policy.rules().path))
        return *std::move(failure);
    return policy;
}

Match Policy::find(std::string_view target) const {
    const Path path = read_path(target, rules_.path);
    Match match;
    match.flaw = path_flaw(path, rules_.path);
    if (match.flaw != PathFlaw::none) {
        const std::string_view sent = path_part(target);
        if (is_below(sent, rules_.api_prefix) || is_below(sent, why_prefix))
            match.own = OwnRoute::other;
        return match;
    }

    const Looked looked(path, rules_.path);
    const Pattern* pattern = nullptr;  // that fits
    // True when the search ends at this resource.
    const auto ends_at = [&](const Resource& resource) {
        const Found found = look_in(resource, looked);
        if (found.fit == Fit::exact) {
            match.kind = Match::Kind::resource;
            match.resource = &resource;
            pattern = found.pattern;
            if (found.pattern->member_at >= 0)
                match.member = path.segments[static_cast<std::size_t>(found.pattern->member_at)];
            return true;
        }
        match.flaw = flaw_of(found.fit, rules_.path);
        return match.flaw != PathFlaw::none;
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
        // A narrowed token never reaches what no resource names: no scope could say so.
        judgement.lacks_scope = !subject.scopes.empty();
        if (match.kind == Match::Kind::implicit && subject.role == Role::member) {
            for (const Role role : {Role::owner, Role::admin, Role::manager})
                judgement.able_roles.add(role);
            judgement.required_role = judgement.able_roles.least();
            return refuse(Verdict::role_forbidden);
        }
        return judgement.lacks_scope ? refuse(Verdict::scope_missing) : judgement;
    }
    const Resource& resource = *match.resource;
    const Access& row = resource.access[index(subject.role)];
    judgement.lacks_scope =
        !allow(subject.scopes, resource.name, action) && !acts_on_itself(match, subject, method);
    if (judgement.lacks_scope)
        judgement.required_scope = scope_for(resource.name, action);
    if (!row.has(action)) {
        judgement.able_roles = able_roles(resource, action, match, subject);
        judgement.required_role = judgement.able_roles.least();
        if (judgement.able_roles.empty()) {  // then no scope helps either
            judgement.lacks_scope = false;
            judgement.required_scope.clear();
        }
        return refuse(Verdict::role_forbidden);
    }
    if (judgement.lacks_scope)
        return refuse(Verdict::scope_missing);
    if (row.own)
        judge_own(judgement, match, subject);
    return judgement;
}

bool Policy::opens(const Match& match) const noexcept {
    if (match.flaw != PathFlaw::none || match.own_route())
        return false;
    return match.kind != Match::Kind::unlisted || rules_.unlisted_allowed;
}

bool Policy::knows(std::string_view resource) const noexcept {
    return resource == own_name ||
           std::any_of(rules_.resources.begin(), rules_.resources.end(),
                       [&](const Resource& known) { return known.name == resource; });
}

std::optional<Role> Roles::least() const noexcept {
    for (auto role = all_roles.rbegin(); role != all_roles.rend(); ++role)
        if (has(*role))
            return *role;
    return std::nullopt;
}

bool Roles::is_least_and_above() const noexcept {
    return (bits_ & (bits_ + 1U)) == 0;  // owner is the lowest bit
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
