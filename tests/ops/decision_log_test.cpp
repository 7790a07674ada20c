// The decision log: in memory every refusal until it is overwritten, on disk what the bounds allow,
// and never more.
#include <string>
#include <thread>
#include <vector>

#include "http/why/why.h"
#include "ops/decision_writer.h"
#include "support/database_bench.h"
#include "support/http_bench.h"

using namespace hourgate;
using hourgate::test::DatabaseBench;
using hourgate::test::take;

namespace {

/// "0000…0001": the digits of an id.
std::array<char, 32> id_of(std::uint64_t number) {
    std::array<char, 32> id;
    id.fill('0');
    for (std::size_t at = id.size(); number > 0; number /= 10)
        id[--at] = static_cast<char>('0' + number % 10);
    return id;
}

std::string digits_of(std::uint64_t number) {
    const auto id = id_of(number);
    return {id.begin(), id.end()};
}

class LogBench : public DatabaseBench {
public:
    explicit LogBench(ops::Grants grants = ops::Grants::last, std::int64_t rows_max = 1'000)
        : decisions(grants), writer(decisions, *ledger, clock, log, settings(rows_max)) {}

    Decision refused(std::uint64_t number, const std::string& address = "192.0.2.1") {
        Decision decision;
        decision.reason = Reason::no_credentials;
        decision.id = id_of(number);
        decision.method = "GET";
        decision.target = "/clients";
        decision.address = Address::parse(address);
        decision.now = clock.now();
        return decision;
    }
    Decision of_token(std::uint64_t number, std::int64_t token, Reason reason) {
        Decision decision = refused(number);
        auto facts = std::make_shared<Facts>();
        facts->token.id = facts->token.line = token;
        facts->token.prefix = "4f8a2c1bdedf";
        decision.facts = std::move(facts);
        decision.reason = reason;
        return decision;
    }
    void note(const Decision& decision) { decisions.note(decision, false); }
    std::int64_t rows(const std::string& where = "true") {
        return number("SELECT count(*) FROM decisions WHERE " + where);
    }

    static ops::DecisionWriter::Settings settings(std::int64_t rows_max) {
        return {30 * 86'400, rows_max, [](const KeptDecision& kept) {
                    return http::record_of(kept, hourgate::test::HttpBench::reply_settings());
                }};
    }

    ops::Log log{-1};
    ops::DecisionLog decisions;
    ops::DecisionWriter writer;
};

}  // namespace

TEST_CASE("a kept decision names its resource after the policy that decided it is gone") {
    LogBench bench;
    Decision decision = bench.refused(1);
    {
        const policy::Policy policy = policy::Policy::make(hourgate::test::small_rules()).value();
        decision.match = policy.find("/clients");
        REQUIRE(decision.match.resource != nullptr);
        bench.note(decision);
    }
    const auto kept = bench.decisions.find(digits_of(1));
    REQUIRE(kept);
    CHECK(kept->decision().match.resource->name == "clients");
}

TEST_CASE("every refusal is found in memory until as many others came as there is room for") {
    LogBench bench;
    for (std::uint64_t i = 1; i <= limits::decisions_in_memory; ++i)
        bench.note(bench.refused(i));
    REQUIRE(bench.decisions.find(digits_of(1)) != nullptr);
    CHECK(bench.decisions.find(digits_of(1))->decision().target == "/clients");
    bench.note(bench.refused(limits::decisions_in_memory + 1));
    CHECK(bench.decisions.find(digits_of(1)) == nullptr);
    CHECK(bench.decisions.find(digits_of(2)) != nullptr);
    CHECK(bench.decisions.find("") == nullptr);
    CHECK(bench.decisions.lost() == 1);
}

TEST_CASE("the writer is woken when half the room waits, and takes each decision once, in order") {
    ops::DecisionLog decisions(ops::Grants::last);
    int woken = 0;
    decisions.on_half_full([&] { ++woken; });
    LogBench bench;
    for (std::uint64_t i = 1; i <= limits::decisions_in_memory / 2; ++i) {
        CHECK(woken == 0);
        decisions.note(bench.refused(i), false);
    }
    CHECK(woken == 1);
    const auto taken = decisions.take();
    REQUIRE(taken.size() == limits::decisions_in_memory / 2);
    CHECK(taken.front()->decision().id == id_of(1));
    CHECK(taken.back()->decision().id == id_of(limits::decisions_in_memory / 2));
    CHECK(decisions.take().empty());
}

