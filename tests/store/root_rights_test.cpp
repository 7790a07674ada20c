// What root reads by a name that somebody else may have laid out, and a server that root starts.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "cli/command_context.h"
#include "store/as_owner.h"
#include "support/catch.h"
#include "support/temp_folder.h"

using namespace hourgate;
using hourgate::store::AsOwner;

namespace fs = std::filesystem;

namespace {

constexpr uid_t service_user = 64'321;  // nobody else's
constexpr const char* hidden = "root:$y$secret of root";

bool is_root() {
    if (::geteuid() == 0)
        return true;
    std::cerr << "skipped: only root can be led astray, and this user is not root\n";
    return false;
}

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
}

/// A file that root alone may read, a folder of the service user, and one of root's.
class Site {
public:
    Site() {
        ::chmod(top.path().c_str(), 0755);
        for (const std::string& folder : {theirs, roots})
            fs::create_directory(folder);
        write(secret, std::string(hidden) + "\n");
        REQUIRE(::chmod(secret.c_str(), 0600) == 0);
        REQUIRE(::chown(theirs.c_str(), service_user, service_user) == 0);
    }
    test::TempFolder top;
    const std::string theirs = top.file("theirs"), roots = top.file("roots");
    const std::string secret = top.file("secret");
};

void link(const std::string& to, const std::string& name, uid_t user = 0) {
    REQUIRE(::symlink(to.c_str(), name.c_str()) == 0);
    REQUIRE(::lchown(name.c_str(), user, user) == 0);
}

/// What root is told of it.
std::string told_of(const std::string& file) {
    const auto loaded = cli::load_config(file);
    REQUIRE_FALSE(loaded.ok());
    CHECK(::geteuid() == 0);
    return loaded.failure().what + loaded.failure().next;
}

}  // namespace

TEST_CASE(
    "root reads a configuration with the rights of who laid it out, and quotes no file of root's") {
    if (!is_root())
        return;
    const Site site;
    link(site.secret, site.theirs + "/config.toml", service_user);
    link(site.theirs + "/config.toml", site.roots + "/config.toml");  // root's link to theirs
    link("../theirs/config.toml", site.roots + "/relative.toml");
    fs::create_directory(site.theirs + "/inner");  // root's folder, which they can replace
    link(site.secret, site.theirs + "/inner/config.toml");
    const std::string shared = site.top.file("shared");
    fs::create_directory(shared);
    REQUIRE(::chmod(shared.c_str(), 01777) == 0);
    link(site.secret, shared + "/config.toml", service_user);
    for (const std::string& file :
         {site.theirs + "/config.toml", site.roots + "/config.toml", site.roots + "/relative.toml",
          site.theirs + "/inner/config.toml", shared + "/config.toml"}) {
        INFO(file);
        const std::string told = told_of(file);
        CHECK(told.find("secret of root") == std::string::npos);
        CHECK(told.find("$y$") == std::string::npos);
        CHECK(told.find("ermission denied") != std::string::npos);
    }
}

TEST_CASE("root reads what root alone can lay out, and what the service user may read") {
    if (!is_root())
        return;
    const Site site;
    write(site.roots + "/config.toml", "[gate]\nmode = \"observe\"\n");
    REQUIRE(::chmod((site.roots + "/config.toml").c_str(), 0600) == 0);
    link(site.roots + "/config.toml", site.roots + "/link.toml");
    write(site.theirs + "/config.toml", "[gate]\nmode = \"observe\"\n");
    REQUIRE(::chown((site.theirs + "/config.toml").c_str(), service_user, service_user) == 0);
    for (const std::string& file :
         {site.roots + "/config.toml", site.roots + "/link.toml", site.theirs + "/config.toml"}) {
        INFO(file);
        const auto loaded = cli::load_config(file);
        REQUIRE(loaded.ok());
        CHECK(loaded.value().mode == Mode::observe);
    }
    CHECK(told_of(site.roots + "/none.toml").find("does not exist") != std::string::npos);
}

TEST_CASE("a process that gives up root's rights has none left to take back") {
    if (!is_root())
        return;
    const Site site;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {  // no word to the test framework: the parent looks at how it ends
        auto owner = AsOwner::of(site.theirs + "/hourgate.db");
        if (!owner || !AsOwner::working_as())
            ::_exit(1);
        if (!std::move(owner).value().keep())
            ::_exit(2);
        uid_t real = 0, effective = 0, saved = 0;
        gid_t real_group = 0, group = 0, saved_group = 0;
        if (::getresuid(&real, &effective, &saved) != 0 ||
            ::getresgid(&real_group, &group, &saved_group) != 0)
            ::_exit(3);
        const bool all = real == service_user && effective == service_user &&
                         saved == service_user && real_group == service_user &&
                         group == service_user && saved_group == service_user;
        const bool back = ::seteuid(0) == 0 || ::setuid(0) == 0 || ::setegid(0) == 0;
        ::_exit(!all ? 4 : back ? 5 : ::open(site.secret.c_str(), O_RDONLY) >= 0 ? 6 : 0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
    CHECK(::geteuid() == 0);
}
