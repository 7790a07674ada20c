#include "e2e/installation.h"

#include <csignal>
#include <stdexcept>

#include "base/text.h"
#include "embedded.h"

namespace hourgate::e2e {

namespace {

std::uint16_t port_after(const std::string& line, const std::string& key) {
    const std::size_t at = line.find(" " + key + "=");
    if (at == line.npos)
        return 0;
    const std::string value =
        line.substr(at + key.size() + 2, line.find(' ', at + 1) - at - key.size() - 2);
    const std::size_t colon = value.rfind(':');
    const auto port = parse_number(value.substr(colon == value.npos ? 0 : colon + 1), 65'535);
    return static_cast<std::uint16_t>(port.value_or(0));
}

}  // namespace

Ports ports_in(const std::string& line) {
    return {port_after(line, "public"), port_after(line, "ask"), port_after(line, "admin")};
}

Installation::Installation(const std::string& more) {
    configure(more);
}

void Installation::configure(const std::string& more) const {
    const std::string example = embedded::config_example;
    write_file(config(),
               "[server]\npublic = \"127.0.0.1:0\"\nask = \"127.0.0.1:0\"\n"
               "admin = \"127.0.0.1:0\"\nhosts = [\"h\", \"gate\"]\n[database]\npath = \"" +
                   database() + "\"\n" + more + example.substr(example.find("\n[[resource]]")));
}

Arguments Installation::words(Arguments command) const {
    command.insert(command.begin(), {binary(), "--config", config()});
    return command;
}

Ran Installation::run(const Arguments& command) const {
    return e2e::run(words(command));
}

Json Installation::json(const Arguments& command) const {
    Arguments with_json = command;
    with_json.emplace_back("--json");
    const Ran ran = run(with_json);
    if (ran.exit_code != 0)
        throw std::runtime_error(command.front() + " failed: " + ran.err);
    return Json::parse(ran.out);
}

void Installation::populate() const {
    must({"init"});
    must({"workspace", "add", "Acme", "--plan", "studio"});
    for (const std::string role : {"owner", "admin", "manager", "member"})
        must({"member", "add", "Acme", role + "@acme.example", "--role", role});
}

std::string Installation::mint(const std::string& member, const Arguments& more) const {
    Arguments command = {"token", "mint", member, "--name", "test"};
    command.insert(command.end(), more.begin(), more.end());
    return json(command).at("token");
}

std::string prefix_of(const std::string& token) {
    return std::string(split(token, '_').at(2));
}

Server::Server(const Installation& installation, const PassedOn& passed)
    : program_(installation.words({"serve"}), {}, passed),
      ports_(ports_in(program_.wait_for("msg=listening"))) {}

int Server::status(const std::string& token, const std::string& uri,
                   const std::string& method) const {
    return Wire(ports_.ask).ask(question(token, uri, method)).status;
}

int Server::stop() {
    program_.signal(SIGTERM);
    return program_.wait();
}

}  // namespace hourgate::e2e
