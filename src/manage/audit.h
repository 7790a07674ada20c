// The event that goes with every change: who, what, on whom, before, after, when, from where.
// Private to manage/, except for Json, which a restore writes its event with.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "manage/ledger.h"

namespace hourgate::manage {

/// A small JSON object of texts, numbers, instants and nulls, in the order they are added. Never a
/// secret.
class Json {
public:
    Json& add(std::string_view key, std::string_view text);
    Json& add(std::string_view key, std::int64_t number);
    Json& add_flag(std::string_view key, bool flag);
    /// RFC 3339, or null.
    Json& add_time(std::string_view key, std::optional<std::int64_t> wall_ms);

    Json& add_all(const Json& other);  ///< its members, behind these

    [[nodiscard]] std::string text() const;  ///< "" when nothing was added

private:
    std::string& begin(std::string_view key);
    std::string members_;
};

/// On what a change was made.
struct Object {
    std::string_view id;            ///< public id, prefix, or name of a plan
    std::string_view workspace_id;  ///< public id; empty when none
};

[[nodiscard]] Status record(Rows& rows, const Context& context, std::string_view action,
                            const Object& object, const Json& before, const Json& after);

}  // namespace hourgate::manage
