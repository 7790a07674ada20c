// SIGTERM and SIGINT, and SIGHUP where it means something, as events of one waiting thread. SIGPIPE
// is ignored. Must be made before any thread starts, so that all inherit the mask.
#pragma once

#include <csignal>
#include <cstdint>

namespace hourgate::ops {

class Signals {
public:
    enum class HangUp : std::uint8_t { ignored, awaited };
    /// Aborts when the kernel gives no descriptor: a server that cannot be stopped must not start.
    explicit Signals(HangUp hang_up = HangUp::ignored);
    /// Takes what is still waiting, so that a second SIGTERM does not end a server that has stopped
    /// cleanly, and puts everything back as it was.
    ~Signals();
    Signals(const Signals&) = delete;
    Signals& operator=(const Signals&) = delete;

    /// Waits up to `timeout_us` for a signal. Returns its number, 0 when the time is over.
    [[nodiscard]] int wait(std::int64_t timeout_us);

private:
    int fd_ = -1;
    sigset_t mask_before_{};
    struct sigaction pipe_before_ {};
    const HangUp hang_up_;
    struct sigaction hang_up_before_ {};  // where it is ignored
};

/// CLOCK_MONOTONIC: what service managers go by.
[[nodiscard]] std::int64_t monotonic_us() noexcept;

/// No core dumps and no ptrace of this process: a token may be in its memory (prctl(2)
/// PR_SET_DUMPABLE, setrlimit(2) RLIMIT_CORE).
void forbid_dumps() noexcept;
/// Raises the soft limit of open files to the hard one: three listeners may hold a thousand
/// connections, and a shell allows 1,024 files (setrlimit(2) RLIMIT_NOFILE).
void allow_many_files() noexcept;
/// Lets this thread, and the threads it starts, run only while no other work wants the processor or
/// the disk (sched(7) SCHED_IDLE, ioprio_set(2) IOPRIO_CLASS_IDLE). Changes nothing if a sandbox
/// refuses that.
void run_when_idle() noexcept;
/// Names resolved from files and dns only, so that nothing is loaded at run time (static glibc).
void confine_name_look_ups() noexcept;

}  // namespace hourgate::ops
