#include "http/manage/failure.h"

#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/time_text.h"
#include "http/decision/json.h"

namespace hourgate::http {

namespace {

struct Fix {
    std::string_view reason;
    std::string_view text;
};

/// By Failure::reason. A next step from manage/ that names no command needs no row.
constexpr std::array fixes = {
    Fix{"not_found", "Look at the list it should be in; what you may not see is not found either."},
    Fix{"member_removed", "Restore the member first."},
    Fix{"too_many_tokens", "Revoke one that is not used any more."},
    Fix{"not_rotatable", "Mint a new token, or rotate its successor."},
    Fix{"line_ended", "Mint a new token."},
    Fix{"unknown_scope",
        "Name a resource of this gate: resource:read, resource:write or "
        "resource:*, or *:read for all of them."},
    Fix{"bad_prefix", "Give the 12 hex digits between the second and the third '_' of the token."},
    Fix{"bad_email", "Write an address like ann@example.com; a service has a name instead."},
    Fix{"ambiguous_member", "Name the member by id."},
    Fix{"last_owner", "Make somebody else owner first."},
    Fix{"member_exists", "Change or restore the member named in conflictsWith."},
    Fix{"workspace_in_use", "Revoke the tokens of the workspace first."},
    Fix{"plan_in_use", "Move its workspaces to another plan first."},
    Fix{"too_many_plans", "Remove a plan that no workspace is on."},
};

struct Kind {
    int status;
    std::string_view code;
};
Kind kind_of(Fault fault) noexcept {
    switch (fault) {
        case Fault::usage:
            return {422, "validation_error"};
        case Fault::not_found:
            return {404, "not_found"};
        case Fault::conflict:
            return {409, "conflict"};
        case Fault::forbidden:
            return {403, "forbidden_scope"};
        case Fault::full:
            return {429, "rate_limited"};
        case Fault::config:
        case Fault::store:
        case Fault::permission:
        case Fault::system:
            return {503, "unavailable"};
    }
    return {503, "unavailable"};
}

/// Turns "there is no plan" into "There is no plan."
std::string sentence(std::string_view text) {
    std::string out(text);
    if (!out.empty())
        out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    if (!out.empty() && out.back() != '.')
        out += '.';
    return out;
}

/// Describes a full window in the way that refusals do.
void add_window(Json& members, const FullWindow& window, const Decision& decision) {
    const std::int64_t now_s = (decision.now.wall_ms + ms_per_s - 1) / ms_per_s;
    members["window"] = window.name;
    members["limit"] = window.limit;
    members["windowSeconds"] = window.seconds;
    members["per"] = "member";
    members["retryAfter"] = window.retry_after_s;
    members["retryAt"] = format_time((now_s + window.retry_after_s) * ms_per_s);
}

Response answer_with(int status, Json members, const Decision& decision,
                     const ReplySettings& settings, Format format) {
    Response answer = framed_error(status, std::move(members), {settings, format, &decision});
    if (status == 403)
        answer.headers.push_back({"WWW-Authenticate", "Bearer realm=\"" + settings.realm +
                                                          "\", error=\"insufficient_scope\""});
    return answer;
}

}  // namespace

std::string fix_of(const Failure& failure) {
    for (const Fix& fix : fixes)
        if (fix.reason == failure.reason)
            return std::string(fix.text);
    const bool names_a_command = failure.next.find('`') != std::string::npos;
    return names_a_command ? "Ask the people who run the gate." : sentence(failure.next);
}

Response failure_answer(const Failure& failure, const Decision& decision,
                        const ReplySettings& settings, Format format) {
    const Kind kind = kind_of(failure.fault);
    Json members = {{"code", kind.code}, {"reason", failure.reason}};
    if (kind.status == 503) {
        // Details of files and users are for operators and their log, not for callers.
        members["reason"] = "store_failed";
        members["message"] = "The gate could not read or write its database: nothing was changed.";
        members["fix"] =
            "Send the call again in a few seconds; if that does not help, tell the operator.";
        if (decision.facts && decision.facts->is_operator()) {
            members["message"] = sentence(failure.what);
            members["fix"] = sentence(failure.next);
        }
        return answer_with(503, std::move(members), decision, settings, format);
    }
    if (failure.reason.empty())
        members["reason"] = kind.code;
    members["message"] = sentence(failure.what);
    members["fix"] = fix_of(failure);
    if (!failure.field.empty())
        members["fields"] = Json{{std::string(failure.field), failure.what}};
    else if (kind.status == 422)
        members["fields"] = Json::object();
    if (!failure.object.empty())
        members["conflictsWith"] = failure.object;
    if (kind.status == 403 || kind.status == 429)
        add_lapse(members, decision, settings);
    if (kind.status != 429)
        return answer_with(kind.status, std::move(members), decision, settings, format);
    add_window(members, failure.window, decision);
    Response answer = answer_with(429, std::move(members), decision, settings, format);
    answer.headers.push_back({"Retry-After", std::to_string(failure.window.retry_after_s)});
    return answer;
}

namespace {

/// Adds the flaws as "fields". Returns their names as a list: "name, per".
std::string put_fields(Json& members, const std::map<std::string, std::string>& flaws) {
    Json fields = Json::object();
    std::string names;
    for (const auto& [name, message] : flaws) {
        fields[name] = message;
        names += (names.empty() ? "" : ", ") + name;
    }
    members["fields"] = std::move(fields);
    return names;
}

}  // namespace

Response fields_answer(const std::map<std::string, std::string>& flaws, const Decision& decision,
                       const ReplySettings& settings, Format format) {
    Json members = {{"code", "validation_error"},
                    {"reason", "invalid_fields"},
                    {"message", ""},
                    {"fix", "Correct the fields listed in 'fields', then send the call again."}};
    members["message"] = "Invalid fields: " + put_fields(members, flaws) + ".";
    return answer_with(422, std::move(members), decision, settings, format);
}

Response question_answer(const Failure& first, const std::map<std::string, std::string>& flaws,
                         const ErrorFrame& frame) {
    Json members = {{"code", "bad_request"},
                    {"reason", "bad_request"},
                    {"message", first.what},
                    {"fix", first.next}};
    (void)put_fields(members, flaws);
    if (flaws.size() > 1)
        members["fix"] = "Correct the fields listed in 'fields', then ask again.";
    return framed_error(400, std::move(members), frame);
}

}  // namespace hourgate::http
