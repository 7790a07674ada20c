// hourgate snippets: what it fills in, and what it refuses to print. e2e_proxies_test runs the texts.
#include <algorithm>
#include <string>
#include <vector>

#include "base/header_name.h"
#include "base/text.h"
#include "e2e/installation.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

const Arguments all = {"nginx", "caddy", "haproxy", "haproxy.lua", "traefik", "envoy"};

/// A configuration of its own, without a database.
class Configured {
public:
    explicit Configured(const std::string& text) { write_file(folder_.file("c.toml"), text); }
    [[nodiscard]] Ran run(Arguments words) const {
        words.insert(words.begin(), {binary(), "--config", folder_.file("c.toml"), "snippets"});
        return hourgate::e2e::run(words);
    }
    [[nodiscard]] std::string text(const Arguments& words) const {
        const Ran ran = run(words);
        INFO(ran.err);
        CHECK(ran.exit_code == 0);
        CHECK((ran.err.empty() || contains(ran.err, "warning: without --server-name, ") ||
               contains(ran.err, "warning: [upstream] url is not set, ")));
        return ran.out;
    }
    void refuses(const Arguments& words, int exit_code, const std::string& what,
                 const std::string& next) const {
        const Ran ran = run(words);
        INFO(ran.err);
        CHECK(ran.exit_code == exit_code);
        CHECK(ran.out.empty());
        CHECK(contains(ran.err, what));
        CHECK(contains(ran.err, "next: " + next));
    }

private:
    Folder folder_;
};

}  // namespace

TEST_CASE("every text is filled in from the configuration, and leaves nothing to fill in") {
    const Configured here(
        "[server]\nask = \"127.0.0.1:8411\"\npublic = \"[::]:8412\"\napi_prefix = \"/own\"\n");
    for (const std::string& proxy : all) {
        INFO(proxy);
        const std::string text =
            here.text({proxy, "--api", "http://10.1.2.3:8080/", "--listen", "127.0.0.1:9090"});
        CHECK_FALSE(contains(text, "{{"));
        CHECK_FALSE(contains(text, "\\x"));  // nothing that a terminal could not show
        CHECK(contains(text, "8411") == (proxy != "haproxy"));  // its script asks
        if (proxy == "haproxy.lua")
            continue;
        CHECK(contains(text, "10.1.2.3"));
        CHECK(contains(text, "8412"));
        CHECK(contains(text, "::1"));  // all addresses are reached by loopback
        CHECK(contains(text, "/own/"));
        CHECK(contains(text, "9090"));
        for (const char* name :
             {"workspace", "member", "role", "plan", "token", "env", "scopes", "own"}) {
            INFO(name);
            std::string folded = text;
            for (char& c : folded)
                c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
            CHECK(contains(folded, std::string("x-hourgate-") + name));
        }
    }
    const Json json = Json::parse(here.text({"caddy", "--json"}));
    CHECK(json.at("proxy") == "caddy");
    CHECK(json.at("text") == here.text({"caddy"}));
}

TEST_CASE("each text removes every header with which a caller would speak for a proxy") {
    const Configured here("[upstream]\nurl = \"http://127.0.0.1:3000\"\n");
    const std::vector<Arguments> texts = {
        {"nginx"},   {"nginx", "--in-front"},   {"caddy"},   {"caddy", "--in-front"},
        {"haproxy"}, {"haproxy", "--in-front"}, {"traefik"}, {"envoy"}};
    for (const Arguments& words : texts) {
        INFO(words.front() << (words.size() > 1 ? " in front" : ""));
        const std::string text = hourgate::lower(here.text(words));
        CHECK_FALSE(contains(text, "{{"));
        for (const std::string_view claim : hourgate::claims_to_remove()) {
            INFO(claim);
            CHECK(contains(text, hourgate::lower(claim)));
        }
        // Names with other bytes, which an application reads as one of these.
        const std::string refused = words.front() == "nginx"     ? "underscores_in_headers off;"
                                    : words.front() == "caddy"   ? "request_header -*.*"
                                    : words.front() == "haproxy" ? "del-header [^a-za-z0-9-] -m reg"
                                    : words.front() == "envoy"   ? "regex: \".*[^a-za-z0-9-].*\""
                                                                 : "x[^a-z0-9]hourgate[^a-z0-9]";
        CHECK(contains(text, refused));
    }
}

