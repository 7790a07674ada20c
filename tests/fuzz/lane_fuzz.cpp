// Whether bytes are read as cpp-httplib reads them, and whether the lane says what the long way says: the same bytes go through a Dialogue, cut anywhere,
// and through the plainest reading of them, request by request; status, headers and body must be
// the same to the byte, and so must be what was counted. The bytes are a corpus's and what becomes
// of them by chance.
//
//   hourgate_fuzz [--seconds S] [--seed N] FOLDER     mutates the folder's files for S seconds
//   hourgate_fuzz FILE...                             replays files, as a failed run leaves them
//
// It is a fuzz target as the others are, too (fuzz/fuzz.h): main is there with HOURGATE_FUZZ_MAIN.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/by_httplib.h"
#include "fuzz/fuzz.h"
#include "http/dialogue.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::After;
using hourgate::http::Dialogue;
using hourgate::http::Head;
using hourgate::http::HeadScanner;
using hourgate::http::Listener;
using Phase = hourgate::http::Dialogue::Phase;
using Random = std::mt19937_64;

namespace {

/// The token whose prefix ends in a digit has a fate of its own; the corpus knows them by these.
std::string token_of(char last) {
    return whole_token("hsk_live_4f8a2c1bded" + std::string(1, last) + "_" +
                       std::string(HttpBench::secret));
}

/// One of two gates that live through the same.
struct World {
    explicit World(Mode mode) : bench(mode, small_rules(), reply()) {
        const ScriptedFacts good = bench.facts;
        const auto add = [&](char last, auto change) {
            ScriptedFacts& facts = bench.facts;
            facts = good;
            facts.token.id = facts.token.line = last;
            facts.token.prefix = "4f8a2c1bded" + std::string(1, last);
            facts.token.digest = token::digest_of(token_of(last));
            change(facts);
            bench.put();
        };
        add('1', [](ScriptedFacts& facts) { facts.token.revoked_ms = 1; });
        add('2', [](ScriptedFacts& facts) { facts.token.expires_ms = 1; });
        add('3', [](ScriptedFacts& facts) { facts.workspace.plan_id = 1; });
        add('4', [](ScriptedFacts& facts) { facts.member.role = Role::member; });
        add('5', [](ScriptedFacts& facts) {
            facts.token.scopes = policy::parse_scopes("notes:read clients:write").value();
        });
        add('6', [](ScriptedFacts& facts) { facts.workspace.paid_until_ms = Bench::start_ms - 1; });
        add('7', [](ScriptedFacts& facts) { facts.token.kind = TokenFacts::Kind::operator_; });
        for (const auto& [prefix, facts] : bench.directory.facts)
            (void)bench.directory.find(prefix, bench.now);
    }

    static http::ReplySettings reply() {
        http::ReplySettings made = HttpBench::reply_settings();
        made.cors_origins = {"https://app.example"};
        return made;
    }

