// Another configuration while calls are answered: each call is answered by one of the two as a
// whole, and what was decided by the former is safe to look at.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/catch.h"
#include "support/http_bench.h"
#include "support/waiting.h"

using namespace hourgate;
using hourgate::test::comes_true;
using hourgate::test::HttpBench;

namespace {

http::Service::Settings settings_like_the_bench() {
    http::Service::Settings made;
    const AddressSet local({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
    made.trust.peers = made.trust.proxies = local;
    made.trust.hosts = {"api.example"};
    made.reply = HttpBench::reply_settings();
    made.ready = [] { return true; };
    made.metrics = [] { return std::string(); };
    return made;
}

}  // namespace

TEST_CASE("from the next call on the other rules decide, and the counters go on") {
    HttpBench bench;
    REQUIRE(bench.ask(HttpBench::forwarded("GET", "/clients")).status == 200);
    REQUIRE(bench.ask(HttpBench::forwarded("GET", "/nowhere")).status == 403);
    policy::PolicyConfig rules = hourgate::test::small_rules();
    rules.unlisted_allowed = true;
    const policy::Policy other = policy::Policy::make(rules).value();
    Gate gate(bench.gate.settings(), other, bench.directory, bench.limiter, bench.own,
              bench.failures, bench.public_calls, bench.preflights);
    http::Service::Settings settings = settings_like_the_bench();
    settings.reply.docs_url = "https://docs.example/errors";
    bench.service.use(std::move(settings), gate);
    CHECK(bench.ask(HttpBench::forwarded("GET", "/nowhere")).status == 200);
    CHECK(bench.left() == 1);  // of 3: two were granted, before and after
    http::Request nobody = HttpBench::forwarded("GET", "/clients");
    nobody.headers.erase(nobody.headers.begin() + 2);
    CHECK(bench.ask(nobody).body.find("https://docs.example/errors#no_credentials") !=
          std::string::npos);
}

TEST_CASE("what a configuration holds is freed when the next is in force and no call is left") {
    HttpBench bench;
    auto held = std::make_shared<int>(0);
    const std::weak_ptr<int> seen = held;
    http::Service::Settings settings = settings_like_the_bench();
    settings.kept = {std::move(held)};
    bench.service.use(std::move(settings), bench.gate);

    http::Service::Admission admission;  // of a call whose body is still to come
    const http::Request call = HttpBench::request("POST", "/_hourgate/api/v1/tokens");
    REQUIRE_FALSE(bench.service.admit(http::Listener::public_, call, admission));
    bench.service.use(settings_like_the_bench(), bench.gate);
    CHECK_FALSE(seen.expired());
    (void)bench.service.handle(http::Listener::public_, call, std::move(admission));
    CHECK(seen.expired());
}

TEST_CASE("threads that ask while the rules change again and again get one answer or the other") {
    HttpBench bench;
    policy::PolicyConfig rules = hourgate::test::small_rules();
    rules.unlisted_allowed = true;
    const policy::Policy open = policy::Policy::make(rules).value();
    Gate other(bench.gate.settings(), open, bench.directory, bench.limiter, bench.own,
               bench.failures, bench.public_calls, bench.preflights);
    std::atomic<bool> done{false};
    std::atomic<int> odd{0}, asked{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            while (!done) {
                const int status = bench.ask(HttpBench::forwarded("GET", "/nowhere")).status;
                if (status != 200 && status != 403 && status != 429)
                    ++odd;
                ++asked;
            }
        });
    for (int i = 0; i < 200; ++i) {
        bench.service.use(settings_like_the_bench(), i % 2 == 0 ? other : bench.gate);
        const int before = asked;
        CHECK(comes_true([&] { return asked != before; }));
    }
    done = true;
    for (std::thread& thread : threads)
        thread.join();
    CHECK(odd == 0);
}
