// How else an upstream may read a path that [policy] refuses and a resource allows. It may take an
// encoded slash as a slash, drop what follows a semicolon, decode once more, and so on, in every
// combination. Unlike those of policy/readings.h, these readings change the segments.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "policy/path.h"

namespace hourgate::policy {

/// One such reading.
struct OtherReading {
    std::vector<std::string> segments;
    bool climbed = false;  ///< a segment '..' removed another segment

    friend bool operator==(const OtherReading&, const OtherReading&) = default;
};

/// Calls `accepts` once for every reading of the path except the gate's own. Returns false as soon
/// as one is not accepted. Also returns false if there are more than limits::other_readings_max, or
/// if one has more than limits::path_segments_max segments. Throws std::bad_alloc.
[[nodiscard]] bool all_other_readings(const Path& path,
                                      const std::function<bool(const OtherReading&)>& accepts);

}  // namespace hourgate::policy
