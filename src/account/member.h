// A member: a person or a service in a workspace, with one role. A removed member stays in the
// database, so that it can be restored together with its tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/role.h"

namespace hourgate {

/// The numbers are stored and never renumbered.
enum class MemberKind : std::uint8_t { person = 0, service = 1 };

struct Member {
    std::int64_t id = 0;
    std::string public_id;  ///< "mem_…"
    std::int64_t workspace_id = 0;
    MemberKind kind = MemberKind::person;
    /// Person: is_email, lower-cased domain, unique in the workspace. Service: empty.
    std::string email;
    std::string name;  ///< person: may be empty; service: unique in the workspace
    Role role = Role::member;
    /// Set if removed: all tokens of the member are refused.
    std::optional<std::int64_t> removed_ms;
    std::int64_t created_ms = 0;

    friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace hourgate
