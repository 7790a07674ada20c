// How else an upstream may read a path than the gate does: without a format suffix (clients.json),
// without dots and spaces at an end, with Unicode characters in their compatibility form
// (full-width letters), and whatever the letter case. Policy decides what is refused for that.
// Readings keep the number of segments: a path with a segment that may_change_path() is refused
// before any resource is looked at.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/few.h"
#include "policy/path.h"
#include "policy/resource.h"

namespace hourgate::policy {

/// Returns the text in the form in which two texts are compared: in Unicode's compatibility form
/// NFKC without characters that show nothing (UAX #15, DerivedNormalizationProps) when
/// `reading_variant` is refused, and in one letter case when `case_variant` is. Text that is not
/// UTF-8 is changed in ASCII alone. Throws std::bad_alloc.
[[nodiscard]] std::string folded(std::string_view text, const PathChecks& rules);

/// Returns whether an upstream may read this decoded segment as '.', as '..', as an empty segment
/// or as more than one segment. Such a path leads elsewhere, whichever resource it matches as sent.
/// Considered are NFKC, invisible characters, marks and control characters left out, spaces at the
/// ends, a suffix after punctuation, a second decoding, and the slashes that Windows' code pages
/// put in the place of others ("best fit"). A row of more than 30 combining marks counts as well:
/// no language has it (UAX #15, section 13). Always false with `reading_variant` off; what
/// `dot_segment`, `encoded_slash`, `backslash` and `double_encoding` allow is as the operator
/// knows it to be. Throws std::bad_alloc.
[[nodiscard]] bool may_change_path(std::string_view segment, const PathChecks& rules);

/// The text as an upstream reads it that is as lenient as can be: in compatibility form, without
/// marks, control characters and characters that show nothing, with look-alikes of blanks and
/// slashes as those. Throws std::bad_alloc.
[[nodiscard]] std::string leniently_read(std::string_view text);

/// What is left of a segment once spaces at its ends and a suffix behind punctuation are cut.
enum class DotsRead : std::uint8_t {
    none,    ///< neither '.' nor '..'
    one,     ///< '.'
    two,     ///< '..'
    either,  ///< by where the suffix is cut
};
[[nodiscard]] DotsRead dots_read(std::string_view segment) noexcept;

/// All readings of one path under the rules that are on. A plain path (Path::plain) has none, and
/// costs nothing.
class Readings {
public:
    /// Both must outlive this. Throws std::bad_alloc.
    Readings(const Path& path, const PathChecks& rules);
    Readings(const Readings&) = delete;
    Readings& operator=(const Readings&) = delete;

    /// Whether some reading of the path matches. REQUIRES: the literals of the pattern are folded
    /// by the same rules.
    [[nodiscard]] bool match(const Pattern& pattern) const noexcept;

private:
    using Parts = Few<std::string_view, 8>;
    [[nodiscard]] std::string_view part_of(std::string_view segment);
    [[nodiscard]] bool reads_as(std::string_view part, std::string_view literal) const noexcept;
    [[nodiscard]] bool reads_as(std::string_view part, const Segment& capture) const noexcept;
    [[nodiscard]] std::string_view trimmed_for(std::string_view part,
                                               std::string_view begin) const noexcept;
    [[nodiscard]] bool begins(std::string_view part, std::string_view with) const noexcept;
    [[nodiscard]] bool may_end_at(std::string_view part, std::size_t at) const noexcept;

    const PathChecks& rules_;
    bool any_ = false;                 // whether there is a reading at all
    std::vector<std::string> folded_;  // of segments that are not ASCII
    Parts parts_;                      // segment by segment
};

}  // namespace hourgate::policy
