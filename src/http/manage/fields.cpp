#include "http/manage/fields.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "base/time_text.h"
#include "token/blot.h"

namespace hourgate::http {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t name_bytes_max = 64;

/// For a secret that would be stored and shown to others, in a name or in the audit log.
constexpr const char* has_token = "holds a token; give its prefix where a token is meant";

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const int high = text[at] == '%' && at + 2 < text.size() ? hex_digit(text[at + 1]) : -1;
        const int low = high >= 0 ? hex_digit(text[at + 2]) : -1;
        if (low >= 0) {
            out += static_cast<char>(high * 16 + low);
            at += 2;
        } else {
            out += text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

/// Returns a value as a message shows it: the beginning of a text, or the kind of a list or an
/// object.
std::string shown(const Json& value) {
    constexpr std::size_t characters_max = 60;
    if (value.is_string())
        return "'" + printable(token::blotted(value.get<std::string>()), characters_max) + "'";
    if (value.is_array())
        return "a list";
    if (value.is_object())
        return "an object";
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), characters_max);
}

std::string in_words(const std::set<std::string, std::less<>>& names) {
    std::string words;
    for (const std::string& name : names)
        words.append(words.empty() ? "" : ", ").append(name);
    return words;
}

/// Returns "scopes[2]".
std::string path_of(std::string_view list, std::size_t at) {
    return std::string(list) + "[" + std::to_string(at) + "]";
}

}  // namespace

namespace {

/// Finds the byte at which the text stops being JSON, counted from 1. Reads no value.
struct FlawFinder final : nlohmann::json_sax<Json> {
    std::size_t at = 0;
    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }
    bool start_object(std::size_t) override { return true; }
    bool key(string_t&) override { return true; }
    bool end_object() override { return true; }
    bool start_array(std::size_t) override { return true; }
    bool end_array() override { return true; }
    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        at = position;
        return false;
    }
};

std::size_t flaw_at(std::string_view body) {
    FlawFinder finder;
    (void)Json::sax_parse(body, &finder);
    return finder.at;
}

}  // namespace

Result<Fields> Fields::of_body(std::string_view body) {
    Fields fields;
    if (trimmed(body).empty())
        return fields;
    std::map<int, std::set<std::string>> seen;  // names of the open objects, by depth
    std::string twice;
    const auto each = [&](int depth, Json::parse_event_t event, Json& value) {
        if (event == Json::parse_event_t::object_start)
            seen[depth + 1].clear();
        if (event == Json::parse_event_t::key &&
            !seen[depth].insert(value.get<std::string>()).second)
            twice = value.get<std::string>();
        return true;
    };
    fields.members_ = Json::parse(body, each, false);
    if (fields.members_.is_discarded())
        return Failure{
            Fault::usage,
            "The body is not JSON: byte " + std::to_string(flaw_at(body)) + " does not fit.",
            "Send one JSON object in UTF-8.", "bad_json"};
    if (!fields.members_.is_object())
        return Failure{Fault::usage, "The body is not a JSON object.",
                       "Send one JSON object in UTF-8.", "bad_json"};
    if (!twice.empty())
        return Failure{Fault::usage,
                       "The body has the member " + shown(twice) + " twice in one object.",
                       "Send each member once.", "bad_json"};
    return fields;
}

Fields Fields::of_query(std::string_view target) {
    Fields fields;
    fields.is_query_ = true;
    const std::size_t mark = target.find('?');
    if (mark == target.npos)
        return fields;
    for (const std::string_view pair : split(target.substr(mark + 1), '&')) {
        if (pair.empty())
            continue;
        const std::size_t equals = pair.find('=');
        const std::string name = decoded(pair.substr(0, equals));
        const std::string value = equals == pair.npos ? "" : decoded(pair.substr(equals + 1));
        if (!is_plain_name(name, name_bytes_max) || !is_utf8(value))
            fields.flaws_["query"] = "is not readable";
        else if (fields.members_.contains(name))
            fields.refuse(name, "is there more than once; send it once");
        else
            fields.members_[name] = value;
    }
    return fields;
}

const Json* Fields::find(std::string_view name) {
    known_.emplace(name);
    const auto found = members_.find(std::string(name));
    return found == members_.end() ? nullptr : &*found;
}

bool Fields::has(std::string_view name) {
    return find(name) != nullptr;
}

std::optional<std::string> Fields::text(std::string_view name) {
    const Json* value = find(name);
    if (value == nullptr || value->is_null())
        return std::nullopt;
    if (!value->is_string()) {
        refuse_value(name, *value, "a text");
        return std::nullopt;
    }
    std::string given = value->get<std::string>();
    if (!token::looks_like_token(given))
        return given;
    refuse(name, has_token);
    return std::nullopt;
}

