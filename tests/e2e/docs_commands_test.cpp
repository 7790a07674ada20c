// Every command and every configuration that README.md and docs/ show, run and checked with the real
// program. docs_commands.py says how a page marks what is run.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "e2e/program.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;
namespace fs = std::filesystem;

namespace {

const fs::path source(HOURGATE_SOURCE_DIR);

/// README.md, SECURITY.md and the pages below docs/.
std::vector<fs::path> all_pages() {
    std::vector<fs::path> pages = {source / "README.md", source / "SECURITY.md"};
    for (const auto& entry : fs::recursive_directory_iterator(source / "docs"))
        if (entry.path().extension() == ".md")
            pages.push_back(entry.path());
    std::sort(pages.begin(), pages.end());
    return pages;
}

/// The anchor that GitHub gives to a heading.
std::string anchor_of(const std::string& heading) {
    std::string anchor;
    for (const char c : heading) {
        if (c == ' ')
            anchor += '-';
        else if (c >= 'A' && c <= 'Z')
            anchor += static_cast<char>(c - 'A' + 'a');
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_')
            anchor += c;
    }
    return anchor;
}

std::set<std::string> anchors_of(const fs::path& page) {
    std::set<std::string> anchors;
    std::ifstream in(page);
    bool in_block = false;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```"))
            in_block = !in_block;
        const std::size_t text = line.find_first_not_of('#');
        if (!in_block && text != line.npos && text > 0 && line[text] == ' ')
            anchors.insert(anchor_of(line.substr(text + 1)));
    }
    return anchors;
}

}  // namespace

TEST_CASE("every command of the documentation does what its page says") {
    REQUIRE(installed("curl"));
    for (const fs::path& page : all_pages()) {
        const Ran ran = run(
            {"python3", (source / "tests/e2e/docs_commands.py").string(), binary(), page.string()});
        INFO(page << "\n" << ran.out << ran.err);
        CHECK(ran.exit_code == 0);
    }
}

TEST_CASE("docs/configuration.md is what config.example.toml says") {
    const Ran ran = run({"python3", (source / "scripts/configuration-page").string(), "--check"});
    INFO(ran.out << ran.err);
    CHECK(ran.exit_code == 0);
}

TEST_CASE("every link of the documentation leads to a file and to a heading that exist") {
    const std::regex link(R"re(\]\(([^)\s]+)\))re");
    std::size_t seen = 0;
    for (const fs::path& page : all_pages()) {
        const std::string text = read_file(page.string());
        for (auto at = std::sregex_iterator(text.begin(), text.end(), link);
             at != std::sregex_iterator(); ++at) {
            const std::string target = (*at)[1];
            if (target.starts_with("http"))
                continue;
            const std::size_t hash = target.find('#');
            const std::string file = target.substr(0, hash);
            const fs::path there = file.empty() ? page : page.parent_path() / file;
            INFO(page << ": " << target);
            CHECK(fs::exists(there));
            if (hash != target.npos && there.extension() == ".md")
                CHECK(anchors_of(there).count(target.substr(hash + 1)) == 1);
            ++seen;
        }
    }
    CHECK(seen > 100);
}

TEST_CASE("the README can be read in one go") {
    const std::string text = read_file((source / "README.md").string());
    CHECK(std::count(text.begin(), text.end(), '\n') <= 150);
}
