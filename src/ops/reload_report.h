// How `hourgate reload` finds the running server and learns what came of its signal. The server
// keeps one small file beside the database, "<database>.reload" (0600), with the outcome of its
// latest reload in it, and holds a lock on it that belongs to its process (fcntl_locking(2), a
// traditional record lock). The kernel names the holder of that lock, so a stale number is never
// signalled: no file, no lock or a process that has ended all mean that no server is there.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hourgate::ops {

/// What a server says of the latest reload.
struct ReloadReport {
    std::uint64_t number = 0;           ///< reloads since its start; 0: none yet
    std::int64_t began_us = 0;          ///< CLOCK_MONOTONIC, when it began to read
    bool in_force = true;               ///< false: refused, and the previous configuration stays
    std::string file;                   ///< absolute; "" for built-in defaults
    std::string public_place;           ///< where the public listener is bound, with its port
    std::string next;                   ///< how to fix a refusal; may be empty
    std::vector<std::string> mistakes;  ///< why it was refused
    std::vector<std::string> warnings;  ///< of the configuration that is in force now
    std::vector<std::string> after_restart;  ///< keys that take effect at the next start
};

/// The file has this size from the start, so that a full disk does not keep a report from being
/// written. What does not fit is left out, and the last line says how many lines were.
constexpr std::size_t reload_report_bytes = 16 * 1'024;

[[nodiscard]] std::string reload_path_of(const std::string& database);

/// The server's end. Not thread-safe.
class ReloadBoard {
public:
    /// Makes the file and takes its lock. REQUIRES: the server lock of that database is held, and
    /// for as long as the board lives. Failure::conflict if the name is taken by something else.
    [[nodiscard]] static Result<std::unique_ptr<ReloadBoard>> open(const std::string& path);
    /// Removes the file.
    ~ReloadBoard();
    ReloadBoard(const ReloadBoard&) = delete;
    ReloadBoard& operator=(const ReloadBoard&) = delete;

    void post(const ReloadReport& report) noexcept;

private:
    ReloadBoard(int fd, std::string path) noexcept : fd_(fd), path_(std::move(path)) {}
    const int fd_;
    const std::string path_;
};

/// The command's end: the process that holds the lock of the file.
class ReloadTarget {
public:
    /// Returns nullopt if no process holds it. Failure::conflict if one does that cannot be seen
    /// from here (in another container). Failure::permission if the file may not be read.
    [[nodiscard]] static Result<std::optional<ReloadTarget>> find(const std::string& path);
    ReloadTarget(ReloadTarget&& other) noexcept;
    ReloadTarget& operator=(ReloadTarget&&) = delete;
    ~ReloadTarget();

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Sends SIGHUP by a descriptor of the process (pidfd_open(2)), so never to another that got
    /// its number; where there are none, by the number, after a look at the lock.
    /// Failure::permission if this user may not.
    [[nodiscard]] Status hang_up() const;
    /// Whether the process still holds the lock.
    [[nodiscard]] bool is_there() const noexcept;
    /// The latest report; nullopt while it is being written.
    [[nodiscard]] std::optional<ReloadReport> read() const;

private:
    ReloadTarget(int file, int process, pid_t pid) noexcept
        : file_(file), process_(process), pid_(pid) {}
    int file_;
    int process_;
    pid_t pid_;
};

}  // namespace hourgate::ops