std::string Fields::needed_text(std::string_view name) {
    const Json* value = find(name);
    if (value == nullptr || value->is_null())
        refuse(name, "is missing; it has to be a text");
    return text(name).value_or("");
}

std::optional<bool> Fields::truth(std::string_view name) {
    const Json* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    if (value->is_boolean())
        return value->get<bool>();
    refuse_value(name, *value, "true or false");
    return std::nullopt;
}

std::optional<std::int64_t> Fields::whole(std::string_view name, std::int64_t least,
                                          std::int64_t most) {
    const Json* value = find(name);
    if (value == nullptr)
        return std::nullopt;
    std::optional<std::int64_t> number;
    if (is_query_) {
        if (const auto read =
                parse_number(value->get<std::string>(), static_cast<std::uint64_t>(INT64_MAX)))
            number = static_cast<std::int64_t>(*read);
    } else if (value->is_number_unsigned() && value->get<std::uint64_t>() <= INT64_MAX) {
        number = value->get<std::int64_t>();
    } else if (value->is_number_integer() && !value->is_number_unsigned()) {
        number = value->get<std::int64_t>();
    }
    if (number && *number >= least && *number <= most)
        return number;
    refuse_value(name, *value,
                 "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::vector<std::string> Fields::texts(std::string_view name, std::size_t count_max) {
    const Json* value = find(name);
    std::vector<std::string> texts;
    if (value == nullptr)
        return texts;
    if (!value->is_array()) {
        refuse_value(name, *value, "a list of texts");
        return texts;
    }
    if (value->size() > count_max)
        refuse(name, "has " + std::to_string(value->size()) + " items; it may have at most " +
                         std::to_string(count_max));
    for (std::size_t at = 0; at < value->size() && at < count_max; ++at) {
        const Json& item = (*value)[at];
        if (!item.is_string())
            refuse_value(path_of(name, at), item, "a text");
        else if (token::looks_like_token(item.get<std::string>()))
            refuse(path_of(name, at), has_token);
        else
            texts.push_back(item.get<std::string>());
    }
    return texts;
}

std::optional<std::int64_t> Fields::time(std::string_view name, DateMeans means) {
    const auto given = text(name);
    if (!given)
        return std::nullopt;
    const auto time_ms = parse_time(*given, means);
    if (!time_ms)
        refuse_value(name, "an instant of RFC 3339, a date such as 2027-01-31, or null for no end");
    return time_ms;
}

std::optional<std::int64_t> Fields::time(std::string_view name, TimeForm form,
                                         std::int64_t now_ms) {
    const auto given = text(name);
    if (!given)
        return std::nullopt;
    const auto time_ms = time_from(*given, form, now_ms);
    if (!time_ms && is_span(*given))
        refuse_value(name, "at most " + span_like(*given, span_s_max));
    else if (!time_ms)
        refuse_value(name,
                     "an instant of RFC 3339, a date such as 2027-01-31, yesterday, or a span such "
                     "as 2h, which means so long ago");
    return time_ms;
}

std::optional<std::int64_t> Fields::span_s(std::string_view name) {
    const auto given = text(name);
    if (!given)
        return std::nullopt;
    const auto seconds = parse_duration_s(*given);
    if (!seconds && is_span(*given))
        refuse_value(name, "at most " + span_like(*given, span_s_max));
    else if (!seconds)
        refuse_value(name, "a length of time such as 24h, 15m or 0");
    return seconds;
}

const Json* Fields::list(std::string_view name) {
    const Json* value = find(name);
    if (value == nullptr || value->is_array())
        return value;
    refuse_value(name, *value, "a list");
    return nullptr;
}

void Fields::refuse(std::string_view name, std::string message) {
    flaws_.emplace(token::blotted(name), std::move(message));
}

void Fields::refuse_value(std::string_view name, const Json& value, std::string_view allowed) {
    refuse(name, "is " + shown(value) + "; it has to be " + std::string(allowed));
}

void Fields::refuse_value(std::string_view name, std::string_view allowed) {
    if (const Json* value = find(name))
        refuse_value(name, *value, allowed);
}

const std::map<std::string, std::string>& Fields::flaws() {
    for (const auto& [name, value] : members_.items())
        if (known_.find(name) == known_.end())
            refuse(is_plain_name(name, name_bytes_max)
                       ? name
                       : printable(token::blotted(name), name_bytes_max),
                   known_.empty() ? std::string("is not known here; no field is")
                                  : "is not known here; known are " + in_words(known_));
    return flaws_;
}

}  // namespace hourgate::http
