// A gate, a proxy that asks it with exactly the text that `hourgate snippets` printed, and an API.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "e2e/front.h"
#include "e2e/installation.h"
#include "e2e/upstream.h"
#include "support/catch.h"

namespace hourgate::e2e {

using Headers = std::vector<std::pair<std::string, std::string>>;

inline const std::string client = Front::client;
inline const std::string clients = "/api/v1/clients";

using Edit = std::function<std::string(std::string text)>;

enum class Ask : std::uint8_t { by_port, by_socket };

/// Gate, proxy and API, and tokens for each kind of decision.
class Stage {
public:
    /// `edit` changes the printed text as an operator would. `api_port` is that of an API that the
    /// test plays; 0 for `api`. `before` is called before the proxy starts. `api_name` is the
    /// [[api]] that the text is for.
    Stage(const std::string& proxy, const std::string& more, Ask how = Ask::by_port,
          const Edit& edit = {}, std::uint16_t api_port = 0,
          const std::function<void(const std::string& config)>& before = {},
          const std::string& api_name = "")
        : here("[trust]\nproxies = [\"127.0.0.1/32\"]\n" + more +
               "[[resource]]\nname = \"health\"\npaths = [\"/health\"]\npublic = true\n") {
        if (how == Ask::by_socket)
            write_file(here.config(), replaced(read_file(here.config()), "ask = \"127.0.0.1:0\"",
                                               "ask = \"unix:" + folder.file("ask") + "\""));
        here.populate();
        here.must(
            {"plan", "set", "tiny", "--api", "yes", "--rank", "5", "--window", "burst=2/3600"});
        here.must({"workspace", "add", "Tiny", "--plan", "tiny"});
        here.must({"workspace", "add", "Free"});
        here.must({"member", "add", "Tiny", "t@tiny.example", "--role", "owner"});
        here.must({"member", "add", "Free", "f@free.example", "--role", "owner"});
        manager = here.mint("manager@acme.example");
        member = here.mint("member@acme.example");
        tiny = here.mint("t@tiny.example");
        unpaid = here.mint("f@free.example");
        gate = std::make_unique<Server>(here);
        // The same configuration, with the ports that were bound.
        std::string bound =
            replaced(read_file(here.config()), "public = \"127.0.0.1:0\"",
                     "public = \"127.0.0.1:" + std::to_string(gate->ports().public_) + "\"");
        if (how == Ask::by_port)
            bound = replaced(bound, "ask = \"127.0.0.1:0\"",
                             "ask = \"127.0.0.1:" + std::to_string(gate->ports().ask) + "\"");
        write_file(folder.file("bound.toml"), bound);
        if (before)
            before(folder.file("bound.toml"));
        const auto text = asking(proxy, folder, folder.file("bound.toml"),
                                 api_port == 0 ? api.port() : api_port, api_name);
        front = std::make_unique<Front>(proxy, folder, [&](const std::string& place) {
            return edit ? edit(text(place)) : text(place);
        });
    }

    [[nodiscard]] static Headers with(const std::string& token, Headers more = {}) {
        if (!token.empty())
            more.emplace_back("Authorization", "Bearer " + token);
        return more;
    }
    [[nodiscard]] Answered get(const std::string& token, const std::string& target = clients,
                               const Headers& more = {}) const {
        return front->ask(hourgate::e2e::get(target, with(token, more)));
    }
    [[nodiscard]] Answered post(const std::string& token, const std::string& target,
                                const std::string& body) const {
        return front->ask(hourgate::e2e::post(target, body, with(token)));
    }
    /// Waits until the gate has logged `reason` for this client.
    void logged(const std::string& reason) const {
        const std::string line = gate->program().wait_for("reason=" + reason);
        CHECK(contains(line, " address=" + client));
    }

    const Folder folder;
    const Installation here;
    std::string manager, member, tiny, unpaid;
    Upstream api;
    std::unique_ptr<Server> gate;
    std::unique_ptr<Front> front;
};

inline std::string reason_of(const Answered& answered) {
    const Json body = Json::parse(answered.body, nullptr, false);
    return body.is_object() && body.contains("error") ? body["error"].value("reason", "") : "";
}

/// Returns true if any call that the API received contains `part`.
inline bool told(const std::vector<Seen>& seen, const std::string& part) {
    for (const Seen& one : seen)
        if (contains(one.text(), part))
            return true;
    return false;
}

}  // namespace hourgate::e2e
