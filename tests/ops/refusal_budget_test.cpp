// How many refusals may leave a record or a line: of one known token, of one net of callers nobody
// knows, of all of them; and how often a mistake is worth a line.
#include <memory>
#include <string>

#include "base/limits.h"
#include "ops/occasional.h"
#include "ops/refusal_budget.h"
#include "support/catch.h"

using namespace hourgate;
using ops::RefusalBudget;

namespace {

constexpr RefusalBudget::Bounds bounds = {5, 4, 10, 2};
constexpr std::int64_t start_us = 600 * us_per_s;

Decision refused(std::int64_t now_us, const std::string& address = "192.0.2.1") {
    Decision decision;
    decision.reason = Reason::no_credentials;
    decision.now.boot_us = now_us;
    decision.address = Address::parse(address);
    return decision;
}

Decision of_token(std::int64_t now_us, std::int64_t token) {
    Decision decision = refused(now_us);
    auto facts = std::make_shared<Facts>();
    facts->token.id = token;
    decision.facts = std::move(facts);
    decision.reason = Reason::window_full;
    return decision;
}

int taken(RefusalBudget& budget, const Decision& decision, int times) {
    int count = 0;
    for (int i = 0; i < times; ++i)
        count += budget.take(decision) ? 1 : 0;
    return count;
}

std::string address_of(int net) {
    return "2001:db8:" + std::to_string(net) + "::1";
}

}  // namespace

TEST_CASE("callers nobody knows have one budget, from however many nets they come") {
    RefusalBudget budget(bounds);
    int count = 0;
    for (int net = 0; net < 9'000; ++net)
        count += taken(budget, refused(start_us, address_of(net)), 1);
    CHECK(count == 10);
    // And each second two more, up to as many as there may be at once.
    CHECK(taken(budget, refused(start_us + us_per_s / 2 - 1, address_of(1)), 5) == 0);
    CHECK(taken(budget, refused(start_us + us_per_s / 2, address_of(1)), 5) == 1);
    count = 0;
    for (int net = 0; net < 9'000; ++net)
        count += taken(budget, refused(start_us + 30 * us_per_s, address_of(net)), 1);
    CHECK(count == 10);
}

TEST_CASE("of that budget one net has a part a minute, however many addresses of it come") {
    RefusalBudget budget(bounds);
    int count = 0;
    for (int i = 0; i < 100; ++i)
        count += taken(budget, refused(start_us, "2001:db8:1:" + std::to_string(i) + "::1"), 1);
    CHECK(count == 4);
    for (int i = 0; i < 100; ++i)
        count += taken(budget, refused(start_us, "192.0.2." + std::to_string(i)), 1);
    CHECK(count == 8);
    CHECK(taken(budget, refused(start_us, "192.0.3.1"), 9) == 2);  // what is left for all
    CHECK(taken(budget, refused(start_us + 60 * us_per_s), 9) == 4);
}

TEST_CASE("whoever has no known address is one net") {
    RefusalBudget budget(bounds);
    Decision unknown = refused(start_us);
    unknown.address.reset();
    CHECK(taken(budget, unknown, 9) == 4);
}

TEST_CASE("a known token has its own budget, whatever strangers and other tokens do") {
    RefusalBudget budget(bounds);
    for (int net = 0; net < 100; ++net)
        (void)budget.take(refused(start_us, address_of(net)));
    CHECK(taken(budget, of_token(start_us, 7), 9) == 5);
    CHECK(taken(budget, of_token(start_us, 8), 9) == 5);
    CHECK(taken(budget, of_token(start_us + 60 * us_per_s, 7), 9) == 5);
}

TEST_CASE("what fails for lack of the store is counted apart, and no stranger crowds it out") {
    RefusalBudget budget(bounds);
    for (int net = 0; net < 100; ++net)
        (void)budget.take(refused(start_us, address_of(net)));
    Decision failed = refused(start_us);
    failed.reason = Reason::store_failed;
    CHECK(taken(budget, failed, 9) == 5);
}

TEST_CASE("more tokens than are told apart share what one may have") {
    RefusalBudget budget(bounds);
    for (std::size_t token = 0; token < limits::refusal_sources_max; ++token)
        REQUIRE(budget.take(of_token(start_us, static_cast<std::int64_t>(token))));
    int count = 0;
    for (std::int64_t token = 0; token < 100; ++token)
        count += taken(budget, of_token(start_us, 1'000'000 + token), 1);
    CHECK(count == 5);
    CHECK(taken(budget, of_token(start_us, 1), 9) == 4);
}

TEST_CASE("what happens often is logged once in a while, with how often it was") {
    ops::Occasional occasional;
    CHECK(occasional.happened(start_us) == 1U);
    for (int i = 0; i < 5; ++i)
        CHECK_FALSE(occasional.happened(start_us + 59 * us_per_s));
    CHECK(occasional.happened(start_us + 60 * us_per_s) == 6U);
    CHECK(occasional.happened(start_us + 120 * us_per_s) == 1U);
}
