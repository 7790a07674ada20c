// A proxy with forward authentication in front of a small API, as one sets it up well, or with one
// of the mistakes one makes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hourgate::e2e {

enum class Mistake : std::uint8_t {
    none,
    refusals_become_500,
    refusals_become_403,  ///< with a body of the proxy's own, as nginx without error_page
    drops_authorization,  ///< before the gate is asked
    asks_twice,
    caches_answers,  ///< asks once for a token and path
    asks_nobody,
    believes_forwarded_for,  ///< sends the gate what the caller sent
    names_itself,            ///< sends the gate its own address
    drops_retry_after,
    drops_limit_headers,
    trusts_identity_headers,  ///< keeps them from the gate and hands the caller's to the API
    opens_the_ask_listener,   ///< to all who call below /_hourgate
    opens_the_admin_listener,
};

class TestProxy {
public:
    /// Listens on any free port of 127.0.0.1.
    TestProxy(Mistake mistake, std::uint16_t ask_port, std::uint16_t admin_port = 0);
    ~TestProxy();
    TestProxy(const TestProxy&) = delete;
    TestProxy& operator=(const TestProxy&) = delete;

    [[nodiscard]] std::string url() const;
    /// Called before each call is looked at. REQUIRES: no call has come.
    void before_each(std::function<void()> then);
    /// Calls that reached the API behind it.
    [[nodiscard]] int served() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::e2e
