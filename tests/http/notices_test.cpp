// Before it hurts: what is about to end is told on every answer to a live token, and can be
// switched off. And the pace that is told to who has run into a window.
#include <string>

#include "http/decision/refusal_texts.h"
#include "limiter/schedule.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Response;
using hourgate::testing::Dice;
using hourgate::testing::seed_text;
using hourgate::testing::seeds;

namespace {

Response asked(HttpBench& bench, std::string_view target = "/clients/7") {
    bench.put();
    return bench.ask(HttpBench::forwarded("GET", target));
}

std::string expires(HttpBench& bench, std::int64_t in_ms) {
    bench.facts.token.expires_ms = bench.now.wall_ms + in_ms;
    return header(asked(bench), "X-Hourgate-Token-Expires");
}

void rotate(HttpBench& bench) {
    bench.facts.token.rotated_ms = bench.now.wall_ms - 5'000;
    bench.facts.token.works_until_ms = bench.now.wall_ms + Bench::day;
}

}  // namespace

TEST_CASE("in the last fourteen days of a token every answer says when it ends") {
    HttpBench bench;
    CHECK(header(asked(bench), "X-Hourgate-Token-Expires") == "(absent)");
    CHECK(expires(bench, 14 * Bench::day + 1) == "(absent)");
    CHECK(expires(bench, 14 * Bench::day) == "2026-06-11T20:26:40Z");
    CHECK(expires(bench, 1'000) == "2026-05-28T20:26:41Z");
    CHECK(header(asked(bench, "/nowhere"), "X-Hourgate-Token-Expires") == "2026-05-28T20:26:41Z");
    CHECK(expires(bench, 0) == "(absent)");  // it has ended, and is refused
}

TEST_CASE("a rotated token in its grace is told when it was rotated and until when it works") {
    HttpBench bench;
    CHECK(header(asked(bench), "Deprecation") == "(absent)");
    CHECK(header(asked(bench), "Sunset") == "(absent)");
    rotate(bench);
    const Response granted = asked(bench);
    CHECK(granted.status == 200);
    CHECK(header(granted, "Deprecation") == "@1779999995");
    CHECK(header(granted, "Sunset") == "Fri, 29 May 2026 20:26:40 GMT");
    bench.facts.token.works_until_ms = bench.now.wall_ms;
    const Response ended = asked(bench);
    CHECK(ended.status == 401);
    CHECK(header(ended, "Deprecation") == "(absent)");
    CHECK(header(ended, "Sunset") == "(absent)");
}

TEST_CASE("whoever has not the secret is told nothing that is about to end") {
    HttpBench bench;
    rotate(bench);
    bench.facts.token.expires_ms = bench.now.wall_ms + Bench::day;
    bench.put();
    http::Request request = HttpBench::forwarded("GET", "/clients/7");
    set_header(request, "Authorization", "Bearer " + HttpBench::wrong_secret());
    const Response answer = bench.ask(request);
    for (const char* name :
         {"Deprecation", "Sunset", "X-Hourgate-Token-Expires", "X-Hourgate-Plan-Lapses"})
        CHECK(header(answer, name) == "(absent)");
}

TEST_CASE("notices that are switched off are on no answer") {
    http::ReplySettings settings = HttpBench::reply_settings();
    settings.notices = false;
    HttpBench bench(Mode::enforce, small_rules(), settings);
    rotate(bench);
    bench.facts.token.expires_ms = bench.now.wall_ms + Bench::day;
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - Bench::day;
    const Response answer = asked(bench);
    CHECK(answer.status == 200);
    for (const char* name :
         {"Deprecation", "Sunset", "X-Hourgate-Token-Expires", "X-Hourgate-Plan-Lapses"})
        CHECK(header(answer, name) == "(absent)");
    CHECK(header(answer, "RateLimit") != "(absent)");
}

TEST_CASE("verify has the notices as a member, since its headers speak of itself") {
    HttpBench bench;
    rotate(bench);
    bench.facts.token.expires_ms = bench.now.wall_ms + 2 * Bench::day;
    bench.facts.workspace.paid_until_ms = bench.now.wall_ms - Bench::day;
    bench.put();
    http::Request request = HttpBench::request("POST", "/_hourgate/verify");
    drop_header(request, "Authorization");
    request.headers.push_back({"Content-Type", "application/json"});
    request.body =
        R"({"token":")" + HttpBench::token() + R"(","method":"GET","path":"/clients/7"})";
    const Response answer = bench.ask(request);
    CHECK(
        answer.body.find(
            R"("notices":{"planLapses":"2026-05-30T20:26:40Z","tokenExpires":"2026-05-30T20:26:40Z","tokenRotated":"2026-05-28T20:26:35Z","tokenWorksUntil":"2026-05-29T20:26:40Z"})") !=
        std::string::npos);
    CHECK(header(answer, "Sunset") == "(absent)");
}

TEST_CASE("calls at the pace that is told never fill a window, and a millisecond faster they do") {
    for (const std::uint64_t seed : seeds()) {
        INFO(seed_text(seed));
        Dice dice(seed);
        for (int round = 0; round < 12; ++round) {
            const bool large = round % 4 == 0;
            const Window window{
                "w", large ? dice.from32(limits::exact_calls_max + 1, 4'000) : dice.from32(1, 200),
                dice.from32(1, 120), Per::token};
            CAPTURE(window.limit, window.seconds);
            const std::int64_t pace = http::pace_ms(window);
            const auto refused = [&](std::int64_t spacing_ms) {
                Limiter limiter;
                Now now{hourgate::testing::long_ago, 0};
                int count = 0;
                for (std::uint32_t i = 0; i < 3 * window.limit; ++i) {
                    count += limiter.ask({1, 0, 1}, {&window, 1}, now, Spend::yes).granted ? 0 : 1;
                    now.boot_us += spacing_ms * 1'000;
                }
                return count;
            };
            CHECK(refused(pace) == 0);
            if (!large)
                CHECK(refused(pace - 1) > 0);
        }
    }
}

TEST_CASE("retryAt is the first whole second at which Retry-After is over") {
    HttpBench bench;
    bench.spend(3);
    bench.now.wall_ms += 1;
    const Response answer = bench.ask(HttpBench::forwarded("GET", "/clients/7"));
    CHECK(header(answer, "Retry-After") == "10");
    CHECK(answer.body.find(R"("retryAt":"2026-05-28T20:26:51Z")") != std::string::npos);
}
