// What is in force, shown: read back, it is the same.
#include <string>

#include "config/parsing.h"

using hourgate::config::show_json;
using hourgate::config::show_toml;
using parsing::read;

namespace {

/// Nothing at its default, and texts that need escapes.
const std::string unusual = R"([gate]
mode = "observe"
docs = ""
notices = "none"
contact = "https://example.com/help"

[server]
public = "[2001:db8::1]:1"
ask = "unix:/run/a \"quoted\" \\ name"
admin = ""
hosts = ["gate.example"]
api_prefix = "/gate"
target_max = 16384
drain = "90s"
connections_per_address = 16384
loops = 64

[database]
path = "/srv/ö/h\"\\.db"

[tokens]
brand = "acme"
env = "test"
rotate_grace = "0"
line_max = "36h"
live_max = 1
mints_per_day = 10000
keep = "1d"
write_scope = "reads_too"

[plans]
grace_days = 0
lapse_to = "none"
renew_url = "https://example.com/?a='b'"

[trust]
peers = []
proxies = ["10.0.0.0/8", "2001:db8::/32"]
ask_id = "X-Ask-Id"

[failures]
limit = 1
window_s = 2

[public]
limit = 3
window_s = 4

[upstream]
url = ["http://127.0.0.1:3000", "unix:/run/api.sock"]
resolve = "1s"
authorization = "pass"
via = "both"
connect_timeout = "1s"
answer_timeout = "1h"
idle_timeout = "1d"
stream_max = "7d"

[usage]
keep = "36h"

[decisions]
grants = "none"
keep = "1d"
rows = 0

[log]
level = "error"
format = "json"
granted_every = 1000000

[cors]
origins = ["https://a.example", "http://[::1]:3000"]

[policy]
unlisted = "allow"
encoded_slash = "allow"
backslash = "allow"
control_byte = "allow"
not_utf8 = "allow"
dot_segment = "allow"
empty_segment = "allow"
semicolon = "allow"
double_encoding = "allow"
case_variant = "allow"
reading_variant = "allow"
method_override = "allow"

[[resource]]
name = "a"
paths = ["/a/{member}/**", "/\"b\\"]
owner = "full"
admin = "read"
manager = "read own"
member = "none"
methods = { "PURGE" = "delete", "SEARCH" = "read" }
public = false
own_by = "upstream"
other_bearers = "pass"
encoded_slash = "refuse"
backslash = "allow"
control_byte = "allow"
not_utf8 = "allow"
dot_segment = "allow"
empty_segment = "allow"
semicolon = "allow"
double_encoding = "allow"
case_variant = "allow"
reading_variant = "refuse"

[[resource]]
name = "p"
paths = ["/**"]
owner = "none"
admin = "none"
manager = "none"
member = "none"
methods = {}
public = true
)";

}  // namespace

TEST_CASE("a configuration shown as TOML is the one that was read, key by key") {
    CHECK(show_toml(read(unusual)) == "# gate.toml\n\n" + unusual);
}

TEST_CASE("the defaults shown as TOML read back as the defaults") {
    const std::string shown = show_toml(hourgate::config::Config());
    const std::string mark = "# built-in defaults: no file was read\n";
    REQUIRE(shown.rfind(mark, 0) == 0);
    const auto config = read(shown);
    CHECK(show_toml(config) == "# gate.toml\n" + shown.substr(mark.size()));
    CHECK(config.rules.resources.empty());
}

TEST_CASE("the defaults shown as JSON are pinned") {
    CHECK(show_json(hourgate::config::Config()) ==
          R"({
  "file": "",
  "gate": {"mode": "enforce", "docs": "/_hourgate/errors", "notices": "send", "contact": ""},
  "server": {"public": "127.0.0.1:8402", "ask": "127.0.0.1:8401", "admin": "127.0.0.1:8403", )"
          R"("hosts": [], "api_prefix": "/_hourgate/api/v1", "target_max": 8000, "drain": "20s", )"
          R"("connections_per_address": 1024, "loops": 0},
  "database": {"path": "/var/lib/hourgate/hourgate.db"},
  "tokens": {"brand": "hsk", "env": "live", "rotate_grace": "1d", "line_max": "365d", )"
          R"("live_max": 50, "mints_per_day": 100, "keep": "90d", "write_scope": "changes"},
  "plans": {"grace_days": 3, "lapse_to": "free", "renew_url": ""},
  "trust": {"peers": ["127.0.0.0/8", "::1/128"], "proxies": ["127.0.0.0/8", "::1/128"], "ask_id": ""},
  "failures": {"limit": 10, "window_s": 60},
  "public": {"limit": 600, "window_s": 60},
  "upstream": {"url": "", "resolve": "30s", "authorization": "strip", "via": "answers", )"
          R"("connect_timeout": "5s", )"
          R"("answer_timeout": "1m", "idle_timeout": "5m", "stream_max": "1h"},
  "usage": {"keep": "90d"},
  "decisions": {"grants": "last", "keep": "30d", "rows": 20000},
  "log": {"level": "info", "format": "logfmt", "granted_every": 0},
  "cors": {"origins": []},
  "policy": {"unlisted": "refuse", "encoded_slash": "refuse", "backslash": "refuse", )"
          R"("control_byte": "refuse", "not_utf8": "refuse", "dot_segment": "refuse", )"
          R"("empty_segment": "refuse", "semicolon": "refuse", "double_encoding": "refuse", )"
          R"("case_variant": "refuse", "reading_variant": "refuse",)"
          R"( "method_override": "refuse"},
  "resource": []
}
)");
}

TEST_CASE("resources and awkward texts shown as JSON are pinned") {
    const std::string shown = show_json(read(unusual));
    const auto has = [&](const std::string& part) { return shown.find(part) != shown.npos; };
    CHECK(has(R"("file": "gate.toml")"));
    CHECK(has(R"("path": "/srv/ö/h\"\\.db")"));
    CHECK(has(R"("ask": "unix:/run/a \"quoted\" \\ name")"));
    CHECK(has(
        R"(  "resource": [
    {"name": "a", "paths": ["/a/{member}/**", "/\"b\\"], "owner": "full", "admin": "read", )"
        R"("manager": "read own", "member": "none", "methods": { "PURGE": "delete", )"
        R"("SEARCH": "read" }, "public": false, "own_by": "upstream", "other_bearers": "pass", )"
        R"("encoded_slash": "refuse", "backslash": "allow", "control_byte": "allow", )"
        R"("not_utf8": "allow", "dot_segment": "allow", "empty_segment": "allow", )"
        R"("semicolon": "allow", "double_encoding": "allow", "case_variant": "allow", )"
        R"("reading_variant": "refuse"},
    {"name": "p", "paths": ["/**"], "owner": "none", "admin": "none", "manager": "none", )"
        R"("member": "none", "methods": {}, "public": true}
  ]
}
)"));
}

TEST_CASE("a file name cannot break out of the comment that names it") {
    auto config = read("");
    config.file = "/tmp/a\nmode = 1";
    CHECK(show_toml(config).rfind("# /tmp/a\\x0amode = 1\n\n[gate]\n", 0) == 0);
    CHECK(show_json(config).rfind("{\n  \"file\": \"/tmp/a\\u000amode = 1\",\n", 0) == 0);
}