TEST_CASE("a proxy in front of the gate sets address, scheme and host, and needs no ask listener") {
    const Configured here("[server]\nask = \"\"\npublic = \"127.0.0.1:8412\"\n");
    for (const std::string proxy : {"nginx", "caddy", "haproxy"}) {
        INFO(proxy);
        const std::string text = here.text({proxy, "--in-front", "--listen", "127.0.0.1:9090"});
        for (const char* part : {"127.0.0.1:8412", "9090", "X-Forwarded-For", "X-Forwarded-Proto",
                                 "X-Forwarded-Host", "Set [upstream] url"})
            CHECK(contains(text, part));
        CHECK_FALSE(contains(text, "8401"));
    }
    for (const char* proxy : {"traefik", "envoy", "haproxy.lua"})
        here.refuses({proxy, "--in-front"}, 2, "with --in-front", "one of: nginx, caddy, haproxy");
    here.refuses({"nginx", "--in-front", "--api", "http://127.0.0.1:3000"}, 2,
                 "--api has no meaning with --in-front", "leave it out");
}

TEST_CASE("nginx says which call it asks about where ask_id is set, and how to where it is not") {
    const std::string off = Configured("").text({"nginx"});
    CHECK_FALSE(contains(off, "$request_id"));
    CHECK(contains(off, "set that, run `systemctl reload hourgate`"));
    const std::string on = Configured("[trust]\nask_id = \"X-My-Id\"\n").text({"nginx"});
    CHECK(contains(on, "proxy_set_header X-My-Id $request_id;"));
    CHECK(contains(on, "proxy_set_header X-My-Id \"\";"));  // the API does not get it
    CHECK_FALSE(contains(on, "set that, run `systemctl reload hourgate`"));
}

TEST_CASE("the API is the one that the gate itself forwards to, unless another is named") {
    const Configured here("[upstream]\nurl = \"http://api.internal:8081\"\n");
    for (const std::string proxy : {"nginx", "caddy", "haproxy", "traefik", "envoy"}) {
        INFO(proxy);
        const std::string text = here.text({proxy});
        CHECK(contains(text, "api.internal"));
        CHECK(contains(text, "8081"));
        CHECK_FALSE(contains(text, "3000"));
        CHECK_FALSE(contains(here.text({proxy, "--api", "http://10.1.2.3:8080"}), "api.internal"));
    }
    CHECK(contains(Configured("").text({"nginx"}), "127.0.0.1:3000"));
    const Configured socket("[upstream]\nurl = \"unix:/run/api.sock\"\n");
    CHECK(contains(socket.text({"nginx"}), "server unix:/run/api.sock;"));
    CHECK(contains(socket.text({"caddy"}), "reverse_proxy unix//run/api.sock {"));
    CHECK(contains(socket.text({"haproxy"}), "server api unix@/run/api.sock"));
    CHECK(contains(socket.text({"envoy"}), "pipe: { path: \"/run/api.sock\" }"));
    socket.refuses({"traefik"}, 1, "which Traefik cannot forward to", "name another address");
    const Configured two("[upstream]\nurl = [\"http://a:1\", \"http://b:2\"]\n");
    const Ran ran = two.run({"nginx"});
    CHECK(contains(ran.out, "server a:1;"));
    CHECK(contains(ran.err, "[upstream] url names 2 addresses"));
    CHECK(two.run({"nginx", "--api", "http://b:2", "--server-name", "a.example"}).err.empty());
}

