// The directory: what it costs, what it remembers, and that a change is seen by every request that
// comes later than its commit and the lease.
#include "store/leased_directory.h"

#include <sys/stat.h>

#include <filesystem>

#include "base/limits.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using hourgate::test::DatabaseBench;
using hourgate::test::take;
using Outcome = Directory::Outcome;

namespace {

constexpr std::int64_t lease_us = limits::lease_us;

/// A database with tokens, and the directory a server would have.
class Served : public DatabaseBench {
public:
    void open() { directory = take(LeasedDirectory::open(path, clock)); }

    Directory::Found find(const std::string& asked) { return directory->find(asked, clock.now()); }
    /// As a request that comes after every lease taken before now.
    Directory::Found find_later(const std::string& asked) {
        clock.boot_us += lease_us;
        return find(asked);
    }
    /// Look-ups made by `work`.
    template <typename Work>
    std::uint64_t cost(Work work) {
        const std::uint64_t before = directory->counts().look_ups;
        work();
        return directory->counts().look_ups - before;
    }

    const std::string prefix = token_of("acme", Role::admin);
    std::unique_ptr<LeasedDirectory> directory;
};

const std::string nobody = "0123456789ab";

}  // namespace

TEST_CASE("facts are all that is stored of a token, its member and its workspace") {
    Served bench;
    manage::NewToken asked;
    asked.member = "ann@acme.example";
    asked.name = "narrow";
    asked.env = token::Env::test;
    asked.scopes = {{"clients", policy::Reach::read}};
    asked.expires_ms = bench.clock.wall_ms + 5'000;
    const manage::MintedToken minted = take(manage::mint_token(bench.context(), asked));
    take(manage::change_workspace(bench.context(), "acme", test::to_plan("agency", 77)));
    bench.open();
    const Directory::Found found = bench.find(minted.view.token.prefix);
    REQUIRE(found.outcome == Outcome::found);
    CHECK_FALSE(found.from_memory);
    const Facts& facts = *found.facts;
    CHECK_FALSE(facts.is_operator());
    CHECK(facts.token.prefix == minted.view.token.prefix);
    CHECK(facts.token.id == minted.view.token.id);
    CHECK(facts.token.line == minted.view.token.line);
    CHECK(facts.token.name == "narrow");
    CHECK(facts.token.env == token::Env::test);
    CHECK(facts.token.digest == token::digest_of(minted.token.reveal()));
    CHECK(facts.token.scopes == asked.scopes);
    CHECK(facts.token.expires_ms == asked.expires_ms);
    CHECK(facts.token.created_ms == bench.clock.wall_ms);
    CHECK(facts.token.line_created_ms == bench.clock.wall_ms);
    CHECK_FALSE(facts.token.rotated_ms.has_value());
    CHECK_FALSE(facts.token.revoked_ms.has_value());
    CHECK(facts.member->email == "ann@acme.example");
    CHECK(facts.member->role == Role::admin);
    CHECK(facts.workspace->name == "acme");
    CHECK(facts.workspace->paid_until_ms == 77);
    REQUIRE(found.plans);
    CHECK(found.plans->find(facts.workspace->plan_id)->name == "agency");
    CHECK(found.plans->find("studio")->windows == built_in_plans()[1].windows);
}

TEST_CASE("tokens of a member have one copy of member and workspace, until one of them changes") {
    Served bench;
    const std::string other = bench.mint("ann@acme.example").view.token.prefix;
    bench.open();
    const auto one = bench.find(bench.prefix).facts, two = bench.find(other).facts;
    REQUIRE((one && two));
    CHECK(one->member == two->member);
    CHECK(one->workspace == two->workspace);
    bench.run("UPDATE members SET role = 3 WHERE id = 1");
    const auto later = bench.find_later(bench.prefix).facts;
    REQUIRE(later);
    CHECK(later->member->role == Role::member);
    CHECK(one->member->role != Role::member);  // who holds facts keeps them as they were
    CHECK(bench.find_later(other).facts->member == later->member);
}

TEST_CASE("an operator token has neither member nor workspace") {
    Served bench;
    const std::string prefix =
        take(manage::mint_operator(bench.context(), "root")).view.token.prefix;
    bench.open();
    const Directory::Found found = bench.find(prefix);
    REQUIRE(found.outcome == Outcome::found);
    CHECK(found.facts->is_operator());
    CHECK(found.facts->member->id == 0);
    CHECK(found.facts->workspace->id == 0);
}

