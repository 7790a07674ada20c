#include "http/ask/fast_path.h"

#include "http/ask/forward_auth.h"
#include "http/decision/host_check.h"
#include "policy/path.h"

namespace hourgate::http {

Response healthz_answer() {
    return {200, {{"Content-Type", "text/plain"}, {"Cache-Control", "no-store"}}, "ok\n"};
}

FastPath::FastPath(const Trust& trust, const ReplySettings& reply, Gate& gate, const Clock& clock,
                   Observer& observer, AskIds* asks) noexcept
    : trust_(trust), reply_(reply), gate_(gate), clock_(clock), observer_(observer), asks_(asks) {}

bool FastPath::answer(Listener listener, const RequestHead& head, After after, std::string& out) {
    const Now now = clock_.now();
    if (!answer(listener, head, after, out, now))
        return false;
    observer_.answered(listener, Answerer::loop, clock_.boot_us() - now.boot_us);
    return true;
}

bool FastPath::answer(Listener listener, const RequestHead& head, After after, std::string& out,
                      Now now) {
    const RequestView& request = head.request;
    const std::string_view path = policy::path_part(request.target);
    const std::int64_t now_s = now.wall_ms / ms_per_s;
    // Peers without permission must not keep the workers busy.
    if (const auto answer = turned_away(listener, request, trust_, reply_, observer_)) {
        write_response(out, *answer, request.method, after, now_s);
        return true;
    }
    if (listener != Listener::ask) {
        const bool plain = request.method == "GET" || request.method == "HEAD";
        if (path != healthz_path || !plain || request.count("Origin") > 0)
            return false;
        write_response(out, healthz_answer(), request.method, after, now_s);
        return true;
    }
    const auto dialect = dialect_of(path);
    if (!dialect)
        return false;
    Call call = asked_call(*dialect, request, trust_, now);
    const bool may_repeat = asks_ != nullptr && dialect == Dialect::nginx;
    const auto ask = may_repeat ? asks_->before(request, call) : std::nullopt;
    const auto decision = gate_.decide_from_memory(call);
    if (ask)
        asks_->after(*ask, call, decision ? &*decision : nullptr);
    if (!decision)
        return false;
    tell(observer_, listener, call, *decision);
    if (const auto status = grant_status(*dialect, *decision)) {
        ResponseWriter writer(out, *status);
        add_grant_headers(writer, *decision, request, reply_);
        writer.finish(0, after, now_s);
        return true;
    }
    const Format format = format_for(request.joined("Accept"));
    write_response(out, forward_answer(*dialect, *decision, request, reply_, format),
                   request.method, after, now_s);
    return true;
}

}  // namespace hourgate::http
