#include "base/seeded_hash.h"

#include <random>

namespace hourgate {

const HashSeed& hash_seed() {
    static const HashSeed seed = [] {
        std::random_device random;
        HashSeed drawn{};
        for (std::uint64_t& word : drawn)
            word = static_cast<std::uint64_t>(random()) << 32 | random();
        return drawn;
    }();
    return seed;
}

}  // namespace hourgate
