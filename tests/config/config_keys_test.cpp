// Every key: what it takes, up to its bounds, and what it says of anything else.
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "config/parsing.h"

using parsing::read;
using parsing::wrong_with;

namespace {

struct Good {
    std::string written;
    std::string shown;  // "" when as written
};
struct Bad {
    std::string written;
    std::string wrong;
};
struct Key {
    std::string section;
    std::string key;
    std::string wrong_type;  // a value of another type, and what is said of it
    std::string of_wrong_type;
    std::string allowed;
    std::vector<Good> good;
    std::vector<Bad> bad;  // of the right type
};

const std::string yes_no = R"("refuse", "allow")";
const std::string listen_forms = R"("host:port", "[IPv6 address]:port", "unix:/path")";
const std::string listen_or_off = listen_forms + R"(, "" (off))";
const std::string duration_forms = R"(, written as "90s", "15m", "24h" or "7d")";
const std::string prefix_form =
    "a path such as \"/_hourgate/api/v1\": begins with '/', does not end with it, segments of "
    "letters, digits and . _ ~ -, at most 128 bytes";
const std::string file_form = "the absolute path of a file, at most 1024 bytes";
const std::string plan_form =
    "the name of a plan: 1 to 32 of a-z, 0-9, '_' and '-', a letter first";
const std::string url_form = "\"\" or http://… or https://…, at most 1000 bytes";
const std::string docs_form =
    "\"\", a path such as \"/_hourgate/errors\", or http://… or https://…, without '#', at most "
    "1000 "
    "bytes";
const std::string contact_form =
    "\"\", an e-mail address, or http://… or https://…, at most 1000 bytes";
const std::string upstream_form =
    "\"http://host:port\" or \"unix:/path\", without a path of the API; https is not spoken: let "
    "nginx, stunnel or the like on this machine speak it";
const std::string network_form =
    "an address, or a network such as \"10.0.0.0/8\" with no bit set after the first 8";
const std::string ask_id_form =
    "\"\" (off), or a header such as \"X-Ask-Id\": X- and letters, digits and '-', at most 64 "
    "bytes, and not one that says who calls, from where, or what is asked for (X-Hourgate-, "
    "X-Forwarded-, X-Original-, X-Real-IP, X-HTTP-Method and their kin)";
const std::string host_form =
    "a host name without a port, such as \"hourgate\" or \"gate.example.com\": letters, digits, "
    "'-', '_' and single dots, at most 253 bytes";
const std::string origin_form =
    "an origin as browsers send it: \"https://app.example.com\", in lower case, without a path and "
    "without the port 80 of http or 443 of https";

std::string times(const std::string& text, std::size_t count) {
    std::string out;
    while (count-- > 0)
        out += text;
    return out;
}

std::vector<Key> listeners() {
    const std::vector<Bad> bad = {
        {R"("8402")", "'8402' has no port"},
        {R"(":8402")", "':8402' has no host; all addresses are 0.0.0.0 or [::]"},
        {R"("127.0.0.1:")", "'127.0.0.1:' has no port from 0 to 65535 after its last ':'"},
        {R"("[::1]:65536")", "'[::1]:65536' has no port from 0 to 65535 after its last ':'"},
        {R"("127.0.0.1:080")", "'127.0.0.1:080' has no port from 0 to 65535 after its last ':'"},
        {R"("127.0.0.1:-1")", "'127.0.0.1:-1' has no port from 0 to 65535 after its last ':'"},
        {R"("127.0.0.1:http")", "'127.0.0.1:http' has no port from 0 to 65535 after its last ':'"},
        {R"("10.0.0.300:80")", "'10.0.0.300:80' has a host that is neither an address nor a name"},
        {R"("a b:80")", "'a b:80' has a host that is neither an address nor a name"},
        {R"("a\u0000b:80")", "'a\\x00b:80' has a host that is neither an address nor a name"},
        {R"("[1.2.3.4]:80")", "'[1.2.3.4]:80' has no IPv6 address in its brackets"},
        {R"("[::1]")", "'[::1]' has no port from 0 to 65535 after its last ':'"},
        {R"("::1:80")", "'::1:80' needs brackets around its IPv6 address"},
        {R"("http://127.0.0.1:80")",
         "'http://127.0.0.1:80' needs brackets around its IPv6 address"},
        {R"("unix:hourgate.sock")",
         "'unix:hourgate.sock' does not name its socket by an absolute path"},
        {R"("unix:")", "'unix:' does not name its socket by an absolute path"},
        {R"("unix:/run/")", "'unix:/run/' is not the path of a socket"},
        {R"("unix:/run/a\nb")", "'unix:/run/a\\x0ab' is not the path of a socket"},
        {"\"unix:/" + times("a", 107) + "\"",
         "'unix:/" + times("a", 107) +
             "' has a path over 107 bytes, the most a Unix socket may have"},
    };
    const std::vector<Good> good = {
        {R"("127.0.0.1:0")", ""},      {R"("0.0.0.0:1")", ""},
        {R"("[::1]:65535")", ""},      {R"("gate.internal:80")", ""},
        {R"("unix:/run/h.sock")", ""}, {"\"unix:/" + times("a", 106) + "\"", ""},
    };
    std::vector<Good> good_or_off = good;
    good_or_off.push_back({"\"\"", ""});
    std::vector<Bad> bad_or_off = bad;
    bad_or_off.push_back({"\"\"", "cannot be off"});
    const std::string type = "a whole number where a text belongs";
    return {{"server", "public", "8402", type, listen_forms, good, bad_or_off},
            {"server", "ask", "8402", type, listen_or_off, good_or_off, bad},
            {"server", "admin", "8402", type, listen_or_off, good_or_off, bad}};
}

std::vector<Key> networks() {
    const std::vector<Good> good = {
        {R"([])", ""},
        {R"(["10.0.0.0/8", "192.0.2.7", "2001:db8::/32"])", ""},
        {"[\n  \"0.0.0.0/0\",\n]", R"(["0.0.0.0/0"])"},
        {"[" + times("\"::1\", ", 256) + "]", "[" + times("\"::1\", ", 255) + "\"::1\"]"},
    };
    const std::vector<Bad> bad = {
        {R"(["10.0.0.1/8"])", "'10.0.0.1/8' does not fit"},
        {R"(["10.0.0.0/33"])", "'10.0.0.0/33' does not fit"},
        {R"(["localhost"])", "'localhost' does not fit"},
        {R"([""])", "'' does not fit"},
    };
    const std::string type = "a text where a list belongs";
    const std::string each = "a list, each " + network_form;
    std::vector<Key> keys;
    for (const char* key : {"peers", "proxies"})
        keys.push_back({"trust", key, "\"10.0.0.0/8\"", type, each, good, bad});
    return keys;
}

std::vector<Key> windows() {
    std::vector<Key> keys;
    for (const char* section : {"failures", "public"}) {
        keys.push_back({section,
                        "limit",
                        "\"10\"",
                        "a text where a whole number belongs",
                        "1 to 10000000",
                        {{"1", ""}, {"10000000", ""}, {"1_000", "1000"}},
                        {{"0", "0 is below 1"},
                         {"-1", "-1 is below 1"},
                         {"10000001", "10000001 is above 10000000"},
                         {"9223372036854775807", "9223372036854775807 is above 10000000"}}});
        keys.push_back({section,
                        "window_s",
                        "\"60s\"",
                        "a text where a whole number belongs",
                        "1 to 2678400",
                        {{"1", ""}, {"2678400", ""}},
                        {{"0", "0 is below 1"}, {"2678401", "2678401 is above 2678400"}}});
    }
    return keys;
}

std::vector<Key> rules() {
    std::vector<Key> keys;
    for (const char* key : {"unlisted", "encoded_slash", "backslash", "control_byte", "not_utf8",
                            "dot_segment", "empty_segment", "semicolon", "double_encoding",
                            "case_variant", "reading_variant", "method_override"})
        keys.push_back({"policy",
                        key,
                        "true",
                        "true or false where a text belongs",
                        yes_no,
                        {{R"("refuse")", ""}, {R"("allow")", ""}},
                        {{R"("Refuse")", "'Refuse' is not one of its words"},
                         {R"("")", "'' is not one of its words"}}});
    return keys;
}

std::vector<Key> words_and_paths() {
    return {
        {"gate",
         "mode",
         "1",
         "a whole number where a text belongs",
         R"("enforce", "observe")",
         {{R"("enforce")", ""}, {R"("observe")", ""}},
         {{R"("observ")", "'observ' is not one of its words"},
          {R"("\u001b[31m")", "'\\x1b[31m' is not one of its words"}}},
        {"server",
         "api_prefix",
         "[]",
         "a list where a text belongs",
         prefix_form,
         {{R"("/a")", ""}, {"\"/" + times("a", 127) + "\"", ""}, {R"("/.well-known/a~1/_b")", ""}},
         {{R"("")", "'' does not fit"},
          {R"("/")", "'/' does not fit"},
          {R"("api")", "'api' does not fit"},
          {R"("/api/")", "'/api/' does not fit"},
          {R"("/a//b")", "'/a//b' does not fit"},
          {R"("/a/../b")", "'/a/../b' does not fit"},
          {R"("/a/.")", "'/a/.' does not fit"},
          {R"("/a%2Fb")", "'/a%2Fb' does not fit"},
          {R"("/a?b")", "'/a?b' does not fit"},
          {R"("/{a}")", "'/{a}' does not fit"},
          {R"("/ä")", "'/\\xc3\\xa4' does not fit"},
          {"\"/" + times("a", 128) + "\"", "'/" + times("a", 79) + "…' does not fit"}}},
        {"database",
         "path",
         "1.5",
         "a number with a fraction where a text belongs",
         file_form,
         {{R"("/a")", ""}, {R"("/srv/höurgate/h.db")", ""}, {"\"/" + times("a", 1023) + "\"", ""}},
         {{R"("")", "'' does not fit"},
          {R"("hourgate.db")", "'hourgate.db' does not fit"},
          {R"(":memory:")", "':memory:' does not fit"},
          {R"("/var/lib/")", "'/var/lib/' does not fit"},
          {R"("/a\u0000b")", "'/a\\x00b' does not fit"},
          {"\"/" + times("a", 1024) + "\"", "'/" + times("a", 79) + "…' does not fit"}}},
    };
}

std::vector<Key> names_and_addresses() {
    return {
        {"tokens",
         "brand",
         "1",
         "a whole number where a text belongs",
         "1 to 16 of a-z and 0-9",
         {{R"("a")", ""}, {R"("1234567890abcdef")", ""}},
         {{R"("")", "'' does not fit"},
          {R"("1234567890abcdefg")", "'1234567890abcdefg' does not fit"},
          {R"("HSK")", "'HSK' does not fit"},
          {R"("a_b")", "'a_b' does not fit"}}},
        {"tokens",
         "env",
         "false",
         "true or false where a text belongs",
         R"("live", "test")",
         {{R"("live")", ""}, {R"("test")", ""}},
         {{R"("prod")", "'prod' is not one of its words"}}},
        {"plans",
         "lapse_to",
         "2026-11-25",
         "a date where a text belongs",
         plan_form,
         {{R"("a")", ""}, {"\"a" + times("-", 31) + "\"", ""}},
         {{R"("")", "'' does not fit"},
          {R"("Free")", "'Free' does not fit"},
          {"\"a" + times("-", 32) + "\"", "'a" + times("-", 32) + "' does not fit"}}},
        {"plans",
         "renew_url",
         "{}",
         "a table where a text belongs",
         url_form,
         {{R"("")", ""},
          {R"("https://example.com/renew?a=b#c")", ""},
          {"\"http://" + times("a", 993) + "\"", ""}},
         {{R"("example.com")", "'example.com' does not fit"},
          {R"("javascript:alert")", "'javascript:alert' does not fit"},
          {R"("https://")", "'https://' does not fit"},
          {R"("https:///a")", "'https:///a' does not fit"},
          {R"("https://a/ b")", "'https://a/ b' does not fit"},
          {R"("https://a/\"b")", "'https://a/\"b' does not fit"},
          {R"("https://a/\r\nX: y")", "'https://a/\\x0d\\x0aX: y' does not fit"},
          {"\"http://" + times("a", 994) + "\"", "'http://" + times("a", 73) + "…' does not fit"}}},
        {"gate",
         "docs",
         "7",
         "a whole number where a text belongs",
         docs_form,
         {{R"("")", ""},
          {R"("/_hourgate/errors")", ""},
          {R"("https://example.com/refusals?a=b")", ""},
          {"\"/" + times("a", 999) + "\"", ""}},
         {{R"("errors")", "'errors' does not fit"},
          {R"("//example.com")", "'//example.com' does not fit"},
          {R"("/a#b")", "'/a#b' does not fit"},
          {R"("https://a/#b")", "'https://a/#b' does not fit"},
          {R"("/a b")", "'/a b' does not fit"},
          {"\"/" + times("a", 1000) + "\"", "'/" + times("a", 79) + "…' does not fit"}}},
        {"gate",
         "notices",
         "false",
         "true or false where a text belongs",
         R"("none", "send")",
         {{R"("none")", ""}, {R"("send")", ""}},
         {{R"("off")", "'off' is not one of its words"}}},
        {"gate",
         "contact",
         "true",
         "true or false where a text belongs",
         contact_form,
         {{R"("")", ""},
          {R"("ops@example.com")", ""},
          {R"("ops+api@example.co.uk")", ""},
          {R"("https://example.com/help?a=b#c")", ""}},
         {{R"("ops")", "'ops' does not fit"},
          {R"("ops@localhost")", "'ops@localhost' does not fit"},
          {R"("Ops <ops@example.com>")", "'Ops <ops@example.com>' does not fit"},
          {R"("a@b.example, c@b.example")", "'a@b.example, c@b.example' does not fit"},
          {R"("mailto:ops@example.com")", "'mailto:ops@example.com' does not fit"},
          {R"("javascript:void 0")", "'javascript:void 0' does not fit"},
          {"\"https://" + times("a", 993) + "\"",
           "'https://" + times("a", 72) + "…' does not fit"}}},
        {"trust",
         "ask_id",
         "true",
         "true or false where a text belongs",
         ask_id_form,
         {{R"("")", ""},
          {R"("X-Ask-Id")", ""},
          {R"("x-1")", ""},
          {"\"X-" + times("a", 62) + "\"", ""}},
         {{R"("X-")", "'X-' does not fit"},
          {R"("Ask-Id")", "'Ask-Id' does not fit"},
          {R"("X-Ask_Id")", "'X-Ask_Id' does not fit"},
          {R"("X-Ask-Id: 1")", "'X-Ask-Id: 1' does not fit"},
          {R"("x-hourgate-id")", "'x-hourgate-id' does not fit"},
          {R"("X-Forwarded-For")", "'X-Forwarded-For' does not fit"},
          {R"("X-Original-URI")", "'X-Original-URI' does not fit"},
          {R"("X-HTTP-Method-Override")", "'X-HTTP-Method-Override' does not fit"},
          {R"("X-Method-Override")", "'X-Method-Override' does not fit"},
          {"\"X-" + times("a", 63) + "\"", "'X-" + times("a", 63) + "' does not fit"}}},
        {"server",
         "hosts",
         "true",
         "true or false where a list belongs",
         "a list, each " + host_form,
         {{R"([])", ""},
          {R"(["hourgate", "gate.example.com", "my_gate-1"])", ""},
          {"[\"" + times("a", 253) + "\"]", ""}},
         {{R"(["gate:8403"])", "'gate:8403' does not fit"},
          {R"(["http://gate"])", "'http://gate' does not fit"},
          {R"(["*.example.com"])", "'*.example.com' does not fit"},
          {R"(["gate."])", "'gate.' does not fit"},
          {R"([".gate"])", "'.gate' does not fit"},
          {R"(["a..b"])", "'a..b' does not fit"},
          {R"([""])", "'' does not fit"},
          {"[\"" + times("a", 254) + "\"]", "'" + times("a", 80) + "…' does not fit"}}},
        {"cors",
         "origins",
         "true",
         "true or false where a list belongs",
         "a list, each " + origin_form,
         {{R"([])", ""},
          {R"(["https://app.example.com", "http://localhost:3000", "http://[::1]:8080"])", ""},
          {R"(["capacitor://localhost", "https://a:8443"])", ""}},
         {{R"(["*"])", "'*' does not fit"},
          {R"(["null"])", "'null' does not fit"},
          {R"(["app.example.com"])", "'app.example.com' does not fit"},
          {R"(["https://App.example.com"])", "'https://App.example.com' does not fit"},
          {R"(["https://a/"])", "'https://a/' does not fit"},
          {R"(["https://a:443"])", "'https://a:443' does not fit"},
          {R"(["http://a:80"])", "'http://a:80' does not fit"},
          {R"(["http://a:0"])", "'http://a:0' does not fit"},
          {R"(["http://"])", "'http://' does not fit"},
          {R"(["http://[::1"])", "'http://[::1' does not fit"}}},
    };
}

std::vector<Key> numbers() {
    const std::string text = "a whole number where a text belongs";
    return {
        {"server",
         "drain",
         "20",
         text,
         "0 to 10m" + duration_forms,
         {{R"("0")", ""}, {R"("0s")", R"("0")"}, {R"("600s")", R"("10m")"}, {R"("1s")", ""}},
         {{R"("601s")", "601s is above 10m"},
          {R"("20")", "'20' is not a duration"},
          {R"("-1s")", "'-1s' is not a duration"},
          {R"("20 s")", "'20 s' is not a duration"},
          {R"("")", "'' is not a duration"}}},
        {"tokens",
         "rotate_grace",
         "0",
         text,
         "0 to 365d" + duration_forms,
         {{R"("0")", ""}, {R"("365d")", ""}, {R"("24h")", R"("1d")"}},
         {{R"("366d")", "366d is above 365d"}, {R"("1w")", "'1w' is not a duration"}}},
        {"tokens",
         "line_max",
         "365",
         text,
         "1d to 3650d" + duration_forms,
         {{R"("24h")", R"("1d")"}, {R"("3650d")", ""}},
         {{R"("23h")", "23h is below 1d"},
          {R"("0")", "0 is below 1d"},
          {R"("3651d")", "3651d is above 3650d"}}},
        {"upstream",
         "resolve",
         "30",
         text,
         "1s to 1d" + duration_forms,
         {{R"("1s")", ""}, {R"("24h")", R"("1d")"}},
         {{R"("0")", "0 is below 1s"}, {R"("25h")", "25h is above 1d"}}},
        {"upstream",
         "connect_timeout",
         "5",
         text,
         "1s to 1m" + duration_forms,
         {{R"("1s")", ""}, {R"("60s")", R"("1m")"}},
         {{R"("0")", "0 is below 1s"}, {R"("61s")", "61s is above 1m"}}},
        {"upstream",
         "answer_timeout",
         "60",
         text,
         "1s to 1h" + duration_forms,
         {{R"("1s")", ""}, {R"("60m")", R"("1h")"}},
         {{R"("0")", "0 is below 1s"}, {R"("61m")", "61m is above 1h"}}},
        {"upstream",
         "idle_timeout",
         "300",
         text,
         "1s to 1d" + duration_forms,
         {{R"("1s")", ""}, {R"("24h")", R"("1d")"}},
         {{R"("0")", "0 is below 1s"}, {R"("25h")", "25h is above 1d"}}},
        {"upstream",
         "stream_max",
         "3600",
         text,
         "1s to 7d" + duration_forms,
         {{R"("1s")", ""}, {R"("7d")", ""}},
         {{R"("0")", "0 is below 1s"}, {R"("8d")", "8d is above 7d"}}},
        {"usage",
         "keep",
         "90",
         text,
         "1d to 3650d" + duration_forms,
         {{R"("24h")", R"("1d")"}, {R"("3650d")", ""}},
         {{R"("23h")", "23h is below 1d"}, {R"("3651d")", "3651d is above 3650d"}}},
        {"decisions",
         "keep",
         "30",
         text,
         "1d to 3650d" + duration_forms,
         {{R"("24h")", R"("1d")"}, {R"("3650d")", ""}},
         {{R"("23h")", "23h is below 1d"}, {R"("3651d")", "3651d is above 3650d"}}},
        {"decisions",
         "rows",
         "\"many\"",
         "a text where a whole number belongs",
         "0 to 10000000",
         {{"0", ""}, {"10000000", ""}},
         {{"-1", "-1 is below 0"}, {"10000001", "10000001 is above 10000000"}}},
        {"log",
         "granted_every",
         "\"1\"",
         "a text where a whole number belongs",
         "0 to 1000000",
         {{"0", ""}, {"1", ""}, {"1000000", ""}},
         {{"-1", "-1 is below 0"}, {"1000001", "1000001 is above 1000000"}}},
        {"tokens",
         "live_max",
         "50.0",
         "a number with a fraction where a whole number belongs",
         "1 to 10000",
         {{"1", ""}, {"10000", ""}},
         {{"0", "0 is below 1"}, {"10001", "10001 is above 10000"}}},
        {"tokens",
         "mints_per_day",
         "\"100\"",
         "a text where a whole number belongs",
         "1 to 10000",
         {{"1", ""}, {"10000", ""}},
         {{"0", "0 is below 1"}, {"10001", "10001 is above 10000"}}},
        {"tokens",
         "keep",
         "90",
         text,
         "1d to 3650d" + duration_forms,
         {{R"("1d")", ""}, {R"("3650d")", ""}},
         {{R"("23h")", "23h is below 1d"}, {R"("3651d")", "3651d is above 3650d"}}},
        {"server",
         "connections_per_address",
         "\"many\"",
         "a text where a whole number belongs",
         "1 to 16384",
         {{"1", ""}, {"16384", ""}},
         {{"0", "0 is below 1"}, {"16385", "16385 is above 16384"}}},
        {"server",
         "target_max",
         "\"8k\"",
         "a text where a whole number belongs",
         "1024 to 16384",
         {{"1024", ""}, {"16384", ""}},
         {{"1023", "1023 is below 1024"}, {"16385", "16385 is above 16384"}}},
        {"server",
         "loops",
         "\"4\"",
         "a text where a whole number belongs",
         "0 to 64",
         {{"0", ""}, {"1", ""}, {"64", ""}},
         {{"-1", "-1 is below 0"}, {"65", "65 is above 64"}}},
        {"tokens",
         "write_scope",
         "true",
         "true or false where a text belongs",
         R"("changes", "reads_too")",
         {{R"("changes")", ""}, {R"("reads_too")", ""}},
         {{R"("all")", "'all' is not one of its words"}}},
        {"plans",
         "grace_days",
         "\"3d\"",
         "a text where a whole number belongs",
         "0 to 365",
         {{"0", ""}, {"365", ""}},
         {{"-1", "-1 is below 0"}, {"366", "366 is above 365"}}},
    };
}

std::vector<Key> upstream() {
    const std::string forms = upstream_form + "; several in a list";
    return {
        {"upstream",
         "url",
         "3000",
         "a whole number where a text belongs",
         forms,
         {{R"("http://127.0.0.1:3000")", ""},
          {R"("http://api.internal")", ""},
          {R"("http://[::1]:3000/")", ""},
          {R"("unix:/run/api.sock")", ""},
          {R"(["http://127.0.0.1:3000"])", R"("http://127.0.0.1:3000")"},
          {R"(["http://127.0.0.1:3000", "unix:/run/api.sock"])", ""},
          {R"([])", R"("")"}},
         {{R"("127.0.0.1:3000")",
           "'127.0.0.1:3000' does not fit: its scheme is missing: write http:// before it"},
          {R"("https://api.internal")",
           "'https://api.internal' does not fit: its scheme is https, which Hourgate does not "
           "speak"},
          {R"("http://127.0.0.1:3000/v1")",
           "'http://127.0.0.1:3000/v1' does not fit: it has a path after the host: leave the path "
           "out"},
          {R"("http://127.0.0.1:0")",
           "'http://127.0.0.1:0' does not fit: its port is not a number from 1 to 65535"},
          {R"("http://u:p@h:80")",
           "'http://u:p@h:80' does not fit: it has a user name or a password before '@'"},
          {R"("http://")", "'http://' does not fit: its host is missing"},
          {R"("http://[::1")", "'http://[::1' does not fit: its host is not a name or an address"},
          {R"("unix:api.sock")",
           "'unix:api.sock' does not fit: the path of its socket must begin with '/'"}}},
        {"upstream",
         "authorization",
         "true",
         "true or false where a text belongs",
         R"("strip", "pass")",
         {{R"("strip")", ""}, {R"("pass")", ""}},
         {{R"("keep")", "'keep' is not one of its words"}}},
        {"upstream",
         "via",
         "true",
         "true or false where a text belongs",
         R"("answers", "both")",
         {{R"("answers")", ""}, {R"("both")", ""}},
         {{R"("requests")", "'requests' is not one of its words"}}},
        {"decisions",
         "grants",
         "true",
         "true or false where a text belongs",
         R"("none", "last", "all")",
         {{R"("none")", ""}, {R"("last")", ""}, {R"("all")", ""}},
         {{R"("some")", "'some' is not one of its words"}}},
    };
}

std::vector<Key> log_words() {
    return {
        {"log",
         "level",
         "5",
         "a whole number where a text belongs",
         R"("error", "warning", "notice", "info")",
         {{R"("error")", ""}, {R"("warning")", ""}, {R"("notice")", ""}, {R"("info")", ""}},
         {{R"("debug")", "'debug' is not one of its words"},
          {R"("Info")", "'Info' is not one of its words"}}},
        {"log",
         "format",
         "true",
         "true or false where a text belongs",
         R"("logfmt", "json")",
         {{R"("logfmt")", ""}, {R"("json")", ""}},
         {{R"("text")", "'text' is not one of its words"}}},
    };
}

std::vector<Key> all_keys() {
    std::vector<Key> all;
    for (const auto& some : {listeners(), networks(), windows(), rules(), words_and_paths(),
                             names_and_addresses(), numbers(), upstream(), log_words()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

/// The line of `key` is always 4.
std::string with(const Key& key, const std::string& value) {
    return "# A comment,\n[" + key.section + "]\n\n" + key.key + " = " + value + "\n";
}

const std::string nothing_at_its_default = R"(
[gate]
mode = "observe"
docs = "https://example.com/refusals"
notices = "none"
contact = "ops@example.com"
[server]
public = "[::1]:1"
ask = "unix:/run/hourgate/ask"
admin = ""
hosts = ["gate.example", "hourgate_ask"]
api_prefix = "/gate"
target_max = 9000
drain = "2m"
connections_per_address = 50
loops = 3
[database]
path = "/tmp/h.db"
[tokens]
brand = "acme"
env = "test"
rotate_grace = "1h"
line_max = "30d"
live_max = 7
mints_per_day = 8
keep = "9d"
write_scope = "reads_too"
[plans]
grace_days = 9
lapse_to = "none"
renew_url = "https://example.com/renew"
[trust]
peers = ["10.0.0.0/8"]
proxies = ["192.0.2.1"]
ask_id = "X-Ask-Id"
[failures]
limit = 3
window_s = 4
[public]
limit = 5
window_s = 6
[upstream]
url = ["http://api.internal", "unix:/run/api.sock"]
resolve = "6s"
authorization = "pass"
via = "both"
connect_timeout = "2s"
answer_timeout = "3s"
idle_timeout = "4s"
stream_max = "5s"
[usage]
keep = "7d"
[decisions]
grants = "all"
keep = "8d"
rows = 9
[log]
level = "notice"
format = "json"
granted_every = 10
[cors]
origins = ["https://app.example.com"]
[policy]
unlisted = "allow"
encoded_slash = "allow"
method_override = "allow"
)";

/// "section.key = value" for every line of shown TOML.
std::vector<std::string> lines_of(const std::string& toml) {
    std::vector<std::string> lines;
    std::string section;
    for (std::size_t at = 0; at < toml.size();) {
        const std::size_t end = toml.find('\n', at);
        const std::string line = toml.substr(at, end - at);
        at = end + 1;
        if (line.empty() || line.front() == '#')
            continue;
        if (line.front() == '[')
            section = line.substr(1, line.size() - 2);
        else
            lines.push_back(section + "." + line);
    }
    return lines;
}

/// What is wrong with it, one a line.
std::vector<std::string> mistakes_in(const std::string& text) {
    std::vector<std::string> mistakes;
    std::istringstream all(wrong_with(text));
    for (std::string line; std::getline(all, line);)
        mistakes.push_back(line);
    return mistakes;
}

}  // namespace

TEST_CASE("the tables of this test name every key there is, and no other") {
    std::set<std::string> known, tested;
    for (const std::string& line : lines_of(hourgate::config::show_toml({})))
        known.insert(line.substr(0, line.find(' ')));
    for (const Key& key : all_keys()) {
        tested.insert(key.section + "." + key.key);
        CHECK_FALSE(key.good.empty());
        CHECK_FALSE(key.bad.empty());
    }
    CHECK(known == tested);
    CHECK(known.size() == all_keys().size());
}

TEST_CASE("every key takes a value within its bound, and nothing else changes") {
    const auto defaults = lines_of(hourgate::config::show_toml({}));
    for (const Key& key : all_keys()) {
        for (const Good& good : key.good) {
            const std::string text = with(key, good.written);
            INFO(text);
            const std::string name = key.section + "." + key.key + " = ";
            const auto shown = lines_of(hourgate::config::show_toml(read(text)));
            REQUIRE(shown.size() == defaults.size());
            for (std::size_t at = 0; at < shown.size(); ++at) {
                const bool is_key = shown[at].rfind(name, 0) == 0;
                const std::string& value = good.shown.empty() ? good.written : good.shown;
                CHECK(shown[at] == (is_key ? name + value : defaults[at]));
            }
        }
    }
}

TEST_CASE("every key refuses a value out of its bound, with file, line and what is allowed") {
    for (const Key& key : all_keys()) {
        const bool is_list = key.allowed.rfind("a list, each ", 0) == 0;
        const std::string allowed = is_list ? key.allowed.substr(13) : key.allowed;
        for (const Bad& bad : key.bad) {
            const std::string text = with(key, bad.written);
            INFO(text);
            CHECK(wrong_with(text) == "gate.toml:4: " + key.section + "." + key.key + ": " +
                                          bad.wrong + "; allowed: " + allowed);
        }
    }
}

TEST_CASE("every key refuses a value of another type, with file, line and what is allowed") {
    for (const Key& key : all_keys()) {
        const std::string text = with(key, key.wrong_type);
        INFO(text);
        CHECK(wrong_with(text) == "gate.toml:4: " + key.section + "." + key.key + ": " +
                                      key.of_wrong_type + "; allowed: " + key.allowed);
    }
}

TEST_CASE("every section and key with a letter too many is refused and the right one suggested") {
    for (const Key& key : all_keys()) {
        const std::string name = key.section + "." + key.key;
        CHECK(wrong_with("[" + key.section + "]\n" + key.key + "x = 1\n") ==
              "gate.toml:2: " + name + "x: unknown key; did you mean " + key.key + "?");
        CHECK(wrong_with("\n[" + key.section + "x]\n" + key.key + " = 1\n") ==
              "gate.toml:2: " + key.section + "x: unknown key; did you mean " + key.section + "?");
        CHECK(wrong_with("\n" + key.section + " = 1\n") ==
              "gate.toml:2: " + key.section + ": a whole number where a table belongs; write [" +
                  key.section + "] and its keys below");
    }
}

TEST_CASE("an item of a list is refused on its own line") {
    CHECK(wrong_with("[trust]\npeers = [\n  \"10.0.0.0/8\",\n  \"ten\",\n]\n") ==
          "gate.toml:4: trust.peers: 'ten' does not fit; allowed: " + network_form);
    CHECK(wrong_with("[cors]\norigins = [\n  \"https://a\",\n  7]\n") ==
          "gate.toml:4: cors.origins: a whole number where a text belongs; allowed: a list, each " +
              origin_form);
    CHECK(wrong_with("[trust]\nproxies = [" + times("\"::1\", ", 257) + "]\n") ==
          "gate.toml:2: trust.proxies: 257 items; allowed: at most 256");
}

TEST_CASE("an unknown key is refused and says where it belongs or what is known there") {
    CHECK(wrong_with("[server]\nlive_max = 5\n") ==
          "gate.toml:2: server.live_max: unknown key; did you mean tokens.live_max?");
    CHECK(wrong_with("mode = \"observe\"\n") ==
          "gate.toml:1: mode: unknown key; did you mean gate.mode?");
    CHECK(wrong_with("limit = 5\n") ==
          "gate.toml:1: limit: unknown key; did you mean failures.limit or public.limit?");
    CHECK(wrong_with("[tokens]\nlvie_max = 5\n") ==
          "gate.toml:2: tokens.lvie_max: unknown key; did you mean live_max?");
    CHECK(wrong_with("[plans]\nhelp = \"me\"\n") ==
          "gate.toml:2: plans.help: unknown key; known here: grace_days, lapse_to, renew_url");
    CHECK(wrong_with("[x]\n") ==
          "gate.toml:1: x: unknown key; known here: gate, server, database, tokens, plans, trust, "
          "failures, public, upstream, usage, decisions, log, cors, policy, api, resource");
    CHECK(wrong_with("[gate]\n\"\\u001b[2J\\n\" = 1\n") ==
          "gate.toml:2: gate.\\x1b[2J\\x0a: unknown key; known here: mode, docs, notices, "
          "contact");
    CHECK(wrong_with("server.pubic = \"127.0.0.1:1\"\n") ==
          "gate.toml:1: server.pubic: unknown key; did you mean public?");
    CHECK(wrong_with("[[server]]\n") ==
          "gate.toml:1: server: a list where a table belongs; write [server] and its keys below");
}

TEST_CASE("every mistake of a file is reported at once, in the order of the file") {
    CHECK(wrong_with("[tokens]\nlive_max = 0\nfoo_bar_baz = 1\n[gate]\nmode = \"off\"\n[x]\n") ==
          "gate.toml:2: tokens.live_max: 0 is below 1; allowed: 1 to 10000\n"
          "gate.toml:3: tokens.foo_bar_baz: unknown key; known here: brand, env, rotate_grace, "
          "line_max, live_max, mints_per_day, keep, write_scope\n"
          "gate.toml:5: gate.mode: 'off' is not one of its words; allowed: \"enforce\", "
          "\"observe\"\n"
          "gate.toml:6: x: unknown key; known here: gate, server, database, tokens, plans, trust, "
          "failures, public, upstream, usage, decisions, log, cors, policy, api, resource");
    // What concerns several keys is looked at, too, where those are right.
    const std::vector<std::string> lines = mistakes_in(
        "[tokens]\nlive_max = 0\n[server]\npublic = \"127.0.0.1:1\"\nask = \"127.0.0.1:1\"\n"
        "[[resource]]\nname = \"a\"\npaths = [\"/a\"]\nowner = \"all\"\n"
        "[[resource]]\nname = \"b\"\npaths = [\"/b\"]\n"
        "[[resource]]\nname = \"b\"\npaths = [\"/c\"]\n"
        "[[resource]]\nname = \"d\"\npaths = [\"/b\"]\n");
    REQUIRE(lines.size() == 5);
    for (const auto& [at, begin] : std::vector<std::pair<std::size_t, std::string>>{
             {0, "gate.toml:2: tokens.live_max: "},
             {1, "gate.toml:5: server.ask: 127.0.0.1:1 is taken"},
             {2, "gate.toml:9: resource.a.owner: "},
             {3, "gate.toml:13: resource.b: "},
             {4, "gate.toml:16: resource.d: "}})
        CHECK(lines[at].rfind(begin, 0) == 0);
}

TEST_CASE("what follows from a mistake is not reported as another one") {
    // A listener that is off might clash, or not.
    CHECK(wrong_with("[server]\npublic = \"nonsense\"\nask = \"127.0.0.1:8403\"\n").find('\n') ==
          std::string::npos);
    CHECK(wrong_with("[[resource]]\nname = \"a\"\npath = [\"/a\"]\n") ==
          "gate.toml:3: resource.a.path: unknown key; did you mean paths?");
}

TEST_CASE("of very many mistakes the first twenty are reported, and how many more there are") {
    std::string text = "[policy]\n";
    for (int i = 0; i < 31; ++i)
        text += "key" + std::to_string(i) + " = 1\n";
    const std::vector<std::string> lines = mistakes_in(text);
    REQUIRE(lines.size() == 21);
    CHECK(lines[19].rfind("gate.toml:21: policy.key19: ", 0) == 0);
    CHECK(lines[20] == "gate.toml: and 11 more; correct these first");
}

TEST_CASE("a key that was nearly right is recognized, whatever is off about it") {
    const auto meant = [](const std::string& section, const std::string& key) {
        const std::string said = wrong_with("[" + section + "]\n" + key + " = 1\n");
        const std::size_t at = said.find("did you mean ");
        return at == said.npos ? said : said.substr(at + 13, said.size() - at - 14);
    };
    CHECK(meant("trust", "peer") == "peers");               // singular for plural
    CHECK(meant("upstream", "urls") == "url");              // plural for singular
    CHECK(meant("server", "api-prefix") == "api_prefix");   // '-' for '_'
    CHECK(meant("tokens", "Live_Max") == "live_max");       // case
    CHECK(meant("tokens", "live_mx") == "live_max");        // a letter too few
    CHECK(meant("gate", "unlisted") == "policy.unlisted");  // of another table
    CHECK(meant("gate", "peer") == "trust.peers");          // nearly one of another table
    CHECK(meant("server", "method-override") == "policy.method_override");
}

TEST_CASE("a text without quotes is refused with the quotes that it needs, and the rest is read") {
    CHECK(wrong_with("[server]\npublic = 127.0.0.1:8080\n") ==
          "gate.toml:2: is not TOML: a text needs quotes; put quotes around it: "
          "\"127.0.0.1:8080\"");
    const std::vector<std::string> lines = mistakes_in(
        "[server]\npublic = 127.0.0.1:1 # here\ndrain = 20s\nask = [::1]:2\n"
        "[trust]\npeers = [\n  10.0.0.0/8,\n]\nproxies = [\"::1\", 10.1.0.0/16]\n"
        "[tokens]\nlive_max = 0\n");
    REQUIRE_FALSE(lines.empty());
    CHECK(lines[0].ends_with("\"127.0.0.1:1\""));
    CHECK(lines[1].ends_with("\"20s\""));
    CHECK(lines[2].rfind("gate.toml:4: ", 0) == 0);
    const std::vector<std::string> found = mistakes_in(
        "[trust]\npeers = [\n  10.0.0.0/8,\n]\nproxies = [\"::1\", 10.1.0.0/16]\n"
        "[[resource]]\nname = clients\npaths = [/a, \"/b\"]\nmethods = { PURGE = delete }\n"
        "[tokens]\nlive_max = 0\n");
    REQUIRE(found.size() == 6);
    for (const auto& [at, line] : std::vector<std::pair<std::size_t, std::string>>{
             {0, "3"}, {1, "5"}, {2, "7"}, {3, "8"}, {4, "9"}, {5, "11"}})
        CHECK(found[at].rfind("gate.toml:" + line + ": ", 0) == 0);
    CHECK(found[5].find("tokens.live_max") != std::string::npos);
    // What quotes would not help is refused as it is.
    CHECK(wrong_with("[gate]\nmode = \"enforce\n").find("put quotes") == std::string::npos);
    CHECK(wrong_with("[tokens]\nlive_max = 0x\n").find("is not TOML") != std::string::npos);
    CHECK(wrong_with("[tokens]\nlive_max = 1.\n").find("put quotes") == std::string::npos);
}

TEST_CASE("what is not TOML is refused with its line") {
    CHECK(wrong_with("[gate]\nmode = enforce\n").rfind("gate.toml:2: is not TOML: ", 0) == 0);
    CHECK(wrong_with("[gate]\nmode = \"enforce\n").rfind("gate.toml:2: is not TOML: ", 0) == 0);
    CHECK(wrong_with("[gate\n").rfind("gate.toml:1: is not TOML: ", 0) == 0);
    CHECK(wrong_with("[gate]\nmode = \"enforce\"\nmode = \"observe\"\n")
              .rfind("gate.toml:3: is not TOML: ", 0) == 0);
    CHECK(wrong_with("[gate]\n[server]\n[gate]\n").rfind("gate.toml:3: is not TOML: ", 0) == 0);
}

TEST_CASE("a mistake of syntax is told with its line, its text and what to write instead") {
    struct Mistake {
        const char* text;
        const char* place;
        const char* what;
        const char* next;
    };
    for (const Mistake& one : {
             Mistake{"[gate]\nmode = \"enforce\n", ":2:", "'mode = \"enforce'", "quotation mark"},
             Mistake{"[gate]\nmode = 'enforce # x\n", ":2:", "second quotation", "at its end"},
             Mistake{"[trust]\npeers = [\"::1\", \"10.0.0.0/8]\n", ":2:", "second quotation",
                     "end"},
             Mistake{"[tokens]\nlive_max 50\n", ":2:", "'live_max 50' has no =", "KEY = VALUE"},
             Mistake{"[tokens]\nlive_max: 50\n", ":2:", "has : where = belongs", "KEY = VALUE"},
             Mistake{"[gate]\nmode:observe\n", ":2:", "has : where = belongs", "KEY = VALUE"},
             Mistake{"[gate]\nmode =\n", ":2:", "'mode =' has no value", "leave the line out"},
             Mistake{"[gate\nmode = \"observe\"\n", ":1:", "'[gate' has no closing ]", "write it"},
             Mistake{"[gate]\n\n[log]\n[gate]\n",
                     ":4:", "'[gate]' is written twice, first in line 1", "below one of them"},
             Mistake{"[gate]\nmode = \"observe\"\nmode = \"enforce\"\n",
                     ":3:", "the key 'mode' is written twice", "keep one"},
             Mistake{"[resource]\nname = \"a\"\n[resource]\nname = \"b\"\n",
                     ":3:", "first in line 1", "[[resource]]"},
             Mistake{"[resource]\nname = \"a\"\n[[resource]]\nname = \"b\"\n",
                     ":3:", "first in line 1", "[[resource]]"},
             Mistake{"[trust]\npeers = [\"::1\"\nproxies = []\n", ":3:", "'proxies = []'",
                     "behind its last item"},
             Mistake{"server.target_max = 2000\n[server]\ndrain = \"2s\"\n",
                     ":2:", "'[server]' has keys above already", "in one place"},
             Mistake{"[gate] mode = \"observe\"\n", ":1:", "behind its end", "line of its own"},
             Mistake{"[log]\nlevel = \"info\" format = \"json\"\n", ":2:", "behind its end",
                     "line of its own"},
             Mistake{"{ \"gate\": 1 }\n", ":1:", "is neither [SECTION]", "KEY = VALUE"},
             Mistake{"[database]\npath = \"C:\\data\\x.db\"\n", ":2:", "means nothing here",
                     "'...'"},
             Mistake{"[[resource]]\nname = \"a\"\npaths = [\"/a\"]\npublic = True\n",
                     ":4:", "'True'", "small letters: true"},
             Mistake{"[resource]\nname = \"a\"\npaths = [\"/a\"]\n", ":1:", "[resource]",
                     "[[resource]]"},
         }) {
        const std::string said = wrong_with(one.text);
        INFO(one.text);
        INFO(said);
        CHECK(said.rfind(std::string("gate.toml") + one.place, 0) == 0);
        CHECK(said.find(one.what) != std::string::npos);
        CHECK(said.find(one.next) != std::string::npos);
        CHECK(said.find('\n') == std::string::npos);  // one mistake
    }
}

TEST_CASE("what is made by command and looked for in the file is told with the command") {
    for (const auto& [text, command] : std::vector<std::pair<std::string, std::string>>{
             {"[plans.team]\nlimit = 5\n", "hourgate plan set"},
             {"[plans]\ngrace_days = 3\n[plans.studio]\napi = true\n", "hourgate plan set"},
             {"[[plans]]\nname = \"team\"\n", "hourgate plan set"},
             {"[plan.team]\nlimit = 5\n", "hourgate plan set"},
             {"[[plan]]\nname = \"team\"\n", "hourgate plan set"},
             {"[[workspace]]\nname = \"Acme\"\n", "hourgate workspace add"},
             {"[members]\nann = \"owner\"\n", "hourgate member add"},
             {"[tokens.ci]\nscopes = []\n", "hourgate token mint"}}) {
        const std::string said = wrong_with(text);
        INFO(text);
        INFO(said);
        CHECK(said.rfind("gate.toml:", 0) == 0);
        CHECK(said.find(command) != std::string::npos);
    }
    CHECK(wrong_with("[plans]\ngrace_day = 3\n").find("did you mean grace_days?") !=
          std::string::npos);
}

TEST_CASE("what is not text is refused with its line") {
    using namespace std::string_literals;
    CHECK(wrong_with("[gate]\n# \0\n"s) == "gate.toml:2: has a NUL byte");
    CHECK(wrong_with("[gate]\n\n# \xff\n") == "gate.toml:3: is not UTF-8");
    CHECK(wrong_with("[gate]\n# \xc0\xaf") == "gate.toml:2: is not UTF-8");
    CHECK(wrong_with("[gate]\n# " + times("a", 16'384)) ==
          "gate.toml:2: is a line over 16 KiB; break a long list after its commas");
    CHECK(wrong_with(times("#\n", 524'288)).empty());
    CHECK(wrong_with(times("#\n", 524'288) + "#") ==
          "gate.toml: is over 1 MiB, the most a file may have");
}

TEST_CASE("a letter beyond ASCII is told with its line, unless it stands in a text or a comment") {
    const std::string told =
        " has a letter beyond ASCII outside of a text and of a comment; put the text in quotation "
        "marks";
    CHECK(wrong_with("[gate]\ng\xef\xb3\xbf\"\"") == "gate.toml:2:" + told);
    CHECK(wrong_with("[gate]\nm\u00f6de = \"observe\"\n") == "gate.toml:2:" + told);
    CHECK(wrong_with("\n[g\u00e4te]") == "gate.toml:2:" + told);
    CHECK(wrong_with("[tokens]\nlive_max = 5\u00a0") == "gate.toml:2:" + told);
    // What only looks like the end of a text is none.
    const std::string texts[] = {"\"/\u00e4\"",
                                 "'/\u00e4'",
                                 "\"/\\\"\u00e4\"",
                                 "'/\\' #\u00e4",
                                 "\"\"\"/\u00e4\n\"\"\"",
                                 "'''/\u00e4\n'''",
                                 "\"\"\"/\"\"\u00e4\"\"\"\"",
                                 "'''/''\u00e4'''''"};
    for (const std::string& text : texts) {
        const std::string said = wrong_with("[database]\npath = " + text + " # \u00e4\n");
        INFO(text);
        CHECK(said.find("beyond ASCII") == std::string::npos);
    }
    CHECK(wrong_with("\xef\xbb\xbf# \u00e4\n") == "");
    CHECK(wrong_with("[database]\npath = \"/a\u00e4") != "");
}

TEST_CASE("a file name with control characters cannot write on the terminal") {
    const auto config = hourgate::config::parse("x", "a\n\x1b[31m.toml");
    REQUIRE_FALSE(config.ok());
    CHECK(config.failure().what.rfind("a\\x0a\\x1b[31m.toml:1: is not TOML", 0) == 0);
}

TEST_CASE("values nested beyond all keys are unknown keys, not the end of the program") {
    CHECK(wrong_with(times("a.", 20) + "a = 1\n").rfind("gate.toml:1: a: unknown key", 0) == 0);
    // How deep toml++ follows differs between its versions.
    CHECK(wrong_with(times("a.", 8'000) + "a = 1\n").rfind("gate.toml:1: ", 0) == 0);
    CHECK(wrong_with("a = " + times("[", 10'000) + "\n").rfind("gate.toml:1: is not TOML", 0) == 0);
}

TEST_CASE("an empty file, a byte order mark and Windows line ends change nothing") {
    const std::string defaults = hourgate::config::show_toml(read(""));
    using hourgate::config::show_toml;
    CHECK(show_toml(read("\xef\xbb\xbf[gate]\r\nmode = \"enforce\"\r\n")) == defaults);
    CHECK(show_toml(read("[gate]\n[server]\n[policy]\n")) == defaults);
}

TEST_CASE("what is read is what the program gets") {
    const auto config = read(nothing_at_its_default);
    using hourgate::config::Listen;
    const auto in = [](const hourgate::AddressSet& set, const char* text) {
        return set.contains(*hourgate::Address::parse(text));
    };
    CHECK(config.mode == hourgate::Mode::observe);
    CHECK(config.public_.kind == Listen::Kind::tcp);
    CHECK(config.public_.host == "::1");
    CHECK(config.docs == "https://example.com/refusals");
    CHECK_FALSE(config.notices);
    CHECK(config.contact == "ops@example.com");
    CHECK(config.public_.port == 1);
    CHECK(config.ask.at(0).kind == Listen::Kind::unix_socket);
    CHECK(config.ask.at(0).path == "/run/hourgate/ask");
    CHECK(config.admin.kind == Listen::Kind::off);
    CHECK(config.rules.api_prefix == "/gate");
    CHECK(config.upstream_urls ==
          std::vector<std::string>{"http://api.internal", "unix:/run/api.sock"});
    CHECK(config.upstream_authorization);
    CHECK(config.upstream_connect_s == 2);
    CHECK(config.upstream_answer_s == 3);
    CHECK(config.upstream_idle_s == 4);
    CHECK(config.upstream_stream_max_s == 5);
    CHECK(config.usage_keep_s == 7 * 86'400);
    CHECK(config.decisions_grants == hourgate::config::GrantsKept::all);
    CHECK(config.decisions_keep_s == 8 * 86'400);
    CHECK(config.decisions_rows == 9);
    CHECK(config.log_level == hourgate::config::LogLevel::notice);
    CHECK(config.log_json);
    CHECK(config.log_granted_every == 10);
    CHECK(config.hosts == std::vector<std::string>{"gate.example", "hourgate_ask"});
    CHECK(config.drain_s == 120);
    CHECK(config.connections_per_address == 50);
    CHECK(config.loops == 3);
    CHECK(config.database == "/tmp/h.db");
    CHECK(config.brand == "acme");
    CHECK(config.env == hourgate::token::Env::test);
    CHECK(config.rotate_grace_s == 3'600);
    CHECK(config.line_max_s == 30 * 86'400);
    CHECK(config.live_max == 7);
    CHECK(config.mints_per_day == 8);
    CHECK(config.tokens_keep_s == 9 * 86'400);
    CHECK(config.rules.path.target_bytes_max == 9'000);
    CHECK(config.upstream_resolve_s == 6);
    CHECK(config.upstream_via);
    CHECK(config.grace_days == 9);
    CHECK(config.lapse_to == "none");
    CHECK(config.renew_url == "https://example.com/renew");
    CHECK((in(config.peers, "10.1.2.3") && !in(config.peers, "127.0.0.1")));
    CHECK((in(config.proxies, "192.0.2.1") && !in(config.proxies, "::1")));
    CHECK(config.failures == hourgate::Window{"failures", 3, 4, hourgate::Per::token});
    CHECK(config.public_calls == hourgate::Window{"public", 5, 6, hourgate::Per::token});
    CHECK(config.cors_origins == std::vector<std::string>{"https://app.example.com"});
    CHECK(config.rules.unlisted_allowed);
    CHECK(config.rules.write_scope == hourgate::policy::WriteScope::reads_too);
    CHECK_FALSE(config.rules.path.encoded_slash);
    CHECK(config.rules.path.backslash);
    CHECK_FALSE(config.method_override_refused);
    CHECK(config.file == "gate.toml");
}

TEST_CASE("each switch of the policy turns off its own rule and no other") {
    using hourgate::policy::PathChecks;
    const std::vector<std::pair<const char*, bool PathChecks::*>> switches = {
        {"encoded_slash", &PathChecks::encoded_slash},
        {"backslash", &PathChecks::backslash},
        {"control_byte", &PathChecks::control_byte},
        {"not_utf8", &PathChecks::not_utf8},
        {"dot_segment", &PathChecks::dot_segment},
        {"empty_segment", &PathChecks::empty_segment},
        {"semicolon", &PathChecks::semicolon},
        {"double_encoding", &PathChecks::double_encoding},
        {"case_variant", &PathChecks::case_variant},
        {"reading_variant", &PathChecks::reading_variant},
    };
    for (const auto& [key, rule] : switches) {
        const auto config = read("[policy]\n" + std::string(key) + " = \"allow\"\n");
        INFO(key);
        for (const auto& other : switches)
            CHECK(config.rules.path.*other.second == (other.second != rule));
        CHECK(config.method_override_refused);
        CHECK_FALSE(config.rules.unlisted_allowed);
    }
}

TEST_CASE("the built-in defaults trust loopback and listen there") {
    const hourgate::config::Config config;
    for (const auto* set : {&config.peers, &config.proxies}) {
        CHECK(set->contains(*hourgate::Address::parse("127.9.9.9")));
        CHECK(set->contains(*hourgate::Address::parse("::1")));
        CHECK_FALSE(set->contains(*hourgate::Address::parse("128.0.0.1")));
    }
    CHECK(config.public_.text() == "127.0.0.1:8402");
    CHECK(config.ask.at(0).text() == "127.0.0.1:8401");
    CHECK(config.admin.text() == "127.0.0.1:8403");
    CHECK(config.file.empty());
}
