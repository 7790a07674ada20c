// An API behind the gate that remembers what it was asked. Answers 200 "ok" to everything; below
// /api/v1/clients/elsewhere with X-Accel-Redirect, which nginx takes as an internal redirect.
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
    std::string body;  ///< chunked: as sent

    /// All values of that name, '_' read as '-' as CGI does, joined by ",".
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] std::string text() const;  ///< for messages
};

/// One request a connection, one connection after another.
class Upstream {
public:
    Upstream();
    ~Upstream();
    Upstream(const Upstream&) = delete;
    Upstream& operator=(const Upstream&) = delete;

    [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
    /// What came since the last call of this.
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

/// A place of this machine's own where nothing listens: another 127.x.y.z for each, so that what
/// takes free ports of 127.0.0.1 does not take it.
struct FreePlace {
    FreePlace();
    std::string host;
    std::uint16_t port = 0;
    [[nodiscard]] std::string text() const { return host + ":" + std::to_string(port); }
};

}  // namespace hourgate::e2e
