#include "policy/policy.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"
#include "base/text.h"
#include "policy/other_readings.h"
#include "policy/readings.h"

namespace hourgate::policy {

namespace {

constexpr std::string_view own_name = gate_resource_name;
constexpr std::size_t method_bytes_max = 32;
// Index in the patterns of the gate resource. It is the first, so that no api_prefix hides it.
constexpr std::size_t why_at = 0;

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

/// Returns whether `name` is an upper-case method of HTTP token characters (RFC 9110 section
/// 5.6.2).
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
        if (is_never_passed_on(name))
            return off(resource, "lists method " + name + ", which the gate passes on to no API",
                       "leave it out of methods");
        const auto named_so = [&](const auto& other) { return other.first == name; };
        if (std::count_if(resource.methods.begin(), resource.methods.end(), named_so) > 1)
            return off(resource, "lists method " + name + " twice", "list it once");
    }
    return std::nullopt;
}

bool starts_alike(std::string_view text, std::string_view with) noexcept {
    return same_ignoring_case(text.substr(0, with.size()), with);
}
bool ends_alike(std::string_view text, std::string_view with) noexcept {
    return text.size() >= with.size() &&
           same_ignoring_case(text.substr(text.size() - with.size()), with);
}

/// Returns whether the segment fits the text, ignoring ASCII case.
bool fits_alike(const Segment& segment, std::string_view text) noexcept {
    if (segment.kind == Segment::Kind::literal)
        return same_ignoring_case(segment.text, text);
    return text.size() > segment.before.size() + segment.after.size() &&
           starts_alike(text, segment.before) && ends_alike(text, segment.after);
}

/// Returns whether some path below `own` matches `pattern`, ignoring ASCII case.
bool overlaps(const Pattern& pattern, const Pattern& own) noexcept {
    const std::size_t common = std::min(pattern.segments.size(), own.segments.size());
    if (common == 0 || pattern.segments[0].kind == Segment::Kind::capture)
        return false;
    for (std::size_t at = 0; at < common; ++at)
        if (!fits_alike(pattern.segments[at], own.segments[at].text))
            return false;
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
        return off(resource, "cannot be named '" + printable(resource.name) + "'",
                   "use 1 to 64 of a-z, 0-9, '_' and '-', a letter first");
    if (resource.name == own_name)
        return off(resource, "is the name of the gate's own routes", "give it another name");
    if (resource.is_public && has_rows(resource))
        return off(resource, "is public, so no role is looked at",
                   "remove its rows or public = true");
    if (resource.is_public && resource.other_bearers_pass)
        return off(resource, "is public, so every bearer passes",
                   "remove other_bearers or public = true");
    if (auto failure = check_patterns(resource, own))
        return failure;
    return check_methods(resource);
}

/// Makes the built-in resource of the gate routes.
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

/// How well a path fits a pattern or a resource, worst first.
enum class Fit : std::uint8_t { none, but_for_reading, but_for_case, exact };

