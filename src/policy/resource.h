// A resource: a named group of paths with an access row per role, as written in the configuration.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/role.h"

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
    friend bool operator==(const Segment&, const Segment&) = default;
};

/// "/api/v1/clients/{id}/**": literals, "{name}" for one segment, a final "/**" for the rest (also
/// none). "/**" alone matches every path.
struct Pattern {
    std::string text;
    std::vector<Segment> segments;
    bool rest = false;
    int member_at = -1;  ///< index of the segment "{member}", or -1

    friend bool operator==(const Pattern&, const Pattern&) = default;
};

/// Failure::config names what is off: not beginning with '/', empty or dot segment, a '*' anywhere
/// but in the final "/**", a brace that is not a whole "{name}" segment, a capture twice, '%'
/// (patterns are written decoded), '?' or '#', control bytes, over the bounds.
[[nodiscard]] Result<Pattern> parse_pattern(std::string_view text);

struct Resource {
    std::string name;                                     ///< slug; "hourgate" is the gate's own
    std::vector<Pattern> patterns;                        ///< 1 to limits::paths_per_resource_max
    std::array<Access, 4> access{};                       ///< by index(Role)
    std::vector<std::pair<std::string, Action>> methods;  ///< beyond the standard ones, upper case
    bool is_public = false;
    bool own_by_upstream = false;  ///< the upstream narrows what the path does not capture
    std::uint32_t counted_at = 0;  ///< place in ops/resource_counts; the policy does not use it
    /// A copy that outlives the policy, for gate/kept_decision. Set by Policy::make; null before.
    std::shared_ptr<const Resource> lasting = nullptr;

    friend bool operator==(const Resource&, const Resource&) = default;
};

}  // namespace hourgate::policy
