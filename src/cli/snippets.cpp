// hourgate snippets PROXY: prints what to put into a proxy's configuration, filled in from the
// gate's own configuration. The texts are the files of snippets/, compiled into the program.
// Refuses to print an address that the proxy could not reach, or a name that it would read
// differently.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.h"
#include "base/header_name.h"
#include "base/text.h"
#include "cli/command_context.h"
#include "cli/commands.h"
#include "cli/snippets.h"
#include "config/forms.h"
#include "config/nearest.h"
#include "embedded.h"
#include "store/as_owner.h"
#include "store/files.h"
#include "token/digest.h"

namespace hourgate::cli {

namespace {

using config::Listen;

/// The names between "{{" and "}}" in a text, and their values.
using Values = std::vector<std::pair<std::string_view, std::string>>;

/// The form in which a proxy writes an address.
enum class Style : std::uint8_t { nginx, caddy, haproxy, haproxy_script, traefik, envoy };

struct Proxy {
    std::string_view name;
    std::string_view file;      ///< in snippets/: for a proxy that asks the gate
    std::string_view in_front;  ///< in snippets/: for one that forwards to the gate; "" if none
    Style style;
};
constexpr std::array<Proxy, 6> proxies = {{
    {"nginx", "nginx.conf", "nginx-in-front.conf", Style::nginx},
    {"caddy", "Caddyfile", "Caddyfile-in-front", Style::caddy},
    {"haproxy", "haproxy.cfg", "haproxy-in-front.cfg", Style::haproxy},
    {"haproxy.lua", "hourgate.lua", "", Style::haproxy_script},
    {"traefik", "traefik.yml", "", Style::traefik},
    {"envoy", "envoy.yml", "", Style::envoy},
}};

Result<Proxy> proxy_named(std::string_view name) {
    std::vector<std::string_view> names;
    for (const Proxy& proxy : proxies) {
        if (proxy.name == name)
            return proxy;
        names.push_back(proxy.name);
    }
    Failure failure{Fault::usage, "PROXY '" + echoed(name) + "' is not known here",
                    "one of: nginx, caddy, haproxy, haproxy.lua, traefik, envoy"};
    if (const auto meant = config::nearest(lower(name), names))
        failure.next = "did you mean " + std::string(*meant) + "?";
    return failure;
}

std::string_view text_of(std::string_view name) {
    const embedded::File* file = embedded::snippets;
    while (file->name != name)
        ++file;
    return file->text;
}

/// Removes the next line from `text` and returns it with its line feed. REQUIRES: `text` is not
/// empty.
std::string_view take_line(std::string_view& text) noexcept {
    const std::string_view line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
    text.remove_prefix(line.size());
    return line;
}

/// Lines of a part that begin so say only where to include it.
constexpr std::string_view part_note = "#: ";

/// Returns `text` with the parts that it names, each line indented like the name.
std::string whole(std::string_view text) {
    constexpr std::string_view begin = "{{part ", end = "}}\n";
    std::string out;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t at = line.find(begin);
        if (at == line.npos) {
            out += line;
            continue;
        }
        const std::string_view indent = line.substr(0, at);
        std::string_view part =
            text_of(line.substr(at + begin.size(), line.size() - at - begin.size() - end.size()));
        bool begun = false;
        while (!part.empty()) {
            const std::string_view one = take_line(part);
            begun |= one != "\n" && !one.starts_with(part_note);
            if (begun)
                out.append(one == "\n" ? "" : indent).append(one);
        }
    }
    return out;
}

/// Returns a part as its own file.
std::string with_notes(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        if (line.starts_with(part_note))
            out.append("# ").append(line.substr(part_note.size()));
        else
            out += line;
    }
    return out;
}

// --- addresses -----------------------------------------------------------------------------------

/// Returns how a program on this machine reaches `listen`: by loopback if it listens on all
/// addresses.
Listen reached(Listen listen) {
    const auto address = Address::parse(listen.host);
    if (!address)
        return listen;
    const auto& bytes = address->bytes();
    if (std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; }))
        listen.host = address->family() == Address::Family::v6 ? "::1" : "127.0.0.1";
    return listen;
}

