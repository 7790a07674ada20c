// The interface for everything that records decisions: metrics, usage and the log.
#pragma once

#include <cstdint>
#include <string_view>

#include "gate/kept_decision.h"
#include "http/decision/credentials.h"
#include "http/decision/reply.h"
#include "http/wire/endpoint.h"

namespace hourgate::http {

/// The thread that answered: the event loop's, from memory, or a worker's, which may wait for the
/// disk. The reported time includes the wait for a worker.
enum class Answerer : std::uint8_t { loop, worker };

/// Is notified once for each decision, on the deciding thread, before the response is sent.
/// `status` is what the caller will see.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void decided(const Decision& decision, int status) noexcept = 0;
    /// Reports a second decision on the same call, which counted nothing (nginx's
    /// /_hourgate/denied, and [trust] ask_id). The caller sees this decision's id, so it belongs in
    /// the log but not in metrics.
    virtual void repeated(const Decision& /*decision*/, int /*status*/) noexcept {}
    /// Reports how long it took to answer a request or to decide a call to the API. Time begins
    /// when everything needed has arrived, usually the head, and ends when the response or the call
    /// is ready to be sent. Called for every request, so it must be fast.
    virtual void answered(Listener /*listener*/, Answerer /*by*/,
                          std::int64_t /*took_us*/) noexcept {}
    /// Reports that a granted call failed behind the gate.
    virtual void upstream_failed(const Decision& /*granted*/,
                                 const UpstreamFailure& /*failure*/) noexcept {}
    /// Reports that a peer used the ask listener without permission, and got 404.
    virtual void stranger(const Address& /*peer*/) noexcept {}
    /// Reports a request for a host under which its listener does not answer.
    virtual void unknown_host(Listener /*listener*/, std::string_view /*host*/,
                              const Address& /*peer*/) noexcept {}
    /// Reports a request that was refused before it was read completely. `reason` is one of
    /// refused_reasons (http/decision/request_refusals.h). `bound` names the bound that was
    /// exceeded, or is "".
    virtual void request_refused(Listener /*listener*/, std::string_view /*reason*/,
                                 std::string_view /*bound*/, const Address& /*peer*/) noexcept {}
    /// Reports a failure that was counted for all unknown callers of `peer` together, because the
    /// caller's address is unknown.
    virtual void address_unknown(Listener listener, const Address& peer) noexcept = 0;
};

/// Reports a decision to the observer. A dry run (Spend::no) is not reported.
inline void tell(Observer& observer, Listener listener, const Call& call,
                 const Decision& decision) noexcept {
    if (call.spend == Spend::no)
        return;
    const bool counted = call.spend == Spend::counted && decision.reason == Reason::granted;
    if (call.spend == Spend::repeat || counted)
        return observer.repeated(decision, status_of(decision));
    observer.decided(decision, status_of(decision));
    if (!call.address && question_of(decision.reason) == 1)
        observer.address_unknown(listener, call.peer.value_or(Address::loopback()));
}

}  // namespace hourgate::http
