// Writes that fail below SQLite, at every place in turn: the disk is full, returns errors, is
// read-only. Decisions go on, changes fail whole and say why, and the next one works by itself.
#include <array>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/faulty_disk.h"
#include "support/manage_bench.h"

using namespace hourgate;
using namespace hourgate::store;
using test::FaultyDisk;
using test::ManageBench;

namespace {

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A gate and its management on a disk that fails when told to.
struct Site {
    FaultyDisk disk;  // before any database is opened
    ManageBench bench;
    int minted = 0;  // acknowledged

    ManageBench::Reply mint() {
        ManageBench::Reply reply = bench.operate(
            "POST", "/members/" + bench.members.at("manager@acme") + "/tokens", {{"name", "job"}});
        minted += reply.status == 201;
        return reply;
    }
    [[nodiscard]] std::int64_t tokens() { return bench.number("SELECT count(*) FROM tokens"); }
    [[nodiscard]] std::int64_t events() {
        return bench.number("SELECT count(*) FROM audit_events WHERE action = 'token.mint'");
    }
    /// Tokens that nobody has looked up yet.
    std::vector<std::string> fresh(int count) {
        std::vector<std::string> all;
        for (int i = 0; i < count; ++i)
            all.push_back(bench.token_for(bench.members.at("owner@bolt")));
        return all;
    }
    [[nodiscard]] bool is_granted(const std::string& token) {
        return bench.self(token, "GET", "/me").status == 200;
    }
};

/// After the process is gone, by the process that opens the files next.
void sound_after_reopening(Site& site) {
    site.bench.directory.reset();
    site.bench.close();
    CHECK(site.bench.text("PRAGMA integrity_check") == "ok");
}

constexpr std::array faults = {FaultyDisk::Fault::full, FaultyDisk::Fault::io_error,
                               FaultyDisk::Fault::read_only};

std::string cause_of(FaultyDisk::Fault fault) {
    return fault == FaultyDisk::Fault::full ? " is full: nothing was changed" : "disk I/O error";
}

}  // namespace

TEST_CASE(
    "whichever write of a change fails, it fails whole, decisions go on, and the next one works") {
    for (const FaultyDisk::Fault fault : faults)
        for (const int times : {1, FaultyDisk::for_good}) {
            Site site;
            const std::string known = site.bench.tokens.at("manager@acme");
            CHECK(site.is_granted(known));
            const std::vector<std::string> unknown = site.fresh(60);
            std::size_t at = 0;
            for (int failed = 1; failed > 0; ++at) {
                REQUIRE(at < unknown.size());
                const std::int64_t tokens = site.tokens(), events = site.events();
                site.disk.fail_after(static_cast<int>(at), fault, times);
                const auto reply = site.mint();
                CHECK(site.is_granted(known));
                CHECK(site.is_granted(unknown[at]));
                failed = site.disk.heal();
                INFO("write " << at << ": " << reply.answer.body);
                const int made = reply.status == 201 ? 1 : 0;
                CHECK(site.tokens() == tokens + made);
                CHECK(site.events() == events + made);
                if (made == 0) {
                    CHECK(failed > 0);
                    CHECK(reply.status == 503);
                    CHECK(reply.code() == "unavailable");
                    CHECK(has(reply.body["error"]["message"], cause_of(fault)));
                    CHECK(has(reply.body["error"]["message"], site.bench.path));
                }
                CHECK(site.mint().status == 201);
            }
            CHECK(at > 5);  // it took that many writes
            sound_after_reopening(site);
        }
}

TEST_CASE("callers are told no file's name when a change of theirs fails, and may try again") {
    Site site;
    site.disk.fail_after(0, FaultyDisk::Fault::full);
    const std::string owner = site.bench.tokens.at("owner@acme");
    const auto reply = site.bench.self(owner, "POST", "/tokens", {{"name", "mine"}});
    CHECK(reply.status == 503);
    CHECK(reply.reason() == "store_failed");
    CHECK_FALSE(has(reply.answer.body, site.bench.path));
    CHECK_FALSE(has(reply.answer.body, "hsk_"));
    site.disk.heal();
    CHECK(site.bench.self(owner, "POST", "/tokens", {{"name", "mine"}}).status == 201);
}