std::string host_and_port(const Listen& listen) {
    const bool v6 = listen.host.find(':') != std::string::npos;
    return (v6 ? "[" + listen.host + "]" : listen.host) + ":" + std::to_string(listen.port);
}

/// Returns the address of a server in the form of each proxy.
std::string written(const Listen& listen, Style style) {
    const bool tcp = listen.kind == Listen::Kind::tcp;
    switch (style) {
        case Style::nginx:
            return tcp ? host_and_port(listen) : "unix:" + listen.path;
        case Style::caddy:
            return tcp ? host_and_port(listen) : "unix/" + listen.path;
        case Style::haproxy:
        case Style::haproxy_script:
            return tcp ? host_and_port(listen) : "unix@" + listen.path;
        case Style::traefik:
            return host_and_port(listen);
        case Style::envoy:
            break;
    }
    return tcp ? "socket_address: { address: \"" + listen.host +
                     "\", port_value: " + std::to_string(listen.port) + " }"
               : "pipe: { path: \"" + listen.path + "\" }";
}

/// Returns the discovery type of Envoy's cluster for this address.
std::string discovery(const Listen& listen) {
    const bool named = listen.kind == Listen::Kind::tcp && !Address::parse(listen.host);
    return named ? "STRICT_DNS" : "STATIC";
}

