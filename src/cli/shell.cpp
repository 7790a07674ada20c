#include "cli/shell.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <optional>

#include "base/limits.h"
#include "base/text.h"

namespace hourgate::cli {

namespace {

/// sudo starts with a clean environment, so the value of $HOURGATE_CONFIG must become an argument.
void add_config_of_environment(std::vector<std::string>& words) {
    const char* named = std::getenv("HOURGATE_CONFIG");
    if (named == nullptr || *named == '\0')
        return;
    const bool given = std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "--config" || word.starts_with("--config=");
    });
    if (!given)
        words.insert(words.begin() + 1, {"--config", named});
}

}  // namespace

std::string for_shell(std::string_view word) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@,+%";
    if (!word.empty() && word.find_first_not_of(plain) == word.npos)
        return std::string(word);
    std::string out = "'";
    for (const char c : word) {
        if (c == '\'')
            out += "'\\''";
        else
            out += c;
    }
    return out + "'";
}

std::string for_shell(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words)
        out += (out.empty() ? "" : " ") + for_shell(word);
    return out;
}

std::string user_name(unsigned uid) {
    const passwd* user = ::getpwuid(uid);
    return user == nullptr ? "#" + std::to_string(uid) : user->pw_name;
}

std::optional<unsigned> owner_near(std::filesystem::path path) {
    for (;;) {
        struct stat status {};
        if (::stat(path.empty() ? "." : path.c_str(), &status) == 0)
            return status.st_uid;
        if (path.empty() || path == path.parent_path())
            return std::nullopt;
        path = path.parent_path();
    }
}

bool has_user(const std::string& name) {
    return ::getpwnam(name.c_str()) != nullptr;
}

std::string as_user(unsigned owner, unsigned user) {
    if (owner == user)
        return "";
    return owner == 0 ? "sudo " : "sudo -u " + for_shell(user_name(owner)) + " ";
}

bool is_run_by_systemd() {
    std::error_code error;
    return std::filesystem::is_directory("/run/systemd/system", error);
}

ServerCommands server_ways(const std::string& config_file, unsigned owner, unsigned user) {
    constexpr std::string_view installed = "/etc/hourgate/config.toml";
    ServerCommands ways;
    ways.is_unit = is_run_by_systemd() && (config_file.empty() || config_file == installed);
    const std::string as_root = as_user(0, user);
    ways.start = ways.is_unit ? "`" + as_root + "systemctl start hourgate`"
                              : "`" + as_user(owner, user) + "hourgate serve`";
    ways.restart = ways.is_unit ? "`" + as_root + "systemctl restart hourgate`"
                                : "stop it, then " + ways.start;
    ways.log = ways.is_unit ? "`" + as_root + "journalctl -u hourgate -n 50`"
                            : std::string("what it wrote to standard error");
    return ways;
}

std::string actor_name() {
    std::string name = "cli:" + user_name(::getuid());
    const char* by = std::getenv("SUDO_USER");
    if (by != nullptr && is_plain_name(by, limits::name_bytes_max))
        name += std::string(" (sudo by ") + by + ")";
    return name;
}

Failure with_sudo(const Failure& failure, const std::string& database,
                  std::vector<std::string> words) {
    // Root already works as the owner: sudo would not change what that user may not do.
    const std::optional<uid_t> owner = owner_near(database);
    if (!owner || *owner == ::geteuid() || ::getuid() == 0)
        return failure;
    add_config_of_environment(words);
    // These commands use a second file, which may be another user's: root works as the owner of
    // each.
    const bool of_two_files = std::any_of(words.begin(), words.end(), [](const std::string& word) {
        return word == "restore" || word == "backup";
    });
    return {failure.fault, failure.what,
            as_user(of_two_files ? 0 : *owner, ::geteuid()) + for_shell(words)};
}

}  // namespace hourgate::cli
