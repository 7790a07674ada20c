// schema/openapi.json for tests: its operations, and checks that a response is as described.
#pragma once

#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/text.h"
#include "embedded.h"
#include "support/http_bench.h"

namespace hourgate::test {

using Json = nlohmann::ordered_json;

inline const Json& description() {
    static const Json parsed = Json::parse(embedded::openapi);
    return parsed;
}

inline const Json& resolved(const Json& schema) {
    if (!schema.contains("$ref"))
        return schema;
    return description().at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1)));
}

inline bool is_type(const Json& value, const std::string& type) {
    return (type == "string" && value.is_string()) || (type == "null" && value.is_null()) ||
           (type == "integer" && value.is_number_integer()) ||
           (type == "number" && value.is_number()) || (type == "boolean" && value.is_boolean()) ||
           (type == "array" && value.is_array()) || (type == "object" && value.is_object());
}

/// Returns what is wrong with `value`; "" if nothing is. Throws at a keyword that the document does
/// not use.
inline std::string flaw(const Json& value, const Json& reference, const std::string& where) {
    const Json& schema = resolved(reference);
    static const std::set<std::string> known = {
        "type",     "enum",       "pattern",   "format",     "minimum",
        "maximum",  "items",      "minLength", "properties", "required",
        "maxItems", "default",    "maxLength", "allOf",      "additionalProperties",
        "anyOf",    "description"};
    for (const auto& [keyword, unused] : schema.items())
        if (known.count(keyword) == 0)
            throw std::runtime_error("keyword " + keyword);
    for (const Json& part : schema.value("allOf", Json::array()))
        if (auto off = flaw(value, part, where); !off.empty())
            return off;
    bool fits_one = !schema.contains("anyOf");
    for (const Json& choice : schema.value("anyOf", Json::array()))
        fits_one = fits_one || flaw(value, choice, where).empty();
    if (!fits_one)
        return where + " fits no choice: " + value.dump();
    if (!schema.contains("type"))
        return "";
    const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
    bool fits = false;
    for (const Json& type : types)
        fits = fits || is_type(value, type);
    if (!fits)
        return where + " is not " + types.dump() + ": " + value.dump();
    if (schema.contains("enum") && !value.is_null()) {
        bool listed = false;
        for (const Json& one : schema["enum"])
            listed = listed || one == value;
        if (!listed)
            return where + " is none of the enum: " + value.dump();
    }
    if (value.is_string() && schema.contains("pattern") &&
        !std::regex_search(value.get<std::string>(),
                           std::regex(schema["pattern"].get<std::string>())))
        return where + " does not fit its pattern";
    static const std::regex instant(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)");
    if (value.is_string() && schema.value("format", "") == "date-time" &&
        !std::regex_match(value.get<std::string>(), instant))
        return where + " is no date-time";
    if (value.is_number() && schema.contains("minimum") && value < schema["minimum"])
        return where + " is below its minimum";
    if (value.is_array())
        for (const Json& item : value)
            if (auto off = flaw(item, schema["items"], where + "[]"); !off.empty())
                return off;
    if (!value.is_object())
        return "";
    for (const Json& name : schema.value("required", Json::array()))
        if (!value.contains(name.get<std::string>()))
            return where + "." + name.get<std::string>() + " is missing";
    const Json properties = schema.value("properties", Json::object());
    const Json more = schema.value("additionalProperties", Json(true));
    for (const auto& [name, member] : value.items()) {
        std::string off;
        if (properties.contains(name))
            off = flaw(member, properties[name], where + "." + name);
        else if (more.is_object())
            off = flaw(member, more, where + "." + name);
        else if (more == false)
            off = where + "." + name + " is not described";
        if (!off.empty())
            return off;
    }
    return "";
}

/// Returns "/a/{x}/b" as "/a/{}/b".
inline std::string without_names(const std::string& path) {
    return std::regex_replace(path, std::regex(R"(\{\w+\})"), "{}");
}

/// Returns "get" as "GET".
inline std::string method_of(std::string key) {
    for (char& c : key)
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return key;
}

struct Operation {
    std::string route;   ///< "/admin/v1/plans/{plan}"
    std::string method;  ///< "GET"
    const Json& json;

    [[nodiscard]] std::string tag() const { return json["tags"][0]; }
    /// Returns true if it is a row of a table of http/manage/management.h.
    [[nodiscard]] bool is_managed() const { return tag() == "self-service" || tag() == "admin"; }
    /// Returns "GET /admin/v1/plans/{}".
    [[nodiscard]] std::string key() const { return method + " " + without_names(route); }
    [[nodiscard]] const Json& response(int status) const {
        return resolved(json["responses"].at(std::to_string(status)));
    }
    [[nodiscard]] std::set<int> statuses() const {
        std::set<int> all;
        for (const auto& [status, response] : json["responses"].items())
            if (status != "default")
                all.insert(std::stoi(status));
        return all;
    }
    /// Returns the names of its parameters in "query", "header" or "path".
    [[nodiscard]] std::set<std::string> parameters(const std::string& in) const {
        std::set<std::string> names;
        const Json common = description()["paths"][route].value("parameters", Json::array());
        for (const Json& list : {json.value("parameters", Json::array()), common})
            for (const Json& one : list)
                if (resolved(one)["in"] == in)
                    names.insert(resolved(one)["name"]);
        return names;
    }
};

inline std::vector<Operation> operations() {
    std::vector<Operation> all;
    for (const auto& [route, methods] : description()["paths"].items())
        for (const auto& [method, operation] : methods.items())
            if (method != "parameters")
                all.push_back({route, method_of(method), operation});
    return all;
}

inline Operation operation_of(const std::string& method, const std::string& route) {
    for (const Operation& one : operations())
        if (one.method == method && one.route == route)
            return one;
    throw std::runtime_error("not described: " + method + " " + route);
}

/// Returns the Content-Type without parameters such as charset.
inline std::string type_of(const http::Response& answer) {
    const std::string type = header(answer, "Content-Type");
    return type.substr(0, type.find(';'));
}

/// Returns how a response differs from the description of its operation; "" if it does not.
/// Compares status, media type and body. For operations that proxies use, compares also the
/// headers.
inline std::string flaw_of(const http::Response& answer, const Operation& operation) {
    const std::string status = std::to_string(answer.status);
    if (!operation.json["responses"].contains(status))
        return "status " + status;
    const Json& response = operation.response(answer.status);
    const Json content = response.value("content", Json::object());
    const Json headers = response.value("headers", Json::object());
    for (const http::Header& one : answer.headers)
        if (operation.tag() == "proxies" && one.name != "Content-Type" &&
            one.name != "Cache-Control" && !headers.contains(one.name))
            return "header " + one.name;
    if (answer.body.empty())
        return content.empty() ? "" : "no body";
    const std::string type = type_of(answer);
    if (!content.contains(type))
        return "medium " + type;
    const bool json = type == "application/json" || type == "application/problem+json";
    const Json body = json ? Json::parse(answer.body, nullptr, false) : Json(answer.body);
    return flaw(body, content[type]["schema"], "body");
}

}  // namespace hourgate::test