bool is_plain_path(std::string_view path) noexcept {
    static constexpr CharacterSet plain(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-");
    return plain.has_all_of(path);
}

/// Returns the gate's listener that the proxy has to reach.
Result<Listen> listener(std::string_view key, const Listen& listen, Style style) {
    const std::string name = "[server] " + std::string(key);
    const std::string usual = key == "ask" ? "127.0.0.1:8401" : "127.0.0.1:8402";
    const std::string set = "set " + name + " = \"" + usual + "\" and restart hourgate";
    if (listen.kind == Listen::Kind::off)
        return Failure{Fault::config, name + " is off, so no proxy can ask the gate", set};
    if (listen.kind == Listen::Kind::tcp && listen.port == 0)
        return Failure{Fault::config, name + " is another free port at each start", set};
    if (listen.kind == Listen::Kind::unix_socket && style == Style::traefik)
        return Failure{Fault::config,
                       name + " is a Unix socket, which Traefik's forwardAuth cannot ask", set};
    if (listen.kind == Listen::Kind::unix_socket && !is_plain_path(listen.path))
        return Failure{Fault::config, name + " is a socket whose path a proxy may read otherwise",
                       "choose a path of letters, digits and / . _ -"};
    return reached(listen);
}

Result<Listen> address_of(const Arguments& arguments, std::string_view name,
                          std::string_view usual) {
    std::string given = arguments.find(name).value_or(std::string(usual));
    const std::string shown = echoed(given);
    if (name == "--api" && given.starts_with("http://"))
        given.erase(0, 7);
    if (name == "--api" && given.ends_with('/'))
        given.pop_back();
    const auto listen = config::parse_listen(given);
    if (listen && listen.value().kind == Listen::Kind::tcp && listen.value().port != 0)
        return listen.value();
    return Failure{
        Fault::usage, std::string(name) + " '" + shown + "' is no address with a port",
        name == "--api" ? "as in --api http://127.0.0.1:3000" : "as in --listen 0.0.0.0:8080"};
}

// --- texts ---------------------------------------------------------------------------------------

/// Repeats each line that contains `mark`, once for each name, which replaces `mark`.
std::string repeated(std::string_view text, std::string_view mark,
                     std::span<const std::string_view> names) {
    std::string out;
    while (!text.empty()) {
        const std::string_view line = take_line(text);
        const std::size_t at = line.find(mark);
        if (at == line.npos) {
            out += line;
            continue;
        }
        for (const std::string_view name : names)
            out.append(line.substr(0, at)).append(name).append(line.substr(at + mark.size()));
    }
    return out;
}

/// Returns `text` with all headers that a proxy has to remove.
std::string with_claims(std::string_view text) {
    return repeated(repeated(text, "{{claim}}", claims_to_remove()), "{{family}}",
                    families_to_remove());
}

std::string indented(std::string text, std::size_t spaces) {
    for (std::size_t at = text.find('\n'); at != text.npos; at = text.find('\n', at + 1))
        text.insert(at + 1, spaces, ' ');
    return text;
}

/// Returns the stamp that a text has at snippet_stamp_path.
std::string mark_of(const Proxy& proxy, std::string_view file) {
    std::string text = with_claims(whole(text_of(file)));
    if (proxy.style == Style::haproxy)
        text += text_of("hourgate.lua");
    std::string mark(proxy.name);
    mark += ' ';
    const token::Digest digest = token::digest_of(text);
    for (std::size_t i = 0; i < 4; ++i)
        mark += fmt::format("{:02x}", digest[i]);
    return mark;
}

/// The end of a question about one API.
constexpr std::string_view of_api = "of_api";

/// Fills in the values. Omits a line whose value is empty, except for {{of_api}}. Further lines of
/// a value are indented like the first.
std::string filled(std::string_view text, const Values& values) {
    std::string out;
    while (!text.empty()) {
        std::string line(take_line(text));
        bool left_out = false;
        for (const auto& [name, value] : values) {
            const std::string mark = "{{" + std::string(name) + "}}";
            for (auto at = line.find(mark); at != line.npos; at = line.find(mark, at)) {
                left_out |= value.empty() && name != of_api;
                const std::string shown = indented(value, line.find_first_not_of(' '));
                line.replace(at, mark.size(), shown);
                at += shown.size();
            }
        }
        if (!left_out)
            out += line;
    }
    return out;
}

constexpr const char* ask_id_hint =
    "A call that nginx redirects internally (X-Accel-Redirect, index) is asked about and counted "
    "again.\n# It counts once with [trust] ask_id = \"X-Ask-Id\": set that, run `systemctl "
    "reload hourgate`, print this again.";

/// Listens on both like Debian's default server, which would otherwise answer callers over IPv6.
constexpr const char* usual_listens =
    "listen 80;\nlisten [::]:80;  # delete this on a machine without IPv6";

constexpr const char* server_name_hint =
    "Without a server_name, the default server of the port answers instead of this one, such as "
    "Debian's\n# sites-enabled/default. Print this again with --server-name api.example.com.";

constexpr const char* upstream_hint =
    "Set [upstream] url in the gate's configuration: without it, the gate forwards nothing.";

struct SnippetAddresses {
    Listen ask, public_, api, front;
};

/// Returns the [[api]] that --api names, or the only one; null if none is meant.
const config::Api* named_api(const config::Config& config, const Arguments& arguments) {
    if (!arguments.given("--api"))
        return config.apis.size() == 1 ? &config.apis.front() : nullptr;
    const std::string name = *arguments.find("--api");
    for (const config::Api& api : config.apis)
        if (api.name == name)
            return &api;
    return nullptr;
}

/// Returns the configured addresses of the API of the text.
const std::vector<std::string>& urls_of(const config::Config& config, const Arguments& arguments) {
    const config::Api* const api = named_api(config, arguments);
    return api != nullptr ? config::upstream_of(config, *api) : config.upstream_urls;
}

/// Returns the server_name of nginx: --server-name or the hosts of the API.
std::string server_names(const config::Config& config, const Arguments& arguments) {
    const config::Api* const api = named_api(config, arguments);
    if (arguments.given("--server-name") || api == nullptr)
        return arguments.find("--server-name").value_or("");
    std::string names;
    for (const std::string& host : api->hosts)
        names.append(names.empty() ? "" : " ").append(host);
    return names;
}

/// Returns the hosts whose calls Envoy accepts, with any port. Envoy does not tell the gate the API
/// in any other way.
std::string domains(const config::Api* api) {
    std::string all;
    if (api != nullptr)
        for (const std::string& host : api->hosts)
            for (const char* const port : {"", ":*"})
                all.append(all.empty() ? "\"" : ", \"").append(host).append(port).append("\"");
    return all.empty() ? "\"*\"" : all;
}

Values values_for(const Proxy& proxy, std::string_view file, const SnippetAddresses& places,
                  const config::Config& config, const Arguments& arguments) {
    const Style style = proxy.style;
    const bool by_socket = places.ask.kind == Listen::Kind::unix_socket;
    const bool listens = arguments.given("--listen");
    const std::string port = std::to_string(places.front.port);
    // The three parts serve all servers of a site, each with its own API.
    const config::Api* const api = arguments.given("--parts") ? nullptr
                                   : config.apis.size() == 1  ? &config.apis.front()
                                                              : named_api(config, arguments);
    // Envoy's form of an address does not fit into a comment.
    const Style own_style = style == Style::envoy ? Style::nginx : style;
    return {
        {"mark", mark_of(proxy, file)},
        {"ask", written(places.ask, style)},
        {"public", written(places.public_, style)},
        {"api", places.api.kind == Listen::Kind::unix_socket ? written(places.api, own_style)
                                                             : host_and_port(places.api)},
        {"api_prefix", config.rules.api_prefix},
        {"api_name", api == nullptr ? "" : api->name},
        {"listen", host_and_port(places.front)},
        {"listens", listens ? "listen " + host_and_port(places.front) + ";" : usual_listens},
        {"server_name", server_names(config, arguments)},
        {"server_name_hint", server_names(config, arguments).empty() ? server_name_hint : ""},
        {of_api, api == nullptr ? "" : "?api=" + api->name},
        {"dir", arguments.find("--parts").value_or("")},
        {"upstream_hint", config::all_upstreams(config).empty() ? upstream_hint : ""},
        // nginx
        {"ask_id", config.ask_id},
        {"ask_id_hint", config.ask_id.empty() ? ask_id_hint : ""},
        // Caddy
        {"site", listens ? "http://:" + port : "api.example.com"},
        {"bind", listens ? places.front.host : ""},
        // HAProxy
        {"lua", arguments.find("--lua").value_or("/etc/haproxy/hourgate.lua")},
        {"ask_url", "http://" + (by_socket ? "hourgate" : host_and_port(places.ask)) +
                        "/_hourgate/auth/caddy"},
        {"ask_dst", by_socket ? "\"" + written(places.ask, style) + "\"" : "nil"},
        // Envoy
        {"listen_address", written(places.front, Style::envoy)},
        {"ask_address", written(places.ask, Style::envoy)},
        {"public_address", written(places.public_, Style::envoy)},
        {"api_address", written(places.api, Style::envoy)},
        {"domains", domains(api)},
        {"ask_type", discovery(places.ask)},
        {"public_type", discovery(places.public_)},
        {"api_type", discovery(places.api)},
    };
}

/// Returns what --api says; else the first configured address; else the usual one.
Result<Listen> api_of(Style style, const config::Config& config, const Arguments& arguments) {
    const bool is_named = named_api(config, arguments) != nullptr;
    if (config.apis.size() > 1 && !arguments.given("--api")) {
        std::string names;
        for (const config::Api& api : config.apis)
            names.append(names.empty() ? "" : ", ").append(api.name);
        return Failure{Fault::usage, "the configuration has several APIs: " + names,
                       std::string("name the one that this text is for, as in --api ") +
                           config.apis.front().name +
                           (style == Style::nginx ? "; for several servers of one nginx, use "
                                                    "--parts DIR, which serves them all"
                                                  : "")};
    }
    const std::string given = arguments.find("--api").value_or("");
    if (!given.empty() && !is_named && !config.apis.empty() &&
        given.find_first_of(":/") == given.npos)
        return Failure{Fault::not_found, "--api '" + echoed(given) + "' is no [[api]]",
                       "name one, as in --api " + config.apis.front().name};
    const std::vector<std::string>& urls = urls_of(config, arguments);
    if (urls.empty() && is_named)
        return address_of(Arguments(), "--api", "http://127.0.0.1:3000");
    if ((arguments.given("--api") && !is_named) || urls.empty())
        return address_of(arguments, "--api", "http://127.0.0.1:3000");
    Listen api = config::parse_upstream(urls.front());
    if (api.kind != Listen::Kind::unix_socket)
        return api;
    const std::string name = "upstream " + urls.front();
    if (style == Style::traefik)
        return Failure{Fault::config, name + " is a Unix socket, which Traefik cannot forward to",
                       "name another address of the API: --api http://127.0.0.1:3000"};
    if (!is_plain_path(api.path))
        return Failure{Fault::config, name + " has a path that a proxy may read differently",
                       "choose a path of letters, digits and / . _ -, or name the API with --api"};
    return api;
}

/// Returns the ask listener that a proxy uses. A Unix socket takes a third less time than a port.
/// Two proxies often cannot see it: HAProxy is in its own chroot, and Envoy in a container.
Listen ask_for(Style style, const std::vector<Listen>& all) {
    using Kind = Listen::Kind;
    const Kind better =
        style == Style::nginx || style == Style::caddy ? Kind::unix_socket : Kind::tcp;
    for (const Listen& one : all)
        if (one.kind == better)
            return one;
    return all.empty() ? Listen() : all.front();
}

Result<SnippetAddresses> places_for(Style style, const config::Config& config,
                                    const Arguments& arguments) {
    const auto open = listener("public", config.public_, style);
    if (!open)
        return open.failure();
    const auto front = address_of(arguments, "--listen", "0.0.0.0:80");
    if (!front)
        return front.failure();
    if (arguments.given("--in-front"))  // the gate is not asked, and knows the API itself
        return SnippetAddresses{{}, open.value(), {}, front.value()};
    const auto ask = listener("ask", ask_for(style, config.ask), style);
    if (!ask)
        return ask.failure();
    if (arguments.given("--parts"))  // the site itself says where its API is
        return SnippetAddresses{ask.value(), open.value(), {}, front.value()};
    const auto api = api_of(style, config, arguments);
    if (!api)
        return api.failure();
    return SnippetAddresses{ask.value(), open.value(), api.value(), front.value()};
}

/// Returns the file of snippets/ that is asked for.
Result<std::string_view> file_for(const Proxy& proxy, const Arguments& arguments) {
    if (!arguments.given("--in-front"))
        return proxy.file;
    if (proxy.in_front.empty())
        return Failure{Fault::usage,
                       "there is no text for " + std::string(proxy.name) + " with --in-front",
                       "one of: nginx, caddy, haproxy"};
    for (const char* other : {"--api", "--lua"})
        if (arguments.given(other))
            return Failure{Fault::usage, std::string(other) + " has no meaning with --in-front",
                           "leave it out; the gate itself forwards to [upstream] url"};
    return proxy.in_front;
}

/// Checks the options that only texts for nginx have.
Status check_nginx_options(const Proxy& proxy, const Arguments& arguments) {
    for (const char* option : {"--parts", "--server-name"})
        if (arguments.given(option) && proxy.style != Style::nginx)
            return Failure{Fault::usage, std::string(option) + " is for nginx alone",
                           "leave it out"};
    const std::string names = arguments.find("--server-name").value_or("h");
    static constexpr CharacterSet of_names(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_* ");
    if (!of_names.has_all_of(names) || names.find_first_not_of(' ') == names.npos)
        return Failure{Fault::usage, "--server-name '" + echoed(names) + "' is no host name",
                       "as in --server-name api.example.com; several with spaces between"};
    if (!arguments.given("--parts") && arguments.given("--force"))
        return Failure{Fault::usage, "--force has no meaning without --parts", "leave it out"};
    if (!arguments.given("--parts"))
        return Done{};
    for (const char* other : {"--in-front", "--api", "--listen", "--server-name"})
        if (arguments.given(other))
            return Failure{Fault::usage, std::string(other) + " has no meaning with --parts",
                           "leave it out: the site that includes the parts says that by itself"};
    const std::string folder = *arguments.find("--parts");
    if (!folder.starts_with('/') || !is_plain_path(folder))
        return Failure{Fault::usage, "--parts '" + echoed(folder) + "' is no plain absolute path",
                       "as in --parts /etc/nginx/hourgate"};
    if (!store::is_folder(folder))
        return Failure{Fault::usage, "--parts '" + echoed(folder) + "' is no folder",
                       "make it first: mkdir " + folder};
    return Done{};
}

// --- parts ---------------------------------------------------------------------------------------

constexpr std::array<std::string_view, 3> part_names = {"http", "server", "location"};

/// Writes a part, and replaces an earlier one. Refuses to overwrite other files.
Status write_part(const std::string& path, const std::string& text, bool force) {
    constexpr std::string_view mark = "# Hourgate ";
    const auto former = store::what_is_at(path);
    if (!former)
        return former.failure();
    using Kind = store::Standing::Kind;
    const Kind kind = former.value().kind;
    std::string first(mark.size(), '\0');
    if (kind == Kind::file)
        std::ifstream(path).read(first.data(), static_cast<std::streamsize>(first.size()));
    if (kind != Kind::nothing && (kind != Kind::file || (first != mark && !force)))
        return Failure{
            Fault::conflict,
            path + " is " + former.value().noun + " that this program has not written",
            kind == Kind::file ? "move it away, or replace it with --force" : "move it away"};
    auto draft = store::PendingFile::make(path, ".new");
    if (!draft)
        return draft.failure();
    std::ofstream out(draft.value().path(), std::ios::binary);
    out << text;
    out.close();
    if (!out)
        return Failure{Fault::system, "cannot write " + path, "see whether the disk is full"};
    return draft.value().replace(former.value());
}

Status write_parts(CommandContext& session, const Values& values) {
    const std::string folder = *session.arguments.find("--parts");
    // In another user's folder, a link could lead root elsewhere.
    const auto owner = store::AsOwner::of(folder + "/hourgate-http.conf");
    if (!owner)
        return owner.failure();
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    std::string told;
    for (const std::string_view part : part_names) {
        const std::string path = folder + "/hourgate-" + std::string(part) + ".conf";
        const std::string_view own = text_of("nginx-" + std::string(part) + ".conf");
        const std::string text = filled(with_claims(with_notes(own)), values);
        if (Status written = write_part(path, text, session.arguments.given("--force")); !written)
            return written;
        files.push_back(path);
        told += "  include " + path + ";   in " +
                (part == "http"     ? "http { }, once"
                 : part == "server" ? "each server { } that has such a location"
                                    : "each location { } that passes calls to your API") +
                "\n";
    }
    if (session.output.form() != Form::plain) {
        const nlohmann::ordered_json json = {{"proxy", "nginx"}, {"files", files}};
        return session.output.print(json.dump() + "\n");
    }
    return session.output.print("Written. Include them in your site:\n" + told +
                                "Each file says what to look out for. Then: nginx -t && systemctl "
                                "reload nginx\n");
}

/// Checks that the text leads to one API. Every proxy except Envoy tells the gate which one; Envoy
/// accepts only calls for its hosts.
Status check_one_api(const CommandContext& session, Style style, const config::Config& config) {
    const Arguments& arguments = session.arguments;
    if (config.apis.size() < 2 || arguments.given("--in-front") || arguments.given("--parts") ||
        style == Style::haproxy_script)
        return Done{};
    const config::Api* const api = named_api(config, arguments);
    if (api == nullptr)
        session.output.warn(
            "calls of all APIs go to one address by this text: if what listens there "
            "does not tell them apart by Host, name the one it is, as in --api " +
            config.apis.front().name);
    else if (style == Style::envoy && api->hosts.empty())
        return Failure{Fault::usage,
                       "api '" + api->name +
                           "' has no hosts, and Envoy tells the gate an API by the host alone",
                       "give it hosts in the configuration"};
    return Done{};
}

/// Warns if the gate behind the proxy forwards nothing, or takes all callers for the proxy.
void warn_of_what_is_missing(const CommandContext& session, const config::Config& config) {
    const auto all = config::all_upstreams(config);
    if (all.empty())
        session.output.warn(
            "[upstream] url is not set, so the gate does not forward the calls that "
            "this proxy sends to it: name your API there");
    if (config.proxies == AddressSet{})
        session.output.warn(
            "[trust] proxies is empty, so the gate takes every caller for this proxy, and counts "
            "failed calls of all together: name the proxy's address there, such as \"127.0.0.1\"");
}

Status snippets(CommandContext& session) {
    const auto proxy = proxy_named(session.arguments.one("PROXY"));
    if (!proxy)
        return proxy.failure();
    const Style style = proxy.value().style;
    const auto file = file_for(proxy.value(), session.arguments);
    if (!file)
        return file.failure();
    const std::string script = session.arguments.find("--lua").value_or("/");
    if (!script.starts_with('/') || !is_plain_path(script))
        return Failure{Fault::usage, "--lua '" + echoed(script) + "' is no plain absolute path",
                       "as in --lua /etc/haproxy/hourgate.lua"};
    if (Status fine = check_nginx_options(proxy.value(), session.arguments); !fine)
        return fine;
    const auto config = session.config();
    if (!config)
        return config.failure();
    const auto places = places_for(style, *config.value(), session.arguments);
    if (!places)
        return places.failure();
    if (Status fine = check_one_api(session, style, *config.value()); !fine)
        return fine;
    const bool by_address = session.arguments.given("--api") &&
                            named_api(*config.value(), session.arguments) == nullptr;
    const std::vector<std::string>& urls = urls_of(*config.value(), session.arguments);
    if (!session.arguments.given("--in-front") && !session.arguments.given("--parts") &&
        !by_address && urls.size() > 1)
        session.output.warn(
            (named_api(*config.value(), session.arguments) != nullptr ? "the API has "
                                                                      : "[upstream] url names ") +
            std::to_string(urls.size()) + " addresses, and the text has the first one alone, " +
            urls.front() + ": add the others to it, or name one with --api");
    if (session.arguments.given("--in-front"))
        warn_of_what_is_missing(session, *config.value());
    const Values values =
        values_for(proxy.value(), file.value(), places.value(), *config.value(), session.arguments);
    if (session.arguments.given("--parts"))
        return write_parts(session, values);
    const bool by_default_server = style == Style::nginx &&
                                   server_names(*config.value(), session.arguments).empty() &&
                                   !session.arguments.given("--listen");
    if (by_default_server)
        session.output.warn(
            "without --server-name, another server of port 80 may answer instead of this one, such "
            "as Debian's sites-enabled/default");
    const std::string text = filled(with_claims(whole(text_of(file.value()))), values);
    if (session.output.form() == Form::plain)
        return session.output.print_found(text);
    const nlohmann::ordered_json json = {{"proxy", proxy.value().name}, {"text", text}};
    return session.output.print_found(json.dump() + "\n");
}

}  // namespace

std::vector<std::string> snippet_stamps() {
    std::vector<std::string> marks;
    for (const Proxy& proxy : proxies)
        for (const std::string_view file : {proxy.file, proxy.in_front})
            if (!file.empty())
                marks.push_back(mark_of(proxy, file));
    return marks;
}

std::vector<Command> snippets_commands() {
    return {
        {.name = "snippets",
         .summary = "Print what a proxy in front needs in its configuration",
         .details = "The text is ready to use: the proxy asks the gate about each call, tells your "
                    "API who calls, and tells callers what is left or why they were refused. With "
                    "--in-front the proxy forwards every call to the gate, which forwards it to "
                    "[upstream] url. With --parts, nginx asks about those locations of your site "
                    "that include the parts, and all else stays as it is. In any case, the proxy "
                    "removes what callers claim about their "
                    "identity, their address and their way. "
                    "Addresses, api_prefix and trust.ask_id are those of the gate's configuration. "
                    "For nginx, Caddy and HAProxy the text is run by Hourgate's own tests, for "
                    "Traefik and Envoy it is written after their documentation.",
         .parameters = {word("PROXY", "nginx, caddy, haproxy and haproxy.lua, traefik or envoy"),
                        flag("--in-front",
                             "for a proxy that forwards to the gate: nginx, caddy, haproxy"),
                        option("--api", "URL",
                               "the API to protect, or the name of an [[api]]; without it "
                               "[upstream] url, or else http://127.0.0.1:3000"),
                        option("--listen", "HOST:PORT",
                               "where the proxy listens; without it port 80, Caddy: by its site"),
                        option("--server-name", "NAMES",
                               "nginx: the names of the server, with spaces between"),
                        option("--parts", "DIR",
                               "nginx: write three files to include in a site that you have"),
                        flag("--force", "with --parts: replace files that somebody else wrote"),
                        option("--lua", "FILE",
                               "where haproxy.lua goes; without it /etc/haproxy/hourgate.lua")},
         .example = "hourgate snippets nginx --server-name api.example.com "
                    "> /etc/nginx/conf.d/hourgate.conf",
         .run = snippets},
    };
}

}  // namespace hourgate::cli
