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

/// Who owns `path`, or the nearest folder above it that can be looked at.
std::optional<uid_t> owner_near(std::filesystem::path path) {
    for (;;) {
        struct stat status {};
        if (::stat(path.empty() ? "." : path.c_str(), &status) == 0)
            return status.st_uid;
        if (path.empty() || path == path.parent_path())
            return std::nullopt;
        path = path.parent_path();
    }
}

/// sudo starts with a clean environment: what $HOURGATE_CONFIG said must stand among the words.
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

bool has_user(const std::string& name) {
    return ::getpwnam(name.c_str()) != nullptr;
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
    const std::optional<uid_t> owner = owner_near(database);
    if (!owner || *owner == ::geteuid())
        return failure;
    add_config_of_environment(words);
    const std::string as = *owner == 0 ? "sudo " : "sudo -u " + for_shell(user_name(*owner)) + " ";
    return {failure.fault, failure.what, as + for_shell(words)};
}

}  // namespace hourgate::cli
