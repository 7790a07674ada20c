// Requests as values: looking up headers, and forgetting what may be secret.
#include "http/wire/message.h"

#include <string>

#include "support/catch.h"

using hourgate::http::is_http_token;
using hourgate::http::Request;

namespace {

Request request() {
    Request made;
    made.headers = {{"Host", "h"}, {"X-A", "1"}, {"authorization", "Bearer secret"}, {"x-a", "2"}};
    made.body = "a body";
    return made;
}

}  // namespace

TEST_CASE("a header is found whatever its case, and a repeated one is no single value") {
    const Request made = request();
    CHECK(made.only("HOST") == "h");
    CHECK(made.only("X-A") == std::nullopt);
    CHECK(made.only("X-B") == std::nullopt);
    CHECK(made.count("X-A") == 2);
    CHECK(made.count("X_A") == 0);
    CHECK(made.joined("x-A") == "1, 2");
    CHECK(made.joined("X-B").empty());
}

TEST_CASE("after wiping, neither header values nor the body are there any more") {
    Request made = request();
    const std::string long_token(100, 't');
    made.headers[2].value = long_token;
    const char* const where = made.headers[2].value.data();
    made.wipe();
    for (const auto& header : made.headers)
        CHECK(header.value.empty());
    CHECK(made.body.empty());
    // The memory is still the string's own.
    CHECK(made.headers[2].value.capacity() >= long_token.size());
    CHECK(std::string(where, 100) == std::string(100, '\0'));
}

TEST_CASE("a word has no space, no separator and nothing beyond ASCII") {
    for (const char* text : {"GET", "a", "X-A_b.9", "!#$%&'*+-.^_`|~"})
        CHECK(is_http_token(text));
    for (const char* text : {"", " ", "a b", "a:", "a/b", "\xc3\xa9", "a\x7f", "(a)", "a\"", "a,b"})
        CHECK_FALSE(is_http_token(text));
}
