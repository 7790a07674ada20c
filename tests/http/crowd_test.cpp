#include "http/server/per_address_limit.h"

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "support/catch.h"

using hourgate::Address;
using hourgate::AddressSet;
using hourgate::Network;
using hourgate::http::Crowd;

namespace {

Address at(const std::string& text) {
    return *Address::parse(text);
}

}  // namespace

TEST_CASE("an address has its places, no more, and has them again when they are left") {
    Crowd crowd(2, 9, {});
    auto first = crowd.enter(at("192.0.2.1")), second = crowd.enter(at("192.0.2.1"));
    REQUIRE((first && second));
    CHECK_FALSE(crowd.enter(at("192.0.2.1")));
    CHECK(crowd.enter(at("192.0.2.2")));
    const Crowd::Place moved = *std::move(second);  // one place still
    second.reset();
    CHECK_FALSE(crowd.enter(at("192.0.2.1")));
    first.reset();
    CHECK(crowd.enter(at("192.0.2.1")));
    CHECK(crowd.addresses() == 1);
}

TEST_CASE("IPv6 addresses of one /64 share their places, an IPv4-mapped address is the IPv4 one") {
    Crowd crowd(1, 9, {});
    const auto v6 = crowd.enter(at("2001:db8::1")), v4 = crowd.enter(at("192.0.2.1"));
    REQUIRE((v6 && v4));
    CHECK_FALSE(crowd.enter(at("2001:db8::ffff:1")));
    CHECK(crowd.enter(at("2001:db8:0:1::1")));
    CHECK_FALSE(crowd.enter(at("::ffff:192.0.2.1")));
}

TEST_CASE("an IPv6 /48 has its places however many addresses it uses, and leaves others theirs") {
    Crowd crowd(2, 3, {});
    std::vector<Crowd::Place> places;
    for (const char* text : {"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"}) {
        auto place = crowd.enter(at(text));
        REQUIRE(place.has_value());
        places.push_back(*std::move(place));
    }
    CHECK_FALSE(crowd.enter(at("2001:db8:0:3::1")));
    CHECK_FALSE(crowd.enter(at("2001:db8::1")));
    CHECK_FALSE(crowd.is_full(at("2001:db8::1")));  // its network is
    CHECK(crowd.enter(at("2001:db8:1::1")));
    CHECK(crowd.enter(at("192.0.2.1")));
    places.pop_back();
    CHECK(crowd.enter(at("2001:db8:0:3::1")));
    places.clear();
    CHECK(crowd.addresses() == 0);
}

TEST_CASE("IPv4 addresses count for themselves alone") {
    Crowd crowd(1, 1, {});
    const auto first = crowd.enter(at("192.0.2.1")), second = crowd.enter(at("192.0.2.2"));
    CHECK((first && second));
    CHECK(crowd.is_full(at("192.0.2.1")));
}

TEST_CASE("exempt addresses have no bound and are not remembered") {
    Crowd crowd(1, 9, AddressSet({*Network::parse("10.0.0.0/8")}));
    std::vector<Crowd::Place> places;
    for (int i = 0; i < 100; ++i) {
        auto place = crowd.enter(at("10.1.2.3"));
        REQUIRE(place.has_value());
        CHECK_FALSE(place->counted());
        places.push_back(*std::move(place));
    }
    CHECK(crowd.addresses() == 0);
}

TEST_CASE("what is remembered goes with the last connection, however many addresses there were") {
    Crowd crowd(3, 1'000, {});
    {
        std::vector<Crowd::Place> places;
        for (int i = 0; i < 20'000; ++i) {
            const std::string text =
                "10." + std::to_string(i / 250 % 250) + ".0." + std::to_string(i % 250);
            if (auto place = crowd.enter(at(text)))
                places.push_back(*std::move(place));
        }
        CHECK(crowd.addresses() == 20'000);
    }
    CHECK(crowd.addresses() == 0);
}

TEST_CASE("many threads together never have more places than an address has") {
    constexpr int places_max = 3;
    Crowd crowd(places_max, places_max, {});
    std::atomic<int> inside{0}, entered{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i) {
                const auto place = crowd.enter(at("192.0.2.1"));
                if (!place)
                    continue;
                ++entered;
                if (++inside > places_max)
                    over = true;
                --inside;
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    CHECK_FALSE(over);
    CHECK(entered > 0);
    CHECK(crowd.addresses() == 0);
}
