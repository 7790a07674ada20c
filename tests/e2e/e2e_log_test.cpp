// The log of a running server: what a caller sends stays inside its value, whatever it is, in either
// format; what can change at SIGHUP; and a reader that does not read stops no decision.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
    }
    return lines;
}

/// What somebody would send who wants to be believed by a reader of the log.
std::vector<std::string> hostile_values() {
    using namespace std::string_literals;
    return {"\r\nlevel=info msg=granted reason=granted"s,
            "\n{\"level\":\"info\",\"msg\":\"granted\"}"s,
            "\" status=200 x=\""s,
            "\",\"status\":200,\"x\":\""s,
            "\\"s,
            "\\\""s,
            "\x1b[2J\x1b[31mred\x1b]0;title\x07"s,
            "\xe2\x80\xa8line separator\xe2\x80\xa9"s,
            "\xe2\x80\xaereversed"s,
            "\xc2\x9b"
            "31m"s,
            "\xff\xfe\xc0\xaf"s,
            "\x00nul\x00"s,
            "\x7f\x08\x08\x08"s,
            "<0>time=2000-01-01T00:00:00Z"s,
            "%0d%0alevel=info"s,
            "{{.Time}} ${jndi:ldap://x} %n%s"s,
            "'; DROP TABLE tokens; --"s,
            std::string(10'000, 'A'),
            std::string(3'000, '"'),
            std::string(3'000, '\x1b')};
}

std::string escape_of(char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    return std::string("%") + digits[byte / 16U] + digits[byte % 16U];
}

/// One request for each field that a caller can fill: the path asked about, the method, the request
/// id, who it came from, the credentials, and the target and method of the request itself.
std::vector<std::string> requests_with(const std::string& value) {
    const std::string head = "Host: h\r\n";
    const std::string about = "GET /_hourgate/auth/caddy HTTP/1.1\r\n" + head;
    const std::string plain = "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /api/v1/clients\r\n";
    return {
        about + "X-Forwarded-Method: GET\r\nX-Forwarded-Uri: /" + value + "\r\n\r\n",
        about + "X-Forwarded-Method: " + value + "\r\nX-Forwarded-Uri: /\r\n\r\n",
        about + plain + "X-Request-Id: " + value + "\r\n\r\n",
        about + plain + "X-Forwarded-For: " + value + "\r\n\r\n",
        about + plain + "Authorization: Bearer " + value + "\r\n\r\n",
        about + plain + "Authorization: " + value + "\r\n\r\n",
        about + plain + "X-Hourgate-" + value + ": 1\r\n\r\n",
        "GET /" + value + " HTTP/1.1\r\n" + head + "\r\n",
        value + " / HTTP/1.1\r\n" + head + "\r\n",
        post("/_hourgate/verify", Json({{"token", value}, {"method", value}, {"path", "/" + value}})
                                      .dump(-1, ' ', false, Json::error_handler_t::replace)),
    };
}

/// Has a server that runs write its log as JSON from now on; how long the log is until then.
std::size_t write_json(const Installation& here, Server& server, const std::string& more) {
    here.configure("[log]\nformat = \"json\"\n" + more);
    server.program().signal(SIGHUP);
    server.program().wait_for(R"("reload":"1")");
    return server.program().err().size();
}

enum class Form { logfmt, json };
const std::string many_failures = "[failures]\nlimit = 10000000\n";

/// Sends all of `values` in every field to a server, and returns what is in its log for that.
std::string attacked_with(const Installation& here, Server& server, Form form,
                          const std::vector<std::string>& values) {
    const std::size_t before = form == Form::json ? write_json(here, server, many_failures) : 0;
    for (const std::string& value : values)
        for (const std::string& bytes : requests_with(value)) {
            Wire wire(server.ports().ask);
            (void)wire.send(bytes);
            (void)wire.receive();
        }
    CHECK(server.stop() == 0);
    return server.program().err().substr(before);
}

std::string attacked(Form form) {
    const Installation here(many_failures);
    here.populate();
    Server server(here);
    return attacked_with(here, server, form, hostile_values());
}

/// What cannot be read as a request at all is refused without a line: more than a quarter can.
std::size_t lines_at_least() {
    return hostile_values().size() * requests_with("").size() / 4;
}

const std::vector<std::string> keys_of_a_refusal = {"time",   "level",  "msg",    "decision",
                                                    "reason", "status", "prefix", "workspace",
                                                    "member", "method", "path",   "address"};

}  // namespace

TEST_CASE("in logfmt no caller's value ends a line, adds a field, or is more than printable text") {
    std::size_t refusals = 0;
    for (const std::string& line : lines_of(attacked(Form::logfmt))) {
        INFO(line);
        REQUIRE(line.size() < 4'096);
        REQUIRE(line.starts_with("time="));
        REQUIRE(std::all_of(line.begin(), line.end(), [](char c) {
            return (c >= 0x20 && c < 0x7f) || c == '\xe2' || c == '\x80' || c == '\xa6';  // "…"
        }));
        if (!contains(line, " msg=refused "))
            continue;
        ++refusals;
        std::vector<std::string> keys;
        bool quoted = false;
        std::size_t begin = 0;
        for (std::size_t at = 0; at < line.size(); ++at) {
            if (line[at] == '\\')
                ++at;
            else if (line[at] == '"')
                quoted = !quoted;
            else if (line[at] == ' ' && !quoted)
                begin = at + 1;
            else if (line[at] == '=' && !quoted)
                keys.push_back(line.substr(begin, at - begin));
        }
        CHECK_FALSE(quoted);
        std::erase_if(keys, [](const std::string& key) {
            return key == "request" || key == "because" || key == "peer";
        });
        CHECK(keys == keys_of_a_refusal);
    }
    CHECK(refusals > lines_at_least());
}

TEST_CASE(
    "in JSON every line is one object with the fields of a refusal, whatever a caller sends") {
    std::size_t refusals = 0;
    for (const std::string& line : lines_of(attacked(Form::json))) {
        INFO(line);
        REQUIRE(line.size() < 4'096);
        REQUIRE(hourgate::is_printable_ascii(line));
        const auto object = nlohmann::ordered_json::parse(line);
        if (object["msg"] != "refused")
            continue;
        ++refusals;
        std::vector<std::string> keys;
        for (const auto& [key, value] : object.items())
            if (key != "request" && key != "because" && key != "peer")
                keys.push_back(key);
        CHECK(keys == keys_of_a_refusal);
        // Who is at the other end is said where the caller's address is not known.
        CHECK(object.contains("peer") == (object["address"] == ""));
        CHECK(object["level"] == "notice");
        CHECK(object["status"].get<int>() >= 400);
    }
    CHECK(refusals > lines_at_least());
}

TEST_CASE("a token sent where none belongs is in no line, of either format") {
    for (const Form form : {Form::logfmt, Form::json}) {
        const Installation here(many_failures);
        here.populate();
        const std::string token = here.mint("Acme/member@acme.example");
        const std::string secret = token.substr(token.rfind('_') + 1);
        std::string escaped = token;
        for (std::size_t at = 0; (at = escaped.find('_', at)) != escaped.npos;)
            escaped.replace(at, 1, "%5F");
        std::string half = token;  // one digit of the secret is escaped
        half.replace(half.size() - 20, 1, escape_of(half[half.size() - 20]));
        Server server(here);
        const std::string log = attacked_with(here, server, form, {token, escaped, half});
        CHECK(contains(log, "refused"));
        CHECK(contains(log, prefix_of(token) + "_..."));
        CHECK_FALSE(contains(log, secret.substr(0, 8)));
        CHECK_FALSE(contains(log, secret.substr(secret.size() - 8)));
    }
}

TEST_CASE("level, format and how many granted calls are written change at SIGHUP") {
    Installation here;
    here.populate();
    const std::string owner = here.mint("Acme/owner@acme.example");
    const std::string member = here.mint("Acme/member@acme.example");
    Server server(here);
    CHECK(server.status(owner) == 200);
    CHECK(server.status(member) == 403);
    server.program().wait_for("reason=role_forbidden");
    CHECK_FALSE(contains(server.program().err(), "msg=granted"));

    here.configure("[log]\nformat = \"json\"\ngranted_every = 1\n");
    server.program().signal(SIGHUP);
    server.program().wait_for(R"("reload":"1")");
    CHECK(server.status(owner) == 200);
    const std::string said = server.program().wait_for(R"("msg":"granted")");
    const Json object = Json::parse(said.substr(said.find('{')));
    CHECK(object["level"] == "info");
    CHECK(object["reason"] == "granted");
    CHECK(object["status"] == 200);
    CHECK(object["path"] == "/api/v1/clients");
    CHECK(object["took_us"].get<std::int64_t>() >= 0);

    here.configure("[log]\nlevel = \"notice\"\nformat = \"json\"\ngranted_every = 1\n");
    server.program().signal(SIGHUP);
    server.program().wait_for(R"("reload":"2")");
    const std::size_t before = server.program().err().size();
    CHECK(server.status(owner) == 200);
    CHECK(server.status(member) == 403);
    server.program().wait_for(R"("reason":"role_forbidden")");
    CHECK(server.stop() == 0);
    const std::string rest = server.program().err().substr(before);
    CHECK(contains(rest, R"("reason":"role_forbidden")"));
    CHECK_FALSE(contains(rest, R"("msg":"granted")"));
    CHECK_FALSE(contains(rest, R"("level":"info")"));
}

TEST_CASE("a reader of the log that does not read stops no decision, and is told what it missed") {
    Installation here(
        "[public]\nlimit = 10000000\n[log]\ngranted_every = 1\n[[resource]]\nname = \"docs\"\n"
        "paths = [\"/docs/**\"]\npublic = true\n");
    here.populate();
    const std::string fifo = here.folder().file("log");
    REQUIRE(mkfifo(fifo.c_str(), 0600) == 0);
    const int reader = open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    REQUIRE(reader >= 0);
    Arguments words = {"sh", "-c", "log=$1; shift; exec \"$@\" 2>\"$log\"", "sh", fifo};
    for (const std::string& word : here.words({"serve", "--json"}))
        words.push_back(word);
    Program program(words);
    const std::string said = program.wait_for("askPort");
    const Json ports = Json::parse(said.substr(said.find('{')));
    const auto ask = ports["askPort"].get<std::uint16_t>();
    const auto admin = ports["adminPort"].get<std::uint16_t>();
    // Twice what may wait, by lines of more than 500 bytes.
    const std::string path = "/docs/" + std::string(400, 'p');
    std::string questions;
    for (int call = 0; call < 50; ++call)
        questions += question("", path);
    Wire wire(ask);
    const std::size_t rounds = 2 * hourgate::limits::log_waiting_bytes_max / 500 / 50;
    for (std::size_t round = 0; round < rounds; ++round) {
        REQUIRE(wire.send(questions));
        for (int call = 0; call < 50; ++call)
            REQUIRE(wire.receive().status == 200);
    }
    const std::string metrics = Wire(admin).ask(get("/metrics")).body;
    CHECK_FALSE(contains(metrics, "\nhourgate_log_lines_dropped_total 0\n"));
    CHECK(contains(metrics, "\nhourgate_log_lines_dropped_total "));
    // And now it reads.
    fcntl(reader, F_SETFL, fcntl(reader, F_GETFL) & ~O_NONBLOCK);
    std::string text;
    char block[65'536];
    while (!contains(text, "lines of the log were dropped")) {
        const ssize_t got = read(reader, block, sizeof block);
        REQUIRE(got > 0);
        text.append(block, static_cast<std::size_t>(got));
    }
    CHECK(contains(text, "msg=granted"));
    program.signal(SIGTERM);
    while (read(reader, block, sizeof block) > 0) {
    }
    CHECK(program.wait() == 0);
    close(reader);
}
