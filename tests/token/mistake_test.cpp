// token/mistake.h: what was done to a token is told by its flaw, its length and a place.
#include "token/mistake.h"

#include <random>
#include <string>
#include <string_view>

#include "support/catch.h"
#include "token/mint.h"

namespace token = hourgate::token;
using token::Flaw;
using token::Mistake;

namespace {

const std::string good = "hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TvUZo";

struct Expected {
    std::string text;
    Flaw flaw;
    std::uint32_t characters;
    std::uint32_t at;
};

void check(const Expected& expected) {
    CAPTURE(expected.text);
    const Mistake found = token::mistake_of(expected.text, "hsk");
    CHECK(static_cast<int>(found.flaw) == static_cast<int>(expected.flaw));
    CHECK(found.characters == expected.characters);
    CHECK(found.at == expected.at);
}

}  // namespace

TEST_CASE("what a person or a script did to a token is told apart") {
    for (const Expected& one : std::vector<Expected>{
             {"", Flaw::empty, 0, 0},
             {"Bearer " + good, Flaw::bearer_twice, 61, 0},
             {"bearer\t" + good, Flaw::bearer_twice, 61, 0},
             {"Bearer", Flaw::bearer_twice, 6, 0},
             {"'Bearer " + good + "'", Flaw::quotes, 63, 0},
             {"Bearer: " + good, Flaw::bearer_mark, 62, 0},
             {"Bearer=" + good, Flaw::bearer_mark, 61, 0},
             {"$TOKEN", Flaw::placeholder, 6, 0},
             {"${TOKEN}", Flaw::placeholder, 8, 0},
             {"$(cat token)", Flaw::placeholder, 12, 0},
             {"%TOKEN%", Flaw::placeholder, 7, 0},
             {"{{ token }}", Flaw::placeholder, 11, 0},
             {"<your token>", Flaw::placeholder, 12, 0},
             {"<token>", Flaw::placeholder, 7, 0},
             {"\"$TOKEN\"", Flaw::placeholder, 8, 0},
             {"[object Object]", Flaw::placeholder, 15, 0},
             {"undefined", Flaw::placeholder, 9, 0},
             {"null", Flaw::placeholder, 4, 0},
             {"None", Flaw::placeholder, 4, 0},
             {"hsk_live_YOUR_SECRET", Flaw::placeholder, 20, 0},
             {"hsk_live_${SECRET}", Flaw::placeholder, 18, 0},
             {"process.env.TOKEN", Flaw::placeholder, 17, 0},
             {"\"" + good, Flaw::quotes, 55, 0},
             {"“" + good + "”", Flaw::quotes, 56, 0},
             {good + "\n", Flaw::line_end, 55, 55},
             {good + "\\n", Flaw::line_end, 56, 55},
             {good + "%0A", Flaw::line_end, 57, 55},
             {good.substr(0, 30) + "\r\n" + good.substr(30), Flaw::line_end, 56, 31},
             {good + " ", Flaw::spaces, 55, 55},
             {" " + good, Flaw::spaces, 55, 1},
             {good.substr(0, 30) + " " + good.substr(30), Flaw::spaces, 55, 31},
             {good + ",", Flaw::around, 55, 55},
             {good + " " + good, Flaw::around, 109, 55},
             {"token=" + good, Flaw::around, 60, 0},
             {"{\"token\":\"" + good + "\"}", Flaw::around, 66, 0},
             {"HSK_LIVE_4F8A", Flaw::letter_case, 13, 0},
             {"hsk_Live_4f8a", Flaw::letter_case, 13, 0},
             {"hsk_live_4f8a2c1bdedf_...", Flaw::masked, 25, 0},
             {"hsk_live_4f8a…", Flaw::masked, 14, 0},
             {"hsk_live_****", Flaw::masked, 13, 0},
             {"hsk_live_4f8a2c1bdedf_XXXXXXXXXXXX", Flaw::masked, 34, 0},
             {"4f8a2c1bdedf", Flaw::prefix_only, 12, 0},
             {"hsk_live_4f8a2c1bdedf", Flaw::prefix_only, 21, 0},
             {"hsk_test_4f8a2c1bdedf_", Flaw::prefix_only, 22, 0},
             {"eyJhbGciOiJIUzI1NiJ9.e30.c2ln", Flaw::web_token, 29, 0},
             {"sk_live_4f8a2c1bdedf", Flaw::brand, 20, 1},
             {"hsk_prod_4f8a2c1bdedf", Flaw::environment, 21, 5},
             {"hsk", Flaw::length, 3, 0},
             {"hsk_te", Flaw::length, 6, 0},
             {good.substr(0, 53), Flaw::length, 53, 0},
             {good.substr(0, 30) + good.substr(29), Flaw::length, 55, 55},
             {good.substr(0, 30) + "-" + good.substr(32), Flaw::length, 53, 31},
             {good.substr(0, 30) + "-" + good.substr(31), Flaw::secret, 54, 31},
             {good.substr(0, 10) + "F" + good.substr(11), Flaw::prefix, 54, 11},
             {good.substr(0, 21) + "-" + good.substr(22), Flaw::separator, 54, 22}})
        check(one);
}

TEST_CASE("a flaw is always found, and its place lies in the text or just after it") {
    const auto seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937 engine(seed);
    const std::string bytes = "hsk_live_test0aZ \t\n\"'$<>{}.*\\%-\xe2\x80\xa6";
    for (int i = 0; i < 20'000; ++i) {
        std::string text = good.substr(engine() % 60 % good.size());
        const auto changes = engine() % 6 + 1;
        for (unsigned change = 0; change < changes; ++change) {
            const std::size_t at = engine() % (text.size() + 1);
            if (engine() % 3 == 0)
                text.erase(at, engine() % 4);
            else
                text.insert(at, 1, bytes[engine() % bytes.size()]);
        }
        if (token::shape_of(text, "hsk").flaw == Flaw::none)
            continue;
        const Mistake found = token::mistake_of(text, "hsk");
        if (found.flaw == Flaw::none || found.flaw == Flaw::check ||
            found.at > found.characters + 1 || found.characters > text.size())
            FAIL(text);
    }
}

TEST_CASE("letters all in one case are noticed, and no token that is minted has them") {
    CHECK(token::is_in_one_case("hsk_live_4f8a2c1bdedf_0123456789abcdefghijklmnop1tvuzo"));
    CHECK(token::is_in_one_case("hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOP1TVUZO"));
    CHECK_FALSE(token::is_in_one_case(good));
    CHECK_FALSE(token::is_in_one_case("hsk_live_4f8a2c1bdedf_" + std::string(32, '7')));
    for (int i = 0; i < 1'000; ++i)
        CHECK_FALSE(token::is_in_one_case(token::mint("hsk", token::Env::live).text.reveal()));
}

TEST_CASE("a text that holds a token, whole or cut, is told from one that does not") {
    for (const std::string& text :
         {good, "?key=" + good, "a=b; t=" + good + "; c", good.substr(0, 30),
          std::string("x_test_000000000000_y"), std::string("hsk_live_4f8a2c1bdedf_")}) {
        CAPTURE(text);
        CHECK(token::holds_token(text));
    }
    for (const char* text : {"", "_", "hsk_live_4f8a2c1bdedf", "4f8a2c1bdedf", "_ga=GA1.2.3_live_",
                             "sk_live_51HyzNotHexAtAll_", "hsk_prod_4f8a2c1bdedf_x"}) {
        CAPTURE(text);
        CHECK_FALSE(token::holds_token(text));
    }
}
