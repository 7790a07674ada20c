// Log lines in logfmt, byte by byte. Whatever a caller sends stays inside its value, and no token is
// in it. JSON and who reads slowly: log_json_test.cpp, log_writer_test.cpp.
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/secret.h"
#include "ops/log.h"
#include "support/catch.h"

using hourgate::Address;
using hourgate::Decision;
using hourgate::Facts;
using hourgate::Reason;
using hourgate::ops::Level;
using hourgate::ops::Log;

namespace {

constexpr std::int64_t wall_ms = 1'764'079'389'123;  // 2025-11-25T14:03:09.123Z
const std::string time_text = "time=2025-11-25T14:03:09.123Z";

class StoppedClock final : public hourgate::Clock {
public:
    [[nodiscard]] hourgate::Now now() const noexcept override { return {0, wall_ms}; }
};
const StoppedClock stopped_clock;

/// A file without a name, for what a log writes.
class Paper {
public:
    Paper() : fd_(memfd_create("log", MFD_CLOEXEC)) { REQUIRE(fd_ >= 0); }
    ~Paper() { close(fd_); }
    Paper(const Paper&) = delete;
    Paper& operator=(const Paper&) = delete;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] std::string text() const {
        struct stat status {};
        REQUIRE(fstat(fd_, &status) == 0);
        std::string out(static_cast<std::size_t>(status.st_size), '\0');
        REQUIRE(pread(fd_, out.data(), out.size(), 0) == status.st_size);
        return out;
    }
    [[nodiscard]] std::string as_journal() const {
        struct stat status {};
        REQUIRE(fstat(fd_, &status) == 0);
        return std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
    }

private:
    const int fd_;
};

/// $JOURNAL_STREAM for the length of a test.
class JournalStream {
public:
    explicit JournalStream(const std::string& value) { setenv("JOURNAL_STREAM", value.c_str(), 1); }
    ~JournalStream() { unsetenv("JOURNAL_STREAM"); }
    JournalStream(const JournalStream&) = delete;
    JournalStream& operator=(const JournalStream&) = delete;
};

std::string line_of(Level level, std::string_view message,
                    const std::vector<std::pair<std::string_view, std::string>>& fields = {}) {
    const Paper paper;
    Log(paper.fd(), stopped_clock).line(level, message, fields);
    return paper.text();
}

std::string refusal_of(const Decision& decision, int status) {
    const Paper paper;
    Log(paper.fd(), stopped_clock).refusal(decision, status);
    return paper.text();
}

/// A refusal of somebody known.
Decision known_caller() {
    hourgate::Member member;
    member.public_id = "mem_def";
    hourgate::Workspace workspace;
    workspace.public_id = "ws_abc";
    auto facts = std::make_shared<Facts>();
    facts->member = std::make_shared<hourgate::Member>(member);
    facts->workspace = std::make_shared<hourgate::Workspace>(workspace);
    Decision decision;
    decision.reason = Reason::role_forbidden;
    decision.id.fill('7');
    decision.now.wall_ms = wall_ms;
    decision.method = "GET";
    decision.target = "/api/v1/clients";
    decision.address = Address::parse("192.0.2.7");
    decision.prefix = "4f8a2c1bdedf";
    decision.facts = facts;
    return decision;
}

/// A refusal of somebody unknown.
Decision stranger(std::string_view method, std::string_view target) {
    Decision decision = known_caller();
    decision.reason = Reason::no_credentials;
    decision.facts = nullptr;
    decision.prefix.clear();
    decision.address.reset();
    decision.method = method;
    decision.target = target;
    return decision;
}

const std::string id = "dec_" + std::string(32, '7');
/// The line of a stranger up to its method.
const std::string stranger_begins = time_text + " level=notice msg=refused decision=" + id +
                                    " reason=no_credentials status=401 prefix=\"\" workspace=\"\" "
                                    "member=\"\" ";

}  // namespace

TEST_CASE("a line has time, level, message and its fields") {
    CHECK(line_of(Level::info, "listening", {{"public", "127.0.0.1:8402"}, {"ask", ""}}) ==
          time_text + " level=info msg=listening public=127.0.0.1:8402 ask=\"\"\n");
    CHECK(line_of(Level::notice, "two words") == time_text + " level=notice msg=\"two words\"\n");
    CHECK(line_of(Level::warning, "a") == time_text + " level=warning msg=a\n");
    CHECK(line_of(Level::error, "a") == time_text + " level=error msg=a\n");
}

