#include "http/service.h"

#include <utility>

#include "base/limits.h"
#include "base/text.h"
#include "http/forward_auth.h"
#include "http/self_service.h"
#include "http/verify.h"

namespace hourgate::http {

namespace {

constexpr std::string_view verify_path = "/_hourgate/verify";

bool is_get(const Request& request) noexcept {
    return request.method == "GET" || request.method == "HEAD";
}

Answer text_answer(std::string_view content_type, std::string body) {
    return {200,
            {{"Content-Type", std::string(content_type)}, {"Cache-Control", "no-store"}},
            std::move(body)};
}

/// The path asked for, safe to show.
std::string shown_path(const Request& request) {
    return printable(token::blotted(policy::path_part(request.target)), 120);
}

Answer wrong_method(const Request& request, std::string_view allowed, Format format) {
    Answer answer = plain_error(
        405, "bad_request", "method_not_allowed",
        printable(request.method, 32) + " is not a method of " + shown_path(request) + ".",
        "Use " + std::string(allowed) + ".", format);
    answer.headers.push_back({"Allow", std::string(allowed)});
    return answer;
}

Answer not_found(const Request& request, std::string_view fix, Format format) {
    return plain_error(404, "not_found", "no_such_route",
                       "This listener has no route " + shown_path(request) + ".", fix, format);
}

/// A browser asks before it sends Authorization to another origin. Nothing is decided or counted.
bool is_preflight(const Request& request) noexcept {
    return request.method == "OPTIONS" && request.count("Origin") == 1 &&
           request.count("Access-Control-Request-Method") == 1;
}

Answer preflight_answer() {
    return {204,
            {{"Access-Control-Allow-Methods", "GET, HEAD"},
             {"Access-Control-Allow-Headers", "Authorization"},
             {"Access-Control-Max-Age", "600"}},
            ""};
}

bool is_json(const Request& request) noexcept {
    const std::string_view type = request.only("Content-Type").value_or("");
    return same_ignoring_case(trimmed(type.substr(0, type.find(';'))), "application/json");
}

}  // namespace

Service::Service(Settings settings, Gate& gate, const Clock& clock, Observer& observer)
    : settings_(std::move(settings)), gate_(gate), clock_(clock), observer_(observer) {}

std::size_t Service::body_bytes_max(Listener listener, std::string_view method,
                                    std::string_view target) const noexcept {
    const bool reads =
        listener == Listener::ask && method == "POST" && policy::path_part(target) == verify_path;
    return reads ? limits::verify_body_bytes_max : 0;
}

Answer Service::handle(Listener listener, const Request& request) noexcept {
    // What is thrown here is a lack of memory or a mistake of ours. Neither may grant anything.
    try {
        return route(listener, request, format_for(request.joined("Accept")));
    } catch (...) {
    }
    try {
        return plain_error(500, "internal", "internal_error", "The gate failed on this call.",
                           "Send it again; if that does not help, tell the operator.",
                           Format::json);
    } catch (...) {
        return {500, {}, {}};
    }
}

Answer Service::route(Listener listener, const Request& request, Format format) {
    switch (listener) {
        case Listener::ask:
            return on_ask(request, format);
        case Listener::admin:
            return on_admin(request, format);
        case Listener::public_:
            break;
    }
    Answer answer = on_public(request, format);
    add_cors(answer, request.only("Origin").value_or(""), settings_.reply);
    return answer;
}

Answer Service::on_public(const Request& request, Format format) {
    const std::string_view path = policy::path_part(request.target);
    if (path == settings_.api_prefix + "/me") {
        if (is_preflight(request) && !settings_.reply.cors_origins.empty())
            return preflight_answer();
        return is_get(request) ? me(request, format) : wrong_method(request, "GET, HEAD", format);
    }
    const bool health = path == "/_hourgate/healthz";
    if (health || path == "/_hourgate/readyz") {
        if (!is_get(request))
            return wrong_method(request, "GET, HEAD", format);
        return health ? text_answer("text/plain", "ok\n") : readiness(format);
    }
    return not_found(
        request,
        "This version of Hourgate forwards no calls. Send API calls to the proxy in front "
        "of the API, which asks the gate on the listener [server] ask; here are " +
            settings_.api_prefix + "/me, /_hourgate/healthz and /_hourgate/readyz.",
        format);
}

Answer Service::on_ask(const Request& request, Format format) {
    if (!settings_.trust.peers.contains(request.peer))
        return {404, {}, {}};
    const std::string_view path = policy::path_part(request.target);
    if (path == verify_path) {
        return request.method == "POST" ? verify(request, format)
                                        : wrong_method(request, "POST", format);
    }
    const auto dialect = dialect_of(path);
    if (!dialect)
        return not_found(request,
                         "Ask at /_hourgate/auth/nginx, /_hourgate/denied, /_hourgate/auth/caddy, "
                         "/_hourgate/auth/traefik, /_hourgate/auth/envoy/ or /_hourgate/verify.",
                         format);
    const Call call = asked_call(*dialect, request, settings_.trust, clock_.now());
    const Decision decision = decide(call, Listener::ask);
    return forward_answer(*dialect, decision, request, settings_.reply, format);
}

Answer Service::on_admin(const Request& request, Format format) {
    const std::string_view path = policy::path_part(request.target);
    const bool metrics = path == "/metrics";
    const bool health = path == "/_hourgate/healthz";
    if (!metrics && !health && path != "/_hourgate/readyz")
        return not_found(request, "Here are /metrics, /_hourgate/healthz and /_hourgate/readyz.",
                         format);
    if (!is_get(request))
        return wrong_method(request, "GET, HEAD", format);
    if (metrics)
        return text_answer("text/plain; version=0.0.4", settings_.metrics());
    return health ? text_answer("text/plain", "ok\n") : readiness(format);
}

Answer Service::me(const Request& request, Format format) {
    Call call;
    call.now = clock_.now();
    call.method = request.method;
    call.target = request.target;
    call.address = client_address(request, settings_.trust, Listener::public_);
    read_headers(call, request, settings_.trust);
    return me_answer(decide(call, Listener::public_), settings_.reply, format);
}

Answer Service::verify(const Request& request, Format format) {
    if (!is_json(request))
        return plain_error(415, "bad_request", "wrong_content_type",
                           "The body is not said to be JSON.",
                           "Send it with Content-Type: application/json", format);
    const Result<Question> question = read_question(request.body);
    if (!question)
        return plain_error(400, "bad_request", "bad_request", question.failure().what,
                           question.failure().next, format);
    const Call call = call_of(question.value(), clock_.now());
    return verify_answer(decide(call, Listener::ask), settings_.reply);
}

Answer Service::readiness(Format format) const {
    if (settings_.ready())
        return text_answer("text/plain", "ready\n");
    return plain_error(503, "unavailable", "not_ready", "The database does not answer.",
                       "See the log of the gate.", format);
}

Decision Service::decide(const Call& call, Listener listener) {
    Decision decision = gate_.decide(call);
    if (call.spend == Spend::again) {
        observer_.decided_again(decision, status_of(decision));
        return decision;
    }
    observer_.decided(decision, status_of(decision));
    if (!call.address && question_of(decision.reason) == 1)
        observer_.address_unknown(listener);
    return decision;
}

}  // namespace hourgate::http
