// cli/client/probe.h: whoever answers, a probe ends.
#include "cli/client/probe.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/forwarding.h"

using namespace hourgate;
using hourgate::test::RawClient;
using hourgate::test::RawUpstream;

namespace {

/// A server that sends `begin`, then `drop` again and again until nobody reads it any more.
class Dripping {
public:
    Dripping(std::string begin, std::string drop)
        : thread_([this, begin = std::move(begin), drop = std::move(drop)] {
              RawClient caller = server_.accept();
              caller.send(begin);
              while (!stopped_ && !drop.empty())
                  caller.send(drop);
              stopped_.wait(false);
          }) {}
    ~Dripping() {
        stopped_ = true;
        stopped_.notify_all();
        thread_.join();
    }
    Dripping(const Dripping&) = delete;
    Dripping& operator=(const Dripping&) = delete;

    [[nodiscard]] http::ProbeTarget target() const {
        http::ProbeTarget target;
        target.host = "127.0.0.1";
        target.port = server_.port();
        target.total_ms = 200;
        return target;
    }

private:
    RawUpstream server_;
    std::atomic<bool> stopped_{false};
    std::thread thread_;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("an answer that is not whole in time ends the probe, however it goes on") {
    struct Case {
        std::string begin, drop;
    };
    for (const Case& one :
         {Case{"", ""}, Case{"HTTP/1.1 200 OK\r\nX-Long: ", ""},
          Case{"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx", ""},
          Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n", ""},
          Case{"", "HTTP/1.1 100 Continue\r\n\r\n"}}) {
        CAPTURE(one.begin, one.drop);
        const Dripping asked(one.begin, one.drop);
        const auto answer = http::probe(asked.target(), "/clients");
        REQUIRE_FALSE(answer.ok());
        CHECK(has(answer.failure().what, "/clients"));
        CHECK(has(answer.failure().what, "200 ms"));
        CHECK_FALSE(answer.failure().next.empty());
        const Dripping posted(one.begin, one.drop);
        const auto other = http::probe_with_json(posted.target(), "/verify", "{}");
        REQUIRE_FALSE(other.ok());
        CHECK(has(other.failure().what, "200 ms"));
    }
}

TEST_CASE("an answer longer than what is kept is taken as far as that") {
    const Dripping server("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" +
                              std::string(http::probe_body_bytes_max + 10, 'x'),
                          "");
    http::ProbeTarget target = server.target();
    target.total_ms = http::probe_total_ms;
    const auto answer = http::probe(target, "/");
    REQUIRE(answer.ok());
    CHECK(answer.value().body.size() == http::probe_body_bytes_max);
}
