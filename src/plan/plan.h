// A plan: API access yes or no, windows, and a rank that orders plans.
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
    bool api = false;       ///< whether calls are granted at all
    std::int64_t rank = 0;  ///< 0 to 1'000'000; lower is the cheaper plan
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
    [[nodiscard]] const Plan* find(std::int64_t id) const noexcept;  ///< null when absent
    [[nodiscard]] const Plan* find(std::string_view name) const noexcept;
    [[nodiscard]] const Plan* lowest_with_api() const noexcept;  ///< null when none has access

private:
    std::vector<Plan> plans_;
};

/// The plans `hourgate init` makes: free, studio, agency (PRODUCT.md section 4).
[[nodiscard]] std::vector<Plan> built_in_plans();

/// NAME=LIMIT/SECONDS[/token|/member|/workspace], as in "burst=30/10" or "sustained=600/60/member";
/// per token where nothing is said. Failure::usage names what is off and shows the form.
[[nodiscard]] Result<Window> parse_window(std::string_view text);
/// Writes the form that parse_window reads; "/token" is left out.
[[nodiscard]] std::string to_text(const Window& window);

/// Sorts windows (by seconds, then limit) and checks names, bounds and number. Failure::usage names
/// the window and the bound.
[[nodiscard]] Status validate(Plan& plan);

/// Index of the longest window, the first of equals; -1 when there is none. X-RateLimit-* show it
/// unless another one is full.
[[nodiscard]] int longest_window(const Plan& plan) noexcept;

/// Says what is weak about a sound plan, as one or two full sentences; "" if nothing is. A plan
/// with API access whose windows all count per token bounds no member: `live_max` tokens, which is
/// [tokens] live_max, have as many times the room.
[[nodiscard]] std::string warning_about(const Plan& plan, std::int64_t live_max);

}  // namespace hourgate
