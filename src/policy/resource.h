// A resource: a named group of paths with an access row per role, as written in the configuration.
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
    bool own = false;          ///< narrows every action of the row to the caller's own

    void add(Action action) noexcept {
        actions = static_cast<std::uint8_t>(actions | 1U << static_cast<unsigned>(action));
    }
    [[nodiscard]] bool has(Action action) const noexcept {
        return (actions >> static_cast<unsigned>(action) & 1U) != 0;
    }
    friend bool operator==(const Access&, const Access&) = default;
};

/// "full", "none", or words of read create update delete own, separated by spaces, each once. "own"
/// alone is refused: it narrows something. Failure::config names the word and shows the form.
[[nodiscard]] Result<Access> parse_access(std::string_view text);
/// The form parse_access reads; an own without an action is "none".
[[nodiscard]] std::string to_text(const Access& access);

/// One segment of a pattern.
struct Segment {
    enum class Kind : std::uint8_t { literal, capture };
    Kind kind = Kind::literal;
    std::string text;  ///< the literal, decoded; or the name between braces
    /// The literal as Policy compares it where an upstream may read a path differently
    /// (policy/readings.h); empty until a Policy was made of it.
    std::string folded = {};
    /// The fixed text before and after a capture, decoded, as in "v{major}" and
    /// "{item}:publish". It takes at least one byte between them.
    std::string before = {}, after = {};
    std::string folded_before = {}, folded_after = {};  ///< as of `folded`

    [[nodiscard]] bool is_affixed() const noexcept { return !before.empty() || !after.empty(); }
    /// What a capture takes of a segment that it fits.
    [[nodiscard]] std::string_view captured(std::string_view of) const noexcept {
        return of.substr(before.size(), of.size() - before.size() - after.size());
    }
    friend bool operator==(const Segment&, const Segment&) = default;
};

/// "/api/v1/clients/{id}/**": literals, "{name}" for one segment or, with something fixed before or
/// behind it, for a part of one ("/v1/{item}:publish", "/files/{name}.json"), a final "/**" for the
/// rest (also none). "/**" alone matches every path.
struct Pattern {
    std::string text;
    std::vector<Segment> segments;
    bool rest = false;
    int member_at = -1;  ///< index of the segment "{member}", or -1

    friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// Failure::config names what is off: not beginning with '/', empty or dot segment, a '*' anywhere
/// but in the final "/**", a brace that is not of one "{name}" in its segment, a capture twice, '%'
/// (patterns are written decoded), '?' or '#', control bytes, over the bounds.
[[nodiscard]] Result<Pattern> parse_pattern(std::string_view text);

/// What a resource says otherwise than [policy] about the paths that are its own. Empty: the same.
struct PathSwitches {
    using Switch = std::optional<bool>;  ///< true refuses, as in PathRules
    Switch encoded_slash, backslash, control_byte, not_utf8, dot_segment, empty_segment, semicolon,
        double_encoding, case_variant, reading_variant;

    [[nodiscard]] PathChecks over(PathChecks rules) const noexcept;
    friend bool operator==(const PathSwitches&, const PathSwitches&) = default;
};

struct Resource {
    std::string name;                ///< slug; "hourgate" is the gate's own
    std::string api = {};            ///< of Rules::apis; "" where there is none
    std::vector<Pattern> patterns;   ///< 1 to limits::paths_per_resource_max
    std::array<Access, 4> access{};  ///< by index(Role)
    /// What methods mean here, upper case: others than the standard ones, or those otherwise.
    std::vector<std::pair<std::string, Action>> methods;
    bool is_public = false;
    /// A bearer that is no token of ours goes to the API, counted as a public call.
    bool other_bearers_pass = false;
    PathSwitches switches;
    PathChecks rules;              ///< [policy] and `switches`; set by Policy::make
    bool own_by_upstream = false;  ///< the upstream narrows what the path does not capture
    std::uint32_t counted_at = 0;  ///< place in ops/resource_counts; the policy does not use it
    /// A copy that outlives the policy, for gate/kept_decision. Set by Policy::make; null before.
    std::shared_ptr<const Resource> lasting = nullptr;

    friend bool operator==(const Resource&, const Resource&) = default;
};

}  // namespace hourgate::policy
