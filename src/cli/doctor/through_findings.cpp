#include "cli/doctor/through_findings.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "ops/machine.h"

namespace hourgate::cli {

namespace {

using Json = nlohmann::json;

/// The fix for every mistake of a proxy with refusals.
constexpr std::string_view refusals_fix =
    "compare the proxy with what `hourgate snippets nginx` (caddy, haproxy, traefik, envoy) "
    "prints. In nginx, what is left out most often is `error_page 401 403 500 = "
    "/_hourgate/denied;` next to auth_request";

/// Every API has this path, whatever it answers there.
constexpr std::string_view root_path = "/";

std::string in_quotes(std::string_view text) {
    return "'" + printable(text, 80) + "'";
}

std::string text_in(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool asked_to_go_elsewhere(const ProbeResult& exchange) {
    return exchange.answer.status / 100 == 3 && !exchange.answer.header("Location").empty();
}

/// Returns what is wrong with the headers of a refusal that is otherwise correct; "" if nothing is.
std::string flaw_of_headers(const Expected& expected, const http::ProbeAnswer& answer) {
    if (expected.status == 401 && answer.count("WWW-Authenticate") == 0)
        return "WWW-Authenticate is missing: no library tells its user what to send";
    if (expected.status == 429) {
        const auto after = parse_number(answer.header("Retry-After"), UINT32_MAX);
        if (!after || *after == 0)
            return "Retry-After is missing: a caller cannot know when to come back";
    }
    if (answer.header("X-Hourgate-Decision").empty())
        return "X-Hourgate-Decision is missing: a caller who asks cannot name the decision";
    return "";
}

/// Returns the lowest role that may read `path` as a whole; nullopt if there is none.
std::optional<Role> reader_of(const policy::Policy& policy, const std::string& path,
                              std::string_view host) {
    const policy::Match match = policy.find(path, host);
    if (match.flaw != policy::PathFlaw::none || match.is_gate_route())
        return std::nullopt;
    if (match.resource != nullptr && match.resource->is_public)
        return std::nullopt;
    for (const Role role : {Role::member, Role::manager, Role::admin, Role::owner}) {
        const policy::Judgement judged = policy.judge(match, {role, "mem_doctor", {}}, "GET");
        if (judged.verdict == policy::Verdict::allowed && judged.own.empty())
            return role;
    }
    return std::nullopt;
}

std::string path_of(const policy::Pattern& pattern) {
    std::string path;
    for (const policy::Segment& segment : pattern.segments) {
        if (segment.kind == policy::Segment::Kind::capture)
            return "";
        path += "/" + segment.text;
    }
    return path.empty() ? std::string(root_path) : path;
}

bool has_limits(const ProbeResult& exchange) {
    return !exchange.answer.header("RateLimit").empty() ||
           !exchange.answer.header("X-RateLimit-Remaining").empty();
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
    const auto off = [&](std::string what, std::string next) {
        return Failure{Fault::usage, std::move(what), std::move(next)};
    };
    constexpr std::string_view scheme = "http://";
    const std::string form =
        "give the scheme, host and port alone, as in `--through http://127.0.0.1:80 --host "
        "api.example.com --path /api/v1/clients`";
    if (lower(text.substr(0, 8)) == "https://")
        return off("this program speaks no TLS, so it cannot call " + in_quotes(text),
                   "give the proxy's plain address on this machine and the name it serves: "
                   "`--through http://127.0.0.1:80 --host " +
                       std::string(text.substr(8, text.find_first_of(":/", 8) - 8)) + "`");
    if (lower(text.substr(0, scheme.size())) != scheme)
        return off(in_quotes(text) + " is no http:// address", form);
    std::string_view rest = text.substr(scheme.size());
    if (rest.ends_with('/'))
        rest.remove_suffix(1);
    if (rest.find_first_of("/?#@") != rest.npos)
        return off(in_quotes(text) + " has more than a host and a port", form);
    Url url;
    const std::size_t bracket = rest.starts_with('[') ? rest.find(']') : rest.npos;
    const std::size_t colon = rest.find(':', bracket == rest.npos ? 0 : bracket);
    url.host = rest.substr(0, colon);
    if (colon != rest.npos) {
        const auto port = parse_number(rest.substr(colon + 1), 65'535);
        if (!port || *port == 0)
            return off(in_quotes(text) + " has no port that can be", form);
        url.port = static_cast<std::uint16_t>(*port);
    }
    if (bracket != rest.npos)
        url.host = std::string(rest.substr(1, bracket - 1));
    if (url.host.empty())
        return off(in_quotes(text) + " names no host", form);
    return url;
}

Result<Aim> aim_at(const policy::Policy& policy, const std::optional<std::string>& asked,
                   std::string_view host) {
    const auto api = policy.api_of(host);
    if (!api)
        return Failure{
            Fault::usage,
            "no [[api]] is called under the host " + in_quotes(host) + ", so every call is refused",
            "name one of its hosts: `--host api.example.com`"};
    const std::string name = policy.looks_at_hosts() ? policy.rules().apis[*api].name : "";
    const std::string next =
        "name one that a GET does no harm to, and that is not public: `--path /api/v1/…`";
    if (asked) {
        if (const auto role = reader_of(policy, *asked, host))
            return Aim{*asked, *role};
        return Failure{Fault::usage,
                       "no role may read " + in_quotes(*asked) +
                           " as a whole, or it is public, so nothing is to be learned from it",
                       next};
    }
    for (const policy::Resource& resource : policy.resources())
        for (const policy::Pattern& pattern : resource.patterns) {
            const std::string path = resource.api == name ? path_of(pattern) : "";
            if (path.empty())
                continue;
            if (const auto role = reader_of(policy, path, host))
                return Aim{path, *role};
        }
    // A path that no row lists, if such paths are allowed.
    if (const auto role = reader_of(policy, std::string(root_path), host))
        return Aim{std::string(root_path), *role};
    return Failure{Fault::usage, "the configuration lists no path that is safe to call", next};
}

ProbeResult exchange_of(const Result<http::ProbeAnswer>& answer) {
    ProbeResult exchange;
    if (!answer) {
        exchange.failed = answer.failure().what;
        return exchange;
    }
    exchange.answer = answer.value();
    const Json body = Json::parse(exchange.answer.body, nullptr, false);
    if (!body.is_object())
        return exchange;
    const auto error = body.find("error");
    const Json& members = error != body.end() && error->is_object() ? *error : body;
    exchange.code = text_in(members, "code");
    exchange.reason = text_in(members, "reason");
    return exchange;
}

std::int64_t Noted::of(std::string_view reason) const noexcept {
    for (const auto& [name, calls] : decided)
        if (name == reason)
            return calls;
    return 0;
}

std::int64_t Noted::all() const noexcept {
    std::int64_t sum = 0;
    for (const auto& [name, calls] : decided)
        sum += calls;
    return sum;
}

// --- the rows ------------------------------------------------------------------------------------

Check about_reach(const ProbeResult& anonymous, std::string_view url) {
    const std::string name = "reach", where(url);
    if (!anonymous.failed.empty())
        return is_bad(name, anonymous.failed,
                      "is the proxy running, and is that its address? `ss -ltnp`");
    if (anonymous.reason == "no_such_route")
        return is_bad(
            name, where + " is a listener of the gate itself, which forwards no calls",
            "give the address of the proxy in front of your API; or set [upstream] url, and the "
            "gate forwards calls itself");
    if (asked_to_go_elsewhere(anonymous))
        return is_bad(name,
                      where + " sends callers to " +
                          in_quotes(anonymous.answer.header("Location")) + " and asks nobody",
                      "let the proxy serve the same locations without TLS on loopback, as in "
                      "nginx's `listen 127.0.0.1:8080;` in that server block, and give that one "
                      "with --host");
    return is_ok(name, where + " answers");
}

Check about_authorization(const ProbeResult& unpaid, const Noted& caller,
                          const std::vector<ProbeResult>& paid) {
    const std::string name = "authorization";
    const std::string keep =
        "keep Authorization in the request that asks the gate; take it out of the one to the API "
        "alone (nginx: `proxy_set_header Authorization \"\";` belongs into `location /`, not into "
        "`location = /_hourgate/auth`)";
    if (!unpaid.failed.empty())
        return is_bad(name, unpaid.failed, "look at the proxy's error log");
    if (unpaid.reason == "no_credentials" || unpaid.reason == "wrong_scheme")
        return is_bad(name,
                      "a token was sent, but the gate saw none (" + unpaid.reason +
                          "): the proxy drops Authorization before it asks the gate",
                      keep);
    // Only if the proxy asks twice, first without the token, is a refused call granted a moment
    // later.
    const bool granted_since = std::any_of(paid.begin(), paid.end(), [](const ProbeResult& one) {
        return one.reason == "granted_since";
    });
    if (granted_since && caller.all() == 0)
        return is_bad(name,
                      "the gate is asked without Authorization, and only for the text of a refusal "
                      "with it: nobody is ever granted anything",
                      keep);
    if (unpaid.reason == "too_many_failures")
        return is_doubtful(name, "this address has had too many failures within a minute",
                           "run it again in a minute");
    if (unpaid.code == "unauthenticated")
        return is_bad(name,
                      "a token minted a moment ago is refused with " + unpaid.reason +
                          ": the gate behind that address uses another database or configuration",
                      "run doctor where that gate runs, with its configuration (--config)");
    if (unpaid.reason.empty() && caller.all() == 0)
        return is_bad(name,
                      "calls with a token are answered " + std::to_string(unpaid.answer.status) +
                          " without this gate being asked",
                      "is the location of that path behind auth_request or forward_auth? Is the "
                      "gate it asks the one of this configuration?");
    return is_ok(name, "a token that is sent arrives at this gate");
}

Check about_refusal(const Expected& expected, const ProbeResult& exchange,
                    std::optional<bool> gate_refused) {
    const std::string name(expected.name);
    const std::string wanted =
        std::to_string(expected.status) + " (" + std::string(expected.reason) + ")";
    const std::string fix(refusals_fix);
    if (!exchange.failed.empty())
        return is_bad(name,
                      "no answer where the gate refuses with " + wanted + ": " + exchange.failed,
                      "look at the proxy's error log");
    const int got = exchange.answer.status;
    const bool same = got == expected.status && exchange.reason == expected.reason;
    if (same) {
        const std::string flaw = flaw_of_headers(expected, exchange.answer);
        if (flaw.empty() && expected.status == 401 && exchange.answer.count("WWW-Authenticate") > 1)
            return is_doubtful(
                name, "the caller gets " + wanted + ", but WWW-Authenticate more than once",
                "nginx adds the one of its question to the one of the answer; what "
                "`hourgate snippets nginx` prints says it once");
        if (flaw.empty())
            return is_ok(name, "the caller gets " + wanted + ", in full");
        return is_bad(name, "the caller gets " + wanted + ", but " + flaw,
                      "let the proxy pass on the headers of the gate's answer as they are");
    }
    if (exchange.reason == "too_many_failures")
        return is_skipped(name, "this address has had too many failures; again in a minute");
    const std::string gets = "the caller gets " + std::to_string(got);
    if (gate_refused == false)
        return is_bad(name, "the gate did not refuse, where it should with " + wanted + "; " + gets,
                      "is another gate or another configuration behind that address?");
    if (got >= 500)
        return is_bad(name,
                      "the gate refuses with " + wanted + ", " + gets +
                          ": the proxy turns refusals into failures of its own",
                      fix);
    if (got == expected.status)
        return is_bad(name, gets + " without the gate's answer: neither why nor how to fix it",
                      fix);
    if (got >= 400)
        return is_bad(name,
                      gets + " instead of " + wanted +
                          ": a caller that is told the wrong thing fixes the wrong thing",
                      fix);
    return is_bad(name,
                  gets + " where the gate refuses with " + wanted +
                      ": the proxy does not ask it, or does not heed it",
                  "put auth_request or forward_auth before everything that serves this path");
}

Check about_counting(const Evidence& evidence) {
    const std::string name = "counted once";
    if (!evidence.noted)
        return is_skipped(name, "the server had not written down the calls within six seconds");
    const auto sent = static_cast<std::int64_t>(evidence.paid.size()) + evidence.unpaid.has_value();
    const std::int64_t decided = evidence.of_caller.all();
    const std::string numbers = std::to_string(sent) + " calls were sent, " +
                                std::to_string(decided) + " decided by the gate";
    if (decided > sent)
        return is_bad(name,
                      numbers +
                          ": the proxy asks more than once for one call, and callers "
                          "get less than they pay for",
                      "nginx asks again when it redirects internally (index, try_files, "
                      "X-Accel-Redirect): set [trust] ask_id = \"X-Ask-Id\" and print `hourgate "
                      "snippets nginx` again; elsewhere let one place ask");
    if (decided < sent)
        return is_bad(name, numbers + ": the proxy answers some without asking",
                      "take the gate's answers out of every cache (proxy_cache, auth caches): each "
                      "call is to be asked about");
    return is_ok(name, numbers);
}

Check about_api(const Evidence& evidence) {
    const std::string name = "API";
    const std::int64_t calls = evidence.of_caller.of("granted");
    if (evidence.paid.empty())
        return is_skipped(name, "no paid call was sent");
    if (!evidence.noted)
        return is_skipped(name, "the server had not written down the calls within six seconds");
    if (calls == 0)
        return is_skipped(name, "the gate granted none of the calls");
    const std::string granted =
        "the gate granted " + std::to_string(calls) + (calls == 1 ? " call" : " calls");
    const auto fails = [](const ProbeResult& one) {
        return one.answer.status == 502 || one.answer.status == 504;
    };
    const auto failed = std::find_if(evidence.paid.begin(), evidence.paid.end(), fails);
    const bool answered =
        std::any_of(evidence.paid.begin(), evidence.paid.end(), [&](const ProbeResult& one) {
            return one.failed.empty() && one.reason.empty() && !fails(one);
        });
    if (failed == evidence.paid.end() || answered)
        return is_ok(name, granted + ", and the API answers");
    return is_bad(name,
                  granted + ", but the caller gets " + std::to_string(failed->answer.status) +
                      (failed->reason.empty() ? "" : " " + failed->reason) +
                      ": the API behind it does not answer",
                  "start the API, or correct its address in the proxy or in [upstream] url");
}

Check about_limit_headers(const Evidence& evidence) {
    const std::string name = "limit headers";
    const std::int64_t calls = evidence.of_caller.of("granted");
    const auto granted = std::find_if(evidence.paid.begin(), evidence.paid.end(),
                                      [](const ProbeResult& one) { return one.reason.empty(); });
    if (granted == evidence.paid.end())
        return is_skipped(name, calls == 0 ? "the gate granted none of the calls"
                                           : "the gate granted " + std::to_string(calls) +
                                                 " calls, but the API answered none of them");
    if (!has_limits(*granted))
        return is_doubtful(
            name,
            "granted calls come without RateLimit and X-RateLimit-*: callers see a limit only when "
            "they are refused",
            "what `hourgate snippets PROXY` prints for nginx, Caddy and HAProxy passes them on");
    std::string left;
    for (const ProbeResult& one : evidence.paid)
        if (one.reason.empty())
            left.append(left.empty() ? "" : ", ")
                .append(one.answer.header("X-RateLimit-Remaining"));
    return is_ok(name, "granted calls say what is left" + (left.empty() ? "" : ": " + left));
}

Check about_identity(const Evidence& evidence) {
    const std::string name = "identity headers";
    if (!evidence.forged)
        return is_skipped(name, "nothing was sent");
    const ProbeResult& forged = *evidence.forged;
    if (forged.reason == "forged_header" && forged.answer.status == 400)
        return is_ok(name, "a made-up X-Hourgate-Role is refused with 400 (forged_header)");
    bool echoed = forged.answer.body.find(evidence.forged_role) != std::string::npos;
    for (const http::Header& header : forged.answer.headers)
        echoed = echoed || header.value.find(evidence.forged_role) != std::string::npos;
    const std::string set_all =
        "if the proxy is set up as `hourgate snippets PROXY` prints, nothing: it removes or "
        "replaces "
        "what callers send. Else set all eight X-Hourgate-* headers of the request to the API from "
        "the gate's answer, as it does";
    if (echoed)
        return is_bad(name,
                      "a made-up X-Hourgate-Role arrived at the API, which repeated it: any caller "
                      "may be anybody there",
                      set_all);
    if (forged.answer.status / 100 == 2 || evidence.of_forger.of("granted") > 0)
        return is_doubtful(
            name,
            "a made-up X-Hourgate-Role did not reach the gate, which would have refused it. "
            "It is not possible to tell from here whether the API saw it",
            set_all);
    return about_refusal({name, 400, "forged_header"}, forged, std::nullopt);
}

/// Reports on calls from the usual address of this machine's programs, which may be in
/// trust.proxies. REQUIRES: calls from the other address are seen correctly, as `seen` says.
Check about_near_address(const Evidence& evidence, const std::string& seen) {
    const std::string name = "client address";
    const std::string& near = evidence.near_source;
    const std::string& from = evidence.of_near.from;
    const std::string& claimed = evidence.of_near_claimer.from;
    const bool believed = claimed == evidence.claimed_address;
    if (near.empty() || evidence.of_near.all() == 0)
        return is_ok(name, seen);
    if (from.empty())
        return is_doubtful(
            name,
            seen + ". But for a call from " + near +
                ", which is in trust.proxies, it sees no address" +
                (believed ? ", or the one that is made up in X-Forwarded-For" : "") +
                ": nothing that sets X-Forwarded-For is in front of it. Programs of this machine " +
                (believed ? "choose their own address, and the API is told \"unknown\" of others"
                          : "have none, and the API is told \"unknown\""),
            "if nothing is in front of the gate: `proxies = []` in [trust]. If only this way is "
            "without a proxy, call the one that your callers use");
    if (believed)
        return is_ok(name, seen + ". A call from " + near +
                               " may name any address in X-Forwarded-For: the proxy appends to "
                               "what its caller sends, and trust.proxies has " +
                               near);
    return is_ok(name, seen + "; a call from " + near + " is seen as " + from);
}

Check about_address(const Evidence& evidence) {
    const std::string name = "client address";
    if (!evidence.noted)
        return is_skipped(name, "the server had not written down the calls within six seconds");
    if (evidence.of_claimer.all() == 0)
        return is_skipped(name, "no call of this kind was decided");
    const std::string& from = evidence.of_claimer.from;
    const std::string fix =
        "nginx: `proxy_set_header X-Forwarded-For $remote_addr;` in the request to the gate, with "
        "what else `hourgate snippets nginx --in-front` prints (caddy, haproxy) if the proxy "
        "forwards to the gate; Caddy does so by itself unless trusted_proxies says otherwise; "
        "[trust] proxies must have your proxies alone";
    // The calls without X-Forwarded-For show what the proxy itself sends.
    if (from == evidence.claimed_address && evidence.of_caller.all() > 0 &&
        evidence.of_caller.from.empty())
        return is_bad(name,
                      "the gate believed " + from +
                          ", which was made up in X-Forwarded-For, and does not know where calls "
                          "without that header come from: the proxy passes on what callers say and "
                          "says nothing itself. Callers choose their own address",
                      fix);
    if (from == evidence.claimed_address && evidence.source_is_proxy)
        return is_doubtful(
            name,
            "the gate believed " + from +
                ", which was made up in X-Forwarded-For. This call came "
                "from " +
                evidence.source +
                ", which is in trust.proxies: from there a proxy that only "
                "appends looks the same as one that is deceived",
            "run it with an address of the proxy that other machines use; or " + fix);
    if (from == evidence.claimed_address)
        return is_bad(name,
                      "the gate believed " + from +
                          ", which was made up in X-Forwarded-For: an attacker who tries tokens is "
                          "never counted, and may lock out others",
                      fix);
    if (from.empty())
        return is_bad(name,
                      "the gate does not know where callers come from, so it counts neither their "
                      "failures nor their calls to public resources: the proxy sends no "
                      "X-Forwarded-For, or none that can be read",
                      fix);
    if (evidence.source.empty() || from == evidence.source)
        return about_near_address(
            evidence, "the gate sees " + from + ", and not what is made up in X-Forwarded-For");
    const auto address = Address::parse(from);
    if (from == evidence.near_source || (address && ops::is_loopback(*address)))
        return is_bad(
            name,
            "the gate sees " + from + " for a call from " + evidence.source +
                ": that is the proxy. All callers share one count of failures",
            "name the proxy's address in [trust] proxies, if it is not there; and in " + fix);
    return is_doubtful(name,
                       "the gate sees " + from + " for a call that left from " + evidence.source +
                           ": right if a NAT lies between, else it is a proxy "
                           "that is not in trust.proxies",
                       "add the proxy's address to [trust] proxies if it is one");
}

Check about_own_routes(const Evidence& evidence) {
    const std::string name = "around the proxy";
    const std::string fix =
        "let the proxy forward to your API alone, and nothing to the ask and admin listeners";
    if (!evidence.ask || !evidence.admin || !evidence.metrics)
        return is_skipped(name, "nothing was sent");
    if (!evidence.workspace.empty() &&
        evidence.ask->answer.header("X-Hourgate-Workspace") == evidence.workspace)
        return is_bad(name,
                      "the ask listener is reached at /_hourgate/auth/nginx: anybody with a token "
                      "can ask in anybody's name, and others may try tokens",
                      fix);
    if (evidence.metrics->answer.body.find("hourgate_decisions_total") != std::string::npos)
        return is_bad(name, "the admin listener is reached: /metrics is open to everybody", fix);
    const ProbeResult& admin = *evidence.admin;
    const Json body = Json::parse(admin.answer.body, nullptr, false);
    const std::string required =
        body.is_object() && body.contains("error") && body["error"].is_object()
            ? text_in(body["error"], "requiredRole")
            : std::string();
    if (required == "operator")
        return is_bad(name, "the admin listener is reached at /admin/v1", fix);
    return is_ok(name, "/_hourgate/auth, /admin/v1 and /metrics are not reached");
}

Check about_other_hosts(const Evidence& evidence) {
    const std::string name = "other hosts";
    if (!evidence.elsewhere)
        return is_skipped(name, "nothing was sent");
    const ProbeResult& other = *evidence.elsewhere;
    const std::string host = "Host: " + evidence.other_host;
    if (!other.failed.empty())
        return is_ok(name, "a call with " + host + " is not answered");
    if (!other.reason.empty() || !other.answer.header("X-Hourgate-Decision").empty())
        return is_ok(name, "a call with " + host + " asks the gate, too");
    const int status = other.answer.status;
    if (status >= 400)
        return is_ok(name, "a call with " + host + " gets " + std::to_string(status));
    return is_doubtful(
        name,
        "a call with " + host + " gets " + std::to_string(status) +
            " from a site that asks nobody; if that site leads to your API, callers go around the "
            "gate by it",
        "let the default server of the address refuse, as in nginx's `server { listen 80 "
        "default_server; return 444; }`");
}

Check about_text(const Evidence& evidence, const std::vector<std::string>& marks) {
    const std::string name = "snippet";
    if (!evidence.text)
        return is_skipped(name, "nothing was sent");
    std::string_view said = evidence.text->answer.body;
    if (said.ends_with('\n'))
        said.remove_suffix(1);
    if (std::find(marks.begin(), marks.end(), said) != marks.end())
        return is_ok(name, "the proxy has the text that `hourgate snippets` prints now");
    const std::string_view proxy = said.substr(0, said.find(' '));
    const bool is_ours = evidence.text->answer.status == 200 && said.size() < 40 &&
                         std::any_of(marks.begin(), marks.end(), [&](const std::string& mark) {
                             return std::string_view(mark).substr(0, mark.find(' ')) == proxy;
                         });
    if (is_ours)
        return is_doubtful(name, "the proxy has a text of another version of Hourgate",
                           "print it again: `hourgate snippets " + std::string(proxy) +
                               "`, with the same options as before");
    return is_skipped(name,
                      "the proxy does not say which text it has: it was written by hand, or "
                      "printed by an earlier version");
}

std::vector<Check> findings_of(const Evidence& evidence, const std::vector<std::string>& marks) {
    std::vector<Check> out;
    const auto noted = [&](const Noted& about, std::string_view reason) {
        return evidence.noted ? std::optional(about.of(reason) > 0) : std::nullopt;
    };
    const auto refusal = [&](const Expected& expected, const ProbeResult* exchange,
                             std::optional<bool> gate_refused) {
        if (evidence.observed)
            out.push_back(is_skipped(std::string(expected.name),
                                     "gate.mode is \"observe\": nothing is refused"));
        else if (exchange != nullptr)
            out.push_back(about_refusal(expected, *exchange, gate_refused));
    };
    const auto in = [](const std::optional<ProbeResult>& one) { return one ? &*one : nullptr; };
    refusal({"401 who", 401, "no_credentials"}, in(evidence.anonymous), std::nullopt);
    if (!evidence.unpaid)
        return out;
    refusal({"402 paid", 402, "plan_without_api"}, in(evidence.unpaid),
            noted(evidence.of_caller, "plan_without_api"));
    refusal({"403 may", 403, "scope_missing"}, in(evidence.narrow),
            noted(evidence.of_narrow, "scope_missing"));
    refusal({"429 room", 429, "window_full"},
            evidence.paid.empty() ? nullptr : &evidence.paid.back(),
            noted(evidence.of_caller, "window_full"));
    out.push_back(about_counting(evidence));
    out.push_back(about_api(evidence));
    out.push_back(about_limit_headers(evidence));
    if (!evidence.observed)
        out.push_back(about_identity(evidence));
    out.push_back(about_address(evidence));
    out.push_back(about_own_routes(evidence));
    out.push_back(about_other_hosts(evidence));
    out.push_back(about_text(evidence, marks));
    return out;
}

}  // namespace hourgate::cli
