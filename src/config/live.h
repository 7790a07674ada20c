// What of a configuration can change while the server runs: all but what listens, what is open and
// what writes. The rest takes a start.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace hourgate::config {

/// `next`, with the values of `now` where only a start can change them. `kept` is told each key for
/// which that made a difference: "server.public", in the order of the file.
[[nodiscard]] Config live(const Config& now, Config next, std::vector<std::string>& kept);

}  // namespace hourgate::config
