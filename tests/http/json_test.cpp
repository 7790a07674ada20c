// JSON as answers write it, held against the library's own writing of the same tree.
#include "http/decision/json.h"

#include <random>
#include <string>
#include <vector>

#include "base/visible.h"
#include "support/catch.h"

using hourgate::visible_json;
using hourgate::http::Json;
using hourgate::http::text_of;

namespace {

std::string by_library(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Trees {
public:
    explicit Trees(std::uint32_t seed) : random_(seed) {}

    Json tree(int depth) {
        switch (below(depth > 0 ? 9 : 7)) {
            case 0:
                return nullptr;
            case 1:
                return below(2) == 0;
            case 2:
                return static_cast<std::int64_t>(random_()) - 2'000'000'000;
            case 3:
                return static_cast<std::uint64_t>(random_()) << 32U;
            case 7: {
                Json list = Json::array();
                for (std::uint32_t i = below(4); i > 0; --i)
                    list.push_back(tree(depth - 1));
                return list;
            }
            case 8: {
                Json object = Json::object();
                for (std::uint32_t i = below(4); i > 0; --i)
                    object[text()] = tree(depth - 1);
                return object;
            }
            default:
                return text();
        }
    }

private:
    std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }

    /// Of any bytes, those with a meaning in JSON among them.
    std::string text() {
        static const std::vector<std::string> parts = {
            "plain", "\"",   "\\", "/",    "\n",  std::string(1, '\0'),
            "\x1f",  "\x7f", "é",  "\xff", "\xc3"};
        std::string made;
        for (std::uint32_t i = below(4); i > 0; --i)
            made += parts[below(static_cast<std::uint32_t>(parts.size()))];
        return made;
    }

    std::mt19937 random_;
};

}  // namespace

TEST_CASE("JSON is written as the library writes it, with what hides spelled out") {
    const std::uint32_t seed = std::random_device()();
    INFO("seed " << seed);
    Trees trees(seed);
    for (int i = 0; i < 3'000; ++i) {
        const Json json = trees.tree(3);
        REQUIRE(text_of(json) == visible_json(by_library(json)));
    }
}

TEST_CASE("JSON of each kind is these very bytes") {
    CHECK(text_of(Json{{"a", 1}, {"b", {true, nullptr, -2}}, {"c", Json::object()}}) ==
          R"({"a":1,"b":[true,null,-2],"c":{}})");
    CHECK(text_of(Json::array()) == "[]");
    CHECK(text_of(Json("quote \" and \\")) == R"("quote \" and \\")");
    CHECK(text_of(Json("half \xc3")) == "\"half \xef\xbf\xbd\"");
}
