// The load generator: calls a server over persistent HTTP/1.1 connections, checks every response,
// and prints the results as one JSON object. It measures how long calls take. Their cost is
// measured at the server, by the caller of this program.
//
//   hourgate_load MODE --to ADDRESS:PORT [--NAME VALUE]...
//
//   closed   each connection calls again as soon as it has its response
//   open     calls at a fixed rate, whatever the server does. The time of a call counts from the
//            moment at which it was due, so a stall is charged for every call that waited
//   idle     opens connections, makes one call on each, and holds them
//   drip     holds connections that send one byte of a request a second
//   flood    connects and disconnects at a fixed rate
//
// idle and drip print a line when all connections are open, and run until standard input ends.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "answer.h"

using hourgate::bench::read_answer;
using hourgate::bench::Reading;
using hourgate::bench::Response;

namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t drain_ns = 2 * ns_per_s;  // how long to wait for late responses
constexpr std::size_t flood_open_max = 4'096;
constexpr std::uint32_t flood_addresses = 64;  // each has 28,000 ports to connect from

[[noreturn]] void fail(const std::string& what) {
    (void)std::fprintf(stderr, "hourgate_load: %s\n", what.c_str());
    std::exit(2);
}

std::int64_t now_ns() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * ns_per_s + now.tv_nsec;
}

timespec span_of(std::int64_t ns) {
    ns = std::max<std::int64_t>(ns, 0);
    return {ns / ns_per_s, ns % ns_per_s};
}

// --- Options
// --------------------------------------------------------------------------------------

struct Options {
    std::string mode;
    sockaddr_in to{};
    std::string path = "/";
    std::vector<std::string> headers;  ///< "Name: value"
    std::vector<std::string> tokens;   ///< sent in turn; if empty, no Authorization header
    std::size_t connections = 32;
    std::size_t pipeline = 1;  ///< calls sent at once on a connection
    std::uint64_t calls = 0;   ///< closed: at most so many; 0 for no limit except time
    double seconds = 2;
    double rate = 1'000;  ///< open, flood: calls a second
    int expect = 200;     ///< the only correct status
};

void read_address(Options& options, const std::string& text) {
    const std::size_t colon = text.rfind(':');
    options.to.sin_family = AF_INET;
    if (colon == text.npos ||
        inet_pton(AF_INET, text.substr(0, colon).c_str(), &options.to.sin_addr) != 1)
        fail("--to wants ADDRESS:PORT, not " + text);
    options.to.sin_port = htons(static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)));
}

void read_tokens(Options& options, const std::string& path) {
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        options.tokens.push_back(line);
    if (options.tokens.empty())
        fail("no tokens in " + path);
}

void read_option(Options& options, std::string_view name, const std::string& value) {
    if (name == "--to")
        read_address(options, value);
    else if (name == "--path")
        options.path = value;
    else if (name == "--header")
        options.headers.push_back(value);
    else if (name == "--token")
        options.tokens.push_back(value);
    else if (name == "--tokens")
        read_tokens(options, value);
    else if (name == "--connections")
        options.connections = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "--pipeline")
        options.pipeline = std::strtoul(value.c_str(), nullptr, 10);
    else if (name == "--calls")
        options.calls = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--seconds")
        options.seconds = std::atof(value.c_str());
    else if (name == "--rate")
        options.rate = std::atof(value.c_str());
    else if (name == "--expect")
        options.expect = std::atoi(value.c_str());
    else
        fail("unknown option " + std::string(name));
}

Options read_options(int argc, char** argv) {
    Options options;
    if (argc < 2 || argc % 2 != 0)
        fail("usage: hourgate_load MODE --to ADDRESS:PORT [--NAME VALUE]...");
    options.mode = argv[1];
    for (int i = 2; i < argc; i += 2)
        read_option(options, argv[i], argv[i + 1]);
    if (options.to.sin_port == 0 || options.connections == 0 || options.pipeline == 0)
        fail("--to, --connections and --pipeline want more than nothing");
    return options;
}

