// The one reading of header names. CGI, FastCGI, PHP and WSGI hand a header to an application under
// a name in which other bytes than letters and digits have become '_'. So "X.Hourgate!Role",
// "X_Hourgate_Role" and "X-Hourgate-Role" are one header there, and everywhere in this program
// where it matters who may say something.
// Does not decide who is trusted: it says what a name claims, and callers decide from whom they
// take it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace hourgate {

/// Returns whether an application may take the header `sent` for the header `name`: every byte that
/// is no letter and no digit counts as '-', and ASCII case is ignored.
[[nodiscard]] bool reads_as(std::string_view sent, std::string_view name) noexcept;

/// Returns whether an application may take `sent` for a header whose name begins with `mark`.
[[nodiscard]] bool reads_as_beginning(std::string_view sent, std::string_view mark) noexcept;

/// Returns whether `name` is spelled with letters, digits and '-' alone, so that it is read in one
/// way. A proxy overwrites the one spelling that it knows; any other may be its caller's.
[[nodiscard]] bool is_plainly_spelled(std::string_view name) noexcept;

/// Returns whether a header of that name may be forwarded: letters, digits, '-' and '_' alone. No
/// API needs other bytes (RFC 9110 section 16.3.1 advises against them).
[[nodiscard]] bool is_forwardable(std::string_view name) noexcept;

/// What a caller would claim with a header.
enum class Claim : std::uint8_t {
    nothing,         ///< a header like any other
    identity,        ///< X-Hourgate-*: said by the gate alone
    method,          ///< X-HTTP-Method-Override and its kin: another method than was judged
    target,          ///< X-Original-URL and its kin: another path or host than was judged
    forwarded,       ///< X-Forwarded-*, Forwarded and their kin: how the call came here
    client_address,  ///< True-Client-IP and its kin: where the call comes from
    user,            ///< Remote-User and its kin: who calls, as an authenticating proxy found out
};

/// Returns what a header of that name claims, however it is spelled.
[[nodiscard]] Claim claim_of(std::string_view name) noexcept;

/// Returns whether the name claims identity, or method, in any spelling. Both are asked of every
/// header of every call, so they take a few comparisons where claim_of() takes a hundred.
[[nodiscard]] bool claims_identity(std::string_view name) noexcept;
[[nodiscard]] bool claims_method(std::string_view name) noexcept;

/// Returns whether the name in a query ("_method", decoded) asks for another method, as Rails,
/// Symfony, Spring, Express, WordPress and Salesforce read it.
[[nodiscard]] bool is_method_parameter(std::string_view name) noexcept;

/// The names that a proxy in front has to take out of what a caller sends, in their usual spelling.
/// The ones that a proxy sets itself are not among them: X-Forwarded-For, X-Forwarded-Host,
/// X-Forwarded-Proto, X-Forwarded-Port and X-Real-IP; nor are the names of identity and method,
/// which the gate refuses.
[[nodiscard]] std::span<const std::string_view> claims_to_remove() noexcept;
/// The beginnings of further names that have to be taken out, as "X-Remote-Extra-". Not every proxy
/// can.
[[nodiscard]] std::span<const std::string_view> families_to_remove() noexcept;

/// Returns whether the name claims Claim::user by its beginning alone. A proxy that removes headers
/// name by name leaves it where it is, so the gate believes it from no proxy, and refuses it where
/// it is asked.
[[nodiscard]] bool is_beyond_removal(std::string_view name) noexcept;

}  // namespace hourgate
