// The one reading of header names, and what each name claims.
#include "base/header_name.h"

#include <string>
#include <string_view>

#include "support/catch.h"

using namespace hourgate;

namespace {

/// All that RFC 9110 section 5.6.2 allows in a name beside letters and digits.
constexpr std::string_view separators = "!#$%&'*+-.^_`|~";

std::string spelled(std::string_view name, char separator) {
    std::string text(name);
    for (char& c : text)
        if (c == '-')
            c = separator;
    return text;
}

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
               claim == Claim::client_address));
        for (const std::string_view kept : {"X-Forwarded-For", "X-Forwarded-Host",
                                            "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP"})
            CHECK_FALSE(reads_as(name, kept));
    }
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
