// The file by which `hourgate reload` finds the server: only a process that holds its lock now is
// ever signalled, and half a report is none.
#include "ops/reload_report.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include "support/catch.h"
#include "support/temp_folder.h"
#include "support/waiting.h"

using namespace hourgate;
using ops::ReloadBoard;
using ops::ReloadReport;
using ops::ReloadTarget;

namespace {

ReloadReport sample() {
    ReloadReport report;
    report.number = 7;
    report.began_us = 123'456;
    report.in_force = false;
    report.file = "/etc/hour gate/config.toml";
    report.next = "correct it";
    report.mistakes = {"config.toml:3: gate.nonsense: unknown key", "a\nb"};
    report.after_restart = {"server.public"};
    return report;
}

/// A process of its own that posts `report` and goes on until it is signalled.
class Holder {
public:
    Holder(const std::string& path, const ReloadReport& report) {
        int ready[2];
        REQUIRE(::pipe(ready) == 0);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::signal(SIGHUP, SIG_DFL);
            auto board = ReloadBoard::open(path);
            if (!board)
                ::_exit(1);
            board.value()->post(report);
            if (::write(ready[1], "x", 1) != 1)
                ::_exit(1);
            ::alarm(static_cast<unsigned>(test::waits_at_most.count()));
            for (;;)
                ::pause();
        }
        ::close(ready[1]);
        char byte = 0;
        CHECK(::read(ready[0], &byte, 1) == 1);
        ::close(ready[0]);
    }
    ~Holder() { end(SIGKILL); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// The signal that ended it.
    int end(int signal = 0) {
        if (pid_ <= 0)
            return 0;
        if (signal != 0)
            ::kill(pid_, signal);
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }

private:
    pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("the process that holds the file is found, read and signalled") {
    test::TempFolder folder;
    const std::string path = folder.file("a.db.reload");
    Holder holder(path, sample());
    auto found = ReloadTarget::find(path);
    REQUIRE(found.ok());
    REQUIRE(found.value().has_value());
    const ReloadTarget& target = *found.value();
    CHECK(target.pid() == holder.pid());
    CHECK(target.is_there());
    const auto report = target.read();
    REQUIRE(report.has_value());
    CHECK(report->number == 7);
    CHECK(report->began_us == 123'456);
    CHECK_FALSE(report->in_force);
    CHECK(report->file == "/etc/hour gate/config.toml");
    CHECK(report->next == "correct it");
    CHECK(report->mistakes ==
          std::vector<std::string>{"config.toml:3: gate.nonsense: unknown key", "a\\x0ab"});
    CHECK(report->after_restart == std::vector<std::string>{"server.public"});
    CHECK(report->warnings.empty());
    CHECK(target.hang_up().ok());
    CHECK(holder.end() == SIGHUP);
    CHECK_FALSE(target.is_there());
    CHECK_FALSE(target.hang_up().ok());
}

TEST_CASE("a file that a killed server left leads to no process") {
    test::TempFolder folder;
    const std::string path = folder.file("a.db.reload");
    Holder holder(path, sample());
    REQUIRE(holder.end(SIGKILL) == SIGKILL);
    REQUIRE(test::bytes_of(path).size() == ops::reload_report_bytes);
    const auto found = ReloadTarget::find(path);
    REQUIRE(found.ok());
    CHECK_FALSE(found.value().has_value());
    // The next server takes it over.
    Holder next(path, sample());
    const auto again = ReloadTarget::find(path);
    REQUIRE(again.ok());
    REQUIRE(again.value().has_value());
    CHECK(again.value()->pid() == next.pid());
}

TEST_CASE("no file means no server, and a board that ends takes its file away") {
    test::TempFolder folder;
    const std::string path = folder.file("a.db.reload");
    CHECK_FALSE(ReloadTarget::find(path).value().has_value());
    { REQUIRE(ReloadBoard::open(path).ok()); }
    CHECK(folder.names().empty());
}

TEST_CASE("another's file under that name is neither written nor followed") {
    test::TempFolder folder;
    const std::string path = folder.file("a.db.reload"), other = folder.file("other");
    test::write_bytes(path, "somebody else's\n");
    CHECK_FALSE(ReloadBoard::open(path).ok());
    CHECK_FALSE(ReloadTarget::find(path).ok());
    CHECK(test::bytes_of(path) == "somebody else's\n");
    REQUIRE(::unlink(path.c_str()) == 0);

    test::write_bytes(other, "");
    REQUIRE(::symlink(other.c_str(), path.c_str()) == 0);
    CHECK_FALSE(ReloadBoard::open(path).ok());
    REQUIRE(::unlink(path.c_str()) == 0);
    REQUIRE(::link(other.c_str(), path.c_str()) == 0);
    CHECK_FALSE(ReloadBoard::open(path).ok());
    CHECK(test::bytes_of(other).empty());
    REQUIRE(::unlink(path.c_str()) == 0);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK_FALSE(ReloadBoard::open(path).ok());
    CHECK_FALSE(ReloadTarget::find(path).ok());
}

TEST_CASE("half a report is none, and one that is too long says what it leaves out") {
    test::TempFolder folder;
    const std::string path = folder.file("a.db.reload");
    ReloadReport long_one = sample();
    long_one.mistakes.assign(1'000, std::string(100, 'm'));
    Holder holder(path, long_one);
    const auto found = ReloadTarget::find(path);
    REQUIRE(found.value().has_value());
    const auto report = found.value()->read();
    REQUIRE(report.has_value());
    CHECK(report->mistakes.size() > 100);
    CHECK(report->mistakes.size() < 200);
    REQUIRE(report->warnings.size() == 1);
    CHECK(report->warnings[0].find(" more lines are in the log") != std::string::npos);
    // Without its last line, or with the last line of another.
    const std::string bytes = test::bytes_of(path);
    const std::size_t end = bytes.rfind("\nend 7\n");
    REQUIRE(end != bytes.npos);
    for (const std::string last : {"\n     \n", "\nend 8\n"}) {
        std::string half = bytes;
        half.replace(end, last.size(), last);
        std::fstream(path, std::ios::binary | std::ios::in | std::ios::out) << half;
        CHECK_FALSE(found.value()->read().has_value());
    }
}
