// How this program compares header names. CGI, FastCGI, PHP and WSGI rename headers: every byte
// that is no letter and no digit becomes '_'. There, "X.Hourgate!Role", "X_Hourgate_Role" and
// "X-Hourgate-Role" are one header. They are one header here too, wherever it matters who may send
// it.
// Does not decide who is trusted: it says what a name claims, and its callers decide whom they
// believe.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hourgate {

/// Returns whether an application may read the header `sent` as the header `name`. Every byte that
/// is no letter and no digit counts as '-'; ASCII case is ignored.
[[nodiscard]] bool reads_as(std::string_view sent, std::string_view name) noexcept;

/// Returns whether an application may read `sent` as a header whose name begins with `mark`.
[[nodiscard]] bool reads_as_beginning(std::string_view sent, std::string_view mark) noexcept;

/// Returns whether `name` has only letters, digits and '-', so that everybody reads it alike. A
/// proxy overwrites the one spelling that it knows; any other may come from the caller.
[[nodiscard]] bool is_plainly_spelled(std::string_view name) noexcept;

/// Returns whether a header of that name may be forwarded: it has only letters, digits, '-' and
/// '_'. No API needs other bytes (RFC 9110 section 16.3.1 advises against them).
[[nodiscard]] bool is_forwardable(std::string_view name) noexcept;

/// What a caller claims by sending a header.
enum class Claim : std::uint8_t {
    nothing,         ///< an ordinary header
    identity,        ///< X-Hourgate-*: only the gate may set it
    method,          ///< X-HTTP-Method-Override and similar: a method that the gate did not check
    target,          ///< X-Original-URL and similar: a path or host that the gate did not check
    forwarded,       ///< X-Forwarded-*, Forwarded and similar: how the call arrived
    client_address,  ///< True-Client-IP and similar: where the call comes from
    user,            ///< Remote-User and similar: who calls, according to an authenticating proxy
};

/// Returns what a header of that name claims, in any spelling.
[[nodiscard]] Claim claim_of(std::string_view name) noexcept;

/// Returns whether the name claims identity, or a method, in any spelling. Every header of every
/// call is checked with both. They take a few comparisons, where claim_of() takes a hundred.
[[nodiscard]] bool claims_identity(std::string_view name) noexcept;
[[nodiscard]] bool claims_method(std::string_view name) noexcept;

/// Returns whether this decoded name of a query parameter ("_method") selects another method, as
/// Rails, Symfony, Spring, Express, WordPress and Salesforce read it.
[[nodiscard]] bool is_method_parameter(std::string_view name) noexcept;

/// Returns the names, in their usual spelling, that a proxy in front must remove from what a caller
/// sends. It leaves out the names that a proxy sets itself: X-Forwarded-For, X-Forwarded-Host,
/// X-Forwarded-Proto, X-Forwarded-Port and X-Real-IP. It also leaves out the names of identity and
/// method, which the gate refuses.
[[nodiscard]] std::span<const std::string_view> claims_to_remove() noexcept;
/// Returns the beginnings of further names that must be removed, such as "X-Remote-Extra-". Not
/// every proxy can remove by beginning.
[[nodiscard]] std::span<const std::string_view> families_to_remove() noexcept;

/// Returns whether the name claims Claim::user only by its beginning. A proxy that removes headers
/// by their full names does not remove this one. So the gate believes it from no proxy, and refuses
/// it in an ask.
[[nodiscard]] bool is_beyond_removal(std::string_view name) noexcept;

}  // namespace hourgate
