// Runs the real executable as its users do: arguments in, exit code and text out.
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

/// A private folder, removed at the end. Its mode is 0755, so that another user can read it.
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
/// Returns the names in a folder, sorted.
[[nodiscard]] std::vector<std::string> names_in(const std::string& folder);
/// Returns true if a command is installed.
[[nodiscard]] bool installed(const std::string& command);
[[nodiscard]] bool is_root() noexcept;
/// Returns the words to put before a command so that an unprivileged user runs it; empty if this
/// user is unprivileged. REQUIRES: not root, or setpriv is installed.
[[nodiscard]] Arguments as_nobody();

/// Returns a copy of HOURGATE_BINARY that every user can reach.
[[nodiscard]] std::string binary();

/// Returns true if the program is built as for a release. A sanitizer's build is not: it needs
/// shared libraries.
[[nodiscard]] bool is_shipped_kind();

/// The result of a program.
struct Ran {
    int exit_code = -1;  ///< 128 + signal if it was killed
    std::string out;
    std::string err;
};

/// Runs a program to its end. It gets this process's environment without HOURGATE_CONFIG, and
/// `variables` ("NAME=VALUE").
[[nodiscard]] Ran run(const Arguments& words, const Arguments& variables = {},
                      const std::string& folder = "");

/// Sockets for a program, as a service manager passes them: names and descriptors.
using PassedOn = std::vector<std::pair<std::string, int>>;

/// A program that keeps running. The destructor kills it if it still runs.
class Program {
public:
    explicit Program(const Arguments& words, const Arguments& variables = {},
                     const PassedOn& passed = {});
    ~Program();
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    [[nodiscard]] pid_t pid() const noexcept { return pid_; }
    /// Waits for a line with `part` on standard error or output, and returns it. Throws, with all
    /// output so far, if the program ends first or a minute passes.
    std::string wait_for(std::string_view part);
    void signal(int number) const;
    /// Waits for the end. Returns a value like Ran::exit_code.
    int wait();
    /// Returns all output so far.
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
    std::string out_text_;  // guarded by mutex_, like the next two
    std::string err_text_;
    bool ended_ = false;
    std::optional<int> exit_code_;
};

/// Returns the resident memory of a process from /proc (proc(5), VmRSS); 0 if unknown.
[[nodiscard]] long resident_kib_of(pid_t pid);

/// Starts `words` without input or output; for loops that time its end.
[[nodiscard]] pid_t start_silently(const Arguments& words);
/// Returns the exit code, like Ran::exit_code, if the process has ended; else nullopt.
[[nodiscard]] std::optional<int> exit_code_if_ended(pid_t pid);

}  // namespace hourgate::e2e
