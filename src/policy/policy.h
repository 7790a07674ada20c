// Question 3, "may they?": the resources in order, and what a role and scopes reach. Immutable once
// made, validated once; safe to read from any thread.
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

/// What the configuration says.
struct PolicyConfig {
    std::vector<Api> apis;            ///< none: one API, under every host
    std::vector<Resource> resources;  ///< in order; of one API the first match wins
    bool unlisted_allowed = false;    ///< [policy] unlisted = "allow"
    PathChecks path;
    WriteScope write_scope = WriteScope::changes;
    std::string api_prefix = "/_hourgate/api/v1";  ///< the gate's own routes: resource "hourgate"

    friend bool operator==(const PolicyConfig&, const PolicyConfig&) = default;
};

/// Where a call lands.
struct Match {
    enum class Kind : std::uint8_t {
        resource,  ///< `resource` is it
        unlisted,  ///< resources are configured, none lists the path
        implicit,  ///< no resource is configured: the default rule
    };
    PathFlaw flaw = PathFlaw::none;  ///< anything but none: the rest but `own` says nothing
    Kind kind = Kind::implicit;
    /// False if no API is called under the host of the call: kind is unlisted then. The gate's own
    /// routes are there under every host.
    bool host_listed = true;
    std::size_t api_at = 0;     ///< place in Rules::apis; 0 without [[api]]s
    std::string_view api = {};  ///< its name; "" without [[api]]s. Lives as long as the Policy.
    /// Set when kind is resource. Lives as long as the Policy, which is not to be moved meanwhile.
    const Resource* resource = nullptr;
    /// Which of the gate's own routes, if it is one. With a flaw: `other` for a path that, as sent,
    /// is api_prefix, why_prefix or below one, so that mode observe opens none.
    GateRoute own = GateRoute::none;
    std::string route_object;  ///< {prefix} of OwnRoute::token, rotate_token; {decision} of why
    std::optional<std::string> member;  ///< what "{member}" of the matching pattern captured

    [[nodiscard]] bool is_gate_route() const noexcept { return own != GateRoute::none; }
};

/// A set of roles.
class Roles {
public:
    void add(Role role) noexcept { bits_ = static_cast<std::uint8_t>(bits_ | 1U << index(role)); }
    [[nodiscard]] bool has(Role role) const noexcept { return (bits_ >> index(role) & 1U) != 0; }
    [[nodiscard]] bool empty() const noexcept { return bits_ == 0; }
    /// The one that may least; none when it is empty.
    [[nodiscard]] std::optional<Role> least() const noexcept;
    /// Whether it has every role above its least one: then "manager or above" says what it is.
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
    std::optional<Action> action;  ///< none: the method has no action here
    std::string own;  ///< X-Hourgate-Own: the member id when the row says own, else empty
    bool narrowed_by_upstream = false;  ///< own, and only the upstream can tell
    /// role_forbidden: the roles with which the same member's same call would pass, scopes aside.
    Roles able_roles;
    /// role_forbidden: the least of them. None: no role may.
    std::optional<Role> required_role;
    /// scope_missing: what would do; empty: no scope would. role_forbidden: what the token lacks
    /// beside a role, by the same rule.
    std::string required_scope;
    bool lacks_scope = false;  ///< scope_missing; or role_forbidden, and the scopes do not reach
};

/// Who asks.
struct Subject {
    Role role = Role::member;
    std::string_view member_id;  ///< public id
    std::span<const Scope> scopes;
    std::string_view token_prefix = {};  ///< of the token itself
};

