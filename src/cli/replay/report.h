// The results of a replay, counted by workspace and reason, and how they are shown.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "cli/command_context.h"
#include "cli/replay/engine.h"
#include "http/decision/json.h"

namespace hourgate::cli {

class ReplayReport {
public:
    /// Adds a decision of the period.
    void add(const manage::DecisionRecord& record, const Replayed& replayed);
    /// Adds a decision of the whole hours around the period. It shows only whether every granted
    /// call of these hours is on record.
    void add_around(const manage::DecisionRecord& record, const Replayed& replayed);

    std::string against;              ///< the configuration, and the windows that replace others
    std::int64_t from_ms = 0;         ///< as asked
    std::int64_t until_ms = 0;        ///< as asked
    std::int64_t hours_from_ms = 0;   ///< the whole hours that contain the period
    std::int64_t hours_until_ms = 0;  ///< their end
    /// Calls in those hours, as usage counted them, without the gate's own probes.
    std::int64_t calls_granted = 0;

    [[nodiscard]] http::Json json() const;
    [[nodiscard]] std::string text() const;

private:
    struct Changed {
        std::int64_t calls = 0;
        std::int64_t first_ms = 0;
        std::set<std::string> tokens;  // prefixes
    };
    /// Kind, workspace, previous reason, new reason.
    using Group = std::tuple<Replayed::Kind, std::string, std::string, std::string>;

    /// Returns true if every granted call is on record, so that windows fill as they did.
    [[nodiscard]] bool windows_judged() const noexcept { return granted_ >= calls_granted; }
    /// Returns true if a group is reported. If windows cannot be judged, decisions by a window are
    /// not.
    [[nodiscard]] bool is_judged(const Group& group) const;
    [[nodiscard]] std::int64_t not_judged() const;  // calls
    [[nodiscard]] http::Json json_of(Replayed::Kind kind) const;
    [[nodiscard]] std::string table_of(Replayed::Kind kind, const std::string& title) const;
    [[nodiscard]] std::int64_t total(Replayed::Kind kind) const;

    std::map<Group, Changed> changed_;
    std::int64_t same_ = 0;
    std::int64_t left_ = 0;
    std::int64_t probes_ = 0;
    std::int64_t granted_ = 0;  // records of granted calls of tokens
};

}  // namespace hourgate::cli
