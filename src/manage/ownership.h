// A workspace goes over from one owner to another, in one step: there is no instant without an
// owner, and none with one more than before.
#pragma once

#include <string>

#include "base/result.h"
#include "base/role.h"
#include "manage/ledger.h"

namespace hourgate::manage {

struct Transfer {
    std::string workspace;      ///< by id or name
    std::string to;             ///< a present member of it
    std::string from = {};      ///< a present owner; "": the only one
    Role former = Role::admin;  ///< what the former owner becomes; not owner
};
struct Transferred {
    MemberView owner, former;
};
/// Operators only. One transaction with an event "member.role" for each of the two. Usage: the
/// members are one and the same, or the former one is to be owner; ambiguous_member: there are
/// several owners, and none is named. Conflict: `to` was removed, or `from` is no present owner.
/// not_found: somebody is no member of this workspace.
[[nodiscard]] Result<Transferred> transfer_ownership(const Context&, const Transfer&);

}  // namespace hourgate::manage
