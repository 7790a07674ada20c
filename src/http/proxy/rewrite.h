// Rewrites a granted call for the API: the head that the API gets, and the headers added to its
// response. Hop-by-hop headers are dropped (RFC 9110 section 7.6.1). The gate says who calls, never
// the caller. The target is forwarded byte for byte as it was judged.
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

/// Keeps what is needed of a granted call until its exchange is over. Owns its memory.
struct ForwardedCall {
    /// `settings` and `upstream` must outlive the call, or be owned by what is put into `kept`.
    ForwardedCall(const RequestHead& head, Decision decided, const ReplySettings& settings,
                  Upstream& upstream);
    ~ForwardedCall();  ///< overwrites `head`, since it may hold a token
    ForwardedCall(const ForwardedCall&) = delete;
    ForwardedCall& operator=(const ForwardedCall&) = delete;

    /// The routes that granted the call. They keep the configuration snapshot that owns `settings`,
    /// `upstream` and the resource.
    std::shared_ptr<const void> kept;

    const std::string method;
    const std::string target;
    const std::string host;  ///< see Call::host
    /// The decision that granted the call. Its views point into this object.
    Decision decision;

    const int minor_version;  ///< of the client's HTTP/1.x
    const RequestHead::Body body;
    const std::uint64_t body_bytes;
    const bool expects_continue;
    const bool upgrades;  ///< asks for a WebSocket (RFC 6455 section 4.1)
    Upstream& upstream;   ///< does not change on a reload

    // How a failure is reported to the caller:
    const ReplySettings& settings;
    const Format format;
    const std::string origin;  ///< the Origin header, or ""

    std::string head;   ///< the whole head for the upstream
    std::string added;  ///< header lines for the response: X-Hourgate-Decision, limits, …

    // Used by the recheck of a long exchange, which runs on another thread:
    /// Ends the call. The caller gets `answer` unless a response has begun. REQUIRES: called once.
    void end(Response answer);
    [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }
    /// REQUIRES: ended().
    [[nodiscard]] const Response& ending() const noexcept { return ending_; }
    /// When the call was last known to be granted, by CLOCK_BOOTTIME. Threads: the one that
    /// decides.
    std::int64_t sure_us;

    /// Returns true if the call may be sent again after a connection broke before it was answered:
    /// the method is idempotent (RFC 9110 section 9.2.2), and no body would be lost.
    [[nodiscard]] bool repeatable() const noexcept;

private:
    std::atomic<bool> ended_{false};
    Response ending_;
};

/// Returns true if the API, not the gate, must check the Authorization header of a call that was
/// granted without a token. The resource is public or has other_bearers = "pass", and the header
/// has no token of `brand`, not even an altered one.
[[nodiscard]] bool is_authorization_for_api(const RequestView& request, const Decision& decision,
                                            std::string_view brand);

/// Writes ForwardedCall::head. `request` is the caller's; `how` says what of it the API gets.
void write_upstream_head(std::string& out, const RequestView& request,
                         const ForwardedCall& forwarded_call, const Trust& trust,
                         const UpstreamSettings& how, std::string_view brand);

/// Writes ForwardedCall::added.
void write_added_headers(std::string& out, const Decision& decision, const ReplySettings& settings);

/// How the body of a response is framed for the client.
enum class Framing : std::uint8_t { as_it_is, chunked, until_close };

/// The page that sent the call, for Access-Control-Expose-Headers (Fetch, CORS protocol).
struct Page {
    bool any = false;         ///< [cors] names origins
    std::string_view origin;  ///< the caller's origin if it is one of those, else ""
};
[[nodiscard]] Page page_of(const ForwardedCall& forwarded_call) noexcept;

/// Writes the head of a response for the client: the status line, the upstream's headers that
/// remain, `added`, and Connection. Nothing is added to an interim response (1xx). If the upstream
/// lets the page read its response, the gate's headers are exposed as well as the upstream's. Vary
/// says that this depends on the origin.
void write_client_head(std::string& out, const ResponseHead& answer, std::string_view added,
                       Framing framing, After after, std::int64_t unix_s, const Page& page = {});

/// Returns the response to a call that was granted before and is refused now.
[[nodiscard]] Response refusal_of(const ForwardedCall& forwarded_call, const Decision& decision);

/// Returns the frame of every error about a granted call; it contains the decision and the limits.
[[nodiscard]] ErrorFrame frame_of(const ForwardedCall& forwarded_call) noexcept;

/// Why the gate answers instead of the upstream. The response has the usual form of errors, and the
/// limits, since the call was counted.
enum class UpstreamFault : std::uint8_t {
    unreachable,  ///< 502: no connection
    broken,       ///< 502: the connection ended early, or the response was malformed
    timed_out,    ///< 504
};
[[nodiscard]] int status_of(UpstreamFault fault) noexcept;
/// Returns "upstream_broken", for example.
[[nodiscard]] std::string_view reason_of(UpstreamFault fault) noexcept;
/// `how` says what was wrong ("its head ended early"). It is included for `broken` unless it is "".
[[nodiscard]] Response answer_to(UpstreamFault fault, const ForwardedCall& forwarded_call,
                                 std::string_view how = {});

}  // namespace hourgate::http