TEST_CASE("of granted calls one of each token and resource is kept in a sample time") {
    LogBench bench;
    for (std::uint64_t i = 1; i <= 50; ++i)
        bench.note(bench.of_token(i, 7, Reason::granted));
    bench.writer.write();
    CHECK(bench.rows() == 1);
    bench.clock.boot_us += limits::sample_s * us_per_s;
    bench.note(bench.of_token(51, 7, Reason::granted));
    bench.note(bench.of_token(52, 8, Reason::granted));
    bench.writer.write();
    CHECK(bench.rows() == 2);  // the latest takes the place of the one before
    CHECK(bench.rows("decision = '" + digits_of(51) + "'") == 1);
    CHECK(bench.rows("decision = '" + digits_of(52) + "'") == 1);
}

TEST_CASE("grants = none keeps no granted call, all keeps every one") {
    LogBench none(ops::Grants::none), all(ops::Grants::all);
    for (std::uint64_t i = 1; i <= 50; ++i) {
        none.note(none.of_token(i, 7, Reason::granted));
        all.note(all.of_token(i, 7, Reason::granted));
    }
    none.note(none.of_token(51, 7, Reason::window_full));
    none.writer.write();
    all.writer.write();
    CHECK(none.rows() == 1);
    CHECK(all.rows() == 50);
}

