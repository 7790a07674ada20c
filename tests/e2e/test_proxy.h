// A proxy with forward authentication in front of a small API, set up correctly or with one common
// mistake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace hourgate::e2e {

enum class Mistake : std::uint8_t {
    none,
    refusals_become_500,
    refusals_become_403,  ///< with the proxy's own body, like nginx without error_page
    drops_authorization,  ///< before it asks the gate
    asks_twice,
    caches_answers,  ///< asks only once for a token and path
    asks_nobody,
    believes_forwarded_for,  ///< sends the gate the header that the caller sent
    names_itself,            ///< sends the gate the proxy's own address
    drops_retry_after,
    drops_limit_headers,
    trusts_identity_headers,  ///< withholds them from the gate and sends the caller's to the API
    opens_the_ask_listener,   ///< to every caller below /_hourgate
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
    /// Sets what to call before each call is handled. REQUIRES: no call has arrived.
    void before_each(std::function<void()> then);
    /// Returns how many calls reached the API behind it.
    [[nodiscard]] int served() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace hourgate::e2e
