// Renders a document of http/why/why.h as a letter for people.
#include <algorithm>
#include <array>

#include "base/limits.h"
#include "base/text.h"
#include "base/visible.h"
#include "http/why/why.h"

namespace hourgate::http {

namespace {

constexpr std::size_t line_characters = 78;
constexpr std::size_t outcome_column = 24;
constexpr std::size_t saw_column = 35;

std::string text_at(const Json& json, const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

/// Returns the same as one safe line, since a record may come from an untrusted database.
std::string line_at(const Json& json, const char* name) {
    return visible_line(text_at(json, name));
}

const Json& member(const Json& json, const char* name) {
    static const Json nothing;
    const auto found = json.find(name);
    return found != json.end() ? *found : nothing;
}

/// Appends `text` in wrapped lines, each indented by `indent` spaces.
void add_wrapped(std::string& to, std::string_view text, std::size_t indent) {
    const std::string margin(indent, ' ');
    std::string line;
    const std::string shown = visible_line(text);
    for (const std::string_view word : split(shown, ' ')) {
        if (!line.empty() && indent + line.size() + 1 + word.size() > line_characters) {
            to.append(margin).append(line).append("\n");
            line.clear();
        }
        line.append(line.empty() ? "" : " ").append(word);
    }
    if (!line.empty())
        to.append(margin).append(line).append("\n");
}

void add_section(std::string& to, std::string_view title, std::string_view text) {
    if (text.empty())
        return;
    to.append("\n").append(title).append("\n");
    add_wrapped(to, text, 2);
}

/// Returns "granted", "refused with 403 (role_forbidden)" or "would have been refused: …".
std::string outcome_of(const Json& document) {
    const std::string reason = line_at(document, "reason");
    const bool observed = member(document, "observed") == true;
    const Json& status = member(document, "status");
    std::string number = status.is_number_integer() ? std::to_string(status.get<int>()) : "";
    const std::string failed = line_at(member(document, "upstream"), "reason");
    if (!failed.empty())
        return "granted by the gate, then failed behind it with " + number + " (" + failed + ")";
    if (reason == "granted")
        return "granted";
    if (observed)
        return "granted, because the gate only observes; it would have been refused (" + reason +
               ")";
    return "refused with " + number + " (" + reason + ")";
}

void add_asked(std::string& to, const Json& document) {
    const Json& asked = member(document, "asked");
    to.append("\nYou asked for\n");
    // The raw path could colour or break a terminal.
    const std::string path = printable(text_at(asked, "path"), limits::kept_path_bytes_max);
    to.append("  ").append(line_at(asked, "method")).append(" ").append(path);
    if (const std::string host = line_at(asked, "host"); !host.empty())
        to.append("\n  sent to ").append(host);
    if (const std::string api = line_at(asked, "api"); !api.empty())
        to.append("\n  of the API ").append(api);
    to.append("\n  at ").append(line_at(document, "at"));
    if (const std::string address = line_at(asked, "address"); !address.empty())
        to.append(", from ").append(address);
    if (const std::string id = line_at(asked, "requestId"); !id.empty())
        to.append(", as request ").append(id);
    to.append("\n");
}

void add_checks(std::string& to, const Json& document) {
    to.append("\nWhat was checked, in this order\n");
    int number = 0;
    for (const Json& question : member(document, "questions")) {
        std::string line = "  " + std::to_string(number++) + ". ";
        std::string asked = line_at(question, "question");
        if (!asked.empty())
            asked.front() = static_cast<char>(asked.front() - 'a' + 'A');
        line.append(asked).append("?");
        line.resize(std::max(line.size(), outcome_column), ' ');
        line.append(line_at(question, "outcome"));
        std::string saw;
        add_wrapped(saw, text_at(question, "saw"), saw_column);
        if (!saw.empty()) {
            line.resize(std::max(line.size(), saw_column), ' ');
            line.append(saw, saw_column);
        } else {
            line.append("\n");
        }
        to.append(line);
    }
}

void add_helpers(std::string& to, const Json& document) {
    const Json& who = member(document, "who");
    add_section(to, "Who can fix it", text_at(who, "text"));
    for (const Json& helper : member(who, "members"))
        if (helper.is_string())
            to.append("  - ").append(printable(helper.get<std::string>())).append("\n");
}

}  // namespace

std::string letter_of(const Json& document) {
    std::string letter =
        "Decision " + line_at(document, "decision") + ": " + outcome_of(document) + ".\n";
    add_asked(letter, document);
    add_checks(letter, document);
    const Json& upstream = member(document, "upstream");
    if (upstream.is_object()) {
        add_section(
            letter, "Where it failed",
            "The API at " + text_at(upstream, "place") + ": " + text_at(upstream, "what") + ".");
        add_helpers(letter, document);
    }
    const Json& error = member(document, "error");
    if (!error.is_object())
        return visible(letter);
    add_section(letter, "Where it stopped", text_at(error, "message"));
    const Json& because = member(error, "because");
    if (because.is_object())
        add_section(letter, "Why this call had no valid token", text_at(because, "message"));
    add_section(letter, "What to do", text_at(because.is_object() ? because : error, "fix"));
    if (because.is_object())
        add_wrapped(letter, text_at(error, "fix"), 2);
    add_helpers(letter, document);
    add_section(letter, "More about this", text_at(error, "docs"));
    return visible(letter);
}

Json shown_document(const std::string& document, std::span<const std::string> helpers) {
    Json shown = Json::parse(document, nullptr, false);
    if (!shown.is_object())
        return Json::object();
    if (!helpers.empty() && shown["who"].is_object()) {
        shown["who"]["members"] = Json::array();
        for (const std::string& helper : helpers)
            shown["who"]["members"].push_back(helper);
    }
    return shown;
}

std::vector<Role> helping_roles(const Json& document) {
    std::vector<Role> roles;
    const Json& listed = member(member(document, "who"), "roles");
    for (const Json& one : listed)
        if (one.is_string())
            if (const auto role = role_from(one.get<std::string>()))
                roles.push_back(*role);
    return roles;
}

}  // namespace hourgate::http