    HttpBench bench;
};

std::uint64_t by_lane = 0, by_service = 0;  // answers of dialogues

/// What differs from one answer to the next for good reasons.
std::string comparable(const std::string& said) {
    static const std::regex ids("dec_[0-9a-f]{32}");
    static const std::regex dates("\r\nDate: [^\r]*");
    return std::regex_replace(std::regex_replace(said, ids, "dec_ID"), dates, "");
}

/// What the Dialogue says to bytes that come cut as `cuts` will have it. Only what comes before a
/// request with a body, which no lane answers, is compared: it ends there.
std::string said_by_dialogue(World& world, Listener listener, const Address& peer,
                             std::string_view bytes, Random& cuts) {
    const std::atomic<bool> ending{false};
    Dialogue dialogue(listener, peer, world.bench.service, ending);
    std::string said;
    while (dialogue.phase() != Phase::goodbye && dialogue.phase() != Phase::over) {
        if (dialogue.phase() == Phase::work) {
            dialogue.work();
            ++by_service;
            --by_lane;
        } else if (dialogue.phase() == Phase::answer) {
            ++by_lane;
            said += dialogue.output();
            dialogue.sent(dialogue.output().size());
        } else if (!bytes.empty()) {
            const std::size_t most = cuts() % 4 == 0 ? 1 + cuts() % 40 : bytes.size();
            const std::string_view part = bytes.substr(0, std::min(most, dialogue.room()));
            dialogue.take(part);
            bytes.remove_prefix(part.size());
        } else {
            break;
        }
    }
    return said;
}

/// The same by the plainest reading: a head, the service's answer, the next head.
std::string said_plainly(World& world, Listener listener, const Address& peer,
                         std::string_view bytes) {
    std::string said;
    std::string method;
    const auto write = [&](const http::Answer& answer, After after) {
        http::write_answer(said, answer, method, after, 0);
    };
    for (;;) {
        HeadScanner scanner;
        method.clear();
        const HeadScanner::State state = scanner.scan(bytes);
        if (state == HeadScanner::State::more)
            return said;
        if (state == HeadScanner::State::refused) {
            write(http::answer_to(scanner.flaw()), After::close);
            return said;
        }
        Head head;
        http::parse_head(bytes.substr(0, scanner.size()), head);
        bytes.remove_prefix(scanner.size());
        method = head.request.method;
        if (head.flaw != http::HeadFlaw::none) {
            write(http::answer_to(head.flaw), After::close);
            return said;
        }
        head.request.peer = peer;
        const After after = head.keep_alive ? After::keep : After::close;
        write(world.bench.service.handle(listener, http::Request(head.request)), after);
        if (after == After::close)
            return said;
    }
}

/// The bytes up to the first request with a body.
std::string_view without_bodies(std::string_view bytes) {
    std::string_view rest = bytes;
    for (;;) {
        HeadScanner scanner;
        if (scanner.scan(rest) != HeadScanner::State::complete)
            return bytes;
        Head head;
        http::parse_head(rest.substr(0, scanner.size()), head);
        if (head.flaw != http::HeadFlaw::none)
            return bytes;
        if (head.body != Head::Body::none)
            return bytes.substr(0, bytes.size() - rest.size());
        rest.remove_prefix(scanner.size());
    }
}

[[noreturn]] void fail(std::string_view bytes, const std::string& what, const std::string& one,
                       const std::string& other) {
    const char* const path = "lane_fuzz.failed";
    std::ofstream(path, std::ios::binary) << bytes;
    std::fprintf(stderr, "%s\n--- bytes, in %s:\n%.*s\n--- dialogue:\n%s\n--- plainly:\n%s\n",
                 what.c_str(), path, static_cast<int>(bytes.size()), bytes.data(), one.c_str(),
                 other.c_str());
    std::abort();
}

std::uint64_t read_alike = 0;

/// Reads the first head in two ways. What the library refuses may be a request here: it minds more
/// than the head. What both read must be one request.
void check_reading(std::string_view bytes) {
    HeadScanner scanner;
    if (scanner.scan(bytes) != HeadScanner::State::complete)
        return;
    std::string_view whole = bytes.substr(0, scanner.size());
    Head head;
    http::parse_head(whole, head);
    if (head.flaw != http::HeadFlaw::none || head.body != Head::Body::none ||
        !is_plain(head.request))
        return;
    if (whole.starts_with("\r\n"))
        whole.remove_prefix(2);  // the library reads no empty line before a request
    const auto other = read_by_httplib(whole);
    if (!other)
        return;
    http::Request one(head.request);
    sort_headers(one);
    const auto text = [](const http::Request& request) {
        std::string all = request.method + " " + request.target + "\n";
        for (const http::Header& header : request.headers)
            all += header.name + ": " + header.value + "\n";
        return all;
    };
    if (text(one) != text(*other))
        fail(bytes, "cpp-httplib reads another request", text(one), text(*other));
    ++read_alike;
}

/// Both worlds hear the bytes; they must say and note the same. `how` chooses the listener, the
/// peer, the mode, and how much time has passed.
void check(std::string_view bytes, std::uint8_t how) {
    static World enforcing[2] = {World(Mode::enforce), World(Mode::enforce)};
    static World observing[2] = {World(Mode::observe), World(Mode::observe)};
    check_reading(bytes);
    World* const worlds = (how & 1U) == 0 ? enforcing : observing;
    const Listener listener = (how & 6U) == 6 ? Listener::public_ : Listener::ask;
    const bool stranger = how % 32 == 8;
    const Address peer = stranger ? *Address::parse("192.0.2.77") : Address::loopback();
    Random cuts(how + bytes.size());
    for (int i = 0; i < 2; ++i) {
        worlds[i].bench.advance_s(how % 16);
        worlds[i].bench.notes.told.clear();
        worlds[i].bench.notes.again.clear();
    }
    const std::string_view plain = without_bodies(bytes);
    const std::string one = comparable(said_by_dialogue(worlds[0], listener, peer, plain, cuts));
    const std::string other = comparable(said_plainly(worlds[1], listener, peer, plain));
    if (one != other)
        fail(bytes, "the answers differ", one, other);
    const Notes& noted = worlds[0].bench.notes;
    const Notes& plainly = worlds[1].bench.notes;
    if (noted.told != plainly.told || noted.again != plainly.again ||
        noted.unknown != plainly.unknown)
        fail(bytes, "what was counted differs", one, other);
    if (plain.size() < bytes.size()) {  // with bodies, for what it may break
        World lone(Mode::enforce);
        (void)said_by_dialogue(lone, listener, peer, bytes, cuts);
    }
}

}  // namespace

/// The last byte is `how`, too: behind a whole request it changes nothing else.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 0)
        check(fuzz::text_of(data, size), data[size - 1]);
    return 0;
}

#ifdef HOURGATE_FUZZ_MAIN

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
            made.push_back(token_of(last));
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

int fuzz_for(const std::string& folder, std::int64_t seconds, std::uint64_t seed) {
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
            check(whole, static_cast<std::uint8_t>(how));
    std::uint64_t runs = 0;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
    for (; std::chrono::steady_clock::now() < end; ++runs)
        check(mutated(corpus, random), static_cast<std::uint8_t>(random()));
    std::printf(
        "hourgate_fuzz: %llu inputs, no difference; %llu heads were read by both; %llu "
        "answers came by the lane, %llu not\n",
        static_cast<unsigned long long>(runs), static_cast<unsigned long long>(read_alike),
        static_cast<unsigned long long>(by_lane), static_cast<unsigned long long>(by_service));
    return read_alike > 0 && by_lane > 0 && by_service > 0 ? 0 : 1;
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
        return fuzz_for(paths[0], seconds, seed);
    for (const std::string& path : paths)
        for (unsigned how = 0; how < 256; ++how)
            check(read_file(path), static_cast<std::uint8_t>(how));
    if (paths.empty())
        std::fprintf(stderr, "usage: hourgate_fuzz [--seconds S] [--seed N] FOLDER | FILE...\n");
    return paths.empty() ? 2 : 0;
}

#endif
