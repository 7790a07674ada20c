// The path of a call and where it lands: the first byte switches rules of [policy] off, the second
// says what rows there are and whether the second resource allows what [policy] refuses, and then
// come lines: patterns of a first resource, of a second, method, target, scopes.
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "policy/path.h"
#include "policy/policy.h"

using namespace hourgate;
using namespace hourgate::policy;

namespace {

PathChecks rules_of(std::uint8_t off) noexcept {
    PathChecks rules;
    rules.encoded_slash = (off & 1U) == 0;
    rules.backslash = (off & 2U) == 0;
    rules.control_byte = (off & 4U) == 0;
    rules.not_utf8 = (off & 8U) == 0;
    rules.dot_segment = (off & 16U) == 0;
    rules.empty_segment = (off & 32U) == 0;
    rules.semicolon = rules.double_encoding = (off & 64U) == 0;
    rules.case_variant = (off & 128U) == 0;
    rules.reading_variant = (off & 192U) != 192;  // off with both of those
    return rules;
}

bool same(const Path& a, const Path& b) {
    return a.flaw == b.flaw &&
           std::equal(a.segments.begin(), a.segments.end(), b.segments.begin(), b.segments.end());
}

std::string written(const Path& path) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string text;
    for (const std::string_view segment : path.segments) {
        text += '/';
        for (const char c : segment) {
            const auto byte = static_cast<unsigned char>(c);
            text += '%';
            text += hex[byte >> 4U];
            text += hex[byte & 15U];
        }
    }
    return text.empty() ? "/" : text;
}

void check_path(std::string_view target, const PathChecks& rules) {
    const Path path = read_path(target, rules);
    HOURGATE_LAW(!explain(path.flaw).empty() || path.flaw == PathFlaw::none);
    const Path strict = read_path(target, PathChecks{});
    if (strict.flaw == PathFlaw::none)
        HOURGATE_LAW(same(path, strict));  // a rule that is off changes no reading
    if (path.flaw != PathFlaw::none) {
        HOURGATE_LAW(strict.flaw != PathFlaw::none);
        return;
    }
    HOURGATE_LAW(target.starts_with('/') && path.segments.size() <= limits::path_segments_max);
    for (const std::string_view segment : path.segments) {
        HOURGATE_LAW(!rules.encoded_slash || segment.find('/') == segment.npos);
        HOURGATE_LAW(!rules.backslash || segment.find('\\') == segment.npos);
        HOURGATE_LAW(!rules.semicolon || segment.find(';') == segment.npos);
        HOURGATE_LAW(!rules.dot_segment || (segment != "." && segment != ".."));
        HOURGATE_LAW(!rules.empty_segment || !segment.empty());
        HOURGATE_LAW(!rules.not_utf8 || is_utf8(segment));
        HOURGATE_LAW(!rules.control_byte ||
                     std::none_of(segment.begin(), segment.end(), is_control_byte));
    }
    const std::string again = written(path);
    const bool ends_empty = !path.segments.empty() && path.segments.end()[-1].empty();
    if (again.size() <= rules.target_bytes_max && !ends_empty)
        HOURGATE_LAW(same(read_path(again, rules), path));
}

/// The plainest way to match; case as it is.
bool matches(const Pattern& pattern, const Path& path) {
    if (path.segments.size() < pattern.segments.size() ||
        (!pattern.rest && path.segments.size() != pattern.segments.size()))
        return false;
    for (std::size_t at = 0; at < pattern.segments.size(); ++at) {
        const Segment& segment = pattern.segments[at];
        const std::string_view text = path.segments[at];
        const std::size_t fixed = segment.before.size() + segment.after.size();
        if (segment.kind == Segment::Kind::literal
                ? segment.text != text
                : text.size() <= fixed || !text.starts_with(segment.before) ||
                      !text.ends_with(segment.after))
            return false;
    }
    return true;
}

bool matches(const Resource& resource, const Path& path) {
    return std::any_of(resource.patterns.begin(), resource.patterns.end(),
                       [&](const Pattern& pattern) { return matches(pattern, path); });
}

/// Nothing when a pattern is refused.
std::optional<Resource> resource_of(std::string name, std::string_view patterns,
                                    std::uint8_t rows) {
    Resource resource;
    resource.name = std::move(name);
    for (const std::string_view text : split(patterns, ' ')) {
        const auto pattern = parse_pattern(text);
        if (!pattern) {
            HOURGATE_LAW(pattern.failure().fault == Fault::config);
            return std::nullopt;
        }
        HOURGATE_LAW(pattern.value().text == text);
        resource.patterns.push_back(pattern.value());
    }
    constexpr std::array<std::string_view, 4> words = {"none", "read", "read create own", "full"};
    for (const Role role : all_roles)
        resource.access[index(role)] =
            parse_access(words[std::size_t{rows} >> 2 * index(role) & 3U]).value();
    resource.own_by_upstream = true;
    return resource;
}

