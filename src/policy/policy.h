// Question 3, "may they?": the resources in order, and what a role and scopes allow. Validated
// once, then immutable; safe to read from any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/role.h"
#include "policy/gate_routes.h"
#include "policy/hosts.h"
#include "policy/path.h"
#include "policy/resource.h"
#include "policy/scope.h"

namespace hourgate::policy {

/// The policy part of the configuration.
struct PolicyConfig {
    std::vector<Api> apis;            ///< empty: one API, under every host
    std::vector<Resource> resources;  ///< in order; within an API the first match wins
    bool unlisted_allowed = false;    ///< [policy] unlisted = "allow"
    PathChecks path;
    WriteScope write_scope = WriteScope::changes;
    std::string api_prefix = "/_hourgate/api/v1";  ///< of the gate routes: resource "hourgate"

    friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

/// What a call is for.
struct Match {
    enum class Kind : std::uint8_t {
        resource,  ///< `resource` matches
        unlisted,  ///< resources are configured, and none lists the path
        implicit,  ///< no resource is configured: the default rule
    };
    PathFlaw flaw = PathFlaw::none;  ///< if not none, only `own` is valid
    Kind kind = Kind::implicit;
    /// False if the host of the call has no API; then kind is unlisted. Gate routes exist under
    /// every host.
    bool host_listed = true;
    std::size_t api_at = 0;     ///< index in PolicyConfig::apis; 0 without [[api]]s
    std::string_view api = {};  ///< its name; "" without [[api]]s; lives as long as the Policy
    /// Set if kind is resource. Lives as long as the Policy. REQUIRES: the Policy is not moved
    /// meanwhile.
    const Resource* resource = nullptr;
    /// The gate route, if it is one. With a flaw: `other` if the path as sent is api_prefix,
    /// why_prefix or below one, so that mode observe opens no gate route.
    GateRoute own = GateRoute::none;
    std::string route_object;  ///< {prefix} of GateRoute::token and rotate_token; {decision} of why
    std::optional<std::string> member;  ///< what "{member}" of the matching pattern captured

    [[nodiscard]] bool is_gate_route() const noexcept { return own != GateRoute::none; }
};

/// A set of roles.
class Roles {
public:
    void add(Role role) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | 1U << index(role)); }
    [[nodiscard]] bool has(Role role) const noexcept { return (bits_ >> index(role) & 1U) != 0; }
    [[nodiscard]] bool empty() const noexcept { return bits_ == 0; }
    /// Returns the role with the fewest rights; nullopt if the set is empty.
    [[nodiscard]] std::optional<Role> least() const noexcept;
    /// Returns whether the set has every role above its least one: then "manager or above"
    /// describes it.
    [[nodiscard]] bool is_least_and_above() const noexcept;

private:
    std::uint8_t bits_ = 0;
};

/// The answer to question 3.
enum class Verdict : std::uint8_t {
    allowed,
    role_forbidden,
    scope_missing,
    not_own,
    path_unlisted
};

struct Judgement {
    Verdict verdict = Verdict::allowed;
    std::optional<Action> action;  ///< nullopt: the method has no action here
    std::string own;  ///< X-Hourgate-Own: the member id if the row says own, else empty
    bool narrowed_by_upstream = false;  ///< the row says own, and only the upstream can check it
    /// role_forbidden: the roles with which the same call of the same member would be granted,
    /// ignoring scopes.
    Roles able_roles;
    /// role_forbidden: the least of them. Nullopt: no role may.
    std::optional<Role> required_role;
    /// scope_missing: the scope that would be enough; empty if none would. role_forbidden: the
    /// scope that is missing besides the role, by the same rule.
    std::string required_scope;
    bool lacks_scope = false;  ///< scope_missing; or role_forbidden, and a scope is missing too
};

/// The caller.
struct Subject {
    Role role = Role::member;
    std::string_view member_id;  ///< public id
    std::span<const Scope> scopes;
    std::string_view token_prefix = {};  ///< of the token itself
};

class Policy {
public:
    /// Checks the policy configuration as a whole. Returns Failure::config, which names the
    /// resource and the mistake:
    /// - a duplicate name, the name "hourgate", or a resource of no API;
    /// - a row that says own on a path without "{member}", without own_by = "upstream";
    /// - a path that overlaps api_prefix or why_prefix, or an api_prefix within why_prefix;
    /// - a public resource with rows, or a method that is not upper case;
    /// - a path that can never match, because resources above take all of it or a check refuses it;
    /// - more than a bound allows.
    /// A pattern that is "/**" or begins with a capture overlaps nothing: gate routes are matched
    /// first. Resources of different APIs do not affect each other, but their names must differ,
    /// because the scopes of tokens use them.
    /// REQUIRES: `rules.apis` is as ApiHosts requires.
    [[nodiscard]] static Result<Policy> make(PolicyConfig rules);

