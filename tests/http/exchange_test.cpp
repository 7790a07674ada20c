// An exchange as bytes, without sockets: however they are cut into pieces, what goes out is the same.
#include "http/proxy/exchange.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "http/wire/response_writer.h"
#include "support/catch.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using http::After;
using http::Exchange;

namespace {

const std::atomic<bool> not_ending{false};

std::shared_ptr<http::ForwardedCall> forwarded_call(const std::string& head_text) {
    static HttpBench bench;
    static const http::ReplySettings settings = HttpBench::reply_settings();
    http::RequestHead head;
    http::parse_request_head(head_text, head);
    REQUIRE(head.flaw == http::HeadFlaw::none);
    auto made = std::make_shared<http::ForwardedCall>(head, bench.gate.decide(bench.call()),
                                                      settings, nowhere());
    made->head = "HEAD\r\n\r\n";
    made->added = "X-Added: 1\r\n";
    return made;
}

/// What both sides got, and how it ended.
struct Seen {
    std::string api;
    std::string caller;
    bool answered = false;
    bool broken = false;
    bool instead = false;
    bool keeps_api = false;
    bool keeps_caller = false;
    friend bool operator==(const Seen&, const Seen&) = default;
};

/// Plays one exchange: pieces of at most `most` bytes, in an order that `random` chooses.
class Play {
public:
    Play(const std::string& head, std::string body, std::string answer, bool api_ends,
         std::size_t most, unsigned seed)
        : exchange_(forwarded_call(head), After::keep, not_ending),
          body_(std::move(body)),
          answer_(std::move(answer)),
          api_ends_(api_ends),
          most_(most),
          random_(seed) {}

    Seen run() {
        for (int idle = 0; idle < 200 && !exchange_.over();)
            idle = step(std::uniform_int_distribution<int>(0, 3)(random_)) ? 0 : idle + 1;
        while (!exchange_.to_client().empty())
            (void)step(3);
        seen_.answered = exchange_.answered();
        seen_.broken = exchange_.broken();
        seen_.instead = exchange_.instead() != nullptr;
        seen_.keeps_api = seen_.answered && exchange_.keeps_upstream();
        seen_.keeps_caller = seen_.answered && exchange_.after() == After::keep;
        return seen_;
    }

private:
    std::size_t some(std::size_t of) {
        return std::uniform_int_distribution<std::size_t>(1, std::min(most_, of))(random_);
    }
    bool step(int which) {
        if (which == 0 && body_at_ < body_.size()) {
            const std::size_t taken = exchange_.take(
                std::string_view(body_).substr(body_at_, some(body_.size() - body_at_)));
            body_at_ += taken;
            return taken > 0;
        }
        if (which == 1 && !exchange_.to_upstream().empty()) {
            const std::size_t size = some(exchange_.to_upstream().size());
            seen_.api += exchange_.to_upstream().substr(0, size);
            exchange_.sent_upstream(size);
            return true;
        }
        // The API answers when it has all of the body, or there is nothing more to be had.
        const bool may_answer = body_at_ == body_.size() && exchange_.to_upstream().empty();
        if (which == 2 && may_answer && answer_at_ < answer_.size()) {
            const std::size_t size =
                std::min(some(answer_.size() - answer_at_), exchange_.upstream_space());
            exchange_.from_upstream(std::string_view(answer_).substr(answer_at_, size));
            answer_at_ += size;
            return size > 0;
        }
        if (which == 2 && may_answer && api_ends_ && !ended_) {
            ended_ = true;
            exchange_.upstream_ended();
            return true;
        }
        if (which == 3 && !exchange_.to_client().empty()) {
            const std::size_t size = some(exchange_.to_client().size());
            seen_.caller += exchange_.to_client().substr(0, size);
            exchange_.sent_client(size);
            return true;
        }
        return false;
    }

    Exchange exchange_;
    const std::string body_;
    const std::string answer_;
    const bool api_ends_;
    const std::size_t most_;
    std::mt19937 random_;
    std::size_t body_at_ = 0;
    std::size_t answer_at_ = 0;
    bool ended_ = false;
    Seen seen_;
};

/// Takes the chunks of a text apart, which may be cut in other places each time.
std::string unchunked(std::string_view text) {
    http::ChunkedBody chunks(SIZE_MAX);
    std::string body;
    const auto state = chunks.take(text, body);
    return body + (state == http::ChunkedBody::State::complete ? "|end|" : "|open|") +
           std::string(text);
}

/// The same for bytes that differ only in where chunks were cut.
Seen plain(Seen seen) {
    const auto unframed = [](std::string& text) {
        const std::size_t end = text.find("\r\n\r\n");
        if (end != text.npos &&
            (text.starts_with("HEAD") || text.find("Transfer-Encoding: chunked") < end))
            text = text.substr(0, end + 4) + unchunked(std::string_view(text).substr(end + 4));
        const std::size_t date = text.find("Date: ");
        if (date != text.npos)
            text.erase(date, 35);
    };
    unframed(seen.caller);
    if (seen.api.find("\r\n\r\n") + 4 < seen.api.size() &&
        seen.api.find("\r\n", 8) != seen.api.npos)
        unframed(seen.api);
    return seen;
}

const std::string get_head = "GET /clients/1 HTTP/1.1\r\nHost: h\r\n\r\n";
const std::string chunked_head =
    "POST /clients HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";

}  // namespace

