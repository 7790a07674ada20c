// Several APIs behind one gate: every way to ask judges a call by the rows of the API whose host it
// was sent to, and a host of no API is 421 everywhere.
#include <memory>
#include <string>
#include <string_view>

#include "support/catch.h"
#include "support/forwarding.h"
#include "support/http_bench.h"

using namespace hourgate;
using namespace hourgate::test;
using hourgate::http::Request;
using hourgate::http::Response;

namespace {

/// small_rules() are those of "shop"; those of "billing" let everybody read /clients/**, and nobody
/// else do anything.
policy::PolicyConfig two_apis() {
    policy::PolicyConfig rules = small_rules();
    rules.apis = {{"shop", {"shop.example"}}, {"billing", {"billing.example"}}};
    for (policy::Resource& resource : rules.resources)
        resource.api = "shop";
    policy::Resource bills = resource_at("bills", "/clients/**");
    bills.api = "billing";
    for (policy::Access& row : bills.access)
        row = access("read");
    rules.resources.push_back(bills);
    return rules;
}

class ApisBench : public HttpBench {
public:
    explicit ApisBench(Mode mode = Mode::enforce) : HttpBench(mode, two_apis()) {
        http::Service::Settings made = settings();
        made.trust.by_host = true;
        made.trust.hosts.insert(made.trust.hosts.end(), {"shop.example", "billing.example", "x.y"});
        service.use(std::move(made), gate);
    }
    [[nodiscard]] static Request asked(std::string_view dialect, std::string_view host,
                                       std::string_view method = "GET",
                                       std::string_view target = "/clients/1") {
        if (dialect == "envoy") {
            Request made =
                request(std::string(method), "/_hourgate/auth/envoy" + std::string(target));
            set_header(made, "Host", host);
            return made;
        }
        Request made = dialect == "nginx" ? nginx(method, target)
                       : dialect == "denied"
                           ? nginx(method, target, "/_hourgate/denied")
                           : forwarded(method, target, "/_hourgate/auth/" + std::string(dialect));
        made.headers.push_back({"X-Forwarded-Host", std::string(host)});
        return made;
    }
};

int status_in(const Response& answer) {
    const std::string told = header(answer, "X-Hourgate-Status");
    return told == "(absent)" ? answer.status : std::stoi(told);
}

bool says(const Response& answer, std::string_view part) {
    return answer.body.find(part) != std::string::npos;
}

constexpr std::string_view dialects[] = {"nginx", "caddy", "traefik", "envoy"};

}  // namespace

TEST_CASE("a proxy's question is judged by the rows of the API whose host it names") {
    for (const std::string_view dialect : dialects) {
        CAPTURE(dialect);
        ApisBench bench;
        bench.facts.member.role = Role::member;
        bench.put();
        CHECK(bench.ask(ApisBench::asked(dialect, "billing.example:443")).status / 100 == 2);
        const Response shop = bench.ask(ApisBench::asked(dialect, "Shop.Example."));
        CHECK(status_in(shop) == 403);
        CHECK(says(shop, "role_forbidden"));
    }
}

TEST_CASE("a question under a host of no API is 421, counts nothing and asks nobody who they are") {
    for (const std::string_view dialect : dialects) {
        CAPTURE(dialect);
        ApisBench bench;
        const Response answer = bench.ask(ApisBench::asked(dialect, "x.y"));
        CHECK(status_in(answer) == 421);
        CHECK(says(answer, R"("code":"bad_request","reason":"host_unlisted")"));
        CHECK(says(answer, "'x.y'"));
        CHECK(bench.left() == 3);
        REQUIRE(bench.notes.told.size() == 1);
        CHECK(bench.notes.told[0] == std::pair<std::string, int>("host_unlisted", 421));
    }
    ApisBench bench;
    CHECK(status_in(bench.ask(ApisBench::asked("denied", "x.y"))) == 421);
}

