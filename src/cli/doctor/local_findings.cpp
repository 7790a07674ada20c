#include "cli/doctor/local_findings.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/clock.h"
#include "base/limits.h"
#include "base/time_text.h"
#include "cli/shell.h"
#include "config/forms.h"
#include "config/load.h"

namespace hourgate::cli {

namespace {

constexpr std::int64_t kib = 1'024, mib = 1'024 * kib;
/// Space for the WAL and a day of usage of a busy gate; with less, a write may fail within the
/// hour.
constexpr std::int64_t room_bytes_min = 64 * mib;
constexpr std::int64_t room_bytes_good = 512 * mib;
constexpr std::int64_t free_files_min = 100;
/// Allows for two readings of clocks while a time service adjusts them.
constexpr std::int64_t clock_slack_ms = 2 * ms_per_s;
/// The timer runs nightly, at most an hour late. These allow one missed night, and a week.
constexpr std::int64_t backup_age_good_ms = 50 * ms_per_hour;
constexpr std::int64_t backup_age_max_ms = 8 * ms_per_day;
constexpr std::int64_t backup_due_ms = ms_per_day;  // after the first event of the database
/// For the database, the log, and the epoll and event descriptors of each loop.
constexpr std::int64_t own_files = 256;

/// Returns why other machines may reach a listener; "" if they may not.
std::string exposure_of(const config::Listen& listen) {
    const auto address = Address::parse(listen.host);
    if (config::is_local(listen))
        return "";
    if (!address)
        return "may be reached from other machines";
    if (*address == *Address::parse("0.0.0.0") || *address == *Address::parse("::"))
        return "is reached on every address of this machine";
    return ops::is_private(*address) ? "is reached from the private network"
                                     : "is reached from the internet";
}

std::string or_off(const config::Listen& listen) {
    return listen.kind == config::Listen::Kind::off ? "off" : listen.text();
}

void about_listeners(std::vector<Check>& out, const config::Config& config) {
    bool all_local = true;
    std::string asked;
    for (const config::Listen& one : config.ask)
        asked.append(asked.empty() ? "" : " ").append(one.text());
    for (const config::ListenKey& one : config::all_listens(config)) {
        const std::string exposure = exposure_of(one.listen);
        if (exposure.empty())
            continue;
        all_local = false;
        const std::string seen = "server." + std::string(one.key) + " = " + one.listen.text() +
                                 " " + exposure + ", without TLS";
        const std::string fix = "set [server] " + std::string(one.key) +
                                " to an address of 127.0.0.0/8, or let a firewall keep others out";
        const bool world = exposure.find("private") == exposure.npos && one.key != "public";
        out.push_back(world ? is_bad("listeners", seen, fix) : is_doubtful("listeners", seen, fix));
    }
    if (all_local)
        out.push_back(is_ok("listeners", "public " + config.public_.text() + ", ask " +
                                             (asked.empty() ? "off" : asked) + ", admin " +
                                             or_off(config.admin) + ": this machine alone"));
}

bool has_everybody(const std::vector<std::string>& networks) {
    return std::any_of(networks.begin(), networks.end(),
                       [](const std::string& text) { return text.ends_with("/0"); });
}

std::string joined(const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts)
        out += (out.empty() ? "" : " ") + text;
    return out.empty() ? "nobody" : out;
}

Check about_trust(const config::Config& config) {
    if (has_everybody(config.proxies_text))
        return is_bad("trust",
                      "trust.proxies has all addresses: every caller may claim any address in "
                      "X-Forwarded-For, and so escape the count of failures",
                      "name the addresses of your proxies alone");
    if (has_everybody(config.peers_text))
        return is_bad("trust",
                      "trust.peers has all addresses: anybody who reaches the ask listener may try "
                      "tokens on it",
                      "name the addresses of your proxies and back ends alone");
    if (config.peers_text.empty() && !config.ask.empty())
        return is_bad("trust", "trust.peers is empty: server.ask answers 404 to everybody",
                      "name your proxy in [trust] peers");
    return is_ok("trust",
                 "peers " + joined(config.peers_text) + "; proxies " + joined(config.proxies_text));
}

std::string octal(mode_t mode) {
    const std::array<char, 5> digits = {
        static_cast<char>('0' + (mode >> 9U & 7U)), static_cast<char>('0' + (mode >> 6U & 7U)),
        static_cast<char>('0' + (mode >> 3U & 7U)), static_cast<char>('0' + (mode & 7U)), '\0'};
    return digits.data();
}

}  // namespace

std::string bytes_text(std::int64_t bytes) {
    constexpr std::array<std::string_view, 5> units = {" B", " KiB", " MiB", " GiB", " TiB"};
    std::size_t unit = 0;
    std::int64_t tenths = bytes * 10;
    for (; tenths >= 10 * kib && unit + 1 < units.size(); ++unit)
        tenths /= kib;
    std::string text = std::to_string(tenths / 10);
    if (unit > 0 && tenths < 100)
        text += "." + std::to_string(tenths % 10);
    return text.append(units[unit]);
}