TEST_CASE("an unknown prefix costs one look-up each time, a known one only the first time") {
    Served bench;
    bench.open();
    for (int i = 0; i < 3; ++i) {
        CHECK(bench.cost([&] { CHECK(bench.find(nobody).outcome == Outcome::absent); }) == 1);
        CHECK(bench.find(nobody).plans);
    }
    CHECK(bench.directory->counts().entries == 0);
    CHECK(bench.cost([&] { CHECK_FALSE(bench.find(bench.prefix).from_memory); }) == 1);
    for (int i = 0; i < 3; ++i)
        CHECK(bench.cost([&] { CHECK(bench.find(bench.prefix).from_memory); }) == 0);
    CHECK(bench.directory->counts().entries == 1);
    CHECK(bench.directory->counts().hits == 3);
}

TEST_CASE("a look-up in vain costs one look-up, known or not, and changes nothing remembered") {
    Served bench;
    bench.open();
    CHECK(bench.find(bench.prefix).outcome == Outcome::found);
    const auto facts = bench.find(bench.prefix).facts;
    CHECK(bench.cost([&] { bench.directory->simulate_lookup(bench.prefix); }) == 1);
    CHECK(bench.cost([&] { bench.directory->simulate_lookup(nobody); }) == 1);
    CHECK(bench.directory->counts().entries == 1);
    CHECK(bench.find(bench.prefix).facts == facts);
}

TEST_CASE("what is no prefix at all is looked up once and absent") {
    Served bench;
    bench.open();
    for (const std::string& text :
         {std::string(), std::string("0123456789AB"), std::string("0123456789abcdef"),
          std::string("'; DROP TABLE x"), std::string("012345\0789ab", 12), std::string("\xff")})
        CHECK(bench.cost([&] { CHECK(bench.find(text).outcome == Outcome::absent); }) == 1);
    CHECK(bench.directory->counts().entries == 0);
}

TEST_CASE("a token minted while the server runs is known at once: absence is not remembered") {
    Served bench;
    bench.open();
    CHECK(bench.find(nobody).outcome == Outcome::absent);
    const std::string young = bench.token_of("bolt");
    CHECK(bench.find(young).outcome == Outcome::found);
}

TEST_CASE("within the lease the version is read once; at its end, once more") {
    Served bench;
    bench.open();
    const auto reads = [&] { return bench.directory->counts().version_reads; };
    bench.find(bench.prefix);
    const std::uint64_t first = reads();
    bench.clock.boot_us += lease_us - 1;
    bench.find(bench.prefix);
    CHECK(reads() == first);
    bench.clock.boot_us += 1;
    bench.find(bench.prefix);
    CHECK(reads() == first + 1);
    CHECK(bench.find(bench.prefix).from_memory);
}

TEST_CASE("a change is seen when the lease is over, by the first request after it") {
    Served bench;
    bench.open();
    REQUIRE(bench.find(bench.prefix).facts->member->role == Role::admin);
    take(manage::change_role(bench.context(), "ann@acme.example", Role::owner));
    bench.clock.boot_us += lease_us - 1;
    CHECK(bench.find(bench.prefix).facts->member->role == Role::admin);  // allowed, not promised
    bench.clock.boot_us += 1;
    CHECK(bench.find(bench.prefix).facts->member->role == Role::owner);
    bench.revoke(bench.prefix);
    CHECK(bench.find_later(bench.prefix).facts->token.revoked_ms == bench.clock.wall_ms);
}

