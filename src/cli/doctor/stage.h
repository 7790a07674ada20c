// The accounts that `hourgate doctor --through` calls with: a workspace, a plan, a service and a
// few tokens, made by the use cases that every command uses, each with its audit event, and put
// away again. Workspace, plan and service stay on record for the next time. Put away, the plan has
// no API access, the service is removed, and the tokens are revoked; they end by themselves after
// token_life_s, should even that not happen.
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

/// The plan of these accounts alone. It distinguishes their calls from those of real callers.
constexpr std::string_view probe_plan = "hourgate-doctor";
constexpr std::string_view probe_workspace = "Hourgate doctor";

class ProbeFixture {
public:
    static constexpr std::int64_t token_life_s = 300;
    static constexpr std::int64_t wait_s = 60;
    static constexpr std::uint32_t window_calls = 3;
    static constexpr std::uint32_t window_seconds = 60;

    /// Whose token: each kind of probe has its own, so that what is on record about it is known to
    /// be about that probe.
    enum class Part : std::uint8_t {
        caller,
        narrow,
        forger,
        claimer,
        near,          ///< calls from loopback, as a program of this machine does
        near_claimer,  ///< the same with a made-up X-Forwarded-For
        walker,
    };

    /// The plan has no API access yet. On failure nothing is left that works. Another doctor with
    /// the same database is waited for, at most wait_s: both would change the same accounts.
    [[nodiscard]] static Result<std::unique_ptr<ProbeFixture>> set(CommandContext& session,
                                                                   Role role);
    /// Puts away what put_away() has not.
    ~ProbeFixture();
    ProbeFixture(const ProbeFixture&) = delete;
    ProbeFixture& operator=(const ProbeFixture&) = delete;

    /// Gives the plan API access: in force when it returns.
    [[nodiscard]] Status open();
    /// In force when it returns. A failure names the tokens that still work.
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
    const store::File turn_;  // locked as long as this lives, and not after a crash
    std::string workspace_;   // public id
    std::string member_;      // public id; empty: none yet
    struct Minted {
        std::string prefix;
        Secret token;
    };
    static constexpr std::size_t parts = 7;
    std::array<Minted, parts> tokens_;
    bool set_ = false;  // something is to be put away
};

}  // namespace hourgate::cli