TEST_CASE("a Unix socket is written as each proxy reads it") {
    const Configured here("[server]\nask = \"unix:/run/hourgate/ask.sock\"\n");
    CHECK(contains(here.text({"nginx"}), "server unix:/run/hourgate/ask.sock;"));
    CHECK(contains(here.text({"caddy"}), "reverse_proxy unix//run/hourgate/ask.sock {"));
    CHECK(contains(here.text({"haproxy.lua"}), "dst = \"unix@/run/hourgate/ask.sock\""));
    CHECK(contains(here.text({"envoy"}), "pipe: { path: \"/run/hourgate/ask.sock\" }"));
    here.refuses({"traefik"}, 1, "Traefik's forwardAuth cannot ask",
                 "set [server] ask = \"127.0.0.1:8401\"");
}

TEST_CASE("of several ask listeners each proxy uses the one that it can reach best") {
    const Configured here(
        "[server]\nask = [\"127.0.0.1:8411\", \"unix:/run/hourgate/ask.sock\"]\n");
    CHECK(contains(here.text({"nginx"}), "server unix:/run/hourgate/ask.sock;"));
    CHECK(contains(here.text({"caddy"}), "reverse_proxy unix//run/hourgate/ask.sock {"));
    for (const char* proxy : {"haproxy.lua", "traefik", "envoy"})
        CHECK(contains(here.text({proxy}), "8411"));
}

TEST_CASE("what no proxy could use is refused with the next step") {
    Configured("[server]\nask = \"\"\n")
        .refuses({"nginx"}, 1, "[server] ask is off, so no proxy can ask the gate",
                 "set [server] ask = \"127.0.0.1:8401\" and restart hourgate");
    Configured("[server]\nask = \"127.0.0.1:0\"\n")
        .refuses({"caddy"}, 1, "[server] ask is another free port at each start",
                 "set [server] ask = \"127.0.0.1:8401\"");
    Configured("[server]\nask = \"unix:/run/a b;\"\n")
        .refuses({"nginx"}, 1, "may read otherwise", "choose a path");
    const Configured here("");
    here.refuses({"ngnix"}, 2, "PROXY 'ngnix' is not known here", "did you mean nginx?");
    here.refuses({"apache"}, 2, "PROXY 'apache' is not known here", "one of: nginx, caddy");
    here.refuses({"nginx", "--api", "https://10.0.0.1"}, 2, "--api 'https://10.0.0.1'",
                 "as in --api http://127.0.0.1:3000");
    here.refuses({"nginx", "--api", "http://10.0.0.1/v1"}, 2, "is no address with a port",
                 "as in --api");
    here.refuses({"nginx", "--listen", "80; evil"}, 2, "--listen '80; evil'", "as in --listen");
    here.refuses({"haproxy", "--lua", "h.lua"}, 2, "no plain absolute path", "as in --lua");
}

TEST_CASE("nginx's server has the names that are given, or says who answers without one") {
    const Configured here("");
    const Ran unnamed = here.run({"nginx"});
    CHECK(unnamed.exit_code == 0);
    CHECK(contains(unnamed.err, "without --server-name, another server of port 80 may answer"));
    CHECK(contains(unnamed.out, "# Without a server_name, the default server of the port answers"));
    CHECK_FALSE(contains(unnamed.out, "    server_name "));
    for (const char* listen : {"    listen 80;\n", "    listen [::]:80;"})
        CHECK(contains(unnamed.out, listen));
    const Ran named = here.run({"nginx", "--server-name", "api.example.com *.api.example.com"});
    CHECK(named.err.empty());
    CHECK(contains(named.out, "    server_name api.example.com *.api.example.com;\n"));
    CHECK_FALSE(contains(named.out, "Without a server_name"));
    CHECK(contains(here.text({"nginx", "--in-front", "--server-name", "a.example"}),
                   "    server_name a.example;\n"));
    here.refuses({"nginx", "--server-name", "a;b"}, 2, "--server-name 'a;b' is no host name",
                 "as in --server-name api.example.com");
    here.refuses({"caddy", "--server-name", "a"}, 2, "--server-name is for nginx alone",
                 "leave it out");
}

