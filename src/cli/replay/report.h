// What a replay found, counted by workspace and reason, and how it looks.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "cli/replay/engine.h"
#include "cli/session.h"
#include "http/json.h"

namespace hourgate::cli {

class ReplayReport {
public:
    /// A decision of the period.
    void add(const manage::DecisionRecord& record, const Replayed& replayed);
    /// A decision of the whole hours around the period: it tells only whether every granted call of
    /// these hours is on record.
    void add_around(const manage::DecisionRecord& record, const Replayed& replayed);

    std::string against;              ///< the configuration, and the windows put in
    std::int64_t from_ms = 0;         ///< as asked
    std::int64_t until_ms = 0;        ///< as asked
    std::int64_t hours_from_ms = 0;   ///< the whole hours that the period is in
    std::int64_t hours_until_ms = 0;  ///< their end
    /// In those hours, as usage has counted them, without the gate's own probes.
    std::int64_t calls_granted = 0;

    [[nodiscard]] http::Json json() const;
    [[nodiscard]] std::string text() const;

private:
    struct Changed {
        std::int64_t calls = 0;
        std::int64_t first_ms = 0;
        std::set<std::string> tokens;  // prefixes
    };
    /// Kind, workspace, reason it was, reason it is.
    using Group = std::tuple<Replayed::Kind, std::string, std::string, std::string>;

    /// Whether every granted call is on record, so that windows fill as they would.
    [[nodiscard]] bool windows_judged() const noexcept { return granted_ >= calls_granted; }
    /// Whether a group is reported: what a window decided is not, if windows cannot be judged.
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
