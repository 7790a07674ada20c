// A Service on a real gate (gate/gate_bench.h), with a token that is the same in every run, so that
// whole responses can be compared. Requests are values: there is no socket.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "gate/gate_bench.h"
#include "http/service.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate::test {

/// Returns the time that the test's variable holds.
class BenchClock final : public Clock {
public:
    explicit BenchClock(const Now& now) : now_(now) {}
    [[nodiscard]] Now now() const noexcept override { return now_; }

private:
    const Now& now_;
};

/// Remembers all events. REQUIRES: its members are read only when no thread reports any more.
class Notes final : public http::Observer {
public:
    void decided(const Decision& decision, int status) noexcept override {
        const std::lock_guard lock(mutex_);
        told.emplace_back(std::string(to_text(decision.reason)), status);
    }
    void repeated(const Decision& decision, int) noexcept override {
        const std::lock_guard lock(mutex_);
        again.emplace_back(to_text(decision.reason));
    }
    void address_unknown(http::Listener, const Address& peer) noexcept override {
        const std::lock_guard lock(mutex_);
        ++unknown;
        unknown_of = peer.text();
    }

    void upstream_failed(const Decision& granted,
                         const UpstreamFailure& failure) noexcept override {
        const std::lock_guard lock(mutex_);
        api_failures.push_back(failure.place + " " + failure.how);
        api_failed = {http::shown_id(granted), failure};
    }

    void stranger(const Address& peer) noexcept override {
        const std::lock_guard lock(mutex_);
        strangers.push_back(peer.text());
    }
    void unknown_host(http::Listener listener, std::string_view host,
                      const Address&) noexcept override {
        const std::lock_guard lock(mutex_);
        const bool ask = listener == http::Listener::ask;
        hosts.push_back((ask ? "ask " : "admin ") + std::string(host));
    }
    void request_refused(http::Listener, std::string_view reason, std::string_view bound,
                         const Address&) noexcept override {
        const std::lock_guard lock(mutex_);
        refused.push_back(std::string(reason) + (bound.empty() ? "" : ": ") + std::string(bound));
    }

    std::vector<std::pair<std::string, int>> told;
    std::vector<std::string> strangers, hosts, refused;
    std::vector<std::string> api_failures;
    std::vector<std::string> again;
    std::pair<std::string, UpstreamFailure> api_failed;  // the last one: decision and failure
    std::string unknown_of;
    int unknown = 0;

private:
    std::mutex mutex_;
};

/// Appends the check digits to the text of a token.
inline std::string whole_token(std::string text) {
    const auto check = token::check_of(text);
    return text.append(check.begin(), check.end());
}

class HttpBench : public Bench {
public:
    static constexpr std::string_view prefix = "4f8a2c1bdedf";
    static constexpr std::string_view secret = "0123456789ABCDEFGHIJKLMNOP";

    explicit HttpBench(Mode mode = Mode::enforce, policy::PolicyConfig rules = small_rules(),
                       http::ReplySettings reply = reply_settings(),
                       std::unique_ptr<http::Upstream> upstream_ = nullptr)
        : Bench(mode, std::move(rules)),
          clock(now),
          upstream(std::move(upstream_)),
          service(settings(std::move(reply)), gate, clock, notes) {
        directory.facts.clear();
        facts.token.prefix = prefix;
        facts.token.digest = token::digest_of(token());
        facts.token.name = "ci";
        facts.member.email = "ann@acme.example";
        put();
    }

    [[nodiscard]] static std::string token() {
        return whole_token("hsk_live_" + std::string(prefix) + "_" + std::string(secret));
    }
    [[nodiscard]] static std::string wrong_secret() {
        return whole_token("hsk_live_" + std::string(prefix) + "_PONMLKJIHGFEDCBA9876543210");
    }
    [[nodiscard]] static std::string unknown_prefix() {
        return whole_token("hsk_live_000000000000_" + std::string(secret));
    }

    static http::ReplySettings reply_settings() {
        http::ReplySettings reply;
        reply.failures = {"failures", 10, 60, Per::token};
        reply.public_calls = {"public", 4, 60, Per::token};
        return reply;
    }

