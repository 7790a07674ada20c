// What the gate knows about a token. Facts are stored values, never a cached answer. Immutable once
// read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "account/member.h"
#include "account/workspace.h"
#include "plan/plan.h"
#include "policy/scope.h"
#include "token/digest.h"
#include "token/format.h"

namespace hourgate {

/// A token as stored. The numbers of Kind are stored and never renumbered.
struct TokenFacts {
    enum class Kind : std::uint8_t { member = 0, operator_ = 1 };

    std::int64_t id = 0;
    std::int64_t line = 0;  ///< id of the line's first token, under which windows count
    Kind kind = Kind::member;
    std::string prefix;
    std::string name;
    token::Env env = token::Env::live;
    token::Digest digest{};
    std::vector<policy::Scope> scopes;  ///< empty: not narrowed
    std::int64_t created_ms = 0;
    std::int64_t line_created_ms = 0;            ///< first mint of the line
    std::optional<std::int64_t> expires_ms;      ///< the first instant at which it no longer works
    std::optional<std::int64_t> rotated_ms;      ///< when a successor was minted
    std::optional<std::int64_t> works_until_ms;  ///< end of grace; set with rotated_ms
    std::optional<std::int64_t> revoked_ms;
};

/// A token with its member and workspace, which several tokens share. The two are never null; for
/// an operator token they are empty.
struct Facts {
    TokenFacts token;
    std::shared_ptr<const Member> member = nobody();
    std::shared_ptr<const Workspace> workspace = nowhere();

    [[nodiscard]] bool is_operator() const noexcept {
        return token.kind == TokenFacts::Kind::operator_;
    }

    [[nodiscard]] static const std::shared_ptr<const Member>& nobody() {
        static const auto empty = std::make_shared<const Member>();
        return empty;
    }
    [[nodiscard]] static const std::shared_ptr<const Workspace>& nowhere() {
        static const auto empty = std::make_shared<const Workspace>();
        return empty;
    }
};

}  // namespace hourgate
