// The quick start, as a newcomer pastes it.
#include <csignal>
#include <string>
#include <vector>

#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// What the demonstration prints: the line after each heading that begins so.
class Demo {
public:
    explicit Demo(const Folder& parent)
        : program_({binary(), "serve", "--demo"}, {"TMPDIR=" + parent.path()}) {
        program_.wait_for("Dune       studio, lapsed  owner");
        text_ = program_.out();
    }
    [[nodiscard]] Program& program() noexcept { return program_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }
    [[nodiscard]] std::string line_after(const std::string& heading) const {
        bool found = false;
        for (const std::string_view line : hourgate::split(text_, '\n')) {
            if (found)
                return std::string(line);
            found = line.starts_with("# " + heading);
        }
        return "";
    }
    [[nodiscard]] std::string line_that_begins(const std::string& begin) const {
        for (const std::string_view line : hourgate::split(text_, '\n'))
            if (line.starts_with(begin))
                return std::string(line);
        return "";
    }
    /// Pastes lines into a shell that stands elsewhere.
    [[nodiscard]] std::string paste(const std::string& lines) const {
        return run({"sh", "-c", lines}, {}, "/").out;
    }

private:
    Program program_;
    std::string text_;
};

std::string times(const std::string& text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i)
        all += text;
    return all;
}

/// The body of what curl -i printed.
Json body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    REQUIRE(end != answer.npos);
    return Json::parse(answer.substr(end + 4));
}

}  // namespace

TEST_CASE("the five lines of the demonstration answer 200, 401, 402, 403 and 429") {
    REQUIRE(installed("curl"));
    const Folder parent;
    Demo demo(parent);

    const std::string granted = demo.paste(demo.line_after("200"));
    CHECK(granted.find("HTTP/1.1 200 ") == 0);
    CHECK(contains(granted, "X-RateLimit-Limit: 600"));
    CHECK(body_of(granted).at("identity").size() == 8);
    CHECK(body_of(granted).at("identity").at("X-Hourgate-Role") == "manager");

    const std::string unknown = demo.paste(demo.line_after("401"));
    CHECK(unknown.find("HTTP/1.1 401 ") == 0);
    CHECK(contains(unknown, "WWW-Authenticate: Bearer"));
    CHECK(body_of(unknown).at("error").at("reason") == "no_credentials");

    const std::string unpaid = demo.paste(demo.line_after("402"));
    CHECK(unpaid.find("HTTP/1.1 402 ") == 0);
    CHECK(body_of(unpaid).at("error").at("reason") == "plan_lapsed");

    const std::string forbidden = demo.paste(demo.line_after("403"));
    CHECK(forbidden.find("HTTP/1.1 403 ") == 0);
    CHECK(body_of(forbidden).at("error").at("requiredRole") == "manager");

    // One process sends the calls that fill the window, on one connection.
    const std::string full = demo.paste(demo.line_after("429"));
    const std::size_t last = full.find("HTTP/1.1 429 ");
    REQUIRE(last != full.npos);
    CHECK(full.substr(0, last) == times("200\n", 30) + times("429\n", 10));
    CHECK(contains(full.substr(last), "Retry-After: "));
    CHECK(body_of(full.substr(last)).at("error").at("window") == "burst");

    // All of them begin with what they show, and there are no others.
    CHECK(demo.line_after("200").find("curl -i ") == 0);
    CHECK(demo.line_after("429").find("curl -s ") == 0);
}

TEST_CASE("the two commands of the demonstration pay the lapsed workspace and revoke a token") {
    REQUIRE(installed("curl"));
    const Folder parent;
    Demo demo(parent);
    const std::string config = demo.line_that_begins("export HOURGATE_CONFIG=");
    REQUIRE_FALSE(config.empty());
    const std::string unpaid = demo.line_after("402"), granted = demo.line_after("200");
    CHECK(demo.paste(unpaid).find("HTTP/1.1 402 ") == 0);
    CHECK(demo.paste(granted).find("HTTP/1.1 200 ") == 0);
    CHECK(contains(demo.paste(config + "\n" + demo.line_after("Dune pays")), "plan        studio"));
    CHECK(demo.paste(unpaid).find("HTTP/1.1 200 ") == 0);
    CHECK(contains(demo.paste(config + "\n" + demo.line_after("The token of the 200")), "revoked"));
    CHECK(demo.paste(granted).find("HTTP/1.1 401 ") == 0);
}

TEST_CASE("the demonstration's folder is private and gone at its end, however it ends") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        const Folder parent;
        Demo demo(parent);
        const Arguments made = names_in(parent.path());
        REQUIRE(made.size() == 1);
        CHECK(run({"stat", "-c", "%a", parent.file(made[0])}).out == "700\n");
        CHECK(exists(parent.file(made[0] + "/config.toml")));
        demo.program().signal(number);
        CHECK(demo.program().wait() == 0);
        CHECK(names_in(parent.path()).empty());
    }
    const Folder parent;
    const Ran unwritten = run({"sh", "-c", "exec \"$0\" serve --demo >/dev/full", binary()},
                              {"TMPDIR=" + parent.path()});
    CHECK(unwritten.exit_code == 1);
    CHECK(names_in(parent.path()).empty());
}

TEST_CASE("a second demonstration takes other ports and says so") {
    const Folder parent;
    Demo first(parent), second(parent);
    CHECK(contains(second.text(), "is taken by another process"));
    CHECK(first.line_after("401") != second.line_after("401"));
    CHECK(second.paste(second.line_after("200")).find("HTTP/1.1 200 ") == 0);
    CHECK(first.paste(first.line_after("200")).find("HTTP/1.1 200 ") == 0);
}

TEST_CASE("the demonstration says the same as JSON, and takes no configuration") {
    const Folder parent;
    Program program({binary(), "serve", "--demo", "--json"}, {"TMPDIR=" + parent.path()});
    const Json said = Json::parse(program.wait_for("\"answers\""));
    CHECK(said.at("answers").size() == 5);
    CHECK(said.at("changes").size() == 2);
    CHECK(said.at("tokens").size() == 7);
    CHECK(said.at("samplePort").get<int>() > 0);
    CHECK(run({binary(), "serve", "--demo", "--config", "x"}).exit_code == 2);
}
