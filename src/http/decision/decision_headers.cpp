#include "http/decision/decision_headers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "base/text.h"
#include "base/time_text.h"
#include "http/decision/refusal_texts.h"
#include "http/wire/response_writer.h"
#include "token/format.h"

namespace hourgate::http {

namespace {

constexpr std::string_view id_mark = "dec_";

/// Makes a text safe for a header value: only printable ASCII is kept, no matter who chose it. Uses
/// `changed` if `text` has anything else.
std::string_view header_safe(std::string_view text, std::string& changed) {
    if (is_printable_ascii(text))
        return text;
    changed = text;
    std::replace_if(
        changed.begin(), changed.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return changed;
}

/// Makes a text safe for a quoted-string of WWW-Authenticate: RFC 6750 section 3 allows neither '"'
/// nor '\'.
std::string quoted_safe(std::string_view text) {
    std::string changed;
    std::string safe(header_safe(text, changed));
    std::replace_if(
        safe.begin(), safe.end(), [](char c) { return c == '"' || c == '\\'; }, '\'');
    return safe;
}

/// Returns the challenge of RFC 6750 section 3. Without a token of ours, it names only the scheme,
/// no error code.
std::string challenge(const Decision& decision, const ReplySettings& settings) {
    std::string value = "Bearer realm=\"" + quoted_safe(settings.realm) + "\"";
    if (status_of(decision.reason) == 403) {
        value += ", error=\"insufficient_scope\"";
        if (!decision.judgement.required_scope.empty())
            value += ", scope=\"" + quoted_safe(decision.judgement.required_scope) + "\"";
    } else if (decision.reason != Reason::no_credentials &&
               decision.reason != Reason::wrong_scheme) {
        value += ", error=\"invalid_token\", error_description=\"" +
                 quoted_safe(token::blotted(refusal_text(decision, settings).message)) + "\"";
    }
    return value;
}

/// A text that is built in place. It has space for all windows that a plan can have; longer ones,
/// which only a manual change of the database can make, are cut.
class Line {
public:
    Line& operator<<(std::string_view more) noexcept {
        more = more.substr(0, text_.size() - size_);
        std::memcpy(text_.data() + size_, more.data(), more.size());
        size_ += more.size();
        return *this;
    }
    operator std::string_view() const noexcept { return {text_.data(), size_}; }

private:
    static constexpr std::size_t window_bytes_max = 64;  // a name of 32 and two numbers of 10
    std::array<char, limits::windows_per_plan_max * window_bytes_max> text_;
    std::size_t size_ = 0;
};

/// Returns the index of the window that X-RateLimit-* show: the full one if the call was refused
/// for it, else the longest. REQUIRES: windows is not empty.
std::size_t window_to_show(const Decision& decision, std::span<const Window> windows) noexcept {
    const auto full = static_cast<std::size_t>(std::max(decision.room.full, 0));
    if (decision.reason == Reason::window_full && decision.room.full >= 0 && full < windows.size())
        return full;
    const auto longest =
        std::max_element(windows.begin(), windows.end(),
                         [](const Window& a, const Window& b) { return a.seconds < b.seconds; });
    return static_cast<std::size_t>(longest - windows.begin());
}

/// Adds X-RateLimit-*, RateLimit-Policy and RateLimit. No other function writes them.
void add_limit_headers(HeaderSink& to, const Decision& decision) {
    const std::span<const Window> windows = decision.windows();
    if (windows.empty())
        return;
    Line policy;
    Line left;
    for (std::size_t i = 0; i < windows.size(); ++i) {
        const Window& window = windows[i];
        const WindowState& state = decision.room.states[i];
        std::string changed;
        const std::string_view name = header_safe(window.name, changed);
        const std::string_view before = i == 0 ? "\"" : ", \"";
        policy << before << name << "\";q=" << Digits(window.limit)
               << ";w=" << Digits(window.seconds);
        left << before << name << "\";r=" << Digits(state.remaining)
             << ";t=" << Digits(state.reset_s);
    }
    const std::size_t shown = window_to_show(decision, windows);
    const WindowState& state = decision.room.states[shown];
    // Rounded up, as t is: a caller who waits until that second is never early.
    const std::int64_t now_s = (decision.now.wall_ms + ms_per_s - 1) / ms_per_s;
    to.add("X-RateLimit-Limit", Digits(windows[shown].limit));
    to.add("X-RateLimit-Remaining", Digits(state.remaining));
    to.add("X-RateLimit-Reset", Digits(now_s + state.reset_s));
    to.add("RateLimit-Policy", policy);
    to.add("RateLimit", left);
}

/// Adds notices about what is about to end. Few calls have any.
void add_notices(HeaderSink& to, const Decision& decision) {
    if (decision.standing.paid == Paid::in_grace)
        to.add("X-Hourgate-Plan-Lapses", format_time(decision.standing.lapses_ms));
    if (!is_live(decision))
        return;
    if (const auto expires_ms = expires_soon(decision))
        to.add("X-Hourgate-Token-Expires", format_time(*expires_ms));
    const TokenFacts& token = decision.facts->token;
    if (token.rotated_ms && token.works_until_ms) {
        to.add("Deprecation", "@" + std::to_string(*token.rotated_ms / ms_per_s));
        to.add("Sunset", http_date_at(*token.works_until_ms / ms_per_s));
    }
}

}  // namespace

std::string shown_id(const Decision& decision) {
    return std::string(id_mark).append(decision.id.begin(), decision.id.end());
}

std::optional<std::int64_t> expires_soon(const Decision& decision) noexcept {
    const auto& expires_ms = decision.facts->token.expires_ms;
    const bool soon = expires_ms && *expires_ms - decision.now.wall_ms <= limits::expiry_notice_ms;
    return soon ? expires_ms : std::nullopt;
}

bool is_live(const Decision& decision) noexcept {
    return decision.facts != nullptr && question_of(decision.reason) != 1;
}

void add_decision_headers(HeaderSink& to, const Decision& decision, const ReplySettings& settings) {
    if (decision.has_id())
        to.add("X-Hourgate-Decision",
               Line() << id_mark << std::string_view(decision.id.data(), decision.id.size()));
    to.add("Cache-Control", "no-store");
    const int status = status_of(decision.reason);
    if (decision.observed) {
        to.add("X-Hourgate-Would",
               std::to_string(status) + " " + std::string(to_text(decision.reason)));
    } else if (status == 401 || status == 403) {
        to.add("WWW-Authenticate", challenge(decision, settings));
    } else if (status == 429) {
        to.add("Retry-After", Digits(decision.room.retry_after_s));
    }
    if (settings.notices)
        add_notices(to, decision);
    add_limit_headers(to, decision);
}

void add_identity_headers(HeaderSink& to, const Decision& decision) {
    static const Facts nobody;
    const bool known = decision.facts != nullptr;
    const Facts& facts = known ? *decision.facts : nobody;
    const std::string_view plan =
        decision.plan != nullptr ? decision.plan->name : std::string_view();
    const std::string_view env = known ? token::to_text(decision.env) : std::string_view();
    const auto add = [&](std::string_view name, std::string_view value) {
        std::string changed;
        to.add(name, header_safe(value, changed));
    };
    add("X-Hourgate-Workspace", facts.workspace->public_id);
    add("X-Hourgate-Member", facts.member->public_id);
    add("X-Hourgate-Role", decision.role());
    add("X-Hourgate-Plan", plan);
    add("X-Hourgate-Token", facts.token.prefix);
    add("X-Hourgate-Env", env);
    add("X-Hourgate-Scopes", policy::to_text(facts.token.scopes));
    add("X-Hourgate-Own", decision.judgement.own);
}

bool is_cors_origin(std::string_view origin, const ReplySettings& settings) noexcept {
    const auto& origins = settings.cors_origins;
    return std::find(origins.begin(), origins.end(), origin) != origins.end();
}

void add_cors(Response& answer, std::string_view origin, const ReplySettings& settings) {
    if (!is_cors_origin(origin, settings))
        return;
    answer.headers.push_back({"Access-Control-Allow-Origin", std::string(origin)});
    answer.headers.push_back({"Access-Control-Expose-Headers", std::string(exposed_headers)});
    answer.headers.push_back({"Vary", "Origin"});
}

}  // namespace hourgate::http
