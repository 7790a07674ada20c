// Log lines as JSON: whatever a value holds, a line is one object, in ASCII, with the text in it that
// was sent, and never over 4,096 bytes.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <string_view>

#include "base/text.h"
#include "ops/log.h"
#include "support/catch.h"

using hourgate::Decision;
using hourgate::Reason;
using hourgate::ops::Level;
using hourgate::ops::LogFormat;
using hourgate::ops::LogLine;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::int64_t wall_ms = 1'764'079'389'123;  // 2025-11-25T14:03:09.123Z

std::string line_with(LogFormat format, std::string_view value) {
    LogLine line(format, Level::info, wall_ms, "m");
    line.add("value", value);
    return std::move(line).finish(false);
}

/// The object; fails when the line is not one, or not one line of ASCII.
Json object_of(const std::string& line) {
    REQUIRE(line.size() <= hourgate::ops::log_line_bytes_max);
    REQUIRE(line.find('\n') == line.size() - 1);
    REQUIRE(hourgate::is_printable_ascii(std::string_view(line).substr(0, line.size() - 1)));
    return Json::parse(line);
}

std::string value_in(std::string_view sent) {
    return object_of(line_with(LogFormat::json, sent))["value"].get<std::string>();
}

/// What a log with a file of its own writes of a decision.
std::string written(const Decision& decision, int status, LogFormat format) {
    const int fd = memfd_create("log", MFD_CLOEXEC);
    REQUIRE(fd >= 0);
    hourgate::ops::Log log(fd);
    log.use({Level::info, format, 1});
    log.refusal(decision, status);
    log.granted(decision, status);
    std::string text(10'000, '\0');
    const ssize_t size = pread(fd, text.data(), text.size(), 0);
    close(fd);
    REQUIRE(size >= 0);
    text.resize(static_cast<std::size_t>(size));
    return text;
}

Decision refused() {
    Decision decision;
    decision.reason = Reason::no_credentials;
    decision.id.fill('7');
    decision.now.wall_ms = wall_ms;
    decision.method = "GET";
    decision.target = "/api/v1/clients?q=1";
    decision.request_id = "r-1";
    decision.address = hourgate::Address::parse("192.0.2.7");
    return decision;
}

}  // namespace

TEST_CASE("a JSON line has the fields of a logfmt line, in their order") {
    CHECK(written(refused(), 401, LogFormat::json) ==
          R"({"time":"2025-11-25T14:03:09.123Z","level":"notice","msg":"refused",)"
          R"("decision":"dec_77777777777777777777777777777777","reason":"no_credentials",)"
          R"("status":401,"prefix":"","workspace":"","member":"","method":"GET",)"
          R"("path":"/api/v1/clients","address":"192.0.2.7","request":"r-1"})"
          "\n");
    CHECK(written(refused(), 401, LogFormat::logfmt) ==
          "time=2025-11-25T14:03:09.123Z level=notice msg=refused "
          "decision=dec_77777777777777777777777777777777 reason=no_credentials status=401 "
          "prefix=\"\" workspace=\"\" member=\"\" method=GET path=/api/v1/clients "
          "address=192.0.2.7 request=r-1\n");
}

TEST_CASE("journald's level stands in front of a JSON line as of any other") {
    LogLine line(LogFormat::json, Level::warning, wall_ms, "m");
    CHECK(std::move(line).finish(true) ==
          R"(<4>{"time":"2025-11-25T14:03:09.123Z","level":"warning","msg":"m"})"
          "\n");
}

TEST_CASE("what is UTF-8 is read back as it was sent, and what is not is marked") {
    using namespace std::string_literals;
    for (const std::string& sent :
         {""s, "a"s, "\"quoted\" \\ /"s, "\r\n<0>time=x"s, "\x1b[31m"s, "\0"s, "\x7f\x01\x1f"s,
          "\xc3\xa4"s, "\xe2\x80\xa8\xe2\x80\xa9"s, "\xc2\x9b"s, "\xe2\x80\xae"s,
          "\xf0\x9f\x98\x80"s, "{\"level\":\"info\"}"s, "</script>"s})
        CHECK(value_in(sent) == sent);
    CHECK(value_in("a\xff"
                   "b") ==
          "a\xef\xbf\xbd"
          "b");
    CHECK(value_in("\xc3") == "\xef\xbf\xbd");
    CHECK(hourgate::is_utf8(value_in("\xed\xa0\x80")));      // a surrogate
    CHECK(hourgate::is_utf8(value_in("\xf4\x90\x80\x80")));  // above U+10FFFF
}

