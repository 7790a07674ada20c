// A thread that does one thing again and again: every so many milliseconds, sooner when it is
// asked, and a last time when it is to end. It runs at a lower priority than threads that answer
// calls.
#pragma once

#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace hourgate::ops {

/// Lowers the priority of the calling thread alone (setpriority(2), under "C library/kernel
/// differences"): it still runs on a busy machine, only less often.
inline void lower_priority() noexcept {
    constexpr int low_priority_nice = 10;
    (void)setpriority(PRIO_PROCESS, 0, low_priority_nice);
}

class Periodic {
public:
    /// `work` is told whether this is the last time. It throws nothing.
    Periodic(std::int64_t every_ms, std::function<void(bool last)> work)
        : every_(every_ms), work_(std::move(work)) {}
    ~Periodic() { stop(); }
    Periodic(const Periodic&) = delete;
    Periodic& operator=(const Periodic&) = delete;

    void start() {
        thread_ = std::thread([this] { run(); });
    }
    /// Waits for the last time. Nothing happens when it was never started.
    void stop() noexcept {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable())
            thread_.join();
    }
    /// Does not wait. Any thread.
    void soon() noexcept {
        {
            const std::lock_guard lock(mutex_);
            asked_ = true;
        }
        wake_.notify_all();
    }

private:
    void run() noexcept {
        lower_priority();
        for (bool last = false; !last;) {
            {
                std::unique_lock lock(mutex_);
                wake_.wait_for(lock, every_, [&] { return stopping_ || asked_; });
                last = stopping_;
                asked_ = false;
            }
            work_(last);
        }
    }

    const std::chrono::milliseconds every_;
    const std::function<void(bool last)> work_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;  // guarded by mutex_
    bool asked_ = false;     // guarded by mutex_
    std::thread thread_;
};

}  // namespace hourgate::ops
