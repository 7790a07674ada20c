// Runs a program on its own terminal and returns what a person would see.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/waiting.h"

namespace hourgate::test {

/// Returns true if a program can be given a terminal here: a chroot without /dev/pts has none.
inline bool has_terminals() {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    const bool usable = terminal >= 0 && ::grantpt(terminal) == 0 && ::unlockpt(terminal) == 0;
    if (terminal >= 0)
        ::close(terminal);
    return usable;
}

/// Returns all that `words` print on standard output and error, with line ends as "\r\n".
/// `variables` are "NAME=VALUE" and are added to the environment. Throws if the program takes
/// longer than `waits_at_most`.
inline std::string seen_on_terminal(const std::vector<std::string>& words,
                                    const std::vector<std::string>& variables = {}) {
    const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
        throw std::runtime_error("no terminal");
    const std::string name = ::ptsname(terminal);
    const int other = ::open(name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(other, STDOUT_FILENO);
        ::dup2(other, STDERR_FILENO);
        for (const std::string& variable : variables)
            ::putenv(::strdup(variable.c_str()));
        std::vector<char*> argv;
        for (const std::string& word : words)
            argv.push_back(::strdup(word.c_str()));
        argv.push_back(nullptr);
        ::execv(argv[0], argv.data());
        ::_exit(127);
    }
    ::close(other);
    std::string seen;
    const auto until = std::chrono::steady_clock::now() + waits_at_most;
    for (;;) {
        pollfd waiting = {terminal, POLLIN, 0};
        if (::poll(&waiting, 1, 1'000) > 0) {
            char bytes[4'096];
            const ssize_t got = ::read(terminal, bytes, sizeof bytes);
            if (got <= 0)
                break;  // EIO: the program has ended
            seen.append(bytes, static_cast<std::size_t>(got));
        }
        if (std::chrono::steady_clock::now() > until)
            break;
    }
    ::close(terminal);
    int status = 0;
    const bool late = std::chrono::steady_clock::now() > until;
    if (late)
        ::kill(child, SIGKILL);
    ::waitpid(child, &status, 0);
    if (late)
        throw std::runtime_error("the program did not end on its terminal: " + seen);
    return seen;
}

}  // namespace hourgate::test
