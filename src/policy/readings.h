// How an upstream may read a path differently from the gate. It may drop a format suffix
// (clients.json), or dots and spaces at an end. It may take Unicode characters in their
// compatibility form (full-width letters), and ignore letter case. Policy decides what is refused
// because of that.
// Readings keep the number of segments. A path with a segment that may_change_path() is refused
// before any resource is searched.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/few.h"
#include "policy/path.h"
#include "policy/resource.h"

namespace hourgate::policy {

/// Returns the text in the form in which texts are compared. If `reading_variant` is refused, that
/// is Unicode's compatibility form NFKC without invisible characters (UAX #15,
/// DerivedNormalizationProps). If `case_variant` is refused, it is in one letter case. Text that is
/// not UTF-8 is changed only in ASCII. Throws std::bad_alloc.
[[nodiscard]] std::string folded(std::string_view text, const PathChecks& rules);

/// Returns whether an upstream may read this decoded segment as '.', as '..', as an empty segment
/// or as more than one segment. Such a path leads elsewhere, whichever resource it matches as sent.
/// It considers NFKC, dropped invisible characters, marks and control characters, and spaces at the
/// ends. It also considers a suffix after punctuation, a second decoding, and the slashes that
/// Windows code pages substitute for other characters ("best fit"). More than 30 combining marks in
/// a row count as well: no language has them (UAX #15, section 13).
/// Always false if `reading_variant` is off. If `dot_segment`, `encoded_slash`, `backslash` or
/// `double_encoding` is off, the operator knows how the upstream reads that. Throws std::bad_alloc.
[[nodiscard]] bool may_change_path(std::string_view segment, const PathChecks& rules);

/// Returns the text as the most lenient upstream reads it. It is in compatibility form, without
/// marks, control characters and invisible characters. Look-alikes of blanks and slashes become
/// blanks and slashes. Throws std::bad_alloc.
[[nodiscard]] std::string leniently_read(std::string_view text);

/// How a segment reads after spaces at its ends and a suffix after punctuation are cut.
enum class DotsRead : std::uint8_t {
    none,    ///< neither '.' nor '..'
    one,     ///< '.'
    two,     ///< '..'
    either,  ///< depends on where the suffix is cut
};
[[nodiscard]] DotsRead dots_read(std::string_view segment) noexcept;

/// All readings of one path under the checks that are on. A plain path (Path::plain) has none, and
/// costs nothing.
class Readings {
public:
    /// REQUIRES: both outlive this object. Throws std::bad_alloc.
    Readings(const Path& path, const PathChecks& rules);
    Readings(const Readings&) = delete;
    Readings& operator=(const Readings&) = delete;

    /// Returns whether some reading of the path matches. REQUIRES: the literals of the pattern are
    /// folded with the same checks.
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
    bool any_ = false;                 // whether there is any other reading
    std::vector<std::string> folded_;  // segments that are not ASCII
    Parts parts_;                      // one for each segment
};

}  // namespace hourgate::policy
