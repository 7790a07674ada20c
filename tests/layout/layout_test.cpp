// The rules of the house, read off the sources: which folder may include which, and which library
// stands in one folder only.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "places.h"
#include "support/catch.h"

namespace fs = std::filesystem;

namespace {

const fs::path source_root = fs::path(HOURGATE_SOURCE_DIR) / "src";

/// A folder may include itself and folders with a lower number, but none with its own number.
const std::map<std::string, int> step_of = {
    {"base", 0},    {"token", 1}, {"account", 1}, {"plan", 1},  {"policy", 2},
    {"limiter", 2}, {"gate", 3},  {"manage", 3},  {"store", 4}, {"http", 4},
    {"config", 4},  {"ops", 4},   {"app", 5},     {"cli", 6},   {"main", 7},
};

/// The same rule inside a folder that has folders; "" is what lies in it directly.
const std::map<std::string, std::map<std::string, int>> steps_inside = {
    {"http",
     {{"wire", 0},
      {"decision", 1},
      {"why", 2},
      {"proxy", 2},
      {"ask", 3},
      {"manage", 3},
      {"", 4},
      {"server", 5}}},
};

/// Libraries that only one folder may include.
const std::map<std::string, std::string> only_in = {
    {"httplib.h", "http/server"}, {"SQLiteCpp/", "store"},  {"sqlite3.h", "store"},
    {"toml++/", "config"},        {"CLI/", "cli"},          {"sodium.h", "token"},
    {"zlib.h", "token"},          {"utf8proc.h", "policy"},
};

struct Line {
    fs::path file;  // relative to src
    std::size_t number = 0;
    std::string text;
};

std::vector<Line> all_lines(const fs::path& root = source_root) {
    std::vector<Line> lines;
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
        const std::string extension = entry.path().extension().string();
        if (extension != ".h" && extension != ".cpp")
            continue;
        std::ifstream in(entry.path());
        std::string text;
        for (std::size_t number = 1; std::getline(in, text); ++number)
            lines.push_back({fs::relative(entry.path(), root), number, text});
    }
    return lines;
}

/// "gate" for gate/gate.cpp, "app" for app.cpp.
std::string folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.begin()->string() : path.stem().string();
}

/// "wire" for http/wire/message.h, "" for http/routes.h.
std::string inner_folder_of(const fs::path& path) {
    const fs::path folder = path.parent_path();
    return std::distance(folder.begin(), folder.end()) > 1 ? std::next(folder.begin())->string()
                                                           : "";
}

std::string where(const Line& line) {
    return line.file.string() + ":" + std::to_string(line.number) + ": " + line.text;
}

/// A definition of a function with external linkage.
struct Function {
    std::string signature;  // its whole name, and the types of its parameters
    fs::path file;
};

/// "const std::string& path" as "const std::string&", without a default.
std::string type_of_parameter(const std::string& text) {
    static const std::regex parameter(R"re(^\s*(.*?[\s&*>])\w+(\[\])?\s*(=.*)?$)re");
    std::smatch match;
    std::string type = std::regex_match(text, match, parameter) ? match[1].str() : text;
    type.erase(std::remove(type.begin(), type.end(), ' '), type.end());
    return type;
}

/// The types of "(int a, std::map<int, int> b)…": what stands behind the last bracket is left out.
std::string types_in(const std::string& text) {
    std::string types, parameter;
    int depth = 0;
    for (const char c : text) {
        depth += c == '(' || c == '<' || c == '{' ? 1 : 0;
        depth -= c == ')' || c == '>' || c == '}' ? 1 : 0;
        if (depth == 0 || (depth == 1 && c == ',')) {
            types += type_of_parameter(parameter) + ',';
            parameter.clear();
        } else if (depth > 1 || c != '(') {
            parameter += c;
        }
        if (depth == 0)
            break;
    }
    return types;
}

