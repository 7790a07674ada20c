// Which file is read, and what is said when it cannot be.
#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include "config/load.h"
#include "support/catch.h"

namespace fs = std::filesystem;
using hourgate::Fault;
using hourgate::config::ConfigLocations;
using hourgate::config::load;
using hourgate::config::load_from;

namespace {

/// A folder that anybody may enter, removed at the end.
class Folder {
public:
    Folder() {
        std::string name = (fs::temp_directory_path() / "hourgate-config-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()) != nullptr);
        path_ = name;
        fs::permissions(path_, fs::perms(0755));
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    /// Makes a file in which tokens.live_max is `number`, and gives its path.
    std::string file(const std::string& name, int number) const {
        const std::string path = at(name);
        std::ofstream(path) << "[tokens]\nlive_max = " << number << "\n";
        return path;
    }
    std::string at(const std::string& name) const { return (path_ / name).string(); }

private:
    fs::path path_;
};

/// Acts as a user who is not root. For root, file modes say nothing.
class Nobody {
public:
    Nobody() : was_root_(geteuid() == 0) {
        if (was_root_)
            REQUIRE(seteuid(65'534) == 0);
    }
    ~Nobody() {
        if (was_root_)
            static_cast<void>(seteuid(0) == 0 || (std::abort(), false));
    }
    Nobody(const Nobody&) = delete;
    Nobody& operator=(const Nobody&) = delete;

private:
    const bool was_root_;
};

/// $HOURGATE_CONFIG for the length of a test.
class Environment {
public:
    explicit Environment(const std::string& value) {
        if (const char* before = std::getenv("HOURGATE_CONFIG"))
            before_ = before;
        setenv("HOURGATE_CONFIG", value.c_str(), 1);
    }
    ~Environment() {
        if (before_)
            setenv("HOURGATE_CONFIG", before_->c_str(), 1);
        else
            unsetenv("HOURGATE_CONFIG");
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;

private:
    std::optional<std::string> before_;
};

std::int64_t live_max_of(const ConfigLocations& places) {
    const auto config = load_from(places);
    REQUIRE(config.ok());
    return config.value().live_max;
}

}  // namespace

TEST_CASE("--config goes before $HOURGATE_CONFIG, that before /etc, that before the defaults") {
    const Folder folder;
    ConfigLocations places{folder.file("option.toml", 1), folder.file("environment.toml", 2),
                           folder.file("standard.toml", 3)};
    CHECK(live_max_of(places) == 1);
    CHECK(load_from(places).value().file == folder.at("option.toml"));
    places.option.reset();
    CHECK(live_max_of(places) == 2);
    CHECK(load_from(places).value().file == folder.at("environment.toml"));
    places.environment.clear();
    CHECK(live_max_of(places) == 3);
    CHECK(load_from(places).value().file == folder.at("standard.toml"));
    fs::remove(places.standard);
    CHECK(live_max_of(places) == 50);
    CHECK(load_from(places).value().file.empty());
}

TEST_CASE("the standard place is /etc/hourgate/config.toml") {
    CHECK(ConfigLocations().standard == "/etc/hourgate/config.toml");
}

TEST_CASE("load() reads $HOURGATE_CONFIG, and the option before it") {
    const Folder folder;
    const Environment environment(folder.file("environment.toml", 2));
    CHECK(load(std::nullopt).value().live_max == 2);
    CHECK(load(folder.file("option.toml", 1)).value().live_max == 1);
}

TEST_CASE("a file that was named and is missing is a failure that names it") {
    const Folder folder;
    const std::string missing = folder.at("missing.toml");
    const std::string other = "/dev/null";
    for (const ConfigLocations& places :
         {ConfigLocations{missing, "", other}, ConfigLocations{{}, missing, other}}) {
        const auto config = load_from(places);
        REQUIRE_FALSE(config.ok());
        CHECK(config.failure().fault == Fault::config);
        CHECK(config.failure().what == missing + ": does not exist");
        CHECK_FALSE(config.failure().next.empty());
    }
    // A file where a folder should be is as missing.
    const auto config = load(folder.file("a.toml", 1) + "/b.toml");
    REQUIRE_FALSE(config.ok());
    CHECK(config.failure().what == folder.at("a.toml/b.toml") + ": does not exist");
}

TEST_CASE("a file that this user may not read is a failure of permission, in /etc too") {
    const Folder folder;
    const std::string secret = folder.file("secret.toml", 1);
    fs::permissions(secret, fs::perms::none);
    fs::create_directory(folder.at("closed"));
    const std::string hidden = folder.file("closed/hidden.toml", 1);
    fs::permissions(folder.at("closed"), fs::perms::none);
    {
        const Nobody nobody;
        for (const ConfigLocations& places :
             {ConfigLocations{secret, "", ""}, ConfigLocations{{}, secret, ""},
              ConfigLocations{{}, "", secret}}) {
            const auto config = load_from(places);
            REQUIRE_FALSE(config.ok());
            CHECK(config.failure().fault == Fault::permission);
            CHECK(config.failure().what == secret + ": cannot be read: Permission denied");
        }
        const auto config = load_from(ConfigLocations{{}, "", hidden});
        REQUIRE_FALSE(config.ok());
        CHECK(config.failure().fault == Fault::permission);
    }
    fs::permissions(folder.at("closed"), fs::perms::owner_all);
}

TEST_CASE("a folder, an empty name and a name with a NUL are not files") {
    const Folder folder;
    const auto what = [](const std::string& path) {
        const auto config = load(path);
        REQUIRE_FALSE(config.ok());
        CHECK(config.failure().fault == Fault::config);
        return config.failure().what;
    };
    CHECK(what(folder.at("")) == folder.at("") + ": is not a regular file but a folder");
    CHECK(what("") == ": is not the name of a file");
    CHECK(what(std::string("/etc\0/passwd", 12)) == "/etc\\x00/passwd: is not the name of a file");
}

TEST_CASE("a file over 1 MiB is refused") {
    const Folder folder;
    const std::string path = folder.at("large.toml");
    std::ofstream(path) << std::string(1'048'577, '\n');
    const auto large = load(path);
    REQUIRE_FALSE(large.ok());
    CHECK(large.failure().what == path + ": is over 1 MiB, the most a file may have");
    std::ofstream(path, std::ios::trunc) << std::string(1'048'576, '\n');
    CHECK(load(path).ok());
}

TEST_CASE("a pipe, a device or a socket is refused at once, with what it is, through links too") {
    const Folder folder;
    const std::string pipe = folder.at("pipe"), link = folder.at("link");
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);  // nobody writes: to open it would wait for ever
    fs::create_symlink("pipe", link);
    for (const auto& [path, noun] : {std::pair(pipe, "a pipe"), std::pair(link, "a pipe"),
                                     std::pair(std::string("/dev/zero"), "a device"),
                                     std::pair(std::string("/dev/null"), "a device")}) {
        const auto config = load(path);
        REQUIRE_FALSE(config.ok());
        CHECK(config.failure().fault == Fault::config);
        CHECK(config.failure().what == path + ": is not a regular file but " + noun);
        CHECK_FALSE(config.failure().next.empty());
    }
    const std::string good = folder.file("good.toml", 7), to_good = folder.at("to-good");
    fs::create_symlink("good.toml", to_good);
    CHECK(load(to_good).value().live_max == 7);
    CHECK(load(good).value().live_max == 7);
}

TEST_CASE("a failure inside the file names the file as it was given") {
    const Folder folder;
    const std::string path = folder.file("bad.toml", 0);
    const auto config = load(path);
    REQUIRE_FALSE(config.ok());
    CHECK(config.failure().what == path + ":2: tokens.live_max: 0 is below 1; allowed: 1 to 10000");
}
