// What a token mints is never more than that token.
#include <utility>

#include "base/time_text.h"
#include "manage/tokens.h"

namespace hourgate::manage {

namespace {

Failure too_much(std::string_view field, std::string what, std::string next) {
    return {Fault::forbidden, std::move(what), std::move(next), "beyond_token", field};
}

/// The first of the scopes that is not held.
std::string first_beyond(const std::vector<policy::Scope>& asked,
                         const std::vector<policy::Scope>& held, policy::WriteScope write) {
    for (const policy::Scope& scope : asked)
        if (!policy::within({&scope, 1}, held, write))
            return policy::to_text(scope);
    return "";
}

}  // namespace

Result<Powers> narrow(const Powers& held, const Powers& asked, bool env_asked,
                      policy::WriteScope write) {
    Powers given = held;
    if (env_asked && asked.env != held.env)
        return too_much("env",
                        "a " + std::string(token::to_text(held.env)) + " token cannot mint a " +
                            std::string(token::to_text(asked.env)) + " token",
                        "ask for the same environment, or for none");
    if (!asked.scopes.empty()) {
        if (!policy::within(asked.scopes, held.scopes, write))
            return too_much("scopes",
                            "the scope " + first_beyond(asked.scopes, held.scopes, write) +
                                " is more than this token has",
                            "ask for scopes within: " + policy::to_text(held.scopes));
        given.scopes = asked.scopes;
    }
    if (asked.expires_ms) {
        if (held.expires_ms && *asked.expires_ms > *held.expires_ms)
            return too_much(
                "expiresAt",
                "an expiry of " + format_time(*asked.expires_ms) +
                    " is later than this token's own",
                "ask for " + format_time(*held.expires_ms) + " at the latest, or for none");
        given.expires_ms = asked.expires_ms;
    }
    return given;
}

}  // namespace hourgate::manage
