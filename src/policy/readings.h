// How else an upstream may read a path than the gate does: without a format suffix (clients.json),
// without dots and spaces at an end, with Unicode characters in their compatibility form
// (full-width letters), and whatever the letter case. Policy decides what is refused for that.
#pragma once

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
[[nodiscard]] std::string folded(std::string_view text, const PathRules& rules);

/// All readings of one path under the rules that are on. A plain path (Path::plain) has none, and
/// costs nothing.
class Readings {
public:
    /// Both must outlive this. Throws std::bad_alloc.
    Readings(const Path& path, const PathRules& rules);
    Readings(const Readings&) = delete;
    Readings& operator=(const Readings&) = delete;

    /// Whether some reading of the path matches. REQUIRES: the literals of the pattern are folded
    /// by the same rules.
    [[nodiscard]] bool match(const Pattern& pattern) const noexcept;

private:
    using Parts = Few<std::string_view, 8>;
    [[nodiscard]] std::string_view part_of(std::string_view segment);
    void add_split(std::string_view part);
    [[nodiscard]] bool match(const Pattern& pattern, const Parts& parts) const noexcept;
    [[nodiscard]] bool reads_as(std::string_view part, std::string_view literal) const noexcept;

    const PathRules& rules_;
    bool any_ = false;                 // whether there is a reading at all
    std::vector<std::string> folded_;  // of segments that are not ASCII
    Parts sent_;                       // segment by segment
    Parts split_;  // the same once slashes, dots and blank segments in them have their effect
    bool differs_ = false;  // whether split_ is another path than sent_
};

}  // namespace hourgate::policy
