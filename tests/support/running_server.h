// A server on a bench, at its sockets, and what its clients say to it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/library/server.h"
#include "support/catch.h"
#include "support/http_bench.h"
#include "support/raw_client.h"

namespace hourgate::test {

/// A bench whose plan has room for every call of a test, with one listener on any free port.
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
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(more) + "\r\n";
}

inline std::string with_token() {
    return "Authorization: Bearer " + HttpBench::token() + "\r\n";
}

/// What nginx sends on behalf of a client with the right token.
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

}  // namespace hourgate::test
