// The description of the HTTP routes as other people's tools read it: types and a client are made
// from it by openapi-typescript and openapi-fetch, and the client reads every route of a real server.
#include <filesystem>
#include <string>

#include "e2e/installation.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;
namespace fs = std::filesystem;

namespace {

const fs::path source(HOURGATE_SOURCE_DIR);

/// Whether fetch() is built in, as it is from version 18 on.
bool is_node_fit() {
    return installed("node") &&
           run({"node", "-e", "process.exit(typeof fetch === 'function' ? 0 : 1)"}).exit_code == 0;
}

}  // namespace

TEST_CASE("a client generated from the description reads every route of the real server") {
    const fs::path modules = source / ".deps/client/node_modules";
    if (!is_node_fit() || !fs::exists(modules)) {
        WARN("skipped: node 18 or later and npm are needed, and then tests/client/install");
        return;
    }
    const Installation here(
        "[[resource]]\nname = \"health\"\npaths = [\"/health\"]\npublic = true\n");
    here.populate();
    const std::string owner = here.mint("owner@acme.example");
    const std::string operator_ = here.json({"operator", "mint", "--name", "op"}).at("token");
    here.must({"operator", "mint", "--name", "spare"});
    const Server gate(here);

    const Folder work;
    for (const std::string name : {"package.json", "tsconfig.json", "read_every_route.ts"})
        fs::copy_file(source / "tests/client" / name, work.file(name));
    fs::create_directory_symlink(modules, work.file("node_modules"));
    const auto succeeds = [&](const Arguments& words, const Arguments& variables = {}) {
        const Ran ran = hourgate::e2e::run(words, variables, work.path());
        INFO(words[1] + "\n" + ran.out + ran.err);
        REQUIRE(ran.exit_code == 0);
        return ran.out;
    };
    const std::string bin = work.file("node_modules") + "/.bin/";
    succeeds({"node", bin + "openapi-typescript", (source / "schema/openapi.json").string(),
              "--output", work.file("api.ts")});
    succeeds({"node", bin + "tsc", "--project", work.path()});
    const auto at = [](std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); };
    const Ports& ports = gate.ports();
    const std::string said = succeeds({"node", work.file("out/read_every_route.js"),
                                       at(ports.public_), at(ports.ask), at(ports.admin)},
                                      {"OWNER=" + owner, "OPERATOR=" + operator_});
    CHECK(contains(said, " operations read, 0 flaws\n"));
}
