#include "fuzz/by_httplib.h"

#include <algorithm>
#include <array>
#include <string>
#include <tuple>

#include "base/text.h"
#include "http/server/cpp_httplib.h"

namespace hourgate::test {

namespace {

/// A connection on which all has arrived; what is answered is dropped.
class Arrived final : public httplib::Stream {
public:
    explicit Arrived(std::string_view bytes) : left_(bytes) {}

    bool is_readable() const override { return !left_.empty(); }
    bool wait_readable() const override { return true; }
    bool wait_writable() const override { return true; }
    ssize_t read(char* to, std::size_t size) override {
        const std::size_t taken = left_.copy(to, size);
        left_.remove_prefix(taken);
        return static_cast<ssize_t>(taken);
    }
    ssize_t write(const char*, std::size_t size) override { return static_cast<ssize_t>(size); }
    void get_remote_ip_and_port(std::string&, int&) const override {}
    void get_local_ip_and_port(std::string&, int&) const override {}
    socket_t socket() const override { return INVALID_SOCKET; }
    time_t duration() const override { return 0; }

private:
    std::string_view left_;
};

class Reader final : public httplib::Server {
public:
    std::optional<http::Request> read(std::string_view head) {
        std::optional<http::Request> read;
        Arrived arrived(head);
        bool closed = false;
        process_request(arrived, "127.0.0.1", 1, "127.0.0.1", 2, true, closed,
                        [&](httplib::Request& request) {
                            read.emplace();
                            read->method = request.method;
                            read->target = request.target;
                            for (const auto& [name, value] : request.headers)
                                read->headers.push_back({name, value});
                        });
        return read;
    }
};

}  // namespace

std::optional<http::Request> read_by_httplib(std::string_view head) {
    static Reader reader;
    auto read = reader.read(head);
    if (read)
        sort_headers(*read);
    return read;
}

bool is_plain(const http::RequestView& request) noexcept {
    constexpr std::array<std::string_view, 10> methods = {
        "GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"};
    constexpr std::array<std::string_view, 3> minded = {"Accept", "Range", "Expect"};
    return std::find(methods.begin(), methods.end(), request.method) != methods.end() &&
           request.target.find('#') == request.target.npos &&
           std::none_of(request.headers.begin(), request.headers.end(), [&](const auto& header) {
               return header.value.find('%') != header.value.npos ||
                      std::any_of(minded.begin(), minded.end(), [&](std::string_view name) {
                          return same_ignoring_case(header.name, name);
                      });
           });
}

void sort_headers(http::Request& request) {
    std::sort(request.headers.begin(), request.headers.end(), [](const auto& a, const auto& b) {
        return std::tie(a.name, a.value) < std::tie(b.name, b.value);
    });
}

}  // namespace hourgate::test
