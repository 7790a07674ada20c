#include <algorithm>

#include "base/text.h"
#include "config/forms.h"
#include "config/load.h"

namespace hourgate::config {

namespace {

using Warnings = std::vector<std::string>;

void about_listeners(Warnings& out, const Config& config) {
    const auto look_at = [&](std::string_view key, const Listen& listen, std::string_view what) {
        const std::string place = "server." + std::string(key) + ": " + listen.text();
        if (!is_local(listen))
            out.push_back(place + " is outside loopback: " + std::string(what));
        if (listen.kind == Listen::Kind::tcp && listen.port == 0)
            out.push_back(place + " is another free port at each start");
    };
    look_at("public", config.public_,
            "Hourgate has no TLS of its own; put nginx or Caddy in front of it");
    for (const Listen& one : config.ask)
        look_at("ask", one,
                "Hourgate has no TLS of its own, and tokens are sent to it; trust.peers says who "
                "may ask");
    look_at("admin", config.admin,
            "Hourgate has no TLS of its own, and /metrics is answered without a token");
}

/// Whether a list has a network of all addresses of a family.
bool names_everybody(const std::vector<std::string>& networks) {
    return std::any_of(networks.begin(), networks.end(),
                       [](const std::string& text) { return text.ends_with("/0"); });
}

void about_trust(Warnings& out, const Config& config) {
    if (config.peers_text.empty() && !config.ask.empty())
        out.push_back("trust.peers: is empty, so server.ask answers 404 to everybody");
    if (names_everybody(config.peers_text))
        out.push_back("trust.peers: has all addresses, so anybody may ask about any token");
    if (names_everybody(config.proxies_text))
        out.push_back(
            "trust.proxies: has all addresses, so anybody may claim any address in "
            "X-Forwarded-For");
}

/// The actions of `row` that `above` does not have, or has for the caller's own alone.
std::string more_in(const policy::Access& row, const policy::Access& above) {
    std::string actions;
    for (const policy::Action action : policy::all_actions) {
        const bool less = !above.has(action) || (above.own && !row.own);
        if (row.has(action) && less)
            actions.append(actions.empty() ? "" : ", ").append(to_text(action));
    }
    return actions;
}

/// A role that may do more than one above it: nearly always a key that was forgotten.
void about_rows(Warnings& out, const policy::Resource& resource) {
    for (const Role above : all_roles)
        for (const Role role : all_roles) {
            if (index(role) <= index(above))
                continue;
            const policy::Access& higher = resource.access[index(above)];
            const std::string actions = more_in(resource.access[index(role)], higher);
            if (actions.empty())
                continue;
            out.push_back("resource '" + resource.name + "': role " + std::string(to_text(role)) +
                          " may do more than role " + std::string(to_text(above)) +
                          ", which is \"" + to_text(higher) + "\": " + actions);
            break;  // comparing with lower roles would repeat this warning
        }
}

/// Whether every key has its default.
bool sets_nothing(const Config& config) {
    Config defaults;
    defaults.file = config.file;  // which show_toml() names
    return show_toml(config) == show_toml(defaults);
}

/// "/etc/hourgate/config.toml: sets no key", and what follows from it.
std::string about_no_resources(const Config& config) {
    const std::string what =
        config.file.empty() ? "no configuration file was read, so there is no [[resource]]"
        : sets_nothing(config)
            ? printable(config.file, 4'096) + ": sets no key, so there is no [[resource]]"
            : printable(config.file, 4'096) + ": has no [[resource]]";
    return what +
           ": by the default rule owner, admin and manager may use every path with every method, "
           "and role member none";
}

/// How other routers write a placeholder: ":id", "<id>", "[id]", "$id". Never how a pattern does.
bool looks_like_placeholder(std::string_view segment) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    if (segment.size() < 2)
        return false;
    const char first = segment.front(), last = segment.back();
    if (first == ':' || first == '$')
        return is_letter(segment[1]);
    return (first == '<' && last == '>') || (first == '[' && last == ']') ||
           (first == '(' && last == ')');
}

void about_placeholders(Warnings& out, const Config& config) {
    for (std::size_t at = 0; at < config.rules.resources.size(); ++at)
        for (const policy::Pattern& pattern : config.rules.resources[at].patterns)
            for (const policy::Segment& segment : pattern.segments) {
                if (segment.kind != policy::Segment::Kind::literal ||
                    !looks_like_placeholder(segment.text))
                    continue;
                const std::string place = place_of_path(config, at, pattern.text);
                out.push_back((place.empty() ? "" : place + ": ") + "resource '" +
                              config.rules.resources[at].name + "', path \"" + pattern.text +
                              "\": '" + segment.text +
                              "' is taken literally; a placeholder is written {id}, and the rest "
                              "of a path /**");
            }
}

/// What the resource allows that [policy] refuses, in one line.
void about_switches(Warnings& out, const policy::Resource& resource,
                    const policy::PathChecks& all) {
    const policy::PathSwitches& its = resource.switches;
    std::string allowed;
    const auto look_at = [&](std::string_view key, const policy::PathSwitches::Switch& refused,
                             bool refused_elsewhere) {
        if (!refused.value_or(true) && refused_elsewhere)
            allowed.append(allowed.empty() ? "" : ", ").append(key);
    };
    look_at("encoded_slash", its.encoded_slash, all.encoded_slash);
    look_at("backslash", its.backslash, all.backslash);
    look_at("control_byte", its.control_byte, all.control_byte);
    look_at("not_utf8", its.not_utf8, all.not_utf8);
    look_at("dot_segment", its.dot_segment, all.dot_segment);
    look_at("empty_segment", its.empty_segment, all.empty_segment);
    look_at("semicolon", its.semicolon, all.semicolon);
    look_at("double_encoding", its.double_encoding, all.double_encoding);
    look_at("case_variant", its.case_variant, all.case_variant);
    look_at("reading_variant", its.reading_variant, all.reading_variant);
    if (!allowed.empty())
        out.push_back("resource '" + resource.name + "': allows " + allowed +
                      ": an upstream that reads such a path differently may serve another path of "
                      "this resource than the one asked about");
}

/// A method that changes something in most APIs, and counts as reading.
void about_methods(Warnings& out, const policy::Resource& resource) {
    for (const auto& [method, action] : resource.methods)
        if (action == policy::Action::read &&
            (method == "PUT" || method == "PATCH" || method == "DELETE"))
            out.push_back("resource '" + resource.name + "': method " + method +
                          " counts as read, so roles and tokens that may only read may call it");
}

void about_apis(Warnings& out, const Config& config) {
    const auto& resources = config.rules.resources;
    for (const Api& api : config.apis) {
        const bool has_rows =
            std::any_of(resources.begin(), resources.end(),
                        [&](const policy::Resource& one) { return one.api == api.name; });
        if (!has_rows && !resources.empty() && !config.rules.unlisted_allowed)
            out.push_back("api '" + api.name +
                          "': has no [[resource]], so every call to it is refused "
                          "(path_unlisted)");
    }
    const bool shared = std::any_of(config.apis.begin(), config.apis.end(),
                                    [](const Api& api) { return api.upstream_urls.empty(); });
    if (!config.apis.empty() && !shared && !config.upstream_urls.empty())
        out.push_back("upstream.url: is used by no [[api]]: each has its own upstream");
}

void about_policy(Warnings& out, const Config& config) {
    if (config.rules.resources.empty())
        out.push_back(about_no_resources(config));
    else if (config.rules.unlisted_allowed)
        out.push_back(
            "policy.unlisted: \"allow\": every role may do everything with a path that "
            "no resource lists");
    for (const policy::Resource& resource : config.rules.resources) {
        about_rows(out, resource);
        about_switches(out, resource, config.rules.path);
        about_methods(out, resource);
    }
    about_placeholders(out, config);
    about_apis(out, config);
    const policy::PathChecks& path = config.rules.path;
    const auto look_at = [&](std::string_view key, bool refused) {
        if (!refused)
            out.push_back("policy." + std::string(key) +
                          ": \"allow\": an upstream that reads such "
                          "a path otherwise serves what was not asked about");
    };
    look_at("encoded_slash", path.encoded_slash);
    look_at("backslash", path.backslash);
    look_at("control_byte", path.control_byte);
    look_at("not_utf8", path.not_utf8);
    look_at("dot_segment", path.dot_segment);
    look_at("empty_segment", path.empty_segment);
    look_at("semicolon", path.semicolon);
    look_at("double_encoding", path.double_encoding);
    look_at("case_variant", path.case_variant);
    look_at("reading_variant", path.reading_variant);
    if (!config.method_override_refused)
        out.push_back(
            "policy.method_override: \"allow\": an upstream that obeys such a header "
            "does another action than the one asked about");
}

}  // namespace

std::vector<std::string> warnings(const Config& config) {
    Warnings out;
    if (config.mode == Mode::observe)
        out.push_back("gate.mode: \"observe\": every call is granted, whatever is decided");
    about_listeners(out, config);
    about_trust(out, config);
    about_policy(out, config);
    return out;
}

}  // namespace hourgate::config
