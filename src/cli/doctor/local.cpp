#include "cli/doctor/local.h"

#include <unistd.h>

#include <array>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "cli/client/probe.h"
#include "cli/doctor/local_findings.h"
#include "cli/shell.h"
#include "config/forms.h"
#include "store/backup.h"
#include "store/files.h"
#include "store/server_lock.h"

namespace hourgate::cli {

namespace {

constexpr int door_wait_ms = 5'000;                     // for a listener of this machine
constexpr std::int64_t outside_us_max = 15 * us_per_s;  // for all listeners at all addresses
/// How long the database is read. The rest is left to `hourgate backup`, which reads all of it.
constexpr std::int64_t reading_us_max = 60 * us_per_s;

class Examination {
public:
    Examination(CommandContext& session, std::string backups, Report& report)
        : session_(session), backups_(std::move(backups)), report_(report) {}

    LookedLocally run() {
        diagnose_program();
        diagnose_config();
        if (known_) {
            diagnose_database();
            diagnose_rights();
            diagnose_disk();
        }
        diagnose_clock();
        diagnose_backups();
        if (known_)
            diagnose_server();
        if (configured_ && !config::all_upstreams(config_).empty())
            diagnose_upstream();
        return found_;
    }

private:
    /// Checks the SQLite library before it is used.
    void diagnose_program() {
        if (Status fine = store::check_library(); !fine)
            report_.add(is_bad("program", fine.failure()));
    }

    void diagnose_config() {
        const auto loaded = session_.config();
        if (loaded) {
            config_ = *loaded.value();
            known_ = configured_ = true;
            report_.add(about_config(config_));
            return;
        }
        add_mistakes(session_.with_advice(loaded.failure()));
        // Without the configuration, the paths are unknown. Neither the database nor anything else
        // is checked at its default path.
        if (session_.arguments.given(database_option.name)) {
            if (const auto stand_in = session_.settings()) {
                config_ = *stand_in.value();
                known_ = true;
                return;
            }
        }
        report_.add(is_skipped("database",
                               "the configuration says which one it is; until it can be read, name "
                               "it with --database FILE"));
    }

    /// Adds one row for each mistake of the file.
    void add_mistakes(const Failure& failure) {
        const std::string fix = failure.next.empty()
                                    ? "correct the file, then run `hourgate config check`"
                                    : failure.next;
        for (const std::string_view mistake : split(failure.what, '\n'))
            report_.add(is_bad("configuration", std::string(mistake), fix));
    }

    void diagnose_database() {
        const std::string& path = config_.database;
        const Result<store::FileState> looked = store::look_at(path);
        if (!looked) {
            report_.add(is_bad("database", session_.with_advice(looked.failure())));
            return;
        }
        const store::FileState& state = looked.value();
        const bool older = state.kind == store::FileState::Kind::older;
        if (const Status usable = store::check_database(path, store::Migrate::no); !usable) {
            report_.add(older
                            ? is_doubtful("database", usable.failure().what, usable.failure().next)
                            : is_bad("database", session_.with_advice(usable.failure())));
            if (!older)
                return;
        } else {
            found_.database_usable = true;
            report_.add(is_ok(
                "database",
                path + ", schema " +
                    std::to_string(state.schema == 0 ? store::schema_version() : state.schema) +
                    ", SQLite " + store::library_version()));
        }
        readable_ = true;
        diagnose_pages();
    }

    void diagnose_pages() {
        const std::int64_t begun_us = session_.clock.now().boot_us;
        const auto spent_us = [&] { return session_.clock.now().boot_us - begun_us; };
        const auto read = store::inspect_pages(config_.database, [&] {
            const std::int64_t us = spent_us();
            if (us > us_per_s)
                session_.output.progress("reading the whole database, " +
                                         std::to_string(us / us_per_s) + " s");
            return us < reading_us_max;
        });
        if (!read) {
            report_.add(is_bad("integrity", session_.with_advice(read.failure())));
            return;
        }
        switch (read.value().outcome) {
            case store::LookedOver::Outcome::sound:
                report_.add(is_ok("integrity", "every page can be read and is sound"));
                return;
            case store::LookedOver::Outcome::damaged:
                report_.add(is_bad("integrity", "it is damaged: " + read.value().flaw,
                                   "stop the server, then `" + as_owner() +
                                       "hourgate restore FILE` with the newest backup"));
                return;
            case store::LookedOver::Outcome::not_finished:
                report_.add(is_doubtful(
                    "integrity", "sound as far as it was read within a minute",
                    "`" + as_owner() +
                        "hourgate backup FILE` reads all of it, and checks what it wrote"));
                return;
        }
    }

    /// Returns the prefix of a command that the owner of the database has to run.
    [[nodiscard]] std::string as_owner() const {
        const auto rights = ops::rights_of(config_.database);
        return rights ? as_user(rights->owner, ::getuid()) : "";
    }

