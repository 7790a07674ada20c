// What a token is narrowed to: "resource:read", "resource:write" or "resource:*"; "*:read" reads
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

/// What "write" reaches besides: [policy] write_scope.
enum class WriteScope : std::uint8_t { changes, reads_too };

/// The resource of "*:read": every one of the API, but not the gate's own routes.
constexpr std::string_view every_resource = "*";
/// The built-in resource of the gate's own routes.
constexpr std::string_view gate_resource_name = "hourgate";

struct Scope {
    std::string resource;  ///< or every_resource
    Reach reach = Reach::all;
    friend bool operator==(const Scope&, const Scope&) = default;
};

/// Failure::usage shows the form; the resource is a slug of at most resource_name_bytes_max, or "*"
/// before ":read" alone. Does not know which resources exist: Policy::knows() does.
[[nodiscard]] Result<Scope> parse_scope(std::string_view text);
[[nodiscard]] std::string to_text(const Scope& scope);
/// Separated by single spaces, as RFC 6749 section 3.3 writes lists: "clients:read tasks:*". "" is
/// none; more than limits::scopes_max is a Failure::usage.
[[nodiscard]] Result<std::vector<Scope>> parse_scopes(std::string_view text);
[[nodiscard]] std::string to_text(std::span<const Scope> scopes);

/// Whether the scopes allow the action on the resource. An empty list is a token not narrowed, so
/// it does.
[[nodiscard]] bool allow(std::span<const Scope> scopes, std::string_view resource, Action action,
                         WriteScope write = WriteScope::changes) noexcept;

/// Whether everything `asked` allows is allowed by `held`. REQUIRES nothing: an empty `held` holds
/// all; an empty `asked` asks for all and is only within an empty `held`.
[[nodiscard]] bool within(std::span<const Scope> asked, std::span<const Scope> held,
                          WriteScope write = WriteScope::changes) noexcept;

/// The scope that would do: "clients:read" for read, "clients:write" otherwise.
[[nodiscard]] std::string scope_for(std::string_view resource, Action action);

}  // namespace hourgate::policy
