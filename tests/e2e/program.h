// The real executable, run as its users run it: arguments in, exit code and text out.
#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hourgate::e2e {

using Arguments = std::vector<std::string>;

/// A folder of its own (0755, so that another user can look in), removed at the end.
class Folder {
public:
    Folder();
    ~Folder();
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] std::string file(std::string_view name) const;

private:
    std::string path_;
};

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view text);
[[nodiscard]] bool exists(const std::string& path);
[[nodiscard]] bool contains(std::string_view text, std::string_view part) noexcept;
/// The names in a folder, sorted.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);
/// Whether a command is installed.
[[nodiscard]] bool installed(const std::string& command);
[[nodiscard]] bool is_root() noexcept;
/// What to put before a command so that it is run by a user without rights; empty when this user
/// has none already. REQUIRES: not root, or setpriv is installed.
[[nodiscard]] Arguments as_nobody();

/// HOURGATE_BINARY, or a copy that every user can reach.
[[nodiscard]] std::string binary();

/// Whether it is built as it is shipped: not for a sanitizer, which needs shared libraries.
[[nodiscard]] bool is_shipped_kind();

/// What a program left.
struct Ran {
    int exit_code = -1;  ///< 128 + signal when it was killed
    std::string out;
    std::string err;
};

/// Runs a program to its end. The environment is this one's without HOURGATE_CONFIG, and
/// `variables` ("NAME=VALUE").
[[nodiscard]] Ran run(const Arguments& words, const Arguments& variables = {},
                      const std::string& folder = "");

/// Sockets for a program, as a service manager passes them on: names and descriptors.
using PassedOn = std::vector<std::pair<std::string, int>>;

/// A program that goes on running. Killed at the end when it still does.
class Program {
public:
    explicit Program(const Arguments& words, const Arguments& variables = {},
                     const PassedOn& passed = {});
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Waits for a line on standard error (or standard output) that has `part`; throws, with all
    /// that was said, when the program ends without it or takes over a minute.
    std::string wait_for(std::string_view part);
    void signal(int number) const;
    /// Waits for the end: as Ran::exit_code.
    int wait();
    /// All that it has said until now.
    [[nodiscard]] std::string out();
    [[nodiscard]] std::string err();

private:
    void read_all();

    pid_t pid_ = -1;
    int out_ = -1;
    int err_ = -1;
    std::thread reader_;
    std::mutex mutex_;
    std::condition_variable said_;
    std::string out_text_;  // guarded by mutex_, like the two below
    std::string err_text_;
    bool ended_ = false;
    std::optional<int> exit_code_;
};

/// What a process has in memory, from /proc (proc(5), VmRSS); 0: it cannot be told.
[[nodiscard]] long resident_kib_of(pid_t pid);

/// Starts `words` with nothing to read and nothing to say; for loops that time its end.
[[nodiscard]] pid_t start_silently(const Arguments& words);
/// Its exit code, as Ran::exit_code, if it has ended by now.
[[nodiscard]] std::optional<int> exit_code_if_ended(pid_t pid);

}  // namespace hourgate::e2e