    void diagnose_rights() {
        const std::string& path = config_.database;
        std::vector<ops::FileRights> files;
        for (const char* end : {"", "-wal", "-shm", ".lock"})
            if (auto rights = ops::rights_of(path + end))
                files.push_back(*std::move(rights));
        const auto folder = ops::rights_of(store::folder_of(path));
        if (files.empty() || files.front().path != path || !folder) {
            report_.add(is_skipped("permissions", "there is no database to look at"));
            return;
        }
        const auto config_file = config_.file.empty() ? std::nullopt : ops::rights_of(config_.file);
        owner_ = files.front().owner;
        for (const ops::FileRights& file : files)
            data_bytes_ += file.bytes;
        report_.add(about_rights(files, *folder, config_file, around()));
    }

    void diagnose_disk() {
        const std::string folder = store::folder_of(config_.database);
        report_.add(about_disk(folder, ops::space_next_to(folder), data_bytes_));
    }

    void diagnose_clock() {
        std::optional<store::Stamp> latest;
        if (readable_) {
            const auto stamp = store::latest_stamp(config_.database);
            if (stamp)
                latest = stamp.value();
        }
        report_.add(
            about_clock(session_.clock.now().wall_ms, latest, ops::clock_is_kept(), around()));
    }

    void diagnose_backups() {
        if (backups_ == "none") {
            report_.add(is_skipped("backup", "--backups none"));
            return;
        }
        if (backups_.empty() && !known_) {
            report_.add(
                is_skipped("backup",
                           "the folder is next to the database, which is not known; name it "
                           "with --backups DIR"));
            return;
        }
        BackupsSeen seen;
        seen.folder = backups_.empty() ? store::backups_folder(config_.database) : backups_;
        seen.newest = ops::newest_in(seen.folder, ".db");
        seen.owner = owner_near(seen.folder);
        if (readable_)
            if (const auto first = store::first_event_ms(config_.database); first)
                seen.since_ms = first.value();
        if (seen.newest.file) {
            const auto state = store::inspect_file(seen.newest.file->path);
            if (!state)
                seen.flaw = "cannot be read: " + state.failure().what;
            else if (state.value().kind != store::FileState::Kind::ours)
                seen.flaw = state.value().flaw;
        }
        report_.add(about_backups(session_.clock.now().wall_ms, seen, config_.database, around()));
    }

    void diagnose_upstream() {
        constexpr int wait_ms = 2'000;
        std::vector<UpstreamSeen> all;
        for (const config::UpstreamKey& one : config::all_upstreams(config_)) {
            const config::Listen place = config::parse_upstream(one.url);
            session_.output.progress("connecting to " + one.url);
            all.push_back(
                {one.url, ops::why_not_connected({place.host, place.port, place.path}, wait_ms)});
        }
        report_.add(about_upstream(all));
    }

    [[nodiscard]] ServerCommands ways() const {
        const uid_t user = ::getuid();
        return server_ways(config_.file, owner_.value_or(user), user);
    }
    [[nodiscard]] Around around() const {
        const uid_t user = ::getuid();
        return {user, owner_.value_or(user), is_run_by_systemd(), ways().is_unit};
    }

    // --- the server ------------------------------------------------------------------------------

    struct CheckedListener {
        std::string_view key;
        const config::Listen& listen;
        const char* path;  ///< answered by the gate itself, without a decision
    };
    [[nodiscard]] std::vector<CheckedListener> doors() const {
        std::vector<CheckedListener> doors;
        for (const config::ListenKey& one : config::all_listens(config_))
            doors.push_back({one.key, one.listen,
                             one.key == "ask" ? "/_hourgate/doctor" : "/_hourgate/readyz"});
        return doors;
    }

    void diagnose_server() {
        const auto seen = store::find_server(config_.database);
        if (!seen) {
            report_.add(is_bad("server", session_.with_advice(seen.failure())));
            return;
        }
        found_.server_runs = seen.value().running;
        report_.add(about_process(seen.value()));
        if (!configured_) {
            report_.add(is_skipped("listeners", "the configuration says where they are"));
            return;
        }
        for (const CheckedListener& door : doors())
            report_.add(about_door(door));
        if (found_.server_runs)
            check_from_outside();
        if (!found_.server_runs || !seen.value().pid)
            return;
        int listeners = 0;
        for (const CheckedListener& door : doors())
            listeners += door.listen.kind != config::Listen::Kind::off;
        report_.add(about_open_files(ops::open_files_max(*seen.value().pid), listeners, around()));
    }

