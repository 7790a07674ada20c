#include "ops/signals.h"

#include <nss.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <ctime>

#include "base/check.h"
#include "base/clock.h"

namespace hourgate::ops {

namespace {

sigset_t awaited_signals(Signals::HangUp hang_up) noexcept {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (hang_up == Signals::HangUp::awaited)
        sigaddset(&set, SIGHUP);
    return set;
}

void ignore(int signal, struct sigaction& before) noexcept {
    struct sigaction action {};
    action.sa_handler = SIG_IGN;
    HOURGATE_CHECK(sigaction(signal, &action, &before) == 0);
}

/// The next signal that is waiting; 0 when none is.
int take(int fd) noexcept {
    signalfd_siginfo info{};
    const ssize_t got = read(fd, &info, sizeof info);
    return got == static_cast<ssize_t>(sizeof info) ? static_cast<int>(info.ssi_signo) : 0;
}

}  // namespace

std::int64_t monotonic_us() noexcept {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<std::int64_t>(now.tv_sec) * us_per_s + now.tv_nsec / 1'000;
}

Signals::Signals(HangUp hang_up) : hang_up_(hang_up) {
    const sigset_t awaited = awaited_signals(hang_up);
    HOURGATE_CHECK(pthread_sigmask(SIG_BLOCK, &awaited, &mask_before_) == 0);
    ignore(SIGPIPE, pipe_before_);
    if (hang_up == HangUp::ignored)
        ignore(SIGHUP, hang_up_before_);
    fd_ = signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    HOURGATE_CHECK(fd_ >= 0);
}

Signals::~Signals() {
    while (take(fd_) != 0) {
    }
    close(fd_);
    if (hang_up_ == HangUp::ignored)
        sigaction(SIGHUP, &hang_up_before_, nullptr);
    sigaction(SIGPIPE, &pipe_before_, nullptr);
    pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

int Signals::wait(std::int64_t timeout_us) {
    constexpr std::int64_t timeout_us_max = 365 * 86'400 * us_per_s;
    const std::int64_t end_us =
        monotonic_us() + std::clamp<std::int64_t>(timeout_us, 0, timeout_us_max);
    for (;;) {
        const std::int64_t left_us = std::max<std::int64_t>(end_us - monotonic_us(), 0);
        timespec left{};
        left.tv_sec = left_us / us_per_s;
        left.tv_nsec = left_us % us_per_s * 1'000;
        pollfd waiting = {fd_, POLLIN, 0};
        const int ready = ppoll(&waiting, 1, &left, nullptr);
        if (ready > 0)
            return take(fd_);
        if (ready == 0)
            return 0;
        HOURGATE_CHECK(errno == EINTR);  // a debugger, or a signal nobody asked for
    }
}

void forbid_dumps() noexcept {
    // Both may be refused in a sandbox; the unit says LimitCORE=0 as well.
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
}

void allow_many_files() noexcept {
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
}

void run_when_idle() noexcept {
    const sched_param none{};
    (void)sched_setscheduler(0, SCHED_IDLE, &none);
    // glibc has no function for it; the numbers are those of linux/ioprio.h.
    constexpr int of_process = 1, class_idle = 3, class_shift = 13;
    (void)syscall(SYS_ioprio_set, of_process, 0, class_idle << class_shift);
}

void confine_name_look_ups() noexcept {
    // glibc asks /etc/nsswitch.conf otherwise, and loads a shared library for each other source.
    __nss_configure_lookup("hosts", "files dns");
    for (const char* const database : {"passwd", "group", "services"})
        __nss_configure_lookup(database, "files");
}

}  // namespace hourgate::ops
