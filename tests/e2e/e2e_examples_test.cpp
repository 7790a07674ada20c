// Every curl command of docs/errors.md, pasted into a shell in an empty folder, and README's refusal.
// docs_commands_test.cpp runs the other pages.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// The curl commands in the code blocks of a page, continued lines joined.
std::vector<std::string> curls_in(const std::string& page) {
    std::vector<std::string> commands;
    std::string command;
    bool in_block = false;
    for (const std::string_view line : hourgate::split(page, '\n')) {
        if (line.starts_with("```")) {
            in_block = !in_block;
            continue;
        }
        const bool continues = !command.empty();
        const std::string_view text = line.starts_with("$ ") ? line.substr(2) : line;
        if (!in_block || !(continues || text.starts_with("curl ")))
            continue;
        command += text;
        if (command.ends_with('\\')) {
            command.back() = ' ';
            continue;
        }
        commands.push_back(std::exchange(command, ""));
    }
    return commands;
}

std::string replaced(std::string text, std::string_view from, const std::string& to) {
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

/// Whether what was said is an error of this reason, and does not only speak of it.
bool is_error(const std::string& said, const std::string& reason) {
    const std::size_t at = said.find("{\"error\":{\"code\":");
    return at != said.npos && (at == 0 || said[at - 1] == '\n') &&
           contains(said.substr(at, 100), ",\"reason\":\"" + reason + "\"");
}

/// A gate with an API behind it, and what its readers put in the place of the examples' values.
class Site {
public:
    Site() : here_("[upstream]\nurl = \"http://127.0.0.1:" + std::to_string(api_.port()) + "\"\n") {
        here_.populate();
        token_ = here_.mint("owner@acme.example");
        other_ = here_.mint("admin@acme.example");
        server_ = std::make_unique<Server>(here_);
        Wire wire(server_->ports().public_);
        decision_ = wire.ask("GET /api/v1/clients HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer " +
                             token_ + "\r\n\r\n")
                        .header("x-hourgate-decision");
    }
    /// What it prints, on both streams.
    [[nodiscard]] std::string paste(std::string command) const {
        const Ports& ports = server_->ports();
        command = replaced(command, "DECISION", decision_);
        command = replaced(command, "PREFIX", prefix_of(other_));
        const std::string api = "http://127.0.0.1:" + std::to_string(ports.public_);
        std::string script =
            "TOKEN=" + token_ + "\nOTHER_TOKEN=" + other_ + "\nAPI=" + api +
            "\nME=$API/_hourgate/api/v1/me\nauth=\"Authorization: Bearer $TOKEN\"\n" + command +
            "\n";
        script = replaced(script, "127.0.0.1:8401", "127.0.0.1:" + std::to_string(ports.ask));
        script = replaced(script, "127.0.0.1:8402", "127.0.0.1:" + std::to_string(ports.public_));
        script = replaced(script, "127.0.0.1:8403", "127.0.0.1:" + std::to_string(ports.admin));
        const Folder empty;
        write_file(empty.file("file"), "{}");  // what `-d @file` sends is the reader's own
        const Ran ran = run({"sh", "-c", script}, {}, empty.path());
        return ran.out + ran.err;
    }

private:
    Upstream api_;
    const Installation here_;
    std::string token_, other_, decision_;
    std::unique_ptr<Server> server_;
};

}  // namespace

TEST_CASE("every curl command of docs/errors.md is answered as its text says") {
    REQUIRE(installed("curl"));
    const Site site;
    std::size_t pasted = 0;
    for (const std::string& command : curls_in(read_file(HOURGATE_SOURCE_DIR "/docs/errors.md"))) {
        const std::string said = site.paste(command);
        CAPTURE(command, said);
        for (const char* wrong : {"curl: (", "not found\n", "Syntax error"})
            CHECK_FALSE(contains(said, wrong));
        for (const char* reason :
             {"wrong_content_type", "bad_json", "no_such_route", "invalid_fields",
              "validation_error", "malformed_token", "unknown_host"})
            CHECK_FALSE(is_error(said, reason));
        ++pasted;
    }
    CHECK(pasted > 40);
}

TEST_CASE("README's sample of a refusal is a real one") {
    const Installation here;
    here.populate();
    const std::string token = here.mint("member@acme.example");
    const Server server(here);
    Wire wire(server.ports().ask);
    const Answered real = wire.ask(question(token, "/api/v1/clients"));
    REQUIRE(real.status == 403);
    const std::string readme = read_file(HOURGATE_SOURCE_DIR "/README.md");
    const std::string sample = readme.substr(readme.find("HTTP/1.1 403 Forbidden"));
    CHECK(contains(sample, "\nWWW-Authenticate: " + real.header("WWW-Authenticate") + "\n"));
    const std::size_t from = sample.find("{\"error\"");
    const Json shown = Json::parse(sample.substr(from, sample.find("\n```") - from));
    const Json error = Json::parse(real.body).at("error");
    for (const auto& [name, value] : shown.at("error").items()) {
        INFO(name);
        REQUIRE(error.contains(name));
        if (name != "decision")
            CHECK(error.at(name) == value);
    }
    CHECK(shown.at("error").size() == error.size());
}
