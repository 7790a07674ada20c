// base/check.h: a broken invariant ends the process, and says which without saying values.
#include "base/check.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <csignal>
#include <string>

#include "support/catch.h"

namespace {

struct Death {
    int status = 0;
    std::string message;
};

/// Checks, in a process of its own, that `number` is 1.
Death check_is_one(int number) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        const rlimit no_core{0, 0};
        setrlimit(RLIMIT_CORE, &no_core);
        std::signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        HOURGATE_CHECK(number == 1);
        _exit(0);
    }
    close(ends[1]);
    Death death;
    std::array<char, 512> bytes{};
    for (ssize_t got = 0; (got = read(ends[0], bytes.data(), bytes.size())) > 0;)
        death.message.append(bytes.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    waitpid(child, &death.status, 0);
    return death;
}

}  // namespace

TEST_CASE("A check that holds does nothing") {
    const Death death = check_is_one(1);
    CHECK(WIFEXITED(death.status));
    CHECK(death.message.empty());
}

TEST_CASE("A check that fails aborts, naming the expression and no value") {
    const Death death = check_is_one(71'077'345);
    CHECK(WIFSIGNALED(death.status));
    CHECK(WTERMSIG(death.status) == SIGABRT);
    CHECK(death.message.find("number == 1") != std::string::npos);
    CHECK(death.message.find("check_test.cpp") != std::string::npos);
    CHECK(death.message.find("71077345") == std::string::npos);
}