TEST_CASE("a refusal names everything that was known of the call") {
    CHECK(refusal_of(known_caller(), 403) ==
          time_text + " level=notice msg=refused decision=" + id +
              " reason=role_forbidden status=403 prefix=4f8a2c1bdedf workspace=ws_abc "
              "member=mem_def method=GET path=/api/v1/clients address=192.0.2.7\n");
}

TEST_CASE("a refusal of somebody unknown leaves empty what is not known") {
    CHECK(refusal_of(stranger("GET", "/"), 401) ==
          stranger_begins + "method=GET path=/ address=\"\"\n");
}

TEST_CASE("too many failures say what the refusal would have been") {
    Decision decision = stranger("GET", "/");
    decision.reason = Reason::too_many_failures;
    decision.because = Reason::unknown_token;
    decision.address = Address::parse("2001:db8::1");
    const std::string line = refusal_of(decision, 429);
    CHECK(line.find(" reason=too_many_failures status=429 ") != line.npos);
    CHECK(line.find(" address=2001:db8::1 because=unknown_token\n") != line.npos);
}

TEST_CASE("a granted call writes nothing, an observed one says so") {
    Decision decision = known_caller();
    decision.reason = Reason::granted;
    CHECK(refusal_of(decision, 200).empty());
    decision.reason = Reason::window_full;
    decision.observed = true;
    const std::string line = refusal_of(decision, 200);
    CHECK(line.rfind(time_text + " level=notice msg=observed decision=" + id +
                         " reason=window_full status=200 ",
                     0) == 0);
}

TEST_CASE("a decision that could not be made is an error, not a refusal like others") {
    Decision decision = known_caller();
    decision.reason = Reason::store_failed;
    CHECK(refusal_of(decision, 503).rfind(time_text + " level=error msg=refused ", 0) == 0);
}

TEST_CASE("every reason is written by its stable name") {
    Decision decision = known_caller();
    for (std::size_t at = 1; at < hourgate::reason_count; ++at) {
        decision.reason = static_cast<Reason>(at);
        const std::string line = refusal_of(decision, 400);
        CHECK(line.find(" reason=" + std::string(to_text(decision.reason)) + " ") != line.npos);
    }
}

TEST_CASE("the query is not logged, whatever is in it") {
    CHECK(refusal_of(stranger("GET", "/a?token=hsk_live_4f8a2c1bdedf_secret"), 401) ==
          stranger_begins + "method=GET path=/a address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "?secret"), 401) ==
          stranger_begins + "method=GET path=\"\" address=\"\"\n");
}

TEST_CASE("a token in the path is blotted out and the rest of the path stays") {
    const auto path_of = [](std::string_view target) {
        const std::string line = refusal_of(stranger("GET", target), 401);
        const std::size_t at = line.find(" path=") + 6;
        return line.substr(at, line.find(" address=") - at);
    };
    const std::string secret = "0123456789abcdefghijABCDEFGHIJ12";
    const std::string token = "hsk_live_4f8a2c1bdedf_" + secret;
    CHECK(path_of("/a/" + token) == "/a/hsk_live_4f8a2c1bdedf_...");
    CHECK(path_of("/a/" + token + "/b/" + token + "/c") ==
          "/a/hsk_live_4f8a2c1bdedf_.../b/hsk_live_4f8a2c1bdedf_.../c");
    CHECK(path_of("/acme_test_4f8a2c1bdedf_" + secret) == "/acme_test_4f8a2c1bdedf_...");
    CHECK(path_of("/a_b_live_x/my_live_page") == "/a_b_live_x/my_live_page");
    CHECK(path_of("/hsk_live_4f8a2c1bdedf") == "/hsk_live_4f8a2c1bdedf");
    CHECK(path_of("/hsk_live_4f8a2c1bdedf_") == "/hsk_live_4f8a2c1bdedf_...");
    // Also where the line would have been cut off within the secret.
    const std::string far = "/" + std::string(490, 'a') + token;
    CHECK(path_of(far).find("0123") == std::string::npos);
}

