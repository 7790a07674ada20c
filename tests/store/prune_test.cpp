// Tokens that ended long ago are deleted in small steps: what goes, what stays, and that nobody who
// remembers something meets another thing in its place.
#include "base/limits.h"
#include "manage/usage.h"
#include "ops/usage_writer.h"
#include "store/backup.h"
#include "store/leased_directory.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t keep_s = 90 * 86'400;

class Pruned : public DatabaseBench {
public:
    const std::string ann = person(workspace("acme"), "ann@acme.example", Role::owner);

    std::string minted(std::optional<std::int64_t> expires_ms = {}) {
        return mint(ann, expires_ms).view.token.prefix;
    }
    std::string rotated(const std::string& prefix, std::int64_t grace_s = 0) {
        return take(rotate_token(context(), prefix, grace_s)).view.token.prefix;
    }
    TokenRecord stored(const std::string& prefix) {
        return take(show_token(context(), prefix)).token;
    }
    bool there(const std::string& prefix) {
        return number("SELECT count(*) FROM tokens WHERE prefix = '" + prefix + "'") == 1;
    }
    void use(const std::string& prefix, std::int64_t hours) {
        UsageNote note;
        note.token_id = stored(prefix).id;
        for (std::int64_t hour = 0; hour < hours; ++hour) {
            note.hour = clock.wall_ms / hour_ms + hour;
            note.calls = {{"granted", 1}};
            note.last.used_ms = clock.wall_ms;
            take(write_usage(*ledger, std::span(&note, 1)));
        }
    }
    /// A whole walk: how many steps it took.
    int prune() {
        int steps = 1;
        PruneStep step = take(prune_tokens(*ledger, clock.now(), keep_s, 0));
        for (; step.more; ++steps)
            step = take(prune_tokens(*ledger, clock.now(), keep_s, step.after_row));
        return steps;
    }
};

}  // namespace

TEST_CASE("a token goes when it ended longer ago than it is kept, and its events stay") {
    Pruned bench;
    const std::string revoked = bench.minted();
    const std::string expired = bench.minted(bench.clock.wall_ms + day_ms);
    const std::string live = bench.minted();
    const std::string late = bench.minted();
    bench.minted();  // the newest is never pruned
    bench.use(revoked, 3);
    bench.revoke(revoked);
    const std::int64_t events = bench.events();
    bench.clock.wall_ms += keep_s * 1'000 - 1;
    bench.revoke(late);
    bench.prune();
    CHECK(bench.there(revoked));
    bench.clock.wall_ms += 1;
    bench.prune();
    CHECK_FALSE(bench.there(revoked));
    CHECK(bench.number("SELECT count(*) FROM usage") == 0);
    CHECK(bench.number("SELECT count(*) FROM token_use") == 0);
    CHECK(bench.there(expired));
    bench.clock.wall_ms += day_ms;
    bench.prune();
    CHECK_FALSE(bench.there(expired));
    CHECK(bench.there(live));
    CHECK(bench.there(late));
    CHECK(bench.events() == events + 1);
    CHECK(bench.number("SELECT count(*) FROM audit_events WHERE object = '" + revoked + "'") == 2);
}

TEST_CASE("of a line that lives on, the first token stays until the line has ended") {
    Pruned bench;
    const std::string first = bench.minted();
    const std::string second = bench.rotated(first);
    const std::string third = bench.rotated(second);
    bench.minted();
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.prune();
    CHECK(bench.there(first));
    CHECK_FALSE(bench.there(second));
    CHECK(bench.there(third));
    CHECK(bench.stored(third).line == bench.stored(first).id);
    const std::string fourth = bench.rotated(third);
    CHECK(bench.stored(fourth).line == bench.stored(first).id);
    bench.revoke(fourth);
    bench.minted();
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.prune();
    bench.prune();
    CHECK_FALSE(bench.there(first));
    CHECK_FALSE(bench.there(fourth));
}

TEST_CASE("the number of a pruned token is never given out again") {
    Pruned bench;
    bench.minted();
    const std::string last = bench.minted();
    const std::int64_t id = bench.stored(last).id;
    bench.revoke(last);
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.prune();
    CHECK(bench.there(last));
    const TokenRecord next = bench.stored(bench.minted());
    CHECK(next.id == id + 1);
    CHECK(next.line == id + 1);
    bench.prune();
    CHECK_FALSE(bench.there(last));
    CHECK(bench.stored(bench.minted()).id == id + 2);
}

TEST_CASE("pruning makes nobody read anything again") {
    Pruned bench;
    const std::string live = bench.minted();
    const std::string gone = bench.minted();
    bench.minted();
    auto directory = take(store::LeasedDirectory::open(bench.path, bench.clock));
    bench.revoke(gone);
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.clock.boot_us += limits::lease_us;
    REQUIRE(directory->find(live, bench.clock.now()).facts);
    const std::int64_t version = bench.version();
    const std::uint64_t before = directory->counts().look_ups;
    bench.prune();
    CHECK_FALSE(bench.there(gone));
    CHECK(bench.version() == version);
    CHECK(bench.number("SELECT deleted_version FROM meta") == 0);
    bench.clock.boot_us += limits::lease_us;
    CHECK(directory->find(live, bench.clock.now()).from_memory);
    CHECK(directory->counts().look_ups == before);
    CHECK(directory->find(gone, bench.clock.now()).outcome == Directory::Outcome::absent);
}

