#include "store/backup.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "store/as_owner.h"
#include "store/copy.h"
#include "store/database_connection.h"
#include "store/database_file.h"
#include "store/errors.h"
#include "store/file_header.h"
#include "store/files.h"
#include "store/known.h"
#include "store/lock_file.h"
#include "store/prepare_restore.h"

namespace hourgate::store {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view dated_begin = "hourgate-", dated_end = ".db";
constexpr std::string_view form_of_time = "00000000T000000Z";

/// The part of a name after a dated backup's; nothing when it does not begin like one.
std::optional<std::string_view> after_dated(std::string_view name) {
    if (!name.starts_with(dated_begin))
        return std::nullopt;
    name.remove_prefix(dated_begin.size());
    for (const char form : form_of_time) {
        const bool fits = !name.empty() && (form == '0' ? name.front() >= '0' && name.front() <= '9'
                                                        : name.front() == form);
        if (!fits)
            return std::nullopt;
        name.remove_prefix(1);
    }
    if (!name.starts_with(dated_end))
        return std::nullopt;
    name.remove_prefix(dated_end.size());
    return name;
}

bool is_dated(std::string_view name) {
    const auto after = after_dated(name);
    return after && after->empty();
}

/// Of a run that was killed.
bool is_leftover(std::string_view name) {
    const auto after = after_dated(name);
    if (!after)
        return false;
    for (const std::string_view begin : {".part-", ".verify-"})
        if (after->starts_with(begin))
            return parse_number(after->substr(begin.size()), INT32_MAX).has_value();
    return false;
}

bool is_older(const std::string& path, std::int64_t than_ms) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 &&
           static_cast<std::int64_t>(status.st_mtim.tv_sec) * ms_per_s < than_ms;
}

/// False for a link, a folder, and whatever else hourgate did not write.
bool is_earlier_backup(const std::string& path) {
    const Result<bool> ours = is_backup(path);
    return ours && ours.value();
}

std::int64_t bytes_of(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 ? status.st_size : 0;
}

/// `known` is filled, when there is one, from the snapshot that is copied. The two sides may be two
/// users': each file is opened, and closed, with the rights that its folder asks for.
Status copy_into(const std::string& database, const std::string& target, const PendingFile& draft,
                 const Progress& progress, Known* known) {
    Result<AsOwner> reader = AsOwner::of(database);
    if (!reader)
        return reader.failure();
    return guarded(database, [&]() -> Status {
        DatabaseConnection source(database, Access::read, command_busy_ms);
        source.run("SELECT count(*) FROM sqlite_schema");  // opens all that it reads from
        const auto ask = [&] { *known = read_known(source); };
        Result<AsOwner> writer = AsOwner::of(target);
        if (!writer)
            return writer.failure();
        return guarded(target, [&]() -> Status {
            try {
                DatabaseConnection copy(draft, Access::draft, command_busy_ms);
                copy_all(source, copy, progress, known == nullptr ? std::function<void()>() : ask);
                return Done{};
            } catch (const SQLite::Exception& error) {
                // Only what is read can be damaged: the copy is new.
                if (error.getErrorCode() == SQLITE_CORRUPT)
                    return failure_in_flight(database);
                throw;
            }
        });
    });
}

Result<BackupReport> check_copy(const PendingFile& draft, const std::string& database) {
    return guarded(database, [&]() -> Result<BackupReport> {
        DatabaseConnection copy(draft, Access::look, command_busy_ms);
        const std::string flaw = flaw_in(copy);
        if (!flaw.empty())  // page by page, the copy is what the database was
            return Failure{Fault::store, "the database " + database + " is damaged: " + flaw,
                           "stop the server, then `hourgate restore FILE` with an earlier backup"};
        BackupReport report;
        report.workspaces = count(copy, "workspaces");
        report.members = count(copy, "members");
        report.tokens = count(copy, "tokens");
        report.bytes = bytes_of(draft.path());
        report.open_to_others = draft.open_to_others();
        return report;
    });
}

/// Asked before a step that takes its time; all is copied by now.
Status go_on(const Progress& progress, const std::string& target, const PendingFile& draft) {
    return guarded(target, [&]() -> Status {
        const std::int64_t bytes = bytes_of(draft.path());
        if (progress && !progress(bytes, bytes))
            throw Stopped();
        return Done{};
    });
}

