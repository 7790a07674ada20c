// Reads the path of a call in exactly one way, or refuses it. A path that some upstream might
// interpret differently is refused, never normalised: the gate forwards the judged path byte for
// byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/few.h"
#include "base/limits.h"

namespace hourgate::policy {

/// What is wrong with a path. Flaws are reported in this order.
enum class PathFlaw : std::uint8_t {
    none,
    target_too_long,  ///< over PathChecks::target_bytes_max, query included
    /// The target does not begin with '/'; or it has, unencoded, a '#', a space or a control byte,
    /// in the path or the query. The error is bad_request.
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
    case_variant,       ///< found by Policy: an earlier resource would match if case were ignored
    /// Found by Policy: an upstream may read an earlier resource or another path (readings.h).
    reading_variant,
};

/// One switch for each check of [policy]; true refuses. bad_escape and too_many_segments have none.
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

/// A set of flaws, one bit each. The first flaw is the lowest bit.
using FlawSet = std::uint32_t;
[[nodiscard]] constexpr FlawSet bit_of(PathFlaw flaw) noexcept {
    return 1U << static_cast<unsigned>(flaw);
}
/// Returns the flaws in `found` that these checks refuse.
[[nodiscard]] FlawSet refused_of(FlawSet found, const PathChecks& rules) noexcept;
/// Returns the first flaw of the set; PathFlaw::none if it is empty.
[[nodiscard]] PathFlaw first_of(FlawSet flaws) noexcept;

/// A path split into decoded segments. Empty segments occur only if the check is off.
struct Path {
    PathFlaw flaw = PathFlaw::none;
    FlawSet found = 0;  ///< all flaws of the path, also those that are allowed
    /// True if all segments have only ASCII letters, digits, '-' and '_'. Apart from case,
    /// everybody reads such a path alike.
    bool plain = false;
    /// Decoded once. "/" has none, and a trailing slash adds none. They are views of the target, or
    /// of `decoded` if the path has an escape.
    Few<std::string_view, 8> segments;
    std::unique_ptr<char[]> decoded;
};

/// Reads the path part of an origin-form target (RFC 9112 section 3.2.1), up to '?'. Accepts any
/// bytes. Of several refused flaws it reports the first in the order of PathFlaw. If a check is
/// off, the segment stays as decoded: an allowed %2F stays inside its segment.
[[nodiscard]] Path read_path(std::string_view target, const PathChecks& rules);

/// Returns the first flaw of a decoded segment that these checks refuse; none if they accept it.
[[nodiscard]] PathFlaw flaw_of(std::string_view segment, const PathChecks& rules) noexcept;

/// Returns the path part as sent, up to '?'. For logs and responses.
[[nodiscard]] std::string_view path_part(std::string_view target) noexcept;

/// Returns the text for a caller: "the path has an encoded slash (%2F)".
[[nodiscard]] std::string_view explain(PathFlaw flaw) noexcept;

}  // namespace hourgate::policy
