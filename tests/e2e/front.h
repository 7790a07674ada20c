// Starts real proxies in front of a gate.
#pragma once

#include <chrono>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/proxy_program.h"
#include "e2e/upstream.h"
#include "e2e/wire.h"
#include "support/catch.h"
#include "support/raw_client.h"

namespace hourgate::e2e {

/// Returns `text` with the first `old` replaced. REQUIRES: `text` contains `old`.
[[nodiscard]] inline std::string replaced(std::string text, const std::string& old,
                                          const std::string& by) {
    const std::size_t at = text.find(old);
    REQUIRE(at != text.npos);
    return text.replace(at, old.size(), by);
}

/// A proxy with the text that `hourgate snippets` printed for it, and a minimal main file.
class Front {
public:
    /// The address from which ask() calls; it is not in trust.proxies.
    static constexpr const char* client = "127.5.5.5";

    /// Returns the proxy's configuration for the address on which to listen.
    using Text = std::function<std::string(const std::string& place)>;

    Front(std::string proxy, const Folder& folder, const Text& text)
        : proxy_(std::move(proxy)), folder_(folder) {
        write_file(folder.file("snippet"), text(place_.text()));
        program_ = std::make_unique<Program>(
            words(),
            Arguments{"LD_LIBRARY_PATH=" + library_path(), "HOME=" + folder.path(),
                      "XDG_DATA_HOME=" + folder.path(), "XDG_CONFIG_HOME=" + folder.path()});
        until_it_listens();
    }
    ~Front() {
        program_->signal(SIGTERM);
        program_->wait();
    }
    Front(const Front&) = delete;
    Front& operator=(const Front&) = delete;

    /// Returns the response to these bytes, sent by a client at `from`.
    [[nodiscard]] Answered ask(const std::string& bytes, const std::string& from = client) const {
        return Wire(place_.host, place_.port, from).ask(bytes);
    }
    /// Returns a client's connection, for bytes that no response ends.
    [[nodiscard]] test::RawClient connect() const {
        return test::RawClient(place_.host, place_.port);
    }
    [[nodiscard]] std::string url() const { return "http://" + place_.text(); }

private:
    Arguments words() const {
        const std::string main = folder_.file("main");
        const std::string program = executable(proxy_);
        if (proxy_ == "nginx") {
            write_file(main,
                       nginx_begin(folder_) + "include " + folder_.file("snippet") + ";\n}\n");
            return {program, "-e", "stderr", "-p", folder_.path(), "-c", main};
        }
        if (proxy_ == "caddy") {
            write_file(main, "{\n    admin off\n    auto_https off\n}\nimport " +
                                 folder_.file("snippet") + "\n");
            return {program, "run", "--adapter", "caddyfile", "--config", main};
        }
        return {program, "-db", "-f", folder_.file("snippet")};
    }
    void until_it_listens() const {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (std::chrono::steady_clock::now() < deadline) {
            try {
                const Wire connected(place_.host, place_.port, client);
                return;
            } catch (const std::exception&) {
                std::this_thread::sleep_for(std::chrono::milliseconds(5));
            }
        }
        FAIL(proxy_ << " does not listen: " << program_->err() << program_->out());
    }

    const std::string proxy_;
    const Folder& folder_;
    const FreePlace place_;
    std::unique_ptr<Program> program_;
};

/// Returns the text of `hourgate snippets` for a proxy that asks the gate. It stands in front of an
/// API, given by its address or by the name of an [[api]].
[[nodiscard]] inline Front::Text asking(const std::string& proxy, const Folder& folder,
                                        const std::string& config, std::uint16_t api_port,
                                        const std::string& api_name = "") {
    return [=, &folder](const std::string& place) {
        const std::string script = folder.file("hourgate.lua");
        const auto print = [&](const std::string& name) {
            const Ran ran =
                run({binary(), "--config", config, "snippets", name, "--api",
                     api_name.empty() ? "http://127.0.0.1:" + std::to_string(api_port) : api_name,
                     "--listen", place, "--lua", script});
            INFO(ran.err);
            REQUIRE(ran.exit_code == 0);
            return ran.out;
        };
        if (proxy == "haproxy")
            write_file(script, print("haproxy.lua"));
        return print(proxy);
    };
}

/// Returns the text of `hourgate snippets` for a proxy that forwards to the gate.
[[nodiscard]] inline Front::Text in_front(const std::string& proxy, const std::string& config) {
    return [=](const std::string& place) {
        const Ran ran =
            run({binary(), "--config", config, "snippets", proxy, "--in-front", "--listen", place});
        INFO(ran.err);
        REQUIRE(ran.exit_code == 0);
        return ran.out;
    };
}

/// Calls `test` with each installed proxy.
template <typename Test>
void with_each_proxy(Test test) {
    for (const std::string proxy : {"nginx", "caddy", "haproxy"}) {
        if (executable(proxy).empty()) {
            WARN("skipped: " << proxy << " is not installed");
            continue;
        }
        INFO("behind " << proxy);
        test(proxy);
    }
}

}  // namespace hourgate::e2e
