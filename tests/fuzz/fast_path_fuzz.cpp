// The fast path against the long way, and our reading of a head against cpp-httplib's: fast_path_law.h.
#include "fuzz/fast_path_law.h"

#include "fuzz/fuzz.h"

using namespace hourgate;

/// The last byte is `how`, too: behind a whole request it changes nothing else.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0)
        fuzz::check_fast_path(fuzz::text_of(data, size), data[size - 1]);
    return 0;
}
