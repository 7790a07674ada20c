#include "http/decision/json.h"

#include <utility>

#include "base/text.h"
#include "base/visible.h"
#include "token/blot.h"

namespace hourgate::http {

namespace {

constexpr std::size_t text_bytes_usual = 1'024;  // most fit

std::string by_library(const Json& json) {
    return visible_json(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

/// Returns true if the text needs no escapes. Nearly all of ours need none; the library would check
/// each byte.
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

void blot(Json& json) {
    if (json.is_string()) {
        auto& text = json.get_ref<std::string&>();
        text = token::blotted(text);
    } else if (json.is_object()) {
        auto& members = json.get_ref<Json::object_t&>();
        bool named = false;
        for (auto& [name, value] : members) {
            blot(value);
            named = named || token::shows_secret(name);
        }
        if (!named)
            return;
        Json renamed = Json::object();
        for (auto& [name, value] : members)
            renamed[token::blotted(name)] = std::move(value);
        json = std::move(renamed);
    } else if (json.is_array()) {
        for (Json& value : json)
            blot(value);
    }
}

std::string text_of(const Json& json) {
    std::string out;
    out.reserve(text_bytes_usual);
    put(out, json);
    return out;
}

}  // namespace hourgate::http