void check_judging(const Policy& policy, const Match& match, std::string_view method,
                   const std::vector<Scope>& scopes) {
    for (const Role role : all_roles) {
        const Subject narrowed{role, "mem_a", scopes, "4f8a2c1bdedf"};
        const Subject whole{role, "mem_a", {}, "4f8a2c1bdedf"};
        const Judgement judged = policy.judge(match, narrowed, method);
        const Judgement wide = policy.judge(match, whole, method);
        HOURGATE_LAW(wide.verdict != Verdict::scope_missing);
        if (judged.verdict == Verdict::allowed)  // scopes only ever take away
            HOURGATE_LAW(wide.verdict == Verdict::allowed && wide.own == judged.own);
        HOURGATE_LAW(judged.required_role == judged.able_roles.least());
        for (const Role able : all_roles) {  // the roles that are named pass, and no others do
            if (judged.verdict != Verdict::role_forbidden)
                break;
            const Subject other{able, "mem_a", {}, "4f8a2c1bdedf"};
            HOURGATE_LAW((policy.judge(match, other, method).verdict == Verdict::allowed) ==
                         judged.able_roles.has(able));
        }
        if (judged.verdict == Verdict::scope_missing && !judged.required_scope.empty()) {
            std::vector<Scope> enough = scopes;
            enough.push_back(parse_scope(judged.required_scope).value());
            const Subject able{role, "mem_a", enough, "4f8a2c1bdedf"};
            HOURGATE_LAW(policy.judge(match, able, method).verdict != Verdict::scope_missing);
        }
        if (judged.verdict == Verdict::not_own) {
            HOURGATE_LAW(match.member && *match.member != "mem_a");
            const Subject self{role, *match.member, scopes, "4f8a2c1bdedf"};
            HOURGATE_LAW(policy.judge(match, self, method).verdict == Verdict::allowed);
        }
        if (judged.verdict == Verdict::allowed && match.resource != nullptr &&
            !match.is_gate_route())
            HOURGATE_LAW(match.resource->access[index(role)].has(*judged.action) &&
                         allow(scopes, match.resource->name, *judged.action));
    }
}

/// What a careless upstream may make of a segment: it is cut at a byte that no name has, and its
/// letters are lower case.
std::string careless(std::string_view segment) {
    constexpr std::string_view names = "-_@/\\;";  // some have rules of their own
    std::size_t end = 0;
    while (end < segment.size() &&
           (is_control_byte(segment[end]) || static_cast<unsigned char>(segment[end]) >= 0x80 ||
            (segment[end] >= '0' && segment[end] <= '9') ||
            lower_of(segment[end]) != segment[end] ||
            (segment[end] >= 'a' && segment[end] <= 'z') || names.find(segment[end]) != names.npos))
        ++end;
    return lower(segment.substr(0, end));
}

/// Where a call lands, each segment of its path may be read carelessly without an earlier resource
/// being reached.
void check_readings(const Policy& policy, const Match& match, const Path& path) {
    const PathChecks& rules = policy.rules().path;
    if (!rules.reading_variant || !rules.case_variant)
        return;
    for (std::size_t at = 0; at < path.segments.size(); ++at) {
        Path read;
        for (const std::string_view segment : path.segments)
            read.segments.push_back(segment);
        const std::string cut = careless(path.segments.begin()[at]);
        read.segments.begin()[at] = cut;
        for (const Resource& resource : policy.resources()) {
            if (&resource == match.resource)
                break;
            HOURGATE_LAW(cut.empty() || !matches(resource, read));
        }
    }
}

/// What an upstream takes for a slash, or cuts off.
struct Habits {
    bool decodes_twice = false;
    bool cuts_parameters = false;
    std::string_view slashes = "/";
    bool merges = true;  ///< slashes in a row
    bool climbs = true;  ///< follows dot segments
};

