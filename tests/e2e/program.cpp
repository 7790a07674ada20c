#include "e2e/program.h"
#include "places.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

extern char** environ;

namespace hourgate::e2e {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void give_up(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::array<int, 2> make_pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        give_up("pipe");
    return ends;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (std::string& text : texts)
        pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_with(const Arguments& variables) {
    std::vector<std::string> all(variables);
    for (char** variable = environ; *variable != nullptr; ++variable)
        if (!std::string_view(*variable).starts_with("HOURGATE_CONFIG="))
            all.emplace_back(*variable);
    return all;
}

/// What tells a program of `passed` (sd_listen_fds(3)): only a shell knows its id in advance.
Arguments told_of(const PassedOn& passed, const Arguments& words) {
    std::string names;
    for (const auto& [name, fd] : passed)
        names += (names.empty() ? "" : ":") + name;
    Arguments all = {"/bin/sh", "-c",
                     "LISTEN_PID=$$ LISTEN_FDS=" + std::to_string(passed.size()) +
                         " LISTEN_FDNAMES='" + names +
                         "'; export LISTEN_PID LISTEN_FDS LISTEN_FDNAMES; exec \"$@\"",
                     "sh"};
    all.insert(all.end(), words.begin(), words.end());
    return all;
}

/// Starts a program; -1 for `out` and `err` is /dev/null.
pid_t start(const Arguments& words, const Arguments& variables, const std::string& folder, int out,
            int err, const PassedOn& passed = {}) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    for (const auto& [fd, target] : {std::pair{out, 1}, std::pair{err, 2}}) {
        if (fd < 0)
            posix_spawn_file_actions_addopen(&actions, target, "/dev/null", O_WRONLY, 0);
        else
            posix_spawn_file_actions_adddup2(&actions, fd, target);
    }
    std::vector<int> copies;  // above the places they go to
    for (const auto& [name, fd] : passed)
        copies.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, 64));
    for (std::size_t at = 0; at < copies.size(); ++at)
        posix_spawn_file_actions_adddup2(&actions, copies[at], 3 + static_cast<int>(at));
    if (!folder.empty())
        posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    std::vector<std::string> arguments = passed.empty() ? words : told_of(passed, words);
    std::vector<std::string> environment = environment_with(variables);
    pid_t pid = -1;
    const int error =
        ::posix_spawnp(&pid, arguments.front().c_str(), &actions, nullptr,
                       pointers_to(arguments).data(), pointers_to(environment).data());
    posix_spawn_file_actions_destroy(&actions);
    for (const int copy : copies)
        ::close(copy);
    errno = error;
    if (error != 0)
        give_up("cannot start " + words.front());
    return pid;
}

int exit_code_of(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int wait_for_end(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            give_up("waitpid");
    return exit_code_of(status);
}

/// Appends what there is to read; false at the end.
bool read_some(int fd, std::string& text) {
    std::array<char, 65'536> block{};
    const ssize_t got = ::read(fd, block.data(), block.size());
    if (got < 0 && errno == EINTR)
        return true;
    if (got <= 0)
        return false;
    text.append(block.data(), static_cast<std::size_t>(got));
    return true;
}

/// Reads both until both have ended; `each` is called with what was read.
template <typename Each>
void read_both(int out, int err, Each each) {
    std::array<pollfd, 2> waiting = {{{out, POLLIN, 0}, {err, POLLIN, 0}}};
    while (waiting[0].fd >= 0 || waiting[1].fd >= 0) {
        if (::poll(waiting.data(), waiting.size(), -1) < 0)
            continue;
        for (pollfd& one : waiting) {
            if (one.fd < 0 || one.revents == 0)
                continue;
            std::string text;
            const bool goes_on = read_some(one.fd, text);
            each(one.fd == out, text);
            if (!goes_on)
                one.fd = -1;
        }
    }
}

}  // namespace

// --- files ---------------------------------------------------------------------------------------

