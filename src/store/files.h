// Files around the database: made private, synced, put in place of another as one step.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace hourgate::store {

/// A file descriptor, closed when destroyed.
class File {
public:
    explicit File(int fd) noexcept : fd_(fd) {}
    File(File&& other) noexcept : fd_(other.release()) {}
    File& operator=(File&&) = delete;
    ~File();

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] int release() noexcept;

private:
    int fd_;
};

/// A file under construction beside the one it is to become, the target: made empty and 0600, and
/// removed, with what SQLite keeps beside it, unless it was moved into place. Failures name the
/// target.
class Draft {
public:
    /// Makes `target` + `suffix`; what an earlier run that was killed left there is removed first.
    [[nodiscard]] static Result<Draft> make(const std::string& target, const std::string& suffix);
    Draft(Draft&& other) noexcept;
    Draft& operator=(Draft&&) = delete;
    ~Draft();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// When root makes it: gives it to the user that owns `like`, so that the server, which is not
    /// root, can use it.
    [[nodiscard]] Status give_to_owner_of(const std::string& like) const;
    /// Syncs it, and has the system forget its pages: who reads it next reads what the disk has.
    /// REQUIRES: no connection of this process has it open.
    [[nodiscard]] Status flush() const;
    /// Syncs it, moves it to the target in place of what stands there, syncs the folder.
    [[nodiscard]] Status replace();
    /// The same, but Failure::conflict when something stands at the target.
    [[nodiscard]] Status place();

private:
    Draft(std::string target, const std::string& suffix)
        : target_(std::move(target)), path_(target_ + suffix) {}
    std::string target_;
    std::string path_;  // empty: moved away
};

/// Removes `path` and what SQLite keeps beside it.
void remove_database(const std::string& path) noexcept;

[[nodiscard]] std::string folder_of(const std::string& path);
[[nodiscard]] Status sync_folder_of(const std::string& path);
[[nodiscard]] bool exists(const std::string& path) noexcept;
[[nodiscard]] bool is_folder(const std::string& path) noexcept;
/// Whether both are there and are one file.
[[nodiscard]] bool same_file(const std::string& a, const std::string& b) noexcept;

/// "20261125T140309Z": an instant as part of a file's name, so that names sort as time does.
[[nodiscard]] std::string time_in_name(std::int64_t wall_ms);

/// As SQLite resolves it, through symbolic links: one database has one name. The file itself need
/// not exist, its folder must.
[[nodiscard]] Result<std::string> true_path(const std::string& path);

}  // namespace hourgate::store