/// A draft, with what using it as a database leaves beside it.
class Trial {
public:
    explicit Trial(PendingFile draft) : draft_(std::move(draft)), lock_(draft_.path() + ".lock") {}
    ~Trial() { ::unlink(lock_.c_str()); }
    Trial(const Trial&) = delete;
    Trial& operator=(const Trial&) = delete;
    [[nodiscard]] const std::string& path() const noexcept { return draft_.path(); }

private:
    const PendingFile draft_;
    const std::string lock_;
};

Failure does_not_restore(const std::string& named, const std::string& why,
                         const std::string& next) {
    Failure failure = store::does_not_restore(named, why);
    failure.next = next;
    return failure;
}

/// Restores `copy` beside it, and compares. `named` is how messages call it.
Result<Restored> try_restore(const std::string& copy, const std::string& named, const Known& known,
                             const std::string& next) {
    const SystemClock clock;
    const std::int64_t begun_us = clock.now().boot_us;
    Result<PendingFile> draft =
        prepare_restore(copy, named, ".verify-" + std::to_string(::getpid()));
    if (!draft)
        return draft.failure().fault == Fault::store
                   ? does_not_restore(named, draft.failure().what, next)
                   : draft.failure();
    const Trial trial(std::move(draft).value());
    Restored restored;
    restored.took_us = clock.now().boot_us - begun_us;
    const Result<std::string> off = difference(known, trial.path());
    if (!off)
        return off.failure().fault == Fault::store
                   ? does_not_restore(named, off.failure().what, next)
                   : off.failure();
    if (!off.value().empty())
        return does_not_restore(named, off.value(), next);
    restored.workspaces = known.workspaces;
    restored.members = known.members;
    restored.tokens = known.tokens;
    restored.compared = static_cast<std::int64_t>(known.sample.size());
    return restored;
}

/// The copy as it is on the disk, before it gets its name.
Result<Restored> verify_pending(const PendingFile& draft, const std::string& target,
                                const Known& known) {
    if (Status flushed = draft.flush(); !flushed)
        return flushed.failure();
    return try_restore(draft.path(), target, known,
                       "it was removed, and an earlier " + target +
                           " is as it was; look at the disk with `dmesg`, then try again, or to "
                           "another disk");
}

/// The database, as long as it is ours: a damaged one is found by reading it all.
Status check_source(const std::string& database, const std::string& target) {
    Result<FileState> state = inspect_header(database);
    if (state && state.value().kind == FileState::Kind::ours)
        state = inspect(database, Access::read);
    if (!state)
        return state.failure();
    if (state.value().kind != FileState::Kind::ours && state.value().kind != FileState::Kind::older)
        return unusable(database, state.value());
    if (same_file(database, target))
        return Failure{Fault::usage, target + " is the database itself", "name another file"};
    return Done{};
}

/// What may be replaced at the target. It is looked at again when the copy gets its name.
Result<Standing> check_target(const std::string& target, Replace replace) {
    Result<Standing> found = what_is_at(target);
    if (!found || found.value().kind == Standing::Kind::nothing)
        return found;
    if (found.value().kind != Standing::Kind::file) {
        std::error_code error;
        const fs::path leads_to = fs::read_symlink(target, error);
        return Failure{Fault::usage,
                       target + " is " + found.value().noun + ", which a backup never replaces",
                       error ? "name the file to write the backup to"
                             : "name the file that it leads to, " + leads_to.string()};
    }
    const Result<bool> served = is_locked(target, LockedPart::server);
    if (served && served.value())
        return Failure{Fault::conflict, target + " is the database of a server that runs",
                       "name another file"};
    if (replace == Replace::any_file)
        return found;
    const Result<bool> backup = is_backup(target);
    if (!backup)
        return backup.failure();
    if (backup.value())
        return found;
    return Failure{Fault::conflict,
                   target + " exists and is not a backup made by hourgate: nothing was changed",
                   "name another file, or add --force to replace this one"};
}

