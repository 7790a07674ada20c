// Files around the database: made private, synced, put in place of another as one step.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
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

/// Which file, whatever its name is.
struct FileId {
    dev_t device = 0;
    ino_t number = 0;

    friend bool operator==(const FileId&, const FileId&) = default;
};
/// Of an open file. REQUIRES: the descriptor is open.
[[nodiscard]] FileId id_of(const File& file) noexcept;

/// What has a name: read without following a link, opening a pipe or waking a device.
struct Standing {
    enum class Kind : std::uint8_t { nothing, file, folder, link, other };
    Kind kind = Kind::nothing;
    FileId id;
    std::int64_t changed_ns = 0;  ///< ctime: the number of a file that is gone is given out again
    std::string noun;             ///< "a folder", "a symbolic link", "a device", …
};
[[nodiscard]] Result<Standing> what_is_at(const std::string& path);

/// A file under construction beside the one it is to become, the target: made empty and 0600, and
/// removed, with what SQLite keeps beside it, unless it was moved into place. It stays open, and
/// all that is done to it goes by the descriptor. Failures name the target.
class PendingFile {
public:
    /// Makes `target` + `suffix`. What an earlier run that was killed left there is removed first;
    /// Failure::conflict if anything else is there, or is a link where SQLite would open a file.
    [[nodiscard]] static Result<PendingFile> make(const std::string& target,
                                                  const std::string& suffix);
    PendingFile(PendingFile&& other) noexcept;
    PendingFile& operator=(PendingFile&&) = delete;
    ~PendingFile();

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] FileId id() const noexcept { return id_of(file_); }
    /// The mode that the file system gave it, although 0600 was asked for: some keep no modes, or
    /// refuse to change them. nullopt: others may not read it.
    [[nodiscard]] std::optional<mode_t> open_to_others() const noexcept;

    /// If root makes it: gives it to the owner of `like`, so that the server, which is not root,
    /// can use it.
    [[nodiscard]] Status give_to_owner_of(const std::string& like) const;
    /// Syncs it, and has the system forget its pages: who reads it next reads what the disk has.
    /// REQUIRES: no connection of this process has it open.
    [[nodiscard]] Status flush() const;
    /// Syncs it, moves it to the target in place of `former`, syncs the folder. Failure::conflict
    /// if anything else than `former` is there by now. REQUIRES: `former` is a file or nothing.
    [[nodiscard]] Status replace(const Standing& former);
    /// The same for a target where nothing may be.
    [[nodiscard]] Status place() { return replace({}); }

private:
    PendingFile(std::string target, std::string path, File file)
        : target_(std::move(target)), path_(std::move(path)), file_(std::move(file)) {}
    std::string target_;
    std::string path_;  // empty: moved away
    File file_;
};

/// Like rename(2), but never over anything: false, with errno EEXIST, if something has the new
/// name.
[[nodiscard]] bool rename_to_nothing(const std::string& from, const std::string& to) noexcept;

/// "the file system of FOLDER keeps no modes …", with what to do about it.
[[nodiscard]] Failure keeps_no_modes(const std::string& path, mode_t mode);

/// Removes `path` and what SQLite keeps beside it.
void remove_database(const std::string& path) noexcept;

[[nodiscard]] std::string folder_of(const std::string& path);
[[nodiscard]] Status sync_folder_of(const std::string& path);
/// Whether anything has that name, be it a link that leads nowhere.
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