TEST_CASE("the lease counts from before the reading, however long the reading takes") {
    /// Time passes between the look at the clock and what follows.
    class SlowClock final : public Clock {
    public:
        [[nodiscard]] Now now() const noexcept override {
            const Now then{at_us, 0};
            at_us += 7'000;
            return then;
        }
        mutable std::atomic<std::int64_t> at_us{1'000'000};
    };
    DatabaseBench bench;
    const std::string prefix = bench.token_of("acme", Role::admin);
    SlowClock clock;
    const auto directory = take(LeasedDirectory::open(bench.path, clock));
    const std::int64_t before_us = clock.at_us;
    REQUIRE(directory->find(prefix, {before_us, 0}).outcome == Outcome::found);
    CHECK(clock.at_us == before_us + 7'000);
    const std::uint64_t reads = directory->counts().version_reads;
    CHECK(directory->find(prefix, {before_us + lease_us - 1, 0}).from_memory);
    CHECK(directory->counts().version_reads == reads);
    CHECK(directory->find(prefix, {before_us + lease_us, 0}).from_memory);
    CHECK(directory->counts().version_reads == reads + 1);
}

TEST_CASE("after a change only what it touched is read again") {
    Served bench;
    const std::string same_member = bench.mint("ann@acme.example").view.token.prefix;
    const std::string same_workspace =
        bench.mint(bench.person("acme", "bob@acme.example")).view.token.prefix;
    const std::string elsewhere = bench.token_of("bolt");
    const std::string root = take(manage::mint_operator(bench.context(), "root")).view.token.prefix;
    bench.open();
    const std::vector<std::string> all = {bench.prefix, same_member, same_workspace, elsewhere,
                                          root};
    for (const std::string& prefix : all)
        bench.find(prefix);
    /// Which of them are read again after the change: one digit each.
    const auto read_again = [&](const std::string& sql) {
        bench.run(sql);
        bench.clock.boot_us += lease_us;
        std::string pattern;
        for (const std::string& prefix : all)
            pattern += std::to_string(
                bench.cost([&] { CHECK(bench.find(prefix).outcome == Outcome::found); }));
        CHECK(bench.cost([&] {
            for (const auto& prefix : all)
                bench.find(prefix);
        }) == 0);
        return pattern;
    };
    CHECK(read_again("UPDATE tokens SET name = 'x' WHERE id = 1") == "10000");
    CHECK(read_again("UPDATE members SET role = 2 WHERE id = 1") == "11000");
    CHECK(read_again("UPDATE workspaces SET paid_until_ms = 9 WHERE id = 1") == "11100");
    CHECK(read_again("UPDATE tokens SET name = 'x' WHERE kind = 1") == "00001");
    CHECK(read_again("UPDATE plans SET rank = 99 WHERE name = 'studio'") == "00000");
    CHECK(read_again("UPDATE windows SET calls = 1") == "00000");
    CHECK(read_again("INSERT INTO audit_events VALUES (NULL, 0, '', '', '', '', '', '', '', '')") ==
          "00000");
    CHECK(read_again("INSERT INTO workspaces (public_id, name, plan_id, created_ms)"
                     " VALUES ('ws_9', 'nine', 1, 0)") == "00000");
    CHECK(read_again("UPDATE tokens SET name = 'y' WHERE id = 1;"
                     "UPDATE tokens SET name = 'y' WHERE id = 4") == "10010");
    CHECK(bench.directory->counts().reloads == 9);  // as many as there are ones above
    CHECK(bench.directory->counts().evictions == 0);
}

TEST_CASE("changes seen while a token was not asked for are not missed when it is") {
    Served bench;
    const std::string other = bench.token_of("bolt");
    bench.open();
    bench.find(bench.prefix);
    bench.find(other);
    for (int role = 0; role < 4; ++role) {  // seen through another token, one generation each
        bench.run("UPDATE members SET role = " + std::to_string(role) + " WHERE id = 1");
        CHECK(bench.cost([&] { bench.find_later(other); }) == 0);
    }
    CHECK(bench.cost(
              [&] { CHECK(bench.find(bench.prefix).facts->member->role == Role::member); }) == 1);
}

TEST_CASE("plans are read anew when one was changed, made or removed") {
    Served bench;
    bench.open();
    CHECK(bench.find(bench.prefix).plans->plans().size() == 3);
    bench.run("INSERT INTO plans (name, api, rank) VALUES ('gold', 1, 99)");
    CHECK(bench.find_later(bench.prefix).plans->find("gold") != nullptr);
    bench.run("UPDATE windows SET calls = 5 WHERE name = 'burst'");
    CHECK(bench.find_later(bench.prefix).plans->find("studio")->windows[0].limit == 5);
    const auto same = bench.find(bench.prefix).plans;
    bench.run("UPDATE members SET role = 3");
    CHECK(bench.find_later(bench.prefix).plans == same);
    bench.run("DELETE FROM plans WHERE name = 'gold'");
    CHECK(bench.find_later(bench.prefix).plans->find("gold") == nullptr);
}

TEST_CASE("facts are never shown beside plans older than they are") {
    Served bench;
    const std::string other = bench.token_of("bolt");
    bench.open();
    bench.find(bench.prefix);
    // Within the lease, a workspace moves to a plan that was not there when the plans were read.
    // The other token is not in memory, so its row is newer than what is published.
    bench.run(
        "INSERT INTO plans (id, name, api, rank) VALUES (9, 'gold', 1, 99);"
        "UPDATE workspaces SET plan_id = 9");
    const Directory::Found found = bench.find(other);
    REQUIRE(found.outcome == Outcome::found);
    CHECK(found.facts->workspace->plan_id == 9);
    REQUIRE(found.plans->find(9) != nullptr);
}

TEST_CASE("rows deleted by another hand are forgotten") {
    Served bench;
    bench.open();
    SECTION("the token") {
        bench.find(bench.prefix);
        bench.run("DELETE FROM tokens");
    }
    SECTION("its member, without regard to references") {
        bench.find(bench.prefix);
        bench.run("PRAGMA foreign_keys = OFF; DELETE FROM members");
    }
    SECTION("its workspace, before it was ever asked for") {
        bench.run("PRAGMA foreign_keys = OFF; DELETE FROM workspaces");
    }
    CHECK(bench.find_later(bench.prefix).outcome == Outcome::absent);
    CHECK(bench.directory->counts().entries == 0);
}

TEST_CASE("more changes than are remembered make everything be read again, once") {
    Served bench;
    bench.open();
    bench.find(bench.prefix);
    const std::string many = std::to_string(limits::directory_changes_max + 1);
    bench.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + many +
        ")"
        " INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name,"
        " env, scopes, created_ms) SELECT 1000 + i, 1000 + i, 0, 0, 1, printf('%012x', i),"
        " zeroblob(32), 'n', 0, '', 0 FROM n");
    CHECK(bench.cost([&] { bench.find_later(bench.prefix); }) == 1);
    CHECK(bench.cost([&] { bench.find_later(bench.prefix); }) == 0);
    // The same number in small portions.
    for (int at = 0; at < 5; ++at) {
        bench.run("UPDATE tokens SET name = 'm' WHERE id > 1000 AND id % 5 = " +
                  std::to_string(at));
        bench.find_later(bench.prefix);
    }
    CHECK(bench.directory->counts().look_ups <= 3);
    bench.run("UPDATE members SET role = 2");
    CHECK(bench.find_later(bench.prefix).facts->member->role == Role::manager);
}

