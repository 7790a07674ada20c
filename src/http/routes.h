// Routes: which request on which listener becomes which call, and where the decision goes.
// Everything the three listeners answer, by one configuration, without a socket in sight. Another
// configuration is another Routes: see http/service.h.
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
        ManagementServices services;  ///< of the management routes
        /// The description of the management routes, and docs/errors.md for /_hourgate/errors; "":
        /// none. They outlive the routes.
        std::string_view openapi, errors;
        Upstream* upstream = nullptr;  ///< the API behind the gate; null: calls are not forwarded
        /// Where there are [[api]]s: that of each, in the order of policy::Rules::apis.
        std::vector<Upstream*> api_upstreams = {};
        std::function<bool()> ready;  ///< readyz: whether the database answers
        /// readyz on the admin listener: a second line for people; none set: it has one.
        std::function<std::string()> ready_note;
        std::function<std::string()> metrics;  ///< text of /metrics
        /// What the above points into, and what the gate belongs to: kept as long as the routes.
        std::vector<std::shared_ptr<const void>> kept;
    };

    /// References must outlive the routes.
    Routes(Settings settings, Gate& gate, const Clock& clock, Observer& observer);

    /// Whether the route reads a body, and how many bytes at most; 0: a request with one is
    /// answered without reading it and the connection is closed.
    [[nodiscard]] std::size_t body_bytes_max(Listener listener, std::string_view method,
                                             std::string_view target) const noexcept;

    /// What was decided on a request's head, for the answer that follows its body.
    struct Admission {
        std::optional<Decision> decision;  ///< none: nothing was decided yet
        std::string_view body_start;       ///< as of RequestView; looked at until it is decided
        std::shared_ptr<Routes> by;        ///< who decided: the answer is theirs; null: nobody yet
    };
    /// Decides a management call whose body has not been read. Gives the answer when it goes no
    /// further. Any thread. Never throws. `request` stays where it is until it is handled.
    [[nodiscard]] std::optional<Response> admit(Listener listener, const Request& request,
                                                Admission& admission) noexcept;

    /// The APIs behind the gate that calls are forwarded to, null for those to which none are. They
    /// outlive the routes.
    [[nodiscard]] std::vector<Upstream*> upstreams() const;
    /// Whether a call is an API's to which calls are forwarded, or of no API, and not the gate's
    /// own.
    [[nodiscard]] bool is_forwarded(Listener listener, const RequestView& request) const;
    [[nodiscard]] const ReplySettings& reply() const noexcept { return settings_.reply; }
    /// What becomes of such a call: on its way, or refused.
    struct ForwardOutcome {
        std::shared_ptr<ForwardedCall> forwarded_call;  ///< null: refused
        Response refusal;
    };
    /// Decides it on its head; its body is not read yet. Any thread. Never throws. The views of
    /// `head` are not used any longer afterwards.
    [[nodiscard]] ForwardOutcome pass(const RequestHead& head) noexcept;
    /// The same from memory; nothing: it takes a look into the store, and nothing was counted.
    [[nodiscard]] std::optional<ForwardOutcome> forward_from_memory(const RequestHead& head);
    /// Decides it again while it goes on, and ends it when it is refused now. May wait for the
    /// store. Any thread. Never throws.
    void check(ForwardedCall& forwarded_call) noexcept;

    /// Whose call it is, as far as that is known; else the peer's. Any thread.
    [[nodiscard]] Address caller_address(const RequestView& request) const {
        return client_address(request, settings_.trust, Listener::public_).value_or(request.peer);
    }

    /// What handle() would answer after a wait for a worker, at once, where that can be.
    [[nodiscard]] FastPath& fast_path() noexcept { return fast_path_; }

    /// Whether the caller should have refresh() called on a thread that may wait for the disk: then
    /// more calls can take the fast path. Any thread.
    [[nodiscard]] bool refresh_due() noexcept { return gate_.refresh_due(clock_.now()); }
    void refresh() noexcept { gate_.refresh(); }

    /// Answers one request. Any thread. Never throws.
    [[nodiscard]] Response handle(Listener listener, const Request& request,
                                  Admission admission = {}) noexcept;

private:
    /// A management route's listener, table and prefix; the path behind it.
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
    /// Returns the answer of a route with one path; nullopt for any other path.
    [[nodiscard]] std::optional<Response> fixed(Listener listener, const Request& request,
                                                Format format);
    [[nodiscard]] std::string paths_on(Listener listener) const;
    [[nodiscard]] Response no_such_route(Listener listener, const Request& request,
                                         const std::string& fix, Format format) const;
    // Those routes:
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
