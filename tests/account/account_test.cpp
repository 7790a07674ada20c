// account/: plain facts; what is stored as a number keeps it.
#include "account/member.h"
#include "account/workspace.h"

#include "support/catch.h"

TEST_CASE("Numbers that are stored are never renumbered") {
    CHECK(static_cast<int>(hourgate::MemberKind::person) == 0);
    CHECK(static_cast<int>(hourgate::MemberKind::service) == 1);
    CHECK(static_cast<int>(hourgate::Role::owner) == 0);
    CHECK(static_cast<int>(hourgate::Role::admin) == 1);
    CHECK(static_cast<int>(hourgate::Role::manager) == 2);
    CHECK(static_cast<int>(hourgate::Role::member) == 3);
}

TEST_CASE(
    "A new member has the least role and is not removed, a new workspace is paid without end") {
    CHECK(hourgate::Member{}.role == hourgate::Role::member);
    CHECK_FALSE(hourgate::Member{}.removed_ms);
    CHECK_FALSE(hourgate::Workspace{}.paid_until_ms);
}