TEST_CASE("a long value is cut between characters, and the line is whole") {
    std::string umlauts, smileys;
    for (int i = 0; i < 5'000; ++i) {
        umlauts += "\xc3\xa4";
        smileys += "\xf0\x9f\x98\x80";
    }
    for (const std::string& sent :
         {std::string(10'000, 'a'), std::string(10'000, '\x1b'), std::string(10'000, '\xff'),
          std::string(10'000, '\x80'), std::string(10'000, '"'), umlauts, smileys, "x" + umlauts,
          "x" + smileys, "xy" + smileys, "xyz" + smileys}) {
        const std::string kept = value_in(sent);
        REQUIRE(kept.ends_with("…"));
        CHECK(kept.size() <= 3 * 500 + 3);
        CHECK(hourgate::is_utf8(kept));
        if (hourgate::is_utf8(sent))
            CHECK(sent.starts_with(kept.substr(0, kept.size() - 3)));
    }
}

TEST_CASE("ten thousand lines of any bytes, in every field, are whole lines in both formats") {
    std::mt19937 random(20'261'126);
    const auto any_text = [&](std::size_t most) {
        std::string text(random() % (most + 1), '\0');
        // Some of all bytes, some of those that mean something to somebody.
        constexpr std::string_view meaning = "\"\\=\n\r\x1b{}<>%\0\x7f\x80\xc3\xe2\x80\xa8\xff_ ";
        const bool all = random() % 2 == 0;
        for (char& c : text)
            c = all ? static_cast<char>(random() % 256) : meaning[random() % meaning.size()];
        return text;
    };
    for (int round = 0; round < 10'000; ++round) {
        const std::string method = any_text(50), target = any_text(round % 50 == 0 ? 4'096 : 200),
                          request_id = any_text(200);
        Decision decision = refused();
        decision.method = method;
        decision.target = target;
        decision.request_id = request_id;
        INFO("round " << round);
        const Json json = object_of(written(decision, 401, LogFormat::json));
        CHECK(json["status"] == 401);
        CHECK(json["address"] == "192.0.2.7");
        CHECK(json.contains("path"));
        const std::string line = written(decision, 401, LogFormat::logfmt);
        REQUIRE(line.size() <= hourgate::ops::log_line_bytes_max);
        REQUIRE(line.find('\n') == line.size() - 1);
        // The mark of a cut aside, which is the only thing beyond ASCII.
        REQUIRE(std::all_of(line.begin(), line.end() - 1, [](char c) {
            return (c >= 0x20 && c < 0x7f) || c == '\xe2' || c == '\x80' || c == '\xa6';
        }));
        REQUIRE(std::count(line.begin(), line.end(), '\xe2') <= 3);
    }
}

TEST_CASE("a token in a path, a method or a request id is in no line of JSON") {
    const std::string secret = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    const std::string token = "hsk_live_4f8a2c1bdedf_" + secret;
    const std::string escaped = "/a/hsk%5Flive%5F4f8a2c1bdedf%5F" + secret;
    for (const std::string& target : {"/a/" + token, escaped, "/" + std::string(480, 'a') + token})
        for (const Reason reason : {Reason::no_credentials, Reason::granted}) {
            Decision decision = refused();
            decision.reason = reason;
            decision.method = token;
            decision.target = target;
            decision.request_id = token;
            const std::string line = written(decision, 401, LogFormat::json);
            REQUIRE(!line.empty());
            CHECK(line.find("0123") == line.npos);
            CHECK(object_of(line)["method"] == "hsk_live_4f8a2c1bdedf_...");
            CHECK(object_of(line)["request"] == "hsk_live_4f8a2c1bdedf_...");
        }
}
