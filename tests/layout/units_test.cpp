// The units and the sources as text: promises that no call could show.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "manage/audit_log.h"
#include "places.h"
#include "support/catch.h"

namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream in(path);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("no unit has root make a folder inside a folder that the service user owns") {
    int units = 0;
    for (const auto& entry : fs::directory_iterator(HOURGATE_SOURCE_DIR "/systemd")) {
        if (!entry.is_regular_file())
            continue;
        std::istringstream unit(text_of(entry.path()));
        INFO(entry.path().string());
        for (std::string line; std::getline(unit, line);) {
            const bool made_by_root =
                line.starts_with("StateDirectory=") || line.starts_with("RuntimeDirectory=") ||
                line.starts_with("CacheDirectory=") || line.starts_with("LogsDirectory=");
            units += made_by_root;
            if (made_by_root)
                CHECK(line.find('/') == std::string::npos);
            CHECK_FALSE(line.starts_with("PermissionsStartOnly="));
            CHECK_FALSE((line.starts_with("Exec") && line.find("=+") != std::string::npos));
        }
    }
    CHECK(units >= 3);
}

TEST_CASE("every action that the sources write into the audit log can be asked for") {
    const std::regex action(R"re("((?:workspace|member|plan|token|database)\.[a-z]+)")re");
    std::set<std::string> written;
    for (const char* folder : {"/src/manage", "/src/store"})
        for (const auto& entry :
             fs::directory_iterator(std::string(HOURGATE_SOURCE_DIR) + folder)) {
            if (entry.path().extension() != ".cpp")
                continue;
            const std::string text = text_of(entry.path());
            for (std::sregex_iterator at(text.begin(), text.end(), action), end; at != end; ++at)
                written.insert((*at)[1]);
        }
    const auto& known = hourgate::manage::audit_actions;
    CHECK(written == std::set<std::string>(known.begin(), known.end()));
    CHECK(std::is_sorted(known.begin(), known.end()));
}
