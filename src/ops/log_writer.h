// Where lines of the log go. Who reads them may be slow, or stop reading: a pipe that is full holds
// up write(2). So while a server runs, a thread of its own writes; lines wait for it, in their
// order, and when too many wait they are dropped and counted. No thread that answers calls ever
// waits for a reader.
// Refuses to: change how the descriptor is open, which other processes may have, too.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "ops/log_line.h"

namespace hourgate::ops {

/// Lines, since the start.
struct LogCounts {
    std::uint64_t written = 0;
    std::uint64_t dropped = 0;  ///< lost: no room to wait, or they could not be written
};

class LogWriter {
public:
    /// `of_dropped` makes the line that says how many were dropped, where they would have stood.
    LogWriter(int fd, std::function<std::string(std::uint64_t dropped)> of_dropped);
    ~LogWriter() { stop(); }
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    /// From now on lines wait for the thread. Before, and after stop(), the thread that puts a line
    /// writes it, and waits limits::log_patience_ms at most. Throws std::system_error.
    void start();
    /// Writes what waits, as long as limits::log_patience_ms, and ends the thread. What is left
    /// then is lost.
    void stop() noexcept;

    /// `line` with its end, log_line_bytes_max at most. Of limits::log_waiting_bytes_max the last
    /// eighth is for warnings and errors. Any thread. Throws std::bad_alloc.
    void put(Level level, std::string_view line);

    [[nodiscard]] LogCounts counts() const noexcept {
        return {written_.load(std::memory_order_relaxed), dropped_.load(std::memory_order_relaxed)};
    }

private:
    using Instant = std::chrono::steady_clock::time_point;

    void run() noexcept;
    void write_lines(std::string_view lines) noexcept;
    [[nodiscard]] bool write_whole(std::string_view bytes) noexcept;
    [[nodiscard]] bool writable() noexcept;

    const int fd_;
    const std::function<std::string(std::uint64_t)> of_dropped_;
    std::atomic<std::uint64_t> written_{0};
    std::atomic<std::uint64_t> dropped_{0};
    std::atomic<std::int64_t> until_ms_;  // of the steady clock: patience ends; INT64_MAX: never

    std::mutex mutex_;
    std::condition_variable wake_;
    std::string waiting_;       // guarded by mutex_, like the three below
    std::uint64_t unsaid_ = 0;  // dropped, and no line says so yet
    bool running_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace hourgate::ops
