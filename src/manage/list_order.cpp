#include "manage/list_order.h"

#include <algorithm>

namespace hourgate::manage {

std::optional<Sort> sort_from(std::string_view text, const ListOrder& order) {
    if (text.empty())
        text = order.standard;
    const bool descending = text.starts_with('-');
    const std::string_view name = text.substr(descending ? 1 : 0);
    const auto known = std::find(order.fields.begin(), order.fields.end(), name);
    return known == order.fields.end() ? std::nullopt : std::optional(Sort{*known, descending});
}

std::string sorts_of(const ListOrder& order) {
    std::string all;
    for (const std::string_view name : order.fields)
        all.append(all.empty() ? "" : ", ").append(name);
    return all + ", or one of these behind a '-'";
}

void put_sort(const Sort& sort, Page& page) {
    const bool latest_first = sort.by == event_fields.front() || sort.by == usage_fields.front();
    page.by = sort.by == "name"    ? OrderBy::name
              : sort.by == "email" ? OrderBy::email
                                   : OrderBy::standard;
    page.reversed = latest_first ? !sort.descending : sort.descending;
}

TokenOrder token_order_of(const Sort& sort) {
    if (sort.by == "lastUsed")
        return sort.descending ? TokenOrder::used_first : TokenOrder::unused_first;
    return sort.descending ? TokenOrder::newest_first : TokenOrder::oldest_first;
}

}  // namespace hourgate::manage
