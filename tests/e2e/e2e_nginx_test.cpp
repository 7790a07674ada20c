// Behind a real nginx, with auth_request, as the README shows it.
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

std::string ask_headers(const std::string& route) {
    return "internal; proxy_pass http://hourgate" + route +
           "; proxy_http_version 1.1; proxy_set_header Connection \"\";"
           " proxy_pass_request_body off; proxy_set_header Content-Length \"\";"
           " proxy_set_header X-Original-Method $request_method;"
           " proxy_set_header X-Original-URI $request_uri;"
           " proxy_set_header X-Forwarded-For 192.0.2.9;";
}

/// nginx in front of an application that says who calls. Listens on Unix sockets: no port to agree
/// on.
class Nginx {
public:
    Nginx(const Folder& folder, std::uint16_t ask_port) : folder_(folder) {
        const std::string config =
            "pid " + folder.file("nginx.pid") + ";\nerror_log " + folder.file("error.log") + ";\n" +
            (is_root() ? "user root;\n" : "") +
            "events {}\nhttp {\naccess_log off;\n"
            "client_body_temp_path " +
            folder.file("t1") + "; proxy_temp_path " + folder.file("t2") +
            ";\n"
            "fastcgi_temp_path " +
            folder.file("t3") + "; uwsgi_temp_path " + folder.file("t4") +
            ";\n"
            "scgi_temp_path " +
            folder.file("t5") +
            ";\n"
            "upstream hourgate { server 127.0.0.1:" +
            std::to_string(ask_port) +
            "; keepalive 32; }\n"
            "server { listen unix:" +
            folder.file("app.sock") +
            ";\n"
            "  location / { return 200 \"$http_x_hourgate_role $http_authorization.\"; } }\n"
            "server { listen unix:" +
            folder.file("front.sock") +
            ";\n"
            "  location / { auth_request /_gate; auth_request_set $role "
            "$upstream_http_x_hourgate_role;\n"
            "    proxy_set_header X-Hourgate-Role $role; proxy_set_header Authorization \"\";\n"
            "    error_page 401 403 = /_gate_denied; proxy_pass http://unix:" +
            folder.file("app.sock") +
            "; }\n"
            "  location = /_gate { " +
            ask_headers("/_hourgate/auth/nginx") +
            " }\n"
            "  location = /_gate_denied { " +
            ask_headers("/_hourgate/denied") +
            " }\n"
            "} }\n";
        write_file(folder.file("nginx.conf"), config);
        // Returns when it listens.
        const Ran started = run({"nginx", "-c", folder.file("nginx.conf"), "-p", folder.path()});
        INFO(started.err);
        REQUIRE(started.exit_code == 0);
    }
    /// Ends it, workers included, and waits until its files are nobody's.
    ~Nginx() {
        const std::string pid = read_file(folder_.file("nginx.pid"));
        const auto number = hourgate::parse_number(pid.substr(0, pid.find('\n')), 1U << 30U);
        if (!number)
            return;
        const int master = static_cast<int>(::syscall(SYS_pidfd_open, *number, 0));
        ::kill(static_cast<pid_t>(*number), SIGTERM);
        pollfd ended = {master, POLLIN, 0};
        if (master >= 0)
            ::poll(&ended, 1, 10'000);
        ::close(master);
    }
    Nginx(const Nginx&) = delete;
    Nginx& operator=(const Nginx&) = delete;

    [[nodiscard]] Answered get(const std::string& token,
                               const std::string& target = "/api/v1/clients") const {
        return Wire(folder_.file("front.sock"))
            .ask(hourgate::e2e::get(
                target, {{token.empty() ? "X-None" : "Authorization", "Bearer " + token}}));
    }

private:
    const Folder& folder_;
};

}  // namespace

TEST_CASE("nginx with auth_request gives all five answers, in full") {
    if (!installed("nginx")) {
        WARN("skipped: nginx is not installed");
        return;
    }
    const Installation here;
    here.populate();
    here.must({"plan", "set", "tiny", "--api", "yes", "--rank", "5", "--window", "burst=2/3600"});
    here.must({"workspace", "add", "Tiny", "--plan", "tiny"});
    here.must({"workspace", "add", "Free"});
    here.must({"member", "add", "Tiny", "t@tiny.example", "--role", "owner"});
    here.must({"member", "add", "Free", "f@free.example", "--role", "owner"});
    const std::string manager = here.mint("manager@acme.example"),
                      member = here.mint("member@acme.example");
    const std::string tiny = here.mint("t@tiny.example"), free = here.mint("f@free.example");
    Server server(here);
    const Folder folder;
    const Nginx nginx(folder, server.ports().ask);

    const Answered granted = nginx.get(manager);
    CHECK(granted.status == 200);
    CHECK(granted.body == "manager .");  // who calls, and no token

    const Answered unknown = nginx.get("");
    CHECK(unknown.status == 401);
    CHECK(contains(unknown.header("WWW-Authenticate"), "Bearer"));
    CHECK(Json::parse(unknown.body).at("error").at("reason") == "no_credentials");

    const Answered unpaid = nginx.get(free);
    CHECK(unpaid.status == 402);
    CHECK(Json::parse(unpaid.body).at("error").at("reason") == "plan_without_api");

    const Answered forbidden = nginx.get(member);
    CHECK(forbidden.status == 403);
    CHECK(Json::parse(forbidden.body).at("error").at("reason") == "role_forbidden");

    CHECK(nginx.get(tiny).status == 200);
    CHECK(nginx.get(tiny).status == 200);
    const Answered full = nginx.get(tiny);
    CHECK(full.status == 429);
    CHECK_FALSE(full.header("Retry-After").empty());
    CHECK(Json::parse(full.body).at("error").at("window") == "burst");

    CHECK(nginx.get(manager, "/api/v1/clients/%2e%2e/admin").status == 400);
}