std::string span_text(std::int64_t ms) {
    const auto in = [&](std::int64_t unit_ms, const char* name) {
        const std::int64_t count = ms / unit_ms;
        return std::to_string(count) + " " + name + (count == 1 ? "" : "s");
    };
    if (ms >= 2 * ms_per_day)
        return in(ms_per_day, "day");
    if (ms >= 2 * ms_per_hour)
        return in(ms_per_hour, "hour");
    if (ms >= 2 * 60 * ms_per_s)
        return in(60 * ms_per_s, "minute");
    return in(ms_per_s, "second");
}

std::vector<Check> about_config(const config::Config& config) {
    std::vector<Check> out;
    const std::string from = config.file.empty() ? "built-in defaults" : config.file;
    const std::size_t resources = config.rules.resources.size();
    out.push_back(is_ok("configuration", from + ": sound, " + std::to_string(resources) +
                                             (resources == 1 ? " resource" : " resources")));
    for (const std::string& warning : config::warnings(config))
        if (!warning.starts_with("server.") && !warning.starts_with("trust."))
            out.push_back(is_doubtful("configuration", warning,
                                      "if it is not meant so, change that key in " + from));
    about_listeners(out, config);
    out.push_back(about_trust(config));
    return out;
}

Check about_rights(const std::vector<ops::FileRights>& files, const ops::FileRights& folder,
                   const std::optional<ops::FileRights>& config_file, const Around& around) {
    // Even root has to become the owner: chmod follows links, and the owner of the folder may
    // create one there.
    const auto as_owner = [&](uid_t owner) { return as_user(owner, around.user); };
    constexpr mode_t others = 077, others_write = 022;
    for (const ops::FileRights& file : files) {
        if ((file.mode & others) != 0)
            return is_bad(
                "permissions",
                file.path + " has mode " + octal(file.mode) +
                    ": others on this machine may read who your customers are, or change it",
                as_owner(file.owner) + "chmod 0600 " + for_shell(file.path));
        if (file.owner != files.front().owner)
            return is_bad("permissions",
                          file.path + " belongs to " + user_name(file.owner) + ", " +
                              files.front().path + " to " + user_name(files.front().owner) +
                              ": one of them cannot be written by the server",
                          as_owner(0) + "chown -h " + for_shell(user_name(files.front().owner)) +
                              " " + for_shell(file.path));
    }
    if ((folder.mode & others_write) != 0)
        return is_bad("permissions",
                      folder.path + " has mode " + octal(folder.mode) +
                          ": others may put another database in the place of yours",
                      as_owner(folder.owner) + "chmod 0700 " + for_shell(folder.path));
    if (config_file && (config_file->mode & others_write) != 0)
        return is_bad("permissions",
                      config_file->path + " has mode " + octal(config_file->mode) +
                          ": others may change what callers may do",
                      as_owner(config_file->owner) + "chmod 0640 " + for_shell(config_file->path));
    return is_ok("permissions", "the database is for " + user_name(files.front().owner) +
                                    " alone, mode " + octal(files.front().mode));
}

Check about_disk(const std::string& folder, const std::optional<ops::DiskSpace>& room,
                 std::int64_t data_bytes) {
    if (!room)
        return is_skipped("disk", "the file system of " + folder + " does not say");
    const std::string free =
        bytes_text(room->free_bytes) + " of " + bytes_text(room->all_bytes) + " are free";
    if (room->free_files >= 0 && room->free_files < free_files_min)
        return is_bad("disk", "no more files can be created next to the database",
                      "remove some: `df -i " + for_shell(folder) + "`");
    if (room->free_bytes < room_bytes_min)
        return is_bad(
            "disk", free + ": on a full disk decisions go on, but nothing can be minted or revoked",
            "free some space on the file system of " + folder);
    // A backup next to the database, and a restore, each need its size once more.
    const std::int64_t wanted = std::max(room_bytes_good, 3 * data_bytes);
    if (room->free_bytes < wanted)
        return is_doubtful("disk",
                           free + "; the database takes " + bytes_text(data_bytes) +
                               ", and a backup or restore as much again",
                           "have " + bytes_text(wanted) + " free there");
    return is_ok("disk", free + "; the database takes " + bytes_text(data_bytes));
}

Check about_clock(std::int64_t now_ms, const std::optional<store::Stamp>& latest,
                  std::optional<bool> kept, const Around& around) {
    const std::string keep = around.systemd
                                 ? "`" + as_user(0, around.user) + "timedatectl set-ntp true`"
                                 : std::string("have a time service such as chrony keep it");
    if (latest && latest->at_ms > now_ms + clock_slack_ms)
        return is_bad("clock",
                      "it says " + format_time(now_ms) + ", but " + std::string(latest->what) +
                          " is on record for " + format_time(latest->at_ms) +
                          ": the clock was set back by " + span_text(latest->at_ms - now_ms) +
                          ", or ran ahead before. Tokens and paid plans end that much late",
                      "set it right, then " + keep);
    const std::string since =
        latest ? "not before what the database holds (" + format_time(latest->at_ms) + ")"
               : "nothing is on record to compare it with";
    if (kept && !*kept)
        return is_doubtful("clock",
                           since +
                               ", but no time service keeps it: tokens would end early or "
                               "late as it drifts",
                           keep);
    return is_ok("clock", since + (kept ? ", kept by a time service" : ""));
}

