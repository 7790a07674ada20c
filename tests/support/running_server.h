// A server on a bench, at real sockets, and requests of its clients.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server/server.h"
#include "support/catch.h"
#include "support/http_bench.h"
#include "support/raw_client.h"
#include "support/waiting.h"

namespace hourgate::test {

/// A bench whose plan allows every call of a test, with one listener on any free port.
class Running {
public:
    explicit Running(http::Listener listener, http::Endpoint endpoint = {"127.0.0.1", 0, ""},
                     const http::Capacity& capacity = {}) {
        bench.directory.plans = std::make_shared<PlanBook>(
            std::vector<Plan>{make_plan(2, "studio", true, 10, {{"wide", 2'000, 60, Per::token}})});
        auto bound = http::Server::bind(listener, endpoint, bench.service, capacity);
        REQUIRE(bound.ok());
        server = std::move(bound).value();
        server->start();
    }
    [[nodiscard]] RawClient client() const { return RawClient(server->port()); }

    HttpBench bench;
    std::unique_ptr<http::Server> server;
};

inline std::string get(std::string_view target, std::string_view more = "") {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(more) +
           "\r\n";
}

inline std::string with_token() {
    return "Authorization: Bearer " + HttpBench::token() + "\r\n";
}

/// Returns nginx's question for a client with the right token.
inline std::string nginx(std::string_view target, std::string_view more = "") {
    return get("/_hourgate/auth/nginx",
               "X-Original-Method: GET\r\nX-Original-URI: " + std::string(target) + "\r\n" +
                   with_token() + std::string(more));
}

inline std::string status_of(const std::string& answer) {
    return answer.substr(0, answer.find("\r\n"));
}

inline bool closes(const std::string& answer) {
    return answer.find("\r\nConnection: close\r\n") != std::string::npos;
}

/// A server on the admin listener that does not answer /metrics until it is released. A client that
/// asks for it keeps a worker busy as long as a test needs.
class HeldUp {
public:
    explicit HeldUp(const http::Capacity& capacity)
        : service_(settings(), bench_.gate, bench_.clock, bench_.notes) {
        auto bound =
            http::Server::bind(http::Listener::admin, {"127.0.0.1", 0, ""}, service_, capacity);
        REQUIRE(bound.ok());
        server = std::move(bound).value();
        server->start();
    }
    ~HeldUp() { let_go(); }
    HeldUp(const HeldUp&) = delete;
    HeldUp& operator=(const HeldUp&) = delete;

    [[nodiscard]] RawClient client() const { return RawClient(server->port()); }
    /// REQUIRES: `count` is less than the number of workers.
    [[nodiscard]] std::vector<RawClient> busy_clients(std::size_t count) {
        std::vector<RawClient> clients;
        for (std::size_t i = 0; i < count; ++i) {
            clients.push_back(client());
            clients.back().send(get("/metrics"));
        }
        std::unique_lock lock(mutex_);
        REQUIRE(changed_.wait_for(lock, waits_at_most, [&] { return asked_ == count; }));
        return clients;
    }
    void let_go() {
        const std::lock_guard lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }

private:
    http::Service::Settings settings() {
        http::Service::Settings made;
        made.metrics = [this] {
            std::unique_lock lock(mutex_);
            ++asked_;
            changed_.notify_all();
            changed_.wait(lock, [&] { return released_; });
            return std::string("held\n");
        };
        return made;
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t asked_ = 0;
    bool released_ = false;
    HttpBench bench_;
    http::Service service_;

public:
    std::unique_ptr<http::Server> server;  // destroyed first
};

/// Waits until the server counts so many connections: it notices the end of one with a delay.
inline void until_open(const http::Server& server, std::uint64_t count) {
    REQUIRE(comes_true([&] { return server.counts().open == count; }));
}

}  // namespace hourgate::test
