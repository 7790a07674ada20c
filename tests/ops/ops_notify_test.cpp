// Messages to the service manager, read from a socket of the test's own.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "ops/notify.h"
#include "support/catch.h"

using hourgate::ops::notify;
using hourgate::ops::watchdog_interval_us;

namespace {

/// A variable of the environment for the length of a test; "" leaves it unset.
class Variable {
public:
    Variable(const char* name, const std::string& value) : name_(name) {
        if (value.empty())
            unsetenv(name);
        else
            setenv(name, value.c_str(), 1);
    }
    ~Variable() { unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* const name_;
};

/// A datagram socket at `path`; "@…" is abstract.
class Socket {
public:
    explicit Socket(const std::string& path) : path_(path), fd_(socket(AF_UNIX, SOCK_DGRAM, 0)) {
        REQUIRE(fd_ >= 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.copy(address.sun_path, sizeof address.sun_path);
        if (path.front() == '@')
            address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
        REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    }
    ~Socket() {
        close(fd_);
        if (path_.front() == '/')
            unlink(path_.c_str());
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;

    /// The next datagram; nothing when none is waiting.
    std::optional<std::string> take() const {
        std::array<char, 256> bytes{};
        const ssize_t got = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0)
            return std::nullopt;
        return std::string(bytes.data(), static_cast<std::size_t>(got));
    }

private:
    const std::string path_;
    const int fd_;
};

std::string unique(const std::string& before) {
    const auto digits = hourgate::random_hex_128();
    return before + std::string(digits.data(), digits.size());
}

}  // namespace

TEST_CASE("a message reaches a socket with a path and an abstract one, each as one datagram") {
    for (const char* begin : {"/tmp/hourgate-notify-", "@hourgate-notify-"}) {
        const std::string path = unique(begin);
        const Socket socket(path);
        const Variable variable("NOTIFY_SOCKET", path);
        notify("READY=1");
        notify("STATUS=two\nWATCHDOG=1");
        CHECK(socket.take() == "READY=1");
        CHECK(socket.take() == "STATUS=two\nWATCHDOG=1");
        CHECK_FALSE(socket.take().has_value());
    }
}

TEST_CASE("without a socket to tell, telling does nothing") {
    for (const std::string& path :
         {std::string(), std::string("relative"), std::string("vsock:2:1"), unique("/tmp/nobody-"),
          unique("@nobody-"), "/" + std::string(200, 'a'), std::string("@"), std::string("/")}) {
        const Variable variable("NOTIFY_SOCKET", path);
        notify("READY=1");
    }
}

TEST_CASE("a path of 107 bytes, the longest there is, is told") {
    const std::string folder = unique("/tmp/");
    const std::string path = folder + std::string(107 - folder.size(), 'n');
    const Socket socket(path);
    const Variable variable("NOTIFY_SOCKET", path);
    notify("READY=1");
    CHECK(socket.take() == "READY=1");
}

TEST_CASE("a full socket does not hold up the one who tells") {
    const std::string path = unique("@hourgate-notify-");
    const Socket socket(path);
    const Variable variable("NOTIFY_SOCKET", path);
    for (int at = 0; at < 2'000; ++at)
        notify("WATCHDOG=1");  // more than any queue holds
    CHECK(socket.take() == "WATCHDOG=1");
}

TEST_CASE("the watchdog is fed at half its time, when it is meant for this process") {
    const auto interval = [](const std::string& usec, const std::string& pid) {
        const Variable time("WATCHDOG_USEC", usec);
        const Variable process("WATCHDOG_PID", pid);
        return watchdog_interval_us();
    };
    const std::string self = std::to_string(getpid());
    CHECK(interval("30000000", "") == 15'000'000);
    CHECK(interval("30000000", self) == 15'000'000);
    CHECK(interval("30000000", "1" + self) == 0);
    CHECK(interval("30000000", "me") == 0);
    CHECK(interval("", "") == 0);
    CHECK(interval("", self) == 0);
    CHECK(interval("0", "") == 0);
    CHECK(interval("-1", "") == 0);
    CHECK(interval("1s", "") == 0);
    CHECK(interval("9223372036854775807", "") == 4'611'686'018'427'387'903);
    CHECK(interval("9223372036854775808", "") == 0);
}
