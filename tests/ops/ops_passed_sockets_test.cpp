// Descriptors and variables as a service manager sets them, each time in a process of its own.
#include "ops/passed_sockets.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "support/catch.h"

using hourgate::ops::PassedSockets;
using Sockets = std::vector<int>;

namespace {

struct Variables {
    std::string count;
    std::string names;
    bool for_another = false;
};

/// Descriptors 3 and 4 are open, 5 is not: whether `holds` there.
bool in_a_process(const Variables& variables, const std::function<bool()>& holds) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        dup2(0, 3);
        dup2(0, 4);
        close(5);
        setenv("LISTEN_PID", std::to_string(getpid() + (variables.for_another ? 1 : 0)).c_str(), 1);
        setenv("LISTEN_FDS", variables.count.c_str(), 1);
        setenv("LISTEN_FDNAMES", variables.names.c_str(), 1);
        _exit(holds() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_open(int fd) {
    return fcntl(fd, F_GETFD) >= 0;
}

bool variables_are_gone() {
    return std::getenv("LISTEN_PID") == nullptr && std::getenv("LISTEN_FDS") == nullptr &&
           std::getenv("LISTEN_FDNAMES") == nullptr;
}

}  // namespace

TEST_CASE("sockets are had by name, go to no other program, and the variables are gone") {
    CHECK(in_a_process({"2", "ask:public"}, [] {
        auto passed = PassedSockets::from_environment({"public", "ask", "admin"});
        return passed.ok() && variables_are_gone() && fcntl(3, F_GETFD) == FD_CLOEXEC &&
               fcntl(4, F_GETFD) == FD_CLOEXEC && passed.value().take("public") == Sockets{4} &&
               passed.value().take("public").empty() && passed.value().take("admin").empty() &&
               passed.value().take("ask") == Sockets{3};
    }));
    CHECK(in_a_process({"2", "ask:ask"}, [] {
        auto passed = PassedSockets::from_environment({"ask"});
        return passed.ok() && passed.value().take("ask") == Sockets{3, 4};
    }));
}

TEST_CASE("a socket nobody took is closed, one that was taken is not") {
    CHECK(in_a_process({"2", "a:b"}, [] {
        {
            auto passed = PassedSockets::from_environment({"a", "b"});
            if (!passed || passed.value().take("a") != Sockets{3})
                return false;
        }
        return is_open(3) && !is_open(4);
    }));
}

TEST_CASE("variables for another process, or none, are no sockets, and nothing is touched") {
    CHECK(in_a_process({"2", "a:b", true}, [] {
        auto passed = PassedSockets::from_environment({"a", "b"});
        return passed.ok() && variables_are_gone() && passed.value().take("a").empty() &&
               fcntl(3, F_GETFD) == 0;
    }));
    CHECK(in_a_process({"0", ""}, [] {
        auto passed = PassedSockets::from_environment({"a"});
        return passed.ok() && passed.value().take("a").empty() && is_open(3);
    }));
}

TEST_CASE("what is off with the variables is named, and they are gone all the same") {
    struct Off {
        Variables variables;
        std::string what;
    };
    for (const Off& off :
         {Off{{"x", "a"}, "LISTEN_FDS is 'x', which is no number of sockets"},
          Off{{"", "a"}, "LISTEN_FDS is '', which is no number of sockets"},
          Off{{"-1", "a"}, "LISTEN_FDS is '-1', which is no number of sockets"},
          Off{{"9999999999", "a"}, "LISTEN_FDS is '9999999999', which is no number of sockets"},
          Off{{"3", "a:b:c"}, "LISTEN_FDS is 3, but descriptor 5 is not open"},
          Off{{"2", "a"}, "a socket was passed on as '', and no listener is called so"},
          Off{{"1", "\x1b[2J"},
              "a socket was passed on as '\\x1b[2J', and no listener is called so"}}) {
        CAPTURE(off.what);
        CHECK(in_a_process(off.variables, [&] {
            const auto passed = PassedSockets::from_environment({"a", "b", "c"});
            return !passed && passed.failure().what == off.what && !passed.failure().next.empty() &&
                   variables_are_gone();
        }));
    }
}
