// Who wants to know about decisions: metrics, usage and the log.
#pragma once

#include <cstdint>
#include <string_view>

#include "gate/kept_decision.h"
#include "http/decision/credentials.h"
#include "http/decision/reply.h"
#include "http/wire/endpoint.h"

namespace hourgate::http {

/// Whose thread answered: the loop's own, from memory, or a worker's, which may wait for the disk.
/// The time that a request waited for a worker is part of how long that took.
enum class Answerer : std::uint8_t { loop, worker };

/// Called once per decision, on the deciding thread, before the answer is sent; `status` is what
/// the caller will see.
class Observer {
public:
    virtual ~Observer() = default;
    virtual void decided(const Decision& decision, int status) noexcept = 0;
    /// A call decided a moment ago was decided again without counting (nginx's /_hourgate/denied,
    /// and [trust] ask_id). It is this id that the caller gets to see, so it belongs into the log,
    /// but into no metric.
    virtual void repeated(const Decision& /*decision*/, int /*status*/) noexcept {}
    /// A request was answered, or a call to the API was decided, after so long: from when all of
    /// it was here that it takes, the head in most cases, to when the answer was ready to be sent,
    /// or the call to go on. Called for every one, so it should take next to no time.
    virtual void answered(Listener /*listener*/, Answerer /*by*/,
                          std::int64_t /*took_us*/) noexcept {}
    /// A call that the gate granted failed behind it.
    virtual void upstream_failed(const Decision& /*granted*/,
                                 const UpstreamFailure& /*failure*/) noexcept {}
    /// A peer that may not use the ask listener did, and was told nothing.
    virtual void stranger(const Address& /*peer*/) noexcept {}
    /// A request named a host under which its listener does not answer.
    virtual void unknown_host(Listener /*listener*/, std::string_view /*host*/,
                              const Address& /*peer*/) noexcept {}
    /// A request was refused before it could be read. `reason` is one of refused_reasons, which
    /// http/wire/request_head.h lists. `bound` names the bound it exceeded, "" for another fault.
    virtual void request_refused(Listener /*listener*/, std::string_view /*reason*/,
                                 std::string_view /*bound*/, const Address& /*peer*/) noexcept {}
    /// A failure was counted for all unknown callers of `peer` together, because the address of the
    /// caller is not known.
    virtual void address_unknown(Listener listener, const Address& peer) noexcept = 0;
};

/// Every decision on a call is told with this. A look (Spend::no) is no call, and told to nobody.
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
