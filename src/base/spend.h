// Whether a question is counted: a word that the gate hands down to the limiter.
#pragma once

#include <cstdint>

namespace hourgate {

enum class Spend : std::uint8_t {
    yes,      ///< a call: counted when granted
    no,       ///< a look: counts nothing
    again,    ///< the very call that was asked and counted a moment ago (nginx asks twice): say the
              ///< same again, count nothing
    counted,  ///< the very call that was granted and counted a moment ago: it has its room already,
              ///< whoever came since; counts nothing
};

}  // namespace hourgate
