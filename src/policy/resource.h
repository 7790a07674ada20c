// A resource: a named group of paths with one access row per role, as configured.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/role.h"
#include "policy/path.h"

namespace hourgate::policy {

constexpr std::size_t resource_name_bytes_max = 64;
constexpr std::size_t capture_name_bytes_max = 32;

enum class Action : std::uint8_t { read = 0, create = 1, update = 2, delete_ = 3 };

constexpr std::array<Action, 4> all_actions = {Action::read, Action::create, Action::update,
                                               Action::delete_};

[[nodiscard]] std::string_view to_text(Action action) noexcept;  ///< "read", … "delete"

/// What a role may do with a resource.
struct Access {
    std::uint8_t actions = 0;  ///< bit per Action
    bool own = false;          ///< limits every action of the row to the member's own part

    void add(Action action) noexcept {
        actions = static_cast<std::uint8_t>(actions | 1U << static_cast<unsigned>(action));
    }
    [[nodiscard]] bool has(Action action) const noexcept {
        return (actions >> static_cast<unsigned>(action) & 1U) != 0;
    }
    friend bool operator==(const Access&, const Access&) = default;
};

/// Reads "full", "none", or the words read, create, update, delete and own, separated by spaces,
/// each once. Refuses "own" alone, because it has nothing to limit. Returns Failure::config, which
/// names the word and shows the form.
[[nodiscard]] Result<Access> parse_access(std::string_view text);
/// Writes the form that parse_access() reads; own without an action is "none".
[[nodiscard]] std::string to_text(const Access& access);

/// One segment of a pattern.
struct Segment {
    enum class Kind : std::uint8_t { literal, capture };
    Kind kind = Kind::literal;
    std::string text;  ///< the literal, decoded; or the name in the braces
    /// The literal as Policy compares it with other readings of a path (policy/readings.h). Empty
    /// until a Policy is made of it.
    std::string folded = {};
    /// The fixed text before and after a capture, decoded, as in "v{major}" and "{item}:publish".
    /// The capture takes at least one byte between them.
    std::string before = {}, after = {};
    std::string folded_before = {}, folded_after = {};  ///< in the form of `folded`

    [[nodiscard]] bool is_affixed() const noexcept { return !before.empty() || !after.empty(); }
    /// Returns the part of `of` that the capture takes. REQUIRES: `of` fits this capture.
    [[nodiscard]] std::string_view captured(std::string_view of) const noexcept {
        return of.substr(before.size(), of.size() - before.size() - after.size());
    }
    friend bool operator==(const Segment&, const Segment&) = default;
};

/// "/api/v1/clients/{id}/**": literals, captures, and a final "/**" for the rest, which may be
/// empty. "{name}" captures a segment, or a part of one if fixed text is next to it
/// ("/v1/{item}:publish", "/files/{name}.json"). "/**" alone matches every path.
struct Pattern {
    std::string text;
    std::vector<Segment> segments;
    bool rest = false;
    int member_at = -1;  ///< index of the segment "{member}", or -1

    friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// Reads a pattern. Returns Failure::config, which names the mistake:
/// - no '/' at the beginning, an empty or dot segment, or a '*' other than the final "/**";
/// - a brace that is not part of one "{name}" in its segment, or a duplicate capture;
/// - '%' (patterns are written decoded), '?', '#', a control byte, or text that is not UTF-8;
/// - more than a bound allows.
[[nodiscard]] Result<Pattern> parse_pattern(std::string_view text);

/// The path checks that a resource sets differently from [policy] for its own paths. An empty
/// switch keeps that of [policy].
struct PathSwitches {
    using Switch = std::optional<bool>;  ///< true refuses, as in PathChecks
    Switch encoded_slash, backslash, control_byte, not_utf8, dot_segment, empty_segment, semicolon,
        double_encoding, case_variant, reading_variant;

    [[nodiscard]] PathChecks over(PathChecks rules) const noexcept;
    friend bool operator==(const PathSwitches&, const PathSwitches&) = default;
};

struct Resource {
    std::string name;                ///< slug; "hourgate" is reserved for the gate routes
    std::string api = {};            ///< one of PolicyConfig::apis; "" without [[api]]s
    std::vector<Pattern> patterns;   ///< 1 to limits::paths_per_resource_max
    std::array<Access, 4> access{};  ///< by index(Role)
    /// What methods mean here, in upper case: additions to the standard ones, or exceptions from
    /// them.
    std::vector<std::pair<std::string, Action>> methods;
    bool is_public = false;
    /// If true, a bearer that is not a token of ours is forwarded to the API and counted as a
    /// public call.
    bool other_bearers_pass = false;
    PathSwitches switches;
    PathChecks rules;              ///< [policy] with `switches` applied; set by Policy::make()
    bool own_by_upstream = false;  ///< the upstream limits what the path does not capture
    std::uint32_t counted_at = 0;  ///< index in ops/resource_counts; not used by the policy
    /// A copy that outlives the policy, for gate/kept_decision. Set by Policy::make(); null before.
    std::shared_ptr<const Resource> lasting = nullptr;

    friend bool operator==(const Resource&, const Resource&) = default;
};

}  // namespace hourgate::policy