    /// Returns a request from 192.0.2.1 through a proxy on the same machine, with the right token.
    [[nodiscard]] static http::Request request(std::string method, std::string target) {
        http::Request made;
        made.method = std::move(method);
        made.target = std::move(target);
        made.peer = Address::loopback();
        made.headers = {{"Host", "api.example"},
                        {"X-Forwarded-For", "192.0.2.1"},
                        {"Authorization", "Bearer " + token()}};
        return made;
    }
    /// Returns nginx's question about `method` `target`.
    [[nodiscard]] static http::Request nginx(std::string_view method, std::string_view target,
                                             std::string path = "/_hourgate/auth/nginx") {
        http::Request made = request("GET", std::move(path));
        made.headers.push_back({"X-Original-Method", std::string(method)});
        made.headers.push_back({"X-Original-URI", std::string(target)});
        return made;
    }
    /// Returns the question of Caddy and Traefik.
    [[nodiscard]] static http::Request forwarded(std::string_view method, std::string_view target,
                                                 std::string path = "/_hourgate/auth/caddy") {
        http::Request made = request("GET", std::move(path));
        made.headers.push_back({"X-Forwarded-Method", std::string(method)});
        made.headers.push_back({"X-Forwarded-Uri", std::string(target)});
        return made;
    }

    [[nodiscard]] http::Response ask(const http::Request& request) {
        return service.handle(http::Listener::ask, request);
    }

    /// Fills the first window of plan studio: 3 calls.
    void spend_all() { spend(3); }
    void spend(int calls) {
        const Plan* plan = directory.plans->find("studio");
        for (int i = 0; i < calls; ++i)
            (void)limiter.ask({facts.token.line, 0, facts.workspace.id}, plan->windows, now,
                              Spend::yes);
    }
    /// Returns what is left in that window, whatever plan the workspace is on.
    [[nodiscard]] std::uint32_t left() {
        const Plan* plan = directory.plans->find("studio");
        return limiter.ask({facts.token.line, 0, facts.workspace.id}, plan->windows, now, Spend::no)
            .states[0]
            .remaining;
    }
    BenchClock clock;
    Notes notes;
    bool ready = true;
    std::unique_ptr<http::Upstream> upstream;  // null: calls are not forwarded
    http::Service service;

    /// Returns the settings with which `service` was made.
    [[nodiscard]] http::Service::Settings settings(http::ReplySettings reply = reply_settings()) {
        http::Service::Settings made;
        made.trust.peers = loopback();
        made.trust.hosts = {"api.example", "api.example.com", "gate", "gate.example", "h", "a"};
        made.trust.proxies = loopback();
        made.reply = std::move(reply);
        made.upstream = upstream.get();
        made.ready = [this] { return ready; };
        made.metrics = [] {
            return std::string("hourgate_decisions_total{reason=\"granted\"} 0\n");
        };
        return made;
    }

private:
    static AddressSet loopback() {
        return AddressSet({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
    }
};

/// Returns an API that cannot be reached.
inline http::Upstream& nowhere() {
    static http::Upstream::Counts counts;
    static const auto upstream =
        http::Upstream::make({.addresses = {{"", 0, "/nowhere.socket"}}}, counts).value();
    return *upstream;
}

// --- reading responses ---------------------------------------------------------------------------

/// Returns the value of the only header of that name, else "(absent)" or "(twice)".
inline std::string header(const http::Response& answer, std::string_view name) {
    http::Request as_request;
    as_request.headers = answer.headers;
    if (as_request.count(name) > 1)
        return "(twice)";
    const auto value = as_request.only(name);
    return value ? std::string(*value) : std::string("(absent)");
}

inline void set_header(http::Request& request, std::string_view name, std::string_view value) {
    for (http::Header& header : request.headers) {
        if (header.name != name)
            continue;
        header.value = value;
        return;
    }
    request.headers.push_back({std::string(name), std::string(value)});
}

inline void drop_header(http::Request& request, std::string_view name) {
    std::erase_if(request.headers, [&](const http::Header& header) { return header.name == name; });
}

/// Returns status, headers and body as text. The decision's id, which differs each time, becomes
/// dec_ID.
inline std::string whole(const http::Response& answer) {
    std::string text = std::to_string(answer.status) + "\n";
    for (const http::Header& header : answer.headers)
        text += header.name + ": " + header.value + "\n";
    text += "\n" + answer.body;
    for (std::size_t at = text.find("dec_"); at != text.npos; at = text.find("dec_", at + 4))
        text.replace(at + 4, 32, "ID");
    return text;
}

/// Returns true if the response contains the token's last part: its secret with the check digits.
inline bool shows(const http::Response& answer, std::string_view token) {
    return whole(answer).find(token.substr(token.rfind('_') + 1)) != std::string::npos;
}

}  // namespace hourgate::test