Fit fit_of(const Segment& segment, std::string_view text) noexcept {
    const bool literal = segment.kind == Segment::Kind::literal;
    if (!literal && !segment.is_affixed())
        return text.empty() ? Fit::none : Fit::exact;
    if (!fits_alike(segment, text))
        return Fit::none;
    const bool exact = literal ? segment.text == text
                               : text.starts_with(segment.before) && text.ends_with(segment.after);
    return exact ? Fit::exact : Fit::but_for_case;
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

/// A path with its readings.
struct Looked {
    Looked(const Path& path_, const PathChecks& rules_)
        : path(path_), segments(path.segments), readings(path, rules_), rules(rules_) {}

    const Path& path;
    Segments segments;
    Readings readings;
    const PathChecks& rules;
};

/// Returns whether some reading of the path matches. A resource may have its own path checks.
bool reads_as(const Pattern& pattern, const Looked& looked, const PathChecks& rules) {
    return rules == looked.rules ? looked.readings.match(pattern)
                                 : Readings(looked.path, rules).match(pattern);
}

/// Returns how well the path fits. A path that differs only in case fits if the checks refuse that.
Fit fit_of(const Pattern& pattern, const Looked& looked, const PathChecks& rules) {
    const Fit fit = fit_of(pattern, looked.segments);
    if (fit == Fit::exact || (fit == Fit::but_for_case && rules.case_variant))
        return fit;
    return reads_as(pattern, looked, rules) ? Fit::but_for_reading : Fit::none;
}

struct Found {
    Fit fit = Fit::none;
    const Pattern* pattern = nullptr;  // the first with this fit
};

Found look_in(const Resource& resource, const Looked& path) {
    Found found;
    for (const Pattern& pattern : resource.patterns) {
        const Fit fit = fit_of(pattern, path, resource.rules);
        if (fit > found.fit)
            found = {fit, &pattern};
        if (fit == Fit::exact)
            break;
    }
    return found;
}

/// Returns the flaw of a segment, its other readings included.
PathFlaw segment_flaw(std::string_view segment, const PathChecks& rules) {
    const PathFlaw flaw = policy::flaw_of(segment, rules);
    return flaw == PathFlaw::none && may_change_path(segment, rules) ? PathFlaw::reading_variant
                                                                     : flaw;
}

/// Returns the flaw for which these checks refuse a path before any resource is searched.
PathFlaw path_flaw(const Path& path, const PathChecks& rules) {
    if (const FlawSet refused = refused_of(path.found, rules); refused != 0)
        return first_of(refused);
    if (path.plain)
        return PathFlaw::none;
    for (const std::string_view segment : path.segments)
        if (may_change_path(segment, rules))
            return PathFlaw::reading_variant;
    return PathFlaw::none;
}

/// Returns checks that refuse only what [policy] refuses and none of these resources allows.
PathChecks lenient_rules(const PathChecks& rules, std::span<const Resource> resources) {
    PathChecks lenient = rules;
    for (const Resource& resource : resources) {
        const PathChecks its = resource.switches.over(rules);
        lenient.encoded_slash &= its.encoded_slash;
        lenient.backslash &= its.backslash;
        lenient.control_byte &= its.control_byte;
        lenient.not_utf8 &= its.not_utf8;
        lenient.dot_segment &= its.dot_segment;
        lenient.empty_segment &= its.empty_segment;
        lenient.semicolon &= its.semicolon;
        lenient.double_encoding &= its.double_encoding;
        lenient.reading_variant &= its.reading_variant;
    }
    return lenient;
}

/// Returns what "{member}" of the pattern captures.
std::optional<std::string_view> member_in(const Pattern& pattern, Segments path) {
    if (pattern.member_at < 0)
        return std::nullopt;
    const auto at = static_cast<std::size_t>(pattern.member_at);
    return pattern.segments[at].captured(path[at]);
}

/// Returns whether the path begins with the leading literals of the pattern.
bool begins_with_literals_of(const Pattern& pattern, Segments path) noexcept {
    for (std::size_t at = 0; at < pattern.segments.size(); ++at) {
        if (pattern.segments[at].kind != Segment::Kind::literal)
            return true;
        if (at >= path.size() || path[at] != pattern.segments[at].text)
            return false;
    }
    return true;
}

/// Returns whether an upstream that cuts fixed text after a capture of `by` reads the path as one
/// of `other`, which has a literal there. Example: "/files/secret.json" fits "/files/{name}.json"
/// and reads as "/files/secret".
bool reads_as_literal_of(const Resource& other, const Pattern& by, const Looked& looked) {
    const auto is_literal_there = [&](const Pattern& pattern) {
        for (std::size_t at = 0; at < std::min(pattern.segments.size(), by.segments.size()); ++at)
            if (by.segments[at].is_affixed() && pattern.segments[at].kind == Segment::Kind::literal)
                return true;
        return false;
    };
    return other.rules.reading_variant &&
           std::any_of(other.patterns.begin(), other.patterns.end(), [&](const Pattern& pattern) {
               return is_literal_there(pattern) && reads_as(pattern, looked, other.rules);
           });
}

/// Returns the flaw of a path that fits an earlier resource this well.
PathFlaw flaw_of(Fit fit, const PathChecks& rules) noexcept {
    if (fit == Fit::but_for_reading && rules.reading_variant)
        return PathFlaw::reading_variant;
    return fit == Fit::none || fit == Fit::exact ? PathFlaw::none : PathFlaw::case_variant;
}

/// Folds the literals of all patterns. REQUIRES: `resource.rules` is set.
void fold_literals(Resource& resource) {
    for (Pattern& pattern : resource.patterns)
        for (Segment& segment : pattern.segments) {
            if (segment.kind == Segment::Kind::literal)
                segment.folded = folded(segment.text, resource.rules);
            segment.folded_before = folded(segment.before, resource.rules);
            segment.folded_after = folded(segment.after, resource.rules);
        }
}

// --- rows that can never match -------------------------------------------------------------------

/// The resource that takes a path, so that no later one gets it.
struct Taker {
    const Resource* resource = nullptr;  // null: none takes it
    Found found;
};

/// The resources before another one: the gate routes, then these.
struct Above {
    const Resource& own;
    std::span<const Resource> resources;
};

Taker taker_of(const Looked& path, const Above& above) {
    if (const Found found = look_in(above.own, path); found.fit != Fit::none)
        return {&above.own, found};
    for (const Resource& resource : above.resources)
        if (const Found found = look_in(resource, path); found.fit != Fit::none)
            return {&resource, found};
    return {};
}

/// Returns "resource 'clients' above takes them by '/clients/**'", and the reason if it is not an
/// exact match.
std::string in_words(const Taker& taker) {
    std::string text = "resource '" + taker.resource->name + "' above takes them by '" +
                       taker.found.pattern->text + "'";
    if (taker.found.fit == Fit::but_for_case)
        text += ", which differs only in case (policy.case_variant)";
    if (taker.found.fit == Fit::but_for_reading)
        text += ", as an upstream may read them (policy.reading_variant, policy.case_variant)";
    return text;
}

/// Returns the path with `count` segments that matches `pattern` and as little else as possible. If
/// another pattern takes this path, it takes every path of that length that `pattern` matches. A
/// capture gets a text that no literal is or is read as. The rest gets empty segments if they are
/// allowed, because no capture takes one.
Path hardest_path(const Pattern& pattern, std::size_t count, const PathChecks& rules,
                  std::string_view no_literal, std::vector<std::string>& written) {
    Path path;
    written.clear();
    written.reserve(pattern.segments.size());  // the path has views of the texts
    for (const Segment& segment : pattern.segments)
        path.segments.push_back(written.emplace_back(
            segment.kind == Segment::Kind::literal
                ? segment.text
                : (segment.before + std::string(no_literal)).append(segment.after)));
    while (path.segments.size() < count)
        path.segments.push_back(rules.empty_segment ? no_literal : std::string_view());
    return path;
}

/// Returns what takes every path of `pattern`; nullopt if some path is left for it. A pattern above
/// that takes one path of a length takes all of that length, so one path for each length is tested.
/// The longest is first, because few patterns take it. `longest` is more segments than any pattern
/// above has.
std::optional<std::string> all_taken(const Pattern& pattern, const Above& above,
                                     const PathChecks& rules, std::size_t longest,
                                     std::string_view no_literal) {
    constexpr std::size_t takers_told_max = 3;
    const std::size_t least = pattern.segments.size();
    const std::size_t most = pattern.rest ? std::max(least, longest) : least;
    std::vector<std::string> takers, written;
    for (std::size_t count = most;; --count) {
        const Path path = hardest_path(pattern, count, rules, no_literal, written);
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

/// Returns the checks for a part of a segment: the fixed text next to a capture may be a dot.
PathChecks without_dots(PathChecks rules) noexcept {
    rules.dot_segment = false;
    return rules;
}

/// Returns the flaw for which the checks refuse every path of `pattern`; none if there is no such
/// flaw.
PathFlaw flaw_in(const Pattern& pattern, const PathChecks& rules) {
    for (const Segment& segment : pattern.segments) {
        const bool whole = segment.kind == Segment::Kind::literal;
        const std::array<std::string_view, 3> parts = {
            whole ? std::string_view(segment.text) : std::string_view(), segment.before,
            segment.after};
        for (const std::string_view fixed : parts) {
            if (fixed.empty())
                continue;
            const PathFlaw flaw =
                whole ? segment_flaw(fixed, rules) : policy::flaw_of(fixed, without_dots(rules));
            if (flaw != PathFlaw::none)
                return flaw;
        }
    }
    return PathFlaw::none;
}

/// Returns a text that no literal is or is read as, and that does not extend the fixed text next to
/// a capture. It is longer than all of them, and repeats one character that is in none.
std::string unlike_all(const Resource& own, std::span<const Resource> resources) {
    std::size_t longest = 0;
    std::string fixed;
    const auto measure = [&](const Resource& resource) {
        for (const Pattern& pattern : resource.patterns)
            for (const Segment& segment : pattern.segments) {
                longest = std::max(longest, segment.text.size());
                fixed +=
                    segment.folded_before + segment.before + segment.folded_after + segment.after;
            }
    };
    measure(own);
    std::for_each(resources.begin(), resources.end(), measure);
    fixed = lower(fixed);
    std::string character = "x";
    for (std::uint32_t next = 0x4e00; fixed.find(character) != fixed.npos; ++next)
        character = {static_cast<char>(0xe0U | next >> 12U),  // as UTF-8; an ideograph
                     static_cast<char>(0x80U | (next >> 6U & 0x3fU)),
                     static_cast<char>(0x80U | (next & 0x3fU))};
    std::string text;
    while (text.size() <= longest)
        text += character;
    return text;
}

/// Checks that every pattern can match some path. REQUIRES: literals are folded.
std::optional<Failure> check_reached(const Resource& own, std::span<const Resource> resources) {
    std::size_t segments = 0;
    for (const Resource& resource : resources)
        for (const Pattern& pattern : resource.patterns)
            segments = std::max(segments, pattern.segments.size());
    for (const Pattern& pattern : own.patterns)
        segments = std::max(segments, pattern.segments.size());
    const std::string no_literal = unlike_all(own, resources);
    const std::size_t longest = std::min(segments + 1, limits::path_segments_max);
    for (std::size_t at = 0; at < resources.size(); ++at)
        for (const Pattern& pattern : resources[at].patterns) {
            const PathChecks& rules = resources[at].rules;
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

/// Returns whether the path as sent is `prefix` or below it.
bool is_below(std::string_view path, std::string_view prefix) noexcept {
    return path.substr(0, prefix.size()) == prefix &&
           (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// --- judging -------------------------------------------------------------------------------------

/// Returns whether the path captures the caller's own part; true if it captures no member.
bool is_own(const Match& match, const Subject& subject) noexcept {
    return !match.member || *match.member == subject.member_id || *match.member == "me";
}

/// Returns the roles with which this call would be granted. A row that says own does not count for
/// another member's path.
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

/// Sorts resources so that those of one API are next to each other. Keeps their order within an
/// API.
PolicyConfig by_api(PolicyConfig rules) {
    const auto place_of = [&](const Resource& resource) {
        return std::find_if(rules.apis.begin(), rules.apis.end(),
                            [&](const Api& api) { return api.name == resource.api; });
    };
    if (!rules.apis.empty())
        std::stable_sort(
            rules.resources.begin(), rules.resources.end(),
            [&](const Resource& a, const Resource& b) { return place_of(a) < place_of(b); });
    return rules;
}

}  // namespace

Policy::Policy(PolicyConfig rules, Resource own)
    : rules_(by_api(std::move(rules))),
      hosts_(rules_.apis),
      gate_resource_(std::move(own)),
      organization_(gate_resource_),
      admin_(gate_resource_) {
    std::size_t first = 0;
    for (std::size_t at = 0; at < std::max<std::size_t>(rules_.apis.size(), 1); ++at) {
        const std::string_view name = rules_.apis.empty() ? "" : rules_.apis[at].name;
        Part part{first, 0, {}};
        while (first < rules_.resources.size() &&
               (rules_.apis.empty() || rules_.resources[first].api == name))
            ++first;
        part.count = first - part.first;
        part.lenient = lenient_rules(rules_.path, resources_of(part));
        parts_.push_back(part);
    }
    organization_.access[index(Role::member)] = {};
    admin_.name = "admin";
    admin_.patterns.clear();
    for (Resource* const built_in : {&gate_resource_, &organization_, &admin_}) {
        built_in->rules = rules_.path;
        fold_literals(*built_in);
    }
    for (Resource& resource : rules_.resources) {
        resource.rules = resource.switches.over(rules_.path);
        fold_literals(resource);
    }
    for (Resource& resource : rules_.resources)
        resource.lasting = std::make_shared<const Resource>(resource);
    for (Resource* const built_in : {&gate_resource_, &organization_, &admin_})
        built_in->lasting = std::make_shared<const Resource>(*built_in);
}

Result<Policy> Policy::make(PolicyConfig rules) {
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
            return off(resource, "is there twice",
                       rules.apis.empty()
                           ? "list all its paths in one [[resource]]"
                           : "give each its own name, also where they are of different APIs: the "
                             "scopes of tokens have these names");
        const auto is_its = [&](const Api& api) { return api.name == resource.api; };
        if (!rules.apis.empty() && std::none_of(rules.apis.begin(), rules.apis.end(), is_its))
            return off(resource, "api '" + printable(resource.api) + "' is no [[api]]",
                       "name the API that it is of");
    }
    Policy policy(std::move(rules), std::move(own).value());
    for (const Part& part : policy.parts_)
        if (auto failure = check_reached(policy.gate_resource_, policy.resources_of(part)))
            return *std::move(failure);
    return policy;
}

/// Checks a path that only the switches of `resource` allow. Returns whether every other reading
/// leads to the same resource and the same member, or to no resource but below the literals of
/// `pattern`. Otherwise an upstream may serve what the gate did not judge.
bool Policy::is_allowed_in(const Path& path, std::span<const Resource> resources,
                           const Resource& resource, const Pattern& pattern) const {
    const auto member = member_in(pattern, path.segments);
    return all_other_readings(path, [&](const OtherReading& reading) {
        Path other;
        for (const std::string& segment : reading.segments)
            other.segments.push_back(segment);
        const Taker taker = taker_of(Looked(other, rules_.path), {gate_resource_, resources});
        if (taker.resource == nullptr)
            return !reading.climbed && !member && begins_with_literals_of(pattern, other.segments);
        return taker.resource == &resource &&
               member_in(*taker.found.pattern, other.segments) == member;
    });
}

std::optional<std::size_t> Policy::api_of(std::string_view host) const noexcept {
    return rules_.apis.empty() ? std::optional<std::size_t>(0) : hosts_.find(host);
}

/// Finds the API of the call.
Match Policy::begin(std::string_view host) const {
    Match match;
    if (rules_.apis.empty())
        return match;
    const auto api = hosts_.find(host);
    match.host_listed = api.has_value();
    match.api_at = api.value_or(0);
    if (api)
        match.api = rules_.apis[*api].name;
    return match;
}

Match Policy::find(std::string_view target, std::string_view host) const {
    Match match = begin(host);
    const Part& part = parts_[match.api_at];
    const std::span<const Resource> resources =
        match.host_listed ? resources_of(part) : std::span<const Resource>();
    const PathChecks& lenient = match.host_listed ? part.lenient : rules_.path;
    const Path path = read_path(target, lenient);
    const PathFlaw odd = path_flaw(path, rules_.path);  // its resource may allow it
    const bool is_hopeless =
        odd != PathFlaw::none &&
        (lenient == rules_.path || path_flaw(path, lenient) != PathFlaw::none ||
         path_part(target).size() > limits::oddly_read_path_bytes_max);
    if (is_hopeless) {
        match.flaw = odd;
        const std::string_view sent = path_part(target);
        if (is_below(sent, rules_.api_prefix) || is_below(sent, why_prefix))
            match.own = GateRoute::other;
        return match;
    }

    const Looked looked(path, rules_.path);
    const Pattern* pattern = nullptr;  // the one that fits
    // Returns true if the search ends at this resource.
    const auto ends_at = [&](const Resource& resource) {
        const Found found = look_in(resource, looked);
        if (found.fit == Fit::exact) {
            match.kind = Match::Kind::resource;
            match.resource = &resource;
            pattern = found.pattern;
            if (const auto member = member_in(*pattern, path.segments))
                match.member = std::string(*member);
            return true;
        }
        match.flaw = flaw_of(found.fit, resource.rules);
        return match.flaw != PathFlaw::none;
    };
    if (ends_at(gate_resource_)) {
        if (match.flaw == PathFlaw::none)
            match.flaw = odd;
        if (match.flaw != PathFlaw::none) {
            match.own = match.flaw == odd ? GateRoute::other : GateRoute::none;
            return match;
        }
        const Segments rest = Segments(path.segments).subspan(pattern->segments.size());
        const bool why = pattern == &gate_resource_.patterns[why_at];
        match.own = !why               ? gate_route_of(rest)
                    : rest.size() == 1 ? GateRoute::why
                                       : GateRoute::other;
        if (match.own == GateRoute::why)
            match.route_object = rest[0];
        if (match.own == GateRoute::organization)
            match.resource = &organization_;
        if (match.own == GateRoute::token || match.own == GateRoute::rotate_token)
            match.route_object = rest[1];
        return match;
    }
    match.kind = rules_.resources.empty() && match.host_listed ? Match::Kind::implicit
                                                               : Match::Kind::unlisted;
    for (const Resource& resource : resources)
        if (ends_at(resource))
            break;
    if (match.flaw == PathFlaw::none)
        match.flaw = flaw_where_it_leads(path, resources, match, pattern, odd);
    return match;
}

/// Returns the flaw of a path, considering its resource. What only [policy] refuses is allowed if
/// the resource allows it and no other reading leads elsewhere.
PathFlaw Policy::flaw_where_it_leads(const Path& path, std::span<const Resource> resources,
                                     const Match& match, const Pattern* pattern,
                                     PathFlaw odd) const {
    if (match.resource == nullptr || (path.plain && path.found == 0))
        return odd;
    const Resource& resource = *match.resource;
    const PathFlaw refused = resource.rules == rules_.path ? odd : path_flaw(path, resource.rules);
    if (refused != PathFlaw::none)
        return refused;
    if (odd != PathFlaw::none && !is_allowed_in(path, resources, resource, *pattern))
        return odd;
    const bool cuts = std::any_of(pattern->segments.begin(), pattern->segments.end(),
                                  [](const Segment& segment) { return segment.is_affixed(); });
    if (!cuts)
        return PathFlaw::none;
    const Looked looked(path, rules_.path);
    for (const Resource& other : resources)
        if (&other != &resource && reads_as_literal_of(other, *pattern, looked))
            return PathFlaw::reading_variant;
    return PathFlaw::none;
}

Match Policy::find_admin(std::string_view target) const {
    Match match;
    match.flaw = read_path(target, rules_.path).flaw;
    match.kind = Match::Kind::resource;
    match.resource = &admin_;
    match.own = GateRoute::admin;
    return match;
}

/// Returns whether every token may make this call, whatever its scopes. It may read who it is, ask
/// why it was refused, predict an answer, rotate itself, and revoke itself.
bool Policy::acts_on_itself(const Match& match, const Subject& subject,
                            std::string_view method) const noexcept {
    switch (match.own) {
        case GateRoute::me:
            return action_of(method, &gate_resource_) == Action::read;
        case GateRoute::rotate_self:
        case GateRoute::check:
        case GateRoute::why:
            return is_urgent(match.own, method);
        case GateRoute::token:
        case GateRoute::rotate_token:
            return is_urgent(match.own, method) && match.route_object == subject.token_prefix;
        case GateRoute::none:
        case GateRoute::tokens:
        case GateRoute::organization:
        case GateRoute::other:
        case GateRoute::admin:
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
    if (match.kind == Match::Kind::unlisted && (!rules_.unlisted_allowed || !match.host_listed))
        return refuse(Verdict::path_unlisted);
    if (!judgement.action)
        return refuse(Verdict::role_forbidden);
    const Action action = *judgement.action;

    if (match.resource == nullptr) {
        // No scope can name what no resource lists, so a token with scopes never reaches it.
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
    judgement.lacks_scope = !allow(subject.scopes, resource.name, action, rules_.write_scope) &&
                            !acts_on_itself(match, subject, method);
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
    if (match.flaw != PathFlaw::none || match.is_gate_route() || !match.host_listed)
        return false;
    return match.kind != Match::Kind::unlisted || rules_.unlisted_allowed;
}

bool Policy::knows(std::string_view resource) const noexcept {
    return resource == own_name || resource == every_resource ||
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

bool is_never_passed_on(std::string_view method) noexcept {
    return same_ignoring_case(method, "CONNECT") || same_ignoring_case(method, "TRACE") ||
           same_ignoring_case(method, "TRACK");
}

std::optional<Action> action_of(std::string_view method, const Resource* resource) noexcept {
    const auto listed = [&](std::string_view name) -> std::optional<Action> {
        for (const auto& [known, action] : resource == nullptr
                                               ? std::span<const std::pair<std::string, Action>>()
                                               : std::span(resource->methods))
            if (known == name)
                return action;
        return std::nullopt;
    };
    if (const auto action = listed(method))
        return action;
    if (method == "HEAD")
        if (const auto action = listed("GET"))
            return action;  // RFC 9110 section 9.3.2: the same without a body
    if (method == "GET" || method == "HEAD" || method == "OPTIONS")
        return Action::read;
    if (method == "POST")
        return Action::create;
    if (method == "PUT" || method == "PATCH")
        return Action::update;
    if (method == "DELETE")
        return Action::delete_;
    return std::nullopt;
}

}  // namespace hourgate::policy
