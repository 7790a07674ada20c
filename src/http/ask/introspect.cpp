#include "http/ask/introspect.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "http/decision/json.h"
#include "policy/reached.h"

namespace hourgate::http {

namespace {

constexpr std::size_t parameters_max = 16;

Failure wrong(std::string what, std::string next) {
    return {Fault::usage, std::move(what), std::move(next)};
}

/// Decodes a form value (WHATWG URL section 5.1). Returns nullopt for a '%' without two hex digits.
/// The result is never longer than `text`, so that no copy is left in memory.
std::optional<Secret> decoded(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at] == '+' ? ' ' : text[at];
            continue;
        }
        const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
        if (low < 0) {
            wipe(out);
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return Secret(std::move(out));
}

std::int64_t seconds_of(std::int64_t time_ms) noexcept {
    return time_ms / ms_per_s;  // rounded down, so that it never exceeds its real life
}

std::optional<std::int64_t> end_of(const TokenFacts& token) noexcept {
    if (!token.expires_ms || !token.works_until_ms)
        return token.expires_ms ? token.expires_ms : token.works_until_ms;
    return std::min(*token.expires_ms, *token.works_until_ms);
}

}  // namespace

Result<Secret> read_form(std::string_view body) {
    std::vector<Secret> names;  // a token may be in the wrong place
    Secret token;
    for (const std::string_view pair : split(body, '&')) {
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (equals + 1 >= pair.size())
            continue;  // no value: RFC 6749 section 3.2 treats it as omitted
        auto name = decoded(pair.substr(0, equals));
        auto value = decoded(pair.substr(equals + 1));
        if (!name || !value)
            return wrong("The body has a '%' that two hex digits do not follow.",
                         "Write '%' itself as %25.");
        for (const Secret& known : names)
            if (known.reveal() == name->reveal())
                return wrong("A parameter is there twice.", "Send each once.");
        if (names.size() == parameters_max)
            return wrong("The body has too many parameters.",
                         "Send token, and if need be token_type_hint.");
        if (name->reveal() == "token")
            token = *std::move(value);
        names.push_back(*std::move(name));
    }
    if (token.empty())
        return wrong("The parameter 'token' is missing.", "Send token=… as a form.");
    return token;
}

Response introspection(const Decision& decision, const policy::Policy& policy) {
    Json json = {{"active", decision.reason == Reason::granted}};
    if (decision.reason == Reason::granted) {
        const Facts& facts = *decision.facts;
        const TokenFacts& token = facts.token;
        const Member& member = *facts.member;
        json["scope"] = policy::to_text(
            token.scopes.empty() ? policy::effective_scopes(policy, member.role) : token.scopes);
        json["client_id"] = token.prefix;
        json["username"] = member.email.empty() ? member.name : member.email;
        json["token_type"] = "Bearer";
        if (const auto end_ms = end_of(token)) {
            json["exp"] = seconds_of(*end_ms);
            json["expires_in"] = seconds_of(*end_ms - decision.now.wall_ms);
        }
        json["iat"] = seconds_of(token.created_ms);
        json["sub"] = member.public_id;
        json["jti"] = token.prefix;
        json["role"] = decision.role();
        json["plan"] = decision.plan->name;
        json["workspace"] = facts.workspace->public_id;
        json["env"] = token::to_text(token.env);
    }
    return {200,
            {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
            text_of(json) + "\n"};
}

}  // namespace hourgate::http
