// Turns what was sent to a deployment, and what it answered, into rows. These functions send
// nothing.
//
// What can be proven: the gate's own responses are known byte for byte. For each token, the gate
// records what it decided and for which address. So the rows prove whether a refusal reached the
// caller unchanged, whether a call was decided once, and which address was believed. What the API
// behind the proxy received cannot be seen: a row about that says `warn`, never `ok`.
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

/// The address to call, as in "http://127.0.0.1:8080". parse_url() returns Failure::usage for
/// another form, and for https://, which this program does not speak.
struct Url {
    std::string host;
    std::uint16_t port = 80;
};
[[nodiscard]] Result<Url> parse_url(std::string_view text);

/// A path that may be called, and the role that may read it.
struct Aim {
    std::string path;
    Role role = Role::manager;
};
/// Returns `asked`, if given, else the first configured path without captures that a role may read
/// as a whole, with the lowest such role. With [[api]]s, only paths of the one called under `host`.
/// If no row has such a path, returns "/" if that may be read: without any row, or with unlisted =
/// "allow". Returns Failure::usage if there is no such path: the operator has to name one.
[[nodiscard]] Result<Aim> aim_at(const policy::Policy& policy,
                                 const std::optional<std::string>& asked,
                                 std::string_view host = {});

/// One call and its response.
struct ProbeResult {
    http::ProbeAnswer answer;
    std::string failed;  ///< why there is no response; empty if there is one

    /// From a refusal in the gate's own form, in either format; else empty.
    std::string code = {}, reason = {};
};
/// Reads `code` and `reason` from the body.
[[nodiscard]] ProbeResult exchange_of(const Result<http::ProbeAnswer>& answer);

/// What the gate recorded about a token.
struct Noted {
    std::vector<std::pair<std::string, std::int64_t>> decided;  ///< by reason
    std::string from;  ///< address of the last call; empty if unknown

    [[nodiscard]] std::int64_t of(std::string_view reason) const noexcept;
    [[nodiscard]] std::int64_t all() const noexcept;
};

/// Everything that was observed. A call that was not sent has no value.
struct Evidence {
    std::optional<ProbeResult> anonymous;  ///< no token
    std::optional<ProbeResult> unpaid;     ///< `caller`, while the plan had no API access
    std::vector<ProbeResult> paid;         ///< `caller`, with access: until the window was full
    std::optional<ProbeResult> narrow;     ///< a token with another scope
    std::optional<ProbeResult> forged;     ///< with X-Hourgate-Role
    std::optional<ProbeResult> claimed;    ///< with X-Forwarded-For
    std::optional<ProbeResult> metrics, ask, admin;  ///< the gate routes through the proxy
    std::optional<ProbeResult> elsewhere;            ///< `anonymous` under an unassigned host name
    std::optional<ProbeResult> text;  ///< which text of `hourgate snippets` the proxy uses

    Noted of_caller, of_narrow, of_forger, of_claimer;
    /// Calls from the usual address of programs on this machine, without and with X-Forwarded-For.
    /// Empty if `source` is that address.
    Noted of_near, of_near_claimer;
    bool noted = false;     ///< the server recorded everything in time
    bool observed = false;  ///< [gate] mode = "observe": nothing is refused

    std::int64_t window_limit = 0;
    std::string forged_role;       ///< made up, so that it is recognized
    std::string claimed_address;   ///< made up
    std::string source;            ///< the address that the calls came from; empty if unknown
    std::string near_source;       ///< the address of the near calls; empty if none were sent
    bool source_is_proxy = false;  ///< `source` is in trust.proxies: a hop, never a caller
    std::string workspace;         ///< public id
    std::string other_host;        ///< made up, for `elsewhere`
};

/// A refusal as it should be.
struct Expected {
    std::string_view name;  ///< of the row
    int status = 0;
    std::string_view reason;
};

/// Checks whether something at the address speaks HTTP and the gate is asked. If this is bad,
/// nothing else can be checked.
[[nodiscard]] Check about_reach(const ProbeResult& anonymous, std::string_view url);
/// Checks whether the token sent reaches this gate. If this is bad, nothing else can be checked.
[[nodiscard]] Check about_authorization(const ProbeResult& unpaid, const Noted& caller,
                                        const std::vector<ProbeResult>& paid = {});
[[nodiscard]] Check about_refusal(const Expected& expected, const ProbeResult& exchange,
                                  std::optional<bool> gate_refused);
[[nodiscard]] Check about_counting(const Evidence& evidence);
/// Checks whether the API answers the calls that the gate granted.
[[nodiscard]] Check about_api(const Evidence& evidence);
[[nodiscard]] Check about_limit_headers(const Evidence& evidence);
[[nodiscard]] Check about_identity(const Evidence& evidence);
[[nodiscard]] Check about_address(const Evidence& evidence);
[[nodiscard]] Check about_own_routes(const Evidence& evidence);
/// Checks whether another site at the same address, such as nginx's default server, answers without
/// asking the gate. What it serves is unknown, so the row says `warn` at most.
[[nodiscard]] Check about_other_hosts(const Evidence& evidence);
/// Checks whether the proxy's text is the one that `hourgate snippets` prints now. `marks`: the
/// stamps of all texts (cli/snippets.h).
[[nodiscard]] Check about_text(const Evidence& evidence, const std::vector<std::string>& marks);

/// Returns all rows in order, as far as there is evidence.
[[nodiscard]] std::vector<Check> findings_of(const Evidence& evidence,
                                             const std::vector<std::string>& marks);

}  // namespace hourgate::cli
