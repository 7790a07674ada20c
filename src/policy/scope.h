// Scopes, which narrow a token: "resource:read", "resource:write" or "resource:*". "*:read" reads
// every resource of the API.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "policy/resource.h"

namespace hourgate::policy {

enum class Reach : std::uint8_t { read, write, all };  ///< write: create, update, delete

/// Whether "write" also allows reading: [policy] write_scope.
enum class WriteScope : std::uint8_t { changes, reads_too };

/// The resource of "*:read": every resource of the API, but not the gate routes.
constexpr std::string_view every_resource = "*";
/// The built-in resource of the gate routes.
constexpr std::string_view gate_resource_name = "hourgate";

struct Scope {
    std::string resource;  ///< a name, or every_resource
    Reach reach = Reach::all;
    friend bool operator==(const Scope&, const Scope&) = default;
};

/// Reads one scope. The resource is a slug of at most resource_name_bytes_max bytes, or "*" before
/// ":read" only. Returns Failure::usage, which shows the form. Does not check that the resource
/// exists: Policy::knows() does.
[[nodiscard]] Result<Scope> parse_scope(std::string_view text);
[[nodiscard]] std::string to_text(const Scope& scope);
/// Reads scopes separated by single spaces, as in RFC 6749 section 3.3: "clients:read tasks:*". ""
/// is an empty list. Returns Failure::usage for more than limits::scopes_max.
[[nodiscard]] Result<std::vector<Scope>> parse_scopes(std::string_view text);
[[nodiscard]] std::string to_text(std::span<const Scope> scopes);

/// Returns whether the scopes allow the action on the resource. An empty list allows everything:
/// the token is not narrowed.
[[nodiscard]] bool allow(std::span<const Scope> scopes, std::string_view resource, Action action,
                         WriteScope write = WriteScope::changes) noexcept;

/// Returns whether `held` allows everything that `asked` allows. Either may be empty, which means
/// everything: an empty `asked` is only within an empty `held`.
[[nodiscard]] bool within(std::span<const Scope> asked, std::span<const Scope> held,
                          WriteScope write = WriteScope::changes) noexcept;

/// Returns the scope that is enough: "clients:read" for read, "clients:write" otherwise.
[[nodiscard]] std::string scope_for(std::string_view resource, Action action);

}  // namespace hourgate::policy