TEST_CASE("memory is bounded: an entry not used for long makes room") {
    Served bench;
    constexpr std::size_t per_shard = limits::directory_entries_max / limits::directory_shards;
    constexpr std::size_t many = per_shard + 100;
    bench.run(  // all in one shard: the last digits of the prefix are 00
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(many) +
        ") INSERT INTO tokens (id, line, line_created_ms, kind, member_id, prefix, digest, name,"
        " env, scopes, created_ms) SELECT 1000 + i, 1000 + i, 0, 0, 1, printf('%010x00', i),"
        " zeroblob(32), 'n', 0, '', 0 FROM n");
    bench.open();
    const auto prefix_of = [](std::size_t i) {
        char text[13];
        std::snprintf(text, sizeof(text), "%010zx00", i);
        return std::string(text);
    };
    std::size_t missing = 0;
    for (std::size_t i = 1; i <= many; ++i) {
        bench.clock.boot_us += 1;
        if (bench.find(prefix_of(i)).outcome != Outcome::found)
            ++missing;
        if (i % 100 == 0)
            bench.find(prefix_of(1));  // one that is always in use
    }
    CHECK(missing == 0);
    CHECK(bench.directory->counts().entries == per_shard);
    CHECK(bench.directory->counts().evictions == many - per_shard);
    CHECK(bench.directory->counts().reloads == 0);
    CHECK(bench.find(prefix_of(many)).from_memory);
    CHECK(bench.find(prefix_of(1)).from_memory);
}

TEST_CASE("a store that fails is told as such, never as an unknown token, and recovers by itself") {
    Served bench;
    bench.open();
    REQUIRE(bench.find(bench.prefix).outcome == Outcome::found);
    REQUIRE(bench.directory->ready());
    bench.close();
    const std::string aside = bench.folder.file("aside");
    std::filesystem::rename(bench.path, aside);

    CHECK(bench.find(bench.prefix).outcome == Outcome::found);  // within the lease, from memory
    bench.clock.boot_us += lease_us;
    const Directory::Found failed = bench.find(bench.prefix);
    CHECK(failed.outcome == Outcome::failed);
    CHECK_FALSE(failed.facts);
    CHECK(bench.find(nobody).outcome == Outcome::failed);
    CHECK_FALSE(bench.directory->ready());
    bench.directory->simulate_lookup(nobody);
    CHECK(bench.directory->counts().failures >= 3);

    std::filesystem::rename(aside, bench.path);
    CHECK(bench.find(bench.prefix).outcome == Outcome::found);
    CHECK(bench.find(nobody).outcome == Outcome::absent);
    CHECK(bench.directory->ready());
}

