#include "http/manage/management.h"

#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "base/time_text.h"
#include "http/decision/json.h"
#include "http/manage/cursor.h"
#include "http/manage/failure.h"
#include "http/wire/structured_field.h"
#include "policy/path.h"
#include "token/blot.h"

namespace hourgate::http {

namespace {

bool is_json(const Request& request) noexcept {
    const std::string_view type = request.only("Content-Type").value_or("");
    return same_ignoring_case(trimmed(type.substr(0, type.find(';'))), "application/json");
}

/// Returns true if `pattern` matches the segments. Puts those that match "{}" into `captures`.
bool fits(std::string_view pattern, policy::Segments segments, std::vector<std::string>& captures) {
    captures.clear();
    const std::vector<std::string_view> wanted = split(pattern, '/');
    if (wanted.size() != segments.size())
        return false;
    for (std::size_t at = 0; at < wanted.size(); ++at) {
        if (wanted[at] == "{}")
            captures.emplace_back(segments[at]);
        else if (wanted[at] != segments[at])
            return false;
    }
    return true;
}

}  // namespace

namespace {

/// Returns the caller's address. If another party is at the other end of the connection, also
/// returns that one, because it named the address.
std::string from_of(const std::optional<Address>& address, const Request& request) {
    std::string from = address ? address->text() : "unknown";
    if (request.carrier == Carrier::unix_socket)
        from += " via a Unix socket";
    else if (address != request.peer)
        from += " via " + request.peer.text();
    return from;
}

}  // namespace

manage::Context ManagementCall::context() const {
    manage::Context context = services_.context();
    const Facts& facts = *decision_.facts;
    context.actor.token = facts.token.prefix;
    context.actor.who =
        facts.is_operator() ? "operator:" + facts.token.prefix : facts.member->public_id;
    context.actor.power = facts.is_operator() ? manage::Power::gate : manage::Power::workspace;
    context.actor.from = from_of(decision_.address, request_);
    context.now = decision_.now;
    return context;
}

/// Returns what a cursor is bound to: the reader, and the target without its cursor.
std::string ManagementCall::list_name() const {
    const Facts& facts = *decision_.facts;
    std::string name = facts.is_operator() ? "operator" : facts.member->public_id;
    name += '\n';
    name += policy::path_part(request_.target);
    const std::size_t mark = request_.target.find('?');
    if (mark == std::string::npos)
        return name;
    std::vector<std::string_view> pairs =
        split(std::string_view(request_.target).substr(mark + 1), '&');
    std::sort(pairs.begin(), pairs.end());
    for (const std::string_view pair : pairs)
        if (!pair.empty() && !pair.starts_with("cursor=") && !pair.starts_with("limit="))
            name.append("\n").append(pair);
    return name;
}

manage::Page ManagementCall::page() {
    limit_ = query.whole("limit", 1, limits::page_items_max).value_or(limits::page_items_default);
    manage::Page page{limit_};
    page.search = query.text("search").value_or("");
    if (page.search.size() > limits::search_bytes_max)
        query.refuse("search", "is longer than " + std::to_string(limits::search_bytes_max) +
                                   " bytes; look for a part of it");
    if (const auto cursor = query.text("cursor")) {
        page.after = read_cursor(*cursor, list_name(), services_.cursor_key);
        if (!page.after)
            query.refuse("cursor",
                         "was not given out for this list; leave it out for the first page");
    }
    return page;
}

manage::Sort ManagementCall::sort(const manage::ListOrder& order) {
    const manage::Sort usual = *manage::sort_from("", order);
    const auto text = query.text("sort");
    if (!text)
        return usual;
    if (const auto asked = manage::sort_from(*text, order); asked && !text->empty())
        return *asked;
    query.refuse_value("sort", manage::sorts_of(order));
    return usual;
}

manage::Page ManagementCall::page_by(const manage::ListOrder& order) {
    const manage::Sort asked = sort(order);
    manage::Page found = page();
    manage::put_sort(asked, found);
    return found;
}

ManagementCall::Period ManagementCall::period() {
    constexpr std::int64_t ahead_ms_max = 60 * ms_per_s;  // clocks differ by a little
    const Period asked{query.time("from", from_form, now_ms()),
                       query.time("until", until_form, now_ms())};
    if (asked.from_ms && *asked.from_ms > now_ms() + ahead_ms_max)
        query.refuse("from", "is in the future (" + format_time(*asked.from_ms) +
                                 "), from which nothing is on record; it is " +
                                 format_time(now_ms()) + " now");
    else if (asked.from_ms && asked.until_ms && *asked.from_ms >= *asked.until_ms)
        query.refuse("from", "is not before until (" + format_time(*asked.from_ms) + " and " +
                                 format_time(*asked.until_ms) + "); swap them");
    return asked;
}

std::optional<Response> ManagementCall::flawed() {
    std::map<std::string, std::string> flaws = query.flaws();
    flaws.insert(body.flaws().begin(), body.flaws().end());
    if (flaws.empty())
        return std::nullopt;
    return fields_answer(flaws, decision_, settings_, format_);
}

Response ManagementCall::answer(int status, std::string body_text) const {
    Response answer{status, {{"Content-Type", "application/json"}}, std::move(body_text)};
    ResponseHeaders to(answer);
    add_decision_headers(to, decision_, settings_);
    return answer;
}

Response ManagementCall::data(int status, const Json& data) const {
    return answer(status, text_of(Json{{"data", data}}) + "\n");
}

Response ManagementCall::text(std::string text) const {
    Response made = answer(200, std::move(text));
    made.headers.front().value = "text/plain; charset=utf-8";
    made.headers.push_back({"X-Content-Type-Options", "nosniff"});
    return made;
}

Response ManagementCall::data_with_token(int status, const Json& data, const Secret& token) const {
    // A token has no character that JSON escapes. It is inserted as text, so that no copy is left
    // behind.
    const std::string rest = text_of(data);
    std::string text = R"({"data":{"token":")";
    text.reserve(text.size() + token.reveal().size() + rest.size() + 8);
    text.append(token.reveal()).append("\",").append(rest, 1).append("}\n");
    Response made = answer(status, std::move(text));
    made.holds_token = true;
    return made;
}

