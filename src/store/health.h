// A live database looked over as a whole, for an operator who asks whether all is well. Changes
// nothing and never keeps the server from writing.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hourgate::store {

struct LookedOver {
    enum class Outcome : std::uint8_t { sound, damaged, not_finished };
    Outcome outcome = Outcome::sound;
    std::string flaw;  ///< damaged: the first thing that is off
};

/// Reads every page (PRAGMA quick_check: all of integrity_check but whether indexes and tables say
/// the same). `go_on` is asked every few milliseconds; false ends it. Takes seconds for a million
/// tokens. A failure is about opening the file; damage is an outcome. REQUIRES: look_at(path) said
/// `ours` or `older`.
[[nodiscard]] Result<LookedOver> look_over(const std::string& path,
                                           const std::function<bool()>& go_on);

/// An instant the database holds.
struct Stamp {
    std::int64_t at_ms = 0;
    std::string_view what;  ///< "an audit event"
};

/// The latest instant at which something is on record as having happened; nothing when nothing has.
/// Costs the same for a database of any size: of audit events, the last thousand are looked at.
/// REQUIRES: as look_over.
[[nodiscard]] Result<std::optional<Stamp>> latest_stamp(const std::string& path);

/// Returns when the first audit event happened, or nullopt without one. REQUIRES: as look_over.
[[nodiscard]] Result<std::optional<std::int64_t>> first_event_ms(const std::string& path);

}  // namespace hourgate::store