TEST_CASE("a row that cannot be is a failure, not an owner and not an unnarrowed token") {
    Served bench;
    bench.open();
    bench.find(bench.prefix);
    SECTION("role") {
        bench.run("PRAGMA ignore_check_constraints = ON; UPDATE members SET role = 7");
    }
    SECTION("scopes") {
        bench.run("UPDATE tokens SET scopes = 'clients'");
    }
    CHECK(bench.find_later(bench.prefix).outcome == Outcome::failed);
    CHECK(bench.find(bench.prefix).outcome == Outcome::failed);
    bench.run("UPDATE members SET role = 3; UPDATE tokens SET scopes = ''");
    CHECK(bench.find_later(bench.prefix).facts->member->role == Role::member);
}

TEST_CASE("another database put in the place of the old one is noticed, whatever its version") {
    Served bench;
    bench.open();
    bench.find(bench.prefix);
    bench.close();
    SECTION("an older copy") {
        bench.run("PRAGMA wal_checkpoint(TRUNCATE)");
        std::filesystem::copy_file(bench.path, bench.folder.file("copy"));
        bench.run("UPDATE members SET role = 3");
        CHECK(bench.find_later(bench.prefix).facts->member->role == Role::member);
        for (const std::string end : {"", "-wal", "-shm"})
            std::filesystem::rename(bench.path + end, bench.folder.file("old") + end);
        std::filesystem::rename(bench.folder.file("copy"), bench.path);
        CHECK(bench.find_later(bench.prefix).facts->member->role == Role::admin);
    }
    SECTION("an empty one") {
        for (const std::string end : {"", "-wal", "-shm"})
            std::filesystem::rename(bench.path + end, bench.folder.file("old") + end);
        take(create_database(bench.path));
        CHECK(bench.find_later(bench.prefix).outcome == Outcome::absent);
    }
}

TEST_CASE("a damaged database fails closed") {
    Served bench;
    bench.open();
    bench.find(bench.prefix);
    bench.close();
    bench.run("PRAGMA wal_checkpoint(TRUNCATE)");
    const std::string whole = test::bytes_of(bench.path);
    std::string bytes = whole;
    for (std::size_t at = 0; at < bytes.size(); ++at)
        bytes[at] = static_cast<char>(at);
    {
        // Written into the file itself, as a broken disk would.
        std::fstream file(bench.path, std::ios::binary | std::ios::in | std::ios::out);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    bench.clock.boot_us += lease_us;
    CHECK(bench.find(nobody).outcome == Outcome::failed);
    CHECK(bench.find(bench.prefix).outcome == Outcome::failed);
    const auto again = LeasedDirectory::open(bench.path, bench.clock);
    CHECK_FALSE(again.ok());
    {
        std::fstream file(bench.path, std::ios::binary | std::ios::in | std::ios::out);
        file.write(whole.data(), static_cast<std::streamsize>(whole.size()));
    }
    CHECK(bench.find_later(bench.prefix).outcome == Outcome::found);
}

TEST_CASE("no reading stays on its snapshot: the WAL can be written back whole at any time") {
    Served bench;
    bench.open();
    for (int i = 0; i < 3; ++i) {
        bench.run("UPDATE members SET role = " + std::to_string(i));
        bench.run("UPDATE plans SET rank = rank + 1");
        CHECK(bench.find_later(bench.prefix).outcome == Outcome::found);
        CHECK(bench.find(nobody).outcome == Outcome::absent);
        bench.directory->simulate_lookup(bench.prefix);
        CHECK(bench.directory->ready());
        CHECK(bench.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0);
    }
}

TEST_CASE("a directory needs its database") {
    const test::TempFolder folder;
    const test::ScriptedClock clock;
    const auto directory = LeasedDirectory::open(folder.file("hourgate.db"), clock);
    REQUIRE_FALSE(directory.ok());
    CHECK(directory.failure().what.find("there is no database") != std::string::npos);
}
