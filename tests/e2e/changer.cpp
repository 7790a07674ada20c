#include "e2e/changer.h"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>
#include <utility>

namespace hourgate::e2e {

Changer::Changer(const Installation& here, std::string name, By by, std::string operator_token,
                 std::uint64_t seed)
    : here_(here),
      name_(std::move(name)),
      by_(by),
      operator_token_(std::move(operator_token)),
      random_(seed) {
    workspace_ = here.json({"workspace", "add", name_, "--plan", plan_}).at("id");
    owner_ = here.json({"member", "add", name_, "ann@" + name_ + ".example", "--role", "owner"})
                 .at("id");
    service_ = here.json({"member", "add", name_, "--service", "job", "--role", role_}).at("id");
    owner_token_ = here.mint(owner_);
}

std::string Changer::live() const {
    return live_.empty() ? "" : live_.begin()->second;
}

void Changer::run(const Ports& ports, const std::atomic<bool>& over,
                  std::atomic<int>& acknowledged) {
    changes_.clear();
    command_killed_ = false;
    ports_ = &ports;
    try {
        if (!by_command()) {
            admin_ = std::make_unique<Wire>(ports.admin);
            public_ = std::make_unique<Wire>(ports.public_);
        }
        while (!over && make(next(), acknowledged)) {
        }
    } catch (const std::exception&) {
        // It was killed before there was a connection: nothing was asked.
    }
    admin_.reset();
    public_.reset();
}

Change Changer::next() {
    const std::uint64_t die = random_() % 8;
    if (live_.size() > 20 || (die < 2 && !live_.empty())) {
        auto which = live_.begin();
        std::advance(which, static_cast<std::ptrdiff_t>(random_() % live_.size()));
        return {"token.revoke", which->first, "", false};
    }
    if (die < 5 || by_ == By::member)
        return {"token.mint", "", "", false};
    if (die == 5)
        return {"workspace.plan", workspace_, plan_ == "kill-a" ? "kill-b" : "kill-a", false};
    return {"member.role", service_, role_ == "manager" ? "member" : "manager", false};
}

bool Changer::make(Change change, std::atomic<int>& acknowledged) {
    const Outcome outcome = carry_out(change);
    if (outcome.kind == Outcome::Kind::done) {
        change.acknowledged = true;
        if (change.action == "token.mint") {
            change.object = outcome.data.at("prefix");
            live_.emplace(change.object, outcome.data.at("token"));
        } else if (change.action == "token.revoke") {
            last_revoked_ = live_.extract(change.object).mapped();
        } else {
            (change.action == "member.role" ? role_ : plan_) = change.value;
        }
        ++acknowledged;
    }
    changes_.push_back(std::move(change));
    return outcome.kind == Outcome::Kind::done && !command_killed_;
}

Changer::Outcome Changer::carry_out(const Change& change) {
    const std::string api = "/_hourgate/api/v1", admin = "/admin/v1";
    // Not always by the caller's own token: that has so many calls a minute, however quick the
    // machine.
    const bool own = by_ == By::member && random_() % 8 == 0;
    if (change.action == "token.mint") {
        if (by_command())
            return command({"token", "mint", owner_, "--name", "job"});
        const Json body = {{"name", "job"}};
        return own ? ask("POST", api + "/tokens", owner_token_, body)
                   : ask("POST", admin + "/members/" + owner_ + "/tokens", operator_token_, body);
    }
    if (change.action == "token.revoke") {
        if (by_command())
            return command({"token", "revoke", change.object});
        return own ? ask("DELETE", api + "/tokens/" + change.object, owner_token_, nullptr)
                   : ask("DELETE", admin + "/tokens/" + change.object, operator_token_, nullptr);
    }
    if (change.action == "member.role") {
        if (by_command())
            return command({"member", "role", service_, change.value});
        return ask("PATCH", admin + "/members/" + service_, operator_token_,
                   {{"role", change.value}});
    }
    if (by_command())
        return command({"workspace", "plan", name_, change.value});
    return ask("PATCH", admin + "/workspaces/" + workspace_, operator_token_,
               {{"plan", change.value}});
}

Changer::Outcome Changer::ask(const std::string& method, const std::string& target,
                              const std::string& token, const Json& body) {
    Wire& wire = target.starts_with("/admin/") ? *admin_ : *public_;
    std::string bytes = method + " " + target +
                        " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n";
    std::string text;
    if (!body.is_null()) {
        text = body.dump();
        bytes +=
            "Content-Type: application/json\r\nContent-Length: " + std::to_string(text.size()) +
            "\r\n";
    }
    const Answered answered = wire.ask(bytes + "\r\n" + text);
    if (answered.status == 0)
        return {};
    Json json = Json::parse(answered.body, nullptr, false);
    if (json.is_discarded())  // cut off: its reader knows nothing
        return {};
    if (answered.status / 100 != 2) {
        surprise_ =
            method + " " + target + ": " + std::to_string(answered.status) + " " + answered.body;
        return {Outcome::Kind::surprise, nullptr};
    }
    return {Outcome::Kind::done, json.at("data")};
}

Changer::Outcome Changer::command(const Arguments& words) {
    Arguments all = words;
    all.emplace_back("--json");
    const Ran ran = run_or_kill(here_.words(all));
    if (command_killed_) {
        // What it had said before is as good as if it had ended well.
        const Json said = Json::parse(ran.out, nullptr, false);
        return said.is_discarded() ? Outcome{} : Outcome{Outcome::Kind::done, said};
    }
    if (ran.exit_code != 0) {
        surprise_ = words.at(0) + " " + words.at(1) + ": " + ran.err;
        return {Outcome::Kind::surprise, nullptr};
    }
    return {Outcome::Kind::done, Json::parse(ran.out)};
}

Ran Changer::run_or_kill(const Arguments& words) {
    using std::chrono::steady_clock;
    const auto began = steady_clock::now();
    Program program(words);
    if (by_ == By::dying_command && random_() % 3 == 0) {
        // Anywhere from before it begins to after its end.
        const auto moment = random_() % static_cast<std::uint64_t>(command_us_ * 5 / 4);
        std::this_thread::sleep_until(began + std::chrono::microseconds(moment));
        program.signal(SIGKILL);
        command_killed_ = true;
    }
    const int exit_code = program.wait();
    if (!command_killed_)
        command_us_ =
            std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - began)
                .count();
    return {exit_code, program.out(), program.err()};
}

void Changer::settle(const std::string& role, const std::string& plan,
                     const std::vector<std::string>& revoked) {
    role_ = role;
    plan_ = plan;
    for (const std::string& prefix : revoked)
        live_.erase(prefix);
}

}  // namespace hourgate::e2e