TEST_CASE(
    "when power goes at any write, what was acknowledged is there, and nothing is half there") {
    Site site;
    const std::string synced = site.bench.folder.file("synced");
    std::filesystem::create_directory(synced);
    std::filesystem::copy_file(site.bench.path, synced + "/hourgate.db");
    site.disk.keep_synced(synced);
    site.bench.run("CREATE TABLE ballast (x BLOB) STRICT");
    const std::int64_t others = site.tokens();
    const std::int64_t unaudited = others - site.events();
    const std::string cut = site.bench.folder.file("cut.db");
    /// The database from one place, its WAL from another; the index beside them is memory, and gone.
    const auto look = [&](const std::string& database, const std::string& wal, int before) {
        std::filesystem::copy_file(database, cut);
        if (std::filesystem::exists(wal))
            std::filesystem::copy_file(wal, cut + "-wal");
        {
            DatabaseConnection found(cut, Access::write, 0);
            INFO(database << ", " << wal);
            CHECK(found.text("PRAGMA integrity_check") == "ok");
            const std::int64_t tokens = found.number("SELECT count(*) FROM tokens") - others;
            CHECK(tokens >= site.minted);
            CHECK(tokens <= before + 1);
            CHECK(found.number("SELECT count(*) FROM audit_events WHERE action = 'token.mint'") +
                      unaudited ==
                  tokens + others);
        }
        for (const std::string end : {"", "-wal", "-shm"})
            std::filesystem::remove(cut + end);
    };
    const std::array<std::string, 2> databases = {site.bench.path, synced + "/hourgate.db"};
    // Within the change, and within the checkpoint that its commit sets off.
    int at = 0, step = 1;
    for (int failed = 1; failed > 0; at += step) {
        CAPTURE(at);
        if (at > 14) {
            step = 149;
            site.bench.run(
                "PRAGMA wal_autocheckpoint = 0;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
                " INSERT INTO ballast SELECT randomblob(3500) FROM n");
        }
        site.disk.fail_after(at, FaultyDisk::Fault::full);
        const int before = site.minted;
        static_cast<void>(site.mint());
        // The files are left as they are; what looks at copies of them has a sound disk.
        failed = site.disk.heal() > 0 || at <= 14 ? 1 : 0;
        for (const std::string& database : databases)
            for (const std::string& from : databases)
                look(database, from + "-wal", before);
        CHECK(site.mint().status == 201);
    }
    CHECK(at > 500);
}

TEST_CASE("a checkpoint that fails takes nothing with it, and is made up for") {
    for (const FaultyDisk::Fault fault : faults) {
        Site site;
        site.bench.run("CREATE TABLE ballast (x BLOB) STRICT");
        for (const int at : {12, 13, 20, 100, 700, 1'000, 1'400}) {
            // More pages than SQLite leaves in the WAL: the next commit, the mint's, copies them
            // into the database.
            site.bench.run(
                "PRAGMA wal_autocheckpoint = 0;"
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)"
                " INSERT INTO ballast SELECT randomblob(3500) FROM n");
            site.disk.fail_after(at, fault);
            const auto reply = site.mint();
            const int failed = site.disk.heal();
            INFO("write " << at << ", " << failed << " failed: " << reply.answer.body);
            if (at >= 100)
                CHECK(reply.status == 201);  // it was committed before
            CHECK(site.mint().status == 201);
            CHECK(site.bench.text("PRAGMA integrity_check") == "ok");
        }
        CHECK(site.bench.number("SELECT count(*) FROM tokens WHERE name = 'job'") == site.minted);
        sound_after_reopening(site);
    }
}
