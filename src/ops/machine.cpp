#include "ops/machine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <system_error>

#include "base/clock.h"
#include "base/localhost.h"
#include "base/text.h"

namespace hourgate::ops {

namespace {

namespace fs = std::filesystem;

std::optional<Address> address_in(const sockaddr* address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address == nullptr)
        return std::nullopt;
    const void* bytes = nullptr;
    if (address->sa_family == AF_INET)
        bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (bytes == nullptr ||
        ::inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr)
        return std::nullopt;
    return Address::parse(text.data());
}

/// An address and a port, as the kernel takes them.
class SocketAddress {
public:
    SocketAddress(const Address& address, std::uint16_t port)
        : v6_(address.family() == Address::Family::v6) {
        if (v6_) {
            auto& v6 = reinterpret_cast<sockaddr_in6&>(storage_);
            v6.sin6_family = AF_INET6;
            v6.sin6_port = htons(port);
            std::memcpy(&v6.sin6_addr, address.bytes().data(), sizeof v6.sin6_addr);
        } else {
            auto& v4 = reinterpret_cast<sockaddr_in&>(storage_);
            v4.sin_family = AF_INET;
            v4.sin_port = htons(port);
            std::memcpy(&v4.sin_addr, address.bytes().data(), sizeof v4.sin_addr);
        }
    }
    [[nodiscard]] int family() const noexcept { return v6_ ? AF_INET6 : AF_INET; }
    [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage_); }
    [[nodiscard]] socklen_t size() const noexcept {
        return v6_ ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    }

private:
    sockaddr_storage storage_{};
    const bool v6_;
};

AddressSet set_of(std::initializer_list<std::string_view> texts) {
    std::vector<Network> networks;
    for (const std::string_view text : texts)
        networks.push_back(*Network::parse(text));
    return AddressSet(std::move(networks));
}

const AddressSet& link_local() {
    static const AddressSet set = set_of({"169.254.0.0/16", "fe80::/10"});
    return set;
}

/// The words of the line of /proc/PID/NAME that begins with `label`, behind it.
std::vector<std::string> words_behind(int pid, const char* name, std::string_view label) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/" + name);
    std::vector<std::string> words;
    for (std::string line; std::getline(in, line);) {
        if (!line.starts_with(label))
            continue;
        std::replace(line.begin(), line.end(), '\t', ' ');
        for (const std::string_view word : split(std::string_view(line).substr(label.size()), ' '))
            if (!word.empty())
                words.emplace_back(word);
        break;
    }
    return words;
}

}  // namespace

std::optional<DiskSpace> space_next_to(const std::string& path) {
    struct statvfs room {};
    if (::statvfs(path.c_str(), &room) != 0)
        return std::nullopt;
    const auto bytes = [&](fsblkcnt_t blocks) {
        return static_cast<std::int64_t>(blocks) * static_cast<std::int64_t>(room.f_frsize);
    };
    return DiskSpace{bytes(room.f_bavail), bytes(room.f_blocks),
                     room.f_files == 0 ? -1 : static_cast<std::int64_t>(room.f_favail)};
}

std::optional<FileRights> rights_of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0)
        return std::nullopt;
    return FileRights{path, status.st_uid, status.st_mode & 07777U, S_ISDIR(status.st_mode),
                      status.st_size};
}

Newest newest_in(const std::string& folder, std::string_view ending) {
    Newest newest;
    std::error_code error;
    fs::directory_iterator entry(folder, error);
    newest.readable = !error;
    for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
        struct stat status {};
        const std::string path = entry->path().string();
        if (!path.ends_with(ending) || ::stat(path.c_str(), &status) != 0 ||
            !S_ISREG(status.st_mode))
            continue;
        const std::int64_t changed_ms = static_cast<std::int64_t>(status.st_mtim.tv_sec) * ms_per_s;
        if (!newest.file || changed_ms > newest.file->changed_ms)
            newest.file = FoundFile{path, changed_ms};
    }
    return newest;
}

std::optional<bool> clock_is_kept() noexcept {
    timex asked{};
    if (::adjtimex(&asked) < 0)
        return std::nullopt;
    return (asked.status & STA_UNSYNC) == 0;
}

std::vector<Address> own_addresses() {
    std::vector<Address> own;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) != 0)
        return own;
    for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next) {
        const auto address = address_in(one->ifa_addr);
        if (address && !is_loopback(*address) && !link_local().contains(*address))
            own.push_back(*address);
    }
    ::freeifaddrs(all);
    return own;
}

bool is_loopback(const Address& address) {
    static const AddressSet set = set_of({"127.0.0.0/8", "::1/128"});
    return set.contains(address);
}

