// The lane: what is asked most is answered where it arrives. A proxy's question about a call, and
// healthz, are answered from the bytes of the head, on the loop's own thread, when that takes no
// look into the store; a granted one without asking for memory. What the lane does not answer goes
// the long way, through Service::handle on a worker, and is answered there in the same words: both
// read the call, decide and write headers with the same functions, and tests/fuzz holds them to it.
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
/// To GET and HEAD there. Asks nobody: the program runs.
[[nodiscard]] Answer healthz_answer();

class Lane {
public:
    /// References must outlive the lane. `asks` may be null: nothing is asked twice.
    Lane(const Trust& trust, const ReplySettings& reply, Gate& gate, const Clock& clock,
         Observer& observer, AskIds* asks) noexcept;

    /// Appends the answer to a head without a flaw and without a body to `out`. False: it goes the
    /// long way, and nothing was decided or counted. Any thread. Throws std::bad_alloc.
    /// How long it took is told to the observer: one more reading of a clock, 30 ns of 2.3 µs.
    [[nodiscard]] bool answer(Listener listener, const Head& head, After after, std::string& out);

private:
    [[nodiscard]] bool answer(Listener listener, const Head& head, After after, std::string& out,
                              Now now);

    const Trust& trust_;
    const ReplySettings& reply_;
    Gate& gate_;
    const Clock& clock_;
    Observer& observer_;
    AskIds* const asks_;
};

}  // namespace hourgate::http
