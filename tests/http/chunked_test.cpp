// Bodies in chunks, in whatever pieces they arrive.
#include "http/wire/chunked.h"

#include <string>
#include <string_view>

#include "support/catch.h"

using hourgate::http::ChunkedBody;
using State = ChunkedBody::State;

namespace {

struct Taken {
    State state = State::more;
    std::string body;
    std::string rest;
};

Taken take(std::string_view bytes, std::size_t bytes_max = 100, std::size_t piece = 1'000'000,
           ChunkedBody::Spaces spaces = ChunkedBody::Spaces::refused) {
    ChunkedBody chunks(bytes_max, spaces);
    Taken taken;
    while (!bytes.empty() && taken.state == State::more) {
        std::string_view part = bytes.substr(0, piece);
        const std::size_t size = part.size();
        taken.state = chunks.take(part, taken.body);
        bytes.remove_prefix(size - part.size());
    }
    taken.rest = bytes;
    return taken;
}

}  // namespace

TEST_CASE("chunks are joined, whatever pieces they come in, and what follows is left alone") {
    const std::string_view text =
        "4\r\nWiki\r\nB;ext=\"v\"\r\npedia in \r\n\r\n3\r\n\r\nX\r\n0;x\r\nTrailer: "
        "t\r\nB:c\r\n\r\nGET /next";
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 1'000U}) {
        const Taken taken = take(text, 100, piece);
        CAPTURE(piece);
        CHECK(taken.state == State::complete);
        CHECK(taken.body == "Wikipedia in \r\n\r\nX");
        CHECK(taken.rest == "GET /next");
    }
    CHECK(take("0\r\n\r\n").state == State::complete);
    CHECK(take("000\r\n\r\n").body.empty());
}

TEST_CASE("a body that is not complete asks for more") {
    const std::string_view text = "3\r\nabc\r\n0\r\nT: x\r\n\r\n";
    for (std::size_t size = 1; size < text.size(); ++size)
        CHECK(take(text.substr(0, size)).state == State::more);
    CHECK(take(text).state == State::complete);
}

TEST_CASE("chunks that two readers could take in two ways are malformed") {
    for (const char* text : {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n",
                             "1\n", "1\r\r", "1\r\nab", "1\r\na\n", "1\r\na\rx", "123456789\r\n",
                             "1;a\nb\r\n", "0\r\n\n", "0\r\nA: b\n", "0\r\n\rx", "0\r\nA\rb"}) {
        CAPTURE(text);
        CHECK(take(text).state == State::malformed);
    }
}

TEST_CASE("spaces and tabs after the size of a chunk are read over in an answer alone") {
    const std::string_view padded = "3  \r\nok\n\r\n2\t ;a=b\r\nab\r\n0 \t \r\n\r\n";
    for (const std::size_t piece : {1U, 2U, 1'000U}) {
        CAPTURE(piece);
        CHECK(take(padded, 100, piece).state == State::malformed);
        const Taken taken = take(padded, 100, piece, ChunkedBody::Spaces::read_over);
        CHECK(taken.state == State::complete);
        CHECK(taken.body == "ok\nab");
    }
    const std::string endless = "3" + std::string(5'000, ' ');
    for (const std::string& text :
         {std::string(" 3\r\n"), std::string("3 3\r\n"), std::string("3 \n"),
          std::string("3 x\r\n"), std::string(" \r\n"), endless}) {
        CAPTURE(text.substr(0, 10));
        CHECK(take(text, 100, 1'000'000, ChunkedBody::Spaces::read_over).state == State::malformed);
    }
}

TEST_CASE("a body may have its bound, and not a byte more") {
    CHECK(take("5\r\nabcde\r\n5\r\nabcde\r\n0\r\n\r\n", 10).state == State::complete);
    CHECK(take("5\r\nabcde\r\n6\r\nabcdef\r\n0\r\n\r\n", 10).state == State::too_large);
    CHECK(take("ffffffff\r\n", 10).state == State::too_large);
    CHECK(take("ffffffff\r\n", 10).body.empty());
}

TEST_CASE("extensions and trailers are read over, but not without end") {
    CHECK(take("1;" + std::string(4'000, 'x') + "\r\na\r\n0\r\n\r\n").state == State::complete);
    CHECK(take("1;" + std::string(5'000, 'x')).state == State::malformed);
    std::string trailers = "0\r\n";
    for (int i = 0; i < 1'000; ++i)
        trailers += "A: b\r\n";
    CHECK(take(trailers).state == State::malformed);
}
