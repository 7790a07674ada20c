#include "http/proxy/rewrite.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/header_name.h"
#include "base/secret.h"
#include "base/text.h"
#include "http/decision/host_check.h"
#include "http/decision/json.h"
#include "http/decision/reply.h"
#include "http/decision/request_refusals.h"
#include "http/wire/response_writer.h"

namespace hourgate::http {

namespace {

/// The Host that the API gets if an HTTP/1.0 call has none. With an empty one, an API that builds
/// its own URL from host and path would take the start of the path for the host.
constexpr std::string_view host_of_none = "localhost";

/// Valid for one hop only (RFC 9110 section 7.6.1, RFC 9113 section 3.2.1), or about framing, which
/// the gate writes itself.
constexpr std::array<std::string_view, 12> hop_headers = {"Connection",
                                                          "Keep-Alive",
                                                          "Proxy-Connection",
                                                          "Proxy-Authenticate",
                                                          "Proxy-Authorization",
                                                          "TE",
                                                          "Trailer",
                                                          "Transfer-Encoding",
                                                          "Upgrade",
                                                          "HTTP2-Settings",
                                                          "Content-Length",
                                                          "Expect"};

/// The gate writes these itself.
constexpr std::array<std::string_view, 6> said_anew = {
    "Via", "Forwarded", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"};

constexpr std::string_view failed_code = "upstream_failed";  // of errors about the API
constexpr std::size_t head_bytes_usual = 1'024;              // most heads fit
/// An upper bound on what the gate adds to the caller's headers, for a token with many scopes.
constexpr std::size_t head_bytes_more = 8'192;

template <typename Names>
bool is_one_of(const Names& names, std::string_view name) noexcept {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view one) { return reads_as(name, one); });
}

void add(std::string& out, std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
}

/// Adds headers to a text. A control byte in a value becomes a space.
class Lines final : public HeaderSink {
public:
    explicit Lines(std::string& out) noexcept : out_(out) {}
    void add(std::string_view name, std::string_view value) override {
        const std::size_t from = out_.size() + name.size() + 2;
        http::add(out_, name, value);
        std::replace_if(out_.begin() + static_cast<std::ptrdiff_t>(from), out_.end() - 2,
                        is_control_byte, ' ');
    }

private:
    std::string& out_;
};

/// Leaves out what only the API may say: whether its responses may be stored.
class Added final : public HeaderSink {
public:
    explicit Added(std::string& out) noexcept : lines_(out) {}
    void add(std::string_view name, std::string_view value) override {
        if (name != "Cache-Control")
            lines_.add(name, value);
    }

private:
    Lines lines_;
};

/// How far the peer is trusted.
struct Believed {
    bool is_proxy = false;       ///< it is in trust.proxies
    bool names_client = false;   ///< it also names the client
    bool authorization = false;  ///< Authorization is forwarded
};

/// Returns true if the proxy itself wrote this header. It overwrites only the spelling that it
/// knows; another spelling, or a second line, may be its client's.
bool is_a_proxys_word(const RequestView& request, std::string_view name) noexcept {
    return is_plainly_spelled(name) && request.count(name) == 1;
}

/// Returns true if the API gets this header of the caller.
bool goes_upstream(const RequestView& request, const ConnectionOptions& connection,
                   std::string_view name, const Believed& believed) noexcept {
    if (same_ignoring_case(name, "Host"))
        return true;  // even if Connection names it
    if (!is_forwardable(name) || is_one_of(hop_headers, name) || is_one_of(said_anew, name))
        return false;
    switch (claim_of(name)) {
        case Claim::identity:
        case Claim::target:
            return false;
        case Claim::user:
            if (is_beyond_removal(name))
                return false;  // may be the client's, behind a proxy that removes names one by one
            [[fallthrough]];
        case Claim::forwarded:
            return believed.is_proxy && is_a_proxys_word(request, name);
        case Claim::client_address:
            return believed.names_client && is_a_proxys_word(request, name);
        case Claim::method:  // refused earlier, unless the configuration allows it
        case Claim::nothing:
            break;
    }
    if (same_ignoring_case(name, "Authorization"))
        return believed.authorization;
    return !connection.has(name);
}

/// Returns the bytes of the target and the headers. The origin headers repeat some of them.
std::size_t bytes_of(const RequestView& request) noexcept {
    std::size_t bytes = request.target.size();
    for (const HeaderView& header : request.headers)
        bytes += header.name.size() + header.value.size() + 4;
    return bytes;
}

}  // namespace

