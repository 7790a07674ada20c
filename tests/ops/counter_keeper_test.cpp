// The state file: whole or not at all, and never in the way of the gate.
#include "ops/counter_keeper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gate/gate.h"
#include "ops/state_file.h"
#include "support/catch.h"
#include "support/small_disk.h"
#include "support/temp_folder.h"

using namespace hourgate;
using ops::StateFile;
using ops::StatePart;
using test::bytes_of;
using test::TempFolder;
using test::write_bytes;

namespace {

const std::string key = "0123456789abcdef0123456789abcdef";
const std::string boot_a = "aaaaaaaa-0000-4000-8000-000000000000";
const std::string boot_b = "bbbbbbbb-0000-4000-8000-000000000000";
constexpr std::int64_t begin_us = 86'400 * us_per_s;

const std::vector<Window> plan = {{"burst", 2, 60, Per::token},
                                  {"team", 5'000, 600, Per::workspace}};
const std::vector<Window> plan_with_member = {{"burst", 2, 60, Per::token},
                                              {"sustained", 9, 60, Per::member},
                                              {"team", 5'000, 600, Per::workspace}};
const std::span<const Window> revocations = gate_windows(policy::GateWindow::revoke);
const std::array<std::uint8_t, 9> address = {4, 192, 0, 2, 1};

class ToldClock final : public Clock {
public:
    [[nodiscard]] Now now() const noexcept override { return {boot_us, wall_ms}; }
    std::int64_t wall_ms = 1'795'000'000'000;  // 2026-11-18
    std::int64_t boot_us = begin_us;
};

/// A folder that outlives servers.
struct Place {
    TempFolder folder, logs;
    [[nodiscard]] std::string state() const { return folder.file("hourgate.state"); }
};

/// What a server has of it, from one start to the next.
class Life {
public:
    explicit Life(const Place& place, std::int64_t now_us = begin_us,
                  const std::string& boot_id = boot_a, const std::string& with_key = key,
                  std::int64_t wall_ms = 1'795'000'000'000)
        : log_name_(place.logs.file("log")),
          fd_(::open(log_name_.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600)),
          log_(fd_) {
        clock.boot_us = now_us;
        clock.wall_ms = wall_ms;
        keeper = std::make_unique<ops::CounterKeeper>(
            ops::CounterKeeper::Settings{place.state(), with_key, boot_id},
            ops::Counters{limiter, own, failures, public_calls, preflights}, clock, log_);
        keeper->load();
    }
    ~Life() { ::close(fd_); }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;

    [[nodiscard]] Room ask(std::int64_t line = 7) {
        return limiter.ask({line, 0, 3}, plan, clock.now(), Spend::yes);
    }
    [[nodiscard]] bool fails() { return failures.ask(address, clock.now(), Spend::yes).granted; }
    [[nodiscard]] std::string said() const { return bytes_of(log_name_); }
    [[nodiscard]] std::size_t times_said(const std::string& words) const {
        const std::string all = said();
        std::size_t times = 0;
        for (std::size_t at = all.find(words); at != all.npos; at = all.find(words, at + 1))
            ++times;
        return times;
    }

    ToldClock clock;
    Limiter limiter, own;
    AddressLimiter failures{Window{"failures", 2, 60, Per::token}};
    AddressLimiter public_calls{Window{"public", 2, 60, Per::token}};
    AddressLimiter preflights{Window{"public", 2, 60, Per::token}};
    std::unique_ptr<ops::CounterKeeper> keeper;

private:
    const std::string log_name_;
    const int fd_;
    const ops::Log log_;
};

/// Fills every kind of window and saves.
void spend_and_save(const Place& place) {
    Life life(place);
    for (int call = 0; call < 2; ++call) {
        REQUIRE(life.ask().granted);
        REQUIRE(life.own.ask({-7, 0, 3}, plan, life.clock.now(), Spend::yes).granted);
        REQUIRE(life.fails());
        REQUIRE(life.public_calls.ask(address, life.clock.now(), Spend::yes).granted);
        REQUIRE(life.preflights.ask(address, life.clock.now(), Spend::yes).granted);
    }
    life.keeper->save(true);
    REQUIRE(life.said().empty());
}

void check_starts_empty(const Place& place, const std::string& why) {
    Life life(place);
    CHECK(life.times_said("level=warning") == 1);
    CHECK(life.times_said("saved counters could not be loaded") == 1);
    CHECK(life.times_said(why) == 1);
    CHECK(life.limiter.entries() == 0);
    CHECK(life.ask().granted);
    CHECK(life.fails());
}

}  // namespace

TEST_CASE("The state is beside the database, and named like it") {
    CHECK(ops::state_path_of("/var/lib/hourgate/hourgate.db") ==
          "/var/lib/hourgate/hourgate.state");
    CHECK(ops::state_path_of("gate.db") == "gate.state");
    CHECK(ops::state_path_of("/data/gate") == "/data/gate.state");
    CHECK(ops::state_path_of("/data/gate.state") == "/data/gate.state.state");
    CHECK(ops::state_path_of("/data/.db") == "/data/.db.state");
}

TEST_CASE("A restart gives no window back, whoever counts in it") {
    const Place place;
    spend_and_save(place);
    Life life(place, begin_us + 20 * us_per_s);
    CHECK(life.times_said("counters restored") == 1);
    CHECK(life.times_said("boot=same passed=20s entries=2") == 1);
    const Room room = life.ask();
    CHECK_FALSE(room.granted);
    CHECK(room.retry_after_s == 40);
    CHECK(room.states[1].remaining == 4'998);
    CHECK_FALSE(life.own.ask({-7, 0, 3}, plan, life.clock.now(), Spend::yes).granted);
    CHECK_FALSE(life.fails());
    CHECK_FALSE(life.public_calls.ask(address, life.clock.now(), Spend::yes).granted);
    CHECK_FALSE(life.preflights.ask(address, life.clock.now(), Spend::yes).granted);
    life.clock.boot_us = begin_us + 60 * us_per_s;
    CHECK(life.ask().granted);
    CHECK(life.fails());
}

TEST_CASE("A first start says nothing and leaves nothing but what it saves") {
    const Place place;
    Life life(place);
    CHECK(life.said().empty());
    CHECK(place.folder.names().empty());
    life.keeper->save(false);
    CHECK(place.folder.names() == std::vector<std::string>{"hourgate.state"});
    struct stat status {};
    REQUIRE(::stat(place.state().c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(life.keeper->bytes() == static_cast<std::uint64_t>(status.st_size));
}

TEST_CASE("The time passed is the clock's in one boot, the uptime in another, never more") {
    const ops::Saved saved = {boot_a, 500, 100};  // the clock said 400
    const auto passed = [&](const std::string& boot, std::int64_t now_us) {
        const Timeline time = ops::timeline_after(saved, boot, now_us);
        CHECK(time.since_us == now_us + time.ahead_us);
        CHECK(time.ahead_us >= 0);
        return time.since_us - saved.until_us;
    };
    CHECK(passed(boot_a, 400) == 0);
    CHECK(passed(boot_a, 450) == 50);
    CHECK(passed(boot_a, 30) == 0);    // put back to where it was: nothing has passed
    CHECK(passed(boot_b, 30) == 30);   // up for 30
    CHECK(passed(boot_b, 450) == 50);  // up for 450, but a container's id may change in one boot
    CHECK(passed("", 30) == 30);
    CHECK(passed("", 450) == 50);
    CHECK(ops::timeline_after({"", 500, 100}, "", 30).since_us == 530);  // not known to be one boot
}

TEST_CASE("A wall clock that was set back or forward opens no window and locks none up") {
    for (const std::int64_t wall_ms : {std::int64_t{0}, std::int64_t{9'795'000'000'000}}) {
        const Place place;
        spend_and_save(place);
        Life life(place, begin_us + 20 * us_per_s, boot_a, key, wall_ms);
        const Room room = life.ask();
        CHECK_FALSE(room.granted);
        CHECK(room.retry_after_s == 40);
        life.clock.boot_us += 40 * us_per_s;
        CHECK(life.ask().granted);
    }
}

TEST_CASE("After another boot a window has room no earlier, and counters go on from boot to boot") {
    const Place place;
    spend_and_save(place);
    std::int64_t passed_s = 0;
    for (int boot = 0; boot < 5; ++boot) {
        Life life(place, 4 * us_per_s, std::to_string(boot) + boot_b.substr(1));
        passed_s += 4;
        const Room room = life.ask();
        REQUIRE_FALSE(room.granted);
        CHECK(room.retry_after_s == static_cast<std::uint32_t>(60 - passed_s));
        life.clock.boot_us += 6 * us_per_s;
        passed_s += 6;
        life.keeper->save(true);
    }
    Life life(place, 9 * us_per_s, boot_a);
    CHECK_FALSE(life.ask().granted);
    life.clock.boot_us += us_per_s;
    CHECK(life.ask().granted);
}

TEST_CASE("A file cut anywhere, or with any byte changed, is refused whole") {
    const Place place;
    spend_and_save(place);
    const std::string whole = bytes_of(place.state());
    REQUIRE(StateFile::open(place.state(), key).ok());
    for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
        write_bytes(place.state(), whole.substr(0, bytes));
        REQUIRE_FALSE(StateFile::open(place.state(), key).ok());
    }
    for (std::size_t at = 0; at < whole.size(); ++at) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
        write_bytes(place.state(), changed);
        REQUIRE_FALSE(StateFile::open(place.state(), key).ok());
    }
    write_bytes(place.state(), whole + "x");
    CHECK_FALSE(StateFile::open(place.state(), key).ok());
}

TEST_CASE("What is no state file of this database is told of once, and windows start empty") {
    const Place place;
    spend_and_save(place);
    const std::string whole = bytes_of(place.state());
    const auto with = [&](std::string bytes, const std::string& why) {
        INFO(why);
        write_bytes(place.state(), bytes);
        check_starts_empty(place, why);
    };
    with("", "is cut short");
    with(whole.substr(0, whole.size() / 2), "is damaged");
    with(std::string(5'000, 'x'), "is of another kind");
    with(std::string(whole).replace(8, 1, "\2"), "is of another version");
    with(std::string(whole).replace(100, 1, "\xFF"), "is damaged, or was not written by Hourgate");
    {
        write_bytes(place.state(), whole);
        Life life(place, begin_us, boot_a, "another-database-another-key----");
        CHECK(life.times_said("belongs to another database") == 1);
        CHECK(life.ask().granted);
    }
    ::unlink(place.state().c_str());
    REQUIRE(::mkdir(place.state().c_str(), 0700) == 0);
    check_starts_empty(place, "is no plain file");
    REQUIRE(::rmdir(place.state().c_str()) == 0);
    REQUIRE(::mkfifo(place.state().c_str(), 0600) == 0);
    check_starts_empty(place, "is no plain file");
    ::unlink(place.state().c_str());
    write_bytes(place.folder.file("elsewhere"), whole);
    REQUIRE(::symlink("elsewhere", place.state().c_str()) == 0);
    check_starts_empty(place, "cannot read");
    ::unlink(place.state().c_str());
    write_bytes(place.state(), "");
    REQUIRE(::truncate(place.state().c_str(), off_t{limits::state_bytes_max} + 1) == 0);
    check_starts_empty(place, "is too large");
}

TEST_CASE("Of a file that is sealed but makes no sense, nothing is taken over") {
    const Place place;
    Limiter spent;
    for (int call = 0; call < 2; ++call)
        REQUIRE(spent.ask({7, 0, 3}, plan, {begin_us, 0}, Spend::yes).granted);
    const auto sealed = [&](const std::string& bad, std::int64_t until_us, std::int64_t ahead_us) {
        ops::StateFileWriter draft(place.state(), key, boot_a);
        REQUIRE(spent.save({begin_us, 0}, [&](std::string_view piece) {
            return draft.add(StatePart::limiter, piece).ok();
        }));
        if (!bad.empty())
            REQUIRE(draft.add(StatePart::failures, bad).ok());
        REQUIRE(draft.place(until_us, ahead_us).ok());
    };
    sealed("", begin_us, 0);
    CHECK_FALSE(Life(place).ask().granted);
    sealed("\7nonsense", begin_us, 0);
    check_starts_empty(place, "is damaged");
    sealed("", begin_us, begin_us + 1);
    check_starts_empty(place, "is damaged");
    sealed("", limits::state_instant_us_max + 1, 0);
    check_starts_empty(place, "is damaged");
    sealed("", -1, 0);
    check_starts_empty(place, "is damaged");
    {
        // Written "before" the instants in it.
        sealed("", 1'000, 0);
        Life life(place, 2'000);
        CHECK(life.times_said("is damaged") == 1);
        CHECK(life.limiter.entries() == 0);
    }
    {
        ops::StateFileWriter draft(place.state(), key, boot_a);
        REQUIRE(draft.add(static_cast<StatePart>(9), "x").ok());
        REQUIRE(draft.place(begin_us, 0).ok());
        check_starts_empty(place, "is damaged");
    }
}

TEST_CASE("A disk that is full leaves the file of before; it is said once, and when it ends") {
    const Place place;
    spend_and_save(place);
    const std::string before = bytes_of(place.state());
    Life life(place);
    REQUIRE(life.ask(8).granted);
    {
        const test::SmallDisk full(before.size() / 2);
        life.keeper->save(false);
        life.keeper->save(false);
    }
    CHECK(bytes_of(place.state()) == before);
    CHECK(place.folder.names() == std::vector<std::string>{"hourgate.state"});
    CHECK(life.keeper->failures() == 2);
    life.clock.boot_us += 9 * us_per_s;
    CHECK(life.keeper->age_s() == 9);
    life.keeper->save(false);
    CHECK(life.keeper->age_s() == 0);
    CHECK(bytes_of(place.state()) != before);
    life.keeper->save(false);
    CHECK(life.times_said("counters are saved again") == 1);
}

TEST_CASE("A folder that is gone is no reason to stop") {
    Place place;
    Life life(place);
    std::filesystem::remove_all(place.folder.path());
    life.keeper->save(false);
    life.keeper->save(true);
    CHECK(life.times_said("counters cannot be saved") == 1);
    CHECK(life.keeper->failures() == 2);
    CHECK(life.ask().granted);
}

TEST_CASE("What a killed server left half written is no obstacle, and not followed anywhere") {
    const Place place;
    spend_and_save(place);
    const std::string other = place.logs.file("other");
    write_bytes(other, "untouched");
    REQUIRE(::symlink(other.c_str(), (place.state() + ".new").c_str()) == 0);
    Life life(place);
    REQUIRE_FALSE(life.ask().granted);
    REQUIRE(life.ask(8).granted);
    life.keeper->save(false);
    CHECK(bytes_of(other) == "untouched");
    CHECK(place.folder.names() == std::vector<std::string>{"hourgate.state"});
    Life next(place);
    CHECK(next.ask(8).granted);
    CHECK_FALSE(next.ask(8).granted);
}

TEST_CASE(
    "Where nothing was counted the file is left alone, but for once a minute and at the end") {
    const Place place;
    Life life(place);
    const auto spend = [&] {
        const std::vector<Window> hour = {{"hour", 9, 3'600, Per::token}};
        REQUIRE(life.limiter.ask({8, 0, 3}, hour, life.clock.now(), Spend::yes).granted);
    };
    spend();
    const auto inode = [&] {
        struct stat status {};
        REQUIRE(::stat(place.state().c_str(), &status) == 0);
        return status.st_ino;  // one file is there until the next is in its place
    };
    life.keeper->save(false);
    const auto first = inode();
    life.clock.boot_us += 4 * us_per_s;
    life.keeper->save(false);
    CHECK(inode() == first);
    CHECK(life.keeper->age_s() == 0);  // it has all that was counted
    spend();
    life.keeper->save(false);
    const auto second = inode();
    CHECK(second != first);
    life.clock.boot_us += limits::state_rewrite_us - 1;
    life.keeper->save(false);
    CHECK(inode() == second);
    life.clock.boot_us += 1;
    life.keeper->save(false);
    const auto third = inode();
    CHECK(third != second);
    life.keeper->save(true);
    CHECK(inode() != third);
}

namespace {

/// The logs of the gate's own routes for a token and a member, dead or alive.
CountedFor own_logs(std::int64_t token, std::int64_t member, bool dead) {
    Facts facts;
    facts.token.id = token;
    auto its_member = std::make_shared<Member>();
    its_member->id = member;
    facts.member = std::move(its_member);
    return gate_logs_of(facts, policy::GateWindow::revoke, dead);
}

}  // namespace

TEST_CASE("After a restore, lost tokens, members and workspaces are forgotten, others go on") {
    const Place place;
    {
        Life life(place);
        for (const std::int64_t line : {7, 8})
            for (int call = 0; call < 2; ++call) {
                const std::int64_t member = line - 2, workspace = line - 4;
                REQUIRE(life.limiter
                            .ask({line, member, workspace}, plan_with_member, life.clock.now(),
                                 Spend::yes)
                            .granted);
                REQUIRE(life.own
                            .ask(own_logs(line, member, call == 0), revocations, life.clock.now(),
                                 Spend::yes)
                            .granted);
            }
        REQUIRE(life.fails());
        REQUIRE(life.fails());
        life.keeper->save(true);
    }
    REQUIRE(ops::forget_above(place.state(), key, {7, 5, 3}).ok());
    CHECK(place.folder.names() == std::vector<std::string>{"hourgate.state"});
    Life life(place, 20 * us_per_s, boot_b);
    const Room room = life.ask(7);
    CHECK_FALSE(room.granted);
    CHECK(room.retry_after_s == 40);
    CHECK_FALSE(life.fails());
    const auto own_left = [&](CountedFor whose) {
        const Room own = life.own.ask(whose, revocations, life.clock.now(), Spend::no);
        return std::make_pair(own.states[0].remaining, own.states[1].remaining);
    };
    for (const bool dead : {false, true}) {
        CHECK(own_left(own_logs(7, 5, dead)) == std::make_pair(59U, 599U));
        CHECK(own_left(own_logs(8, 6, dead)) == std::make_pair(60U, 600U));
    }
    const std::vector<Window> per_member = {{"sustained", 9, 60, Per::member}};
    CHECK(
        life.limiter.ask({0, 5, 0}, per_member, life.clock.now(), Spend::no).states[0].remaining ==
        7);
    CHECK(
        life.limiter.ask({0, 6, 0}, per_member, life.clock.now(), Spend::no).states[0].remaining ==
        9);
    const Room other = life.limiter.ask({8, 0, 4}, plan, life.clock.now(), Spend::yes);
    CHECK(other.granted);
    CHECK(other.states[1].remaining == 4'999);
}

TEST_CASE("After a restore, a state file that is not there or not usable is left as it is") {
    const Place place;
    REQUIRE(ops::forget_above(place.state(), key, {7, 5, 3}).ok());
    CHECK(place.folder.names().empty());
    write_bytes(place.state(), "not one");
    REQUIRE(ops::forget_above(place.state(), key, {7, 5, 3}).ok());
    CHECK(bytes_of(place.state()) == "not one");
}

TEST_CASE("A state file of a version without windows per member goes on") {
    const Place place;
    {
        const Timeline never{};
        Limiter before(never), urgent(never);
        const Now then{begin_us, 0};
        for (int call = 0; call < 2; ++call) {
            REQUIRE(before.ask({7, 0, 3}, plan, then, Spend::yes).granted);
            REQUIRE(urgent.ask({7, 0, 3}, plan, then, Spend::yes).granted);
        }
        ops::StateFileWriter draft(place.state(), key, boot_a);
        const auto into = [&](StatePart part) {
            return [&draft, part](std::string_view piece) { return draft.add(part, piece).ok(); };
        };
        REQUIRE(before.save(then, into(StatePart::limiter)));
        REQUIRE(urgent.save(then, into(StatePart::urgent)));
        REQUIRE(draft.place(begin_us, 0).ok());
    }
    Life life(place, begin_us + 20 * us_per_s);
    CHECK(life.times_said("counters restored") == 1);
    CHECK_FALSE(life.ask().granted);
    CHECK(life.ask().states[1].remaining == 4'998);
    CHECK(life.own.entries() == 0);
}

TEST_CASE("What a member has spent is not given back by a restart") {
    const Place place;
    {
        Life life(place);
        for (std::int64_t line = 1; line <= 9; ++line)
            REQUIRE(life.limiter.ask({line, 5, 3}, plan_with_member, life.clock.now(), Spend::yes)
                        .granted);
        life.keeper->save(true);
    }
    Life life(place, begin_us + 20 * us_per_s);
    const Room room = life.limiter.ask({10, 5, 3}, plan_with_member, life.clock.now(), Spend::yes);
    CHECK_FALSE(room.granted);
    CHECK(room.full == 1);
    CHECK(room.retry_after_s == 40);
    CHECK(life.limiter.ask({10, 6, 3}, plan_with_member, life.clock.now(), Spend::yes).granted);
}

TEST_CASE("Nobody's token, address or name is in the file but their numbers") {
    const Place place;
    spend_and_save(place);
    const std::string bytes = bytes_of(place.state());
    CHECK(bytes.find(key) == bytes.npos);
    CHECK(bytes.find("burst") == bytes.npos);
    CHECK(bytes.size() < 600);
}
