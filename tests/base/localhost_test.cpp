// The name localhost, where a machine does not say what it is.
#include "base/localhost.h"

#include <netdb.h>

#include "support/catch.h"

using namespace hourgate;

TEST_CASE("localhost and the names below it mean this machine, and no other name does") {
    for (const char* name :
         {"localhost", "LocalHost", "localhost.", "api.localhost", "a.b.localhost."})
        CHECK(is_localhost(name));
    for (const char* name : {"", ".", "localhos", "notlocalhost", "localhost.example", "127.0.0.1"})
        CHECK_FALSE(is_localhost(name));
}

TEST_CASE("localhost always resolves, and other names are asked for as they are") {
    // Most machines do not know the second: it stands for a machine that knows neither.
    for (const char* name : {"localhost", "no-such-name.localhost"}) {
        addrinfo* found = nullptr;
        REQUIRE(getaddrinfo(resolvable(name).c_str(), nullptr, nullptr, &found) == 0);
        freeaddrinfo(found);
    }
    CHECK(resolvable("no-such-host.invalid") == "no-such-host.invalid");
    CHECK(resolvable("192.0.2.1") == "192.0.2.1");
}