TEST_CASE("nothing a caller sends breaks the line, colours it or adds a field") {
    using namespace std::string_literals;
    const std::string fields = stranger_begins;
    CHECK(refusal_of(stranger("GET", "/a\nlevel=info msg=granted"), 401) ==
          fields + "method=GET path=\"/a\\x0alevel=info msg=granted\" address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/a\r\n<0>time=x"), 401) ==
          fields + "method=GET path=\"/a\\x0d\\x0a<0>time=x\" address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/\x1b[2J\x9b\x7f"), 401) ==
          fields + "method=GET path=/\\x1b[2J\\x9b\\x7f address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/a\" status=200 x=\""), 401) ==
          fields + "method=GET path=\"/a\\\" status=200 x=\\\"\" address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/a\\"), 401) ==
          fields + "method=GET path=/a\\\\ address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/a\0b"s), 401) ==
          fields + "method=GET path=/a\\x00b address=\"\"\n");
    CHECK(refusal_of(stranger("GET", "/\xc3\xa4"), 401) ==
          fields + "method=GET path=/\\xc3\\xa4 address=\"\"\n");
    CHECK(refusal_of(stranger("G\nT x=y", "/"), 401) ==
          fields + "method=\"G\\x0aT x=y\" path=/ address=\"\"\n");
    CHECK(line_of(Level::info, "a\nb \"c\"", {{"k", "v\n\x1b[31m w"}}) ==
          time_text + " level=info msg=\"a\\x0ab \\\"c\\\"\" k=\"v\\x0a\\x1b[31m w\"\n");
}

TEST_CASE("every byte a path can have gives one line of printable ASCII") {
    std::string target = "/";
    for (int byte = 0; byte < 256; ++byte)
        if (byte != '?')
            target += static_cast<char>(byte);
    const std::string line = refusal_of(stranger("GET", target), 401);
    CHECK(line.find('\n') == line.size() - 1);
    CHECK(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= 0x20 && c < 0x7f; }));
}

