#include "e2e/test_proxy.h"

#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "base/text.h"
#include "http/server/cpp_httplib.h"

namespace hourgate::e2e {

struct TestProxy::State {
    Mistake mistake = Mistake::none;
    std::uint16_t ask_port = 0, admin_port = 0;
    httplib::Server server;
    std::thread thread;
    int port = 0;
    std::atomic<int> served{0};
    std::mutex mutex;
    std::function<void()> before;         // guarded by mutex
    std::map<std::string, bool> granted;  // guarded by mutex

    using Request = httplib::Request;
    using Response = httplib::Response;

    [[nodiscard]] httplib::Headers question(const Request& request) const {
        httplib::Headers headers;
        for (const auto& [name, value] : request.headers) {
            const std::string low = lower(name);
            const bool own = low.starts_with("x-hourgate-");
            if (low == "host" || low == "connection" || low.starts_with("x-forwarded-") ||
                (own && mistake == Mistake::trusts_identity_headers) ||
                (low == "authorization" && mistake == Mistake::drops_authorization))
                continue;
            headers.emplace(name, value);
        }
        headers.emplace("X-Forwarded-Method", request.method);
        headers.emplace("X-Forwarded-Uri", request.target);
        std::string from = request.remote_addr;
        if (mistake == Mistake::names_itself)
            from = "127.0.0.1";
        if (mistake == Mistake::believes_forwarded_for && request.has_header("X-Forwarded-For"))
            from = request.get_header_value("X-Forwarded-For");
        headers.emplace("X-Forwarded-For", from);
        return headers;
    }

    /// What the API answers: it repeats who calls, as it was told.
    void serve(const Request& request, Response& response, const std::string& role) {
        ++served;
        const std::string told = mistake == Mistake::trusts_identity_headers
                                     ? request.get_header_value("X-Hourgate-Role")
                                     : role;
        response.status = 200;
        response.set_content("you are " + told + "\n", "text/plain");
    }

    void pass_on(const Request& request, Response& response, std::uint16_t port_there) const {
        httplib::Headers headers = request.headers;
        headers.erase("Host");
        httplib::Client client("127.0.0.1", port_there);
        client.set_payload_max_length(1U << 20U);  // /metrics is longer than what the gate takes
        const httplib::Result answer = client.Get(request.target, headers);
        copy(*answer, response);
    }

    void copy(const Response& from, Response& response) const {
        response.status = from.status;
        for (const auto& [name, value] : from.headers) {
            const std::string low = lower(name);
            if (low == "content-length" || low == "content-type" || low == "connection" ||
                (low == "retry-after" && mistake == Mistake::drops_retry_after))
                continue;
            response.set_header(name, value);
        }
        response.set_content(from.body, from.get_header_value("Content-Type"));
    }

    [[nodiscard]] bool remembered(const Request& request) {
        const std::lock_guard lock(mutex);
        return mistake == Mistake::caches_answers &&
               granted[request.target + request.get_header_value("Authorization")];
    }

    void refuse(const Response& gate, Response& response) const {
        if (mistake == Mistake::refusals_become_500 || mistake == Mistake::refusals_become_403) {
            response.status = mistake == Mistake::refusals_become_500 ? 500 : 403;
            response.set_content("<html>no</html>", "text/html");
            return;
        }
        copy(gate, response);
    }

    [[nodiscard]] std::function<void()> what_comes_before() {
        const std::lock_guard lock(mutex);
        return before;
    }

    void answer(const Request& request, Response& response) {
        if (const auto then = what_comes_before())
            then();
        if (mistake == Mistake::opens_the_ask_listener && request.path.starts_with("/_hourgate/"))
            return pass_on(request, response, ask_port);
        if (mistake == Mistake::opens_the_admin_listener &&
            (request.path.starts_with("/admin/") || request.path == "/metrics"))
            return pass_on(request, response, admin_port);
        if (mistake == Mistake::asks_nobody || remembered(request))
            return serve(request, response, "somebody");
        httplib::Client client("127.0.0.1", ask_port);
        httplib::Result gate = client.Get("/_hourgate/auth/caddy", question(request));
        if (mistake == Mistake::asks_twice)
            gate = client.Get("/_hourgate/auth/caddy", question(request));
        if (gate->status / 100 != 2)
            return refuse(*gate, response);
        {
            const std::lock_guard lock(mutex);
            granted[request.target + request.get_header_value("Authorization")] = true;
        }
        if (mistake != Mistake::drops_limit_headers)
            for (const char* name : {"RateLimit", "X-RateLimit-Remaining"})
                response.set_header(name, gate->get_header_value(name));
        serve(request, response, gate->get_header_value("X-Hourgate-Role"));
    }
};

TestProxy::TestProxy(Mistake mistake, std::uint16_t ask_port, std::uint16_t admin_port)
    : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.mistake = mistake;
    state.ask_port = ask_port;
    state.admin_port = admin_port;
    state.server.set_pre_routing_handler([&state](const auto& request, auto& response) {
        state.answer(request, response);
        return httplib::Server::HandlerResponse::Handled;
    });
    state.port = state.server.bind_to_any_port("127.0.0.1");
    state.thread = std::thread([&state] { state.server.listen_after_bind(); });
    state.server.wait_until_ready();
}

TestProxy::~TestProxy() {
    state_->server.stop();
    state_->thread.join();
}

std::string TestProxy::url() const {
    return "http://127.0.0.1:" + std::to_string(state_->port);
}

void TestProxy::before_each(std::function<void()> then) {
    const std::lock_guard lock(state_->mutex);
    state_->before = std::move(then);
}

int TestProxy::served() const {
    return state_->served;
}

}  // namespace hourgate::e2e
