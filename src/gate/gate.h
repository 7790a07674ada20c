// The decision: who is asking (401), is it paid for (402), may they (403), is there room (429).
// Always in this order; gate.cpp is one page.
// Refuses to: read a clock, a header or a file; cache an answer; grant what it could not decide.
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

/// Under which numbers a call to one of the gate's own routes is counted: each of OwnWindow has
/// logs of its own in one limiter. Dead tokens are counted apart from living ones.
[[nodiscard]] CountedFor own_logs_of(const Facts& facts, policy::OwnWindow which,
                                     bool dead) noexcept;

/// For a restored database: above these numbers stand the logs of own_logs_of() whose token or
/// member has a row number above those of `last`.
[[nodiscard]] CountedFor last_own_logs(CountedFor last) noexcept;

class Gate {
public:
    struct Settings {
        Mode mode = Mode::enforce;
        std::string brand = "hsk";
        token::Env env = token::Env::live;
        LapseRule lapse;
        std::string lapse_to = "free";  ///< plan a lapsed workspace counts as; absent: no access
    };

    /// All references must outlive the gate. `own` counts calls to the gate's own routes, apart
    /// from the plans' windows. `preflights` counts CORS preflights, in the same window as
    /// `public_calls` but in a table of its own: neither can take the other's places.
    Gate(Settings settings, const policy::Policy& policy, Directory& directory, Limiter& limiter,
         Limiter& own, AddressLimiter& failures, AddressLimiter& public_calls,
         AddressLimiter& preflights);

    /// Decides one call. Any thread. Only a granted call spends, in all its windows as one step; a
    /// 401 is counted for the caller's address. The gate's own routes and the admin door are
    /// always enforced, also where the call cannot be read.
    [[nodiscard]] Decision decide(const Call& call);

    /// The same from memory alone, for who may not wait. Nothing: it takes a look into the store,
    /// and nothing was counted. A wrong secret takes one as an unknown prefix does: neither is
    /// answered sooner than the other. Any thread.
    [[nodiscard]] std::optional<Decision> decide_at_hand(const Call& call);

    /// Decides a call that was granted and still goes on: who, paid, may, as of `now`. Nothing is
    /// counted or spent, and there is room: it was. store_failed: not known. May wait for the
    /// store; any thread. What `granted` points to outlives the answer.
    [[nodiscard]] Decision decide_again(const Decision& granted, Now now);

    /// Asks who and paid of a token alone, as in mode enforce: no call, so no path and no window.
    /// A look: nothing is counted. An operator's token is role_forbidden: it opens no API. An
    /// unknown prefix and a wrong secret cost the same, as in decide(). May wait for the store; any
    /// thread.
    [[nodiscard]] Decision introspect(std::string_view token, Now now);

    /// Question 1 for the holder of the secret: revoked, rotated, expired, member_removed, else
    /// granted. A live token and a dead one may both ask why: the route tells them apart by this.
    [[nodiscard]] static Reason alive(const Facts& facts, std::int64_t now_ms) noexcept;

    /// As of Directory: who asks often enough keeps calls from waiting for the store's version.
    [[nodiscard]] bool refresh_due(Now now) noexcept { return directory_.refresh_due(now); }
    void refresh() noexcept { directory_.refresh(); }

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
    [[nodiscard]] const policy::Policy& policy() const noexcept { return policy_; }
    [[nodiscard]] const Window& failures_window() const noexcept { return failures_.window(); }
    [[nodiscard]] const Window& public_window() const noexcept { return public_calls_.window(); }

private:
    /// Where facts may be looked for.
    enum class Within : std::uint8_t { memory, store };

    void answer(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason ask(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason readable(Decision& decision, const Call& call) const;
    [[nodiscard]] Reason who(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason who_still(Decision& decision, const Call& call);
    [[nodiscard]] Reason paid(Decision& decision) const;
    [[nodiscard]] Reason may(Decision& decision, const Call& call) const;
    [[nodiscard]] Reason room(Decision& decision, const Call& call, Within within);

    static void begin(Decision& decision, const Call& call);
    [[nodiscard]] Reason mismatch(Decision& decision, const Call& call, Within within,
                                  bool from_memory);
    [[nodiscard]] Reason malformed(Decision& decision, const Call& call) const noexcept;
    [[nodiscard]] static Reason damaged(Decision& decision, const Call& call) noexcept;
    [[nodiscard]] static bool asks_why(const Decision& decision, const Call& call) noexcept;
    [[nodiscard]] bool open_to_all(const Decision& decision, const Call& call) const;
    [[nodiscard]] Reason public_room(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Reason count_failure(Decision& decision, const Call& call);
    [[nodiscard]] Reason own_room(Decision& decision, const Call& call, Within within);
    [[nodiscard]] std::optional<bool> revokes(Decision& decision, const Call& call, Within within);
    [[nodiscard]] Room ask_plan(const Decision& decision, const Call& call, Spend spend);
    void show_plan(Decision& decision, const Call& call);
    void show_room(Decision& decision, const Call& call);

    const Settings settings_;
    const policy::Policy& policy_;
    Directory& directory_;          // self-synchronised
    Limiter& limiter_;              // self-synchronised
    Limiter& own_;                  // self-synchronised
    AddressLimiter& failures_;      // self-synchronised
    AddressLimiter& public_calls_;  // self-synchronised
    AddressLimiter& preflights_;    // self-synchronised
};

}  // namespace hourgate
