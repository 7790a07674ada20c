// docs/errors.md: each reason that an answer can have is written about, and nothing else; and the
// page is where `error.docs` says it is.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "embedded.h"
#include "gate/decision.h"
#include "http/decision/reasons.h"
#include "places.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Listener;
using hourgate::http::Response;

namespace fs = std::filesystem;

namespace {

const fs::path root(HOURGATE_SOURCE_DIR);

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), {}};
}

struct Entry {
    std::string reason;
    std::string text;
};

std::vector<Entry> entries() {
    std::vector<Entry> all;
    std::istringstream in(embedded::errors);
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("## ", 0) == 0)
            all.push_back({line.substr(3), ""});
        else if (!all.empty())
            all.back().text += line + "\n";
    }
    return all;
}

std::set<std::string> reasons() {
    std::set<std::string> all(http::other_reasons.begin(), http::other_reasons.end());
    for (std::size_t i = 0; i < reason_count; ++i)
        all.emplace(to_text(static_cast<Reason>(i)));
    all.erase("granted");
    return all;
}

void collect(std::set<std::string>& into, const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    for (std::sregex_iterator found(text.begin(), text.end(), regex), end; found != end; ++found)
        into.insert((*found)[1]);
}

/// The reasons that stand in the sources of the answers, and in what proxies answer for the gate.
std::set<std::string> reasons_in_the_sources() {
    std::set<std::string> all;
    for (const char* folder : {"src/manage", "src/http", "src/gate", "src/plan", "snippets"}) {
        for (const auto& file : fs::recursive_directory_iterator(root / folder)) {
            if (!file.is_regular_file())
                continue;
            const std::string text = text_of(file.path());
            collect(all, text, R"re(plain_error\(\s*\d+,\s*"\w+",\s*"(\w+)")re");
            collect(all, text, R"re(\b(?:bad_head|unread|failed)\(\s*\d+,\s*"(\w+)")re");
            collect(all, text, R"re(turn_away\(\w+,\s*"(\w+)")re");
            collect(all, text, R"re("reason"\}?,\s*"(\w+)")re");
            collect(all, text, R"re(\breason(?:"\])? = "(\w+)")re");
            collect(all, text, R"re(\\?"reason\\?":\\?"(\w+))re");
            // In a Failure, a word with "_" in it: names of fields are written otherwise.
            for (std::size_t at = text.find("Fault::"); at != text.npos;
                 at = text.find("Fault::", at + 1))
                collect(all, text.substr(at, text.find("};", at) - at),
                        R"re("([a-z]+(?:_[a-z]+)+)")re");
        }
    }
    return all;
}

}  // namespace

TEST_CASE("each reason has one entry, and each entry a reason") {
    std::set<std::string> written;
    for (const Entry& entry : entries()) {
        CAPTURE(entry.reason);
        CHECK(written.insert(entry.reason).second);
        CHECK(reasons().count(entry.reason) == 1);
    }
    for (const std::string& reason : reasons()) {
        CAPTURE(reason);
        CHECK(written.count(reason) == 1);
    }
}

TEST_CASE("each entry has a cause, a command to check with, and a fix, in this order") {
    for (const Entry& entry : entries()) {
        CAPTURE(entry.reason, entry.text);
        const std::size_t cause = entry.text.find("**Cause**");
        const std::size_t check = entry.text.find("**How to check.**\n\n```sh\n");
        const std::size_t fix = entry.text.find("**Fix.** ");
        REQUIRE(cause != std::string::npos);
        REQUIRE(check != std::string::npos);
        REQUIRE(fix != std::string::npos);
        CHECK((cause < check && check < fix));
        CHECK(entry.text.find("\n```\n", check) < fix);
        CHECK(entry.text.size() < 1'200);  // it is read at night
        const std::string command =
            entry.text.substr(check, entry.text.find("\n```\n", check) - check);
        for (const char* change : {"-X POST", "-X DELETE", "-X PUT", "rotate", "revoke"})
            CHECK(command.find(change) == std::string::npos);
    }
}

TEST_CASE("every reason in the sources is one that is known, and every other one stands there") {
    const std::set<std::string> found = reasons_in_the_sources();
    CHECK(found.size() > 40);
    for (const std::string& reason : found) {
        if (reason == "rate_limited")
            continue;  // a code: a Failure of this kind always has a reason
        CAPTURE(reason);
        CHECK(reasons().count(reason) == 1);
    }
    // The codes that stand in for a reason where a Failure has none.
    const std::set<std::string> codes = {"validation_error", "not_found", "conflict",
                                         "forbidden_scope"};
    for (const std::string_view reason : http::other_reasons) {
        CAPTURE(reason);
        CHECK(found.count(std::string(reason)) + codes.count(std::string(reason)) >= 1);
    }
}

TEST_CASE("the page is the same on all three listeners, and on ask for peers alone") {
    HttpBench bench;
    http::Service::Settings settings;
    settings.errors = embedded::errors;
    settings.trust.peers = AddressSet({*Network::parse("127.0.0.0/8")});
    settings.trust.hosts = {"api.example"};
    http::Service service(std::move(settings), bench.gate, bench.clock, bench.notes);
    for (const Listener listener : {Listener::public_, Listener::ask, Listener::admin}) {
        http::Request request = HttpBench::request("GET", "/_hourgate/errors?x#role_forbidden");
        drop_header(request, "Authorization");
        const Response page = service.handle(listener, request);
        CHECK(page.status == 200);
        CHECK(header(page, "Content-Type") == "text/markdown; charset=utf-8");
        CHECK(page.body == embedded::errors);
        CHECK(header(page, "Vary") == "Accept");
        request.method = "POST";
        CHECK(service.handle(listener, request).status == 405);
    }
    http::Request stranger = HttpBench::request("GET", "/_hourgate/errors");
    stranger.peer = *Address::parse("198.51.100.4");
    CHECK(service.handle(Listener::ask, stranger).status == 404);
    CHECK(bench.notes.told.empty());
}

TEST_CASE("every refusal says where its reason is written about, management's and the API's too") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.docs_url = "/_hourgate/errors";
    HttpBench bench(Mode::enforce, small_rules(), settings);
    CHECK(bench.ask(HttpBench::forwarded("GET", "/nowhere"))
              .body.find(R"("docs":"/_hourgate/errors#path_unlisted")") != std::string::npos);
    const Response fields = bench.service.handle(
        Listener::public_, HttpBench::request("GET", "/_hourgate/api/v1/me?nothing=1"));
    CHECK(fields.status == 422);
    CHECK(fields.body.find(R"("docs":"/_hourgate/errors#invalid_fields")") != std::string::npos);
}
