// The configuration: every key, its default and its bound, as plain values. load.h reads them from
// a TOML file; config.example.toml says the same in words (a test compares the two).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.h"
#include "base/limits.h"
#include "gate/gate.h"
#include "policy/policy.h"
#include "token/format.h"

namespace hourgate::config {

/// Where a listener listens: "address:port", "[v6]:port", "unix:/path", or off.
struct Listen {
    enum class Kind : std::uint8_t { off, tcp, unix_socket };
    Kind kind = Kind::off;
    std::string host;                        ///< numeric address without brackets, or a name
    std::uint16_t port = 0;                  ///< 0: any free port (tests, demo)
    std::string path;                        ///< unix_socket
    [[nodiscard]] std::string text() const;  ///< the form the file has

    friend bool operator==(const Listen&, const Listen&) = default;
};

/// A place where the server listens, and the key of [server] that says so.
struct ListenKey {
    std::string_view key;
    const Listen& listen;
};

/// Which granted calls the decision log keeps.
enum class GrantsKept : std::uint8_t { none, last, all };

/// How urgent a line of the log is to be at least.
enum class LogLevel : std::uint8_t { error, warning, notice, info };

/// One [[api]].
struct Api {
    std::string name;
    std::vector<std::string> hosts;          ///< none: the default
    std::vector<std::string> upstream_urls;  ///< none: those of [upstream] url

    friend bool operator==(const Api&, const Api&) = default;
};

/// Where an API listens, and the key of the file that says so: "upstream.url", "api.shop.upstream".
struct UpstreamKey {
    std::string key;
    std::string url;
};

struct Config {
    // [gate]
    Mode mode = Mode::enforce;
    std::string docs = "/_hourgate/errors";  ///< "", a path, or http(s)://…
    bool notices = true;                     ///< "send"
    std::string contact;                     ///< "", an e-mail address or http(s)://…
    // [server]
    Listen public_;                  ///< "127.0.0.1:8402"
    std::vector<Listen> ask;         ///< "127.0.0.1:8401"; none: off
    Listen admin;                    ///< "127.0.0.1:8403"; "" = off
    std::vector<std::string> hosts;  ///< names under which ask and admin answer
    std::int64_t drain_s = 20;       ///< 0 to 600
    std::int64_t connections_per_address = limits::connections_per_address;  ///< 1 to 16'384
    std::int64_t loops = 0;  ///< 0 to 64; 0: one for each core
    // [database]
    std::string database = "/var/lib/hourgate/hourgate.db";
    // [tokens]
    std::string brand = "hsk";
    token::Env env = token::Env::live;
    std::int64_t rotate_grace_s = 86'400;      ///< 0 to 365 d
    std::int64_t line_max_s = 365 * 86'400;    ///< 1 d to 10 a
    std::int64_t live_max = 50;                ///< 1 to 10'000
    std::int64_t mints_per_day = 100;          ///< 1 to 10'000
    std::int64_t tokens_keep_s = 90 * 86'400;  ///< 1 d to 10 a
    // [plans]
    std::int64_t grace_days = 3;  ///< 0 to 365
    std::string lapse_to = "free";
    std::string renew_url;  ///< "" or http(s)://…
    // [trust]
    AddressSet peers;    ///< loopback
    AddressSet proxies;  ///< loopback
    std::vector<std::string> peers_text = {"127.0.0.0/8", "::1/128"};
    std::vector<std::string> proxies_text = {"127.0.0.0/8", "::1/128"};
    std::string ask_id;  ///< "" = off, or a header's name
    // [failures], [public]: windows named "failures" and "public"
    Window failures{"failures", 10, 60, Per::token};
    Window public_calls{"public", 600, 60, Per::token};
    // [upstream]
    std::vector<std::string> upstream_urls;      ///< http://host[:port] or unix:/path; none: off
    bool upstream_authorization = false;         ///< "pass"
    bool upstream_via = false;                   ///< "both": requests have it, too
    std::int64_t upstream_resolve_s = 30;        ///< 1 s to 1 d
    std::int64_t upstream_connect_s = 5;         ///< 1 to 60
    std::int64_t upstream_answer_s = 60;         ///< 1 s to 1 h
    std::int64_t upstream_idle_s = 300;          ///< 1 s to 1 d
    std::int64_t upstream_stream_max_s = 3'600;  ///< 1 s to 7 d
    // [usage]
    std::int64_t usage_keep_s = 90 * 86'400;  ///< 1 d to 10 a
    // [decisions]
    GrantsKept decisions_grants = GrantsKept::last;
    std::int64_t decisions_keep_s = 30 * 86'400;  ///< 1 d to 10 a
    std::int64_t decisions_rows = 20'000;         ///< of each kind; 0 to 10'000'000
    // [log]
    LogLevel log_level = LogLevel::info;
    bool log_json = false;               ///< "json"
    std::int64_t log_granted_every = 0;  ///< 0 to 1'000'000; 0: none
    // [cors]
    std::vector<std::string> cors_origins;  ///< exact origins, scheme://host[:port]
    std::vector<Api> apis;                  ///< [[api]]
    // [policy] and [[resource]]
    policy::PolicyConfig
        rules;  ///< rules.api_prefix is [server] api_prefix; rules.apis are those above
    bool method_override_refused = true;  ///< [policy] method_override = "refuse"

    std::string file;  ///< the file these come from; "" when built-in defaults

    Config();  ///< the defaults, with the three listeners and sets filled in

    /// Every key: a reload that changes nothing is recognised by it.
    friend bool operator==(const Config&, const Config&) = default;
};

/// All places of a configuration, which must outlive the result: public, those of ask, admin. A
/// listener that is off is among them.
[[nodiscard]] std::vector<ListenKey> all_listens(const Config& config);

/// Where calls to this API are forwarded to, its own or those of [upstream] url; none: nowhere.
[[nodiscard]] const std::vector<std::string>& upstream_of(const Config& config, const Api& api);
/// The key that says so.
[[nodiscard]] std::string key_of_upstream(const Api& api);
/// The addresses of all APIs, those of each key once.
[[nodiscard]] std::vector<UpstreamKey> all_upstreams(const Config& config);

}  // namespace hourgate::config
