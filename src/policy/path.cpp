#include "policy/path.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <utility>

#include "base/text.h"

namespace hourgate::policy {

namespace {

using Flaws = FlawSet;

constexpr Flaws bit(PathFlaw flaw) noexcept {
    return bit_of(flaw);
}

constexpr Flaws refused_by(const PathChecks& rules) noexcept {
    const auto bit_if = [](bool refused, PathFlaw flaw) { return refused ? bit(flaw) : 0U; };
    return bit(PathFlaw::target_too_long) | bit(PathFlaw::unreadable) | bit(PathFlaw::bad_escape) |
           bit(PathFlaw::too_many_segments) | bit_if(rules.encoded_slash, PathFlaw::encoded_slash) |
           bit_if(rules.backslash, PathFlaw::backslash) |
           bit_if(rules.control_byte, PathFlaw::control_byte) |
           bit_if(rules.not_utf8, PathFlaw::not_utf8) |
           bit_if(rules.dot_segment, PathFlaw::dot_segment) |
           bit_if(rules.empty_segment, PathFlaw::empty_segment) |
           bit_if(rules.semicolon, PathFlaw::semicolon) |
           bit_if(rules.double_encoding, PathFlaw::double_encoding);
}

/// Returns the value of a hex digit; -1 if it is none.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// Returns whether "%hh" is at `at`.
constexpr bool is_escape(std::string_view text, std::size_t at) noexcept {
    return at + 2 < text.size() && text[at] == '%' && hex_value(text[at + 1]) >= 0 &&
           hex_value(text[at + 2]) >= 0;
}

bool is_readable(std::string_view target) noexcept {
    return target.starts_with('/') && std::none_of(target.begin(), target.end(), [](char c) {
               return c == ' ' || c == '#' || is_control_byte(c);
           });
}

/// Decodes the escapes of the segment once, writes it to `out`, and advances `out`. Copies an
/// invalid escape unchanged and adds bad_escape to `flaws`.
std::string_view decode(std::string_view segment, char*& out, Flaws& flaws) noexcept {
    const char* const begin = out;
    for (std::size_t at = 0; at < segment.size(); ++at) {
        if (is_escape(segment, at)) {
            *out++ =
                static_cast<char>(hex_value(segment[at + 1]) << 4 | hex_value(segment[at + 2]));
            at += 2;
        } else {
            if (segment[at] == '%')
                flaws |= bit(PathFlaw::bad_escape);
            *out++ = segment[at];
        }
    }
    return {begin, static_cast<std::size_t>(out - begin)};
}

/// Not a flaw: marks bytes that Path::plain excludes. All table entries but those of plain bytes
/// have it.
constexpr Flaws not_plain = 1U << 31U;

constexpr bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/// The possible flaws of a byte in a decoded segment. not_utf8 and double_encoding need a second
/// test.
constexpr std::array<Flaws, 256> first_sight = [] {
    std::array<Flaws, 256> flaws{};
    for (std::size_t byte = 0; byte < flaws.size(); ++byte) {
        if (is_control_byte(static_cast<char>(byte)))
            flaws[byte] = bit(PathFlaw::control_byte);
        if (byte >= 0x80)
            flaws[byte] = bit(PathFlaw::not_utf8);
    }
    flaws['/'] = bit(PathFlaw::encoded_slash);
    flaws['\\'] = bit(PathFlaw::backslash);
    flaws[';'] = bit(PathFlaw::semicolon);
    flaws['%'] = bit(PathFlaw::double_encoding);
    for (std::size_t byte = 0; byte < flaws.size(); ++byte)
        if (!is_plain(static_cast<char>(byte)))
            flaws[byte] |= not_plain;
    return flaws;
}();

bool has_escape(std::string_view segment) noexcept {
    for (std::size_t at = segment.find('%'); at != segment.npos; at = segment.find('%', at + 1))
        if (is_escape(segment, at))
            return true;
    return false;
}

/// Returns all flaws of a decoded segment.
Flaws flaws_in(std::string_view segment) noexcept {
    Flaws flaws = 0;
    for (const char c : segment)
        flaws |= first_sight[static_cast<unsigned char>(c)];
    if ((flaws & bit(PathFlaw::not_utf8)) != 0 && is_utf8(segment))
        flaws &= ~bit(PathFlaw::not_utf8);
    if ((flaws & bit(PathFlaw::double_encoding)) != 0 && !has_escape(segment))
        flaws &= ~bit(PathFlaw::double_encoding);
    if (segment.empty())
        flaws |= bit(PathFlaw::empty_segment);
    if (segment == "." || segment == "..")
        flaws |= bit(PathFlaw::dot_segment);
    return flaws;
}

}  // namespace

Path read_path(std::string_view target, const PathChecks& rules) {
    if (target.size() > rules.target_bytes_max)
        return Path{PathFlaw::target_too_long, bit(PathFlaw::target_too_long), false, {}, {}};
    if (!is_readable(target))
        return Path{PathFlaw::unreadable, bit(PathFlaw::unreadable), false, {}, {}};
    Path path;
    Flaws flaws = 0;
    std::string_view rest = path_part(target).substr(1);
    bool more = !rest.empty();
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    const bool escaped = rest.find('%') != rest.npos;
    if (escaped)
        path.decoded = std::make_unique<char[]>(rest.size());  // decoding never makes it longer
    char* out = path.decoded.get();
    while (more) {
        const std::size_t slash = rest.find('/');
        const std::string_view sent = rest.substr(0, slash);
        const std::string_view segment = escaped ? decode(sent, out, flaws) : sent;
        flaws |= flaws_in(segment);
        if (path.segments.size() == limits::path_segments_max)
            flaws |= bit(PathFlaw::too_many_segments);
        else
            path.segments.push_back(segment);
        more = slash != rest.npos;
        if (more)
            rest.remove_prefix(slash + 1);
    }
    path.plain = (flaws & not_plain) == 0;
    path.found = flaws & ~not_plain;
    if (const Flaws refused = flaws & refused_by(rules); refused != 0)
        return Path{first_of(refused), path.found, false, {}, {}};
    return path;
}

FlawSet refused_of(FlawSet found, const PathChecks& rules) noexcept {
    return found & refused_by(rules);
}

PathFlaw first_of(FlawSet flaws) noexcept {
    return flaws == 0 ? PathFlaw::none : static_cast<PathFlaw>(std::countr_zero(flaws));
}

PathFlaw flaw_of(std::string_view segment, const PathChecks& rules) noexcept {
    return first_of(flaws_in(segment) & refused_by(rules));
}

std::string_view path_part(std::string_view target) noexcept {
    return target.substr(0, target.find('?'));
}

std::string_view explain(PathFlaw flaw) noexcept {
    switch (flaw) {
        case PathFlaw::none:
            return "the path is sound";
        case PathFlaw::target_too_long:
            return "the target is too long";
        case PathFlaw::unreadable:
            return "the target does not begin with '/', or has a '#', a space or a control byte";
        case PathFlaw::bad_escape:
            return "the path has a '%' without two hex digits after it";
        case PathFlaw::encoded_slash:
            return "the path has an encoded slash (%2F)";
        case PathFlaw::backslash:
            return "the path has a backslash, as sent or as %5C";
        case PathFlaw::control_byte:
            return "the path has an encoded control byte (%00 to %1F or %7F)";
        case PathFlaw::not_utf8:
            return "the path is not UTF-8";
        case PathFlaw::dot_segment:
            return "the path has a segment '.' or '..', as sent or encoded";
        case PathFlaw::empty_segment:
            return "the path has an empty segment ('//')";
        case PathFlaw::semicolon:
            return "the path has a semicolon, as sent or as %3B";
        case PathFlaw::double_encoding:
            return "the path is percent-encoded twice (%25 before two hex digits)";
        case PathFlaw::too_many_segments:
            static_assert(limits::path_segments_max == 64);
            return "the path has more than 64 segments";
        case PathFlaw::case_variant:
            return "the path differs from a configured one only in upper and lower case";
        case PathFlaw::reading_variant:
            return "an upstream that cuts a suffix such as '.json' or ':1', or dots and spaces at "
                   "an end, or takes one Unicode character for another, reads it as a configured "
                   "one, or reads a segment of it as '.', '..', empty or two segments";
    }
    return "";
}

}  // namespace hourgate::policy
