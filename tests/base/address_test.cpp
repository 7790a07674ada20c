// base/address.h
#include "base/address.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "support/catch.h"

using hourgate::Address;
using hourgate::AddressSet;
using hourgate::Network;
using Family = hourgate::Address::Family;

namespace {

Address address(std::string_view text) {
    const auto parsed = Address::parse(text);
    INFO(text);
    REQUIRE(parsed);
    return *parsed;
}

Network network(std::string_view text) {
    const auto parsed = Network::parse(text);
    INFO(text);
    REQUIRE(parsed);
    return *parsed;
}

/// The address with one bit turned, by way of its text.
Address turned(const Address& from, unsigned bit) {
    auto bytes = from.bytes();
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (0x80U >> bit % 8));
    std::string text;
    if (from.family() == Family::v4) {
        for (std::size_t at = 0; at < 4; ++at)
            text += (at == 0 ? "" : ".") + std::to_string(bytes[at]);
    } else {
        constexpr char digits[] = "0123456789abcdef";
        for (std::size_t at = 0; at < 16; ++at) {
            if (at != 0 && at % 2 == 0)
                text += ':';
            text += digits[bytes[at] >> 4U];
            text += digits[bytes[at] & 15U];
        }
    }
    return address(text);
}

}  // namespace

TEST_CASE("IPv4 is four decimal numbers") {
    const Address a = address("192.0.2.1");
    CHECK(a.family() == Family::v4);
    CHECK(a.bytes() == std::array<std::uint8_t, 16>{192, 0, 2, 1});
    CHECK(a.text() == "192.0.2.1");
    CHECK(address("0.0.0.0").text() == "0.0.0.0");
    CHECK(address("255.255.255.255").text() == "255.255.255.255");
    for (const auto* text :
         {"", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.00",
          "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.-4", "1..3.4", "1.2.3.4:80", "2130706433",
          "1.2.3.4/32", "a.b.c.d", "[1.2.3.4]", "1.2.3.4%0"}) {
        INFO(text);
        CHECK_FALSE(Address::parse(text));
    }
    CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0", 8)));
    CHECK_FALSE(Address::parse(std::string_view("1.2.3.4\0.5", 10)));
}

TEST_CASE("IPv6 is read in every written form and written in one (RFC 5952)") {
    CHECK(address("2001:DB8:0:0:0:0:0:1").text() == "2001:db8::1");
    CHECK(address("2001:0db8::0001") == address("2001:db8::1"));
    CHECK(address("::").text() == "::");
    CHECK(address("::1").text() == "::1");
    CHECK(address("2001:db8:0:1:1:1:1:1").text() == "2001:db8:0:1:1:1:1:1");
    CHECK(address("2001:0:0:1:0:0:0:1").text() == "2001:0:0:1::1");
    CHECK(address("2001:db8:0:0:1:0:0:1").text() == "2001:db8::1:0:0:1");
    CHECK(address("64:ff9b::192.0.2.33") == address("64:ff9b::c000:221"));
    CHECK(address("::1").family() == Family::v6);
    for (const auto* text : {":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
                             "12345::", "g::", "[::1]", "fe80::1%eth0", "::1/128", "::1 ",
                             "::ffff:1.2.3", "::ffff:01.2.3.4", "1:2:3:4:5:6:7:8:1.2.3.4",
                             "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001"}) {
        INFO(text);
        CHECK_FALSE(Address::parse(text));
    }
}

TEST_CASE("An IPv4-mapped address is IPv4, and only a mapped one is") {
    CHECK(address("::ffff:192.0.2.1") == address("192.0.2.1"));
    CHECK(address("::FFFF:c000:0201") == address("192.0.2.1"));
    CHECK(address("0:0:0:0:0:ffff:127.0.0.1").text() == "127.0.0.1");
    CHECK(address("::192.0.2.1").family() == Family::v6);
    CHECK(address("::ffff:0:192.0.2.1").family() == Family::v6);
    CHECK(address("::1") != address("0.0.0.1"));
    CHECK(Address::loopback() == address("127.0.0.1"));
}

TEST_CASE("A hop of X-Forwarded-For may have brackets, a port and spaces around it") {
    const Address v4 = address("192.0.2.1");
    const Address v6 = address("2001:db8::1");
    for (const auto* text : {"192.0.2.1", "192.0.2.1:80", "192.0.2.1:65535", " 192.0.2.1\t",
                             "192.0.2.1:0", "::ffff:192.0.2.1", "[::ffff:192.0.2.1]:443"}) {
        INFO(text);
        CHECK(Address::parse_hop(text) == v4);
    }
    for (const auto* text :
         {"2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:443", " [2001:DB8::1] "}) {
        INFO(text);
        CHECK(Address::parse_hop(text) == v6);
    }
    for (const auto* text : {"",
                             " ",
                             "unknown",
                             "_hidden",
                             "192.0.2.1:",
                             "192.0.2.1:65536",
                             "192.0.2.1:080000",
                             "192.0.2.1:x",
                             "192.0.2.1:-1",
                             "192.0.2.1:80:80",
                             "[192.0.2.1]",
                             "[192.0.2.1]:80",
                             "[2001:db8::1",
                             "2001:db8::1]",
                             "[2001:db8::1]x",
                             "[2001:db8::1]:",
                             "[2001:db8::1]:65536",
                             "[]",
                             "[]:80",
                             "\"[2001:db8::1]\"",
                             "[[2001:db8::1]]",
                             "192.0.2.1, 192.0.2.2",
                             "for=192.0.2.1",
                             ":80",
                             "[ 2001:db8::1]"}) {
        INFO(text);
        CHECK_FALSE(Address::parse_hop(text));
    }
}

