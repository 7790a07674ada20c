// How many tokens a member may have and make: by day, at once, and in a line.
#include "base/limits.h"
#include "manage/usage.h"
#include "support/database_bench.h"

using namespace hourgate;
using namespace hourgate::manage;
using hourgate::test::DatabaseBench;
using hourgate::test::refused;
using hourgate::test::take;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;

/// A member and their first token, which an operator minted.
class Anns : public DatabaseBench {
public:
    const std::string ws = workspace("acme");
    const std::string ann = person(ws, "ann@acme.example", Role::member);
    const std::string first = mint(ann).view.token.prefix;

    Result<MintedToken> mint_by(const std::string& token) {
        NewToken asked;
        asked.name = "own";
        return mint_token(context_of(ann, token), asked);
    }
    Result<MintedToken> rotate_by(const std::string& token,
                                  std::optional<std::int64_t> grace_s = {}) {
        return rotate_token(context_of(ann, token), token, grace_s);
    }
    std::string prefix_of(const Result<MintedToken>& made) {
        return made.value().view.token.prefix;
    }
    std::string status(const std::string& prefix) {
        return std::string(status_of(take(show_token(context(), prefix)), clock.wall_ms));
    }
    std::int64_t working() {
        return number("SELECT count(*) FROM tokens WHERE ends_ms > " +
                      std::to_string(clock.wall_ms));
    }
    /// A call was granted to it, and is on record.
    void use(const std::string& prefix) {
        UsageNote note;
        note.token_id = take(show_token(context(), prefix)).token.id;
        note.hour = clock.wall_ms / hour_ms;
        note.calls = {{"granted", 1}};
        note.last.used_ms = clock.wall_ms;
        take(write_usage(*ledger, std::span(&note, 1)));
    }
};

}  // namespace