TEST_CASE("parts for a site are written to a folder, and no file of somebody else is replaced") {
    const Configured here("[server]\nask = [\"127.0.0.1:8411\", \"unix:/run/h/ask\"]\n");
    const Folder folder;
    const Ran first = here.run({"nginx", "--parts", folder.path()});
    CHECK(first.exit_code == 0);
    CHECK(first.err.empty());
    const std::vector<std::string> parts = {"http", "server", "location"};
    for (const std::string& part : parts) {
        const std::string path = folder.file("hourgate-" + part + ".conf");
        INFO(path);
        CHECK(contains(first.out, "include " + path + ";"));
        const std::string text = read_file(path);
        CHECK(text.starts_with("# Hourgate for an existing site"));
        CHECK_FALSE(contains(text, "{{"));
        CHECK_FALSE(contains(text, "#: "));
    }
    CHECK(contains(read_file(folder.file("hourgate-http.conf")), "server unix:/run/h/ask;"));
    CHECK(contains(read_file(folder.file("hourgate-server.conf")),
                   "include " + folder.path() + "/hourgate-server.conf;"));
    // All of it is in the complete server, too.
    const std::string server = here.text({"nginx"});
    CHECK(contains(server, "\n        auth_request /_hourgate/auth;\n"));
    CHECK(contains(server, "\n    location = /_hourgate/denied {\n"));
    // An earlier one is replaced; anything else is not.
    CHECK(here.run({"nginx", "--parts", folder.path()}).exit_code == 0);
    const std::string mine = folder.file("hourgate-location.conf");
    write_file(mine, "location / {}\n");
    here.refuses({"nginx", "--parts", folder.path()}, 1,
                 mine + " is a file that this program has not written",
                 "move it away, or replace it with --force");
    CHECK(read_file(mine) == "location / {}\n");
    CHECK(here.run({"nginx", "--parts", folder.path(), "--force"}).exit_code == 0);
    CHECK(contains(read_file(mine), "auth_request"));
    const Json json = Json::parse(here.run({"nginx", "--parts", folder.path(), "--json"}).out);
    CHECK(json.at("files").size() == 3);
    CHECK(json.at("files").at(2) == mine);
    for (const Arguments& bad :
         std::vector<Arguments>{{"caddy", "--parts", folder.path()},
                                {"nginx", "--force"},
                                {"nginx", "--parts", "relative"},
                                {"nginx", "--parts", folder.file("missing")},
                                {"nginx", "--parts", folder.path(), "--in-front"},
                                {"nginx", "--parts", folder.path(), "--listen", "127.0.0.1:80"}})
        CHECK(here.run(bad).exit_code == 2);
}

TEST_CASE("a text for a proxy in front of a gate that cannot work with it is warned about") {
    const Configured nothing("[trust]\nproxies = []\n");
    for (const std::string proxy : {"nginx", "caddy", "haproxy"}) {
        const Ran ran = nothing.run({proxy, "--in-front"});
        INFO(proxy << ran.err);
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.err, "[upstream] url is not set"));
        CHECK(contains(ran.err, "[trust] proxies is empty"));
    }
    const Configured sound("[upstream]\nurl = \"http://127.0.0.1:3000\"\n");
    CHECK(sound.run({"caddy", "--in-front"}).err.empty());
}

TEST_CASE("each text says which one it is, whatever is filled in") {
    const auto mark = [](const std::string& text, const std::string& proxy) {
        const std::size_t at = text.find("\"" + proxy + " ");
        return at == text.npos ? std::string() : text.substr(at + 1, proxy.size() + 9);
    };
    const Configured here(""), other("[server]\nask = \"127.0.0.1:8411\"\napi_prefix = \"/own\"\n");
    std::vector<std::string> marks;
    for (const std::string proxy : {"nginx", "caddy", "haproxy"})
        for (const Arguments& more : {Arguments{}, Arguments{"--in-front"}}) {
            Arguments words = {proxy};
            words.insert(words.end(), more.begin(), more.end());
            INFO(proxy << " " << more.size());
            const std::string found = mark(here.text(words), proxy);
            CHECK(found.size() == proxy.size() + 9);
            CHECK(mark(other.text(words), proxy) == found);
            CHECK(std::find(marks.begin(), marks.end(), found) == marks.end());
            marks.push_back(found);
        }
}
