#include "http/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/limits.h"
#include "http/chunked.h"

namespace hourgate::http {

namespace {

constexpr std::size_t buffer_bytes = 40'960;
constexpr std::int64_t goodbye_ms = 1'000;
constexpr std::size_t goodbye_bytes_max = 4U << 20U;

static_assert(buffer_bytes > limits::head_bytes_max + limits::target_bytes_max + 256,
              "a head that is not refused must fit");

std::int64_t now_ms() noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// Whether the socket is ready for `events`, or broken, before the deadline.
bool ready(int socket, short events, std::int64_t deadline) noexcept {
    pollfd entry{socket, events, 0};
    for (;;) {
        const std::int64_t left = std::max<std::int64_t>(deadline - now_ms(), 0);
        const int count = poll(&entry, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000)));
        if (count > 0)
            return true;
        if (count < 0 && errno != EINTR)
            return false;
        if (count == 0 && now_ms() >= deadline)
            return false;
    }
}

}  // namespace

Connection::Connection(int socket) : socket_(socket), buffer_(buffer_bytes) {}

Connection::~Connection() {
    explicit_bzero(buffer_.data(), buffer_.size());
}

void Connection::consume(std::size_t bytes) noexcept {
    std::memmove(buffer_.data(), buffer_.data() + bytes, used_ - bytes);
    explicit_bzero(buffer_.data() + used_ - bytes, bytes);
    used_ -= bytes;
}

Connection::Outcome Connection::receive(Deadline deadline) {
    for (;;) {
        const ssize_t got =
            recv(socket_, buffer_.data() + used_, buffer_.size() - used_, MSG_DONTWAIT);
        if (got > 0) {
            used_ += static_cast<std::size_t>(got);
            return Outcome::ok;
        }
        if (got == 0)
            return Outcome::gone;
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN && errno != EWOULDBLOCK)
            return Outcome::gone;
        if (!ready(socket_, POLLIN, deadline))
            return Outcome::late;
    }
}

bool Connection::wait(std::int64_t timeout_ms) {
    if (used_ > 0)
        return true;
    return receive(now_ms() + timeout_ms) == Outcome::ok;
}

Connection::Outcome Connection::read_head(Head& head) {
    const Deadline deadline = now_ms() + limits::read_timeout_ms;
    HeadScanner scanner;
    for (;;) {
        switch (scanner.scan(unread())) {
            case HeadScanner::State::complete:
                head = parse_head(unread().substr(0, scanner.size()));
                consume(scanner.size());
                return head.flaw == HeadFlaw::none ? Outcome::ok : Outcome::refused;
            case HeadScanner::State::refused:
                head.flaw = scanner.flaw();
                return Outcome::refused;
            case HeadScanner::State::more:
                break;
        }
        if (const Outcome outcome = receive(deadline); outcome != Outcome::ok)
            return outcome;
    }
}

Connection::Outcome Connection::read_body(Head& head, std::size_t bytes_max) {
    const Deadline deadline = now_ms() + limits::read_timeout_ms;
    if (head.body_bytes > bytes_max)
        return Outcome::too_large;
    if (head.expects_continue && used_ == 0 && !send("HTTP/1.1 100 Continue\r\n\r\n"))
        return Outcome::gone;
    // Room for all of it at once: a buffer that grows leaves copies behind.
    head.request.body.reserve(bytes_max);
    return head.body == Head::Body::length ? read_sized(head, deadline)
                                           : read_chunked(head, bytes_max, deadline);
}

Connection::Outcome Connection::read_sized(Head& head, Deadline deadline) {
    std::string& body = head.request.body;
    for (;;) {
        const std::string_view part = unread().substr(0, head.body_bytes - body.size());
        body.append(part);
        consume(part.size());
        if (body.size() == head.body_bytes)
            return Outcome::ok;
        if (const Outcome outcome = receive(deadline); outcome != Outcome::ok)
            return outcome;
    }
}

Connection::Outcome Connection::read_chunked(Head& head, std::size_t bytes_max, Deadline deadline) {
    ChunkedBody chunks(bytes_max);
    for (;;) {
        std::string_view rest = unread();
        const ChunkedBody::State state = chunks.take(rest, head.request.body);
        consume(used_ - rest.size());
        switch (state) {
            case ChunkedBody::State::complete:
                return Outcome::ok;
            case ChunkedBody::State::malformed:
                return Outcome::refused;
            case ChunkedBody::State::too_large:
                return Outcome::too_large;
            case ChunkedBody::State::more:
                break;
        }
        if (const Outcome outcome = receive(deadline); outcome != Outcome::ok)
            return outcome;
    }
}

bool Connection::send(std::string_view bytes) {
    const Deadline deadline = now_ms() + limits::write_timeout_ms;
    while (!bytes.empty()) {
        const ssize_t sent =
            ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent >= 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            if (!ready(socket_, POLLOUT, deadline))
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void Connection::say_goodbye() {
    shutdown(socket_, SHUT_WR);
    const Deadline deadline = now_ms() + goodbye_ms;
    for (std::size_t read_over = 0; read_over < goodbye_bytes_max;) {
        consume(used_);
        if (receive(deadline) != Outcome::ok)
            return;
        read_over += used_;
    }
}

}  // namespace hourgate::http
