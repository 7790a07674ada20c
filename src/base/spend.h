// Whether a call is counted. The gate hands this value down to the limiter.
#pragma once

#include <cstdint>

namespace hourgate {

enum class Spend : std::uint8_t {
    yes,      ///< an ordinary call: counted when granted
    no,       ///< a dry run: counts nothing
    repeat,   ///< nginx's second question about a call that was counted a moment ago: gets the same
              ///< answer and counts nothing
    counted,  ///< the same call that was granted and counted a moment ago: it already has its room;
              ///< counts nothing
};

}  // namespace hourgate
