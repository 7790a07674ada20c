#include "plan/plan.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <tuple>
#include <utility>

#include "base/text.h"

namespace hourgate {

namespace {

constexpr std::int64_t rank_max = 1'000'000;
constexpr std::size_t window_name_bytes_max = 32;
constexpr std::string_view form =
    "write NAME=LIMIT/SECONDS, and /member or /workspace behind it if more than one token shares "
    "the "
    "window, as in burst=30/10 or sustained=600/60/member";

/// Returns a failure about `field` of a plan, as named over HTTP.
Failure usage(std::string what, std::string_view next, std::string_view field = "windows") {
    return Failure{Fault::usage, std::move(what), std::string(next), {}, field};
}

/// Returns what is wrong with one window; nullopt if it is valid.
std::optional<Failure> check(const Window& window) {
    if (!is_slug(window.name, window_name_bytes_max))
        return usage("a window cannot be named '" + printable(window.name) + "'",
                     "use 1 to 32 of a-z, 0-9, '_' and '-', a letter first");
    if (window.limit < 1 || window.limit > limits::window_calls_max)
        return usage(
            "window '" + window.name + "': a limit of " + std::to_string(window.limit) + " calls",
            "a limit is 1 to " + std::to_string(limits::window_calls_max) + " calls");
    if (window.seconds < 1 || window.seconds > limits::window_seconds_max)
        return usage(
            "window '" + window.name + "': a length of " + std::to_string(window.seconds) + " s",
            "a length is 1 to " + std::to_string(limits::window_seconds_max) + " s (31 days)");
    return std::nullopt;
}

std::optional<std::uint32_t> parse_u32(std::string_view text) noexcept {
    const auto number = parse_number(text, std::numeric_limits<std::uint32_t>::max());
    if (!number)
        return std::nullopt;
    return static_cast<std::uint32_t>(*number);
}

Plan make_plan(std::string name, bool api, std::int64_t rank, std::vector<Window> windows) {
    Plan plan;
    plan.name = std::move(name);
    plan.api = api;
    plan.rank = rank;
    plan.windows = std::move(windows);
    return plan;
}

}  // namespace

PlanBook::PlanBook(std::vector<Plan> plans) : plans_(std::move(plans)) {
    std::sort(plans_.begin(), plans_.end(), [](const Plan& a, const Plan& b) {
        return std::tie(a.rank, a.name) < std::tie(b.rank, b.name);
    });
}

const Plan* PlanBook::find(std::int64_t id) const noexcept {
    for (const Plan& plan : plans_)
        if (plan.id == id)
            return &plan;
    return nullptr;
}

const Plan* PlanBook::find(std::string_view name) const noexcept {
    for (const Plan& plan : plans_)
        if (plan.name == name)
            return &plan;
    return nullptr;
}

const Plan* PlanBook::lowest_with_api() const noexcept {
    for (const Plan& plan : plans_)
        if (plan.api)
            return &plan;
    return nullptr;
}

std::vector<Plan> built_in_plans() {
    return {
        make_plan("free", false, 0, {}),
        make_plan("studio", true, 10,
                  {{"burst", 30, 10, Per::token}, {"sustained", 600, 60, Per::member}}),
        make_plan("agency", true, 20,
                  {{"burst", 60, 10, Per::token}, {"sustained", 1'200, 60, Per::member}}),
    };
}

Result<Window> parse_window(std::string_view text) {
    const auto unreadable = [&] {
        return usage("'" + printable(text) + "' is not a window", form);
    };
    Window window;
    const std::size_t equals = text.find('=');
    const std::size_t slash = text.find('/', equals);
    if (slash == text.npos)
        return unreadable();  // also if there is no '='
    const std::size_t second = text.find('/', slash + 1);
    if (second != text.npos) {
        const auto per = per_from(text.substr(second + 1));
        if (!per)
            return unreadable();
        window.per = *per;
    }
    const std::string_view rest = text.substr(0, second);
    const auto limit = parse_u32(rest.substr(equals + 1, slash - equals - 1));
    const auto seconds = parse_u32(rest.substr(slash + 1));
    if (!limit || !seconds)
        return unreadable();
    window.name = rest.substr(0, equals);
    window.limit = *limit;
    window.seconds = *seconds;
    if (auto failure = check(window))
        return *std::move(failure);
    return window;
}

std::string to_text(const Window& window) {
    std::string text = window.name;
    text.append("=").append(std::to_string(window.limit));
    text.append("/").append(std::to_string(window.seconds));
    if (window.per != Per::token)
        text.append("/").append(to_text(window.per));
    return text;
}

Status validate(Plan& plan) {
    if (!is_slug(plan.name, limits::plan_name_bytes_max))
        return usage("a plan cannot be named '" + printable(plan.name) + "'",
                     "use 1 to 32 of a-z, 0-9, '_' and '-', a letter first", "name");
    if (plan.rank < 0 || plan.rank > rank_max)
        return usage("plan '" + plan.name + "': a rank of " + std::to_string(plan.rank),
                     "a rank is 0 to 1000000; the cheaper plan has the lower one", "rank");
    if (plan.windows.size() > limits::windows_per_plan_max)
        return usage(
            "plan '" + plan.name + "': " + std::to_string(plan.windows.size()) + " windows",
            "a plan has at most " + std::to_string(limits::windows_per_plan_max));
    for (const Window& window : plan.windows) {
        if (auto failure = check(window))
            return *std::move(failure);
        const auto named_so = [&](const Window& other) { return other.name == window.name; };
        if (std::count_if(plan.windows.begin(), plan.windows.end(), named_so) > 1)
            return usage("plan '" + plan.name + "': two windows are named '" + window.name + "'",
                         "give each window a name of its own");
    }
    std::stable_sort(plan.windows.begin(), plan.windows.end(),
                     [](const Window& a, const Window& b) {
                         return std::tie(a.seconds, a.limit) < std::tie(b.seconds, b.limit);
                     });
    return Done{};
}

int longest_window(const Plan& plan) noexcept {
    const auto longest =
        std::max_element(plan.windows.begin(), plan.windows.end(),
                         [](const Window& a, const Window& b) { return a.seconds < b.seconds; });
    if (longest == plan.windows.end())
        return -1;
    return static_cast<int>(longest - plan.windows.begin());
}

std::string warning_about(const Plan& plan, std::int64_t live_max) {
    const bool per_token =
        std::all_of(plan.windows.begin(), plan.windows.end(),
                    [](const Window& window) { return window.per == Per::token; });
    if (!plan.api || plan.windows.empty() || !per_token)
        return {};
    return "plan '" + plan.name +
           "' has only windows per token, so a member can multiply each limit by " +
           std::to_string(live_max) +
           " (tokens.live_max), and further by minting and revoking. Add a window per member: " +
           "--window NAME=LIMIT/SECONDS/member";
}

}  // namespace hourgate
