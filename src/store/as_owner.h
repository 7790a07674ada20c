// Root's power is never used in a folder that another user can rearrange: such a user could put a
// link where a file is about to be opened, and root would follow it. There, root works as that
// user, who then gains nothing that was not theirs before.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace hourgate::store {

/// While it lives, a process that root started has the effective rights of the user that can
/// rearrange the way to a file. It changes nothing for any other process, nor where only root can.
/// These objects nest: the end of one brings back what was in force before.
/// The rights are those of the whole process: not to be used while other threads open files.
class AsOwner {
public:
    /// The user is the owner of the folder of `file`; if that is root but others may write there,
    /// the owner of `file`. The folder need not exist: the nearest one above it counts then.
    /// Failure::permission if root owns the folder, but another user owns one above it: that user
    /// could put another folder in its place. Failure::system if the rights cannot be changed.
    [[nodiscard]] static Result<AsOwner> of(const std::string& file);
    /// For a file that is only read: the user that can say what is read by this name, by the way to
    /// it or by a link; of several the first on the way. A folder of root's below one of theirs is
    /// read as that user, and not refused.
    [[nodiscard]] static Result<AsOwner> reading(const std::string& file);
    /// Takes the rights of the user who can write `file`, for what the file says is to be done,
    /// such as opening a socket: its owner, or the user of reading(). A missing file counts as its
    /// folder's owner's. Failure::permission if the file is root's, but a group other than root's
    /// or everybody can write it.
    [[nodiscard]] static Result<AsOwner> author_of(const std::string& file);
    /// Brings back the rights the process was started with, for as long as the object lives.
    [[nodiscard]] static Result<AsOwner> starter();

    AsOwner(AsOwner&& other) noexcept;
    AsOwner& operator=(AsOwner&&) = delete;
    /// Makes the rights those of the process for good: nothing brings root's back, real and saved
    /// user ids included. Failure::system if that does not work.
    [[nodiscard]] Status keep() &&;
    /// Aborts if the previous rights do not come back: to go on with others would be worse.
    ~AsOwner();

    /// Whose rights root works with now; nullopt: its own, or root did not start the process.
    [[nodiscard]] static std::optional<uid_t> working_as() noexcept;

private:
    struct Rights {
        uid_t user;
        gid_t group;
        std::vector<gid_t> groups;
    };
    AsOwner() = default;
    [[nodiscard]] static Result<AsOwner> with(const Rights& rights, const std::string& file);
    [[nodiscard]] static Rights present();
    [[nodiscard]] static Rights rights_of(uid_t user, gid_t group);
    [[nodiscard]] static bool take(const Rights& rights) noexcept;

    std::optional<Rights> before_;  // nullopt: nothing to bring back
};

}  // namespace hourgate::store
