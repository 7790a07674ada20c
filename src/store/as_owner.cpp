#include "store/as_owner.h"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <list>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "store/errors.h"
#include "store/files.h"

namespace hourgate::store {

namespace fs = std::filesystem;

namespace {

constexpr int links_max = 40;  // as of Linux: path_resolution(7)
constexpr gid_t nobodys_group = 65'534;

/// Objects that have changed the rights, at present.
std::atomic<int> changes{0};

/// A process that was given the rights of another user by anybody else keeps them.
bool may_change() noexcept {
    return ::getuid() == 0 && (::geteuid() == 0 || changes.load() > 0);
}

/// The folders on the way to a file, as far as they exist.
struct PathOwners {
    struct Owner {
        uid_t user = 0;
        gid_t group = 0;
        std::string folder;
    };
    std::optional<Owner> other;  // of the last folder or link on the way that is not root's
    struct stat last {};         // the last folder
    std::string last_path;
};

/// Walks from the root folder down, through links. The owner of a folder can replace what lies in
/// it; the owner of a link in a sticky folder can replace that.
Result<PathOwners> way_to(const fs::path& folder) {
    PathOwners way;
    std::list<fs::path> left(folder.begin(), folder.end());
    fs::path here;
    for (int links = 0; !left.empty();) {
        const fs::path next = here.empty() ? left.front() : here / left.front();
        left.pop_front();
        if (next.filename() == "." || next.filename().empty())
            if (!here.empty())
                continue;
        struct stat status {};
        if (::lstat(next.c_str(), &status) != 0) {
            if (errno == ENOENT)
                return way;  // what is missing is made as the user found so far
            return system_failure("look at", next, errno);
        }
        const bool link = S_ISLNK(status.st_mode);
        // A link in a folder that root alone may change stays what it is.
        const bool counts = !link || (way.last.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (status.st_uid != 0 && counts)
            way.other = {status.st_uid, status.st_gid, link ? here.string() : next.string()};
        if (!link) {
            way.last = status;
            way.last_path = next;
            here = next;
            continue;
        }
        std::error_code error;
        const fs::path target = fs::read_symlink(next, error);
        if (error || ++links > links_max)
            return system_failure("follow", next, error ? error.value() : ELOOP);
        left.insert(left.begin(), target.begin(), target.end());
        if (target.is_absolute())
            here.clear();
    }
    return way;
}

}  // namespace

AsOwner::Rights AsOwner::present() {
    Rights rights{::geteuid(), ::getegid(), {}};
    const int count = ::getgroups(0, nullptr);
    rights.groups.resize(static_cast<std::size_t>(std::max(count, 0)));
    if (count > 0 && ::getgroups(count, rights.groups.data()) != count)
        rights.groups.clear();  // fewer rights than before, never more
    return rights;
}

/// A user without an entry has the group of the folder, but never that of root.
AsOwner::Rights AsOwner::rights_of(uid_t user, gid_t group) {
    const passwd* const entry = ::getpwuid(user);
    if (entry == nullptr) {
        const gid_t own = group == 0 ? nobodys_group : group;
        return {user, own, {own}};
    }
    const std::string name = entry->pw_name;
    Rights rights{user, entry->pw_gid, {}};
    int count = 64;
    rights.groups.resize(static_cast<std::size_t>(count));
    if (::getgrouplist(name.c_str(), rights.group, rights.groups.data(), &count) < 0)
        rights.groups = {rights.group};
    else
        rights.groups.resize(static_cast<std::size_t>(count));
    return rights;
}

/// By way of root, who alone may change groups.
bool AsOwner::take(const Rights& rights) noexcept {
    return ::seteuid(0) == 0 && ::setgroups(rights.groups.size(), rights.groups.data()) == 0 &&
           ::setegid(rights.group) == 0 && ::seteuid(rights.user) == 0;
}

Result<AsOwner> AsOwner::with(const Rights& rights, const std::string& file) {
    AsOwner owner;
    Rights before = present();
    if (before.user == rights.user)
        return owner;
    if (::seteuid(0) != 0)
        return system_failure("change to another user for", file, errno);
    // In a user namespace, a user may be one that cannot be named there: nobody can be helped to
    // root's power then, for this is not the machine's root.
    if (rights.user != 0 && ::seteuid(rights.user) != 0 && errno == EINVAL) {
        HOURGATE_CHECK(take(before));
        return owner;
    }
    if (!take(rights)) {
        const int error = errno;
        HOURGATE_CHECK(::seteuid(0) == 0 && (take(before) || before.user == 0));
        return Failure{Fault::permission,
                       "cannot work as the user with uid " + std::to_string(rights.user) +
                           ", who can rearrange the folder of " + file + ": " +
                           std::generic_category().message(error),
                       "run it as that user"};
    }
    owner.before_ = std::move(before);
    changes.fetch_add(1);
    return owner;
}

Result<AsOwner> AsOwner::of(const std::string& file) {
    if (!may_change())
        return AsOwner();
    std::error_code error;
    const fs::path whole = fs::absolute(file, error);
    if (error)
        return system_failure("find", file, error.value());
    const Result<PathOwners> way = way_to(whole.parent_path());
    if (!way)
        return way.failure();
    const auto& [other, last, last_path] = way.value();
    if (!other) {
        struct stat status {};
        const bool shared = (last.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (shared && ::lstat(whole.c_str(), &status) == 0 && status.st_uid != 0 &&
            (S_ISREG(status.st_mode) || S_ISLNK(status.st_mode)))
            return with(rights_of(status.st_uid, status.st_gid), file);
        return with({0, 0, {0}}, file);
    }
    if (last.st_uid == 0 && last_path != other->folder)
        return Failure{Fault::permission,
                       last_path + " belongs to root, but uid " + std::to_string(other->user) +
                           " owns " + other->folder +
                           " above it, and could put another folder in its place",
                       "use a folder that root alone can move, or one of that user's, as whom "
                       "hourgate works then"};
    return with(rights_of(other->user, other->group), file);
}

Result<AsOwner> AsOwner::reading(const std::string& file) {
    if (!may_change())
        return AsOwner();
    std::error_code error;
    fs::path here = fs::absolute(file, error);
    for (int links = 0; !error && links <= links_max; ++links) {
        const Result<PathOwners> way = way_to(here.parent_path());
        if (!way)
            return way.failure();
        if (const auto& other = way.value().other)
            return with(rights_of(other->user, other->group), file);
        struct stat status {};
        const bool exists = ::lstat(here.c_str(), &status) == 0;
        const bool shared = (way.value().last.st_mode & (S_IWGRP | S_IWOTH)) != 0;
        if (exists && shared && status.st_uid != 0)
            return with(rights_of(status.st_uid, status.st_gid), file);
        if (!exists || !S_ISLNK(status.st_mode))
            return with({0, 0, {0}}, file);
        const fs::path target = fs::read_symlink(here, error);
        here = target.is_absolute() ? target : here.parent_path() / target;
    }
    return system_failure("follow", file, error ? error.value() : ELOOP);
}

Result<AsOwner> AsOwner::author_of(const std::string& file) {
    if (!may_change())
        return AsOwner();
    struct stat status {};
    {
        const Result<AsOwner> reader = reading(file);
        const bool roots = reader && ::geteuid() == 0 && ::stat(file.c_str(), &status) == 0;
        if (!roots)
            status.st_uid = 0;
        const bool by_group = (status.st_mode & S_IWGRP) != 0 && status.st_gid != 0;
        if (roots && status.st_uid == 0 && (by_group || (status.st_mode & S_IWOTH) != 0))
            return Failure{Fault::permission,
                           "users other than root can write " + file +
                               ", which tells root where to open sockets",
                           "`chmod go-w " + file + "`"};
    }
    return status.st_uid == 0 ? reading(file) : with(rights_of(status.st_uid, status.st_gid), file);
}

Result<AsOwner> AsOwner::starter() {
    if (!may_change())
        return AsOwner();
    return with({0, 0, {0}}, "the process");
}

AsOwner::AsOwner(AsOwner&& other) noexcept : before_(std::exchange(other.before_, std::nullopt)) {}

Status AsOwner::keep() && {
    if (!before_)
        return Done{};
    const uid_t user = ::geteuid();
    const gid_t group = ::getegid();
    // The groups are those of the user already. In this order: root alone may change a saved group.
    if (::setresgid(group, group, group) != 0 || ::setresuid(user, user, user) != 0 ||
        (user != 0 && ::seteuid(0) == 0))
        return system_failure("give up root's rights for", "uid " + std::to_string(user), errno);
    before_.reset();
    changes.fetch_sub(1);
    return Done{};
}

AsOwner::~AsOwner() {
    if (!before_)
        return;
    HOURGATE_CHECK(take(*before_));
    changes.fetch_sub(1);
}

std::optional<uid_t> AsOwner::working_as() noexcept {
    return changes.load() > 0 && ::geteuid() != 0 ? std::optional<uid_t>(::geteuid())
                                                  : std::nullopt;
}

}  // namespace hourgate::store
