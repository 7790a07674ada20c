// A log whose reader is slow, or has stopped reading: nobody but the writing thread waits for it.
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "ops/log.h"
#include "support/catch.h"

using hourgate::ops::Level;
using hourgate::ops::Log;

namespace {

/// A pipe of one page, so that it is full soon; nobody reads it but the test.
class Pipe {
public:
    Pipe() {
        REQUIRE(pipe2(ends_, O_CLOEXEC) == 0);
        REQUIRE(fcntl(ends_[1], F_SETPIPE_SZ, 4'096) >= 0);
    }
    ~Pipe() {
        close(ends_[0]);
        close_in();
    }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    [[nodiscard]] int in() const noexcept { return ends_[1]; }
    void close_in() noexcept {
        if (ends_[1] >= 0)
            close(ends_[1]);
        ends_[1] = -1;
    }
    /// Until there is a line that has `part`; all that came with it.
    std::string read_until(std::string_view part) {
        std::string text;
        char block[4'096];
        while (text.find(part) == text.npos || text.back() != '\n') {
            const ssize_t got = read(ends_[0], block, sizeof block);
            REQUIRE(got > 0);
            text.append(block, static_cast<std::size_t>(got));
        }
        return text;
    }

private:
    int ends_[2] = {-1, -1};
};

std::string message(std::size_t number) {
    return "line " + std::to_string(number) + " " + std::string(300, '.');
}

/// The numbers of message() in a text, in their order.
std::vector<std::size_t> numbers_in(const std::string& text) {
    std::vector<std::size_t> numbers;
    for (std::size_t at = text.find("msg=\"line "); at != text.npos;
         at = text.find("msg=\"line ", at + 1))
        numbers.push_back(std::stoul(text.substr(at + 10)));
    return numbers;
}

}  // namespace

TEST_CASE(
    "who says something does not wait for a reader that reads nothing, and what is lost is said") {
    Pipe pipe;
    Log log(pipe.in());
    log.start();
    // More than may wait. That this ends is the point.
    constexpr std::size_t count = 10'000;
    static_assert(count * 300 > 2 * hourgate::limits::log_waiting_bytes_max);
    for (std::size_t at = 0; at < count; ++at)
        log.line(Level::notice, message(at));
    const std::uint64_t dropped = log.counts().dropped;
    REQUIRE(dropped > 0);
    // An error has room where others have none any more.
    log.line(Level::error, "the house burns");
    CHECK(log.counts().dropped == dropped);
    // The thread may have begun with some before others were dropped: what is said of those stands
    // where they would have, once or more often.
    std::uint64_t said = 0;
    bool burns = false;
    std::vector<std::size_t> numbers;
    while (said < dropped || !burns || numbers.size() + dropped < count) {
        const std::string part = pipe.read_until("\n");
        for (const std::size_t number : numbers_in(part)) {
            REQUIRE((numbers.empty() || number > numbers.back()));  // in their order
            numbers.push_back(number);
        }
        burns |= part.find("msg=\"the house burns\"") != part.npos;
        for (std::size_t at = part.find(" lines="); at != part.npos;
             at = part.find(" lines=", at + 1))
            said += std::stoull(part.substr(at + 7));
    }
    CHECK(said == dropped);
    CHECK(numbers.size() == count - dropped);
    CHECK(numbers.front() == 0);
    // And then it goes on as if nothing had been.
    log.line(Level::info, "again");
    CHECK(pipe.read_until("msg=again").find("line") == std::string::npos);
}

TEST_CASE("a stop writes what waits, for a reader that reads") {
    Pipe pipe;
    Log log(pipe.in());
    log.start();
    std::string text;
    for (std::size_t at = 0; at < 1'000; ++at)
        log.line(Level::notice, message(at));
    std::thread reader([&] { text = pipe.read_until("line 999 "); });
    log.stop();
    reader.join();
    CHECK(numbers_in(text).size() == 1'000);
    CHECK(log.counts().written == 1'000);
    CHECK(log.counts().dropped == 0);
}

TEST_CASE("a stop ends, and says how much is lost, where nobody reads") {
    Pipe pipe;
    Log log(pipe.in());
    log.start();
    for (std::size_t at = 0; at < 100; ++at)
        log.line(Level::notice, message(at));
    log.stop();
    const auto counts = log.counts();
    CHECK(counts.written + counts.dropped == 100);
    CHECK(counts.dropped > 80);
    CHECK(numbers_in(pipe.read_until("line 0 ")).front() == 0);
}

TEST_CASE("before the start and after the stop a line is there when line() returns") {
    Pipe pipe;
    Log log(pipe.in());
    log.line(Level::error, "cannot start");
    CHECK(log.counts().written == 1);
    CHECK(pipe.read_until("cannot start").find("level=error") != std::string::npos);
    log.start();
    log.stop();
    log.line(Level::error, "after all");
    CHECK(log.counts().written == 2);
    CHECK(pipe.read_until("after all").find("level=error") != std::string::npos);
    log.start();
    log.line(Level::error, "once more");
    CHECK(pipe.read_until("once more").find("level=error") != std::string::npos);
}

TEST_CASE("a reader that is gone costs its lines and nothing else") {
    int ends[2] = {-1, -1};
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const auto before = std::signal(SIGPIPE, SIG_IGN);
    close(ends[0]);
    {
        Log log(ends[1]);
        log.start();
        for (std::size_t at = 0; at < 100; ++at)
            log.line(Level::notice, message(at));
        log.stop();
        CHECK(log.counts().dropped == 100);
        CHECK(log.counts().written == 0);
    }
    std::signal(SIGPIPE, before);
    close(ends[1]);
}

TEST_CASE("lines of threads keep their order, each thread's its own, and none is mixed or lost") {
    Pipe pipe;
    constexpr std::size_t threads = 4, lines = 500;
    std::string text;
    Log log(pipe.in());
    log.start();
    std::thread reader([&] { text = pipe.read_until("msg=end"); });
    std::vector<std::thread> writers;
    for (std::size_t thread = 0; thread < threads; ++thread)
        writers.emplace_back([&log, thread] {
            for (std::size_t at = 0; at < lines; ++at)
                log.line(Level::info, message(thread * lines + at));
        });
    for (std::thread& writer : writers)
        writer.join();
    log.line(Level::info, "end");
    reader.join();
    std::vector<std::size_t> next(threads, 0);
    for (const std::size_t number : numbers_in(text))
        CHECK(number % lines == next[number / lines]++);
    CHECK(next == std::vector<std::size_t>(threads, lines));
}