    /// Reads the path and finds the resource, gate routes first. Ignores roles and tokens. A flaw
    /// that [policy] refuses and the resource allows is allowed only there. If an upstream could
    /// read the path as another resource of its API, it still has the flaw. `host` is a value of
    /// Host, "" for a call without one; it is used only if there are APIs.
    [[nodiscard]] Match find(std::string_view target, std::string_view host = {}) const;

    /// Returns whether there are APIs, which are found by the host of a call.
    [[nodiscard]] bool looks_at_hosts() const noexcept { return !rules_.apis.empty(); }
    /// Returns Match::api_at of a call under this host; nullopt if host_listed is false.
    [[nodiscard]] std::optional<std::size_t> api_of(std::string_view host) const noexcept;

    /// Does the same for a call to the admin listener. Reads the path as any other, and ignores the
    /// configured resources, so that none can open it. `own` is admin even with a flaw.
    [[nodiscard]] Match find_admin(std::string_view target) const;

    /// Answers question 3. Checks in this order: unlisted, role, scope, own.
    /// - Gate routes: every role is allowed, except the `member` role for the organization. A token
    ///   with other scopes may still read {api_prefix}/me, rotate itself, revoke itself, ask why it
    ///   was refused, and predict an answer.
    /// - Implicit: the `member` role is allowed nothing.
    /// - A path that no resource names (implicit, or unlisted and allowed) is never granted to a
    ///   token with scopes: scope_missing without a required scope.
    /// - A method without an action is role_forbidden, unless the path is path_unlisted.
    /// REQUIRES: match.flaw is none; the resource, if any, is not public. (Public resources ask
    /// nobody; their rows are empty, so every role would be forbidden.)
    [[nodiscard]] Judgement judge(const Match& match, const Subject& subject,
                                  std::string_view method) const;

    /// Returns whether some call with this match could be granted: a resource lists it, or paths
    /// that none lists are allowed to somebody. Returns false for gate routes.
    [[nodiscard]] bool opens(const Match& match) const noexcept;

    /// Returns whether a scope may name this resource: a configured one, "hourgate", or
    /// every_resource.
    [[nodiscard]] bool knows(std::string_view resource) const noexcept;
    [[nodiscard]] const std::vector<Resource>& resources() const noexcept {
        return rules_.resources;
    }
    [[nodiscard]] const PolicyConfig& rules() const noexcept { return rules_; }

private:
    /// The resources of one API, which are next to each other.
    struct Part {
        std::size_t first = 0, count = 0;
        PathChecks lenient;  // refuses what [policy] refuses and no resource of this API allows
    };

    Policy(PolicyConfig rules, Resource own);
    [[nodiscard]] std::span<const Resource> resources_of(const Part& part) const noexcept {
        return std::span(rules_.resources).subspan(part.first, part.count);
    }
    [[nodiscard]] bool is_allowed_in(const Path& path, std::span<const Resource> resources,
                                     const Resource& resource, const Pattern& pattern) const;
    [[nodiscard]] PathFlaw flaw_where_it_leads(const Path& path,
                                               std::span<const Resource> resources,
                                               const Match& match, const Pattern* pattern,
                                               PathFlaw odd) const;
    [[nodiscard]] Match begin(std::string_view host) const;
    [[nodiscard]] bool acts_on_itself(const Match& match, const Subject& subject,
                                      std::string_view method) const noexcept;

    PolicyConfig rules_;
    ApiHosts hosts_;
    std::vector<Part> parts_;  // in the order of PolicyConfig::apis; one part without APIs
    Resource gate_resource_;   // the built-in resource "hourgate"
    Resource organization_;    // the same name, with the rows of {api_prefix}/organization
    Resource admin_;           // the built-in resource "admin"
};

/// Returns whether no resource, public or not, can allow the method. CONNECT asks for a tunnel to
/// another host (RFC 9110 section 9.3.6). TRACE and TRACK ask for a copy of what the API received,
/// with what the gate added (section 9.3.8). Ignores ASCII case, as some APIs do.
[[nodiscard]] bool is_never_passed_on(std::string_view method) noexcept;

/// Returns the action that the resource lists for the method. Otherwise GET, HEAD and OPTIONS are
/// read, POST is create, PUT and PATCH are update, DELETE is delete; others return nullopt. HEAD
/// follows GET unless it is listed itself. `resource` may be null.
[[nodiscard]] std::optional<Action> action_of(std::string_view method,
                                              const Resource* resource) noexcept;

}  // namespace hourgate::policy
