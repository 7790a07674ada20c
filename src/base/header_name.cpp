#include "base/header_name.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace hourgate {

namespace {

constexpr bool is_letter_or_digit(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

constexpr char folded(char c) noexcept {
    return is_letter_or_digit(c) ? lower_of(c) : '-';
}

constexpr CharacterSet plain_bytes(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
constexpr CharacterSet forwardable_bytes(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

constexpr std::string_view identity_mark = "X-Hourgate-";
constexpr std::string_view method_mark = "X-HTTP-Method";
constexpr std::array<std::string_view, 3> method_names = {"X-Method-Override", "Method-Override",
                                                          "HTTP-Method-Override"};
/// Names of query parameters. "_HttpMethod" is Salesforce's.
constexpr std::array<std::string_view, 3> method_parameters = {"_method", "_HttpMethod",
                                                               "_http_method"};

/// Beginnings of names. All names with such a beginning claim the same.
constexpr std::array<std::string_view, 4> target_marks = {"X-Original-", "X-Rewrite-",
                                                          "X-Envoy-Original-", "X-Accel-"};
constexpr std::array<std::string_view, 3> forwarded_marks = {"X-Forwarded-", "Forwarded-",
                                                             "X-ProxyUser-"};

/// Beginnings of names that say who calls. They are used by Kubernetes (Impersonate-,
/// X-Remote-Extra-), oauth2-proxy, Grafana, Azure App Service, Google IAP, AWS ALB and API Gateway,
/// Cloudflare Access, TLS terminators, mod_auth_openidc, Shibboleth, mod_auth_mellon, authentik,
/// Pomerium, Vouch, Tailscale, App Engine and Replit.
constexpr auto user_marks =
    std::to_array<std::string_view>({"X-Remote-Extra-", "X-Auth-Request-",
                                     "X-WebAuth-",      "X-MS-Client-Principal",
                                     "X-MS-Token-",     "X-Goog-Authenticated-User-",
                                     "X-Goog-IAP-",     "X-Amzn-Oidc-",
                                     "X-Amzn-Mtls-",    "Cf-Access-",
                                     "Impersonate-",    "SSL-Client-",
                                     "X-SSL-Client-",   "TLS-Client-",
                                     "X-TLS-Client-",   "X-Client-Cert",
                                     "Client-Cert",     "OIDC-",
                                     "X-OIDC-",         "Shib-",
                                     "X-Shib-",         "Mellon-",
                                     "X-Authentik-",    "X-Pomerium-",
                                     "X-Vouch-",        "Tailscale-",
                                     "X-AppEngine-",    "X-Replit-User-"});

/// The operator's own proxies set these, so no snippet removes them.
constexpr std::array<std::string_view, 2> set_by_proxies = {"X-Real-IP", "X-Forwarded-For"};

/// Claims about the path, the host, and what a server passes to an application besides the headers.
/// Gunicorn reads Script-Name and Path-Info; a CGI reads Proxy as HTTP_PROXY (CVE-2016-5385). Rack
/// reads X-Sendfile-Type and X-Accel-Mapping. Next.js skips its checks for X-Middleware-Subrequest
/// (CVE-2025-29927).
constexpr auto target_names = std::to_array<std::string_view>({"X-Original-Method",
                                                               "X-Original-URI",
                                                               "X-Original-URL",
                                                               "X-Original-Host",
                                                               "X-Original-Path",
                                                               "X-Original-Proto",
                                                               "X-Original-Prefix",
                                                               "X-Rewrite-URL",
                                                               "X-Rewrite-URI",
                                                               "X-Forwarded-Method",
                                                               "X-Forwarded-Uri",
                                                               "X-Forwarded-URL",
                                                               "X-Envoy-Original-Path",
                                                               "X-Envoy-Original-Host",
                                                               "X-Envoy-Original-Dst-Host",
                                                               "X-Override-URL",
                                                               "X-HTTP-Path-Override",
                                                               "X-HTTP-Host-Override",
                                                               "X-HTTP-DestinationURL",
                                                               "X-WAWS-Unencoded-URL",
                                                               "X-Middleware-Subrequest",
                                                               "X-Middleware-Subrequest-Id",
                                                               "X-Middleware-Rewrite",
                                                               "X-Middleware-Redirect",
                                                               "X-Middleware-Next",
                                                               "X-Middleware-Override-Headers",
                                                               "X-Invoke-Path",
                                                               "X-Invoke-Query",
                                                               "X-Invoke-Status",
                                                               "X-Matched-Path",
                                                               "X-Now-Route-Matches",
                                                               "Request-Uri",
                                                               "Request-Method",
                                                               "Query-String",
                                                               "Script-Filename",
                                                               "Path-Translated",
                                                               "Document-Root",
                                                               "Document-Uri",
                                                               "X-Script-Name",
                                                               "Script-Name",
                                                               "Path-Info",
                                                               "X-Accel-Redirect",
                                                               "X-Accel-Mapping",
                                                               "X-Sendfile-Type",
                                                               "Proxy"});

/// Claims about how a call arrived: scheme, host, port, prefix.
constexpr auto forwarded_names = std::to_array<std::string_view>({"Forwarded",
                                                                  "X-Forwarded",
                                                                  "X-Forwarded-Prefix",
                                                                  "X-Forwarded-Path",
                                                                  "X-Forwarded-Server",
                                                                  "X-Forwarded-Scheme",
                                                                  "X-Forwarded-Protocol",
                                                                  "X-Forwarded-Ssl",
                                                                  "X-Forwarded-By",
                                                                  "X-Forwarded-User",
                                                                  "X-Forwarded-Email",
                                                                  "X-Forwarded-Groups",
                                                                  "X-Forwarded-Roles",
                                                                  "X-Forwarded-Preferred-Username",
                                                                  "X-Forwarded-Access-Token",
                                                                  "X-Forwarded-Client-Cert",
                                                                  "X-Forwarded-Tls-Client-Cert",
                                                                  "Forwarded-Proto",
                                                                  "Forwarded-Host",
                                                                  "X-Scheme",
                                                                  "X-Url-Scheme",
                                                                  "X-Client-Proto",
                                                                  "X-Proto",
                                                                  "X-Host",
                                                                  "Front-End-Https",
                                                                  "X-ARR-SSL",
                                                                  "CloudFront-Forwarded-Proto",
                                                                  "CF-Visitor",
                                                                  "Disguised-Host",
                                                                  "X-Envoy-Internal"});

/// Claims about where a call comes from, as named by CDNs, load balancers and the libraries that
/// read them.
constexpr auto address_names = std::to_array<std::string_view>({"True-Client-IP",
                                                                "True-Client-Port",
                                                                "Client-IP",
                                                                "X-Client-IP",
                                                                "X-ClientIP",
                                                                "X-Client-Port",
                                                                "X-Cluster-Client-IP",
                                                                "Cluster-Client-IP",
                                                                "CF-Connecting-IP",
                                                                "CF-Connecting-IPv6",
                                                                "CF-Pseudo-IPv4",
                                                                "Fastly-Client-IP",
                                                                "Fastly-Client",
                                                                "X-Original-Forwarded-For",
                                                                "X-Original-For",
                                                                "X-Original-Remote-Addr",
                                                                "X-Envoy-External-Address",
                                                                "X-Envoy-Downstream-Remote-Address",
                                                                "X-Forwarded-For-Original",
                                                                "X-Forwarded-Client-IP",
                                                                "X-Forwarded-IP",
                                                                "X-ForwardedFor",
                                                                "Forwarded-For",
                                                                "Forwarded-For-IP",
                                                                "X-ProxyUser-IP",
                                                                "ProxyUser-IP",
                                                                "WL-Proxy-Client-IP",
                                                                "Proxy-Client-IP",
                                                                "X-Proxy-Client-IP",
                                                                "Ali-CDN-Real-IP",
                                                                "Cdn-Src-IP",
                                                                "Cdn-Real-IP",
                                                                "X-Cdn-Src-IP",
                                                                "X-Azure-ClientIP",
                                                                "X-Azure-SocketIP",
                                                                "X-AppEngine-User-IP",
                                                                "X-AppEngine-Remote-Addr",
                                                                "Fly-Client-IP",
                                                                "DO-Connecting-IP",
                                                                "X-NF-Client-Connection-IP",
                                                                "X-Vercel-Forwarded-For",
                                                                "X-Vercel-Proxied-For",
                                                                "X-Vercel-IP",
                                                                "Incap-Client-IP",
                                                                "X-Sucuri-ClientIP",
                                                                "X-Akamai-Client-IP",
                                                                "Akamai-Client-IP",
                                                                "CloudFront-Viewer-Address",
                                                                "CloudFront-Viewer-IP",
                                                                "X-Amz-Client-IP",
                                                                "X-Real-Client-IP",
                                                                "X-Real-Port",
                                                                "Real-IP",
                                                                "X-Remote-IP",
                                                                "X-Remote-Addr",
                                                                "X-Remote-Address",
                                                                "Remote-Addr",
                                                                "Remote-IP",
                                                                "X-Originating-IP",
                                                                "X-Origin-IP",
                                                                "X-Source-IP",
                                                                "Source-IP",
                                                                "X-Src-IP",
                                                                "X-User-IP",
                                                                "X-Custom-IP-Authorization",
                                                                "X-Gateway-Client-IP",
                                                                "X-LB-Client-IP",
                                                                "X-Coming-From",
                                                                "Coming-From",
                                                                "X-Bluecoat-Via",
                                                                "Z-Forwarded-For"});

/// Names that say who calls, including usual names with the beginnings above. X-Auth-Token,
/// X-Api-Key, X-Access-Token and similar are not here: they are credentials, which an application
/// checks. X-Tenant-Id, X-Org-Id and similar are not here either: callers choose them.
constexpr auto user_names = std::to_array<std::string_view>({"Remote-User",
                                                             "Remote-Group",
                                                             "Remote-Groups",
                                                             "Remote-Email",
                                                             "Remote-Name",
                                                             "Remote-Ident",
                                                             "X-Remote-User",
                                                             "X-Remote-Group",
                                                             "X-Remote-Groups",
                                                             "X-Remote-Email",
                                                             "X-Remote-Name",
                                                             "X-Remote-Uid",
                                                             "X-Remote-Extra-Scopes",
                                                             "Auth-User",
                                                             "Auth-Type",
                                                             "X-Auth-User",
                                                             "X-Auth-Username",
                                                             "X-Auth-Email",
                                                             "X-Auth-Name",
                                                             "X-Auth-Groups",
                                                             "X-Auth-Roles",
                                                             "X-Auth-Subject",
                                                             "X-Auth-UserId",
                                                             "X-Auth-User-Id",
                                                             "X-Auth-Type",
                                                             "Authenticated-User",
                                                             "X-Authenticated-User",
                                                             "X-Authenticated-Userid",
                                                             "X-Authenticated-User-Id",
                                                             "X-Authenticated-Groups",
                                                             "X-Authenticated-Email",
                                                             "X-Authenticated-Scope",
                                                             "X-Authenticated-Roles",
                                                             "X-Auth-Request-User",
                                                             "X-Auth-Request-Email",
                                                             "X-Auth-Request-Groups",
                                                             "X-Auth-Request-Roles",
                                                             "X-Auth-Request-Preferred-Username",
                                                             "X-Auth-Request-Access-Token",
                                                             "X-Auth-Request-Redirect",
                                                             "X-WebAuth-User",
                                                             "X-WebAuth-Name",
                                                             "X-WebAuth-Email",
                                                             "X-WebAuth-Login",
                                                             "X-WebAuth-Groups",
                                                             "X-WebAuth-Role",
                                                             "X-MS-Client-Principal",
                                                             "X-MS-Client-Principal-Id",
                                                             "X-MS-Client-Principal-Name",
                                                             "X-MS-Client-Principal-Idp",
                                                             "X-MS-Token-Aad-Id-Token",
                                                             "X-MS-Token-Aad-Access-Token",
                                                             "X-Goog-Authenticated-User-Email",
                                                             "X-Goog-Authenticated-User-Id",
                                                             "X-Goog-IAP-JWT-Assertion",
                                                             "X-Apigateway-Api-Userinfo",
                                                             "X-Endpoint-API-Userinfo",
                                                             "X-Amzn-Oidc-Data",
                                                             "X-Amzn-Oidc-Identity",
                                                             "X-Amzn-Oidc-Accesstoken",
                                                             "X-Amzn-Mtls-Clientcert",
                                                             "X-Amzn-Mtls-Clientcert-Subject",
                                                             "X-Amzn-Mtls-Clientcert-Leaf",
                                                             "Cf-Access-Jwt-Assertion",
                                                             "Cf-Access-Authenticated-User-Email",
                                                             "Cf-Access-Client-Id",
                                                             "Impersonate-User",
                                                             "Impersonate-Group",
                                                             "Impersonate-Uid",
                                                             "SSL-Client-Cert",
                                                             "SSL-Client-Verify",
                                                             "SSL-Client-S-DN",
                                                             "SSL-Client-S-DN-CN",
                                                             "SSL-Client-I-DN",
                                                             "SSL-Client-M-Serial",
                                                             "SSL-Client-Serial",
                                                             "SSL-Client-Subject-DN",
                                                             "SSL-Client-Issuer-DN",
                                                             "SSL-Client-DN",
                                                             "SSL-Client-Fingerprint",
                                                             "SSL-Client-SAN",
                                                             "SSL-Client-CN",
                                                             "X-SSL-Client-Cert",
                                                             "X-SSL-Client-Verify",
                                                             "X-SSL-Client-S-DN",
                                                             "X-SSL-Client-I-DN",
                                                             "X-SSL-Client-DN",
                                                             "X-SSL-Client-CN",
                                                             "X-SSL-Client-Serial",
                                                             "X-SSL-Client-Subject",
                                                             "X-SSL-Client-Fingerprint",
                                                             "X-SSL-Client-SHA1",
                                                             "X-SSL-Client-Not-After",
                                                             "X-SSL-Cert",
                                                             "X-SSL-Issuer",
                                                             "X-SSL-Subject",
                                                             "X-SSL-User",
                                                             "X-TLS-Client-Cert",
                                                             "X-TLS-Client-Verify",
                                                             "X-TLS-Client-Subject",
                                                             "TLS-Client-Cert",
                                                             "X-Client-Cert",
                                                             "X-Client-Certificate",
                                                             "X-Client-Cert-Chain",
                                                             "X-Client-Cert-DN",
                                                             "X-Client-Cert-Subject",
                                                             "X-Client-Cert-Verified",
                                                             "X-Client-Verify",
                                                             "X-Client-DN",
                                                             "X-Client-S-DN",
                                                             "X-Client-CN",
                                                             "Client-Cert",
                                                             "Client-Cert-Chain",
                                                             "Client-Certificate",
                                                             "X-ARR-ClientCert",
                                                             "X-Consumer-Id",
                                                             "X-Consumer-Custom-Id",
                                                             "X-Consumer-Username",
                                                             "X-Consumer-Groups",
                                                             "X-Anonymous-Consumer",
                                                             "X-Credential-Identifier",
                                                             "X-Credential-Username",
                                                             "X-User",
                                                             "X-User-Id",
                                                             "X-UserId",
                                                             "X-Username",
                                                             "X-User-Name",
                                                             "X-User-Email",
                                                             "X-User-Login",
                                                             "X-User-Role",
                                                             "X-User-Roles",
                                                             "X-User-Groups",
                                                             "X-User-Info",
                                                             "X-Userinfo",
                                                             "X-Current-User",
                                                             "X-Roles",
                                                             "X-Role",
                                                             "X-Scope",
                                                             "X-Scopes",
                                                             "X-Admin",
                                                             "X-Is-Admin",
                                                             "X-Identity-Status",
                                                             "X-Proxy-User",
                                                             "Proxy-User",
                                                             "Logon-User",
                                                             "X-Logon-User",
                                                             "SM-User",
                                                             "SM-UserDN",
                                                             "SM-UserGroups",
                                                             "SM-AuthType",
                                                             "SM-Universalid",
                                                             "iv-user",
                                                             "iv-groups",
                                                             "iv-creds",
                                                             "OAM-Remote-User",
                                                             "OIDC-Claim-Sub",
                                                             "OIDC-Claim-Email",
                                                             "OIDC-Claim-Preferred-Username",
                                                             "OIDC-Claim-Groups",
                                                             "OIDC-Access-Token",
                                                             "Shib-Session-Id",
                                                             "Shib-Identity-Provider",
                                                             "Mellon-Name-Id",
                                                             "X-Authentik-Username",
                                                             "X-Authentik-Email",
                                                             "X-Authentik-Groups",
                                                             "X-Authentik-Name",
                                                             "X-Authentik-Uid",
                                                             "X-Pomerium-Jwt-Assertion",
                                                             "X-Pomerium-Claim-Email",
                                                             "X-Pomerium-Claim-User",
                                                             "X-Pomerium-Claim-Groups",
                                                             "X-Vouch-User",
                                                             "X-Vouch-Idp-AccessToken",
                                                             "X-Vouch-Idp-IdToken",
                                                             "Tailscale-User-Login",
                                                             "Tailscale-User-Name",
                                                             "X-AppEngine-User-Email",
                                                             "X-AppEngine-User-Id",
                                                             "X-AppEngine-Cron",
                                                             "X-Replit-User-Id",
                                                             "X-Replit-User-Name"});

constexpr bool same(std::string_view a, std::string_view b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return folded(x) == folded(y); });
}

constexpr bool begins(std::string_view sent, std::string_view mark) noexcept {
    return same(sent.substr(0, mark.size()), mark);
}

template <std::size_t... sizes>
constexpr auto joined(const std::array<std::string_view, sizes>&... parts) {
    std::array<std::string_view, (sizes + ...)> all{};
    auto end = all.begin();
    ((end = std::copy(parts.begin(), parts.end(), end)), ...);
    return all;
}

constexpr auto to_remove = joined(forwarded_names, target_names, address_names, user_names);
constexpr auto families = joined(target_marks, user_marks);

struct Claimed {
    std::string_view name;
    Claim claim = Claim::nothing;
};

template <std::size_t... sizes>
constexpr auto claimed(const std::pair<std::array<std::string_view, sizes>, Claim>&... parts) {
    std::array<Claimed, (sizes + ...)> all{};
    std::size_t end = 0;
    const auto add = [&](const auto& part) {
        for (const std::string_view name : part.first)
            all[end++] = {name, part.second};
    };
    (add(parts), ...);
    return all;
}

/// Names and what they claim. A look-up runs for every header of every call, so it compares only
/// names of the same length.
template <std::size_t count>
class Names {
public:
    constexpr explicit Names(std::array<Claimed, count> names) : names_(names) {
        std::sort(names_.begin(), names_.end(),
                  [](const Claimed& a, const Claimed& b) { return a.name.size() < b.name.size(); });
        for (std::size_t size = 0; size < begin_.size(); ++size)
            while (begin_[size] < count && names_[begin_[size]].name.size() < size)
                ++begin_[size];
    }
    [[nodiscard]] Claim of(std::string_view sent) const noexcept {
        if (sent.size() > longest)
            return Claim::nothing;
        for (std::size_t at = begin_[sent.size()]; at < begin_[sent.size() + 1]; ++at)
            if (same(sent, names_[at].name))
                return names_[at].claim;
        return Claim::nothing;
    }

private:
    static constexpr std::size_t longest = 62;
    static_assert(count <= UINT16_MAX);
    std::array<Claimed, count> names_;
    std::array<std::uint16_t, longest + 2> begin_{};  // by size: the first name that is not shorter
};

/// Beginnings of names and what they claim. A look-up compares those with the same first byte.
template <std::size_t count>
class ClaimPrefixes {
public:
    constexpr explicit ClaimPrefixes(std::array<Claimed, count> marks) : marks_(marks) {
        for (std::size_t i = 0; i < count; ++i)
            with_first_[static_cast<unsigned char>(folded(marks[i].name.front()))] |=
                std::uint64_t{1} << i;
    }
    [[nodiscard]] Claim of(std::string_view sent) const noexcept {
        if (sent.empty())
            return Claim::nothing;
        for (std::uint64_t left = with_first_[static_cast<unsigned char>(folded(sent.front()))];
             left != 0; left &= left - 1) {
            const Claimed& mark = marks_[static_cast<std::size_t>(std::countr_zero(left))];
            if (begins(sent, mark.name))
                return mark.claim;
        }
        return Claim::nothing;
    }

private:
    static_assert(count <= 64);
    std::array<Claimed, count> marks_;
    std::array<std::uint64_t, 128> with_first_{};  // by byte: a bit for each mark
};

/// These are looked up first: the claims other than identity, method and user.
constexpr Names first_names(
    claimed(std::pair(joined(address_names, set_by_proxies), Claim::client_address),
            std::pair(target_names, Claim::target), std::pair(forwarded_names, Claim::forwarded)));
constexpr ClaimPrefixes first_marks(claimed(std::pair(target_marks, Claim::target),
                                            std::pair(forwarded_marks, Claim::forwarded)));
constexpr Names names_of_users(claimed(std::pair(user_names, Claim::user)));
constexpr ClaimPrefixes marks_of_users(claimed(std::pair(user_marks, Claim::user)));
constexpr Names names_to_remove(claimed(std::pair(to_remove, Claim::user)));

template <std::size_t count>
bool has(const std::array<std::string_view, count>& names, std::string_view sent) noexcept {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return same(sent, name); });
}

}  // namespace