Folder::Folder() : path_((fs::temp_directory_path() / "hourgate-e2e-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr)
        give_up("mkdtemp");
    ::chmod(path_.c_str(), 0755);
}

Folder::~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

std::string Folder::file(std::string_view name) const {
    return path_ + "/" + std::string(name);
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_file(const std::string& path, std::string_view text) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out << text;
    if (!out.flush())
        give_up("cannot write " + path);
}

bool exists(const std::string& path) {
    return fs::exists(fs::symlink_status(path));
}

bool contains(std::string_view text, std::string_view part) noexcept {
    return text.find(part) != text.npos;
}

std::vector<std::string> names_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

bool installed(const std::string& command) {
    return run({"sh", "-c", "command -v " + command}).exit_code == 0;
}

bool is_root() noexcept {
    return ::geteuid() == 0;
}

Arguments as_nobody() {
    if (!is_root())
        return {};
    return {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"};
}

std::string binary() {
    // A build folder may lie where only its owner can go.
    static const Folder folder;
    static const std::string copy = [] {
        fs::copy_file(HOURGATE_BINARY, folder.file("hourgate"));
        ::chmod(folder.file("hourgate").c_str(), 0755);
        return folder.file("hourgate");
    }();
    return copy;
}

bool is_shipped_kind() {
    static const bool sanitized = [] {
        const std::string bytes = read_file(binary());
        return contains(bytes, "libasan") || contains(bytes, "libtsan") ||
               contains(bytes, "libubsan");
    }();
    return !sanitized;
}

// --- programs ------------------------------------------------------------------------------------

std::optional<int> exit_code_if_ended(pid_t pid) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) != pid)
        return std::nullopt;
    return exit_code_of(status);
}

pid_t start_silently(const Arguments& words) {
    return start(words, {}, "", -1, -1);
}

Ran run(const Arguments& words, const Arguments& variables, const std::string& folder) {
    const auto out = make_pipe(), err = make_pipe();
    const pid_t pid = start(words, variables, folder, out[1], err[1]);
    ::close(out[1]);
    ::close(err[1]);
    Ran ran;
    read_both(out[0], err[0],
              [&](bool is_out, const std::string& text) { (is_out ? ran.out : ran.err) += text; });
    ::close(out[0]);
    ::close(err[0]);
    ran.exit_code = wait_for_end(pid);
    return ran;
}

Program::Program(const Arguments& words, const Arguments& variables, const PassedOn& passed) {
    const auto out = make_pipe(), err = make_pipe();
    pid_ = start(words, variables, "", out[1], err[1], passed);
    ::close(out[1]);
    ::close(err[1]);
    out_ = out[0];
    err_ = err[0];
    reader_ = std::thread([this] { read_all(); });
}

Program::~Program() {
    if (!exit_code_) {
        signal(SIGKILL);
        static_cast<void>(wait());
    }
    reader_.join();
    ::close(out_);
    ::close(err_);
}

void Program::read_all() {
    read_both(out_, err_, [&](bool is_out, const std::string& text) {
        const std::lock_guard lock(mutex_);
        (is_out ? out_text_ : err_text_) += text;
        said_.notify_all();
    });
    const std::lock_guard lock(mutex_);
    ended_ = true;
    said_.notify_all();
}

std::string Program::wait_for(std::string_view part) {
    constexpr std::chrono::minutes patience(1);
    const auto line_in = [&](const std::string& text) -> std::optional<std::string> {
        const std::size_t at = text.find(part);
        const std::size_t end = at == text.npos ? text.npos : text.find('\n', at);
        if (end == text.npos)
            return std::nullopt;
        const std::size_t before = text.rfind('\n', at);
        const std::size_t begin = before == text.npos ? 0 : before + 1;
        return text.substr(begin, end - begin);
    };
    std::optional<std::string> line;
    std::unique_lock lock(mutex_);
    const auto found = [&] {
        line = line_in(err_text_);
        if (!line)
            line = line_in(out_text_);
        return line.has_value() || ended_;
    };
    if (!said_.wait_for(lock, patience, found) || !line)
        throw std::runtime_error("it did not say '" + std::string(part) + "' but: " + err_text_ +
                                 out_text_);
    return *line;
}

void Program::signal(int number) const {
    ::kill(pid_, number);
}

int Program::wait() {
    if (!exit_code_)
        exit_code_ = wait_for_end(pid_);
    std::unique_lock lock(mutex_);
    said_.wait(lock, [&] { return ended_; });
    return *exit_code_;
}

std::string Program::out() {
    const std::lock_guard lock(mutex_);
    return out_text_;
}

std::string Program::err() {
    const std::lock_guard lock(mutex_);
    return err_text_;
}

long resident_kib_of(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string word; status >> word;)
        if (word == "VmRSS:") {
            long kib = 0;
            status >> kib;
            return kib;
        }
    return 0;
}

}  // namespace hourgate::e2e