/// The path as an upstream with these habits reads it.
std::vector<std::string> read_with(const Habits& habits, const Path& path) {
    std::vector<std::string> segments;
    for (const std::string_view sent : path.segments) {
        std::string text(sent);
        if (habits.decodes_twice) {
            std::string out;
            for (std::size_t at = 0; at < text.size(); ++at) {
                const bool escape = text[at] == '%' && at + 2 < text.size() &&
                                    hex_digit(text[at + 1]) >= 0 && hex_digit(text[at + 2]) >= 0;
                out +=
                    escape
                        ? static_cast<char>(hex_digit(text[at + 1]) * 16 + hex_digit(text[at + 2]))
                        : text[at];
                at += escape ? 2 : 0;
            }
            text = out;
        }
        if (habits.cuts_parameters)
            text.resize(std::min(text.size(), text.find(';')));
        std::string part;
        const auto end_part = [&] {
            if (part.empty() && habits.merges)
                return;
            if (habits.climbs && (part == "." || part == "..")) {
                if (part == ".." && !segments.empty())
                    segments.pop_back();
            } else {
                segments.push_back(part);
            }
            part.clear();
        };
        for (const char c : text) {
            if (habits.slashes.find(c) == std::string_view::npos)
                part += c;
            else
                end_part();
        }
        end_part();
    }
    return segments;
}

/// A path that its resource alone allows leads to no other resource in the hands of an upstream
/// with whatever habits.
void check_other_readings(const Policy& policy, const Match& match, const Path& path) {
    for (unsigned one = 0; one < 32; ++one) {
        const Habits habits{(one & 1U) != 0, (one & 2U) != 0, (one & 4U) != 0 ? "/\\" : "/",
                            (one & 8U) != 0, (one & 16U) != 0};
        const std::vector<std::string> segments = read_with(habits, path);
        if (segments.size() > limits::path_segments_max)
            continue;
        Path read;
        for (const std::string& segment : segments)
            read.segments.push_back(segment);
        for (const Resource& resource : policy.resources())
            if (matches(resource, read)) {
                HOURGATE_LAW(&resource == match.resource);
                break;
            }
    }
}

void check_scopes(const std::vector<Scope>& scopes) {
    HOURGATE_LAW(parse_scopes(to_text(scopes)).value() == scopes);
    HOURGATE_LAW(within(scopes, scopes) && within(scopes, {}));
    for (const Scope& scope : scopes)
        HOURGATE_LAW(within({&scope, 1}, scopes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input input(data, size);
    PolicyConfig rules;
    rules.path = rules_of(input.byte());
    const std::uint8_t rows = input.byte();
    rules.unlisted_allowed = (rows & 1U) != 0;
    const std::string_view first = input.line(), second = input.line();
    const std::string_view method = input.line(), target = input.line(), asked = input.line();
    check_path(target, rules.path);
    for (const auto& [name, patterns] : {std::pair{"first", first}, std::pair{"second", second}})
        if (auto resource = resource_of(name, patterns, rows))
            rules.resources.push_back(*std::move(resource));
    if ((rows & 2U) != 0 && !rules.resources.empty()) {
        PathSwitches& its = rules.resources.back().switches;
        its.encoded_slash = its.backslash = its.dot_segment = its.empty_segment = false;
        its.semicolon = its.double_encoding = its.control_byte = its.not_utf8 = false;
    }
    const auto made = Policy::make(rules);
    if (!made) {
        HOURGATE_LAW(made.failure().fault == Fault::config && !made.failure().what.empty());
        return 0;
    }
    const Policy& policy = made.value();
    const Match match = policy.find(target);
    const Path strict = read_path(target, rules.path);
    if (match.flaw != PathFlaw::none) {
        HOURGATE_LAW(match.flaw == strict.flaw || match.flaw == PathFlaw::case_variant ||
                     match.flaw == PathFlaw::reading_variant);
        HOURGATE_LAW(match.flaw != PathFlaw::reading_variant || !strict.plain);
        return 0;
    }
    const Path path =
        read_path(target, match.resource != nullptr ? match.resource->rules : rules.path);
    HOURGATE_LAW(path.flaw == PathFlaw::none);
    if (strict.flaw != PathFlaw::none)
        check_other_readings(policy, match, path);
    // The gate's own first, then the first that fits.
    if (!match.is_gate_route()) {
        const Resource* expected = nullptr;
        for (const Resource& resource : policy.resources())
            if (expected == nullptr && matches(resource, path))
                expected = &resource;
        HOURGATE_LAW(match.resource == expected);
        check_readings(policy, match, path);
        const std::string_view sent = path_part(target);
        HOURGATE_LAW(!sent.starts_with("/_hourgate/api/v1/") &&
                     !sent.starts_with("/_hourgate/why/"));
    }
    const auto scopes = parse_scopes(asked);
    if (scopes)
        check_scopes(scopes.value());
    check_judging(policy, match, method, scopes ? scopes.value() : std::vector<Scope>());
    return 0;
}
