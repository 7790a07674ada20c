#include "http/json.h"

#include <utility>

#include "base/text.h"

namespace hourgate::http {

namespace {

constexpr std::size_t text_bytes_usual = 1'024;  // most fit

std::string by_library(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Whether the text stands between quotation marks as it is. Nearly all of ours do; the library
/// looks at each byte of each for what it may have to escape.
bool is_plain(std::string_view text) noexcept {
    return is_printable_ascii(text) && text.find('"') == text.npos && text.find('\\') == text.npos;
}

void put_text(std::string& out, const std::string& text) {
    if (is_plain(text))
        out.append(1, '"').append(text) += '"';
    else
        out += by_library(Json(text));
}

void put(std::string& out, const Json& json) {
    char before = json.is_array() ? '[' : '{';
    if (json.is_string()) {
        put_text(out, json.get_ref<const std::string&>());
    } else if (json.is_object() && !json.empty()) {
        for (const auto& [name, value] : json.get_ref<const Json::object_t&>()) {
            put_text(out += std::exchange(before, ','), name);
            put(out += ':', value);
        }
        out += '}';
    } else if (json.is_array() && !json.empty()) {
        for (const Json& value : json)
            put(out += std::exchange(before, ','), value);
        out += ']';
    } else {
        out += by_library(json);  // a number, true, false, null, {} or []
    }
}

}  // namespace

std::string text_of(const Json& json) {
    std::string out;
    out.reserve(text_bytes_usual);
    put(out, json);
    return out;
}

}  // namespace hourgate::http