/// Writes one request after another, each with the next token.
class Requests {
public:
    explicit Requests(const Options& options) : tokens_(options.tokens) {
        before_ = "GET " + options.path + " HTTP/1.1\r\nHost: localhost\r\n";
        for (const std::string& header : options.headers)
            before_ += header + "\r\n";
        if (!tokens_.empty())
            before_ += "Authorization: Bearer ";
    }

    void append_next(std::string& out) {
        out += before_;
        if (!tokens_.empty()) {
            out.append(tokens_[next_]).append("\r\n");
            next_ = next_ + 1 == tokens_.size() ? 0 : next_ + 1;
        }
        out += "\r\n";
    }

private:
    const std::vector<std::string>& tokens_;
    std::string before_;
    std::size_t next_ = 0;
};

// --- Results
// --------------------------------------------------------------------------------------

struct Tally {
    std::uint64_t sent = 0;
    std::uint64_t expected = 0;           ///< responses with the correct status
    std::map<int, std::uint64_t> others;  ///< responses with another status
    std::uint64_t unanswered = 0;         ///< the connection ended, or the wait was over
    std::uint64_t unsent = 0;             ///< open: due, but no connection was free until the end
    std::uint64_t reopened = 0;
    std::int64_t took_ns = 0;
    std::vector<std::uint32_t> tenths_us;  ///< of each response, in units of 0.1 us; at most 429 s

    void answered(int status, int expect, std::int64_t after_ns) {
        if (status == expect)
            ++expected;
        else
            ++others[status];
        constexpr std::int64_t most = UINT32_MAX;
        tenths_us.push_back(
            static_cast<std::uint32_t>(std::clamp<std::int64_t>(after_ns / 100, 0, most)));
    }

    /// Returns the time within which `share` of the responses came, in microseconds. REQUIRES:
    /// tenths_us is sorted.
    [[nodiscard]] double percentile_us(double share) const {
        if (tenths_us.empty())
            return 0;
        const auto place =
            static_cast<std::size_t>(std::ceil(share * static_cast<double>(tenths_us.size())));
        return tenths_us[std::clamp<std::size_t>(place, 1, tenths_us.size()) - 1] / 10.0;
    }

    void print() {
        std::sort(tenths_us.begin(), tenths_us.end());
        std::printf("{\"sent\":%lu,\"answered\":%zu,\"expected\":%lu,\"others\":{", sent,
                    tenths_us.size(), expected);
        const char* comma = "";
        for (const auto& [status, times] : others) {
            std::printf("%s\"%d\":%lu", comma, status, times);
            comma = ",";
        }
        std::printf("},\"unanswered\":%lu,\"unsent\":%lu,\"reopened\":%lu,\"seconds\":%.4f",
                    unanswered, unsent, reopened, static_cast<double>(took_ns) / 1e9);
        for (const auto& [name, share] :
             {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1.0}})
            std::printf(",\"%s_us\":%.1f", name, percentile_us(share));
        std::printf("}\n");
    }
};

// --- Sockets --------------------------------------------------------------------------------------

/// Connects and waits for that. Returns -1 if refused, or if no descriptor is left.
int connect_to(const sockaddr_in& to) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

