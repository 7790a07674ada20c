// HTTP byte by byte, so that a test can send what no client library would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hourgate::e2e {

struct Answered {
    int status = 0;  ///< 0: the connection was closed without a response
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// Returns the first header of that name (any case); "" if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// One connection, to 127.0.0.1 or a Unix socket. The constructor throws if it cannot connect.
class Wire {
public:
    explicit Wire(std::uint16_t port);
    /// Connects from another address of this machine: all of 127.0.0.0/8 belongs to it. Both are
    /// IPv4.
    Wire(const std::string& host, std::uint16_t port, const std::string& from);
    explicit Wire(const std::string& socket_path);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// Returns false if the other side has already closed.
    bool send(std::string_view bytes);
    /// Reads one response with a Content-Length, or without a body. Waits at most half a minute.
    [[nodiscard]] Answered receive(bool has_body = true);
    [[nodiscard]] Answered ask(std::string_view bytes);

private:
    bool read_more();

    int fd_ = -1;
    std::string unread_;
};

/// Returns "GET TARGET" with `headers`, as bytes.
[[nodiscard]] std::string get(std::string_view target,
                              const std::vector<std::pair<std::string, std::string>>& headers = {});
[[nodiscard]] std::string post(
    std::string_view target, std::string_view body,
    const std::vector<std::pair<std::string, std::string>>& headers = {});

/// Returns a proxy's question about a call, with a token; without one if `token` is empty.
[[nodiscard]] std::string question(std::string_view token, std::string_view uri,
                                   std::string_view method = "GET");

}  // namespace hourgate::e2e