TEST_CASE("a proxy that does not say the host once is refused, whatever is the default") {
    for (const std::string_view dialect : {"nginx", "caddy", "traefik"}) {
        CAPTURE(dialect);
        ApisBench bench;
        Request without = ApisBench::asked(dialect, "shop.example");
        drop_header(without, "X-Forwarded-Host");
        Request twice = ApisBench::asked(dialect, "shop.example");
        twice.headers.push_back({"X-Forwarded-Host", "billing.example"});
        Request odd = without;
        odd.headers.push_back({"X_Forwarded_Host", "billing.example"});
        Request empty = ApisBench::asked(dialect, "");
        for (const Request& one : {without, twice, odd, empty}) {
            const Response answer = bench.ask(one);
            CHECK(status_in(answer) == 400);
            CHECK_FALSE(answer.status / 100 == 2);
        }
        CHECK(says(bench.ask(without), "X-Forwarded-Host"));
        // One header with two hosts is no host.
        CHECK(status_in(bench.ask(ApisBench::asked(dialect, "x.y, shop.example"))) == 421);
        CHECK(bench.left() == 3);
    }
}

TEST_CASE("nginx's second question about a refused call is judged in the same API") {
    ApisBench bench;
    bench.facts.member.role = Role::member;
    bench.put();
    CHECK(says(bench.ask(ApisBench::asked("denied", "shop.example")), "role_forbidden"));
    CHECK(says(bench.ask(ApisBench::asked("denied", "billing.example")), "granted_since"));
}

TEST_CASE("a back end says the host in a member of its question, and has to") {
    ApisBench bench;
    const auto verify = [&](const std::string& more) {
        Request request = HttpBench::request("POST", "/_hourgate/verify");
        drop_header(request, "Authorization");
        request.headers.push_back({"Content-Type", "application/json"});
        request.body = R"({"token":")" + HttpBench::token() +
                       R"(","method":"DELETE","path":"/clients/1")" + more + "}";
        return bench.ask(request);
    };
    CHECK(says(verify(R"(,"host":"shop.example")"), R"("granted":true)"));
    CHECK(says(verify(R"(,"host":"billing.example")"), "role_forbidden"));
    CHECK(says(verify(R"(,"host":"x.y")"), "host_unlisted"));
    const Response without = verify("");
    CHECK(says(without, R"("granted":false)"));
    CHECK(says(without, "to which host the call was sent"));
    CHECK(says(verify(R"(,"host":7)"), "host"));
    CHECK(says(verify(R"(,"host":")" + std::string(301, 'a') + "\""), "too long"));
}

TEST_CASE("the gate's own routes answer under every host") {
    ApisBench bench;
    for (const char* host : {"shop.example", "billing.example", "elsewhere.example"}) {
        INFO(host);
        Request me = HttpBench::request("GET", "/_hourgate/api/v1/me");
        set_header(me, "Host", host);
        CHECK(bench.service.handle(http::Listener::public_, me).status == 200);
    }
}

TEST_CASE("what a call would get is asked of the API whose host is asked") {
    ApisBench bench;
    const auto would = [&](const char* host) {
        Request check = HttpBench::request("POST", "/_hourgate/api/v1/check");
        set_header(check, "Host", host);
        check.headers.push_back({"Content-Type", "application/json"});
        check.body = R"({"method":"DELETE","path":"/clients/1"})";
        return bench.service.handle(http::Listener::public_, check).body;
    };
    CHECK(would("shop.example").find(R"("granted":true)") != std::string::npos);
    CHECK(would("billing.example").find("role_forbidden") != std::string::npos);
    CHECK(would("x.y").find("host_unlisted") != std::string::npos);
}

TEST_CASE("in mode observe a host of no API is granted to a proxy, which says what would be") {
    ApisBench bench(Mode::observe);
    const Response answer = bench.ask(ApisBench::asked("caddy", "x.y"));
    CHECK(answer.status == 200);
    CHECK(header(answer, "X-Hourgate-Would") == "421 host_unlisted");
}

