// A workspace: a customer. It has one plan and, optionally, an end of the paid time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hourgate {

struct Workspace {
    std::int64_t id = 0;    ///< row number; limiters use it as their key
    std::string public_id;  ///< "ws_…": shown to callers and operators
    std::string name;       ///< unique, is_plain_name, ≤ limits::name_bytes_max
    std::int64_t plan_id = 0;
    /// Unix ms: the first unpaid instant. Without a value, there is no end.
    std::optional<std::int64_t> paid_until_ms;
    std::int64_t created_ms = 0;

    friend bool operator==(const Workspace&, const Workspace&) = default;
};

}  // namespace hourgate