/// As clang-format writes them: a definition begins in the first column.
std::vector<Function> functions_in(const std::vector<Line>& lines) {
    const std::regex opening(R"re(^(inline )?namespace( [\w:]+)? \{)re");
    const std::regex closing(R"re(^\}  // namespace)re");
    const std::regex name(
        R"re(^(?:[\w:\[][^()]*[\s&*>])?((?:\w+::)*(?:~?\w+|operator[^\w\s(]+))(\(.*)$)re");
    const std::regex other(
        R"re(^([A-Z_]+\(|(static|using|typedef|namespace|struct|class|enum|extern)\b).*)re");
    std::vector<Function> functions;
    std::vector<std::string> around;
    std::string begun, of_template;  // a signature that goes on in the next line
    fs::path file;
    for (const Line& line : lines) {
        if (line.file != file) {
            around.clear();
            begun.clear();
        }
        file = line.file;
        std::smatch match;
        if (std::regex_search(line.text, match, opening)) {
            around.push_back(match[2].str());
        } else if (std::regex_search(line.text, closing) && !around.empty()) {
            around.pop_back();
        } else if (line.text.rfind("template <", 0) == 0) {
            of_template = line.text;
        } else if (!begun.empty() || std::regex_match(line.text, name)) {
            begun += line.text + ' ';
            const char last = line.text.empty() ? ';' : line.text.back();
            if (last != '{' && last != ';' && last != '}')
                continue;
            const std::string whole = std::exchange(begun, "");
            const std::string before = std::exchange(of_template, "");
            if (last == ';' || std::regex_match(whole, other) ||
                !std::regex_match(whole, match, name))
                continue;
            std::string full;
            for (const std::string& outer : around)
                full += (outer.empty() ? file.string() : outer) + "::";
            functions.push_back(
                {before + full + match[1].str() + "(" + types_in(match[2].str()) + ")", file});
        }
    }
    return functions;
}

}  // namespace

