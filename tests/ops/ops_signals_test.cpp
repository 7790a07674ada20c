#include <netdb.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <string>
#include <thread>

#include "ops/signals.h"
#include "support/catch.h"

using hourgate::ops::Signals;

namespace {

constexpr std::int64_t long_us = 60'000'000;

bool is_blocked(int signal) {
    sigset_t mask;
    REQUIRE(pthread_sigmask(SIG_BLOCK, nullptr, &mask) == 0);
    return sigismember(&mask, signal) == 1;
}

bool is_ignored(int signal) {
    struct sigaction action {};
    REQUIRE(sigaction(signal, nullptr, &action) == 0);
    return action.sa_handler == SIG_IGN;
}

/// The exit code of `work`, done in a process of its own: what it changes cannot be undone.
template <typename Work>
int in_child(Work work) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0)
        _exit(work());
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("SIGTERM and SIGINT end a wait and are told apart") {
    Signals signals;
    REQUIRE(kill(getpid(), SIGTERM) == 0);
    CHECK(signals.wait(long_us) == SIGTERM);
    REQUIRE(kill(getpid(), SIGINT) == 0);
    CHECK(signals.wait(long_us) == SIGINT);
    CHECK(signals.wait(0) == 0);
}

TEST_CASE("a wait without a signal ends when its time is over, at once when there is none") {
    Signals signals;
    CHECK(signals.wait(0) == 0);
    CHECK(signals.wait(-5) == 0);
    CHECK(signals.wait(INT64_MIN) == 0);
    CHECK(signals.wait(1'000) == 0);
    REQUIRE(kill(getpid(), SIGTERM) == 0);
    CHECK(signals.wait(INT64_MAX) == SIGTERM);
}

TEST_CASE("SIGHUP and SIGPIPE are ignored while there are signals to wait for") {
    Signals signals;
    REQUIRE(kill(getpid(), SIGHUP) == 0);
    REQUIRE(raise(SIGPIPE) == 0);
    CHECK(signals.wait(0) == 0);
    CHECK(is_ignored(SIGHUP));
    CHECK(is_ignored(SIGPIPE));
}

TEST_CASE("SIGHUP is told to whoever awaits it, and ends nothing") {
    const bool hang_up_before = is_blocked(SIGHUP);
    {
        Signals signals(Signals::HangUp::awaited);
        CHECK(is_blocked(SIGHUP));
        REQUIRE(kill(getpid(), SIGHUP) == 0);
        CHECK(signals.wait(long_us) == SIGHUP);
        CHECK(signals.wait(0) == 0);
        REQUIRE(kill(getpid(), SIGHUP) == 0);  // taken along at the end
    }
    CHECK(is_blocked(SIGHUP) == hang_up_before);
}

TEST_CASE("at the end everything is as it was, and a second SIGTERM is taken along") {
    const bool term_before = is_blocked(SIGTERM), pipe_before = is_ignored(SIGPIPE);
    {
        Signals signals;
        CHECK(is_blocked(SIGTERM));
        CHECK(is_blocked(SIGINT));
        REQUIRE(kill(getpid(), SIGTERM) == 0);
        CHECK(signals.wait(long_us) == SIGTERM);
        REQUIRE(kill(getpid(), SIGTERM) == 0);
        REQUIRE(kill(getpid(), SIGINT) == 0);
    }
    CHECK(is_blocked(SIGTERM) == term_before);
    CHECK(is_ignored(SIGPIPE) == pipe_before);
}

TEST_CASE("a process that forbids dumps leaves no core and cannot be traced") {
    CHECK(in_child([] {
              hourgate::ops::forbid_dumps();
              rlimit core{};
              const bool none =
                  getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
              return none && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : 1;
          }) == 0);
}

TEST_CASE("a process that runs when idle, and each thread it starts, yield to all other work") {
    CHECK(in_child([] {
              hourgate::ops::run_when_idle();
              constexpr int of_process = 1, class_shift = 13, class_idle = 3;
              int scheduler = -1;
              std::thread([&] { scheduler = sched_getscheduler(0); }).join();
              const long io = syscall(SYS_ioprio_get, of_process, 0);
              return scheduler == SCHED_IDLE && io >> class_shift == class_idle ? 0 : 1;
          }) == 0);
}

TEST_CASE("with look-ups confined, names of /etc/hosts and addresses still resolve") {
    if (!std::ifstream("/etc/hosts"))
        return;
    CHECK(in_child([] {
              hourgate::ops::confine_name_look_ups();
              for (const char* host : {"localhost", "127.0.0.1"}) {
                  addrinfo* found = nullptr;
                  if (getaddrinfo(host, "80", nullptr, &found) != 0)
                      return 1;
                  freeaddrinfo(found);
              }
              return 0;
          }) == 0);
}
