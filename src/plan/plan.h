// A plan: whether API access is included, windows, and a rank that orders plans.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "plan/window.h"

namespace hourgate {

struct Plan {
    std::int64_t id = 0;
    std::string name;       ///< slug, ≤ limits::plan_name_bytes_max, unique
    bool api = false;       ///< whether calls to the API are granted
    std::int64_t rank = 0;  ///< 0 to 1'000'000; a cheaper plan has a lower rank
    /// At most limits::windows_per_plan_max, names unique, shortest first.
    std::vector<Window> windows;

    friend bool operator==(const Plan&, const Plan&) = default;
};

/// All plans, ordered by rank, then name.
class PlanBook {
public:
    PlanBook() = default;
    explicit PlanBook(std::vector<Plan> plans);

    [[nodiscard]] const std::vector<Plan>& plans() const noexcept { return plans_; }
    [[nodiscard]] const Plan* find(std::int64_t id) const noexcept;  ///< null if absent
    [[nodiscard]] const Plan* find(std::string_view name) const noexcept;
    [[nodiscard]] const Plan* lowest_with_api() const noexcept;  ///< null if none has API access

private:
    std::vector<Plan> plans_;
};

/// Returns the plans that `hourgate init` makes: free, studio, agency.
[[nodiscard]] std::vector<Plan> built_in_plans();

/// Reads NAME=LIMIT/SECONDS[/token|/member|/workspace], as in "burst=30/10" or
/// "sustained=600/60/member"; the default is per token. Returns Failure::usage, which names the
/// mistake and shows the form.
[[nodiscard]] Result<Window> parse_window(std::string_view text);
/// Writes the form that parse_window() reads, without "/token".
[[nodiscard]] std::string to_text(const Window& window);

/// Sorts windows by seconds, then limit, and checks names, bounds and number. Returns
/// Failure::usage, which names the window and the bound.
[[nodiscard]] Status validate(Plan& plan);

/// Returns the index of the longest window, the first of equals; -1 if there is none. X-RateLimit-*
/// show this window unless another one is full.
[[nodiscard]] int longest_window(const Plan& plan) noexcept;

/// Returns one or two full sentences about a weakness of a valid plan; "" if it has none. If all
/// windows of a plan with API access count per token, no window limits a member: `live_max` tokens
/// ([tokens] live_max) multiply each limit.
[[nodiscard]] std::string warning_about(const Plan& plan, std::int64_t live_max);

}  // namespace hourgate