class Policy {
public:
    /// Checks the rules as a whole. Failure::config names the resource and what is off: a name
    /// twice or "hourgate", a row that says own on a path without "{member}" and no own_by =
    /// "upstream", a resource of no API, one that overlaps api_prefix or why_prefix, a public one
    /// with rows, a method that is not upper case, a path that can never match because resources
    /// above take all its paths or a rule refuses them, over the bounds; or an api_prefix that lies
    /// in why_prefix. A pattern that begins with a capture or is "/**" overlaps nothing: it means
    /// all there is besides, and the gate's own routes come first. Resources of another API are
    /// nothing to a resource, but for the name, which tokens' scopes have.
    /// REQUIRES: of `rules.apis` what ApiHosts requires.
    [[nodiscard]] static Result<Policy> make(PolicyConfig rules);

    /// Reads the path and finds the resource, the gate's own first. No role or token is looked at.
    /// What [policy] refuses of a path and its resource allows is allowed there alone: a path that
    /// could be read so that it leads to another resource of its API has the flaw all the same.
    /// `host`: a value of Host, "" for a call without one; it is looked at only if there are APIs.
    [[nodiscard]] Match find(std::string_view target, std::string_view host = {}) const;

    /// Whether there are APIs, which the host of a call tells apart.
    [[nodiscard]] bool looks_at_hosts() const noexcept { return !rules_.apis.empty(); }
    /// As Match::api_at of a call under this host; nullopt where host_listed is false.
    [[nodiscard]] std::optional<std::size_t> api_of(std::string_view host) const noexcept;

    /// The same for a call to the admin listener: the path is read as any other, and no configured
    /// resource is looked at, so that none can open it. `own` is admin even with a flaw.
    [[nodiscard]] Match find_admin(std::string_view target) const;

    /// Order: unlisted, role, scope, own. For the gate's own routes: every role may, but for role
    /// member and the organization; and a token scoped to something else may still read
    /// {api_prefix}/me, rotate itself, revoke itself, ask why it was refused and ask what would be.
    /// Implicit: role member may nothing.
    /// A path no resource names (implicit, or unlisted and allowed) is never reached by a token
    /// that has scopes: scope_missing with no required scope. A method without an action is
    /// role_forbidden everywhere but at a path_unlisted.
    /// REQUIRES: match.flaw is none; the resource, if any, is not public (nobody is asked there;
    /// its rows are empty, so every role would be forbidden).
    [[nodiscard]] Judgement judge(const Match& match, const Subject& subject,
                                  std::string_view method) const;

    /// Whether some call to where `match` is could be granted: a resource lists it, or paths that
    /// none lists are allowed to somebody. Of the gate's own routes: no.
    [[nodiscard]] bool opens(const Match& match) const noexcept;

    /// Whether a scope may name this resource: one of the configured, "hourgate", or
    /// every_resource.
    [[nodiscard]] bool knows(std::string_view resource) const noexcept;
    [[nodiscard]] const std::vector<Resource>& resources() const noexcept {
        return rules_.resources;
    }
    [[nodiscard]] const PolicyConfig& rules() const noexcept { return rules_; }

private:
    /// The resources of one API, which stand next to each other.
    struct Part {
        std::size_t first = 0, count = 0;
        PathChecks lenient;  // refuses what [policy] refuses and no resource of it allows
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
    std::vector<Part> parts_;  // of each API, in the order of Rules::apis; one where there is none
    Resource gate_resource_;   // the built-in resource "hourgate"
    Resource organization_;    // the same name, with the rows of {api_prefix}/organization
    Resource admin_;           // the built-in resource "admin"
};

/// Whether no resource can allow the method, public ones included: CONNECT asks for a tunnel to
/// another host (RFC 9110 section 9.3.6), TRACE and TRACK for what was received to be sent back,
/// with what the gate has added (section 9.3.8). ASCII case is ignored: some APIs do.
[[nodiscard]] bool is_never_passed_on(std::string_view method) noexcept;

/// What the resource lists for the method; else GET HEAD OPTIONS read, POST create, PUT PATCH
/// update, DELETE delete, and others nothing. HEAD is what GET is, unless it is listed itself.
[[nodiscard]] std::optional<Action> action_of(std::string_view method,
                                              const Resource* resource) noexcept;

}  // namespace hourgate::policy