TEST_CASE(
    "mints of a day are counted by member, whatever is revoked, rotated or pruned meanwhile") {
    Anns bench;
    bench.rules.mints_per_day = 3;
    const std::string one = bench.prefix_of(bench.mint_by(bench.first));
    bench.clock.wall_ms += hour_ms;
    bench.revoke(one);
    const std::string two = bench.prefix_of(bench.mint_by(bench.first));
    const std::string three = bench.prefix_of(bench.mint_by(two));  // with another of their tokens
    const std::string next = bench.prefix_of(bench.rotate_by(three, 0));
    bench.revoke(two);
    bench.reopen();                                              // a restart
    take(prune_tokens(*bench.ledger, bench.clock.now(), 0, 0));  // sooner than any configuration
    CHECK(bench.number("SELECT count(*) FROM tokens WHERE prefix = '" + one + "'") == 0);

    for (const std::string& token : {bench.first, next}) {
        const Failure failure = refused(bench, [&] { return bench.mint_by(token); });
        CHECK(failure.fault == Fault::full);
        CHECK(failure.reason == "window_full");
        CHECK(failure.window.name == "mints");
        CHECK(failure.window.limit == 3);
        CHECK(failure.window.seconds == 86'400);
        CHECK(failure.window.retry_after_s == 23 * 3'600);
    }
    bench.clock.wall_ms += day_ms - hour_ms - 1;
    refused(bench, [&] { return bench.mint_by(bench.first); });
    bench.clock.wall_ms += 1;
    take(bench.mint_by(bench.first));
    refused(bench, [&] { return bench.mint_by(bench.first); });
}

TEST_CASE("a refused mint is not counted") {
    Anns bench;
    bench.rules.mints_per_day = 1;
    NewToken nameless;
    for (int i = 0; i < 3; ++i)
        refused(bench,
                [&] { return mint_token(bench.context_of(bench.ann, bench.first), nameless); });
    take(bench.mint_by(bench.first));
}

TEST_CASE("an operator's mints and rotations are neither counted nor bounded by the day") {
    Anns bench;
    bench.rules.mints_per_day = 1;
    for (int i = 0; i < 5; ++i) {
        const std::string minted = bench.mint(bench.ann).view.token.prefix;
        take(rotate_token(bench.context(), minted, 0));
    }
    take(bench.mint_by(bench.first));
    const std::string next = bench.prefix_of(bench.rotate_by(bench.first));
    CHECK(refused(bench, [&] { return bench.mint_by(next); }).fault == Fault::full);
    CHECK(refused(bench, [&] { return bench.rotate_by(next); }).fault == Fault::full);
    bench.mint(bench.ann);
    take(rotate_token(bench.context(), next, {}));
}

TEST_CASE("rotations of a day are bounded, apart from mints") {
    Anns bench;
    bench.rules.mints_per_day = 2;
    std::string token = bench.first;
    for (int i = 0; i < 2; ++i)
        token = bench.prefix_of(bench.rotate_by(token, 0));
    const Failure failure = refused(bench, [&] { return bench.rotate_by(token); });
    CHECK(failure.fault == Fault::full);
    CHECK(failure.window.name == "rotations");
    take(bench.mint_by(token));
    bench.clock.wall_ms += day_ms;
    take(bench.rotate_by(token));
}

TEST_CASE("a clock that was set back keeps nobody from minting for longer than a day") {
    Anns bench;
    bench.rules.mints_per_day = 1;
    bench.clock.wall_ms += 10 * day_ms;
    take(bench.mint_by(bench.first));
    bench.clock.wall_ms -= 10 * day_ms;
    CHECK(refused(bench, [&] { return bench.mint_by(bench.first); }).window.retry_after_s ==
          86'400);
}

TEST_CASE("tokens in their grace count for live_max and in what is shown of a member") {
    Anns bench;
    bench.rules.live_max = 3;
    take(bench.rotate_by(bench.first));
    CHECK(take(show_member(bench.context(), bench.ann)).tokens == 2);
    CHECK(take(show_workspace(bench.context(), "acme")).tokens == 2);
    bench.mint(bench.ann);
    CHECK(refused(bench, [&] {
              return mint_token(bench.context(), {bench.ann, "more", {}, {}, {}});
          }).reason == "too_many_tokens");
    bench.clock.wall_ms += day_ms;  // the grace is over
    CHECK(take(show_member(bench.context(), bench.ann)).tokens == 2);
    bench.mint(bench.ann);
}

TEST_CASE("rotating at live_max passes, and a line goes over it by one token at most") {
    Anns bench;
    bench.rules.live_max = 3;
    bench.rules.mints_per_day = 100;
    std::string token = bench.first, former;
    for (int i = 0; i < 61; ++i) {
        former = token;
        token = bench.prefix_of(bench.rotate_by(token));
        CHECK(bench.working() <= 3);
    }
    CHECK(bench.status(token) == "live");
    CHECK(bench.status(former) == "grace");
    CHECK(bench.status(bench.first) == "rotated");
    // Every second rotation finds three tokens that work, and ends the graces before it.
    CHECK(bench.last_event("after").find("graceEnded") != std::string::npos);
}

TEST_CASE("at live_max a rotation leaves the graces of other lines alone") {
    Anns bench;
    bench.rules.live_max = 3;
    std::vector<std::string> lines = {bench.first, bench.mint(bench.ann).view.token.prefix,
                                      bench.mint(bench.ann).view.token.prefix};
    for (std::string& line : lines) {
        const std::string old = line;
        line = bench.prefix_of(bench.rotate_by(line));
        CHECK(bench.status(old) == "grace");
    }
    CHECK(bench.working() == 6);
    for (const std::string& line : lines)
        take(bench.rotate_by(line));
    CHECK(bench.working() == 6);
}

TEST_CASE(
    "a repeated rotation revokes what was never used, and keeps the line and the grace's end") {
    Anns bench;
    const std::string lost = bench.prefix_of(bench.rotate_by(bench.first, 2 * 3'600));
    const std::int64_t end_ms =
        *take(show_token(bench.context(), bench.first)).token.works_until_ms;
    bench.clock.wall_ms += hour_ms;
    const std::string also_lost = bench.prefix_of(bench.rotate_by(bench.first));
    const MintedToken next = take(bench.rotate_by(bench.first, 4 * 3'600));

    const TokenRecord old = take(show_token(bench.context(), bench.first)).token;
    CHECK(old.works_until_ms == end_ms);
    CHECK(old.rotated_ms == end_ms - 2 * hour_ms);
    CHECK(next.view.token.line == old.line);
    CHECK(bench.status(lost) == "revoked");
    CHECK(bench.status(also_lost) == "revoked");
    CHECK(bench.status(next.view.token.prefix) == "live");
    CHECK(bench.last_event("after").find(R"("again":true)") != std::string::npos);
    CHECK(bench.number("SELECT count(*) FROM audit_events WHERE action = 'token.revoke'") == 2);

    // A shorter grace is given; a longer one never.
    const MintedToken last = take(bench.rotate_by(bench.first, 60));
    CHECK(take(show_token(bench.context(), bench.first)).token.works_until_ms ==
          bench.clock.wall_ms + 60'000);
    bench.use(last.view.token.prefix);
    const Failure failure = refused(bench, [&] { return bench.rotate_by(bench.first); });
    CHECK(failure.fault == Fault::conflict);
    CHECK(failure.reason == "token_in_grace");
}

TEST_CASE("nothing that came later in the line may have been used when a rotation is repeated") {
    Anns bench;
    const std::string used = bench.prefix_of(bench.rotate_by(bench.first));
    bench.use(used);
    const std::string unused = bench.prefix_of(bench.rotate_by(used));
    bench.revoke(used);
    CHECK(refused(bench, [&] { return bench.rotate_by(bench.first); }).reason == "token_in_grace");
    CHECK(bench.status(unused) == "live");
}

TEST_CASE("a rotation is repeated neither after the grace nor where uses are not known") {
    Anns bench;
    take(bench.rotate_by(bench.first, 3'600));
    Context beside_a_server = bench.context_of(bench.ann, bench.first);
    beside_a_server.settle_usage = nullptr;
    CHECK(refused(bench, [&] { return rotate_token(beside_a_server, bench.first, {}); }).reason ==
          "not_rotatable");
    Context unable = bench.context_of(bench.ann, bench.first);
    unable.settle_usage = [] { return Status(Failure{Fault::store, "the disk is full", ""}); };
    CHECK(refused(bench, [&] { return rotate_token(unable, bench.first, {}); }).reason ==
          "not_rotatable");
    bench.clock.wall_ms += hour_ms;
    CHECK(refused(bench, [&] { return bench.rotate_by(bench.first); }).reason == "token_ended");
}

TEST_CASE("a token in its grace rotates no other token and mints none") {
    Anns bench;
    const std::string other = bench.mint(bench.ann).view.token.prefix;
    take(bench.rotate_by(bench.first));
    CHECK(refused(bench, [&] {
              return rotate_token(bench.context_of(bench.ann, bench.first), other, {});
          }).reason == "token_in_grace");
    CHECK(refused(bench, [&] { return bench.mint_by(bench.first); }).reason == "token_in_grace");
}

TEST_CASE("a repeated rotation at live_max takes the place of what it revokes") {
    Anns bench;
    bench.rules.live_max = 2;
    take(bench.rotate_by(bench.first));
    for (int i = 0; i < 3; ++i) {
        take(bench.rotate_by(bench.first));
        CHECK(bench.working() == 2);
    }
    CHECK(bench.status(bench.first) == "grace");
}

TEST_CASE("an operator token may have an expiry, which is bounded like another") {
    Anns bench;
    const std::int64_t end_ms = bench.clock.wall_ms + day_ms;
    const MintedToken minted = take(mint_operator(bench.context(), "root", end_ms));
    CHECK(take(show_token(bench.context(), minted.view.token.prefix)).token.expires_ms == end_ms);
    CHECK(bench.last_event("after").find(R"("expires":"2026-)") != std::string::npos);
    CHECK(bench.status(minted.view.token.prefix) == "live");
    for (const std::int64_t bad : {bench.clock.wall_ms.load(), bench.clock.wall_ms + 400 * day_ms})
        CHECK(refused(bench, [&] { return mint_operator(bench.context(), "root", bad); }).fault ==
              Fault::usage);
    bench.clock.wall_ms += day_ms;
    CHECK(bench.status(minted.view.token.prefix) == "expired");
}

TEST_CASE("the tokens of a removed member are called member_removed, unless they ended before") {
    Anns bench;
    const std::string revoked = bench.mint(bench.ann).view.token.prefix;
    const std::string old = bench.mint(bench.ann).view.token.prefix;
    take(rotate_token(bench.context(), old, {}));
    bench.revoke(revoked);
    take(remove_member(bench.context(), bench.ann));
    CHECK(bench.status(bench.first) == "member_removed");
    CHECK(bench.status(old) == "member_removed");
    CHECK(bench.status(revoked) == "revoked");
    CHECK(take(preview_revocation(bench.context(), {{}, bench.ann, {}})).live == 0);
    take(restore_member(bench.context(), bench.ann));
    CHECK(bench.status(bench.first) == "live");
    CHECK(bench.status(old) == "grace");
}