bool is_authorization_for_api(const RequestView& request, const Decision& decision,
                              std::string_view brand) {
    const policy::Resource* const resource = decision.match.resource;
    const bool is_public = resource != nullptr && resource->is_public;
    const bool others_pass = resource != nullptr && resource->other_bearers_pass &&
                             decision.reason == Reason::granted &&
                             decision.presented == Presented::bearer;
    if (decision.facts || !(is_public || others_pass))
        return false;
    const std::string_view value = request.only("Authorization").value_or("");
    const std::size_t space = value.find_first_of(" \t");
    const std::string_view credentials = space == value.npos ? value : trimmed(value.substr(space));
    return !value.empty() && !token::of_brand(credentials, brand) &&
           token::blotted(value) == value && decision.misplaced != Misplaced::in_basic;
}

namespace {

/// Writes an address as in RFC 7239 section 4: IPv6 in brackets and quotes, or "unknown".
std::string forwarded_for(const std::optional<Address>& address) {
    if (!address)
        return "unknown";
    const std::string text = address->text();
    return text.find(':') == text.npos ? text : "\"[" + text + "]\"";
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        out += c;
    }
    return out + "\"";
}

void add_origin(std::string& out, const RequestView& request, const Decision& decision,
                const Trust& trust, const Believed& believed) {
    // The first hop is the caller in each of these headers; "unknown" if it is not known.
    std::string hops = decision.address ? "" : "unknown, ";
    if (believed.is_proxy)
        hops += believed_hops(request, trust);
    if (!hops.empty() && !hops.ends_with(", "))
        hops += ", ";
    add(out, "X-Forwarded-For", hops + request.peer.text());
    if (decision.address)
        add(out, "X-Real-IP", decision.address->text());
    const std::string_view host = request.only("Host").value_or(host_of_none);
    const auto told = [&](std::string_view name) {
        return believed.is_proxy ? only_as_read(request, name) : std::nullopt;
    };
    const auto told_proto = told("X-Forwarded-Proto");
    const auto told_host = told("X-Forwarded-Host");
    const std::string_view proto = told_proto && is_http_token(*told_proto) ? *told_proto : "http";
    const std::string_view asked = told_host && is_host(*told_host) ? *told_host : host;
    add(out, "X-Forwarded-Proto", proto);
    add(out, "X-Forwarded-Host", asked);
    add(out, "Forwarded",
        "for=" + forwarded_for(decision.address) + ";host=" + quoted(asked) +
            ";proto=" + std::string(proto));
}

void add_via(std::string& out, std::string_view before, int minor_version) {
    out.append("Via: ");
    if (!before.empty())
        out.append(before).append(", ");
    out.append("1.").append(Digits(minor_version)).append(" hourgate\r\n");
}

bool asks_for_websocket(const RequestHead& head) noexcept {
    return head.minor_version == 1 && head.body == RequestHead::Body::none &&
           head.request.method == "GET" && ConnectionOptions(head.request.headers).has("upgrade") &&
           same_ignoring_case(head.request.only("Upgrade").value_or(""), "websocket");
}

}  // namespace

ForwardedCall::ForwardedCall(const RequestHead& parsed, Decision decided,
                             const ReplySettings& its_settings, Upstream& its_upstream)
    : method(parsed.request.method),
      target(parsed.request.target),
      host(decided.host),
      decision(std::move(decided)),
      minor_version(parsed.minor_version),
      body(parsed.body),
      body_bytes(parsed.body_bytes),
      expects_continue(parsed.expects_continue),
      upgrades(asks_for_websocket(parsed)),
      upstream(its_upstream),
      settings(its_settings),
      format(format_for(parsed.request.joined("Accept"))),
      origin(parsed.request.only("Origin").value_or("")),
      sure_us(decision.now.boot_us) {
    decision.method = method;
    decision.target = target;
    decision.host = host;
    decision.request_id = {};
    decision.problem_detail = {};
    decision.scheme = {};
    decision.misplaced_in = {};
}

ForwardedCall::~ForwardedCall() {
    wipe(head);
}

