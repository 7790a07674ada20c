#include "cli/client/sample_api.h"

#include <sys/socket.h>

#include <string>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/decision/json.h"
#include "http/server/cpp_httplib.h"

namespace hourgate::http {

namespace {

constexpr std::size_t threads = 8;
constexpr std::size_t connections_queued_max = 64;
/// Answers with what an application sees of a call.
void answer(const httplib::Request& request, httplib::Response& response) {
    Json identity = Json::object();
    for (const auto& [name, value] : request.headers) {
        const std::string low = lower(name);
        if (low.starts_with("x-hourgate-") && low != "x-hourgate-decision")
            identity[name] = value;
    }
    const Json body = {{"api", "sample time-tracking API"},
                       {"method", request.method},
                       {"path", request.target},
                       {"identity", identity}};
    response.status = httplib::StatusCode::OK_200;
    response.set_content(text_of(body) + "\n", "application/json");
}

void prepare(httplib::Server& server) {
    server.new_task_queue = [] {
        return new httplib::ThreadPool(threads, threads, connections_queued_max);
    };
    server.set_read_timeout(limits::read_timeout_ms / 1'000, 0);
    server.set_write_timeout(limits::write_timeout_ms / 1'000, 0);
    server.set_keep_alive_timeout(limits::idle_timeout_ms / 1'000);
    server.set_payload_max_length(CPPHTTPLIB_PAYLOAD_MAX_LENGTH);
    server.set_tcp_nodelay(true);
    // The library's default is SO_REUSEPORT, which would hide that a port is taken.
    server.set_socket_options([](socket_t socket) {
        const int on = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    // Runs before routing, so that every method and path arrives here and no body is awaited.
    server.set_pre_routing_handler([](const auto& request, auto& response) {
        answer(request, response);
        return httplib::Server::HandlerResponse::Handled;
    });
}

}  // namespace

struct SampleApi::State {
    httplib::Server server;
    std::thread thread;
    std::uint16_t port = 0;
};

SampleApi::SampleApi(std::unique_ptr<State> state) : state_(std::move(state)) {}

SampleApi::~SampleApi() {
    state_->server.stop();
    state_->thread.join();
}

std::uint16_t SampleApi::port() const noexcept {
    return state_->port;
}

Result<std::unique_ptr<SampleApi>> SampleApi::start(std::uint16_t port) {
    auto state = std::make_unique<State>();
    prepare(state->server);
    const std::string host = "127.0.0.1";
    if (port == 0) {
        const int bound = state->server.bind_to_any_port(host);
        if (bound > 0)
            state->port = static_cast<std::uint16_t>(bound);
    } else if (state->server.bind_to_port(host, port)) {
        state->port = port;
    }
    if (state->port == 0)
        return Failure{Fault::system,
                       "the sample API cannot listen on " + host + ":" + std::to_string(port),
                       "see who does with `ss -ltnp`"};
    state->thread = std::thread([server = &state->server] { server->listen_after_bind(); });
    state->server.wait_until_ready();
    return std::unique_ptr<SampleApi>(new SampleApi(std::move(state)));
}

}  // namespace hourgate::http