TEST_CASE("a token that works and is deleted by hand is forgotten by everybody") {
    Pruned bench;
    const std::string live = bench.minted();
    bench.minted();
    bench.prune();
    auto directory = take(store::LeasedDirectory::open(bench.path, bench.clock));
    REQUIRE(directory->find(live, bench.clock.now()).facts);
    bench.run("DELETE FROM tokens WHERE prefix = '" + live + "'");
    CHECK(bench.number("SELECT deleted_version FROM meta") == bench.version());
    bench.clock.boot_us += limits::lease_us;
    CHECK(directory->find(live, bench.clock.now()).outcome == Directory::Outcome::absent);
}

TEST_CASE("one step deletes few rows, however much hangs on a token") {
    Pruned bench;
    std::vector<std::string> gone;
    for (int i = 0; i < 3; ++i)
        gone.push_back(bench.minted());
    bench.use(gone[1], limits::prune_rows_max + 5);
    for (const std::string& prefix : gone)
        bench.revoke(prefix);
    bench.minted();
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    PruneStep step = take(prune_tokens(*bench.ledger, bench.clock.now(), keep_s, 0));
    CHECK(step.more);
    CHECK_FALSE(bench.there(gone[0]));
    CHECK(bench.there(gone[1]));
    CHECK(bench.number("SELECT count(*) FROM usage") <= 6);
    step = take(prune_tokens(*bench.ledger, bench.clock.now(), keep_s, step.after_row));
    CHECK_FALSE(step.more);
    CHECK_FALSE(bench.there(gone[1]));
    CHECK_FALSE(bench.there(gone[2]));
}

TEST_CASE("idempotency keys that are not looked at any more go with a step of pruning") {
    Pruned bench;
    manage::NewToken asked;
    asked.member = bench.ann;
    asked.name = "ci";
    asked.idempotency_key = "a-1";
    take(mint_token(bench.context(), asked));
    bench.prune();
    CHECK(bench.number("SELECT count(*) FROM idempotency_keys") == 1);
    bench.clock.wall_ms += day_ms;
    take(mint_token(bench.context(), asked));  // in the place of the old one
    CHECK(bench.number("SELECT count(*) FROM idempotency_keys") == 1);
    bench.clock.wall_ms += day_ms;
    bench.prune();
    CHECK(bench.number("SELECT count(*) FROM idempotency_keys") == 0);
}

TEST_CASE("usage that is counted of a token while it is pruned is passed over") {
    Pruned bench;
    const std::string gone = bench.minted();
    UsageNote late;
    late.token_id = bench.stored(gone).id;
    late.hour = bench.clock.wall_ms / hour_ms;
    late.calls = {{"revoked_token", 1}};
    late.last.refused_ms = bench.clock.wall_ms;
    bench.minted();
    bench.revoke(gone);
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.prune();
    take(write_usage(*bench.ledger, std::span(&late, 1)));
    CHECK(bench.number("SELECT count(*) FROM usage") == 0);
}

TEST_CASE("a token that was revoked and pruned since a backup does not work after its restore") {
    Pruned bench;
    const std::string gone = bench.minted();
    const std::string live = bench.minted();
    const std::string copy = bench.folder.file("backup");
    take(store::backup(bench.path, copy, {}));
    bench.revoke(gone);
    bench.minted();
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    bench.prune();
    REQUIRE_FALSE(bench.there(gone));
    bench.close();
    const auto report =
        take(store::restore(bench.path, copy, store::BringBack::no, bench.clock.wall_ms));
    bench.reopen();
    CHECK(report.kept_revoked == std::vector<std::string>{gone});
    CHECK(bench.stored(gone).revoked_ms.has_value());
    CHECK_FALSE(bench.stored(live).revoked_ms.has_value());
}

TEST_CASE("the server's writer prunes step by step, and rests after a walk") {
    Pruned bench;
    ops::Log log{-1};
    ops::UsageMeter meter;
    ops::UsageWriter writer{meter, *bench.ledger, bench.clock, log, {keep_s, keep_s}};
    const std::string first = bench.minted();
    const std::string second = bench.minted();
    bench.minted();
    bench.revoke(first);
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    writer.prune();
    CHECK_FALSE(bench.there(first));
    bench.revoke(second);
    bench.clock.wall_ms += 2 * keep_s * 1'000;
    writer.prune();
    CHECK(bench.there(second));
    bench.clock.boot_us += limits::prune_rest_ms * 1'000;
    writer.prune();
    CHECK_FALSE(bench.there(second));
}

TEST_CASE("what has ended or changed is swept out of memory, and read again if it is asked for") {
    Pruned bench;
    const std::string live = bench.minted();
    const std::string revoked = bench.minted();
    const std::string expired = bench.minted(bench.clock.wall_ms + 1'000);
    auto directory = take(store::LeasedDirectory::open(bench.path, bench.clock));
    for (const std::string& prefix : {live, revoked, expired})
        REQUIRE(directory->find(prefix, bench.clock.now()).facts);
    CHECK(directory->counts().entries == 3);
    bench.revoke(revoked);
    directory->catch_up();
    bench.clock.wall_ms += 1'000;
    directory->sweep(bench.clock.now());
    CHECK(directory->counts().entries == 1);
    CHECK(directory->find(live, bench.clock.now()).from_memory);
    CHECK(directory->find(revoked, bench.clock.now()).facts->token.revoked_ms.has_value());
}
