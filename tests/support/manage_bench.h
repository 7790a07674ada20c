// The gate routes as a caller sees them: a Service on a real gate, directory and database, without
// a socket. There are two workspaces with a member of every role.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "embedded.h"
#include "gate/gate.h"
#include "http/service.h"
#include "http/why/why.h"
#include "manage/audit_log.h"
#include "manage/usage.h"
#include "ops/decision_log.h"
#include "ops/usage_meter.h"
#include "store/leased_directory.h"
#include "support/database_bench.h"
#include "support/http_bench.h"

namespace hourgate::test {

class ManageBench : public DatabaseBench {
public:
    using Json = nlohmann::ordered_json;
    static constexpr std::string_view api = "/_hourgate/api/v1";
    static constexpr std::string_view admin = "/admin/v1";

    struct Reply {
        int status = 0;
        Json body;
        http::Response answer;
        [[nodiscard]] std::string reason() const {
            return body.contains("error") ? body["error"]["reason"].get<std::string>() : "";
        }
        [[nodiscard]] std::string code() const {
            return body.contains("error") ? body["error"]["code"].get<std::string>() : "";
        }
    };

    ManageBench() {
        rules.live_max = 1'000;
        for (const std::string ws : {"acme", "bolt"}) {
            workspaces[ws] = workspace(ws, "studio");
            for (const Role role : all_roles) {
                const std::string name = std::string(to_text(role)) + "@" + ws;
                members[name] = person(ws, name + ".example", role);
                tokens[name] = token_for(members[name]);
            }
        }
        manage::MintedToken minted = take(manage::mint_operator(context(), "op"));
        tokens["operator"] = std::string(minted.token.reveal());
        directory = take(store::LeasedDirectory::open(path, clock));
        gate = std::make_unique<Gate>(
            Gate::Settings{Mode::enforce, "hsk", token::Env::live, LapseRule{0}, "free"}, policy,
            *directory, limiter, own, failures, public_calls, preflights);
        service = std::make_unique<http::Service>(settings(), *gate, clock, both_);
    }

    /// Mints a token for a member, with scopes.
    std::string token_for(const std::string& member, const std::string& scopes = "",
                          std::optional<std::int64_t> expires_ms = {}) {
        const auto minted = take(manage::mint_token(
            context(), {member, "test", {}, policy::parse_scopes(scopes).value(), expires_ms}));
        return std::string(minted.token.reveal());
    }
    [[nodiscard]] static std::string prefix_of(const std::string& token) {
        return token.substr(9, 12);
    }

    /// `body` null: no body. Advances the clock, so that no window of a plan is ever full.
    Reply call(const std::string& token, const std::string& method, const std::string& target,
               const Json& body = nullptr, const std::vector<http::Header>& more = {}) {
        clock.boot_us += 10 * us_per_s;
        return call_now(token, method, target, body, more);
    }
    Reply call_now(const std::string& token, const std::string& method, const std::string& target,
                   const Json& body = nullptr, const std::vector<http::Header>& more = {}) {
        http::Request request;
        request.method = method;
        request.target = target;
        request.peer = Address::loopback();
        request.headers = {{"Host", "gate"}, {"X-Forwarded-For", "192.0.2.1"}};
        if (!token.empty())
            request.headers.push_back({"Authorization", "Bearer " + token});
        if (!body.is_null()) {
            request.headers.push_back({"Content-Type", "application/json"});
            request.body = body.is_string() ? body.get<std::string>() : body.dump();
        }
        for (const http::Header& header : more)
            set_header(request, header.name, header.value);
        const bool is_admin = target.starts_with(admin);
        Reply reply;
        reply.answer =
            service->handle(is_admin ? http::Listener::admin : http::Listener::public_, request);
        reply.status = reply.answer.status;
        reply.body = Json::parse(reply.answer.body, nullptr, false);
        return reply;
    }
    Reply self(const std::string& token, const std::string& method, const std::string& path_,
               const Json& body = nullptr, const std::vector<http::Header>& more = {}) {
        return call(token, method, std::string(api) + path_, body, more);
    }
    Reply operate(const std::string& method, const std::string& path_, const Json& body = nullptr) {
        return call(tokens.at("operator"), method, std::string(admin) + path_, body);
    }

