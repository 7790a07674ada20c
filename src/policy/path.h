// Reads the path of a call in exactly one way, or refuses it. A path that some upstream might read
// otherwise is refused, never normalised: what was judged is byte for byte what goes on (trap 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/few.h"
#include "base/limits.h"

namespace hourgate::policy {

/// What is off about a path, in the order it is looked for.
enum class PathFlaw : std::uint8_t {
    none,
    target_too_long,  ///< over PathRules::target_bytes_max, query included
    /// The target does not begin with '/', or has, as sent and in its query too, a '#', a space or
    /// a control byte: bad_request.
    unreadable,
    bad_escape,     ///< '%' not followed by two hex digits
    encoded_slash,  ///< %2F
    backslash,      ///< '\', as sent or decoded
    control_byte,   ///< a decoded NUL, C0 or DEL
    not_utf8,
    dot_segment,        ///< "." or ".." after decoding
    empty_segment,      ///< "//"
    semicolon,          ///< ';', as sent or decoded
    double_encoding,    ///< "%hh" left after decoding
    too_many_segments,  ///< over limits::path_segments_max
    case_variant,       ///< found by Policy: would match an earlier resource if case were ignored
    reading_variant,    ///< found by Policy: an earlier resource or another path, by readings.h
};

/// One switch per rule of [policy]; true refuses. bad_escape and too_many_segments have none.
struct PathChecks {
    bool encoded_slash = true;
    bool backslash = true;
    bool control_byte = true;
    bool not_utf8 = true;
    bool dot_segment = true;
    bool empty_segment = true;
    bool semicolon = true;
    bool double_encoding = true;
    bool case_variant = true;
    bool reading_variant = true;
    std::size_t target_bytes_max = limits::target_bytes_default;  ///< path and query

    friend bool operator==(const PathChecks&, const PathChecks&) = default;
};

using Segments = std::span<const std::string_view>;

/// Flaws as a set: one bit each, so that the first of them is the lowest.
using FlawSet = std::uint32_t;
[[nodiscard]] constexpr FlawSet bit_of(PathFlaw flaw) noexcept {
    return 1U << static_cast<unsigned>(flaw);
}
/// What these rules refuse of it.
[[nodiscard]] FlawSet refused_of(FlawSet found, const PathChecks& rules) noexcept;
/// The first of them; none of an empty set.
[[nodiscard]] PathFlaw first_of(FlawSet flaws) noexcept;

/// A path read: its decoded segments. Empty segments only where the rule allows them.
struct Path {
    PathFlaw flaw = PathFlaw::none;
    FlawSet found = 0;  ///< every flaw there is, whether a rule refuses it or not
    /// Nothing but ASCII letters, digits, '-' and '_' in all segments: case aside, nobody reads
    /// such a path differently.
    bool plain = false;
    /// Decoded once. "/" has none, and one trailing slash is not one. They point into the target,
    /// or into `decoded` where an escape stood.
    Few<std::string_view, 8> segments;
    std::unique_ptr<char[]> decoded;
};

/// Reads the path part of an origin-form target (RFC 9112 section 3.2.1), up to '?'. Any bytes. Of
/// several flaws the first in the order of PathFlaw is told. A rule switched off leaves its segment
/// as it was decoded: an allowed %2F stays inside its segment.
[[nodiscard]] Path read_path(std::string_view target, const PathChecks& rules);

/// What is off about a decoded segment by these rules: none where a path with it is read.
[[nodiscard]] PathFlaw flaw_of(std::string_view segment, const PathChecks& rules) noexcept;

/// The path part as sent: up to '?' . For logs and answers.
[[nodiscard]] std::string_view path_part(std::string_view target) noexcept;

/// What a caller reads: "the path has an encoded slash (%2F)".
[[nodiscard]] std::string_view explain(PathFlaw flaw) noexcept;

}  // namespace hourgate::policy