TEST_CASE("a folder includes only what stands before it") {
    const std::regex include(R"re(^\s*#\s*include\s+"([^"]+)")re");
    std::size_t seen = 0;
    for (const Line& line : all_lines()) {
        std::smatch match;
        if (!std::regex_search(line.text, match, include))
            continue;
        const fs::path target = match[1].str();
        if (!fs::exists(source_root / target))
            continue;  // a generated header
        ++seen;
        const std::string from = folder_of(line.file), to = folder_of(target);
        INFO(where(line));
        REQUIRE(step_of.count(from) == 1);
        REQUIRE(step_of.count(to) == 1);
        CHECK((from == to || step_of.at(to) < step_of.at(from)));
        const auto inside = steps_inside.find(from);
        if (from != to || inside == steps_inside.end())
            continue;
        const std::string inner = inner_folder_of(line.file), other = inner_folder_of(target);
        REQUIRE(inside->second.count(inner) == 1);
        REQUIRE(inside->second.count(other) == 1);
        CHECK((inner == other || inside->second.at(other) < inside->second.at(inner)));
    }
    CHECK(seen > 100);
}

TEST_CASE("a library with a folder of its own is included nowhere else") {
    const std::regex include(R"re(^\s*#\s*include\s+[<"]([^>"]+)[>"])re");
    std::set<std::string> found;
    for (const Line& line : all_lines()) {
        std::smatch match;
        if (!std::regex_search(line.text, match, include))
            continue;
        for (const auto& [library, folder] : only_in) {
            if (match[1].str().rfind(library, 0) != 0)
                continue;
            INFO(where(line));
            CHECK(line.file.string().rfind(folder + "/", 0) == 0);
            found.insert(library);
        }
    }
    CHECK(found.count("httplib.h") == 1);
    CHECK(found.count("SQLiteCpp/") == 1);
}

// Else the linker keeps the constructors and destructors of one of them for both: what the compiler
// cannot see, and some linkers do otherwise than others.
TEST_CASE("no two types of one namespace have one name") {
    const std::regex opening(R"re(^namespace( [\w:]+)? \{)re"), closing(R"re(^\}  // namespace)re");
    const std::regex type(R"re(^(class|struct) (\w+)( final)?( : .*)?( \{|$))re");
    std::map<std::string, fs::path> first;  // by the whole name
    std::vector<std::string> around;
    fs::path file;
    for (const Line& line : all_lines()) {
        if (line.file != file)
            around.clear();
        file = line.file;
        std::smatch match;
        if (std::regex_search(line.text, match, opening)) {
            around.push_back(match[1].str());
        } else if (std::regex_search(line.text, closing) && !around.empty()) {
            around.pop_back();
        } else if (std::regex_search(line.text, match, type)) {
            std::string name;
            for (const std::string& outer : around)
                name += outer.empty() ? file.string() : outer;  // its own, where it has no name
            const auto known = first.emplace(name + "::" + match[2].str(), file).first;
            INFO(known->first << " in " << known->second);
            CHECK(known->second == file);
        }
    }
    CHECK(first.size() > 250);
}

// The linker silently keeps one of two inline definitions for every caller. Two bodies under one
// name are then one behaviour, which may differ from build to build. Members need no check of their
// own: no two types share a name.
TEST_CASE("no two files define a function of one namespace with one signature") {
    std::vector<Function> functions = functions_in(all_lines());
    for (const Function& test : functions_in(all_lines(fs::path(HOURGATE_SOURCE_DIR) / "tests")))
        if (*test.file.begin() != "fuzz")  // programs of their own
            functions.push_back(test);
    std::map<std::string, fs::path> first;  // by signature
    for (const Function& function : functions) {
        const auto known = first.emplace(function.signature, function.file).first;
        INFO(function.signature << " in " << known->second << " and in " << function.file);
        CHECK(known->second == function.file);
    }
    CHECK(first.size() > 1'500);
}

TEST_CASE("only the clock reads a clock, and only base draws ids") {
    const std::regex clock(
        R"re(\b(clock_gettime|gettimeofday|system_clock::now|time\(nullptr\)))re");
    for (const Line& line : all_lines()) {
        const std::string folder = folder_of(line.file);
        if (step_of.at(folder) > 3 || line.file == "base/clock.cpp")
            continue;
        INFO(where(line));
        CHECK_FALSE(std::regex_search(line.text, clock));
    }
}

TEST_CASE("lines fit into 100 columns and hold no tab, no trailing space and no note to self") {
    const std::regex note(R"re(\b(TODO|FIXME|XXX|HACK)\b)re");
    for (const Line& line : all_lines()) {
        INFO(where(line));
        std::size_t columns = 0;
        for (const char c : line.text)
            columns += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        CHECK(columns <= 100);
        CHECK(line.text.find('\t') == std::string::npos);
        CHECK((line.text.empty() || line.text.back() != ' '));
        CHECK_FALSE(std::regex_search(line.text, note));
    }
}

TEST_CASE("the decision is one page") {
    // The order, then the questions in it, and nothing behind them; the helpers stand elsewhere.
    const std::vector<std::string> expected = {"ask", "readable", "who", "paid", "may", "room"};
    const std::regex begins(R"re(^\S.*\bGate::(ask|readable|who|paid|may|room)\()re");
    const std::regex defines(R"re(^\S.*\bGate::\w+\()re");
    std::vector<std::string> questions;
    std::size_t lines = 0, page = 0;
    for (const Line& line : all_lines()) {
        std::smatch match;
        const bool here = line.file == "gate/gate.cpp";
        const bool asks = std::regex_search(line.text, match, begins);
        INFO(where(line));
        CHECK((here || !asks));
        CHECK((asks || questions.empty() || !here || !std::regex_search(line.text, defines)));
        if (asks)
            questions.push_back(match[1]);
        lines += here;
        page += here && !questions.empty();
    }
    CHECK(questions == expected);
    CHECK(lines <= 220);
    CHECK(page >= 30);
    CHECK(page <= 120);
}