int connect_or_fail(const sockaddr_in& to) {
    const int fd = connect_to(to);
    if (fd < 0)
        fail(std::string("cannot connect: ") + std::strerror(errno));
    return fd;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool input_has_ended(int wait_ms) {
    pollfd input = {STDIN_FILENO, POLLIN, 0};
    if (poll(&input, 1, wait_ms) <= 0)
        return false;
    char byte = 0;
    return read(STDIN_FILENO, &byte, 1) <= 0;
}

void allow_many_files() {
    rlimit files{};
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

// --- closed and open ------------------------------------------------------------------------------

/// A connection and the calls that await a response.
struct Link {
    int fd = -1;
    std::string in;
    std::vector<std::int64_t> due_ns;  ///< of the calls sent together, in their order
    std::size_t answered = 0;          ///< how many of these were answered
    [[nodiscard]] bool busy() const { return answered < due_ns.size(); }
};

class Caller {
public:
    explicit Caller(const Options& options)
        : options_(options), requests_(options), links_(options.connections) {
        for (Link& link : links_)
            open(link);
    }

    Tally run_closed() {
        const std::int64_t start_ns = now_ns();
        end_ns_ = start_ns + length_ns();
        for (Link& link : links_)
            call_again(link);
        while (now_ns() < end_ns_ && waiting_ > 0)
            turn(end_ns_ - now_ns(), &Caller::call_again);
        return finish(start_ns);
    }

    Tally run_open() {
        for (Link& link : links_)
            free_.push_back(&link);
        const std::int64_t start_ns = now_ns();
        const auto all = static_cast<std::uint64_t>(options_.rate * options_.seconds);
        const double step_ns = static_cast<double>(ns_per_s) / options_.rate;
        const std::int64_t give_up_ns = start_ns + length_ns() + drain_ns;
        std::uint64_t next = 0;
        while (next < all && now_ns() < give_up_ns) {
            const std::int64_t due_ns =
                start_ns + static_cast<std::int64_t>(static_cast<double>(next) * step_ns);
            const std::int64_t early_ns = due_ns - now_ns();
            if (early_ns <= 0 && !free_.empty()) {
                Link& link = *free_.back();
                free_.pop_back();
                call(link, due_ns, 1);
                ++next;
                turn(0, &Caller::set_free);
            } else {
                turn(free_.empty() ? give_up_ns - now_ns() : early_ns, &Caller::set_free);
            }
        }
        tally_.unsent = all - next;
        return finish(start_ns);
    }

private:
    using Then = void (Caller::*)(Link&);

    [[nodiscard]] std::int64_t length_ns() const {
        return static_cast<std::int64_t>(options_.seconds * static_cast<double>(ns_per_s));
    }

    void open(Link& link) {
        link.fd = connect_or_fail(options_.to);
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = &link;
        epoll_ctl(poller_, EPOLL_CTL_ADD, link.fd, &interest);
    }

    /// Opens the connection again. Its calls without a response count as unanswered.
    void reopen(Link& link) {
        const std::size_t lost = link.due_ns.size() - link.answered;
        tally_.unanswered += lost;
        waiting_ -= lost;
        ++tally_.reopened;
        close(link.fd);
        link.in.clear();
        link.due_ns.clear();
        link.answered = 0;
        open(link);
    }

    void call(Link& link, std::int64_t due_ns, std::size_t times) {
        out_.clear();
        for (std::size_t i = 0; i < times; ++i)
            requests_.append_next(out_);
        link.due_ns.assign(times, due_ns);
        link.answered = 0;
        tally_.sent += times;
        waiting_ += times;
        (void)send_all(link.fd, out_);  // a failed send shows when the connection is found closed
    }

    void call_again(Link& link) {
        const std::int64_t now = now_ns();
        std::size_t times = options_.pipeline;
        if (options_.calls > 0)
            times = std::min<std::size_t>(times, options_.calls - tally_.sent);
        if (now < end_ns_ && times > 0)
            call(link, now, times);
    }

    void set_free(Link& link) { free_.push_back(&link); }
    void rest(Link&) {}

    /// Waits once, then calls `then` for each connection that has all its responses.
    void turn(std::int64_t wait_ns, Then then) {
        const timespec wait = span_of(wait_ns);
        const int count =
            epoll_pwait2(poller_, events_.data(), static_cast<int>(events_.size()), &wait, nullptr);
        for (int i = 0; i < count; ++i) {
            Link& link = *static_cast<Link*>(events_[static_cast<std::size_t>(i)].data.ptr);
            const bool was_busy = link.busy();
            receive(link);
            if (was_busy && !link.busy())
                (this->*then)(link);
        }
    }

    void receive(Link& link) {
        const ssize_t got = recv(link.fd, bytes_.data(), bytes_.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        if (got <= 0)
            return reopen(link);
        link.in.append(bytes_.data(), static_cast<std::size_t>(got));
        take_answers(link);
    }

    void take_answers(Link& link) {
        std::string_view rest = link.in;
        const std::int64_t now = now_ns();
        Response answer;
        while (!rest.empty()) {
            const Reading reading = read_answer(rest, answer);
            if (reading == Reading::more_to_come)
                break;
            if (reading == Reading::unreadable || !link.busy())
                fail("this is no answer to a call: " + std::string(rest.substr(0, 200)));
            tally_.answered(answer.status, options_.expect, now - link.due_ns[link.answered]);
            ++link.answered;
            --waiting_;
            rest.remove_prefix(answer.bytes);
            if (answer.last)
                return reopen(link);
        }
        link.in.erase(0, link.in.size() - rest.size());
    }

    Tally finish(std::int64_t start_ns) {
        end_ns_ = now_ns();
        tally_.took_ns = end_ns_ - start_ns;
        while (waiting_ > 0 && now_ns() < end_ns_ + drain_ns)
            turn(end_ns_ + drain_ns - now_ns(), &Caller::rest);
        tally_.unanswered += waiting_;
        return std::move(tally_);
    }

    const Options& options_;
    Requests requests_;
    const int poller_ = epoll_create1(EPOLL_CLOEXEC);
    std::vector<Link> links_;
    std::vector<Link*> free_;  // open: not waiting for a response
    std::uint64_t waiting_ = 0;
    std::int64_t end_ns_ = 0;
    Tally tally_;
    std::string out_;
    std::array<epoll_event, 256> events_{};
    std::array<char, 65'536> bytes_{};
};

// --- idle, drip and flood -------------------------------------------------------------------------

void print_open(std::size_t open, std::size_t asked, std::uint64_t reopened) {
    std::printf("{\"open\":%zu,\"asked\":%zu,\"reopened\":%lu}\n", open, asked, reopened);
    (void)std::fflush(stdout);
}

/// Opens as many connections as requested, or as many as the machine allows.
std::vector<int> open_many(const Options& options) {
    std::vector<int> links;
    for (std::size_t i = 0; i < options.connections; ++i) {
        const int fd = connect_to(options.to);
        if (fd < 0)
            break;
        links.push_back(fd);
    }
    return links;
}

/// Makes one call and waits for its response.
void call_once(int fd, Requests& requests) {
    std::string out, in;
    requests.append_next(out);
    if (!send_all(fd, out))
        return;
    std::array<char, 8'192> bytes{};
    Response answer;
    ssize_t got = 0;
    while ((got = recv(fd, bytes.data(), bytes.size(), 0)) > 0) {
        in.append(bytes.data(), static_cast<std::size_t>(got));
        if (read_answer(in, answer) != Reading::more_to_come)
            return;
    }
}

void hold_idle(const Options& options) {
    Requests requests(options);
    std::vector<int> links = open_many(options);
    for (const int fd : links)
        call_once(fd, requests);
    print_open(links.size(), options.connections, 0);
    std::uint64_t reopened = 0;
    while (!input_has_ended(500)) {
        for (int& fd : links) {
            char byte = 0;
            if (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) != 0)
                continue;
            close(fd);
            fd = connect_or_fail(options.to);
            call_once(fd, requests);
            ++reopened;
        }
    }
    print_open(links.size(), options.connections, reopened);
}

/// Sends the next byte of an endless request. Replaces a connection that the server has closed.
void drip_on(int& fd, const sockaddr_in& to, std::uint64_t& reopened) {
    std::array<char, 4'096> bytes{};
    ssize_t got = 0;
    while ((got = recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0) {
    }
    if (got == 0 || errno != EAGAIN) {
        close(fd);
        fd = connect_or_fail(to);
        ++reopened;
    }
    (void)!send(fd, "G", 1, MSG_NOSIGNAL);
}

void hold_dripping(const Options& options) {
    std::vector<int> links = open_many(options);
    if (links.empty())
        fail("cannot connect");
    print_open(links.size(), options.connections, 0);
    std::uint64_t reopened = 0, sent = 0;
    const std::int64_t start_ns = now_ns();
    while (!input_has_ended(1)) {
        const auto due = static_cast<std::uint64_t>(static_cast<double>(now_ns() - start_ns) *
                                                    static_cast<double>(links.size()) / 1e9);
        for (; sent < due; ++sent)
            drip_on(links[sent % links.size()], options.to, reopened);
    }
    print_open(links.size(), options.connections, reopened);
}

class Flood {
public:
    explicit Flood(const Options& options) : options_(options) {}

    void run() {
        const std::int64_t start_ns = now_ns();
        const auto length_ns = static_cast<std::int64_t>(options_.seconds * 1e9);
        std::int64_t passed_ns = 0;
        std::uint64_t tried = 0;
        while ((passed_ns = now_ns() - start_ns) < length_ns) {
            const auto due =
                static_cast<std::uint64_t>(static_cast<double>(passed_ns) * options_.rate / 1e9);
            while (tried < due && open_ < flood_open_max) {
                begin(static_cast<std::uint32_t>(tried));
                ++tried;
            }
            settle();
        }
        std::printf("{\"tried\":%lu,\"connected\":%lu,\"failed\":%lu,\"seconds\":%.3f}\n", tried,
                    connected_, failed_, static_cast<double>(passed_ns) / 1e9);
    }

private:
    void begin(std::uint32_t number) {
        const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        const int on = 1;
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        sockaddr_in from{};
        from.sin_family = AF_INET;
        from.sin_addr.s_addr = htonl(0x7F000100U + 1 + number % flood_addresses);
        const auto* const to = reinterpret_cast<const sockaddr*>(&options_.to);
        if (fd < 0 || bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0 ||
            (connect(fd, to, sizeof options_.to) != 0 && errno != EINPROGRESS)) {
            ++failed_;
            close(fd);
            return;
        }
        epoll_event interest{};
        interest.events = EPOLLOUT;
        interest.data.fd = fd;
        epoll_ctl(poller_, EPOLL_CTL_ADD, fd, &interest);
        ++open_;
    }

    /// Closes the connections that have been established.
    void settle() {
        const timespec wait = span_of(200'000);
        const int count =
            epoll_pwait2(poller_, events_.data(), static_cast<int>(events_.size()), &wait, nullptr);
        for (int i = 0; i < count; ++i) {
            const int fd = events_[static_cast<std::size_t>(i)].data.fd;
            int error = 0;
            socklen_t size = sizeof error;
            getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
            ++(error == 0 ? connected_ : failed_);
            close(fd);
            --open_;
        }
    }

    const Options& options_;
    const int poller_ = epoll_create1(EPOLL_CLOEXEC);
    std::array<epoll_event, 256> events_{};
    std::size_t open_ = 0;
    std::uint64_t connected_ = 0;
    std::uint64_t failed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    const Options options = read_options(argc, argv);
    allow_many_files();
    prctl(PR_SET_TIMERSLACK, 1UL);  // wakes when a call is due, not 50 us later
    if (options.mode == "closed")
        Caller(options).run_closed().print();
    else if (options.mode == "open")
        Caller(options).run_open().print();
    else if (options.mode == "idle")
        hold_idle(options);
    else if (options.mode == "drip")
        hold_dripping(options);
    else if (options.mode == "flood")
        Flood(options).run();
    else
        fail("unknown mode " + options.mode);
    return 0;
}
