// Bytes that an API sends when no call of its connection waits for an answer: they are nobody's,
// and no call is sent into a connection on which there are any.
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "support/catch.h"
#include "support/one_loop.h"
#include "support/waiting.h"

using namespace hourgate;
using namespace hourgate::test;

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view stray = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil";

/// One whole call of `client`, by a connection that the API accepts for it.
RawClient first_call(OneLoop& gate, RawClient& client, const std::string& sent = call(),
                     std::string_view answer = ok) {
    client.send(sent);
    RawClient api = gate.api.accept();
    (void)api.head();
    api.send(answer);
    (void)client.answer(sent.substr(0, sent.find(' ')));
    return api;
}

/// The next call is answered on another connection.
void check_another(OneLoop& gate, RawClient& client) {
    RawClient api = gate.api.accept();
    (void)api.head();
    api.send(ok);
    const std::string answer = client.answer();
    CHECK(answer.ends_with("\r\n\r\nhello"));
    CHECK_FALSE(has(answer, "X-Evil"));
}

std::string sent_by(std::string_view method) {
    return call(method, method == "POST" ? "/clients" : "/clients/1",
                method == "POST" ? "Content-Length: 4\r\n" : "") +
           (method == "POST" ? "body" : "");
}

}  // namespace

TEST_CASE("an idle connection with unread bytes is never reused, whatever the call") {
    for (const char* method : {"GET", "HEAD", "DELETE", "POST"}) {
        // The call is known to the loop before the bytes are, or after them.
        for (const bool call_first : {true, false}) {
            CAPTURE(method, call_first);
            OneLoop gate;
            RawClient client = gate.client();
            RawClient api = first_call(gate, client);
            gate.while_held([&] {
                if (call_first) {
                    client.send(sent_by(method));
                    client.wait_until_received();
                }
                api.send(stray);
                api.wait_until_received();
                if (!call_first)
                    client.send(sent_by(method));
            });
            RawClient other = gate.api.accept();
            CHECK(has(other.head(), std::string(method) + " /clients"));
            other.send(std::string_view(method) == "HEAD" ? ok.substr(0, ok.size() - 5) : ok);
            CHECK_FALSE(has(client.answer(method), "X-Evil"));
            CHECK(api.ended());
        }
    }
}

TEST_CASE("after HEAD, 204 and 304 a connection serves nobody but its caller at first") {
    const std::string head_answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    const std::string none = "HTTP/1.1 204 No Content\r\n\r\n";
    const std::string unchanged = "HTTP/1.1 304 Not Modified\r\n\r\n";
    struct Case {
        std::string sent, answer;
    };
    for (const auto& [sent, answer] :
         {Case{call("HEAD"), head_answer}, Case{call("DELETE"), none}, Case{call(), unchanged}}) {
        CAPTURE(sent, answer);
        OneLoop gate;
        RawClient client = gate.client();
        RawClient api = first_call(gate, client, sent, answer);
        RawClient other = gate.client();
        gate.while_held([&] { other.send(call()); });
        api.send(stray);  // too late for the loop to have seen it when the call came
        check_another(gate, other);
    }
    // The same caller goes on with it at once, when it is quiet.
    OneLoop gate;
    RawClient client = gate.client();
    RawClient api = first_call(gate, client, call("HEAD"), head_answer);
    client.send(call("DELETE"));
    CHECK(has(api.head(), "DELETE /clients/1 "));
    api.send(none);
    (void)client.head();
    api.send(stray);
    api.wait_until_received();
    client.send(call());
    check_another(gate, client);
}

TEST_CASE("a connection that stayed quiet after HEAD is used for every caller again") {
    OneLoop gate;
    RawClient client = gate.client();
    RawClient api =
        first_call(gate, client, call("HEAD"), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    // Others have a connection of their own until then. With pauses: their window has an end, too.
    for (bool same = false; !same; std::this_thread::sleep_for(std::chrono::milliseconds(5))) {
        RawClient other = gate.client();
        other.send(call());
        REQUIRE(comes_true([&] { return gate.api.has_caller() || api.has_more(); }));
        same = !gate.api.has_caller();
        RawClient at_api = same ? std::move(api) : gate.api.accept();
        CHECK(has(at_api.head(), "GET /clients/1 "));
        at_api.send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
        CHECK(other.answer().ends_with("hello"));
        CHECK(at_api.ended());
    }
}

TEST_CASE("bytes that came before the API had any of a call are never its answer") {
    for (const bool repeatable : {true, false}) {
        CAPTURE(repeatable);
        OneLoop gate;
        gate.api.hold_little();
        const std::string body(8'000, 'b');
        RawClient client = gate.client();
        // The API answers without reading: the body waits in the gate's kernel, and what is sent
        // after it cannot reach the API.
        client.send(call("POST", "/clients", "Content-Length: 8000\r\n") + body);
        RawClient api = gate.api.accept();
        REQUIRE(comes_true([&] { return api.has_more(); }));
        gate.wait_a_turn();
        api.send(ok);
        CHECK(client.answer().ends_with("hello"));
        client.send(repeatable ? call() : call("POST", "/clients", "Content-Length: 0\r\n"));
        gate.wait_a_turn();  // the call is sent by now, as far as the gate can tell
        CHECK_FALSE(gate.api.has_caller());
        api.send(stray);
        if (repeatable) {
            check_another(gate, client);
        } else {  // it may have taken effect
            const std::string answer = client.answer();
            CHECK(status_of(answer) == "HTTP/1.1 502 Bad Gateway");
            CHECK_FALSE(has(answer, "X-Evil"));
            CHECK_FALSE(gate.api.has_caller());
        }
    }
}