void ForwardedCall::end(Response answer) {
    ending_ = std::move(answer);
    ended_.store(true, std::memory_order_release);
}

bool ForwardedCall::repeatable() const noexcept {
    constexpr std::array<std::string_view, 6> idempotent = {"GET", "HEAD",   "OPTIONS",
                                                            "PUT", "DELETE", "TRACE"};
    return body == RequestHead::Body::none &&
           std::find(idempotent.begin(), idempotent.end(), method) != idempotent.end();
}

void write_upstream_head(std::string& out, const RequestView& request,
                         const ForwardedCall& forwarded_call, const Trust& trust,
                         const UpstreamSettings& how, std::string_view brand) {
    const Decision& decision = forwarded_call.decision;
    const bool with_token = how.authorization == UpstreamSettings::Authorization::pass ||
                            is_authorization_for_api(request, decision, brand);
    const bool is_proxy = trust.proxies.contains(request.peer);
    const Believed believed{is_proxy, is_proxy && decision.address.has_value(), with_token};
    // Reserved in one step if a token is forwarded: growing would leave copies of it in memory.
    out.reserve(with_token ? head_bytes_more + 2 * bytes_of(request) : head_bytes_usual);
    out.append(forwarded_call.method)
        .append(" ")
        .append(forwarded_call.target)
        .append(" HTTP/1.1\r\n");
    if (request.count("Host") == 0)
        add(out, "Host", host_of_none);
    const ConnectionOptions connection(request.headers);
    for (const HeaderView& header : request.headers)
        if (goes_upstream(request, connection, header.name, believed))
            add(out, header.name, header.value);
    if (forwarded_call.upgrades)
        out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    if (forwarded_call.body == RequestHead::Body::chunked)
        add(out, "Transfer-Encoding", "chunked");
    else if (forwarded_call.body == RequestHead::Body::length ||
             request.count("Content-Length") > 0)
        add(out, "Content-Length", Digits(forwarded_call.body_bytes));
    add_origin(out, request, decision, trust, believed);
    const std::string via = request.joined("Via");
    if (how.via)
        add_via(out, via, forwarded_call.minor_version);
    else if (!via.empty())
        add(out, "Via", via);
    Lines lines(out);
    add_identity_headers(lines, decision);
    lines.add("X-Hourgate-Decision", shown_id(decision));
    out.append("\r\n");
}

void write_added_headers(std::string& out, const Decision& decision,
                         const ReplySettings& settings) {
    Added added(out);
    add_decision_headers(added, decision, settings);
}

Page page_of(const ForwardedCall& forwarded_call) noexcept {
    const bool configured = is_cors_origin(forwarded_call.origin, forwarded_call.settings);
    return {!forwarded_call.settings.cors_origins.empty(),
            configured ? std::string_view(forwarded_call.origin) : std::string_view()};
}

namespace {

/// Returns true if a list header (RFC 9110 section 5.6.1) has this member, ignoring case.
bool lists(std::string_view list, std::string_view member) {
    const std::vector<std::string_view> parts = split(list, ',');
    return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) {
        return same_ignoring_case(trimmed(part), member);
    });
}

/// What the upstream says about the pages that may read its response.
class CorsAnswer {
public:
    explicit CorsAnswer(const Page& page) noexcept : page_(page) {}

    /// Returns true if write() will write this header; it must be left out until then.
    [[nodiscard]] bool takes(std::string_view name, std::string_view value) {
        if (!page_.any)
            return false;
        if (same_ignoring_case(name, "Access-Control-Allow-Origin")) {
            says_ = true;
            allowed_ = !page_.origin.empty() && (value == "*" || value == page_.origin);
        } else if (same_ignoring_case(name, "Vary")) {
            varies_ = varies_ || lists(value, "Origin") || lists(value, "*");
        } else if (same_ignoring_case(name, "Access-Control-Expose-Headers")) {
            exposed_.append(exposed_.empty() ? "" : ", ").append(value);
            return true;
        }
        return false;
    }

