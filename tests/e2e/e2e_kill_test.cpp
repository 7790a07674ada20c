// Killed at any moment: what was acknowledged is there, and nothing is half there. Fifty times;
// HOURGATE_KILLS says how often, HOURGATE_SEED repeats what was drawn (not when the machine did
// what).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "base/text.h"
#include "e2e/changer.h"
#include "store/database_connection.h"
#include "support/catch.h"

using namespace hourgate::e2e;
using hourgate::store::Access;
using hourgate::store::DatabaseConnection;

namespace {

std::uint64_t number_in(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise
                           : hourgate::parse_number(text, UINT64_MAX).value_or(otherwise);
}

struct Event {
    std::int64_t id = 0;
    std::string action, object, workspace, value;
};

/// The database as it lies while the server that was started last has it open.
class Evidence {
public:
    explicit Evidence(const Installation& here)
        : connection_(here.database(), Access::read, 5'000) {}

    [[nodiscard]] std::vector<Event> events_after(std::int64_t id) {
        SQLite::Statement row(
            connection_.db(),
            "SELECT id, action, object, workspace_id,"
            " CASE action WHEN 'member.role' THEN json_extract(after, '$.role')"
            " WHEN 'workspace.plan' THEN json_extract(after, '$.plan') ELSE '' END"
            " FROM audit_events WHERE id > ?1 ORDER BY id");
        row.bind(1, id);
        std::vector<Event> events;
        while (row.executeStep())
            events.push_back({row.getColumn(0).getInt64(), row.getColumn(1).getString(),
                              row.getColumn(2).getString(), row.getColumn(3).getString(),
                              row.getColumn(4).getString()});
        return events;
    }
    [[nodiscard]] std::string role_of(const std::string& member) {
        const char* const names[] = {"owner", "admin", "manager", "member"};
        return names[connection_.number(
            ("SELECT role FROM members WHERE public_id = '" + member + "'").c_str())];
    }
    [[nodiscard]] std::string plan_of(const std::string& workspace) {
        return connection_.text(("SELECT p.name FROM workspaces w JOIN plans p ON p.id = w.plan_id"
                                 " WHERE w.public_id = '" +
                                 workspace + "'")
                                    .c_str());
    }
    [[nodiscard]] std::vector<std::string> revoked_in(const std::string& workspace) {
        SQLite::Statement row(
            connection_.db(),
            "SELECT t.prefix FROM workspaces w JOIN members m ON m.workspace_id = w.id"
            " JOIN tokens t ON t.member_id = m.id"
            " WHERE w.public_id = ?1 AND t.revoked_ms IS NOT NULL");
        row.bind(1, workspace);
        std::vector<std::string> prefixes;
        while (row.executeStep())
            prefixes.push_back(row.getColumn(0).getString());
        return prefixes;
    }

    /// Rows without the event that tells of them, or the reverse; and a file that is not whole.
    void check() {
        CHECK(connection_.text("PRAGMA integrity_check") == "ok");
        for (const char* sql :
             {"SELECT count(*) FROM pragma_foreign_key_check",
              // Every token has one mint, and one revocation if it is revoked, else none.
              "SELECT count(*) FROM tokens t WHERE kind = 0 AND 1 <> (SELECT count(*)"
              " FROM audit_events e WHERE e.object = t.prefix AND e.action = 'token.mint')",
              "SELECT count(*) FROM tokens t WHERE (revoked_ms IS NOT NULL) <> (SELECT count(*)"
              " FROM audit_events e WHERE e.object = t.prefix AND e.action = 'token.revoke')",
              "SELECT count(*) FROM audit_events e WHERE action IN ('token.mint', 'token.revoke')"
              " AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.prefix = e.object)",
              // Each change begins where the one before ended, and the last is in force.
              "SELECT count(*) FROM (SELECT json_extract(before, '$.role') AS b,"
              " lag(json_extract(after, '$.role')) OVER (PARTITION BY object ORDER BY id) AS a"
              " FROM audit_events WHERE action = 'member.role') WHERE a <> b",
              "SELECT count(*) FROM (SELECT json_extract(before, '$.plan') AS b,"
              " lag(json_extract(after, '$.plan')) OVER (PARTITION BY object ORDER BY id) AS a"
              " FROM audit_events WHERE action = 'workspace.plan') WHERE a <> b"}) {
            INFO(sql);
            CHECK(connection_.number(sql) == 0);
        }
    }

private:
    DatabaseConnection connection_;
};

/// What came of all runs.
struct Tally {
    int kills = 0, commands_killed = 0, acknowledged = 0, unanswered = 0, there_all_the_same = 0,
        lost = 0;
};

/// Takes the event that tells of a change out of the list. False: there is none.
bool take_event(std::vector<Event>& events, const Change& change, const std::string& workspace) {
    const auto found = std::find_if(events.begin(), events.end(), [&](const Event& event) {
        return event.action == change.action && event.workspace == workspace &&
               event.value == change.value &&
               (change.object.empty() || event.object == change.object);
    });
    if (found == events.end())
        return false;
    events.erase(found);
    return true;
}

class Crowd {
public:
    explicit Crowd(std::uint64_t seed) : random_(seed) {
        const std::string operator_token = here_.json({"init"}).at("token");
        for (const std::string plan : {"kill-a", "kill-b"})
            here_.must({"plan", "set", plan, "--api", "yes", "--rank", "30", "--window",
                        "all=10000000/60"});
        using By = Changer::By;
        int number = 0;
        for (const By by :
             {By::admin, By::admin, By::member, By::member, By::command, By::dying_command})
            changers_.emplace_back(here_, "w" + std::to_string(number++), by, operator_token,
                                   random_());
        server_ = std::make_unique<Server>(here_);
        last_event_ = last_of(Evidence(here_).events_after(0));
    }

