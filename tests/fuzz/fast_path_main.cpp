// The fast path's laws (fast_path_law.h) on a corpus and what becomes of it by chance, mutated by who knows
// what a request is. Needs no clang.
//
//   hourgate_fuzz [--seconds S] [--seed N] FOLDER     mutates the folder's files for S seconds
//   hourgate_fuzz FILE...                             replays files, as a failed run leaves them
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/fast_path_law.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using Random = std::mt19937_64;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Texts that mean something somewhere.
const std::vector<std::string>& words() {
    static const std::vector<std::string> all = [] {
        std::vector<std::string> made = {"\r\n",
                                         "\n",
                                         "\r",
                                         " ",
                                         "\t",
                                         ":",
                                         ",",
                                         "%2F",
                                         "%2e%2e",
                                         "//",
                                         "/",
                                         "?",
                                         "#",
                                         ";",
                                         "\\",
                                         "\x80",
                                         std::string(1, '\0'),
                                         "GET",
                                         "HEAD",
                                         "POST",
                                         "DELETE",
                                         "OPTIONS",
                                         "PURGE",
                                         "HTTP/1.0",
                                         "HTTP/1.1",
                                         "HTTP/2.0",
                                         "Host: a\r\n",
                                         "Connection: close\r\n",
                                         "Connection: keep-alive\r\n",
                                         "Authorization: ",
                                         "Authorization: Basic YTpi\r\n",
                                         "Bearer ",
                                         "bearer\t",
                                         "X-Original-Method: ",
                                         "X-Original-URI: ",
                                         "X-Forwarded-Method: ",
                                         "X-Forwarded-Uri: ",
                                         "X-Forwarded-For: 192.0.2.9\r\n",
                                         "X-Forwarded-For: 127.0.0.1, [2001:db8::1]:8\r\n",
                                         "X-Hourgate-Role: owner\r\n",
                                         "x_hourgate_role: owner\r\n",
                                         "X-HTTP-Method-Override: DELETE\r\n",
                                         "Accept: application/problem+json\r\n",
                                         "Accept: application/json;q=0.5\r\n",
                                         "Origin: https://app.example\r\n",
                                         "Access-Control-Request-Method: GET\r\n",
                                         "Content-Length: 0\r\n",
                                         "Content-Length: 3\r\n",
                                         "Transfer-Encoding: chunked\r\n",
                                         "Expect: 100-continue\r\n",
                                         "Upgrade: h2c\r\n",
                                         "http://a",
                                         "HTTP://other.example:8080",
                                         "https://[::1]:443",
                                         "/_hourgate/auth/nginx",
                                         "/_hourgate/auth/caddy",
                                         "/_hourgate/auth/traefik",
                                         "/_hourgate/auth/envoy/",
                                         "/_hourgate/denied",
                                         "/_hourgate/healthz",
                                         "/_hourgate/readyz",
                                         "/_hourgate/verify",
                                         "/_hourgate/api/v1/me",
                                         "/clients/1",
                                         "/notes/mem_a",
                                         "/notes/mem_b",
                                         "/health",
                                         "/CLIENTS/1",
                                         HttpBench::token(),
                                         HttpBench::wrong_secret(),
                                         HttpBench::unknown_prefix()};
        for (char last = '1'; last <= '7'; ++last)
            made.push_back(fuzz::token_of(last));
        return made;
    }();
    return all;
}

/// A part of `text`, in lines or not.
std::pair<std::size_t, std::size_t> part_of(const std::string& text, Random& random) {
    std::size_t begin = random() % (text.size() + 1);
    std::size_t end = std::min(text.size(), begin + random() % 64);
    if (random() % 2 == 0) {  // whole lines
        begin = text.rfind('\n', begin) == text.npos ? 0 : text.rfind('\n', begin) + 1;
        end = text.find('\n', std::max(begin, end));
        end = end == text.npos ? text.size() : end + 1;
    }
    return {begin, end - begin};
}

std::string mutated(const std::vector<std::string>& corpus, Random& random) {
    std::string text = corpus[random() % corpus.size()];
    for (std::uint64_t times = random() % 5; times > 0; --times) {
        const auto [at, size] = part_of(text, random);
        const std::string& word = words()[random() % words().size()];
        switch (random() % 8) {
            case 0:
                text.erase(at, size);
                break;
            case 1:
                text.insert(at, text.substr(at, size));
                break;
            case 2:
                text.insert(at, word);
                break;
            case 3:
                text.replace(at, size, word);
                break;
            case 4:
                if (at < text.size())
                    text[at] = static_cast<char>(random());
                break;
            case 5:
                if (at < text.size())
                    text[at] = static_cast<char>(text[at] ^ 0x20);
                break;
            case 6: {
                const std::string& other = corpus[random() % corpus.size()];
                const auto [from, bytes] = part_of(other, random);
                text.insert(at, other.substr(from, bytes));
                break;
            }
            default:
                text += corpus[random() % corpus.size()];
        }
    }
    return text.substr(0, 16'384);
}

int mutate_for(const std::string& folder, std::int64_t seconds, std::uint64_t seed) {
    std::vector<std::string> corpus;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto& file : files)
        corpus.push_back(read_file(file));
    if (corpus.empty()) {
        std::fprintf(stderr, "hourgate_fuzz: no file in %s\n", folder.c_str());
        return 2;
    }
    std::printf("hourgate_fuzz: %zu files, seed %llu, %lld s\n", corpus.size(),
                static_cast<unsigned long long>(seed), static_cast<long long>(seconds));
    std::fflush(stdout);
    Random random(seed);
    for (const std::string& whole : corpus)
        for (unsigned how = 0; how < 8; ++how)
            fuzz::check_fast_path(whole, static_cast<std::uint8_t>(how));
    std::uint64_t runs = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (; std::chrono::steady_clock::now() < end; ++runs)
        fuzz::check_fast_path(mutated(corpus, random), static_cast<std::uint8_t>(random()));
    const fuzz::LaneCounts& counts = fuzz::lane_counts();
    std::printf(
        "hourgate_fuzz: %llu inputs, no difference; %llu heads were read by both; %llu "
        "answers came by the fast path, %llu not\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(counts.read_alike),
        static_cast<unsigned long long>(counts.by_fast_path),
        static_cast<unsigned long long>(counts.by_service));
    return counts.read_alike > 0 && counts.by_fast_path > 0 && counts.by_service > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::int64_t seconds = 10;
    std::uint64_t seed = std::random_device{}();
    std::vector<std::string> paths;
    for (int at = 1; at < argc; ++at) {
        const std::string_view argument = argv[at];
        if (argument == "--seconds" && at + 1 < argc)
            seconds = std::atoll(argv[++at]);
        else if (argument == "--seed" && at + 1 < argc)
            seed = std::strtoull(argv[++at], nullptr, 10);
        else
            paths.emplace_back(argument);
    }
    if (paths.size() == 1 && std::filesystem::is_directory(paths[0]))
        return mutate_for(paths[0], seconds, seed);
    for (const std::string& path : paths)
        for (unsigned how = 0; how < 256; ++how)
            fuzz::check_fast_path(read_file(path), static_cast<std::uint8_t>(how));
    if (paths.empty())
        std::fprintf(stderr, "usage: hourgate_fuzz [--seconds S] [--seed N] FOLDER | FILE...\n");
    return paths.empty() ? 2 : 0;
}
