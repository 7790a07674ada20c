// Rows of `hourgate doctor` about this machine, from facts that no machine need have.
#include <string>
#include <vector>

#include "base/clock.h"
#include "cli/doctor/local_findings.h"
#include "cli/shell.h"
#include "config/load.h"
#include "support/catch.h"

using namespace hourgate;
using namespace hourgate::cli;

namespace {

constexpr std::int64_t now_ms = 1'800'000'000'000;
constexpr std::int64_t gib = 1LL << 30;

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

config::Config parsed(const std::string& text) {
    auto config = config::parse(text, "c.toml");
    INFO((config ? "" : config.failure().what));
    REQUIRE(config.ok());
    return std::move(config).value();
}

/// The worst row of that name.
Check row(const std::vector<Check>& checks, const std::string& name) {
    Check worst = is_skipped(name, "(absent)");
    for (const Check& check : checks)
        if (check.name == name && (worst.seen == "(absent)" || check.state == State::bad))
            worst = check;
    return worst;
}

ops::FileRights file(const std::string& path, mode_t mode, uid_t owner = 0) {
    return {path, owner, mode, false, 4'096};
}

const ops::FileRights folder = {"/d", 0, 0700, true, 0};

BackupsSeen folder_without(bool readable) {
    BackupsSeen seen;
    seen.folder = "/b";
    seen.newest.readable = readable;
    return seen;
}

BackupsSeen backups(std::int64_t age_ms, const std::string& path = "/b/weekday-1.db") {
    BackupsSeen seen = folder_without(true);
    seen.newest.file = ops::FoundFile{path, now_ms - age_ms};
    return seen;
}

}  // namespace

TEST_CASE("a row is one line, and its fix one more, indented") {
    CHECK(line_of(is_ok("disk", "fine")) == "ok       disk              fine\n");
    CHECK(line_of(is_bad("disk", "full", "free some")) ==
          "bad      disk              full\n         fix: free some\n");
}

TEST_CASE("listeners of this machine alone are well, private ones worth a look, others bad") {
    CHECK(row(about_config(parsed("")), "listeners").state == State::ok);
    const auto state = [](const std::string& key, const std::string& place) {
        return row(about_config(parsed("[server]\n" + key + " = \"" + place + "\"\n")), "listeners")
            .state;
    };
    CHECK(state("ask", "10.1.2.3:8401") == State::warn);
    CHECK(state("ask", "198.51.100.7:8401") == State::bad);
    CHECK(state("admin", "0.0.0.0:8403") == State::bad);
    CHECK(state("admin", "[::]:8403") == State::bad);
    CHECK(state("admin", "gate.example:8403") == State::bad);
    CHECK(state("public", "0.0.0.0:8402") == State::warn);
    CHECK(state("ask", "unix:/run/hourgate/ask.sock") == State::ok);
    CHECK(state("ask", "") == State::ok);
}

TEST_CASE("trusting everybody or nobody is bad") {
    const auto trust = [](const std::string& lists) {
        return row(about_config(parsed("[trust]\n" + lists)), "trust");
    };
    CHECK(trust("").state == State::ok);
    CHECK(has(trust("proxies = [\"0.0.0.0/0\"]").seen, "any address in X-Forwarded-For"));
    CHECK(trust("proxies = [\"::/0\"]").state == State::bad);
    CHECK(trust("peers = [\"0.0.0.0/0\"]").state == State::bad);
    CHECK(has(trust("peers = []").seen, "404 to everybody"));
}

TEST_CASE("what config check warns of is worth a look") {
    const auto checks = about_config(parsed("[gate]\nmode = \"observe\"\n"));
    CHECK(checks.front().state == State::ok);
    CHECK(checks.at(1).state == State::warn);
    CHECK(has(checks.at(1).seen, "observe"));
    CHECK(has(checks.at(1).fix, "c.toml"));
}

TEST_CASE("files that others may read, of another owner, or in an open folder are bad") {
    const auto check = [](const std::vector<ops::FileRights>& files,
                          const ops::FileRights& in = folder,
                          const std::optional<ops::FileRights>& config = {}) {
        return about_rights(files, in, config, {});
    };
    CHECK(check({file("/d/x.db", 0600), file("/d/x.db-wal", 0600)}).state == State::ok);
    CHECK(check({file("/d/x.db", 0640)}).fix == "chmod 0600 /d/x.db");
    // Root is never told to follow a name in a folder that another user can rearrange.
    CHECK(check({file("/d/x.db", 0640, 12'345)}).fix == "sudo -u '#12345' chmod 0600 /d/x.db");
    CHECK(check({file("/d/x.db", 0600)}, {"/d", 12'345, 0770, true, 0}).fix ==
          "sudo -u '#12345' chmod 0700 /d");
    CHECK(check({file("/d/x.db", 0600), file("/d/x.db-wal", 0604)}).fix ==
          "chmod 0600 /d/x.db-wal");
    CHECK(check({file("/d/x.db", 0600, 0), file("/d/x.db-shm", 0600, 12'345)}).fix ==
          "chown -h root /d/x.db-shm");
    CHECK(check({file("/d/x.db", 0600)}, {"/d", 0, 0770, true, 0}).fix == "chmod 0700 /d");
    CHECK(check({file("/d/x.db", 0600)}, {"/d", 0, 0755, true, 0}).state == State::ok);
    CHECK(check({file("/d/x.db", 0600)}, folder, file("/c.toml", 0666)).fix ==
          "chmod 0640 /c.toml");
    CHECK(check({file("/d/x.db", 0600)}, folder, file("/c.toml", 0644)).state == State::ok);
}

TEST_CASE("room on the disk is measured by what there is, and by what a backup takes") {
    const auto state = [](std::int64_t free, std::int64_t data, std::int64_t files = -1) {
        return about_disk("/d", ops::DiskRoom{free, 100 * gib, files}, data).state;
    };
    CHECK(state(gib, 1'000) == State::ok);
    CHECK(state(gib / 4, 1'000) == State::warn);
    CHECK(state(2 * gib, gib) == State::warn);
    CHECK(state(4 * gib, gib) == State::ok);
    CHECK(state(gib / 32, 1'000) == State::bad);
    CHECK(state(gib, 1'000, 5) == State::bad);
    CHECK(state(gib, 1'000, 5'000) == State::ok);
    CHECK(about_disk("/d", std::nullopt, 0).state == State::skipped);
}

TEST_CASE("a clock before what the database holds is bad, one that nobody keeps worth a look") {
    const auto check = [](std::int64_t ahead_ms, std::optional<bool> kept) {
        return about_clock(now_ms, store::Stamp{now_ms + ahead_ms, "an audit event"}, kept, {});
    };
    CHECK(check(0, true).state == State::ok);
    CHECK(check(2'000, true).state == State::ok);
    CHECK(check(2'001, true).state == State::bad);
    CHECK(has(check(3 * ms_per_day, true).seen, "set back by 3 days"));
    CHECK(check(-ms_per_day, false).state == State::warn);
    CHECK(check(-ms_per_day, std::nullopt).state == State::ok);
    CHECK(about_clock(now_ms, std::nullopt, true, {}).state == State::ok);
}

TEST_CASE("a backup is well for two nights, worth a look for a week, then bad") {
    const auto state = [](const BackupsSeen& seen) {
        return about_backups(now_ms, seen, "/d/x.db", {}).state;
    };
    CHECK(state(backups(0)) == State::ok);
    CHECK(state(backups(50 * ms_per_hour)) == State::ok);
    CHECK(state(backups(51 * ms_per_hour)) == State::warn);
    CHECK(state(backups(9 * ms_per_day)) == State::bad);
    CHECK(state(backups(-ms_per_hour)) == State::warn);
    BackupsSeen seen = backups(0);
    seen.flaw = "is empty";
    CHECK(state(seen) == State::bad);
    CHECK(state(folder_without(true)) == State::bad);
    CHECK(state(folder_without(false)) == State::bad);
    CHECK(state(backups(0, "/d/x.db")) == State::bad);
    // A database of today has none yet.
    for (const bool readable : {true, false}) {
        BackupsSeen young = folder_without(readable);
        young.since_ms = now_ms - ms_per_day + 1;
        CHECK(state(young) == State::warn);
        CHECK(has(about_backups(now_ms, young, "/d/x.db", {}).fix, "hourgate backup /b"));
        young.since_ms = now_ms - ms_per_day;
        CHECK(state(young) == State::bad);
    }
    // The line to paste makes the folder only where there is none.
    CHECK(has(about_backups(now_ms, folder_without(false), "/d/x.db", {}).fix, "mkdir"));
    CHECK_FALSE(has(about_backups(now_ms, folder_without(true), "/d/x.db", {}).fix, "mkdir"));
}

TEST_CASE("an API that cannot be reached is bad, one of several worth a look, and each is named") {
    CHECK(about_upstream({{"http://a:1", ""}}).state == State::ok);
    const Check none = about_upstream({{"http://a:1", "Connection refused"}});
    CHECK(none.state == State::bad);
    CHECK(has(none.seen, "answered 502: http://a:1 (Connection refused)"));
    CHECK_FALSE(none.fix.empty());
    const Check some = about_upstream({{"http://a:1", "no answer within 2 s"}, {"unix:/b", ""}});
    CHECK(some.state == State::warn);
    CHECK(has(some.seen, "http://a:1 (no answer within 2 s)"));
    CHECK(has(some.seen, "calls go to unix:/b"));
}

TEST_CASE("a server that may open too few files for its listeners is worth a look") {
    CHECK(about_open_files(65'536, 3, {}).state == State::ok);
    CHECK(about_open_files(1'024, 3, {}).state == State::warn);
    CHECK(about_open_files(17'000, 1, {}).state == State::ok);
    CHECK(about_open_files(std::nullopt, 3, {}).state == State::skipped);
}

TEST_CASE("sizes and spans are told in units that people read") {
    CHECK(bytes_text(0) == "0 B");
    CHECK(bytes_text(1'023) == "1023 B");
    CHECK(bytes_text(1'536) == "1.5 KiB");
    CHECK(bytes_text(79 * gib) == "79 GiB");
    CHECK(span_text(1'000) == "1 second");
    CHECK(span_text(5 * ms_per_hour) == "5 hours");
    CHECK(span_text(47 * ms_per_hour) == "47 hours");
    CHECK(span_text(3 * ms_per_day) == "3 days");
}

TEST_CASE("a fix is for the user who reads it, and names systemd only where it runs the server") {
    constexpr uid_t ann = 12'345, bob = 23'456;
    const auto backups_fix = [](const Around& around) {
        return about_backups(now_ms, folder_without(false), "/d/x.db", around).fix;
    };
    CHECK(has(backups_fix({ann, ann, false, false}),
              "`mkdir -p -m 0700 /b && hourgate backup /b --verify --keep 7`"));
    CHECK(has(backups_fix({bob, ann, false, false}),
              "`sudo -u '#12345' mkdir -p -m 0700 /b && sudo -u '#12345' hourgate backup /b "
              "--verify --keep 7`"));
    CHECK(has(backups_fix({0, ann, false, false}), "`sudo -u '#12345' mkdir"));
    CHECK(has(backups_fix({ann, 0, false, false}), "`sudo mkdir -p -m 0700 /b && sudo hourgate"));
    // Where the folder would be is root's: the owner of the database cannot make it there.
    BackupsSeen in_roots = folder_without(false);
    in_roots.owner = 0;
    CHECK(has(about_backups(now_ms, in_roots, "/d/x.db", {ann, ann, false, false}).fix,
              "`sudo mkdir -p -m 0700 /b && sudo hourgate backup /b"));
    CHECK(has(about_backups(now_ms, in_roots, "/d/x.db", {0, ann, false, false}).fix,
              "`mkdir -p -m 0700 /b && hourgate backup /b"));
    CHECK(has(backups_fix({0, 0, true, true}), "`systemctl enable --now hourgate-backup.timer`"));
    CHECK(has(backups_fix({ann, ann, true, true}), "`sudo systemctl enable"));
    for (const Around& around : {Around{}, Around{ann, ann, false, false}}) {
        const std::vector<std::string> fixes = {
            backups_fix(around),
            about_backups(now_ms, backups(60 * 86'400'000LL), "/d/x.db", around).fix,
            about_clock(now_ms, std::nullopt, false, around).fix,
            about_open_files(1'024, 3, around).fix};
        for (const std::string& fix : fixes) {
            INFO(fix);
            CHECK_FALSE(fix.empty());
            CHECK_FALSE(has(fix, "systemctl"));
            CHECK_FALSE(has(fix, "timedatectl"));
            CHECK_FALSE(has(fix, "unit"));
        }
    }
    const auto rights_fix = [](uid_t user, uid_t owner) {
        return about_rights({file("/d/x.db", 0640, owner)}, folder, {}, {user, owner, false, false})
            .fix;
    };
    CHECK(rights_fix(ann, ann) == "chmod 0600 /d/x.db");
    CHECK(rights_fix(bob, ann) == "sudo -u '#12345' chmod 0600 /d/x.db");
    CHECK(rights_fix(ann, 0) == "sudo chmod 0600 /d/x.db");
    CHECK(about_rights({file("/d/x.db", 0600, 0), file("/d/x.db-shm", 0600, ann)}, folder, {},
                       {ann, 0, false, false})
              .fix == "sudo chown -h root /d/x.db-shm");
    CHECK(server_ways("/elsewhere.toml", ann, ann).start == "`hourgate serve`");
    CHECK(server_ways("/elsewhere.toml", ann, bob).start == "`sudo -u '#12345' hourgate serve`");
    CHECK_FALSE(server_ways("/elsewhere.toml", ann, bob).is_unit);
}
