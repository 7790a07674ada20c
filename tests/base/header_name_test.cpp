// The one reading of header names, and what each name claims.
#include "base/header_name.h"

#include <string>
#include <string_view>

#include "support/catch.h"
#include "support/spelled.h"

using namespace hourgate;
using hourgate::test::spelled;

namespace {

/// All that RFC 9110 section 5.6.2 allows in a name beside letters and digits.
constexpr std::string_view separators = "!#$%&'*+-.^_`|~";

}  // namespace

TEST_CASE("a header name is read in one way, whatever stands between its words") {
    for (const char separator : separators) {
        CAPTURE(separator);
        CHECK(reads_as(spelled("x-HOURGATE-role", separator), "X-Hourgate-Role"));
        CHECK(claim_of(spelled("X-Hourgate-Role", separator)) == Claim::identity);
        CHECK(claim_of(spelled("X-HTTP-Method-Override", separator)) == Claim::method);
        CHECK(claim_of(spelled("X-Original-URL", separator)) == Claim::target);
        CHECK(claim_of(spelled("Script-Name", separator)) == Claim::target);
        CHECK(claim_of(spelled("X-Forwarded-Host", separator)) == Claim::forwarded);
        CHECK(claim_of(spelled("X-Real-IP", separator)) == Claim::client_address);
        CHECK(claim_of(spelled("True-Client-IP", separator)) == Claim::client_address);
        CHECK(claim_of(spelled("X-Forwarded-For", separator)) == Claim::client_address);
        CHECK(claim_of(spelled("X-Remote-User", separator)) == Claim::user);
        const std::string name = spelled("X-Trace-Id", separator);
        CHECK(claim_of(name) == Claim::nothing);
        CHECK(is_plainly_spelled(name) == (separator == '-'));
        CHECK(is_forwardable(name) == (separator == '-' || separator == '_'));
    }
    CHECK(claim_of("X-Hourgate.Role") == Claim::identity);
    CHECK_FALSE(reads_as("XHourgateRole", "X-Hourgate-Role"));
    CHECK_FALSE(reads_as("X-Hourgate-Rol", "X-Hourgate-Role"));
}

TEST_CASE("what belongs to no family claims nothing") {
    for (const char* name : {"",
                             "X",
                             "Accept",
                             "Host",
                             "Cookie",
                             "Authorization",
                             "Content-Type",
                             "User-Agent",
                             "X-Hourgate",
                             "X-Request-Id",
                             "X-Ask-Id",
                             "Idempotency-Key",
                             "Origin",
                             "Via",
                             "HTTP-",
                             "X-Forward",
                             "X-Client",
                             "X-Method",
                             "Forwarding",
                             "X-Real",
                             "X-Auth-Token",
                             "X-Api-Key",
                             "X-Access-Token",
                             "X-Id-Token",
                             "X-Tenant-Id",
                             "X-Org-Id",
                             "X-Scope-OrgID",
                             "X-Account-Id",
                             "X-Csrf-Token",
                             "X-Requested-With",
                             "X-User-Agent",
                             "X-Client-Version",
                             "X-Middleware-Prefetch",
                             "Remote-Users-Page",
                             "SSL",
                             "traceparent"}) {
        CAPTURE(name);
        CHECK(claim_of(name) == Claim::nothing);
    }
    CHECK(claim_of("HTTP_CLIENT_IP") ==
          Claim::client_address);  // as some Java libraries ask for it
}

TEST_CASE("each header that a proxy is told to remove is one that the gate does not believe") {
    for (const std::string_view name : claims_to_remove()) {
        CAPTURE(name);
        CHECK(is_plainly_spelled(name));
        const Claim claim = claim_of(name);
        CHECK((claim == Claim::target || claim == Claim::forwarded ||
               claim == Claim::client_address || claim == Claim::user));
        CHECK_FALSE(is_beyond_removal(name));
        for (const std::string_view kept : {"X-Forwarded-For", "X-Forwarded-Host",
                                            "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP"})
            CHECK_FALSE(reads_as(name, kept));
    }
}

TEST_CASE("a header that applications believe as the caller's identity is one that claims it") {
    for (const char* name : {"Remote-User",
                             "X-Remote-User",
                             "X-Remote-Group",
                             "X-Remote-Groups",
                             "X-Remote-Extra-Anything",
                             "X-Auth-Request-User",
                             "X-Auth-Request-Anything",
                             "X-WebAuth-User",
                             "X-WEBAUTH-USER",
                             "X-MS-Client-Principal",
                             "X-MS-Client-Principal-Name",
                             "X-Goog-Authenticated-User-Email",
                             "X-Goog-Iap-Jwt-Assertion",
                             "X-Amzn-Oidc-Data",
                             "Cf-Access-Jwt-Assertion",
                             "Impersonate-User",
                             "Impersonate-Extra-Anything",
                             "SSL-Client-Cert",
                             "SSL_CLIENT_S_DN",
                             "X-SSL-Client-Verify",
                             "X-Client-Cert",
                             "Client-Cert",
                             "Client-Cert-Chain",
                             "X-ARR-ClientCert",
                             "Auth-Type",
                             "Auth-User",
                             "X-Auth-User",
                             "X-Auth-Username",
                             "X-User",
                             "X-User-Id",
                             "OIDC_CLAIM_anything",
                             "HTTP_REMOTE_USER",
                             "iv-user",
                             "SM_USER",
                             "X-Consumer-Username",
                             "Tailscale-User-Login",
                             "X-authentik-username",
                             "X-Pomerium-Claim-Email",
                             "X-Vouch-User"}) {
        CAPTURE(name);
        CHECK(claim_of(name) == Claim::user);
    }
    for (const char* name : {"X-Forwarded-User", "X-Forwarded-Email", "X-Forwarded-Groups",
                             "X-Forwarded-Preferred-Username", "X-Forwarded-Access-Token",
                             "X-Forwarded-Client-Cert"}) {
        CAPTURE(name);
        CHECK(claim_of(name) == Claim::forwarded);
    }
    for (const char* name : {"Request-Uri", "Request-Method", "Script-Name", "Path-Info",
                             "X-Middleware-Subrequest", "X-Rewrite-Url", "X-Original-URL"}) {
        CAPTURE(name);
        CHECK(claim_of(name) == Claim::target);
    }
}

TEST_CASE("what a proxy removes by its beginning claims the same as what it removes by its name") {
    for (const std::string_view family : families_to_remove()) {
        CAPTURE(family);
        const Claim claim = claim_of(std::string(family) + "Made-Up");
        CHECK((claim == Claim::target || claim == Claim::user));
        CHECK(is_beyond_removal(std::string(family) + "Made-Up") == (claim == Claim::user));
    }
    CHECK_FALSE(is_beyond_removal("X-Remote-User"));
    CHECK_FALSE(is_beyond_removal("X-Remote-Extra-Scopes"));
    CHECK_FALSE(is_beyond_removal("X-Trace-Id"));
}

TEST_CASE("a query parameter that frameworks take for the method is known in every spelling") {
    for (const char* name : {"_method", "_METHOD", ".method", "_HttpMethod",
                             "x-http-method-override", "X_HTTP_Method", "X-Method-Override"}) {
        CAPTURE(name);
        CHECK(is_method_parameter(name));
    }
    for (const char* name : {"method", "", "_", "methods", "_methods", "payment_method"}) {
        CAPTURE(name);
        CHECK_FALSE(is_method_parameter(name));
    }
}
