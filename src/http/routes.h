// Routes a request on a listener: which call it becomes, and where the decision goes. Answers
// everything that the three listeners serve, by one configuration and without sockets. A new
// configuration needs a new Routes object: see http/service.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "gate/gate.h"
#include "http/ask/ask_ids.h"
#include "http/ask/fast_path.h"
#include "http/decision/credentials.h"
#include "http/decision/observer.h"
#include "http/decision/reply.h"
#include "http/manage/management.h"
#include "http/proxy/rewrite.h"
#include "http/proxy/upstream.h"
#include "http/wire/message.h"

namespace hourgate::http {

class Routes {
public:
    struct Settings {
        Trust trust;
        ReplySettings reply;
        std::string api_prefix = "/_hourgate/api/v1";
        ManagementServices services;  ///< for the management routes
        /// The description of the management routes, and docs/errors.md for /_hourgate/errors; ""
        /// if there is none. Both must outlive the routes.
        std::string_view openapi, errors;
        Upstream* upstream = nullptr;  ///< the API; null: calls are not forwarded
        /// With [[api]]s: the upstream of each, in the order of policy::PolicyConfig::apis.
        std::vector<Upstream*> api_upstreams = {};
        std::function<bool()> ready;  ///< readyz: returns true if the database answers
        /// The second line of readyz on the admin listener, for people. If empty, there is no such
        /// line.
        std::function<std::string()> ready_note;
        std::function<std::string()> metrics;  ///< returns the text of /metrics
        /// Owns what the members above point into, and the gate. Kept as long as the routes.
        std::vector<std::shared_ptr<const void>> kept;
    };

    /// REQUIRES: the references outlive the routes.
    Routes(Settings settings, Gate& gate, const Clock& clock, Observer& observer);

    /// Returns how many bytes of body the route reads. If 0, a request with a body is answered
    /// without reading it, and the connection is closed.
    [[nodiscard]] std::size_t body_bytes_max(Listener listener, std::string_view method,
                                             std::string_view target) const noexcept;

    /// The decision on a request's head, for the response that follows its body.
    struct Admission {
        std::optional<Decision> decision;  ///< nullopt: not decided yet
        std::string_view body_start;       ///< see RequestView; read until the call is decided
        std::shared_ptr<Routes> by;        ///< decided it and must answer; null: not decided yet
    };
    /// Decides a management call whose body has not been read. Returns the response if the call
    /// ends here. `request` must not move until it is handled. Threads: any. Never throws.
    [[nodiscard]] std::optional<Response> admit(Listener listener, const Request& request,
                                                Admission& admission) noexcept;

    /// Returns the upstreams of all APIs, null for those to which calls are not forwarded. They
    /// outlive the routes.
    [[nodiscard]] std::vector<Upstream*> upstreams() const;
    /// Returns true if the request is not for a gate route. It is for an API to which calls are
    /// forwarded, or for no API.
    [[nodiscard]] bool is_forwarded(Listener listener, const RequestView& request) const;
    [[nodiscard]] const ReplySettings& reply() const noexcept { return settings_.reply; }
    /// The outcome of such a call: forwarded or refused.
    struct ForwardOutcome {
        std::shared_ptr<ForwardedCall> forwarded_call;  ///< null: refused
        Response refusal;
    };
    /// Decides a call on its head; its body has not been read. Does not use the views of `head`
    /// after it has returned. Threads: any. Never throws.
    [[nodiscard]] ForwardOutcome pass(const RequestHead& head) noexcept;
    /// Does the same from memory. Returns nullopt if the store would have to be read; nothing has
    /// been counted then.
    [[nodiscard]] std::optional<ForwardOutcome> forward_from_memory(const RequestHead& head);
    /// Rechecks a running call, and ends it if it is refused now. May wait for the store. Threads:
    /// any. Never throws.
    void check(ForwardedCall& forwarded_call) noexcept;

    /// Returns the caller's address if it is known, else the peer's. Threads: any.
    [[nodiscard]] Address caller_address(const RequestView& request) const {
        return client_address(request, settings_.trust, Listener::public_).value_or(request.peer);
    }

    /// Returns the fast path, which gives the same responses as handle() without waiting for a
    /// worker.
    [[nodiscard]] FastPath& fast_path() noexcept { return fast_path_; }

    /// Returns true to a caller that should have refresh() called from a thread that may block.
    /// More calls can then take the fast path. Threads: any.
    [[nodiscard]] bool refresh_due() noexcept { return gate_.refresh_due(clock_.now()); }
    void refresh() noexcept { gate_.refresh(); }

    /// Answers one request. Threads: any. Never throws.
    [[nodiscard]] Response handle(Listener listener, const Request& request,
                                  Admission admission = {}) noexcept;

private:
    /// The table of a management path, and what its route table has for it.
    struct RouteTarget {
        CallKind call_kind = CallKind::api;
        Routed routed;
    };
    [[nodiscard]] std::optional<RouteTarget> find_route(Listener listener, std::string_view method,
                                                        std::string_view target) const;
    [[nodiscard]] std::optional<RouteTarget> find_route_below(std::string_view prefix,
                                                              std::span<const Route> routes,
                                                              CallKind call_kind,
                                                              std::string_view method,
                                                              std::string_view target) const;
    [[nodiscard]] Response manage(const RouteTarget& place, Listener listener,
                                  const Request& request, Admission& admission, Format format);
    [[nodiscard]] Call call_of(const Request& request, Listener listener, CallKind call_kind,
                               std::string_view body_start) const;
    [[nodiscard]] Decision supposed(const Request& request, const Decision& asked,
                                    std::string_view method, std::string_view target);
    [[nodiscard]] Response route(Listener listener, const Request& request, Admission& admission,
                                 Format format);
    [[nodiscard]] Response on_public(const Request& request, Admission& admission, Format format);
    [[nodiscard]] Response on_ask(const Request& request, Format format);
    [[nodiscard]] Response on_admin(const Request& request, Admission& admission, Format format);
    struct Fixed;
    [[nodiscard]] static std::span<const Fixed> fixed_routes() noexcept;
    [[nodiscard]] bool serves(const Fixed& route) const noexcept;
    /// Returns the response of a route with one path; nullopt for any other path.
    [[nodiscard]] std::optional<Response> fixed(Listener listener, const Request& request,
                                                Format format);
    [[nodiscard]] std::string paths_on(Listener listener) const;
    [[nodiscard]] Response no_such_route(Listener listener, const Request& request,
                                         const std::string& fix, Format format) const;
    // Handlers of those routes:
    [[nodiscard]] Response verify(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response introspect(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response metrics(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response health(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response readiness(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response description(Listener listener, const Request& request, Format format);
    [[nodiscard]] Response errors(Listener listener, const Request& request, Format format);
    [[nodiscard]] Decision decide(const Call& call, Listener listener);
    [[nodiscard]] Call call_to_forward(const RequestView& request) const;
    [[nodiscard]] ForwardOutcome outcome(const RequestHead& head, Decision decision) const;
    [[nodiscard]] bool forwards(const RequestView& request) const;
    [[nodiscard]] Upstream* upstream_of(const policy::Match& match) const noexcept;

    const Settings settings_;
    Gate& gate_;
    const Clock& clock_;
    Observer& observer_;
    const std::unique_ptr<AskIds> asks_;  // null: off
    FastPath fast_path_;
};

}  // namespace hourgate::http
