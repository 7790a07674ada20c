// Every key of the configuration file, named once: section, key, where its value lies, its bound.
// Reader and Writer walk this list, so what can be read is what is shown.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/limits.h"
#include "config/config.h"
#include "config/forms.h"

namespace hourgate::config {

/// A word of the file and what it means.
template <typename Value>
struct Choice {
    std::string_view word;
    Value value;
};
/// The words a key may have.
template <typename Value, std::size_t count>
using Choices = std::array<Choice<Value>, count>;

constexpr Choices<Mode, 2> modes = {{{"enforce", Mode::enforce}, {"observe", Mode::observe}}};
constexpr Choices<token::Env, 2> environments = {
    {{"live", token::Env::live}, {"test", token::Env::test}}};
constexpr Choices<bool, 2> notice_words = {{{"none", false}, {"send", true}}};
constexpr Choices<bool, 2> strip_words = {{{"strip", false}, {"pass", true}}};
constexpr Choices<bool, 2> via_words = {{{"answers", false}, {"both", true}}};
constexpr Choices<bool, 2> refuse_words = {{{"refuse", true}, {"allow", false}}};
constexpr Choices<policy::WriteScope, 2> write_words = {
    {{"changes", policy::WriteScope::changes}, {"reads_too", policy::WriteScope::reads_too}}};
constexpr Choices<bool, 2> allow_words = {{{"refuse", false}, {"allow", true}}};

constexpr Choices<GrantsKept, 3> grants_words = {
    {{"none", GrantsKept::none}, {"last", GrantsKept::last}, {"all", GrantsKept::all}}};

constexpr Choices<LogLevel, 4> level_words = {{{"error", LogLevel::error},
                                               {"warning", LogLevel::warning},
                                               {"notice", LogLevel::notice},
                                               {"info", LogLevel::info}}};
constexpr Choices<bool, 2> format_words = {{{"logfmt", false}, {"json", true}}};

/// A whole number, or a duration in seconds, and its bounds.
struct Bounds {
    std::int64_t least = 0;
    std::int64_t most = 0;
};
constexpr std::int64_t day_s = 86'400;
constexpr Bounds drain_bounds_s = {0, 600};
constexpr Bounds target_bounds = {limits::target_bytes_least, limits::target_bytes_max};
constexpr Bounds connections_per_address_bounds = {1, limits::connections_max};
constexpr Bounds loops_bounds = {0, limits::loops_max};
constexpr Bounds rotate_grace_bounds_s = {0, 365 * day_s};
constexpr Bounds line_max_bounds_s = {day_s, 3'650 * day_s};
constexpr Bounds resolve_bounds_s = {1, day_s};
constexpr Bounds connect_bounds_s = {1, 60};
constexpr Bounds answer_bounds_s = {1, 3'600};
constexpr Bounds upstream_idle_bounds_s = {1, day_s};
constexpr Bounds stream_max_bounds_s = {1, 7 * day_s};
constexpr Bounds usage_keep_bounds_s = {day_s, 3'650 * day_s};
constexpr Bounds decisions_keep_bounds_s = {day_s, 3'650 * day_s};
constexpr Bounds decisions_rows_bounds = {0, 10'000'000};
constexpr Bounds granted_every_bounds = {0, limits::log_granted_every_max};
constexpr Bounds live_max_bounds = {1, 10'000};
constexpr Bounds mints_per_day_bounds = {1, 10'000};
constexpr Bounds tokens_keep_bounds_s = {day_s, 3'650 * day_s};
constexpr Bounds grace_bounds_days = {0, 365};
constexpr Bounds limit_bounds = {1, limits::window_calls_max};
constexpr Bounds window_bounds_s = {1, limits::window_seconds_max};

constexpr std::size_t list_items_max = 256;
constexpr std::size_t listens_max = 8;  ///< places of one listener

enum class Off : std::uint8_t { refused, allowed };

/// Calls `visit` for every key outside [[resource]]. `Settings` is Config or const Config.
template <typename Visitor, typename Settings>
void each_key(Visitor& visitor, Settings& config) {
    visitor.section("gate");
    visitor.choice("mode", config.mode, modes);
    visitor.text("docs", config.docs, docs_form);
    visitor.choice("notices", config.notices, notice_words);
    visitor.text("contact", config.contact, contact_form);

    visitor.section("server");
    visitor.listen("public", config.public_, Off::refused);
    visitor.listens("ask", config.ask);
    visitor.listen("admin", config.admin, Off::allowed);
    visitor.texts("hosts", config.hosts, host_form);
    visitor.text("api_prefix", config.rules.api_prefix, api_prefix_form);
    visitor.whole("target_max", config.rules.path.target_bytes_max, target_bounds);
    visitor.duration("drain", config.drain_s, drain_bounds_s);
    visitor.whole("connections_per_address", config.connections_per_address,
                  connections_per_address_bounds);
    visitor.whole("loops", config.loops, loops_bounds);

    visitor.section("database");
    visitor.text("path", config.database, file_form);

    visitor.section("tokens");
    visitor.text("brand", config.brand, brand_form);
    visitor.choice("env", config.env, environments);
    visitor.duration("rotate_grace", config.rotate_grace_s, rotate_grace_bounds_s);
    visitor.duration("line_max", config.line_max_s, line_max_bounds_s);
    visitor.whole("live_max", config.live_max, live_max_bounds);
    visitor.whole("mints_per_day", config.mints_per_day, mints_per_day_bounds);
    visitor.duration("keep", config.tokens_keep_s, tokens_keep_bounds_s);
    visitor.choice("write_scope", config.rules.write_scope, write_words);

    visitor.section("plans");
    visitor.whole("grace_days", config.grace_days, grace_bounds_days);
    visitor.text("lapse_to", config.lapse_to, plan_form);
    visitor.text("renew_url", config.renew_url, url_form);

    visitor.section("trust");
    visitor.texts("peers", config.peers_text, network_form);
    visitor.texts("proxies", config.proxies_text, network_form);
    visitor.text("ask_id", config.ask_id, ask_id_form);

    visitor.section("failures");
    visitor.whole("limit", config.failures.limit, limit_bounds);
    visitor.whole("window_s", config.failures.seconds, window_bounds_s);

    visitor.section("public");
    visitor.whole("limit", config.public_calls.limit, limit_bounds);
    visitor.whole("window_s", config.public_calls.seconds, window_bounds_s);

    visitor.section("upstream");
    visitor.text_or_texts("url", config.upstream_urls, upstream_form);
    visitor.duration("resolve", config.upstream_resolve_s, resolve_bounds_s);
    visitor.choice("authorization", config.upstream_authorization, strip_words);
    visitor.choice("via", config.upstream_via, via_words);
    visitor.duration("connect_timeout", config.upstream_connect_s, connect_bounds_s);
    visitor.duration("answer_timeout", config.upstream_answer_s, answer_bounds_s);
    visitor.duration("idle_timeout", config.upstream_idle_s, upstream_idle_bounds_s);
    visitor.duration("stream_max", config.upstream_stream_max_s, stream_max_bounds_s);

    visitor.section("usage");
    visitor.duration("keep", config.usage_keep_s, usage_keep_bounds_s);

    visitor.section("decisions");
    visitor.choice("grants", config.decisions_grants, grants_words);
    visitor.duration("keep", config.decisions_keep_s, decisions_keep_bounds_s);
    visitor.whole("rows", config.decisions_rows, decisions_rows_bounds);

    visitor.section("log");
    visitor.choice("level", config.log_level, level_words);
    visitor.choice("format", config.log_json, format_words);
    visitor.whole("granted_every", config.log_granted_every, granted_every_bounds);

    visitor.section("cors");
    visitor.texts("origins", config.cors_origins, origin_form);

    visitor.section("policy");
    visitor.choice("unlisted", config.rules.unlisted_allowed, allow_words);
    visitor.choice("encoded_slash", config.rules.path.encoded_slash, refuse_words);
    visitor.choice("backslash", config.rules.path.backslash, refuse_words);
    visitor.choice("control_byte", config.rules.path.control_byte, refuse_words);
    visitor.choice("not_utf8", config.rules.path.not_utf8, refuse_words);
    visitor.choice("dot_segment", config.rules.path.dot_segment, refuse_words);
    visitor.choice("empty_segment", config.rules.path.empty_segment, refuse_words);
    visitor.choice("semicolon", config.rules.path.semicolon, refuse_words);
    visitor.choice("double_encoding", config.rules.path.double_encoding, refuse_words);
    visitor.choice("case_variant", config.rules.path.case_variant, refuse_words);
    visitor.choice("reading_variant", config.rules.path.reading_variant, refuse_words);
    visitor.choice("method_override", config.method_override_refused, refuse_words);
}

/// Calls `visit` for every key of one [[api]].
template <typename Visitor, typename Api>
void each_api_key(Visitor& visitor, Api& api) {
    visitor.name("name", api.name, api_name_form);
    visitor.texts("hosts", api.hosts, api_host_form);
    visitor.text_or_texts("upstream", api.upstream_urls, upstream_form);
}

/// Calls `visit` for every key of one [[resource]].
template <typename Visitor, typename Resource>
void each_resource_key(Visitor& visitor, Resource& resource) {
    visitor.name("name", resource.name, resource_name_form);
    visitor.maybe_text("api", resource.api, api_name_form);
    visitor.patterns("paths", resource.patterns);
    for (const Role role : all_roles)
        visitor.access(to_text(role), resource.access[index(role)]);
    visitor.methods("methods", resource.methods);
    visitor.truth("public", resource.is_public);
    visitor.only_word("own_by", resource.own_by_upstream, "upstream");
    visitor.only_word("other_bearers", resource.other_bearers_pass, "pass");
    visitor.maybe_choice("encoded_slash", resource.switches.encoded_slash, refuse_words);
    visitor.maybe_choice("backslash", resource.switches.backslash, refuse_words);
    visitor.maybe_choice("control_byte", resource.switches.control_byte, refuse_words);
    visitor.maybe_choice("not_utf8", resource.switches.not_utf8, refuse_words);
    visitor.maybe_choice("dot_segment", resource.switches.dot_segment, refuse_words);
    visitor.maybe_choice("empty_segment", resource.switches.empty_segment, refuse_words);
    visitor.maybe_choice("semicolon", resource.switches.semicolon, refuse_words);
    visitor.maybe_choice("double_encoding", resource.switches.double_encoding, refuse_words);
    visitor.maybe_choice("case_variant", resource.switches.case_variant, refuse_words);
    visitor.maybe_choice("reading_variant", resource.switches.reading_variant, refuse_words);
}

}  // namespace hourgate::config
