// A call that was granted, rewritten for the next hop: the head the API gets, and what is added to
// its answer. Hop-by-hop headers end here (RFC 9110 section 7.6.1); who calls is said by the gate,
// never by the caller; the target is handed on byte for byte as it was judged (trap 4).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gate/decision.h"
#include "http/decision/credentials.h"
#include "http/decision/reply.h"
#include "http/proxy/upstream.h"
#include "http/wire/request_head.h"
#include "http/wire/response_head.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

/// What is needed of a granted call until its exchange with the API is over. Its memory is its own.
struct ForwardedCall {
    /// `settings` and `upstream` outlive it, or belong to what is put into `kept`.
    ForwardedCall(const RequestHead& head, Decision decided, const ReplySettings& settings,
                  Upstream& upstream);
    ~ForwardedCall();  ///< overwrites `head`: it may hold a token
    ForwardedCall(const ForwardedCall&) = delete;
    ForwardedCall& operator=(const ForwardedCall&) = delete;

    /// The routes that granted it: its settings, upstream and resource are theirs.
    std::shared_ptr<const void> kept;

    const std::string method;
    const std::string target;
    const std::string host;  ///< as of Call
    /// As it was granted; its views point into this passage.
    Decision decision;

    const int minor_version;  ///< of the caller's HTTP/1.x
    const RequestHead::Body body;
    const std::uint64_t body_bytes;
    const bool expects_continue;
    const bool upgrades;  ///< asks for a WebSocket: RFC 6455 section 4.1
    Upstream& upstream;   ///< where it goes, whatever is configured meanwhile

    // How its caller is told of a failure:
    const ReplySettings& settings;
    const Format format;
    const std::string origin;  ///< the header Origin; "" when there is none

    std::string head;   ///< for the upstream, whole
    std::string added;  ///< header lines for the answer: X-Hourgate-Decision, limits, …

    // A long exchange is decided again, on another thread:
    /// It may go on no longer; `answer` is for its caller, where that can still be said. Once.
    void end(Response answer);
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    [[nodiscard]] const Response& ending() const noexcept {
        return ending_;
    }  ///< REQUIRES: ended()
    /// When it was last known to be granted: CLOCK_BOOTTIME. Of the deciding thread alone.
    std::int64_t sure_us;

    /// Whether it may be sent again when a connection turns out to be dead before anything was
    /// answered: RFC 9110 section 9.2.2, and no body is lost.
    [[nodiscard]] bool repeatable() const noexcept;

private:
    std::atomic<bool> ended_{false};
    Response ending_;
};

/// Returns whether the header Authorization of a call that was granted without a token is for the
/// API to check: the resource is public or has other_bearers = "pass", and the header has no token
/// of `brand`, not even an altered one.
[[nodiscard]] bool is_authorization_for_api(const RequestView& request, const Decision& decision,
                                            std::string_view brand);

/// Writes Passage::head. `request` is the caller's; `how` says what of it is for the API.
void write_upstream_head(std::string& out, const RequestView& request,
                         const ForwardedCall& forwarded_call, const Trust& trust,
                         const UpstreamSettings& how, std::string_view brand);

/// Writes Passage::added.
void write_added_headers(std::string& out, const Decision& decision, const ReplySettings& settings);

/// How the body of an answer is framed for the caller.
enum class Framing : std::uint8_t { as_it_is, chunked, until_close };

/// Which page asked, for Access-Control-Expose-Headers (Fetch, CORS protocol).
struct Page {
    bool any = false;         ///< whether [cors] names origins at all
    std::string_view origin;  ///< the caller's, when it is one of them; else ""
};
[[nodiscard]] Page page_of(const ForwardedCall& forwarded_call) noexcept;

/// The head of an answer, for the caller: status line, what is left of the upstream's headers,
/// `added`, and how the connection goes on. An interim answer (1xx) has nothing added. Where the
/// upstream lets the page read its answer, the headers that the gate adds are exposed to it, too,
/// beside those that the upstream exposes; Vary says that this depends on the origin.
void write_client_head(std::string& out, const ResponseHead& answer, std::string_view added,
                       Framing framing, After after, std::int64_t unix_s, const Page& page = {});

/// The answer to a call that was granted before and is refused now.
[[nodiscard]] Response refusal_of(const ForwardedCall& forwarded_call, const Decision& decision);

/// Of every error about a call that was granted: it says the decision and the limits.
[[nodiscard]] ErrorFrame frame_of(const ForwardedCall& forwarded_call) noexcept;

/// An answer instead of the upstream's, in the one shape all errors have, with the limits: the call
/// was counted.
enum class UpstreamFault : std::uint8_t {
    unreachable,  ///< 502: no connection
    broken,       ///< 502: it closed too early, or sent what is no answer
    timed_out,    ///< 504
};
[[nodiscard]] int status_of(UpstreamFault fault) noexcept;
/// Returns "upstream_broken" and its like.
[[nodiscard]] std::string_view reason_of(UpstreamFault fault) noexcept;
/// `how`: what was met, "its head ended early"; said in a `broken` answer, "" is not.
[[nodiscard]] Response answer_to(UpstreamFault fault, const ForwardedCall& forwarded_call,
                                 std::string_view how = {});

}  // namespace hourgate::http