namespace {

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Two APIs behind the gate's own proxy.
class TwoBehind {
public:
    explicit TwoBehind(Mode mode = Mode::enforce)
        : shop_(upstream_at(shop.port(), counts)),
          billing_(upstream_at(billing.port(), counts)),
          bench(mode) {
        use(shop_.get(), billing_.get());
        auto bound =
            http::Server::bind(http::Listener::public_, {"127.0.0.1", 0, ""}, bench.service, {});
        REQUIRE(bound.ok());
        server = std::move(bound).value();
        server->start();
    }
    void use(http::Upstream* first, http::Upstream* second) {
        http::Service::Settings made = bench.settings();
        made.trust.by_host = true;
        made.api_upstreams = {first, second};
        bench.service.use(std::move(made), bench.gate);
    }
    [[nodiscard]] static std::string get(std::string_view host,
                                         std::string_view target = "/clients/1") {
        return "GET " + std::string(target) + " HTTP/1.1\r\nHost: " + std::string(host) + "\r\n" +
               with_token() + "\r\n";
    }
    [[nodiscard]] RawClient client() const { return RawClient(server->port()); }
    [[nodiscard]] std::string served_by(const RawUpstream& api, const std::string& bytes) const {
        RawClient caller = client();
        caller.send(bytes);
        RawClient at_api = api.accept();
        const std::string head = at_api.head();
        at_api.send(ok);
        CHECK(has(caller.answer(), "200"));
        return head;
    }

    RawUpstream shop, billing;
    http::Upstream::Counts counts;

private:
    std::unique_ptr<http::Upstream> shop_, billing_;

public:
    ApisBench bench;
    std::unique_ptr<http::Server> server;
};

}  // namespace

TEST_CASE("a granted call goes to the API of its host, with the Host that it came with") {
    const TwoBehind gate;
    CHECK(has(gate.served_by(gate.shop, TwoBehind::get("SHOP.example:8080")),
              "Host: SHOP.example:8080\r\n"));
    CHECK(has(gate.served_by(gate.billing, TwoBehind::get("billing.example")),
              "Host: billing.example\r\n"));
    CHECK_FALSE(gate.shop.has_caller());
}

TEST_CASE("a target in absolute form is of the API that it names, whatever Host says") {
    const TwoBehind gate;
    (void)gate.served_by(gate.billing,
                         TwoBehind::get("shop.example", "http://billing.example/clients/1"));
    CHECK_FALSE(gate.shop.has_caller());
}

TEST_CASE("what a caller says in X-Forwarded-Host chooses no API of the gate's own proxy") {
    const TwoBehind gate;
    const std::string bytes =
        "GET /clients/1 HTTP/1.1\r\nHost: shop.example\r\n"
        "X-Forwarded-Host: billing.example\r\n" +
        with_token() + "\r\n";
    (void)gate.served_by(gate.shop, bytes);
    CHECK_FALSE(gate.billing.has_caller());
}

TEST_CASE("a call under a host of no API reaches none and gets 421, in mode observe, too") {
    for (const Mode mode : {Mode::enforce, Mode::observe}) {
        const TwoBehind gate(mode);
        for (const std::string& bytes :
             {TwoBehind::get("x.y"), "GET /clients/1 HTTP/1.0\r\n" + with_token() + "\r\n"}) {
            RawClient caller = gate.client();
            caller.send(bytes);
            const std::string answer = caller.answer();
            CHECK(has(answer, " 421 "));
            CHECK(has(answer, "host_unlisted"));
        }
        CHECK_FALSE(gate.shop.has_caller());
        CHECK_FALSE(gate.billing.has_caller());
    }
}

TEST_CASE("of an API that calls are not forwarded to, the public listener says so, and no other") {
    TwoBehind gate;
    gate.use(&nowhere(), nullptr);
    RawClient caller = gate.client();
    caller.send(TwoBehind::get("billing.example"));
    CHECK(has(caller.answer(), "no_such_route"));
    RawClient other = gate.client();
    other.send(TwoBehind::get("shop.example"));
    CHECK(has(other.answer(), "upstream_unreachable"));
}

TEST_CASE("a call under way ends with the API it began with when another takes its place") {
    TwoBehind gate;
    const RawUpstream third;
    const auto other = upstream_at(third.port(), gate.counts);
    RawClient caller = gate.client();
    caller.send(TwoBehind::get("billing.example"));
    RawClient at_api = gate.billing.accept();
    (void)at_api.head();
    gate.use(&nowhere(), other.get());
    at_api.send(ok);
    CHECK(has(caller.answer(), "ok"));
    (void)gate.served_by(third, TwoBehind::get("billing.example"));
    CHECK_FALSE(gate.billing.has_caller());
}
