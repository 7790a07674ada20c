// Gives files to fuzz targets, each once: `hourgate_replay TARGET FILE|FOLDER...`. A law that is
// broken ends the process; the file is named before. Needs no clang.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fuzz.h"
#include "fuzz_targets.h"  // made by cmake/Fuzz.cmake: HOURGATE_FUZZ_TARGETS(X)

#define X(name) extern "C" int fuzz_##name(const std::uint8_t* data, std::size_t size);
HOURGATE_FUZZ_TARGETS(X)
#undef X

namespace {

using Target = int (*)(const std::uint8_t*, std::size_t);

const std::map<std::string_view, Target>& targets() {
#define X(name) {#name, fuzz_##name},
    static const std::map<std::string_view, Target> all = {HOURGATE_FUZZ_TARGETS(X)};
#undef X
    return all;
}

std::vector<std::filesystem::path> files_in(const std::string& path) {
    if (!std::filesystem::is_directory(path))
        return {path};
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(path))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

/// False: it cannot be read.
bool replay(Target target, const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return false;
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    std::fprintf(stderr, "%s\n", path.c_str());
    target(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

}  // namespace

int main(int argc, char** argv) {
    const auto target = argc < 3 ? targets().end() : targets().find(argv[1]);
    if (target == targets().end()) {
        std::fprintf(stderr, "usage: hourgate_replay TARGET FILE|FOLDER...\ntargets:");
        for (const auto& [name, ignored] : targets())
            std::fprintf(stderr, " %s", std::string(name).c_str());
        std::fprintf(stderr, "\n");
        return 2;
    }
    std::size_t replayed = 0;
    for (int at = 2; at < argc; ++at)
        for (const auto& file : files_in(argv[at]))
            replayed += replay(target->second, file);
    std::fprintf(stderr, "%zu inputs, every law kept\n", replayed);
    return replayed > 0 ? 0 : 1;
}