TEST_CASE("however bytes are cut into pieces, both sides get the same and it ends the same way") {
    struct Case {
        std::string head, body, answer;
        bool api_ends;
    };
    const std::string large(200'000, 'z');
    const std::vector<Case> cases = {
        {get_head, "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false},
        {get_head, "", "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + large, false},
        {get_head, "",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n30d40\r\n" + large +
             "\r\n0\r\nX: 1\r\n\r\n",
         false},
        {get_head, "", "HTTP/1.1 200 OK\r\n\r\nhello", true},
        {get_head, "", "HTTP/1.1 103 Hints\r\nLink: a\r\n\r\nHTTP/1.1 204 None\r\n\r\n", false},
        {get_head, "", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", true},
        {get_head, "", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
         true},
        {get_head, "", "HTTP/1.1 2", true},
        {"POST /clients HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n", large,
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {chunked_head, "5\r\nhello\r\n3\r\nabc\r\n0\r\n\r\n",
         "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false},
        {chunked_head, "30d40;a=b\r\n" + large + "\r\n0\r\nT: 1\r\n\r\n",
         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false}};
    for (const Case& one : cases) {
        const Seen whole =
            plain(Play(one.head, one.body, one.answer, one.api_ends, SIZE_MAX, 1).run());
        for (unsigned seed = 1; seed <= 20; ++seed) {
            CAPTURE(one.head, one.answer.substr(0, 60), seed);
            const std::size_t most = one.body.size() + one.answer.size() > 1'000 ? 9'000 : 7;
            CHECK(plain(Play(one.head, one.body, one.answer, one.api_ends, most, seed).run()) ==
                  whole);
        }
    }
}

TEST_CASE("an exchange never holds more than its bound each way") {
    Exchange exchange(
        forwarded_call("POST /clients HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n"),
        After::keep, not_ending);
    exchange.sent_upstream(8);  // the head
    const std::string block(40'000, 'x');
    std::size_t taken = 0, now = 0;
    while ((now = exchange.take(block)) > 0)
        taken += now;
    CHECK(taken <= limits::pipe_bytes_max);
    CHECK(exchange.to_upstream().size() == taken);
    exchange.from_upstream("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n");
    while (exchange.upstream_space() > 0)
        exchange.from_upstream(
            block.substr(0, std::min<std::size_t>(exchange.upstream_space(), 999)));
    CHECK(exchange.to_client().size() <= limits::pipe_bytes_max);
    CHECK_FALSE(exchange.over());
}

TEST_CASE("an answer before the end of the body keeps neither connection") {
    const Seen seen = [] {
        Exchange exchange(
            forwarded_call("POST /clients HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n"),
            After::keep, not_ending);
        exchange.sent_upstream(8);
        exchange.from_upstream("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        Seen now;
        now.caller = exchange.to_client();
        exchange.sent_client(now.caller.size());
        now.answered = exchange.answered();
        now.keeps_api = exchange.keeps_upstream();
        now.keeps_caller = exchange.after() == After::keep;
        return now;
    }();
    CHECK(seen.answered);
    CHECK_FALSE(seen.keeps_api);
    CHECK_FALSE(seen.keeps_caller);
    CHECK(seen.caller.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("an answer that begins after a stop was asked for says that it is the last") {
    const auto said = [](bool before, bool after) {
        std::atomic<bool> ending{before};
        Exchange exchange(forwarded_call(get_head), After::keep, ending);
        exchange.from_upstream("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n");
        ending = after;
        exchange.from_upstream("a");
        std::string text(exchange.to_client());
        return text.substr(text.find("Connection: ")) +
               (exchange.after() == After::keep ? "|keep" : "|close");
    };
    CHECK(said(true, true) == "Connection: close\r\n\r\na|close");
    CHECK(said(false, true) == "Connection: keep-alive\r\n\r\na|keep");  // a promise is kept
}

TEST_CASE("a call starts over only while nothing was answered, and when it may be sent twice") {
    const auto may = [](const std::string& head, std::size_t sent, bool dead) {
        Exchange exchange(forwarded_call(head), After::keep, not_ending);
        exchange.sent_upstream(sent);
        return exchange.may_start_over(dead);
    };
    const std::string post = "POST /clients HTTP/1.1\r\nHost: h\r\n\r\n";
    CHECK(may(get_head, 0, false));
    CHECK(may(post, 0, false));
    CHECK_FALSE(may(get_head, 8, false));
    CHECK(may(get_head, 8, true));
    CHECK_FALSE(may(post, 8, true));
    Exchange begun(forwarded_call(get_head), After::keep, not_ending);
    begun.sent_upstream(8);
    begun.from_upstream("HTTP/1.1 2");
    CHECK_FALSE(begun.may_start_over(true));
}