    /// Returns the reason of the decision on a call to the API. Does not advance the clock.
    std::string api_call(const std::string& token, const std::string& target = "/clients") {
        Call call;
        call.presented = Presented::bearer;
        call.credentials = token;
        call.method = "GET";
        call.target = target;
        call.now = clock.now();
        return std::string(to_text(gate->decide(call).reason));
    }

    std::map<std::string, std::string> workspaces, members, tokens;  // by "acme", "owner@acme"
    policy::Policy policy = policy::Policy::make(small_rules()).value();
    std::unique_ptr<store::LeasedDirectory> directory;
    Limiter limiter, own;
    AddressLimiter failures{{"failures", 10'000, 60, Per::token}};
    AddressLimiter public_calls{{"public", 100, 60, Per::token}};
    AddressLimiter preflights{{"public", 100, 60, Per::token}};
    Notes notes;
    http::IdempotencyCache repeats;
    ops::UsageMeter meter;
    ops::DecisionLog decisions{ops::Grants::all};
    std::unique_ptr<Gate> gate;
    std::unique_ptr<http::Service> service;

    /// Records what the meter counted, as the server does.
    Status settle() {
        for (std::size_t part = 0; part < limits::usage_shards; ++part)
            if (Status done = manage::write_usage(*ledger, meter.take(part)); !done)
                return done;
        return Done{};
    }

private:
    /// Makes a change effective before it is acknowledged, as the server does.
    class InForce final : public manage::Ledger {
    public:
        explicit InForce(ManageBench& bench) : bench_(bench) {}
        Status write(const std::function<Status(manage::Rows&)>& change) override {
            Status done = bench_.ledger->write(change);
            if (done)
                bench_.directory->catch_up();
            return done;
        }
        Status read(const std::function<Status(manage::Rows&)>& look) override {
            return bench_.ledger->read(look);
        }

    private:
        ManageBench& bench_;
    };

    http::Service::Settings settings() {
        http::Service::Settings made;
        const AddressSet local({*Network::parse("127.0.0.0/8"), *Network::parse("::1/128")});
        made.trust.peers = made.trust.proxies = local;
        made.trust.hosts = {"gate", "api.example"};
        made.reply = HttpBench::reply_settings();
        made.services.cursor_key = take(manage::cursor_key(context()));
        made.services.repeats = &repeats;
        made.services.recent = [this](std::string_view id) {
            const auto kept = decisions.find(id);
            return kept ? std::optional(http::record_of(*kept, HttpBench::reply_settings()))
                        : std::nullopt;
        };
        made.services.context = [this] {
            return manage::Context{in_force_,
                                   {"server", "local"},
                                   clock.now(),
                                   rules,
                                   [this](std::string_view name) { return policy.knows(name); },
                                   LapseRule{0},
                                   [this] { return settle(); }};
        };
        made.openapi = embedded::openapi;
        made.ready = [] { return true; };
        made.metrics = [] { return std::string(); };
        return made;
    }
    InForce in_force_{*this};

    /// Informs all observers that count, as the server does.
    class Both final : public http::Observer {
    public:
        explicit Both(ManageBench& bench) : bench_(bench) {}
        void decided(const Decision& decision, int status) noexcept override {
            bench_.notes.decided(decision, status);
            bench_.meter.count(decision);
            bench_.decisions.note(decision, false);
        }
        void address_unknown(http::Listener listener, const Address& peer) noexcept override {
            bench_.notes.address_unknown(listener, peer);
        }

    private:
        ManageBench& bench_;
    };
    Both both_{*this};
};

}  // namespace hourgate::test