bool reads_as(std::string_view sent, std::string_view name) noexcept {
    return same(sent, name);
}

bool reads_as_beginning(std::string_view sent, std::string_view mark) noexcept {
    return begins(sent, mark);
}

bool is_plainly_spelled(std::string_view name) noexcept {
    return plain_bytes.has_all_of(name);
}

bool is_forwardable(std::string_view name) noexcept {
    return forwardable_bytes.has_all_of(name);
}

bool claims_identity(std::string_view name) noexcept {
    return reads_as_beginning(name, identity_mark);
}

bool claims_method(std::string_view name) noexcept {
    return reads_as_beginning(name, method_mark) || has(method_names, name);
}

Claim claim_of(std::string_view name) noexcept {
    if (claims_identity(name))
        return Claim::identity;
    if (claims_method(name))
        return Claim::method;
    // Some Java libraries look a header up by its CGI name: HTTP_CLIENT_IP.
    constexpr std::string_view of_cgi = "HTTP-";
    if (reads_as_beginning(name, of_cgi))
        name.remove_prefix(of_cgi.size());
    if (const Claim claim = first_names.of(name); claim != Claim::nothing)
        return claim;
    if (const Claim claim = first_marks.of(name); claim != Claim::nothing)
        return claim;
    const Claim claim = names_of_users.of(name);
    return claim != Claim::nothing ? claim : marks_of_users.of(name);
}

bool is_method_parameter(std::string_view name) noexcept {
    return claims_method(name) || has(method_parameters, name);
}

std::span<const std::string_view> claims_to_remove() noexcept {
    return to_remove;
}

std::span<const std::string_view> families_to_remove() noexcept {
    return families;
}

bool is_beyond_removal(std::string_view name) noexcept {
    return marks_of_users.of(name) != Claim::nothing && names_to_remove.of(name) == Claim::nothing;
}

}  // namespace hourgate
