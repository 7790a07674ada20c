// SECURITY.md says what is tried and what comes of it; each line of it is the name of a test.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "places.h"
#include "support/catch.h"

namespace fs = std::filesystem;

namespace {

const fs::path root = HOURGATE_SOURCE_DIR;

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("every outcome that SECURITY.md names is the name of a test in the file it names") {
    const std::string page = text_of(root / "SECURITY.md");
    const std::string table = page.substr(page.find("## How it is tried"));
    const std::regex line(R"re(\| \[([^\]]+)\]\((tests/[^)]+)\) \|)re");
    // Where a long literal goes on in the next line, or begins in one of its own.
    const std::regex joint(R"re("\s*\n\s*"|\n\s+(?="))re");
    std::size_t seen = 0;
    for (auto at = std::sregex_iterator(table.begin(), table.end(), line);
         at != std::sregex_iterator(); ++at, ++seen) {
        const std::string name = (*at)[1], file = (*at)[2];
        const std::string source = std::regex_replace(text_of(root / file), joint, "");
        INFO(file << ": " << name);
        CHECK(source.find("TEST_CASE(\"" + name + "\"") != std::string::npos);
    }
    CHECK(seen >= 30);
}
