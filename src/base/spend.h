// Whether a question is counted: a word that the gate hands down to the limiter.
#pragma once

#include <cstdint>

namespace hourgate {

enum class Spend : std::uint8_t {
    yes,      ///< a call: counted when granted
    no,       ///< a look: counts nothing
    repeat,   ///< the second question of nginx about a call that was counted a moment ago: the
              ///< answer is the same, and nothing is counted
    counted,  ///< the very call that was granted and counted a moment ago: it has its room already,
              ///< whoever came since; counts nothing
};

}  // namespace hourgate
