// A site of nginx that was there before the gate: with TLS, several locations and headers of its own.
// It includes the parts that `hourgate snippets nginx --parts` writes, and keeps all that it had.
#include <string>
#include <vector>

#include "e2e/stage.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// The folder of the parts, and the site. `api` is where the API listens.
struct Site {
    const Folder folder;
    const FreePlace tls;
    bool has_tls = false;

    Site() {
        has_tls =
            installed("openssl") && installed("curl") &&
            run({"openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                 "/CN=shop.example", "-keyout", folder.file("key"), "-out", folder.file("cert")})
                    .exit_code == 0;
        if (!has_tls)
            WARN("without TLS: openssl or curl is not installed");
    }

    [[nodiscard]] std::string text(const std::string& place, const std::string& api) const {
        const auto part = [&](const std::string& name) {
            return "include " + folder.file("hourgate-" + name + ".conf") + ";\n";
        };
        const std::string port = place.substr(place.find(':') + 1);
        return part("http") + "add_header X-Of-Http lost;\nserver {\nlisten " + place +
               ";\nserver_name other.example;\nreturn 404;\n}\nserver {\nlisten " + place + ";\n" +
               (has_tls ? "listen " + tls.text() + " ssl;\nssl_certificate " + folder.file("cert") +
                              ";\nssl_certificate_key " + folder.file("key") + ";\n"
                        : "") +
               "server_name shop.example;\n"
               "add_header Strict-Transport-Security max-age=1000 always;\n"
               "error_page 404 /missing.html;\n"
               "proxy_set_header X-Of-Site kept;\n" +
               part("server") +
               "location = /missing.html { internal; return 404 \"no such page\\n\"; }\n"
               "location /open/ { proxy_pass " +
               api +
               "; }\n"
               "location /closed/ { deny all; }\n"
               "location /file/ { add_header X-Of-Location own; return 200 \"a file\\n\"; }\n"
               "location /api/ {\n" +
               part("location") + "proxy_set_header X-Of-Location kept;\nproxy_pass " + api +
               ";\n}\n"
               "location = /api/v1/clients/1 {\nadd_header X-Of-Location own;\n" +
               part("location") + "proxy_pass " + api + ";\n}\n}\n";
    }
};

/// As the browser of somebody who visits the site.
std::string at_site(const std::string& target, const Headers& more = {}) {
    return replaced(get(target, more), "Host: localhost\r\n", "Host: shop.example\r\n");
}

}  // namespace

TEST_CASE("a site keeps its locations and headers when some of its locations ask the gate") {
    if (executable("nginx").empty()) {
        WARN("skipped: nginx is not installed");
        return;
    }
    const Site site;
    Stage stage(
        "nginx", "", Ask::by_socket,
        [&](const std::string& complete) {
            const std::string listen = "listen ";
            std::string place = complete.substr(complete.find(listen) + listen.size());
            place.resize(place.find(';'));
            std::string api = complete.substr(complete.find("upstream hourgate_api {\n"));
            api = api.substr(api.find("server ") + 7);
            api.resize(api.find(';'));
            return site.text(place, "http://" + api);
        },
        0,
        [&](const std::string& config) {
            const Ran ran = run(
                {binary(), "--config", config, "snippets", "nginx", "--parts", site.folder.path()});
            INFO(ran.err);
            REQUIRE(ran.exit_code == 0);
        });
    const auto hsts = [](const Answered& answered) {
        return answered.header("Strict-Transport-Security") == "max-age=1000";
    };

    // A location that asks: granted, with the headers of the site and what is left.
    const Answered granted = stage.front->ask(at_site(clients, Stage::with(stage.manager)));
    CHECK(granted.status == 200);
    CHECK(hsts(granted));
    CHECK(granted.count("RateLimit") == 1);
    CHECK(granted.count("X-Hourgate-Decision") == 1);
    CHECK(granted.count("X-Of-Http") == 0);  // as before: the server has lines of its own
    std::vector<Seen> seen = stage.api.take();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].header("x-hourgate-role") == "manager");
    CHECK(seen[0].header("x-of-location") == "kept");
    CHECK(seen[0].header("host") == "shop.example");

    // Refused: in full, once, and still with the site's headers.
    for (const auto& [token, status] :
         {std::pair<std::string, int>{"", 401}, {stage.unpaid, 402}}) {
        const Answered refused = stage.front->ask(at_site(clients, Stage::with(token)));
        CHECK(refused.status == status);
        CHECK(hsts(refused));
        CHECK(refused.count("X-Hourgate-Decision") == 1);
        CHECK(refused.count("WWW-Authenticate") == (status == 401 ? 1 : 0));
        CHECK_FALSE(reason_of(refused).empty());
    }

    // A location that has add_header lines of its own keeps them, as nginx keeps them.
    const Answered own = stage.front->ask(at_site(clients + "/1", Stage::with(stage.manager)));
    CHECK(own.status == 200);
    CHECK(own.header("X-Of-Location") == "own");
    CHECK(own.count("Strict-Transport-Security") == 0);

    // Locations that do not ask are as they were.
    (void)stage.api.take();
    const Answered open = stage.front->ask(at_site("/open/door"));
    CHECK(open.status == 200);
    CHECK(hsts(open));
    CHECK(open.count("X-Hourgate-Decision") == 0);
    seen = stage.api.take();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].header("x-of-site") == "kept");
    const Answered closed = stage.front->ask(at_site("/closed/door"));
    CHECK(closed.status == 403);
    CHECK(hsts(closed));
    CHECK(contains(closed.body, "nginx"));
    const Answered file = stage.front->ask(at_site("/file/x"));
    CHECK(file.body == "a file\n");
    CHECK(file.header("X-Of-Location") == "own");
    const Answered missing = stage.front->ask(at_site("/nowhere"));
    CHECK(missing.status == 404);

    // Callers look after their tokens at the site.
    CHECK(stage.front->ask(at_site("/_hourgate/api/v1/me", Stage::with(stage.manager))).status ==
          200);
    CHECK(stage.front->ask(at_site("/_hourgate/auth", Stage::with(stage.manager))).status == 404);

    if (!site.has_tls)
        return;
    const Ran by_tls =
        run({"curl", "-sk", "-i", "--max-time", "30", "-H", "Host: shop.example", "-H",
             "Authorization: Bearer " + stage.manager, "https://" + site.tls.text() + clients});
    CHECK(by_tls.out.starts_with("HTTP/1.1 200 "));
    CHECK(contains(by_tls.out, "\r\nStrict-Transport-Security: max-age=1000\r\n"));
    seen = stage.api.take();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0].header("x-forwarded-proto") == "https");
}
