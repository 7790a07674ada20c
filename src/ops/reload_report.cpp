#include "ops/reload_report.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "base/visible.h"

namespace hourgate::ops {

namespace {

constexpr std::string_view heading = "hourgate reload report 1";
constexpr int flags = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;  // no wait for a pipe's other end

Failure about(const std::string& path, const char* what, int error) {
    return {error == EACCES || error == EPERM ? Fault::permission : Fault::system,
            std::string("cannot ") + what + " " + path + ": " + std::strerror(error), ""};
}

struct flock whole(short type) noexcept {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

std::string bytes_of(int fd) {
    std::string bytes(reload_report_bytes, '\0');
    const ssize_t got = ::pread(fd, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return bytes;
}

/// A regular file with one name that is empty or holds a report.
bool is_report_file(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1)
        return false;
    return status.st_size == 0 || bytes_of(fd).starts_with(heading);
}

/// The process that holds the lock: nullopt, none; 0, one that has no number here.
std::optional<pid_t> holder_of(int fd) noexcept {
    struct flock question = whole(F_RDLCK);
    if (::fcntl(fd, F_GETLK, &question) != 0 || question.l_type == F_UNLCK)
        return std::nullopt;
    return question.l_pid > 0 ? question.l_pid : 0;
}

/// Lines under their words, as long as there is room.
class Lines {
public:
    explicit Lines(std::size_t bytes_max) : bytes_max_(bytes_max) {}

    void add(std::string_view word, std::string_view value) {
        const std::string line = std::string(word) + " " + visible_line(value) + "\n";
        if (text_.size() + line.size() > bytes_max_)
            ++left_out_;
        else
            text_ += line;
    }
    void add(std::string_view word, const std::vector<std::string>& values) {
        for (const std::string& value : values)
            add(word, value);
    }
    [[nodiscard]] std::string text() const {
        if (left_out_ == 0)
            return text_;
        return text_ + "warning " + std::to_string(left_out_) +
               " more lines are in the log of the server\n";
    }

private:
    const std::size_t bytes_max_;
    std::size_t left_out_ = 0;
    std::string text_;
};

std::string text_of(const ReloadReport& report) {
    constexpr std::size_t for_the_rest = 200;  // the last lines
    const std::string number = std::to_string(report.number);
    Lines lines(reload_report_bytes - for_the_rest);
    lines.add(heading, number);
    lines.add("began", std::to_string(report.began_us));
    lines.add("outcome", report.in_force ? "in-force" : "refused");
    lines.add("file", report.file);
    lines.add("public", report.public_place);
    lines.add("next", report.next);
    lines.add("mistake", report.mistakes);
    lines.add("restart", report.after_restart);
    lines.add("warning", report.warnings);
    return lines.text() + "end " + number + "\n";
}

/// "began 12" as its word and its value.
std::pair<std::string_view, std::string_view> parted(std::string_view line) {
    const std::size_t space = line.find(' ');
    if (space == line.npos)
        return {line, ""};
    return {line.substr(0, space), line.substr(space + 1)};
}

void take(ReloadReport& report, std::string_view word, std::string_view value) {
    if (word == "began")
        report.began_us = static_cast<std::int64_t>(
            parse_number(value, static_cast<std::uint64_t>(INT64_MAX)).value_or(0));
    else if (word == "outcome")
        report.in_force = value == "in-force";
    else if (word == "file")
        report.file = value;
    else if (word == "public")
        report.public_place = value;
    else if (word == "next")
        report.next = value;
    else if (word == "mistake")
        report.mistakes.emplace_back(value);
    else if (word == "restart")
        report.after_restart.emplace_back(value);
    else if (word == "warning")
        report.warnings.emplace_back(value);
}

/// Nothing for a text that is not whole: its first line and its last name the same number.
std::optional<ReloadReport> report_in(std::string_view text) {
    const std::vector<std::string_view> lines = split(text, '\n');
    if (!lines.front().starts_with(heading))
        return std::nullopt;
    const std::string_view number = trimmed(lines.front().substr(heading.size()));
    ReloadReport report;
    report.number = parse_number(number, UINT64_MAX).value_or(0);
    for (const std::string_view line : lines) {
        const auto [word, value] = parted(line);
        if (word == "end")
            return value == number ? std::optional(std::move(report)) : std::nullopt;
        take(report, word, value);
    }
    return std::nullopt;
}

}  // namespace

std::string reload_path_of(const std::string& database) {
    return database + ".reload";
}

Result<std::unique_ptr<ReloadBoard>> ReloadBoard::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | flags, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return about(path, "open", errno);
    std::unique_ptr<ReloadBoard> board(new ReloadBoard(fd, is_report_file(fd) ? path : ""));
    if (board->path_.empty())
        return Failure{Fault::conflict, path + " is not a file of hourgate",
                       "move it away; nothing was changed in it"};
    if (struct flock lock = whole(F_WRLCK); ::fcntl(fd, F_SETLK, &lock) != 0)
        return about(path, "lock", errno);
    return board;
}

ReloadBoard::~ReloadBoard() {
    if (!path_.empty())
        ::unlink(path_.c_str());
    ::close(fd_);
}

void ReloadBoard::post(const ReloadReport& report) noexcept {
    std::string text = text_of(report);
    text.resize(reload_report_bytes, ' ');
    // A reader recognizes half a report, and stops waiting for one that never comes.
    [[maybe_unused]] const ssize_t written = ::pwrite(fd_, text.data(), text.size(), 0);
}

Result<std::optional<ReloadTarget>> ReloadTarget::find(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | flags);
    if (file < 0 && errno == ENOENT)
        return std::optional<ReloadTarget>();
    if (file < 0)
        return about(path, "open", errno);
    ReloadTarget target(file, -1, 0);
    if (!is_report_file(file))
        return Failure{Fault::conflict, path + " is not a file of hourgate", "move it away"};
    const std::optional<pid_t> holder = holder_of(file);
    if (!holder)
        return std::optional<ReloadTarget>();
    if (*holder == 0)
        return Failure{Fault::conflict,
                       "the server runs where its process cannot be seen from here",
                       "run this where the server runs, as in the same container"};
    target.pid_ = *holder;
    target.process_ = static_cast<int>(::syscall(SYS_pidfd_open, target.pid_, 0));
    // Without pidfd_open (Linux before 5.3, or a sandbox that refuses it), the signal goes by the
    // number. Between the two looks that may have become another's. It has not if it still holds.
    if ((target.process_ < 0 && errno == ESRCH) || !target.is_there())
        return std::optional<ReloadTarget>();
    return std::optional<ReloadTarget>(std::move(target));
}

ReloadTarget::ReloadTarget(ReloadTarget&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      process_(std::exchange(other.process_, -1)),
      pid_(other.pid_) {}

ReloadTarget::~ReloadTarget() {
    if (file_ >= 0)
        ::close(file_);
    if (process_ >= 0)
        ::close(process_);
}

Status ReloadTarget::hang_up() const {
    if (process_ >= 0 ? ::syscall(SYS_pidfd_send_signal, process_, SIGHUP, nullptr, 0) == 0
                      : is_there() && ::kill(pid_, SIGHUP) == 0)
        return Done{};
    return about("process " + std::to_string(pid_), "signal", errno);
}

bool ReloadTarget::is_there() const noexcept {
    return holder_of(file_) == std::optional<pid_t>(pid_);
}

std::optional<ReloadReport> ReloadTarget::read() const {
    return report_in(bytes_of(file_));
}

}  // namespace hourgate::ops
