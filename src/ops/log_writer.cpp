#include "ops/log_writer.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/limits.h"
#include "ops/periodic.h"

namespace hourgate::ops {

namespace {

constexpr std::int64_t never_ms = INT64_MAX;
constexpr int look_again_ms = 50;  // whether the patience has ended meanwhile

// For lines that wait and for those being written, once and for all: what grew and was freed again
// in a flood would leave holes in the memory. Of it the system gives what is used.
constexpr std::size_t buffer_bytes = limits::log_waiting_bytes_max;

std::int64_t steady_ms() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::uint64_t lines_in(std::string_view text) noexcept {
    return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

/// As many whole lines as go in one write; one at least.
std::string_view first_lines(std::string_view lines) noexcept {
    if (lines.size() <= log_line_bytes_max)
        return lines;
    const std::size_t end = lines.rfind('\n', log_line_bytes_max - 1);
    return lines.substr(0, end == lines.npos ? log_line_bytes_max : end + 1);
}

}  // namespace

LogWriter::LogWriter(int fd, std::function<std::string(std::uint64_t)> of_dropped)
    : fd_(fd), of_dropped_(std::move(of_dropped)), until_ms_(never_ms) {}

void LogWriter::start() {
    const std::lock_guard lock(mutex_);
    if (running_)
        return;
    stopping_ = false;
    until_ms_.store(never_ms);
    waiting_.reserve(buffer_bytes);
    thread_ = std::thread([this] { run(); });
    running_ = true;
}

void LogWriter::stop() noexcept {
    {
        const std::lock_guard lock(mutex_);
        if (!running_)
            return;
        stopping_ = true;
        until_ms_.store(steady_ms() + limits::log_patience_ms);
    }
    wake_.notify_all();
    thread_.join();
}

void LogWriter::put(Level level, std::string_view line) {
    {
        const std::lock_guard lock(mutex_);
        if (!running_) {
            until_ms_.store(steady_ms() + limits::log_patience_ms);
            return write_lines(line);
        }
        constexpr std::size_t most = limits::log_waiting_bytes_max;
        const std::size_t room = level <= Level::warning ? most : most - most / 8;
        if (waiting_.size() + line.size() > room) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            ++unsaid_;
            return;
        }
        const bool sleeps = waiting_.empty();
        waiting_.append(line);
        if (!sleeps)
            return;
    }
    wake_.notify_one();
}

void LogWriter::run() noexcept {
    lower_priority();
    std::string lines;
    lines.reserve(buffer_bytes);
    for (;;) {
        std::uint64_t dropped = 0;
        {
            std::unique_lock lock(mutex_);
            wake_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
            if (waiting_.empty() && unsaid_ == 0) {
                running_ = false;  // who comes now writes by itself
                return;
            }
            lines.swap(waiting_);
            dropped = std::exchange(unsaid_, 0);
        }
        write_lines(lines);
        lines.clear();
        if (dropped == 0)
            continue;
        try {
            write_lines(of_dropped_(dropped));
        } catch (...) {  // no memory for the line: the metrics have it
        }
    }
}

void LogWriter::write_lines(std::string_view lines) noexcept {
    while (!lines.empty()) {
        const std::string_view some = first_lines(lines);
        (write_whole(some) ? written_ : dropped_)
            .fetch_add(lines_in(some), std::memory_order_relaxed);
        lines.remove_prefix(some.size());
    }
}

/// False: they are lost, or a part of them is.
bool LogWriter::write_whole(std::string_view bytes) noexcept {
    while (!bytes.empty()) {
        if (!writable())
            return false;
        const ssize_t written = write(fd_, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
}

/// Waits until the descriptor takes bytes; false when the patience ends before. A pipe that says so
/// takes a line as a whole, unless another process fills it in between.
bool LogWriter::writable() noexcept {
    if (fd_ < 0)
        return false;
    for (;;) {
        pollfd out{fd_, POLLOUT, 0};
        const int ready = poll(&out, 1, look_again_ms);
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR)
            return false;
        if (steady_ms() >= until_ms_.load(std::memory_order_relaxed))
            return false;
    }
}

}  // namespace hourgate::ops
