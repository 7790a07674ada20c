#include "ops/passed_sockets.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"

namespace hourgate::ops {

namespace {

constexpr int first_fd = 3;  // SD_LISTEN_FDS_START
constexpr std::uint64_t count_max = 1'024;

/// The text of a variable, which is gone afterwards.
std::string taken(const char* name) {
    const char* const value = std::getenv(name);
    std::string text = value != nullptr ? value : "";
    unsetenv(name);
    return text;
}

Failure off(std::string what, std::string next) {
    return {Fault::system, std::move(what), std::move(next)};
}

std::string listed(const std::vector<std::string_view>& words) {
    std::string out;
    for (const std::string_view word : words)
        out.append(out.empty() ? "" : ", ").append(word);
    return out;
}

}  // namespace

PassedSockets::~PassedSockets() {
    for (const auto& [name, fd] : sockets_)
        close(fd);
}

Result<PassedSockets> PassedSockets::from_environment(const std::vector<std::string_view>& known) {
    const std::string process = taken("LISTEN_PID"), count_text = taken("LISTEN_FDS"),
                      names_text = taken("LISTEN_FDNAMES");
    PassedSockets passed;
    // Meant for a parent that forgot to clear them, or not meant at all.
    if (parse_number(process, INT32_MAX) != static_cast<std::uint64_t>(getpid()))
        return passed;
    const auto count = parse_number(count_text, count_max);
    if (!count)
        return off("LISTEN_FDS is '" + printable(count_text) + "', which is no number of sockets",
                   "leave it to the service manager to set it");
    const std::vector<std::string_view> names = split(names_text, ':');
    for (std::size_t at = 0; at < *count; ++at) {
        const int fd = first_fd + static_cast<int>(at);
        if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
            return off("LISTEN_FDS is " + count_text + ", but descriptor " + std::to_string(fd) +
                           " is not open",
                       "leave it to the service manager to set it");
        passed.sockets_.emplace_back(at < names.size() ? names[at] : "", fd);
    }
    for (const auto& [name, fd] : passed.sockets_) {
        const std::string shown = "'" + printable(name) + "'";
        if (std::find(known.begin(), known.end(), name) == known.end())
            return off("a socket was passed on as " + shown + ", and no listener is called so",
                       "set FileDescriptorName= in its .socket unit to one of " + listed(known));
    }
    return passed;
}

std::vector<int> PassedSockets::take(std::string_view name) {
    std::vector<int> taken;
    for (const auto& [own, fd] : sockets_)
        if (own == name)
            taken.push_back(fd);
    std::erase_if(sockets_, [&](const auto& one) { return one.first == name; });
    return taken;
}

}  // namespace hourgate::ops