TEST_CASE("one stranger has so many refusals a minute written, and others have theirs beside it") {
    LogBench bench;
    std::uint64_t number = 0;
    for (int i = 0; i < 1'000; ++i)
        bench.note(bench.refused(++number));
    for (int i = 0; i < 5; ++i)
        bench.note(bench.refused(++number, "198.51.100.7"));
    for (int i = 0; i < 1'000; ++i)
        bench.note(bench.of_token(++number, 7, Reason::window_full));
    bench.writer.write();
    CHECK(bench.rows("address = '192.0.2.1' AND kind = 0") == limits::stranger_records_per_net);
    CHECK(bench.rows("address = '198.51.100.7'") == 5);
    CHECK(bench.rows("kind = 1") == limits::refusals_per_source);
    CHECK(bench.writer.passed_over() ==
          2'000 - limits::refusals_per_source - limits::stranger_records_per_net);
    bench.clock.boot_us += 60 * us_per_s;
    bench.note(bench.refused(++number));
    bench.writer.write();
    CHECK(bench.rows("address = '192.0.2.1' AND kind = 0") == limits::stranger_records_per_net + 1);
}

TEST_CASE("a flood of strangers is written at the pace of one budget, from however many nets") {
    LogBench bench(ops::Grants::last, 10'000);
    std::uint64_t number = 0;
    for (int second = 0; second < 10; ++second) {
        for (int i = 0; i < 1'000; ++i) {
            ++number;
            bench.note(bench.refused(number, "2001:db8:" + std::to_string(number % 9'000) + "::1"));
        }
        bench.writer.write();
        bench.clock.boot_us += us_per_s;
    }
    CHECK(bench.rows() ==
          limits::stranger_records_at_once + 9 * limits::stranger_records_per_second);
    // And a known caller has its own beside it.
    bench.note(bench.of_token(++number, 7, Reason::window_full));
    bench.writer.write();
    CHECK(bench.rows("kind = 1") == 1);
}

TEST_CASE("records of known callers are written up to the bound of a second") {
    LogBench bench(ops::Grants::last, 10'000);
    for (std::uint64_t i = 0; i < limits::decisions_in_memory; ++i)
        bench.note(bench.of_token(i + 1, static_cast<std::int64_t>(i), Reason::window_full));
    bench.writer.write();
    CHECK(bench.rows() == limits::decisions_per_second);
}

TEST_CASE("of each kind there are never more rows than are to be kept, and the oldest go first") {
    LogBench bench(ops::Grants::all, 40);
    std::uint64_t number = 0, last = 0;
    for (int i = 0; i < 30; ++i)
        bench.note(bench.of_token(++number, 7, Reason::role_forbidden));
    bench.writer.write();
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 50; ++i)  // of as many nets: 30 of them are written
            bench.note(bench.refused(++number, "198.51." + std::to_string(50 - i) + ".1"));
        bench.clock.boot_us += 60 * us_per_s;
        bench.writer.write();
        last = number - 50 + limits::stranger_records_at_once;
    }
    CHECK(bench.rows("kind = 0") == 40);
    CHECK(bench.rows("kind = 1") == 30);  // not driven out by the others
    CHECK(bench.rows("decision = '" + digits_of(last) + "'") == 1);
    // And so after a restart.
    ops::DecisionWriter again(bench.decisions, *bench.ledger, bench.clock, bench.log,
                              LogBench::settings(40));
    bench.note(bench.refused(++number));
    again.write();
    CHECK(bench.rows("kind = 0") == 40);
}

TEST_CASE("rows = 0 writes nothing") {
    LogBench bench(ops::Grants::all, 0);
    bench.note(bench.refused(1));
    bench.writer.write();
    CHECK(bench.rows() == 0);
    CHECK(bench.decisions.find(digits_of(1)) != nullptr);
}

TEST_CASE("while the database takes nothing, decisions wait, and are written when it does again") {
    LogBench bench;
    bench.note(bench.refused(1));
    bench.run("ALTER TABLE decisions RENAME TO away");
    bench.writer.write();
    bench.note(bench.refused(2));
    bench.writer.write();
    CHECK(bench.writer.written() == 0);
    bench.run("ALTER TABLE away RENAME TO decisions");
    bench.writer.write();
    CHECK(bench.rows() == 2);
    CHECK(bench.writer.written() == 2);
}

TEST_CASE("what is older than it is to be kept is pruned, in parts") {
    LogBench bench(ops::Grants::all, 10'000);
    for (std::uint64_t i = 1; i <= 60; ++i)
        bench.note(bench.of_token(i, 7, Reason::window_full));
    bench.writer.write();
    const std::int64_t at_ms = bench.clock.wall_ms;
    auto pruned = take(manage::prune_decisions(*bench.ledger, at_ms));
    CHECK(pruned == manage::DecisionCounts{0, 0, 0});
    pruned = take(manage::prune_decisions(*bench.ledger, at_ms + 1));
    CHECK(pruned == manage::DecisionCounts{0, 60, 0});
    CHECK(bench.rows() == 0);
}

TEST_CASE("threads note, find and take at the same time, and none is taken twice or lost unsaid") {
    ops::DecisionLog decisions(ops::Grants::all);
    LogBench bench;
    constexpr std::uint64_t each = 20'000;
    std::vector<std::thread> threads;
    std::atomic<bool> done{false};
    for (std::uint64_t t = 0; t < 3; ++t)
        threads.emplace_back([&, t] {
            Decision decision = bench.refused(1);
            for (std::uint64_t i = 0; i < each; ++i) {
                decision.id = id_of(t * each + i + 1);
                decisions.note(decision, false);
                (void)decisions.find(digits_of(i + 1));
            }
        });
    std::uint64_t taken = 0;
    std::thread taker([&] {
        while (!done)
            taken += decisions.take().size();
    });
    for (std::thread& thread : threads)
        thread.join();
    done = true;
    taker.join();
    taken += decisions.take().size();
    CHECK(taken + decisions.lost() == 3 * each);
}

TEST_CASE("a kept decision outlives its call: its texts are its own, its path has no query") {
    std::string target = "/clients/hsk_live_4f8a2c1bdedf_0123456789ABCDEFGHIJKLMNOPQRSTUV?q=1";
    std::string method = "GET";
    Decision decision;
    decision.target = target;
    decision.method = method;
    decision.reason = Reason::path_unlisted;
    const KeptDecision kept(decision, false);
    target.assign(target.size(), '!');
    method.assign(method.size(), '!');
    CHECK(kept.decision().method == "GET");
    CHECK(kept.decision().target == "/clients/hsk_live_4f8a2c1bdedf_...");
    CHECK(kept.is_cut());
    Decision plain = decision;
    plain.target = "/clients?q=1";
    CHECK_FALSE(KeptDecision(plain, false).is_cut());
    const std::string deep = "/" + std::string(3'000, 'a');
    plain.target = deep;
    CHECK(KeptDecision(plain, false).decision().target.size() == limits::kept_path_bytes_max);
    CHECK(KeptDecision(plain, false).is_cut());
}
