#include "cli/new_database.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <utility>
#include <vector>

#include "cli/shell.h"
#include "manage/accounts.h"
#include "store/database.h"
#include "store/errors.h"
#include "store/files.h"
#include "store/sqlite_ledger.h"

namespace hourgate::cli {

namespace {

/// Folders made on the way, taken away again unless kept.
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

/// The database under its working name; removed unless it was put in place.
class Draft {
public:
    explicit Draft(const std::string& target)
        : target_(target), path_(target + ".init-" + std::to_string(::getpid())) {}
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    ~Draft() { remove(); }

    [[nodiscard]] const std::string& path() const noexcept { return path_; }

    /// A link never overwrites; a rename would.
    Status place() {
        // SQLite removes it when the last connection has closed and all of it is in the database.
        if (store::exists(path_ + "-wal"))
            return Failure{Fault::system, "not all of " + target_ + " could be written",
                           "see that the disk is not full, then run hourgate init again"};
        if (::link(path_.c_str(), target_.c_str()) != 0)
            return errno == EEXIST ? taken(target_)
                                   : store::system_failure("write", target_, errno);
        remove();
        return store::sync_folder_of(target_);
    }

    [[nodiscard]] static Failure taken(const std::string& target) {
        return {Fault::conflict, target + " exists already: nothing was changed",
                "use it as it is, or, to begin anew, move it away first"};
    }

private:
    void remove() const noexcept {
        store::remove_database(path_);
        ::unlink((path_ + ".lock").c_str());
    }

    const std::string target_;
    const std::string path_;
};

Result<manage::MintedToken> fill(const std::string& path, const Clock& clock,
                                 const manage::TokenRules& rules,
                                 const std::string& operator_name) {
    if (Status created = store::create_database(path); !created)
        return created.failure();
    auto ledger = store::SqliteLedger::open(path);
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

/// Nobody has asked for the working name.
Failure about_target(Failure failure, const std::string& draft, const std::string& target) {
    for (std::size_t at = failure.what.find(draft); at != std::string::npos;
         at = failure.what.find(draft, at + target.size()))
        failure.what.replace(at, draft.size(), target);
    return failure;
}

}  // namespace

Result<manage::MintedToken> make_database(const std::string& path, const Clock& clock,
                                          const manage::TokenRules& rules,
                                          const std::string& operator_name) {
    if (Status fine = store::check_library(); !fine)
        return fine.failure();
    if (store::exists(path))
        return Draft::taken(path);
    if (Status free = store::check_free(path); !free)
        return free.failure();
    Folders folders;
    if (Status made = folders.make(std::filesystem::path(path).parent_path()); !made)
        return made.failure();
    Draft draft(path);
    auto minted = fill(draft.path(), clock, rules, operator_name);
    if (!minted)
        return about_target(minted.failure(), draft.path(), path);
    if (Status placed = draft.place(); !placed)
        return placed.failure();
    folders.keep();
    return minted;
}

}  // namespace hourgate::cli
