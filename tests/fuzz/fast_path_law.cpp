#include "fuzz/fast_path_law.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/by_httplib.h"
#include "http/decision/request_refusals.h"
#include "http/server/session.h"
#include "http/wire/response_writer.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::After;
using hourgate::http::HeadScanner;
using hourgate::http::Listener;
using hourgate::http::RequestHead;
using hourgate::http::Session;
using Phase = hourgate::http::Session::Phase;
using Random = std::mt19937_64;

namespace {

/// One of two gates that live through the same.
struct World {
    explicit World(Mode mode) : bench(mode, small_rules(), reply()) {
        const ScriptedFacts good = bench.facts;
        const auto add = [&](char last, auto change) {
            ScriptedFacts& facts = bench.facts;
            facts = good;
            facts.token.id = facts.token.line = last;
            facts.token.prefix = "4f8a2c1bded" + std::string(1, last);
            facts.token.digest = token::digest_of(fuzz::token_of(last));
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

fuzz::LaneCounts counts;

/// What differs from one answer to the next for good reasons.
std::string comparable(const std::string& said) {
    static const std::regex ids("dec_[0-9a-f]{32}");
    static const std::regex dates("\r\nDate: [^\r]*");
    return std::regex_replace(std::regex_replace(said, ids, "dec_ID"), dates, "");
}

/// What the Session says to bytes that come cut as `cuts` will have it. Only what comes before a
/// request with a body, which no fast path answers, is compared: it ends there.
std::string said_by_session(World& world, Listener listener, const Address& peer,
                            std::string_view bytes, Random& cuts) {
    const std::atomic<bool> ending{false};
    Session session(listener, peer, world.bench.service, ending);
    std::string said;
    while (session.phase() != Phase::goodbye && session.phase() != Phase::over) {
        if (session.phase() == Phase::work) {
            session.work();
            ++counts.by_service;
            --counts.by_fast_path;
        } else if (session.phase() == Phase::answer) {
            ++counts.by_fast_path;
            said += session.output();
            session.sent(session.output().size());
        } else if (!bytes.empty()) {
            const std::size_t most = cuts() % 4 == 0 ? 1 + cuts() % 40 : bytes.size();
            const std::string_view part = bytes.substr(0, std::min(most, session.room()));
            session.take(part);
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
    const auto write = [&](const http::Response& answer, After after) {
        http::write_response(said, answer, method, after, 0);
    };
    for (;;) {
        HeadScanner scanner;
        method.clear();
        const HeadScanner::State state = scanner.scan(bytes);
        if (state == HeadScanner::State::more)
            return said;
        if (state == HeadScanner::State::refused) {
            write(http::answer_to(scanner.flaw(), {*world.bench.service.reply()}), After::close);
            return said;
        }
        RequestHead head;
        http::parse_request_head(bytes.substr(0, scanner.size()), head);
        bytes.remove_prefix(scanner.size());
        method = head.request.method;
        if (head.flaw != http::HeadFlaw::none) {
            write(http::answer_to(head.flaw, {*world.bench.service.reply()}), After::close);
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
        RequestHead head;
        http::parse_request_head(rest.substr(0, scanner.size()), head);
        if (head.flaw != http::HeadFlaw::none)
            return bytes;
        if (head.body != RequestHead::Body::none)
            return bytes.substr(0, bytes.size() - rest.size());
        rest.remove_prefix(scanner.size());
    }
}

[[noreturn]] void fail(std::string_view bytes, const std::string& what, const std::string& one,
                       const std::string& other) {
    const char* const path = "fast_path_fuzz.failed";
    std::ofstream(path, std::ios::binary) << bytes;
    std::fprintf(stderr, "%s\n--- bytes, in %s:\n%.*s\n--- session:\n%s\n--- plainly:\n%s\n",
                 what.c_str(), path, static_cast<int>(bytes.size()), bytes.data(), one.c_str(),
                 other.c_str());
    std::abort();
}

/// Reads the first head in two ways. What the library refuses may be a request here: it minds more
/// than the head. What both read must be one request.
void check_reading(std::string_view bytes) {
    HeadScanner scanner;
    if (scanner.scan(bytes) != HeadScanner::State::complete)
        return;
    std::string_view whole = bytes.substr(0, scanner.size());
    RequestHead head;
    http::parse_request_head(whole, head);
    if (head.flaw != http::HeadFlaw::none || head.body != RequestHead::Body::none ||
        !is_plain(head.request))
        return;
    if (whole.starts_with("\r\n"))
        whole.remove_prefix(2);  // the library reads no empty line before a request
    const std::string_view target = whole.substr(head.request.method.size() + 1);
    if (!target.starts_with(head.request.target))
        return;  // absolute form, which the library does not take apart
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
    ++counts.read_alike;
}

}  // namespace

namespace hourgate::fuzz {

std::string token_of(char last) {
    return whole_token("hsk_live_4f8a2c1bded" + std::string(1, last) + "_" +
                       std::string(HttpBench::secret));
}

const LaneCounts& lane_counts() noexcept {
    return counts;
}

void check_fast_path(std::string_view bytes, std::uint8_t how) {
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
    const std::string one = comparable(said_by_session(worlds[0], listener, peer, plain, cuts));
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
        (void)said_by_session(lone, listener, peer, bytes, cuts);
    }
}

}  // namespace hourgate::fuzz
