// The accounts of the demonstration: a workspace on every plan and one that has lapsed, a member
// and a token for every role.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "manage/ledger.h"

namespace hourgate::cli {

struct DemoToken {
    std::string workspace;
    std::string plan;  ///< "studio, lapsed"
    std::string role;
    std::string member;  ///< e-mail
    std::string prefix;
    Secret token;
};

/// Creates the accounts and returns their tokens, in this order:
/// Acme (studio) with owner, admin, manager and plain member;
/// Birch (agency) and Cedar (free), each with an owner;
/// Dune (studio, lapsed) with an owner.
[[nodiscard]] Result<std::vector<DemoToken>> make_cast(const manage::Context& context);

}  // namespace hourgate::cli