    /// Changes, a kill in the middle of them, and what is left.
    void round() {
        change_until_killed();
        server_ = std::make_unique<Server>(here_);
        Evidence evidence(here_);
        std::vector<Event> events = evidence.events_after(last_event_);
        last_event_ = std::max(last_event_, last_of(events));
        for (Changer& changer : changers_) {
            CHECK(changer.surprise() == "");
            tally_.commands_killed += changer.command_killed() ? 1 : 0;
            account_for(changer, events);
            changer.settle(evidence.role_of(changer.service()),
                           evidence.plan_of(changer.workspace()),
                           evidence.revoked_in(changer.workspace()));
            is_in_force(changer);
        }
        for (const Event& event : events)
            FAIL_CHECK("nobody asked for " << event.action << " of " << event.object);
        evidence.check();
    }

    [[nodiscard]] const Tally& tally() const noexcept { return tally_; }

private:
    static std::int64_t last_of(const std::vector<Event>& events) {
        return events.empty() ? 0 : events.back().id;
    }

    void change_until_killed() {
        std::atomic<bool> over{false};
        std::atomic<int> acknowledged{0};
        const auto wanted = static_cast<int>(random_() % 25);
        const std::chrono::microseconds more(random_() % 3'000);
        std::vector<std::thread> threads;
        for (Changer& changer : changers_)
            threads.emplace_back([&] { changer.run(server_->ports(), over, acknowledged); });
        const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        while (acknowledged < wanted && std::chrono::steady_clock::now() < patience)
            std::this_thread::yield();
        // Anywhere between two acknowledgements: the moment is what this is about.
        std::this_thread::sleep_for(more);
        server_->program().signal(SIGKILL);
        CHECK(server_->program().wait() == 128 + SIGKILL);
        over = true;
        for (std::thread& thread : threads)
            thread.join();
        ++tally_.kills;
    }

    /// All that was acknowledged is told of, once; of the rest at most what was asked for.
    void account_for(const Changer& changer, std::vector<Event>& events) {
        for (const Change& change : changer.changes()) {
            if (!change.acknowledged)
                continue;
            ++tally_.acknowledged;
            if (take_event(events, change, changer.workspace()))
                continue;
            ++tally_.lost;
            FAIL_CHECK("lost: " << change.action << " of " << change.object << " " << change.value);
        }
        for (const Change& change : changer.changes()) {
            if (change.acknowledged)
                continue;
            ++tally_.unanswered;
            tally_.there_all_the_same += take_event(events, change, changer.workspace());
        }
    }

    void is_in_force(const Changer& changer) const {
        if (!changer.live().empty())
            CHECK(server_->status(changer.live()) == 200);
        if (!changer.revoked().empty())
            CHECK(server_->status(changer.revoked()) == 401);
    }

    const Installation here_{
        "[failures]\nlimit = 1000000\n[tokens]\nlive_max = 10000\n"
        "mints_per_day = 10000\n"};
    std::mt19937_64 random_;
    std::deque<Changer> changers_;
    std::unique_ptr<Server> server_;
    std::int64_t last_event_ = 0;
    Tally tally_;
};

}  // namespace

TEST_CASE(
    "server or command killed at any moment, no acknowledged change is lost, and none is half "
    "there") {
    const std::uint64_t kills = number_in("HOURGATE_KILLS", 50);
    const std::uint64_t seed = number_in("HOURGATE_SEED", std::random_device()());
    INFO("HOURGATE_SEED=" << seed);
    Crowd crowd(seed);
    for (std::uint64_t kill = 0; kill < kills; ++kill) {
        INFO("kill " << kill);
        crowd.round();
    }
    const Tally& tally = crowd.tally();
    CHECK(tally.lost == 0);
    CHECK(tally.acknowledged > 0);
    CHECK(tally.commands_killed > 0);
    if (kills > 50)
        std::cout << "kills " << tally.kills << ", of commands " << tally.commands_killed
                  << ", acknowledged " << tally.acknowledged << ", lost " << tally.lost
                  << ", unanswered " << tally.unanswered << ", of these "
                  << tally.there_all_the_same << " there as a whole\n";
}
