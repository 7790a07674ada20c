// The decision: who is asking (401), is it paid for (402), may they (403), is there room (429).
// Always in this order; gate.cpp is one page. The gate reads no clock, header or file, caches no
// answer, and never grants a call that it could not decide.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gate/call.h"
#include "gate/decision.h"
#include "gate/directory.h"
#include "limiter/limiter.h"
#include "plan/subscription.h"
#include "policy/policy.h"
#include "token/format.h"

namespace hourgate {

enum class Mode : std::uint8_t { enforce, observe };

/// Returns the numbers under which a call to a gate route is counted. Each GateWindow has its own
/// logs in one limiter. Dead tokens are counted separately from live ones.
[[nodiscard]] CountedFor gate_logs_of(const Facts& facts, policy::GateWindow which,
                                      bool dead) noexcept;

/// Returns the highest numbers that gate_logs_of() gives to rows up to `last`. After a restore,
/// logs with higher numbers belong to tokens and members that the backup does not have.
[[nodiscard]] CountedFor last_gate_logs(CountedFor last) noexcept;

class Gate {
public:
    struct Settings {
        Mode mode = Mode::enforce;
        std::string brand = "hsk";
        token::Env env = token::Env::live;
        LapseRule lapse;
        /// The plan of a lapsed workspace; if it does not exist, no access.
        std::string lapse_to = "free";
    };

    /// `own` counts calls to gate routes, separately from the plans' windows. `preflights` counts
    /// CORS preflights in the same window as `public_calls` but in its own table, so that neither
    /// can fill the other's. REQUIRES: all references outlive the gate.
    Gate(Settings settings, const policy::Policy& policy, Directory& directory, Limiter& limiter,
         Limiter& own, AddressLimiter& failures, AddressLimiter& public_calls,
         AddressLimiter& preflights);

    /// Decides one call. Only a granted call spends, in all its windows in one step. A 401 is
    /// counted for the caller's address. Gate routes and the admin listener are always enforced,
    /// even if the call cannot be read. May wait for the store. Threads: any.
    [[nodiscard]] Decision decide(const Call& call);

    /// Decides one call from memory, for callers that may not wait. Returns nullopt if the store
    /// would have to be read; nothing has been counted then. A wrong secret and an unknown prefix
    /// both need the store, so neither is answered sooner than the other. Threads: any.
    [[nodiscard]] std::optional<Decision> decide_from_memory(const Call& call);

    /// Decides a granted call once more while it still runs, as of `now`: who, paid and may. It
    /// counts and spends nothing, and does not ask for room, because the call has had it. Returns
    /// store_failed if the store cannot be read. May wait for the store. Threads: any. REQUIRES:
    /// what `granted` points to outlives the result.
    [[nodiscard]] Decision recheck(const Decision& granted, Now now);

    /// Answers who and paid for a token, as in mode enforce. Without a call there is no path and no
    /// window, and nothing is counted. An operator token is role_forbidden, because it opens no
    /// API. An unknown prefix and a wrong secret cost the same, as in decide(). May wait for the
    /// store. Threads: any.
    [[nodiscard]] Decision introspect(std::string_view token, Now now);

    /// Answers question 1 for the holder of the secret: revoked, rotated, expired, member_removed,
    /// or granted. A live token and a dead one may both ask why; the route distinguishes them.
    [[nodiscard]] static Reason alive(const Facts& facts, std::int64_t now_ms) noexcept;

    /// Work like those of Directory. Regular calls keep decide() from waiting for the store.
    [[nodiscard]] bool refresh_due(Now now) noexcept { return directory_.refresh_due(now); }
    void refresh() noexcept { directory_.refresh(); }

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const policy::Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] const Window& failures_window() const noexcept { return failures_.window(); }
    [[nodiscard]] const Window& public_window() const noexcept { return public_calls_.window(); }

private:
    /// Where facts may be read.
    enum class Within : std::uint8_t { memory, store };

    void answer(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason ask(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason readable(Decision& decision, const Call& call) const;
    [[nodiscard]] Reason who(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason still_known(Decision& decision, const Call& call);
    [[nodiscard]] Reason paid(Decision& decision) const;
    [[nodiscard]] Reason may(Decision& decision, const Call& call) const;
    [[nodiscard]] Reason room(Decision& decision, const Call& call, Within within);

    [[nodiscard]] Reason mismatch(Decision& decision, const Call& call, Within within,
                                  bool from_memory);
    [[nodiscard]] Reason malformed(Decision& decision, const Call& call) const noexcept;
    [[nodiscard]] static Reason damaged(Decision& decision, const Call& call) noexcept;
    [[nodiscard]] static bool asks_why(const Decision& decision, const Call& call) noexcept;
    [[nodiscard]] bool open_to_all(const Decision& decision, const Call& call) const;
    [[nodiscard]] Reason public_room(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason count_failure(Decision& decision, const Call& call);
    [[nodiscard]] Reason gate_route_room(Decision& decision, const Call& call, Within within);
    [[nodiscard]] std::optional<bool> revokes(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Room ask_plan(const Decision& decision, const Call& call, Spend spend);
    void show_plan(Decision& decision, const Call& call);
    void show_room(Decision& decision, const Call& call);

    const Settings settings_;
    const policy::Policy& policy_;
    Directory& directory_;          // self-synchronised
    Limiter& limiter_;              // self-synchronised
    Limiter& gate_limiter_;         // self-synchronised
    AddressLimiter& failures_;      // self-synchronised
    AddressLimiter& public_calls_;  // self-synchronised
    AddressLimiter& preflights_;    // self-synchronised
};

}  // namespace hourgate