Response ManagementCall::failed(const Failure& failure) const {
    return failure_answer(failure, decision_, settings_, format_);
}

Response ManagementCall::list_of(Json items, std::optional<manage::Position> next) const {
    const Json cursor =
        next ? Json(write_cursor(*next, list_name(), services_.cursor_key)) : Json(nullptr);
    return answer(200, text_of(Json{{"data", std::move(items)},
                                    {"pagination", {{"nextCursor", cursor}, {"limit", limit_}}}}) +
                           "\n");
}

Response ManagementCall::replayed(int status, std::string earlier) const {
    Response made = answer(status, std::move(earlier));
    made.headers.push_back({"Idempotent-Replayed", "true"});
    return made;
}

Routed route_of(std::span<const Route> routes, std::string_view method, policy::Segments segments) {
    const std::string_view wanted = method == "HEAD" ? "GET" : method;
    Routed routed;
    std::vector<std::string> captures;
    for (const Route& route : routes) {
        if (!fits(route.pattern, segments, captures))
            continue;
        routed.allowed += (routed.allowed.empty() ? "" : ", ") +
                          std::string(route.method == "GET" ? "GET, HEAD" : route.method);
        if (route.method != wanted)
            continue;
        routed.route = &route;
        routed.captures = captures;
    }
    return routed;
}

