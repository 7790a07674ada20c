// What is found about a deployment from outside, from what was sent and answered to rows. Nothing
// here sends anything.
//
// What can be told and what cannot: the gate's own answers are known byte for byte, and the gate
// writes down, for each token, what it decided and for which address. So it is proven whether a
// refusal reached the caller as it was, whether a call was decided once, and which address was
// believed. What the API behind the proxy received is not seen: about that a row says `warn`, never
// `ok`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/role.h"
#include "cli/client/probe.h"
#include "cli/doctor/check.h"
#include "policy/policy.h"

namespace hourgate::cli {

/// Where to knock: "http://127.0.0.1:8080". Failure::usage for another form, and for https://,
/// which this program does not speak.
struct Url {
    std::string host;
    std::uint16_t port = 80;
};
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// A path that may be called, and who may read it.
struct Aim {
    std::string path;
    Role role = Role::manager;
};
/// `asked`, if given, else the first configured path without captures that a role may read as a
/// whole; the lowest such role. Where there are [[api]]s, of the one that is called under `host`.
/// Where no row has one, "/" if that may be read: with no row at all, or with unlisted = "allow".
/// Failure::usage if no such path exists: the operator has to name one.
[[nodiscard]] Result<Aim> aim_at(const policy::Policy& policy,
                                 const std::optional<std::string>& asked,
                                 std::string_view host = {});

/// One call and its answer.
struct ProbeResult {
    http::ProbeAnswer answer;
    std::string failed;  ///< why there is no answer; empty: there is

    /// Of a refusal in the gate's own form, either format; empty otherwise.
    std::string code = {}, reason = {};
};
/// Reads `code` and `reason` from the body.
[[nodiscard]] ProbeResult exchange_of(const Result<http::ProbeAnswer>& answer);

/// What the gate wrote down about a token.
struct Noted {
    std::vector<std::pair<std::string, std::int64_t>> decided;  ///< by reason
    std::string from;  ///< the address of the last call; empty: not known

    [[nodiscard]] std::int64_t of(std::string_view reason) const noexcept;
    [[nodiscard]] std::int64_t all() const noexcept;
};

/// Everything that was seen. What was not sent is not there.
struct Evidence {
    std::optional<ProbeResult> anonymous;  ///< no token
    std::optional<ProbeResult> unpaid;     ///< `caller`, while the plan had no API access
    std::vector<ProbeResult> paid;         ///< `caller`, once it had: until the window was full
    std::optional<ProbeResult> narrow;     ///< a token whose scope is another
    std::optional<ProbeResult> forged;     ///< with X-Hourgate-Role
    std::optional<ProbeResult> claimed;    ///< with X-Forwarded-For
    std::optional<ProbeResult> metrics, ask, admin;  ///< the gate's own routes through the proxy
    std::optional<ProbeResult> elsewhere;  ///< `anonymous` under a host name that nobody has
    std::optional<ProbeResult> text;       ///< which text of `hourgate snippets` the proxy has

    Noted of_caller, of_narrow, of_forger, of_claimer;
    /// Calls from the address that a program of this machine calls from, without and with
    /// X-Forwarded-For; none if `source` is that address.
    Noted of_near, of_near_claimer;
    bool noted = false;     ///< the server wrote its notes in time
    bool observed = false;  ///< [gate] mode = "observe": nothing is refused

    std::int64_t window_limit = 0;
    std::string forged_role;       ///< made up, so that it is known again
    std::string claimed_address;   ///< made up
    std::string source;            ///< the address the calls came from; empty: not known
    std::string near_source;       ///< the address of the near calls; empty: none were sent
    bool source_is_proxy = false;  ///< `source` is in trust.proxies: a hop, never a caller
    std::string workspace;         ///< public id
    std::string other_host;        ///< made up: of `elsewhere`
};

/// A refusal as it should be.
struct Expected {
    std::string_view name;  ///< of the row
    int status = 0;
    std::string_view reason;
};

/// Whether there is anything behind the address that speaks HTTP, and the gate is asked: when this
/// is bad, nothing else can be told.
[[nodiscard]] Check about_reach(const ProbeResult& anonymous, std::string_view url);
/// Whether a token that is sent arrives at this gate. As above.
[[nodiscard]] Check about_authorization(const ProbeResult& unpaid, const Noted& caller,
                                        const std::vector<ProbeResult>& paid = {});
[[nodiscard]] Check about_refusal(const Expected& expected, const ProbeResult& exchange,
                                  std::optional<bool> gate_refused);
[[nodiscard]] Check about_counting(const Evidence& evidence);
/// Whether the API answers the calls that the gate granted.
[[nodiscard]] Check about_api(const Evidence& evidence);
[[nodiscard]] Check about_limit_headers(const Evidence& evidence);
[[nodiscard]] Check about_identity(const Evidence& evidence);
[[nodiscard]] Check about_address(const Evidence& evidence);
[[nodiscard]] Check about_own_routes(const Evidence& evidence);
/// Whether another site of the same address, such as nginx's default server, answers without
/// asking. What it serves is not seen, so a row says `warn` at most.
[[nodiscard]] Check about_other_hosts(const Evidence& evidence);
/// Whether the proxy's text is the one that `hourgate snippets` prints now. `marks`: those of all
/// texts (cli/snippets.h).
[[nodiscard]] Check about_text(const Evidence& evidence, const std::vector<std::string>& marks);

/// All of them, in order, as far as there is evidence.
[[nodiscard]] std::vector<Check> findings_of(const Evidence& evidence,
                                             const std::vector<std::string>& marks);

}  // namespace hourgate::cli