TEST_CASE("a long path, method, message and line are cut off") {
    const std::string method(40, 'M'), target = "/" + std::string(4'000, 'a');
    const std::string line = refusal_of(stranger(method, target), 401);
    CHECK(line == stranger_begins + "method=" + std::string(32, 'M') + "… path=/" +
                      std::string(499, 'a') + "… address=\"\"\n");
    const std::string longest =
        line_of(Level::info, std::string(2'000, '\n'), {{"k", std::string(2'000, '\n')}});
    CHECK(longest.size() <= 4'096);
    CHECK(longest.find('\n') == longest.size() - 1);
    CHECK(longest.ends_with("\\x0a…\n"));
    const std::string full = line_of(Level::info, "m",
                                     {{"a", std::string(500, '\n')},
                                      {"b", std::string(500, '\n')},
                                      {"c", std::string(500, '\n')},
                                      {"d", "e"}});
    CHECK(full.size() <= 4'096);
    CHECK(full.find(" b=\\x0a") != full.npos);
    CHECK(full.find(" c=\\x0a") != full.npos);  // what there is room for
}

TEST_CASE("the journal gets the level in front, when the descriptor is the journal's") {
    const Paper paper, other;
    {
        const JournalStream stream(paper.as_journal());
        const Log log(paper.fd(), stopped_clock);
        log.line(Level::error, "a");
        log.line(Level::info, "b");
        log.refusal(known_caller(), 403);
        Log(other.fd(), stopped_clock).line(Level::error, "c");
    }
    const std::string text = paper.text();
    CHECK(text.rfind("<3>" + time_text + " level=error msg=a\n" + "<6>" + time_text +
                         " level=info msg=b\n" + "<5>" + time_text + " level=notice msg=refused ",
                     0) == 0);
    CHECK(other.text() == time_text + " level=error msg=c\n");
}

TEST_CASE("what is not a journal's name means no journal") {
    const Paper paper;
    const std::string name = paper.as_journal();
    for (const std::string& wrong :
         {std::string(), std::string(":"), name + " ", "0" + std::string(":0"),
          name.substr(0, name.find(':')), name + ":1", std::string("99999999999999999999999:1")}) {
        const JournalStream stream(wrong);
        Log(paper.fd(), stopped_clock).line(Level::info, "a");
    }
    CHECK(paper.text().find('<') == std::string::npos);
}

TEST_CASE("a log that cannot write goes on") {
    const Log log(-1, stopped_clock);
    log.line(Level::error, "nobody reads this");
    log.refusal(known_caller(), 403);
}

TEST_CASE("a flood of strangers has so many lines, and one that says how many it left out") {
    const Paper paper;
    const Log log(paper.fd(), stopped_clock);
    Decision stranger = known_caller();
    stranger.facts.reset();
    stranger.reason = Reason::no_credentials;
    constexpr int calls = 5'000;
    for (int i = 0; i < calls; ++i) {
        stranger.address = Address::parse("2001:db8:" + std::to_string(i) + "::1");
        log.refusal(stranger, 401);
    }
    constexpr auto at_once = hourgate::limits::stranger_lines_at_once;
    const auto lines = [&] {
        const std::string text = paper.text();
        return std::count(text.begin(), text.end(), '\n');
    };
    CHECK(lines() == at_once);
    CHECK(log.left_out() == calls - at_once);
    log.refusal(known_caller(), 403);  // a known caller is not left out for that
    CHECK(lines() == at_once + 1);
    log.tell_left_out();
    CHECK(paper.text().ends_with(
        time_text +
        " level=warning msg=\"calls were refused that have no line here: there were "
        "too many\" lines=" +
        std::to_string(calls - at_once) + "\n"));
    log.tell_left_out();  // there is nothing new
    CHECK(lines() == at_once + 2);
    // A second later some more have a line.
    stranger.now.boot_us = hourgate::us_per_s;
    for (int i = 0; i < calls; ++i)
        log.refusal(stranger, 401);
    CHECK(lines() == at_once + 2 + hourgate::limits::stranger_lines_per_second);
}

TEST_CASE("lines of threads never mix") {
    int ends[2] = {-1, -1};
    REQUIRE(pipe(ends) == 0);
    constexpr std::size_t threads = 4, lines = 200;
    std::string text;
    std::thread reader([&] {
        char block[4'096];
        for (ssize_t got = 0; (got = read(ends[0], block, sizeof block)) > 0;)
            text.append(block, static_cast<std::size_t>(got));
    });
    {
        const Log log(ends[1], stopped_clock);
        std::vector<std::thread> writers;
        for (std::size_t at = 0; at < threads; ++at)
            writers.emplace_back([&log, at] {
                const std::string value(300, static_cast<char>('a' + at));
                for (std::size_t line = 0; line < lines; ++line)
                    log.line(Level::info, value);
            });
        for (std::thread& writer : writers)
            writer.join();
    }
    close(ends[1]);
    reader.join();
    close(ends[0]);
    std::size_t seen = 0;
    for (std::size_t at = 0; at < text.size(); ++seen) {
        const std::size_t end = text.find('\n', at);
        const std::string line = text.substr(at, end - at);
        at = end + 1;
        const std::string begin = time_text + " level=info msg=";
        REQUIRE(line.rfind(begin, 0) == 0);
        const std::string value = line.substr(begin.size());
        REQUIRE(value == std::string(300, value.at(0)));
    }
    CHECK(seen == threads * lines);
}

TEST_CASE(
    "a token where nobody looks for one, as method or request id, is blotted out of the line") {
    const std::string secret = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    const std::string token = "hsk_live_4f8a2c1bdedf_" + secret;
    Decision decision;
    decision.reason = Reason::no_credentials;
    decision.method = token;
    decision.target = "/";
    const std::string id = "a " + token + " b";
    decision.request_id = id;
    const std::string line = refusal_of(decision, 401);
    CHECK(line.find(secret.substr(0, 4)) == std::string::npos);
    CHECK(line.find("method=hsk_live_4f8a2c1bdedf_... ") != std::string::npos);
    CHECK(line.find("request=\"a hsk_live_4f8a2c1bdedf_... b\"") != std::string::npos);
}

TEST_CASE("a token whose characters are escaped is blotted out of a path as any other") {
    const std::string secret = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    const auto path_of = [](std::string_view target) {
        const std::string line = refusal_of(stranger("GET", target), 401);
        const std::size_t at = line.find(" path=") + 6;
        return line.substr(at, line.find(" address=") - at);
    };
    CHECK(path_of("/a/hsk%5Flive%5f4f8a2c1bdedf%5F" + secret + "/b") ==
          "/a/hsk_live_4f8a2c1bdedf_.../b");
    CHECK(path_of("/hsk_live_4f8a2c1bdedf_%30123456789ABCDEFGHIJKLMNOPQRSTUV") ==
          "/hsk_live_4f8a2c1bdedf_...");
    CHECK(path_of("/hsk_live_4f8a2c1bdedf_01%32" + secret) == "/hsk_live_4f8a2c1bdedf_...");
    CHECK(path_of("/hsk%255Flive%25255F4f8a2c1bdedf_" + secret) == "/hsk_live_4f8a2c1bdedf_...");
    CHECK(path_of("/%0a/hsk%5Flive_4f8a2c1bdedf_" + secret + "%0Ax%ff") ==
          "/%0A/hsk_live_4f8a2c1bdedf_...%0Ax%FF");
    CHECK(path_of("/a%20b%5Fc") == "/a%20b%5Fc");  // none in it: as it was sent
    CHECK(path_of("/%") == "/%");
    CHECK(path_of("/%5") == "/%5");
}

TEST_CASE("a token in any field or message of the program's own lines is blotted out, too") {
    const std::string secret = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    const std::string token = "hsk_live_4f8a2c1bdedf_" + secret;
    const std::string line =
        line_of(Level::info, "read " + token, {{"why", "no " + token + " here"}, {"k", token}});
    CHECK(line.find("0123") == std::string::npos);
    CHECK(line == time_text +
                      " level=info msg=\"read hsk_live_4f8a2c1bdedf_...\" why=\"no "
                      "hsk_live_4f8a2c1bdedf_... here\" k=hsk_live_4f8a2c1bdedf_...\n");
}

TEST_CASE("no line can be made of a Secret") {
    using Field = std::pair<std::string_view, std::string>;
    static_assert(std::is_constructible_v<Field, std::string_view, std::string>);
    static_assert(!std::is_constructible_v<Field, std::string_view, const hourgate::Secret&>);
    static_assert(!std::is_constructible_v<std::string_view, const hourgate::Secret&>);
    static_assert(!std::is_constructible_v<std::string, const hourgate::Secret&>);
    static_assert(!std::is_invocable_v<decltype(&Log::line), const Log&, Level,
                                       const hourgate::Secret&, const std::vector<Field>&>);
    SUCCEED();
}

TEST_CASE("what is less urgent than the level is not written, and a store failure is an error") {
    const auto lines_at = [](Level level) {
        const Paper paper;
        Log log(paper.fd(), stopped_clock);
        log.use({level, hourgate::ops::LogFormat::logfmt, 1});
        log.line(Level::error, "e");
        log.line(Level::warning, "w");
        log.line(Level::notice, "n");
        log.line(Level::info, "i");
        log.refusal(known_caller(), 403);
        Decision failed = known_caller();
        failed.reason = Reason::store_failed;
        log.refusal(failed, 503);
        Decision passed = known_caller();
        passed.reason = Reason::granted;
        log.granted(passed, 200);
        std::string seen;
        const std::string text = paper.text();
        for (std::size_t at = text.find("msg="); at != text.npos; at = text.find("msg=", at + 1))
            seen += text[at + 4];
        return seen;
    };
    CHECK(lines_at(Level::error) == "er");
    CHECK(lines_at(Level::warning) == "ewr");
    CHECK(lines_at(Level::notice) == "ewnrr");
    CHECK(lines_at(Level::info) == "ewnirrg");
}

TEST_CASE("of granted calls one in so many has a line, with the fields of a refusal and how long") {
    const Paper paper;
    Log log(paper.fd(), stopped_clock);
    Decision decision = known_caller();
    decision.reason = Reason::granted;
    decision.now.boot_us = -37;  // the clock stands at 0
    const auto lines_of_ten = [&](std::uint32_t every) {
        log.use({Level::info, hourgate::ops::LogFormat::logfmt, every});
        const std::string before = paper.text();
        for (int call = 0; call < 10; ++call)
            log.granted(decision, 200);
        const std::string after = paper.text();
        return std::count(after.begin() + static_cast<std::ptrdiff_t>(before.size()), after.end(),
                          '\n');
    };
    CHECK(lines_of_ten(0) == 0);
    CHECK(lines_of_ten(5) == 2);
    CHECK(lines_of_ten(1) == 10);
    CHECK(paper.text().starts_with(
        time_text + " level=info msg=granted decision=" + id +
        " reason=granted status=200 prefix=4f8a2c1bdedf workspace=ws_abc member=mem_def "
        "method=GET path=/api/v1/clients address=192.0.2.7 took_us=37\n"));
}
