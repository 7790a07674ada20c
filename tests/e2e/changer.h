// Somebody who changes one workspace of their own, one change after the other, and remembers what
// was acknowledged: for servers that are killed meanwhile.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "e2e/installation.h"

namespace hourgate::e2e {

/// A change that was asked for.
struct Change {
    std::string action;  ///< as the audit log has it: "token.mint"
    std::string object;  ///< prefix or public id; "" for a mint that nobody answered
    std::string value;   ///< the role or the plan asked for; "" for tokens
    bool acknowledged = false;
};

class Changer {
public:
    enum class By : std::uint8_t {
        admin,
        member,
        command,
        dying_command,  ///< a command that is killed at some moment, in one of three
    };

    /// Makes the workspace `name` with an owner and a service, on an installation that has the
    /// plans kill-a and kill-b. `operator_token` is for By::admin.
    Changer(const Installation& here, std::string name, By by, std::string operator_token,
            std::uint64_t seed);

    /// Makes changes until `over`, or until the server is gone or a command was killed. `acknowledged` is
    /// raised with each. Runs on a thread of its own.
    void run(const Ports& ports, const std::atomic<bool>& over, std::atomic<int>& acknowledged);

    /// What the last run asked for; at most one of them, the last, is not acknowledged.
    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
    /// Whether the last run ended with a command that was killed.
    [[nodiscard]] bool command_killed() const noexcept { return command_killed_; }
    /// An answer that is neither a yes nor the end of the server; "" when there was none.
    [[nodiscard]] const std::string& surprise() const noexcept { return surprise_; }

    /// What is in force after a run, as it was looked up.
    void settle(const std::string& role, const std::string& plan,
                const std::vector<std::string>& revoked);

    [[nodiscard]] const std::string& workspace() const noexcept { return workspace_; }
    [[nodiscard]] const std::string& service() const noexcept { return service_; }
    /// A token whose mint, and one whose revocation, was acknowledged; "" when there is none.
    [[nodiscard]] std::string live() const;
    [[nodiscard]] const std::string& revoked() const noexcept { return last_revoked_; }

private:
    struct Outcome {
        enum class Kind : std::uint8_t { done, gone, surprise } kind = Kind::gone;
        Json data;
    };
    [[nodiscard]] Outcome ask(const std::string& method, const std::string& target,
                              const std::string& token, const Json& body);
    [[nodiscard]] Outcome command(const Arguments& words);
    [[nodiscard]] Ran run_or_kill(const Arguments& words);
    [[nodiscard]] bool by_command() const noexcept {
        return by_ == By::command || by_ == By::dying_command;
    }
    /// False when the run is over.
    bool make(Change change, std::atomic<int>& acknowledged);
    [[nodiscard]] Change next();
    [[nodiscard]] Outcome carry_out(const Change& change);

    const Installation& here_;
    const std::string name_;
    const By by_;
    const std::string operator_token_;
    std::mt19937_64 random_;
    std::string workspace_, owner_, service_;  // public ids
    std::string owner_token_;
    std::string role_ = "manager", plan_ = "kill-a";
    std::map<std::string, std::string> live_;  // text by prefix, of those that may be revoked
    std::string last_revoked_;
    std::vector<Change> changes_;
    std::string surprise_;
    bool command_killed_ = false;
    std::int64_t command_us_ = 20'000;  // how long the last one took that was left to its end
    const Ports* ports_ = nullptr;      // while it runs, like the next
    std::unique_ptr<Wire> admin_, public_;
};

}  // namespace hourgate::e2e