bool is_private(const Address& address) {
    static const AddressSet set =
        set_of({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"});
    return set.contains(address) || link_local().contains(address);
}

std::optional<Address> resolved(const std::string& host) {
    if (const auto numeric = Address::parse(host))
        return numeric;
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(resolvable(host).c_str(), nullptr, &hints, &found) != 0)
        return std::nullopt;
    const auto address = address_in(found->ai_addr);
    ::freeaddrinfo(found);
    return address;
}

std::optional<Address> source_toward(const Address& there) {
    constexpr std::uint16_t any_port = 9;  // connecting a datagram socket sends nothing
    SocketAddress address(there, any_port);
    const int fd = ::socket(address.family(), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return std::nullopt;
    socklen_t size = address.size();
    const bool known =
        ::connect(fd, address.get(), size) == 0 && ::getsockname(fd, address.get(), &size) == 0;
    ::close(fd);
    return known ? address_in(address.get()) : std::nullopt;
}

bool can_connect(const Address& from, const Address& to, std::uint16_t port) {
    SocketAddress source(from, 0), target(to, port);
    const int fd = ::socket(target.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    const bool connected = ::bind(fd, source.get(), source.size()) == 0 &&
                           ::connect(fd, target.get(), target.size()) == 0;
    ::close(fd);
    return connected;
}

std::string why_not_listened(const Address& where, std::uint16_t port) {
    SocketAddress address(where, port);
    const int fd = ::socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return std::strerror(errno);
    const int on = 1;  // as the server binds: what only waits to be forgotten is not in its way
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int error = ::bind(fd, address.get(), address.size()) == 0 ? 0 : errno;
    ::close(fd);
    return error == 0 ? "" : std::strerror(error);
}

namespace {

std::string why_not_connected_to(const sockaddr* address, socklen_t size, int wait_ms) {
    const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return std::strerror(errno);
    int error = ::connect(fd, address, size) == 0 ? 0 : errno;
    if (error == EINPROGRESS) {
        pollfd ready{fd, POLLOUT, 0};
        socklen_t error_size = sizeof error;
        if (::poll(&ready, 1, wait_ms) <= 0)
            error = ETIMEDOUT;
        else if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0)
            error = errno;
    }
    ::close(fd);
    if (error == ETIMEDOUT)
        return "no answer within " + std::to_string(wait_ms / 1'000) + " s";
    return error == 0 ? "" : std::strerror(error);
}

}  // namespace

std::string why_not_connected(const ConnectTarget& place, int wait_ms) {
    constexpr int addresses_max = 4;
    if (!place.socket_path.empty()) {
        sockaddr_un name{};
        name.sun_family = AF_UNIX;
        if (place.socket_path.size() >= sizeof name.sun_path)
            return "the path is too long for a socket";
        place.socket_path.copy(name.sun_path, place.socket_path.size());
        return why_not_connected_to(reinterpret_cast<const sockaddr*>(&name), sizeof name, wait_ms);
    }
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const std::string port = std::to_string(place.port);
    if (const int error =
            ::getaddrinfo(resolvable(place.host).c_str(), port.c_str(), &hints, &found))
        return std::string("the name does not resolve: ") + ::gai_strerror(error);
    std::string why;
    int tried = 0;
    for (const addrinfo* one = found; one != nullptr && tried < addresses_max; one = one->ai_next) {
        why = why_not_connected_to(one->ai_addr, one->ai_addrlen, wait_ms);
        ++tried;
        if (why.empty())
            break;
    }
    ::freeaddrinfo(found);
    return why;
}

std::optional<std::int64_t> open_files_max(int pid) {
    const auto words = words_behind(pid, "limits", "Max open files");
    if (words.empty())
        return std::nullopt;
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    if (words.front() == "unlimited")
        return most;
    const auto number = parse_number(words.front(), static_cast<std::uint64_t>(most));
    return number ? std::optional(static_cast<std::int64_t>(*number)) : std::nullopt;
}

std::vector<uid_t> listening_users(const std::string& socket_path) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (socket_path.size() >= sizeof name.sun_path)
        return {};
    socket_path.copy(name.sun_path, socket_path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return {};
    std::vector<uid_t> users;
    ucred listener{};
    socklen_t size = sizeof listener;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 &&
        ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener, &size) == 0)
        users.push_back(listener.uid);
    ::close(fd);
    return users;
}

namespace {

/// As /proc/net/tcp and tcp6 write an address: its 32-bit words in the order of this machine.
std::string in_proc(const Address& address) {
    const std::size_t bytes = address.family() == Address::Family::v4 ? 4 : 16;
    std::string text;
    for (std::size_t at = 0; at < bytes; at += 4) {
        std::uint32_t word = 0;
        std::memcpy(&word, address.bytes().data() + at, sizeof word);
        text += fmt::format("{:08X}", word);
    }
    return text;
}

}  // namespace

std::vector<uid_t> listening_users(const Address& where, std::uint16_t port) {
    constexpr std::string_view listens = "0A";
    const std::string end = fmt::format(":{:04X}", port);
    const std::string here = in_proc(where) + end;
    std::vector<uid_t> users;
    for (const char* file : {"/proc/net/tcp", "/proc/net/tcp6"}) {
        std::ifstream in(file);
        for (std::string line; std::getline(in, line);) {
            std::istringstream words(line);
            std::string number, local, remote, state, queues, timer, retransmits, user;
            words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user;
            const bool at_all =
                local.ends_with(end) && local.find_first_not_of("0") >= local.size() - end.size();
            if (state != listens || (local != here && !at_all))
                continue;
            if (const auto uid = parse_number(user, std::numeric_limits<uid_t>::max()))
                users.push_back(static_cast<uid_t>(*uid));
        }
    }
    return users;
}

std::optional<uid_t> user_of(int pid) {
    const auto words = words_behind(pid, "status", "Uid:");  // real, effective, …
    const auto number =
        words.size() < 2 ? std::nullopt : parse_number(words[1], std::numeric_limits<uid_t>::max());
    return number ? std::optional(static_cast<uid_t>(*number)) : std::nullopt;
}

}  // namespace hourgate::ops