    void write(std::string& out) const {
        std::string exposed = exposed_;
        if (allowed_)
            for (const std::string_view name : split(exposed_headers, ','))
                if (!lists(exposed_, trimmed(name)))
                    exposed.append(exposed.empty() ? "" : ", ").append(trimmed(name));
        if (!exposed.empty())
            add(out, "Access-Control-Expose-Headers", exposed);
        if (says_ && !varies_)
            add(out, "Vary", "Origin");
    }

private:
    const Page& page_;
    bool says_ = false;
    bool allowed_ = false;
    bool varies_ = false;
    std::string exposed_;
};

}  // namespace

void write_client_head(std::string& out, const ResponseHead& answer, std::string_view added,
                       Framing framing, After after, std::int64_t unix_s, const Page& page) {
    const bool interim = answer.status < 200 && answer.status != 101;
    const bool own_limits = added.find("RateLimit") != added.npos;
    // With two values, no reader could tell which one is meant; the API's applies to every call to
    // it.
    const bool own_sunset = added.find("Sunset: ") != added.npos;
    const ConnectionOptions connection(answer.headers);
    bool dated = false;
    CorsAnswer cors(page);
    std::string via;
    out.append("HTTP/1.1 ").append(Digits(answer.status)).append(" ");
    out.append(answer.phrase).append("\r\n");
    for (const auto& [name, value] : answer.headers) {
        if (same_ignoring_case(name, "Via")) {
            via.append(via.empty() ? "" : ", ").append(value);
            continue;
        }
        if (is_one_of(hop_headers, name) || claims_identity(name) || connection.has(name))
            continue;
        if (own_limits &&
            (reads_as_beginning(name, "RateLimit") || reads_as_beginning(name, "X-RateLimit-")))
            continue;
        if (own_sunset &&
            (same_ignoring_case(name, "Sunset") || same_ignoring_case(name, "Deprecation")))
            continue;
        dated |= same_ignoring_case(name, "Date");
        if (!cors.takes(name, value))
            add(out, name, value);
    }
    cors.write(out);
    if (interim) {
        out.append("\r\n");
        return;
    }
    add_via(out, via, answer.minor_version);
    out.append(added);
    if (!dated)
        add(out, "Date", http_date_at(unix_s));
    if (answer.status == 101) {
        out.append("Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        return;
    }
    if (framing == Framing::chunked)
        add(out, "Transfer-Encoding", "chunked");
    else if (answer.says_length && answer.status != 204)
        add(out, "Content-Length", Digits(answer.length));
    out.append(after == After::close ? "Connection: close\r\n\r\n"
                                     : "Connection: keep-alive\r\n\r\n");
}

Response refusal_of(const ForwardedCall& forwarded_call, const Decision& decision) {
    Response answer = refusal(decision, forwarded_call.settings, forwarded_call.format);
    add_cors(answer, forwarded_call.origin, forwarded_call.settings);
    return answer;
}

ErrorFrame frame_of(const ForwardedCall& forwarded_call) noexcept {
    return {forwarded_call.settings, forwarded_call.format, &forwarded_call.decision,
            forwarded_call.origin};
}

int status_of(UpstreamFault fault) noexcept {
    return fault == UpstreamFault::timed_out ? 504 : 502;
}

std::string_view reason_of(UpstreamFault fault) noexcept {
    switch (fault) {
        case UpstreamFault::unreachable:
            return "upstream_unreachable";
        case UpstreamFault::broken:
            return "upstream_broken";
        case UpstreamFault::timed_out:
            return "upstream_timed_out";
    }
    return "";
}

Response answer_to(UpstreamFault fault, const ForwardedCall& forwarded_call, std::string_view how) {
    const auto failed = [&](std::string_view message, std::string_view fix) {
        return plain_error(status_of(fault), failed_code, reason_of(fault), message, fix,
                           frame_of(forwarded_call));
    };
    switch (fault) {
        case UpstreamFault::unreachable:
            return failed("The call was granted, but the API behind the gate cannot be reached.",
                          "Send it again later; if that does not help, tell the operator.");
        case UpstreamFault::broken:
            return failed("The call was granted, but the API behind the gate gave no whole answer" +
                              (how.empty() ? "" : ": " + std::string(how)) + ".",
                          "It may have taken effect: look before you send it again.");
        case UpstreamFault::timed_out:
            return failed(
                "The call was granted, but the API behind the gate did not answer in time.",
                "It may yet take effect: look before you send it again.");
    }
    return {500, {}, {}};
}

}  // namespace hourgate::http