/// As the user that can rearrange the folder of the target.
Result<BackupReport> write_backup(const std::string& database, const std::string& target,
                                  const Progress& progress, Verify verify, Replace replace) {
    const Result<AsOwner> writer = AsOwner::of(target);
    if (!writer)
        return writer.failure();
    const Result<Standing> former = check_target(target, replace);
    if (!former)
        return former.failure();
    Result<PendingFile> draft = PendingFile::make(target, ".part-" + std::to_string(::getpid()));
    if (!draft)
        return draft.failure();
    Known known;
    const bool verified = verify == Verify::yes;
    if (Status copied =
            copy_into(database, target, draft.value(), progress, verified ? &known : nullptr);
        !copied)
        return copied.failure();
    Result<BackupReport> report = check_copy(draft.value(), database);
    if (!report)
        return report;
    if (verified) {
        if (Status going = go_on(progress, target, draft.value()); !going)
            return going.failure();
        Result<Restored> restored = verify_pending(draft.value(), target, known);
        if (!restored)
            return restored.failure();
        report.value().restored = restored.value();
    }
    if (Status going = go_on(progress, target, draft.value()); !going)
        return going.failure();
    if (Status placed = draft.value().replace(former.value()); !placed)
        return placed.failure();
    return report;
}

}  // namespace

Result<BackupReport> backup(const std::string& database, const std::string& target,
                            const Progress& progress, Verify verify, Replace replace) {
    const Result<AsOwner> reader = AsOwner::of(database);
    if (!reader)
        return reader.failure();
    if (Status source = check_source(database, target); !source)
        return source.failure();
    const Result<InUse> use = InUse::take(database);
    if (!use)
        return use.failure();
    return write_backup(database, target, progress, verify, replace);
}

Result<BackupReport> verify_backup(const std::string& file) {
    const auto unfit = [&](const Failure& failure) {
        return failure.fault == Fault::store ? does_not_restore(file, failure.what) : failure;
    };
    const Result<AsOwner> reader = AsOwner::of(file);
    if (!reader)
        return reader.failure();
    if (Status usable = check_backup(file); !usable)
        return unfit(usable.failure());
    const Result<Known> known = guarded(file, [&]() -> Result<Known> {
        DatabaseConnection connection(file, Access::look, command_busy_ms);
        return read_known(connection);
    });
    if (!known)
        return unfit(known.failure());
    const Result<Restored> restored =
        try_restore(file, file, known.value(), does_not_restore(file, "").next);
    if (!restored)
        return restored.failure();
    BackupReport report;
    report.bytes = bytes_of(file);
    report.workspaces = known.value().workspaces;
    report.members = known.value().members;
    report.tokens = known.value().tokens;
    report.restored = restored.value();
    return report;
}

// --- several of them ---

std::string backups_folder(const std::string& database) {
    return folder_of(database) + "/backups";
}

std::string dated_backup(const std::string& folder, std::int64_t now_ms) {
    const std::string name =
        std::string(dated_begin) + time_in_name(now_ms) + std::string(dated_end);
    return (fs::path(folder) / name).string();
}

Result<std::vector<std::string>> keep_latest(const std::string& made, std::int64_t keep,
                                             std::int64_t now_ms) {
    const Result<AsOwner> writer = AsOwner::of(made);
    if (!writer)
        return writer.failure();
    std::vector<std::string> dated, removed, to_go;
    std::error_code error;
    fs::directory_iterator entry(folder_of(made), error);
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        const std::string path = entry->path().string();
        const std::string name = entry->path().filename().string();
        if (is_dated(name) && !same_file(path, made) && is_earlier_backup(path))
            dated.push_back(path);
        else if (is_leftover(name) && is_older(path, now_ms - ms_per_day) && is_leftover_file(path))
            to_go.push_back(path);
    }
    if (error)
        return system_failure("read", folder_of(made), error.value());
    std::sort(dated.begin(), dated.end(), std::greater<>());
    const auto others = static_cast<std::size_t>(keep - 1);
    if (dated.size() > others)
        to_go.insert(to_go.end(), dated.begin() + static_cast<std::ptrdiff_t>(others), dated.end());
    for (const std::string& path : to_go) {
        if (::unlink(path.c_str()) != 0 && errno != ENOENT)
            return system_failure("remove", path, errno);
        if (is_leftover(fs::path(path).filename().string()))
            remove_database(path);  // what SQLite may have left beside it
        removed.push_back(path);
    }
    return removed;
}

}  // namespace hourgate::store