    [[nodiscard]] Check about_process(const store::ServerSeen& seen) const {
        if (!seen.running)
            return is_bad("server", "no server runs on " + config_.database,
                          ways().start + "; why it stopped: " + ways().log);
        const std::string name =
            seen.pid ? "process " + std::to_string(*seen.pid) : std::string("a process");
        const auto user = seen.pid ? ops::user_of(*seen.pid) : std::nullopt;
        if (user && owner_ && *user != *owner_)
            return is_bad("server",
                          name + " runs as " + user_name(*user) + ", the database belongs to " +
                              user_name(*owner_),
                          "run the server as " + user_name(*owner_) + ": " +
                              (ways().is_unit ? "User= in its unit" : ways().restart));
        return is_ok("server", name + " serves this database" +
                                   (user ? " as " + user_name(*user) : std::string()));
    }

    [[nodiscard]] static http::ProbeTarget target_of(const config::Listen& listen) {
        http::ProbeTarget target;
        target.total_ms = door_wait_ms;
        target.socket_path = listen.path;
        target.port = listen.port;
        target.host = listen.host;
        if (listen.host == "0.0.0.0")
            target.host = "127.0.0.1";
        if (listen.host == "::")
            target.host = "::1";
        return target;
    }

    /// Recognizes the gate. To a stranger, an ask listener answers 404 without a body.
    [[nodiscard]] static bool is_gate(const CheckedListener& door,
                                      const http::ProbeAnswer& answer) {
        if (door.key == "ask" && answer.status == 404 && answer.body.empty())
            return true;
        for (const char* words : {"ready\n", "\"not_ready\"", "\"no_such_route\"", "\"not_found\""})
            if (answer.body.find(words) != std::string::npos)
                return true;
        return false;
    }

    [[nodiscard]] Check about_door(const CheckedListener& door) const {
        const std::string name = std::string(door.key) + " listener";
        const std::string place = door.listen.text();
        if (door.listen.kind == config::Listen::Kind::off)
            return is_skipped(name, "it is off");
        if (door.listen.kind == config::Listen::Kind::tcp && door.listen.port == 0)
            return is_skipped(name, "port 0 is another port at each start: see the log");
        const auto answer = http::probe(target_of(door.listen), door.path);
        if (!found_.server_runs)
            return answer
                       ? is_bad(name,
                                "another program listens on " + place + ": the server cannot start",
                                "see which one with `ss -ltnp`, and end it")
                       : is_skipped(name, "no server runs");
        if (!answer)
            return is_bad(
                name, answer.failure().what,
                "see " + ways().log + "; if the configuration was changed: " + ways().restart);
        if (!is_gate(door, answer.value()))
            return is_bad(name, "what answers on " + place + " is not the gate",
                          "see which program it is with `ss -ltnp`; if the configuration was "
                          "changed: " +
                              ways().restart);
        if (answer.value().status == 503)
            return is_bad(name, place + " answers, but the gate is not ready: its database fails",
                          "see " + ways().log);
        return is_ok(name, place + " answers");
    }

    /// Tries local listeners at the other addresses of this machine.
    void check_from_outside() {
        std::string tried;
        const std::int64_t end_us = session_.clock.now().boot_us + outside_us_max;
        for (const Address& address : ops::own_addresses()) {
            if (session_.clock.now().boot_us >= end_us) {
                report_.add(is_doubtful(
                    "from outside",
                    "not all addresses of this machine were tried in time; the first that was not "
                    "is " +
                        address.text(),
                    "see which of them drop connections to themselves: `nft list ruleset`"));
                return;
            }
            for (const CheckedListener& door : doors()) {
                if (door.listen.kind != config::Listen::Kind::tcp || door.listen.port == 0 ||
                    !config::is_local(door.listen))
                    continue;
                http::ProbeTarget target;
                target.total_ms = door_wait_ms;
                target.host = address.text();
                target.port = door.listen.port;
                const auto answer = http::probe(target, door.path);
                if (!answer || !is_gate(door, answer.value()))
                    continue;
                report_.add(is_bad("from outside",
                                   "the gate answers at " + address.text() + " port " +
                                       std::to_string(door.listen.port) + ", although [server] " +
                                       std::string(door.key) + " is " + door.listen.text() +
                                       ": something forwards to it",
                                   "find and end the forwarding: `ss -ltnp`, `nft list ruleset`"));
                return;
            }
            tried += (tried.empty() ? "" : ", ") + address.text();
        }
        if (tried.empty())
            report_.add(is_skipped("from outside", "this machine has no address but loopback"));
        else
            report_.add(is_ok("from outside",
                              "no listener that is for this machine alone answers at " + tried));
    }

    CommandContext& session_;
    const std::string backups_;
    Report& report_;
    config::Config config_;
    bool configured_ = false;  // the configuration is valid
    bool known_ = false;       // it is known which database it is
    bool readable_ = false;    // the database can be opened
    std::optional<uid_t> owner_;
    std::int64_t data_bytes_ = 0;
    LookedLocally found_;
};

}  // namespace

LookedLocally check_local(CommandContext& session, const std::string& backups, Report& report) {
    return Examination(session, backups, report).run();
}

}  // namespace hourgate::cli
