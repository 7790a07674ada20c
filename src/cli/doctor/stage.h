// The accounts that `hourgate doctor --through` calls with: a workspace, a plan, a service and a
// few tokens. They are made and cleaned up by the use cases of every command, each change with its
// audit event. Workspace, plan and service stay in the database for the next run. After the cleanup
// the plan has no API access, the service is removed, and the tokens are revoked. Should the
// cleanup fail, the tokens expire after token_life_s.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/role.h"
#include "base/secret.h"
#include "cli/command_context.h"
#include "cli/doctor/through_findings.h"
#include "store/files.h"

namespace hourgate::cli {

/// The plan that only these accounts have. It distinguishes their calls from those of real callers.
constexpr std::string_view probe_plan = "hourgate-doctor";
constexpr std::string_view probe_workspace = "Hourgate doctor";

class ProbeFixture {
public:
    static constexpr std::int64_t token_life_s = 300;
    static constexpr std::int64_t wait_s = 60;
    static constexpr std::uint32_t window_calls = 3;
    static constexpr std::uint32_t window_seconds = 60;

    /// The purpose of a token. Each kind of probe has its own token, so that every record about the
    /// token is about that probe.
    enum class Part : std::uint8_t {
        caller,
        narrow,
        forger,
        claimer,
        near,          ///< calls from loopback, like a program on this machine
        near_claimer,  ///< the same with a forged X-Forwarded-For
        walker,
    };

    /// Creates the accounts; the plan has no API access yet. On failure, nothing usable is left.
    /// Waits at most wait_s for another doctor on the same database, which would change the same
    /// accounts.
    [[nodiscard]] static Result<std::unique_ptr<ProbeFixture>> set(CommandContext& session,
                                                                   Role role);
    /// Cleans up what put_away() has not.
    ~ProbeFixture();
    ProbeFixture(const ProbeFixture&) = delete;
    ProbeFixture& operator=(const ProbeFixture&) = delete;

    /// Gives the plan API access, which is in force on return.
    [[nodiscard]] Status open();
    /// Cleans up, in force on return. A failure names the tokens that still work.
    [[nodiscard]] Status put_away();

    [[nodiscard]] std::string_view token(Part part) const noexcept;
    [[nodiscard]] const std::string& workspace() const noexcept { return workspace_; }
    [[nodiscard]] Result<Noted> noted(Part part);

private:
    ProbeFixture(CommandContext& session, store::File turn)
        : session_(session), turn_(std::move(turn)) {}
    [[nodiscard]] Status make(Role role);
    [[nodiscard]] Status set_plan(bool api);
    [[nodiscard]] Status mint(Part part);
    [[nodiscard]] Result<manage::Context> context();

    CommandContext& session_;
    const store::File turn_;  // locked while this object lives; a crash releases it
    std::string workspace_;   // public id
    std::string member_;      // public id; empty: none yet
    struct Minted {
        std::string prefix;
        Secret token;
    };
    static constexpr std::size_t parts = 7;
    std::array<Minted, parts> tokens_;
    bool set_ = false;  // there is something to clean up
};

}  // namespace hourgate::cli
