// The load generator counts on this: which answers are whole, and where each ends.
#include "../../bench/answer.h"

#include <string>

#include "support/catch.h"

using namespace hourgate::bench;

TEST_CASE("an answer is whole with its last byte, and not before") {
    const std::string bytes =
        "HTTP/1.1 402 Payment Required\r\ncontent-length: 5\r\nX-Member: mem_1\r\n\r\nhello";
    Response answer;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        CHECK(read_answer(bytes.substr(0, size), answer) == Reading::more_to_come);
    for (const std::string& rest : {std::string(), bytes}) {
        REQUIRE(read_answer(bytes + rest, answer) == Reading::whole);
        CHECK(answer.status == 402);
        CHECK(answer.bytes == bytes.size());
        CHECK_FALSE(answer.last);
    }
}

TEST_CASE("an answer without a body ends with its head, and may end its connection") {
    Response answer;
    const std::string head = "HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n";
    REQUIRE(read_answer(head, answer) == Reading::whole);
    CHECK(answer.status == 204);
    CHECK(answer.bytes == head.size());
    CHECK(answer.last);
    REQUIRE(read_answer("HTTP/1.0 200 OK\r\n\r\n", answer) == Reading::whole);
    CHECK(answer.last);
}

TEST_CASE("what is no answer, or has no end that is told, is unreadable") {
    Response answer;
    for (const char* bytes : {"SSH-2.0", "HTTP/2 200\r\n\r\n", "HTTP/1.1 abc OK\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"})
        CHECK(read_answer(bytes, answer) == Reading::unreadable);
}
