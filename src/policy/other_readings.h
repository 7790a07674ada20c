// How else an upstream may read a path that [policy] refuses and a resource allows: with an encoded
// slash as a slash, without what stands behind a semicolon, decoded once more, and so on, each with
// and without each of the others. Other than policy/readings.h, these change the segments.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/path.h"

namespace hourgate::policy {

/// One of them.
struct OtherReading {
    std::vector<std::string> segments;
    bool climbed = false;  ///< a segment '..' took one away

    friend bool operator==(const OtherReading&, const OtherReading&) = default;
};

/// Calls `accepts` for every reading of the path but the gate's own, each once. Returns false as
/// soon as one is not accepted; and if there are more than limits::other_readings_max, or one has
/// more than limits::path_segments_max segments. Throws std::bad_alloc.
[[nodiscard]] bool all_other_readings(const Path& path,
                                      const std::function<bool(const OtherReading&)>& accepts);

}  // namespace hourgate::policy