Check about_backups(std::int64_t now_ms, const BackupsSeen& seen, const std::string& database,
                    const Around& around) {
    const std::string folder = for_shell(seen.folder);
    // In another user's folder, `backup` works as its owner, but only if root runs it.
    const bool foreign = seen.owner && *seen.owner != around.owner;
    const std::string as = as_user(foreign ? 0 : around.owner, around.user);
    const std::string make = seen.newest.readable ? "" : as + "mkdir -p -m 0700 " + folder + " && ";
    const std::string nightly =
        around.is_unit ? "`" + as_user(0, around.user) +
                             "systemctl enable --now hourgate-backup.timer`, and at once: `"
                       : std::string("each night, by cron for example, and at once: `");
    const std::string now = nightly + make + as + "hourgate backup " + folder +
                            " --verify --keep 7`; if backups go elsewhere: --backups DIR";
    const bool is_new =
        seen.since_ms && *seen.since_ms <= now_ms && now_ms - *seen.since_ms < backup_due_ms;
    if (is_new && !seen.newest.file)
        return is_doubtful("backup",
                           "there is none yet in " + seen.folder +
                               "; from a day after the database was made, this is a fault",
                           now);
    if (!seen.newest.readable)
        return is_bad("backup", "there is no folder " + seen.folder + " that can be read", now);
    if (!seen.newest.file)
        return is_bad("backup",
                      seen.folder + " has no backup (*.db): a lost disk would lose every token",
                      now);
    const ops::FoundFile& file = *seen.newest.file;
    if (!seen.flaw.empty())
        return is_bad("backup", "the newest, " + file.path + ", " + seen.flaw, now);
    if (file.path == database)
        return is_bad("backup", seen.folder + " holds the database itself, and no copy", now);
    const std::int64_t age_ms = now_ms - file.changed_ms;
    const std::string found = "the newest, " + file.path + ", is ";
    if (age_ms < -clock_slack_ms)
        return is_doubtful("backup", found + "from " + span_text(-age_ms) + " ahead of now",
                           "look at the clock, above");
    const std::string aged = found + span_text(std::max<std::int64_t>(age_ms, 0)) + " old";
    const std::string why =
        around.is_unit
            ? std::string(
                  "`systemctl status hourgate-backup.timer hourgate-backup.service` says why")
            : "make one now, and see why the last did not: `" + as + "hourgate backup " + folder +
                  " --verify`";
    if (age_ms > backup_age_max_ms)
        return is_bad("backup", aged + ": what changed since is in no backup", why);
    if (age_ms > backup_age_good_ms)
        return is_doubtful("backup", aged + ": at least one night was missed", why);
    return is_ok("backup", aged);
}

Check about_upstream(const std::vector<UpstreamSeen>& all) {
    std::string reached, off;
    for (const UpstreamSeen& one : all) {
        std::string& list = one.why_not.empty() ? reached : off;
        list.append(list.empty() ? "" : ", ").append(one.url);
        if (!one.why_not.empty())
            list.append(" (").append(one.why_not).append(")");
    }
    if (off.empty())
        return is_ok("upstream", "the API accepts connections at " + reached);
    const std::string fix =
        "start the API, or correct [upstream] url and reload; `ss -ltnp` shows what listens";
    if (reached.empty())
        return is_bad("upstream",
                      "the API cannot be reached, so granted calls are answered 502: " + off, fix);
    return is_doubtful(
        "upstream",
        "some addresses of the API cannot be reached: " + off + "; calls go to " + reached, fix);
}

Check about_open_files(std::optional<std::int64_t> open_files_max, int listeners,
                       const Around& around) {
    if (!open_files_max)
        return is_skipped("open files", "/proc does not say what the server may open");
    const std::int64_t wanted =
        static_cast<std::int64_t>(limits::connections_max) * listeners + own_files;
    const std::string may = "the server may open " + std::to_string(*open_files_max) + " files, ";
    const std::string full = "full listeners take " + std::to_string(wanted);
    if (*open_files_max < wanted)
        return is_doubtful("open files",
                           may + full + ": it would refuse connections sooner than it must",
                           around.is_unit ? "LimitNOFILE=65536 in the unit: `" +
                                                as_user(0, around.user) + "systemctl edit hourgate`"
                                          : std::string("`ulimit -n 65536` where it is started"));
    return is_ok("open files", may + full);
}

}  // namespace hourgate::cli
