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
    int status = 0;  ///< 0: the connection was closed without an answer
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;

    /// The first of that name (any case); "" when there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] std::size_t count(std::string_view name) const;
};

/// One connection, to 127.0.0.1 or a Unix socket. Throws when it cannot be made.
class Wire {
public:
    explicit Wire(std::uint16_t port);
    /// From another address of this machine's own: 127.0.0.0/8 is all its. Both are IPv4.
    Wire(const std::string& host, std::uint16_t port, const std::string& from);
    explicit Wire(const std::string& socket_path);
    ~Wire();
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    /// False when the other side has closed already.
    bool send(std::string_view bytes);
    /// Reads one answer with a Content-Length, or without a body. Waits at most half a minute.
    [[nodiscard]] Answered receive(bool has_body = true);
    [[nodiscard]] Answered ask(std::string_view bytes);

private:
    bool read_more();

    int fd_ = -1;
    std::string unread_;
};

/// "GET TARGET" with `headers`, as bytes.
[[nodiscard]] std::string get(std::string_view target,
                              const std::vector<std::pair<std::string, std::string>>& headers = {});
[[nodiscard]] std::string post(
    std::string_view target, std::string_view body,
    const std::vector<std::pair<std::string, std::string>>& headers = {});

/// What a proxy asks about a call, with a token or, when it is empty, without.
[[nodiscard]] std::string question(std::string_view token, std::string_view uri,
                                   std::string_view method = "GET");

}  // namespace hourgate::e2e
