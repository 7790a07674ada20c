#include "policy/resource.h"

#include <algorithm>
#include <optional>

#include "base/limits.h"
#include "base/text.h"

namespace hourgate::policy {

namespace {

constexpr std::string_view access_form =
    "write \"full\", \"none\", or words of read create update delete own";

Failure config(std::string what, std::string_view next) {
    return Failure{Fault::config, std::move(what), std::string(next)};
}

std::optional<Action> action_from(std::string_view word) noexcept {
    for (const Action action : all_actions)
        if (to_text(action) == word)
            return action;
    return std::nullopt;
}

/// Adds one word to the row. Returns false if it is unknown or a duplicate.
bool add_word(Access& access, std::string_view word) noexcept {
    if (word == "own") {
        const bool first = !access.own;
        access.own = true;
        return first;
    }
    const auto action = action_from(word);
    if (!action || access.has(*action))
        return false;
    access.add(*action);
    return true;
}

bool is_capture_name(std::string_view name) {
    return is_slug(lower(name), capture_name_bytes_max);
}

Failure off(std::string_view pattern, std::string_view what, std::string_view next) {
    return config("path '" + printable(pattern) + "': " + std::string(what), next);
}

/// Reads one segment of `pattern`, except the final "**".
Result<Segment> parse_segment(std::string_view text, std::string_view pattern) {
    if (text.empty())
        return off(pattern, "has an empty segment",
                   "write it without '//' and without '/' at the end, which calls may have anyway");
    if (text == "." || text == "..")
        return off(pattern, "has a dot segment", "write the path it stands for");
    if (text.find('*') != text.npos)
        return off(pattern, "has a '*' that is not the final '/**'",
                   "write {name} for one segment, and '/**' at the end for the rest");
    if (text.find_first_of("{}") == text.npos)
        return Segment{Segment::Kind::literal, std::string(text)};
    const std::size_t open = text.find_first_of("{}"), close = text.find_first_of("{}", open + 1);
    if (text[open] != '{' || close == text.npos || text[close] != '}' ||
        !is_capture_name(text.substr(open + 1, close - open - 1)))
        return off(pattern, "has a brace that is not of a {name}",
                   "a name begins with a letter and has letters, digits, '_' and '-', at most 32");
    if (text.find_first_of("{}", close + 1) != text.npos)
        return off(pattern, "has two captures in one segment",
                   "write one {name} in a segment, and what is fixed before or behind it");
    Segment capture{Segment::Kind::capture, std::string(text.substr(open + 1, close - open - 1))};
    capture.before = text.substr(0, open);
    capture.after = text.substr(close + 1);
    return capture;
}

std::optional<Failure> check_characters(std::string_view text) {
    if (!text.starts_with('/'))
        return off(text, "does not begin with '/'", "write the path as a caller sends it");
    if (text.size() > limits::target_bytes_max)
        return off(text, "is too long",
                   "a path has at most " + std::to_string(limits::target_bytes_max) + " bytes");
    if (text.find('%') != text.npos)
        return off(text, "has a '%'", "write paths decoded: a space, not %20");
    if (text.find_first_of("?#") != text.npos)
        return off(text, "has a '?' or '#'", "write the path alone: the query is not looked at");
    if (std::any_of(text.begin(), text.end(), is_control_byte) || !is_utf8(text))
        return off(text, "has a control byte or is not UTF-8", "write it as text");
    return std::nullopt;
}

}  // namespace

std::string_view to_text(Action action) noexcept {
    switch (action) {
        case Action::read:
            return "read";
        case Action::create:
            return "create";
        case Action::update:
            return "update";
        case Action::delete_:
            return "delete";
    }
    return "";
}

Result<Access> parse_access(std::string_view text) {
    Access access;
    if (text == "none")
        return access;
    if (text == "full") {
        for (const Action action : all_actions)
            access.add(action);
        return access;
    }
    for (const std::string_view word : split(text, ' ')) {
        if (!word.empty() && !add_word(access, word))
            return config("access '" + printable(text) + "': '" + printable(word) +
                              "' is unknown, written twice, or must stand alone",
                          access_form);
    }
    if (access.own && access.actions == 0)
        return config("access 'own' narrows nothing",
                      "add what of their own they may, as in \"read own\", or write \"none\"");
    if (access.actions == 0)
        return config("access '' has no word", access_form);
    return access;
}

std::string to_text(const Access& access) {
    if (access.actions == 0)
        return "none";
    std::string text;
    std::size_t count = 0;
    for (const Action action : all_actions) {
        if (!access.has(action))
            continue;
        if (count++ != 0)
            text += ' ';
        text += to_text(action);
    }
    if (access.own)
        return text + " own";
    return count == all_actions.size() ? "full" : text;
}

Result<Pattern> parse_pattern(std::string_view text) {
    if (auto failure = check_characters(text))
        return *std::move(failure);
    Pattern pattern;
    pattern.text = text;
    if (text == "/")
        return pattern;
    std::vector<std::string_view> parts = split(text.substr(1), '/');
    pattern.rest = parts.back() == "**";
    if (pattern.rest)
        parts.pop_back();
    for (const std::string_view part : parts) {
        auto segment = parse_segment(part, text);
        if (!segment)
            return segment.failure();
        if (segment.value().kind == Segment::Kind::capture) {
            const auto& segments = pattern.segments;
            const auto named_so = [&](const Segment& other) {
                return other.kind == Segment::Kind::capture && other.text == segment.value().text;
            };
            if (std::any_of(segments.begin(), segments.end(), named_so))
                return off(text, "captures {" + segment.value().text + "} twice",
                           "give each capture a name of its own");
            if (segment.value().text == "member")
                pattern.member_at = static_cast<int>(segments.size());
        }
        pattern.segments.push_back(std::move(segment).value());
    }
    if (pattern.segments.size() > limits::path_segments_max)
        return off(text, "has too many segments",
                   "a path has at most " + std::to_string(limits::path_segments_max));
    return pattern;
}

PathChecks PathSwitches::over(PathChecks rules) const noexcept {
    const auto set = [](bool& rule, const Switch& by) { rule = by.value_or(rule); };
    set(rules.encoded_slash, encoded_slash);
    set(rules.backslash, backslash);
    set(rules.control_byte, control_byte);
    set(rules.not_utf8, not_utf8);
    set(rules.dot_segment, dot_segment);
    set(rules.empty_segment, empty_segment);
    set(rules.semicolon, semicolon);
    set(rules.double_encoding, double_encoding);
    set(rules.case_variant, case_variant);
    set(rules.reading_variant, reading_variant);
    return rules;
}

}  // namespace hourgate::policy
