#include "cli/new_database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "cli/shell.h"
#include "manage/accounts.h"
#include "store/as_owner.h"
#include "store/database.h"
#include "store/errors.h"
#include "store/files.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

/// Creates missing folders, and removes them again unless they are kept.
class Folders {
public:
    Folders() = default;
    Folders(const Folders&) = delete;
    Folders& operator=(const Folders&) = delete;
    ~Folders() {
        for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder)
            ::rmdir(folder->c_str());
    }

    Status make(const std::filesystem::path& folder) {
        if (folder.empty() || std::filesystem::is_directory(folder))
            return Done{};
        if (store::exists(folder))
            return Failure{Fault::system, folder.string() + " is not a folder",
                           "move it away, or change [database] path"};
        if (Status above = make(folder.parent_path()); !above)
            return above;
        if (::mkdir(folder.c_str(), S_IRWXU) != 0)
            return store::system_failure("make the folder", folder, errno);
        made_.push_back(folder);
        return Done{};
    }
    void keep() noexcept { made_.clear(); }

private:
    std::vector<std::string> made_;
};

Failure taken(const std::string& target) {
    return {Fault::conflict, target + " exists already: nothing was changed",
            "use it as it is; to begin with an empty database, move it away first"};
}

/// The database under its working name. Removed, if it was made, unless it was put in place.
class WorkingName {
public:
    explicit WorkingName(const std::string& target)
        : target_(target), path_(target + ".init-" + std::to_string(::getpid())) {}
    WorkingName(const WorkingName&) = delete;
    WorkingName& operator=(const WorkingName&) = delete;
    ~WorkingName() {
        if (made_)
            remove();
    }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// Returns Failure::conflict if the name, or that of its lock file, is taken.
    Status make() {
        if (store::exists(path_ + ".lock"))
            return taken(path_ + ".lock");
        Status created = store::create_database(path_);
        made_ = created.ok();
        return created;
    }

    /// Moves the database to its target, and never overwrites.
    Status place() {
        // SQLite removes the WAL when the last connection has closed and everything is in the
        // database.
        if (store::exists(path_ + "-wal"))
            return Failure{Fault::system, "not all of " + target_ + " could be written",
                           "see that the disk is not full, then run `hourgate init` again"};
        if (!store::rename_to_nothing(path_, target_))
            return errno == EEXIST ? taken(target_)
                                   : store::system_failure("write", target_, errno);
        remove();
        return store::sync_folder_of(target_);
    }

private:
    void remove() noexcept {
        store::remove_database(path_);
        ::unlink((path_ + ".lock").c_str());
        made_ = false;
    }

    const std::string target_;
    const std::string path_;
    bool made_ = false;
};

Result<manage::MintedToken> fill(WorkingName& name, const Clock& clock,
                                 const manage::TokenSettings& rules,
                                 const std::string& operator_name) {
    if (Status created = name.make(); !created)
        return created.failure();
    auto ledger = store::SqliteLedger::open(name.path());
    if (!ledger)
        return ledger.failure();
    const manage::Context context{
        *ledger.value(), {actor_name(), "local"}, clock.now(), rules, [](std::string_view) {
            return false;
        }};
    if (Status planned = manage::add_built_in_plans(context); !planned)
        return planned.failure();
    return manage::mint_operator(context, operator_name);
}

/// Replaces the working name in a failure by the target, which is what the user named.
Failure about_target(Failure failure, const std::string& draft, const std::string& target) {
    for (std::size_t at = failure.what.find(draft); at != std::string::npos;
         at = failure.what.find(draft, at + target.size()))
        failure.what.replace(at, draft.size(), target);
    return failure;
}

}  // namespace

Result<manage::MintedToken> make_database(const std::string& path, const Clock& clock,
                                          const manage::TokenSettings& rules,
                                          const std::string& operator_name) {
    if (Status fine = store::check_library(); !fine)
        return fine.failure();
    const auto owner = store::AsOwner::of(path);
    if (!owner)
        return owner.failure();
    if (store::exists(path))
        return taken(path);
    if (Status free = store::check_free(path); !free)
        return free.failure();
    Folders folders;
    if (Status made = folders.make(std::filesystem::path(path).parent_path()); !made)
        return made.failure();
    WorkingName draft(path);
    auto minted = fill(draft, clock, rules, operator_name);
    if (!minted)
        return about_target(minted.failure(), draft.path(), path);
    if (Status placed = draft.place(); !placed)
        return placed.failure();
    folders.keep();
    return minted;
}

}  // namespace hourgate::cli
