// What lists are sorted by, over HTTP and at the command line: the fields, and what each means.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "manage/records.h"

namespace hourgate::manage {

/// One field, with a leading '-' the other way round.
struct Sort {
    std::string_view by;
    bool descending = false;
};

struct ListOrder {
    std::span<const std::string_view> fields;
    std::string_view standard;  ///< without a wish, as in "-created"
};

inline constexpr std::array<std::string_view, 2> workspace_fields = {"created", "name"};
inline constexpr std::array<std::string_view, 3> member_fields = {"created", "name", "email"};
inline constexpr std::array<std::string_view, 2> token_fields = {"created", "lastUsed"};
inline constexpr std::array<std::string_view, 2> plan_fields = {"rank", "name"};
inline constexpr std::array<std::string_view, 1> event_fields = {"at"};
inline constexpr std::array<std::string_view, 1> usage_fields = {"hour"};

inline constexpr ListOrder workspace_order = {workspace_fields, "created"};
inline constexpr ListOrder member_order = {member_fields, "created"};
/// lastUsed: those not used for longest first.
inline constexpr ListOrder token_order = {token_fields, "-created"};
inline constexpr ListOrder plan_order = {plan_fields, "rank"};
/// Of audit events and decisions.
inline constexpr ListOrder event_order = {event_fields, "-at"};
inline constexpr ListOrder usage_order = {usage_fields, "-hour"};

/// Reads "name" or "-name"; an empty text is the standard. Returns nullopt if the list has no such
/// field.
[[nodiscard]] std::optional<Sort> sort_from(std::string_view text, const ListOrder& order);
/// "created, name, or one of these behind a '-'": for messages.
[[nodiscard]] std::string sorts_of(const ListOrder& order);

/// Puts a sort of any list but that of tokens into its page.
void put_sort(const Sort& sort, Page& page);
[[nodiscard]] TokenOrder token_order_of(const Sort& sort);

}  // namespace hourgate::manage
