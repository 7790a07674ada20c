// An installation that `hourgate doctor` is run on, and what the doctor says.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "e2e/installation.h"
#include "e2e/test_proxy.h"
#include "embedded.h"
#include "support/catch.h"

namespace hourgate::e2e {

struct Diagnosis {
    int exit_code = -1;
    Json json;
    std::string text;

    /// Returns "state: what was seen / fix" of the first row of that name with the worst state,
    /// or "" if there is none.
    [[nodiscard]] std::string row(const std::string& name) const {
        std::string found;
        for (const Json& check : json.at("checks")) {
            if (check.at("name") != name)
                continue;
            const std::string line = check.at("state").get<std::string>() + ": " +
                                     check.at("seen").get<std::string>() + " / " +
                                     check.at("fix").get<std::string>();
            if (found.empty() || line.starts_with("bad"))
                found = line;
        }
        return found;
    }
    [[nodiscard]] std::vector<std::string> bad() const {
        std::vector<std::string> names;
        for (const Json& check : json.at("checks"))
            if (check.at("state") == "bad")
                names.push_back(check.at("name"));
        return names;
    }
};

using Names = std::vector<std::string>;

/// An installation whose configuration names the ports that its server has.
class DoctorSite {
public:
    DoctorSite() {
        here.populate();
        backup();
    }
    /// `more`: sections for the server and for doctor.
    void serve(const std::string& more = "") {
        if (!more.empty())
            name_ports(0, 0, 0, more);
        server = std::make_unique<Server>(here);
        const Ports& ports = server->ports();
        name_ports(ports.public_, ports.ask, ports.admin, more);
    }
    void name_ports(int public_, int ask, int admin, const std::string& more = "") const {
        const std::string example = embedded::config_example;
        const auto address = [](int port) {
            return " = \"127.0.0.1:" + std::to_string(port) + "\"\n";
        };
        write_file(here.config(), "[server]\npublic" + address(public_) + "ask" + address(ask) +
                                      "admin" + address(admin) + "[database]\npath = \"" +
                                      here.database() + "\"\n" + more +
                                      example.substr(example.find("\n[[resource]]")));
    }
    void backup() const {
        const std::string folder = here.folder().file("data/backups");
        std::filesystem::create_directory(folder);
        here.must({"backup", folder + "/weekday-1.db"});
    }
    [[nodiscard]] Diagnosis doctor(Arguments more = {}) const {
        more.insert(more.begin(), "doctor");
        more.emplace_back("--json");
        const Ran ran = here.run(more);
        INFO(ran.out << ran.err);
        Diagnosis diagnosis{ran.exit_code, Json::parse(ran.out, nullptr, false), ran.out + ran.err};
        REQUIRE(diagnosis.json.is_object());
        CHECK(diagnosis.json.at("ok") == (ran.exit_code == 0));
        CHECK(ran.exit_code == (diagnosis.bad().empty() ? 0 : 1));
        for (const Json& check : diagnosis.json.at("checks"))
            if (check.at("state") == "bad" || check.at("state") == "warn")
                CHECK_FALSE(check.at("fix").get<std::string>().empty());
        return diagnosis;
    }
    /// Checks that no working token is left, and that no token was shown.
    void is_clean(const std::string& text) const {
        for (const Json& token :
             here.json({"token", "list", "Hourgate doctor", "--status", "all"})) {
            INFO(token.dump());
            CHECK(token.at("status") == "revoked");
        }
        for (const Json& plan : here.json({"plan", "list"}))
            if (plan.at("name") == "hourgate-doctor")
                CHECK(plan.at("api") == false);
        CHECK_FALSE(contains(text, "hsk_live_"));
    }
    Installation here;
    std::unique_ptr<Server> server;
};

inline Diagnosis through(const DoctorSite& site, const TestProxy& proxy) {
    Diagnosis diagnosis = site.doctor({"--through", proxy.url()});
    site.is_clean(diagnosis.text);
    return diagnosis;
}

}  // namespace hourgate::e2e
