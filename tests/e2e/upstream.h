// An API behind the gate that remembers the calls it received. It answers 200 "ok" to everything.
// Below /api/v1/clients/elsewhere it adds X-Accel-Redirect, which makes nginx redirect internally.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace hourgate::e2e {

struct Seen {
    std::string method;
    std::string target;
    std::vector<std::pair<std::string, std::string>> headers;
    std::string body;  ///< if chunked, as sent

    /// Returns all values of that name, joined by ",". Reads '_' as '-', like CGI.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] std::string text() const;  ///< for messages
};

/// Handles one request a connection, and one connection after another.
class Upstream {
public:
    Upstream();
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// Returns the calls since the last take().
    [[nodiscard]] std::vector<Seen> take();

private:
    void serve();
    void answer(int fd);

    std::uint16_t port_ = 0;
    int listening_ = -1;
    std::atomic<bool> ending_{false};
    std::thread thread_;
    std::mutex mutex_;
    std::vector<Seen> seen_;  // guarded by mutex_
};

/// An address of this machine where nothing listens. Each is a different 127.x.y.z, so that a
/// program that takes free ports of 127.0.0.1 cannot take it.
struct FreePlace {
    FreePlace();
    std::string host;
    std::uint16_t port = 0;
    [[nodiscard]] std::string text() const { return host + ":" + std::to_string(port); }
};

}  // namespace hourgate::e2e
