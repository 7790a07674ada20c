// base/secret.h: what may not be done with a secret, and that nothing of it stays behind.
#include "base/secret.h"

#include <algorithm>
#include <concepts>
#include <ostream>
#include <string>
#include <type_traits>
#include <utility>

#include "support/catch.h"

using hourgate::Secret;

namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
    out << value;
};
template <typename T>
concept Comparable = requires(const T& a, const T& b) {
    a == b;
};

static_assert(Printable<std::string> && Comparable<std::string>,
              "the questions can be answered yes");
static_assert(!Printable<Secret>, "a secret cannot be printed");
static_assert(!Comparable<Secret>, "a secret cannot be compared in time that depends on it");
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_copy_assignable_v<Secret>);
static_assert(std::is_nothrow_move_constructible_v<Secret>);
static_assert(std::is_nothrow_move_assignable_v<Secret>);
static_assert(!std::is_convertible_v<Secret, std::string>);
static_assert(!std::is_convertible_v<Secret, std::string_view>);
static_assert(!std::is_convertible_v<std::string, Secret>, "text becomes secret only when said");

/// Whether the object's own bytes, where std::string keeps short text, hold `text` but for its
/// first character, which emptying a string overwrites.
bool holds(const Secret& secret, const std::string& whole) {
    const std::string text = whole.substr(1);
    const char* bytes = reinterpret_cast<const char*>(&secret);
    return std::search(bytes, bytes + sizeof secret, text.begin(), text.end()) !=
           bytes + sizeof secret;
}

}  // namespace

TEST_CASE("Wiping overwrites a text up to its capacity and empties it") {
    for (const std::size_t size :
         {std::size_t{1}, std::size_t{15}, std::size_t{16}, std::size_t{54}}) {
        std::string text(size, 'x');
        text.resize(size / 2);  // the cut half is still in memory
        const char* bytes = text.data();
        const std::size_t capacity = text.capacity();
        hourgate::wipe(text);
        CHECK(text.empty());
        CHECK(bytes == text.data());
        CHECK(std::all_of(bytes, bytes + capacity, [](char c) { return c == '\0'; }));
    }
}

TEST_CASE("A secret that was moved from is empty and holds none of the old characters") {
    const std::string shown = "s3cr3t";
    Secret first(shown);
    REQUIRE(holds(first, shown));
    Secret second(std::move(first));
    CHECK(second.reveal() == shown);
    CHECK(first.empty());
    CHECK_FALSE(holds(first, shown));
    Secret third;
    third = std::move(second);
    CHECK(third.reveal() == shown);
    CHECK(second.empty());
    CHECK_FALSE(holds(second, shown));
}

TEST_CASE("Assigning to a secret wipes what it held, and to itself keeps it") {
    Secret held("short");
    held = Secret(std::string(60, 'y'));
    CHECK(held.reveal() == std::string(60, 'y'));
    Secret& same = held;
    held = std::move(same);
    CHECK(held.reveal() == std::string(60, 'y'));
    CHECK_FALSE(held.empty());
    held = Secret();
    CHECK(held.empty());
}
