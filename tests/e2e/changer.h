// A client that changes its own workspace, one change after another, and remembers which changes
// were acknowledged. For servers that are killed meanwhile.
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

/// A change that was requested.
struct Change {
    std::string action;  ///< name in the audit log: "token.mint"
    std::string object;  ///< prefix or public id; "" for a mint without an answer
    std::string value;   ///< the requested role or plan; "" for tokens
    bool acknowledged = false;
};

class Changer {
public:
    enum class By : std::uint8_t {
        admin,
        member,
        command,
        dying_command,  ///< a command; one in three is killed at a random moment
    };

    /// Makes the workspace `name` with an owner and a service. REQUIRES: `here` has the plans
    /// kill-a and kill-b. `operator_token` is for By::admin.
    Changer(const Installation& here, std::string name, By by, std::string operator_token,
            std::uint64_t seed);

    /// Makes changes until `over`, until the server is gone, or until a command was killed.
    /// Increments `acknowledged` for each acknowledged change. Meant for its own thread.
    void run(const Ports& ports, const std::atomic<bool>& over, std::atomic<int>& acknowledged);

    /// Returns the requests of the last run. Only the last of them may be unacknowledged.
    [[nodiscard]] const std::vector<Change>& changes() const noexcept { return changes_; }
    /// Returns true if the last run ended with a killed command.
    [[nodiscard]] bool command_killed() const noexcept { return command_killed_; }
    /// Returns an answer that is neither success nor the end of the server; "" if there was none.
    [[nodiscard]] const std::string& surprise() const noexcept { return surprise_; }

    /// Tells this object the state after a run, as it was looked up.
    void settle(const std::string& role, const std::string& plan,
                const std::vector<std::string>& revoked);

    [[nodiscard]] const std::string& workspace() const noexcept { return workspace_; }
    [[nodiscard]] const std::string& service() const noexcept { return service_; }
    /// live() returns a token whose mint was acknowledged, revoked() one whose revocation was.
    /// Both return "" if there is none.
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
    /// Returns false if the run is over.
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
    std::map<std::string, std::string> live_;  // text by prefix, for tokens that may be revoked
    std::string last_revoked_;
    std::vector<Change> changes_;
    std::string surprise_;
    bool command_killed_ = false;
    std::int64_t command_us_ = 20'000;  // duration of the last command that was not killed
    const Ports* ports_ = nullptr;      // set during a run, like the next two
    std::unique_ptr<Wire> admin_, public_;
};

}  // namespace hourgate::e2e
