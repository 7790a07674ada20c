// A folder with a configuration and a database, and commands and a server that use them.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "e2e/program.h"
#include "e2e/wire.h"

namespace hourgate::e2e {

using Json = nlohmann::json;

/// The ports of a server, read from its log.
struct Ports {
    std::uint16_t public_ = 0, ask = 0, admin = 0;
};
[[nodiscard]] Ports ports_in(const std::string& line);

class Installation {
public:
    /// Uses any free ports and the resources of the example. `more` is inserted between them, as
    /// TOML.
    explicit Installation(const std::string& more = "");

    [[nodiscard]] const Folder& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string config() const { return folder_.file("config.toml"); }
    [[nodiscard]] std::string database() const { return folder_.file("data/hourgate.db"); }
    /// Writes another configuration; `more` as in the constructor.
    void configure(const std::string& more) const;

    /// Returns the arguments of a command with --config added.
    [[nodiscard]] Arguments words(Arguments command) const;
    [[nodiscard]] Ran run(const Arguments& command) const;
    /// Runs the command with --json and returns its parsed output. Throws if it fails.
    [[nodiscard]] Json json(const Arguments& command) const;
    /// Does the same for a command of which only the effect matters.
    void must(const Arguments& command) const { static_cast<void>(json(command)); }

    /// Runs init, and adds a workspace "Acme" on plan studio with owner@, admin@, manager@ and
    /// member@acme.example.
    void populate() const;
    /// Mints a token and returns its text.
    [[nodiscard]] std::string mint(const std::string& member, const Arguments& more = {}) const;

private:
    Folder folder_;
};

/// Returns the public part of a token.
[[nodiscard]] std::string prefix_of(const std::string& token);

/// A server of an installation. It is ready after construction.
class Server {
public:
    explicit Server(const Installation& installation, const PassedOn& passed = {});
    [[nodiscard]] const Ports& ports() const noexcept { return ports_; }
    [[nodiscard]] Program& program() noexcept { return program_; }
    /// Returns the status of a proxy's question about a call.
    [[nodiscard]] int status(const std::string& token, const std::string& uri = "/api/v1/clients",
                             const std::string& method = "GET") const;
    /// Sends SIGTERM and returns the exit code.
    int stop();

private:
    Program program_;
    Ports ports_;
};

}  // namespace hourgate::e2e
