// base/random.h: public ids have their form and do not repeat. The kernel's generator has no seed
// to print; every check here fails by chance less than once in 10^100 runs.
#include "base/random.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <thread>

#include "support/catch.h"

namespace {

std::string hex() {
    const auto digits = hourgate::random_hex_128();
    return std::string(digits.begin(), digits.end());
}

/// Whether in each place every digit, and nothing else, was seen.
bool every_place_takes(const std::set<std::string>& ids, std::size_t from,
                       std::string_view digits) {
    for (std::size_t place = from; place < ids.begin()->size(); ++place) {
        std::set<char> seen;
        for (const std::string& id : ids)
            seen.insert(id[place]);
        if (seen != std::set<char>(digits.begin(), digits.end()))
            return false;
    }
    return true;
}

}  // namespace

TEST_CASE("Ten thousand 128-bit ids differ, and each place takes every hex digit") {
    std::set<std::string> ids;
    for (int draw = 0; draw < 10'000; ++draw)
        ids.insert(hex());
    CHECK(ids.size() == 10'000);
    CHECK(every_place_takes(ids, 0, "0123456789abcdef"));
}

TEST_CASE("A public id is its prefix and sixteen digits, each of which takes all 32 values") {
    std::set<std::string> ids;
    for (int draw = 0; draw < 10'000; ++draw)
        ids.insert(hourgate::random_id("ws_"));
    CHECK(ids.size() == 10'000);
    CHECK(std::all_of(ids.begin(), ids.end(), [](const std::string& id) {
        return id.size() == 19 && id.starts_with("ws_");
    }));
    CHECK(every_place_takes(ids, 3, "abcdefghijklmnopqrstuvwxyz234567"));
}

TEST_CASE("Two threads draw different ids") {
    std::set<std::string> here;
    std::set<std::string> there;
    std::thread other([&] {
        for (int draw = 0; draw < 100; ++draw)
            there.insert(hex());
    });
    for (int draw = 0; draw < 100; ++draw)
        here.insert(hex());
    other.join();
    here.insert(there.begin(), there.end());
    CHECK(here.size() == 200);
}
