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
using hourgate::http::PerAddressLimit;

namespace {

Address at(const std::string& text) {
    return *Address::parse(text);
}

}  // namespace

TEST_CASE("an address has its slots, no more, and has them again when they are left") {
    PerAddressLimit limit(2, 9, {});
    auto first = limit.enter(at("192.0.2.1")), second = limit.enter(at("192.0.2.1"));
    REQUIRE((first && second));
    CHECK_FALSE(limit.enter(at("192.0.2.1")));
    CHECK(limit.enter(at("192.0.2.2")));
    const PerAddressLimit::Slot moved = *std::move(second);  // one slot still
    second.reset();
    CHECK_FALSE(limit.enter(at("192.0.2.1")));
    first.reset();
    CHECK(limit.enter(at("192.0.2.1")));
    CHECK(limit.addresses() == 1);
}

TEST_CASE("IPv6 addresses of one /64 share their slots, an IPv4-mapped address is the IPv4 one") {
    PerAddressLimit limit(1, 9, {});
    const auto v6 = limit.enter(at("2001:db8::1")), v4 = limit.enter(at("192.0.2.1"));
    REQUIRE((v6 && v4));
    CHECK_FALSE(limit.enter(at("2001:db8::ffff:1")));
    CHECK(limit.enter(at("2001:db8:0:1::1")));
    CHECK_FALSE(limit.enter(at("::ffff:192.0.2.1")));
}

TEST_CASE("an IPv6 /48 has its slots however many addresses it uses, and leaves others theirs") {
    PerAddressLimit limit(2, 3, {});
    std::vector<PerAddressLimit::Slot> slots;
    for (const char* text : {"2001:db8::1", "2001:db8:0:1::1", "2001:db8:0:2::1"}) {
        auto slot = limit.enter(at(text));
        REQUIRE(slot.has_value());
        slots.push_back(*std::move(slot));
    }
    CHECK_FALSE(limit.enter(at("2001:db8:0:3::1")));
    CHECK_FALSE(limit.enter(at("2001:db8::1")));
    CHECK_FALSE(limit.is_full(at("2001:db8::1")));  // its network is
    CHECK(limit.enter(at("2001:db8:1::1")));
    CHECK(limit.enter(at("192.0.2.1")));
    slots.pop_back();
    CHECK(limit.enter(at("2001:db8:0:3::1")));
    slots.clear();
    CHECK(limit.addresses() == 0);
}

TEST_CASE("IPv4 addresses count for themselves alone") {
    PerAddressLimit limit(1, 1, {});
    const auto first = limit.enter(at("192.0.2.1")), second = limit.enter(at("192.0.2.2"));
    CHECK((first && second));
    CHECK(limit.is_full(at("192.0.2.1")));
}

TEST_CASE("exempt addresses have no bound and are not remembered") {
    PerAddressLimit limit(1, 9, AddressSet({*Network::parse("10.0.0.0/8")}));
    std::vector<PerAddressLimit::Slot> slots;
    for (int i = 0; i < 100; ++i) {
        auto slot = limit.enter(at("10.1.2.3"));
        REQUIRE(slot.has_value());
        CHECK_FALSE(slot->counted());
        slots.push_back(*std::move(slot));
    }
    CHECK(limit.addresses() == 0);
}

TEST_CASE("what is remembered goes with the last connection, however many addresses there were") {
    PerAddressLimit limit(3, 1'000, {});
    {
        std::vector<PerAddressLimit::Slot> slots;
        for (int i = 0; i < 20'000; ++i) {
            const std::string text =
                "10." + std::to_string(i / 250 % 250) + ".0." + std::to_string(i % 250);
            if (auto slot = limit.enter(at(text)))
                slots.push_back(*std::move(slot));
        }
        CHECK(limit.addresses() == 20'000);
    }
    CHECK(limit.addresses() == 0);
}

TEST_CASE("many threads together never have more slots than an address has") {
    constexpr int places_max = 3;
    PerAddressLimit limit(places_max, places_max, {});
    std::atomic<int> inside{0}, entered{0};
    std::atomic<bool> over{false};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([&] {
            for (int i = 0; i < 5'000; ++i) {
                const auto slot = limit.enter(at("192.0.2.1"));
                if (!slot)
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
    CHECK(limit.addresses() == 0);
}
