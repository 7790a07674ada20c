#include "http/library/sample_api.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/json.h"
#include "http/library/cpp_httplib.h"

namespace hourgate::http {

namespace {

constexpr std::size_t threads = 8;
constexpr std::size_t connections_queued_max = 64;
constexpr time_t ask_timeout_s = 5;

/// For this hop alone (RFC 9110 section 7.6.1), or about a body that the question does not have.
constexpr std::array<std::string_view, 12> not_forwarded = {
    "connection", "keep-alive",     "proxy-connection", "te",   "trailer", "transfer-encoding",
    "upgrade",    "content-length", "content-type",     "host", "expect",  "proxy-authorization"};

/// Set anew here: what a client says of these is not to be believed.
constexpr std::string_view forwarded = "x-forwarded-";

/// Names that the Connection header says are for this hop alone.
std::set<std::string> named_by_connection(const httplib::Request& request) {
    std::set<std::string> names;
    const auto [begin, end] = request.headers.equal_range("Connection");
    for (auto header = begin; header != end; ++header)
        for (const std::string_view name : split(header->second, ','))
            names.insert(lower(trimmed(name)));
    return names;
}

/// The question as a proxy with forward authentication asks it: all that the client sent, and what
/// it is about.
httplib::Headers question(const httplib::Request& request) {
    const std::set<std::string> hop = named_by_connection(request);
    httplib::Headers headers;
    for (const auto& [name, value] : request.headers) {
        const std::string low = lower(name);
        if (low.starts_with(forwarded) || hop.contains(low))
            continue;
        if (std::find(not_forwarded.begin(), not_forwarded.end(), low) != not_forwarded.end())
            continue;
        headers.emplace(name, value);
    }
    headers.emplace("X-Forwarded-Method", request.method);
    headers.emplace("X-Forwarded-Uri", request.target);
    headers.emplace("X-Forwarded-For", request.remote_addr);
    return headers;
}

bool is_about_limits(const std::string& low) {
    return low.starts_with("x-ratelimit-") || low.starts_with("ratelimit");
}

/// What the application sees: who calls, as the gate says it.
void answer_granted(const httplib::Request& request, const httplib::Response& gate,
                    httplib::Response& response) {
    Json identity = Json::object();
    for (const auto& [name, value] : gate.headers) {
        const std::string low = lower(name);
        const bool of_gate = low.starts_with("x-hourgate-");
        const bool to_caller = low == "x-hourgate-decision" || low == "x-hourgate-would" ||
                               low == "x-hourgate-plan-lapses";
        if (of_gate && !to_caller)
            identity[name] = value;
        if (to_caller || is_about_limits(low))
            response.set_header(name, value);
    }
    const Json body = {{"api", "sample time-tracking API"},
                       {"method", request.method},
                       {"path", request.target},
                       {"identity", identity}};
    response.status = httplib::StatusCode::OK_200;
    response.set_content(text_of(body) + "\n", "application/json");
}

/// As it is: the gate's answer is for the caller.
void answer_refused(const httplib::Response& gate, httplib::Response& response) {
    for (const auto& [name, value] : gate.headers) {
        const std::string low = lower(name);
        if (low == "content-length" || low == "content-type" || low == "connection" ||
            low == "keep-alive" || low == "date")
            continue;
        response.set_header(name, value);
    }
    response.status = gate.status;
    response.set_content(gate.body, gate.get_header_value("Content-Type"));
}

void answer(const httplib::Request& request, httplib::Response& response, std::uint16_t ask_port) {
    httplib::Client client("127.0.0.1", ask_port);
    client.set_connection_timeout(ask_timeout_s);
    client.set_read_timeout(ask_timeout_s);
    client.set_write_timeout(ask_timeout_s);
    const httplib::Result gate = client.Get("/_hourgate/auth/caddy", question(request));
    if (!gate) {
        response.status = httplib::StatusCode::BadGateway_502;
        response.set_content("{\"error\":\"the gate does not answer\"}\n", "application/json");
    } else if (gate->status / 100 == 2) {
        answer_granted(request, *gate, response);
    } else {
        answer_refused(*gate, response);
    }
}

void prepare(httplib::Server& server, std::uint16_t ask_port) {
    server.new_task_queue = [] {
        return new httplib::ThreadPool(threads, threads, connections_queued_max);
    };
    server.set_read_timeout(limits::read_timeout_ms / 1'000, 0);
    server.set_write_timeout(limits::write_timeout_ms / 1'000, 0);
    server.set_keep_alive_timeout(limits::idle_timeout_ms / 1'000);
    server.set_payload_max_length(CPPHTTPLIB_PAYLOAD_MAX_LENGTH);
    server.set_tcp_nodelay(true);
    // Not SO_REUSEPORT, the library's default: a port that is taken must be seen to be.
    server.set_socket_options([](socket_t socket) {
        const int on = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    // Before routing, so that every method and path comes here and no body is waited for.
    server.set_pre_routing_handler([ask_port](const auto& request, auto& response) {
        answer(request, response, ask_port);
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

Result<std::unique_ptr<SampleApi>> SampleApi::start(std::uint16_t port, std::uint16_t ask_port) {
    auto state = std::make_unique<State>();
    prepare(state->server, ask_port);
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