namespace {

/// Returns the owner of idempotency keys: a member or an operator token. A narrowed token shares
/// keys only within its token line, since it may not see those of others.
std::string owner_of_keys(const Facts& facts) {
    if (facts.is_operator())
        return "operator:" + facts.token.prefix;
    return facts.member->public_id +
           (facts.token.scopes.empty() ? "" : "/" + std::to_string(facts.token.line));
}

/// Returns the body without a new token. Copies only the parts around it.
std::string without_token(const Response& answer) {
    constexpr std::string_view before = R"({"data":{"token":)";
    if (!answer.holds_token)
        return answer.body;
    const std::string_view body = answer.body;
    const std::size_t end = body.find('"', before.size() + 1);
    std::string out(before);
    return out.append("null").append(body.substr(end + 1));
}

Failure key_used(std::string_view how, std::string next) {
    return {Fault::conflict, "this idempotency key was used " + std::string(how), std::move(next),
            "idempotency_key_used"};
}

/// Frees the key unless the call created something, also on an exception.
class Attempt {
public:
    Attempt(IdempotencyCache& repeats, std::string who, std::string key)
        : repeats_(repeats), who_(std::move(who)), key_(std::move(key)) {}
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;
    ~Attempt() {
        if (!made_)
            repeats_.drop(who_, key_);
    }
    void made(const Response& answer) {
        repeats_.finish(who_, key_, answer.status, without_token(answer));
        made_ = true;
    }

private:
    IdempotencyCache& repeats_;
    const std::string who_, key_;
    bool made_ = false;
};

/// Runs a route that creates something, once for each key.
Response run_once(const Route& route, ManagementCall& call, IdempotencyCache& repeats,
                  const std::string& key) {
    using Kind = IdempotencyCache::Found::Kind;
    const Request& request = call.request();
    const std::string who = owner_of_keys(*call.decision().facts);
    const std::string sent = request.method + "\n" + request.target + "\n" + request.body;
    IdempotencyCache::Found found = repeats.begin(who, key, sent, call.now_ms());
    switch (found.kind) {
        case Kind::answered:
            return call.replayed(found.status, std::move(found.body));
        case Kind::other:
            return call.failed(key_used("for another call", "use another key for each call"));
        case Kind::running:
            return call.failed(key_used("a moment ago, and that call has not been answered yet",
                                        "send it again in a second"));
        case Kind::lost:
            return call.failed(key_used("before, and its answer was not kept",
                                        "look at the list for what was made"));
        case Kind::fresh:
            break;
    }
    Attempt attempt(repeats, who, key);
    Response answer = route.run(call);
    if (answer.status < 300)
        attempt.made(answer);
    return answer;
}

/// Returns the key of the header if it is valid, by the same rule as for a mint.
std::optional<std::string> key_of(const Request& request) {
    auto key = read_string_item(request.only("Idempotency-Key").value_or(""));
    const bool fits = key && !key->empty() && key->size() <= limits::idempotency_key_bytes_max &&
                      is_printable_ascii(*key) && !token::looks_like_token(*key);
    return fits ? key : std::nullopt;
}

}  // namespace

Response managed(const Routed& routed, const Request& request, const Decision& decision,
                 const ManagementServices& services, const ReplySettings& settings, Format format,
                 const Suppose& suppose) {
    const ErrorFrame frame{settings, format, &decision};
    Fields body;
    if (routed.route->body == Body::json && !request.body.empty()) {
        if (!is_json(request))
            return plain_error(415, "bad_request", "wrong_content_type",
                               "The Content-Type is not application/json.",
                               "Send it with Content-Type: application/json", frame);
        Result<Fields> read = Fields::of_body(request.body);
        if (!read)
            return plain_error(400, "bad_request", read.failure().reason, read.failure().what,
                               read.failure().next, frame);
        body = std::move(read).value();
    }
    ManagementCall call(services, decision, settings, format, routed.captures, request, suppose,
                        Fields::of_query(request.target), std::move(body));
    const bool keyed = routed.route->creates == Creates::yes && services.repeats != nullptr &&
                       request.count("Idempotency-Key") > 0;
    if (!keyed)
        return routed.route->run(call);
    const std::optional<std::string> key = key_of(request);
    if (!key)
        return call.failed({Fault::usage, "the idempotency key does not fit",
                            "use 1 to " + std::to_string(limits::idempotency_key_bytes_max) +
                                " visible ASCII characters, in double quotes or without",
                            "bad_idempotency_key", "Idempotency-Key"});
    return run_once(*routed.route, call, *services.repeats, *key);
}

}  // namespace hourgate::http