TEST_CASE("A limiter counts IPv4 by address and IPv6 by its first 64 bits") {
    const auto key = [](std::string_view text) { return address(text).limiter_key(); };
    CHECK(key("192.0.2.1") == std::array<std::uint8_t, 9>{4, 192, 0, 2, 1, 0, 0, 0, 0});
    CHECK(key("2001:db8:1:2:3:4:5:6") ==
          std::array<std::uint8_t, 9>{6, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2});
    CHECK(key("::ffff:192.0.2.1") == key("192.0.2.1"));
    CHECK(key("c000:201::") != key("192.0.2.1"));
    const Address v4 = address("192.0.2.1");
    for (unsigned bit = 0; bit < 32; ++bit)
        CHECK(turned(v4, bit).limiter_key() != v4.limiter_key());
    const Address v6 = address("2001:db8:1:2:3:4:5:6");
    for (unsigned bit = 0; bit < 128; ++bit) {
        INFO("bit " << bit);
        CHECK((turned(v6, bit).limiter_key() == v6.limiter_key()) == (bit >= 64));
    }
}

TEST_CASE("A network contains exactly what agrees with it in its leading bits") {
    for (const auto* text : {"0.0.0.0", "::"}) {
        const Address zero = address(text);
        const unsigned width = zero.family() == Family::v4 ? 32 : 128;
        for (unsigned bits = 0; bits <= width; ++bits) {
            const Network net = network(std::string(text) + "/" + std::to_string(bits));
            CHECK(net.contains(zero));
            for (unsigned bit = 0; bit < width; ++bit)
                if (net.contains(turned(zero, bit)) != (bit >= bits))
                    FAIL(text << " " << bits << " " << bit);
        }
    }
    CHECK(network("10.0.0.0/8").contains(address("10.255.1.2")));
    CHECK_FALSE(network("10.0.0.0/8").contains(address("11.0.0.0")));
    CHECK(network("10.1.2.3").contains(address("10.1.2.3")));
    CHECK_FALSE(network("10.1.2.3").contains(address("10.1.2.2")));
    CHECK(network("::1").bits == 128);
    CHECK(network("2001:db8::/33").contains(address("2001:db8:7fff::1")));
    CHECK_FALSE(network("2001:db8::/33").contains(address("2001:db8:8000::1")));
}

TEST_CASE("A network with a bit outside its mask is refused") {
    CHECK_FALSE(Network::parse("10.0.0.1/8"));
    CHECK_FALSE(Network::parse("2001:db8::1/64"));
    const Address zero = address("0.0.0.0");
    for (unsigned bits = 0; bits <= 32; ++bits)
        for (unsigned bit = 0; bit < 32; ++bit) {
            const std::string text = turned(zero, bit).text() + "/" + std::to_string(bits);
            if (Network::parse(text).has_value() != (bit < bits))
                FAIL(text);
        }
}

TEST_CASE("What is not a network is refused") {
    for (const auto* text :
         {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.0/08",
          "10.0.0.0/255.0.0.0", "10.0.0/8", "::/129", "localhost", "*", "10.0.0.0/8 ", "10.0.0.*",
          "::ffff:10.0.0.0/8", "::ffff:10.0.0.0/95", "::ffff:10.0.0.0/129",
          "::ffff:10.0.0.1/104"}) {
        INFO(text);
        CHECK_FALSE(Network::parse(text));
    }
}

TEST_CASE("A mapped network is the IPv4 network") {
    const Network mapped = network("::ffff:10.0.0.0/104");
    CHECK(mapped.bits == 8);
    CHECK(mapped.address == address("10.0.0.0"));
    CHECK(network("::ffff:0:0/96").contains(address("203.0.113.9")));
    CHECK(network("10.0.0.0/8").contains(address("::ffff:10.1.2.3")));
}

TEST_CASE("A set knows its networks and never an address of the other family") {
    const AddressSet none;
    CHECK_FALSE(none.contains(Address::loopback()));
    const AddressSet loopback({network("127.0.0.0/8"), network("::1/128")});
    CHECK(loopback.contains(address("127.9.9.9")));
    CHECK(loopback.contains(address("::1")));
    CHECK(loopback.contains(address("::ffff:127.0.0.1")));
    CHECK_FALSE(loopback.contains(address("::2")));
    CHECK_FALSE(loopback.contains(address("128.0.0.1")));
    CHECK_FALSE(AddressSet({network("0.0.0.0/0")}).contains(address("::1")));
    CHECK_FALSE(AddressSet({network("::/0")}).contains(address("1.2.3.4")));
}
