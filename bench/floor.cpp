// The floor: what one HTTP exchange over loopback costs before anything is decided. Each thread has
// its own epoll, one recv and one send per request, and one fixed answer. It parses nothing. No
// server that speaks HTTP over a socket can cost less, so every other figure is given as a ratio to
// this one.
//
//   hourgate_floor [THREADS]      default 1; prints its port, ends when standard input ends
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace {

constexpr int backlog = 4'096;
constexpr int events_max = 64;
// As long as the answer of a gate that reports the caller and the remaining calls.
constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nX-RateLimit-Limit: 600\r\nX-RateLimit-Remaining: 599\r\n"
    "X-RateLimit-Reset: 1717603260\r\nX-Member: mem_1\r\nContent-Type: application/json\r\n"
    "Content-Length: 11\r\n\r\n{\"ok\":true}";

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

/// Listens on any free port of loopback.
int listen_anywhere(std::uint16_t& port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || bind(fd, any, size) != 0 || listen(fd, backlog) != 0)
        fail("hourgate_floor: listen");
    getsockname(fd, any, &size);
    port = ntohs(address.sin_port);
    return fd;
}

void watch(int poller, int fd) {
    epoll_event interest{};
    interest.events = EPOLLIN;
    interest.data.fd = fd;
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &interest) != 0)
        fail("hourgate_floor: epoll_ctl");
}

void accept_one(int poller, int listener) {
    const int peer = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (peer < 0)
        return;  // another thread was faster
    const int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(poller, peer);
}

void serve(int listener) {
    const int poller = epoll_create1(EPOLL_CLOEXEC);
    watch(poller, listener);
    std::array<epoll_event, events_max> ready{};
    std::array<char, 16'384> bytes{};
    for (;;) {
        const int count = epoll_wait(poller, ready.data(), events_max, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = ready[static_cast<std::size_t>(i)].data.fd;
            if (fd == listener) {
                accept_one(poller, listener);
                continue;
            }
            const ssize_t size = recv(fd, bytes.data(), bytes.size(), 0);
            if (size <= 0) {
                close(fd);
                continue;
            }
            const std::string_view request(bytes.data(), static_cast<std::size_t>(size));
            if (request.ends_with("\r\n\r\n"))
                (void)!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
    }
}

void allow_many_files() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

}  // namespace

int main(int argc, char** argv) {
    const int threads = argc > 1 ? std::atoi(argv[1]) : 1;
    allow_many_files();
    std::uint16_t port = 0;
    const int listener = listen_anywhere(port);
    for (int i = 0; i < threads; ++i)
        std::thread(serve, listener).detach();
    std::printf("%d\n", port);
    (void)std::fflush(stdout);
    std::array<char, 64> rest{};
    while (read(STDIN_FILENO, rest.data(), rest.size()) > 0) {
    }
    std::_Exit(0);
}
