// The fast path answers the most frequent requests on the event loop's thread: a proxy's ask about
// a call, and healthz. It parses the head and answers if the store need not be read. It answers a
// granted call without allocating memory. All other requests go to Service::handle on a worker,
// which gives the same responses. Both read the call, decide and write headers with the same
// functions, and tests/fuzz compares the two.
#pragma once

#include <string>

#include "base/clock.h"
#include "gate/gate.h"
#include "http/ask/ask_ids.h"
#include "http/decision/observer.h"
#include "http/decision/reply.h"
#include "http/wire/request_head.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

constexpr std::string_view healthz_path = "/_hourgate/healthz";
/// Returns the response to GET and HEAD of healthz_path. It checks nothing except that the program
/// runs.
[[nodiscard]] Response healthz_answer();

class FastPath {
public:
    /// `asks` is null if [trust] ask_id is off. REQUIRES: the references outlive this object.
    FastPath(const Trust& trust, const ReplySettings& reply, Gate& gate, const Clock& clock,
             Observer& observer, AskIds* asks) noexcept;

    /// Appends the response to `out` and returns true. Returns false if a worker must answer;
    /// nothing has been decided or counted then. Reports to the observer how long it took, which
    /// costs one more clock reading: 30 ns of 2.3 µs. REQUIRES: a head without a flaw and without a
    /// body. Threads: any. Throws std::bad_alloc.
    [[nodiscard]] bool answer(Listener listener, const RequestHead& head, After after,
                              std::string& out);

private:
    [[nodiscard]] bool answer(Listener listener, const RequestHead& head, After after,
                              std::string& out, Now now);

    const Trust& trust_;
    const ReplySettings& reply_;
    Gate& gate_;
    const Clock& clock_;
    Observer& observer_;
    AskIds* const asks_;
};

}  // namespace hourgate::http
