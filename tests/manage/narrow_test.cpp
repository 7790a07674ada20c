// What a token mints is never more than that token: all of held scopes x asked scopes x expiry x
// environment, judged by what the powers reach and not by how they are written.
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "manage/tokens.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::manage;
using policy::Reach;
using policy::Scope;

namespace {

const std::vector<std::string> resources = {"clients", "tasks", "other"};
constexpr policy::Action actions[] = {policy::Action::read, policy::Action::create,
                                      policy::Action::update, policy::Action::delete_};

/// Every set of the six scopes on two resources.
std::vector<std::vector<Scope>> all_scope_sets() {
    std::vector<Scope> each;
    for (const char* resource : {"clients", "tasks"})
        for (const Reach reach : {Reach::read, Reach::write, Reach::all})
            each.push_back({resource, reach});
    std::vector<std::vector<Scope>> sets;
    for (unsigned bits = 0; bits < 64; ++bits) {
        std::vector<Scope> set;
        for (unsigned i = 0; i < each.size(); ++i)
            if ((bits >> i & 1U) != 0)
                set.push_back(each[i]);
        sets.push_back(std::move(set));
    }
    return sets;
}

/// Whether `inner` reaches something that `outer` does not.
bool reaches_beyond(const std::vector<Scope>& inner, const std::vector<Scope>& outer) {
    for (const std::string& resource : resources)
        for (const policy::Action action : actions)
            if (policy::allow(inner, resource, action) && !policy::allow(outer, resource, action))
                return true;
    return false;
}

bool later(std::optional<std::int64_t> a, std::optional<std::int64_t> b) {
    if (!b)
        return false;
    return !a || *a > *b;
}

const std::vector<std::optional<std::int64_t>> expiries = {std::nullopt, 1'000, 2'000, 3'000};
constexpr token::Env envs[] = {token::Env::live, token::Env::test};

}  // namespace

TEST_CASE("what is given never reaches more than what is held, and is not refused without need") {
    const auto sets = all_scope_sets();
    std::size_t given_count = 0, wrong = 0;
    for (const auto& held_scopes : sets)
        for (const auto& asked_scopes : sets)
            for (const auto& held_expiry : expiries)
                for (const auto& asked_expiry : expiries)
                    for (const token::Env held_env : envs)
                        for (int asked_env = -1; asked_env < 2; ++asked_env) {
                            const Powers held{held_scopes, held_expiry, held_env};
                            Powers asked{asked_scopes, asked_expiry, {}};
                            if (asked_env >= 0)
                                asked.env = envs[asked_env];
                            const auto given = narrow(held, asked, asked_env >= 0);
                            const bool scopes_fit =
                                asked_scopes.empty() || !reaches_beyond(asked_scopes, held_scopes);
                            const bool expiry_fits =
                                !asked_expiry || !later(asked_expiry, held_expiry);
                            const bool env_fits = asked_env < 0 || envs[asked_env] == held_env;
                            if (given.ok() != (scopes_fit && expiry_fits && env_fits))
                                ++wrong;
                            if (!given.ok())
                                continue;
                            ++given_count;
                            const Powers& got = given.value();
                            if (reaches_beyond(got.scopes, held_scopes))
                                ++wrong;
                            if (later(got.expires_ms, held_expiry))
                                ++wrong;
                            if (got.env != held_env)
                                ++wrong;
                            // And it is what was asked for, where something was.
                            if (!asked_scopes.empty() && got.scopes != asked_scopes)
                                ++wrong;
                            if (asked_expiry && got.expires_ms != asked_expiry)
                                ++wrong;
                        }
    CHECK(wrong == 0);
    CHECK(given_count > 10'000);
}

TEST_CASE("nothing asked is the same again") {
    const Powers held{{{"clients", Reach::read}}, 5'000, token::Env::test};
    const auto given = narrow(held, {}, false);
    REQUIRE(given.ok());
    CHECK(given.value().scopes == held.scopes);
    CHECK(given.value().expires_ms == held.expires_ms);
    CHECK(given.value().env == held.env);
}

TEST_CASE("a refusal says which of the three is too much, and what would do") {
    const Powers held{{{"clients", Reach::read}}, 1'000, token::Env::live};
    const auto refusal = [&](const Powers& asked, bool env_asked) {
        const auto given = narrow(held, asked, env_asked);
        REQUIRE_FALSE(given.ok());
        CHECK(given.failure().fault == Fault::forbidden);
        CHECK(given.failure().reason == "beyond_token");
        return given.failure().what + " | " + given.failure().next;
    };
    CHECK(refusal({{{"clients", Reach::read}, {"clients", Reach::write}}, {}, {}}, false) ==
          "the scope clients:write is more than this token has"
          " | ask for scopes within: clients:read");
    CHECK(refusal({{}, 2'000, {}}, false) ==
          "an expiry of 1970-01-01T00:00:02Z is later than this token's own | ask for "
          "1970-01-01T00:00:01Z at the latest, or for none");
    CHECK(refusal({{}, {}, token::Env::test}, true) ==
          "a live token cannot mint a test token | ask for the same environment, or for none");
}
