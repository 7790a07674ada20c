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

/// Ports of a server, from its log.
struct Ports {
    std::uint16_t public_ = 0, ask = 0, admin = 0;
};
[[nodiscard]] Ports ports_in(const std::string& line);

class Installation {
public:
    /// With any free ports and the example's resources; `more` is put between, as TOML.
    explicit Installation(const std::string& more = "");

    [[nodiscard]] const Folder& folder() const noexcept { return folder_; }
    [[nodiscard]] std::string config() const { return folder_.file("config.toml"); }
    [[nodiscard]] std::string database() const { return folder_.file("data/hourgate.db"); }
    /// Another configuration: `more` as in the constructor.
    void configure(const std::string& more) const;

    /// The words of a command, with the configuration named.
    [[nodiscard]] Arguments words(Arguments command) const;
    [[nodiscard]] Ran run(const Arguments& command) const;
    /// Runs it with --json and reads what it prints. Throws when it fails.
    [[nodiscard]] Json json(const Arguments& command) const;
    /// The same, when only what it does matters.
    void must(const Arguments& command) const { static_cast<void>(json(command)); }

    /// init, and a workspace "Acme" on studio with owner@, admin@, manager@ and
    /// member@acme.example.
    void populate() const;
    /// Mints a token; its text.
    [[nodiscard]] std::string mint(const std::string& member, const Arguments& more = {}) const;

private:
    Folder folder_;
};

/// The part of a token that is public.
[[nodiscard]] std::string prefix_of(const std::string& token);

/// A server on an installation, ready.
class Server {
public:
    explicit Server(const Installation& installation, const PassedOn& passed = {});
    [[nodiscard]] const Ports& ports() const noexcept { return ports_; }
    [[nodiscard]] Program& program() noexcept { return program_; }
    /// Status of a call that a proxy asks about.
    [[nodiscard]] int status(const std::string& token, const std::string& uri = "/api/v1/clients",
                             const std::string& method = "GET") const;
    /// SIGTERM, and the exit code.
    int stop();

private:
    Program program_;
    Ports ports_;
};

}  // namespace hourgate::e2e
