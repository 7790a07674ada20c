// Bad input and faults, each with the real program: it names the thing and the next step, exits as
// it should, and nothing is lost.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <string>

#include "e2e/installation.h"
#include "support/backup_bytes.h"
#include "support/catch.h"

using namespace hourgate::e2e;

namespace {

/// A command that must fail with code 1: what it says.
std::string failed(const Ran& ran) {
    INFO(ran.err);
    CHECK(ran.exit_code == 1);
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, "hourgate: "));
    CHECK(contains(ran.err, "  next: "));
    return ran.err;
}

/// `serve` and a command refuse the database alike; both name it.
std::string unusable(const Installation& here) {
    const std::string said = failed(here.run({"workspace", "list"}));
    CHECK(contains(said, here.database()));
    CHECK(contains(failed(here.run({"serve"})), here.database()));
    return said;
}

/// A port that somebody else listens on.
class TakenPort {
public:
    TakenPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
        REQUIRE(::listen(fd_, 1) == 0);
        REQUIRE(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
        port_ = ntohs(address.sin_port);
    }
    ~TakenPort() { ::close(fd_); }
    TakenPort(const TakenPort&) = delete;
    TakenPort& operator=(const TakenPort&) = delete;
    [[nodiscard]] std::string text() const { return std::to_string(port_); }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

}  // namespace

TEST_CASE("a mistake in the configuration is named with file, line and key") {
    const Installation here;
    struct Mistake {
        std::string text, named;
    };
    for (const Mistake& mistake :
         {Mistake{"[tokens]\nlive_maxx = 3\n", "config.toml:2: tokens.live_maxx"},
          Mistake{"[tokens]\nlive_max = \"many\"\n", "config.toml:2: tokens.live_max"},
          Mistake{"[tokens]\nlive_max = 0\n", "config.toml:2: tokens.live_max"},
          Mistake{"\n[nonsense]\nx = 1\n", "config.toml:2: nonsense"},
          Mistake{"[tokens\n", "config.toml:1"},
          Mistake{std::string("[tokens]\nbrand = \"a\0b\"\n", 24), "config.toml:2"},
          Mistake{"[tokens]\nbrand = \"Zo\xc3\xab\"\n", "config.toml:2: tokens.brand"},
          Mistake{"[tokens]\nbrand = \"\xff\"\n", "config.toml"}}) {
        write_file(here.config(), mistake.text);
        for (const Arguments& command :
             {Arguments{"config", "check"}, Arguments{"serve"}, Arguments{"workspace", "list"}}) {
            const Ran ran = here.run(command);
            INFO(ran.err);
            CHECK(ran.exit_code == 1);
            CHECK(contains(ran.err, mistake.named));
        }
    }
}

TEST_CASE("a configuration that is missing or cannot be read is named") {
    const Installation here;
    CHECK(contains(failed(run({binary(), "--config", "/none/at.toml", "config", "check"})),
                   "/none/at.toml"));
    CHECK(contains(run({binary(), "--config", here.folder().path(), "config", "check"}).err,
                   here.folder().path()));
    if (is_root() && !installed("setpriv"))
        return;
    ::chmod(here.config().c_str(), 0);
    Arguments check = as_nobody();
    for (const std::string& word : here.words({"config", "check"}))
        check.push_back(word);
    const Ran ran = run(check);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.err, here.config()));
}

TEST_CASE("a port that is taken is named, and the database is free again") {
    const TakenPort taken;
    const Installation here;
    here.must({"init"});
    for (const std::string key : {"public", "ask", "admin"}) {
        write_file(here.config(),
                   "[server]\npublic = \"127.0.0.1:0\"\nask = \"127.0.0.1:0\"\n"
                   "admin = \"127.0.0.1:0\"\n[database]\npath = \"" +
                       here.database() + "\"\n");
        std::string text = read_file(here.config());
        const std::string free = key + " = \"127.0.0.1:0\"";
        text.replace(text.find(free), free.size(), key + " = \"127.0.0.1:" + taken.text() + "\"");
        write_file(here.config(), text);
        const std::string said = failed(here.run({"serve"}));
        CHECK(contains(said, "127.0.0.1:" + taken.text()));
        CHECK(contains(said, key));
    }
    here.configure("");
    CHECK(Server(here).stop() == 0);
}

TEST_CASE(
    "a file that is no database, a foreign one, a newer, a cut and a damaged one are refused") {
    const Installation here;
    here.populate();
    const std::string sound = read_file(here.database());

    write_file(here.database(),
               "this is my shopping list, and it is longer than one hundred bytes, as is "
               "proper for a list of things to buy in a shop in town.\n");
    unusable(here);
    write_file(here.database(), "");
    unusable(here);

    std::string newer = sound;
    newer[63] = 99;  // user_version: the last byte of the four at 60
    write_file(here.database(), newer);
    CHECK(contains(unusable(here), "99"));

    std::string foreign = sound;
    foreign[68] = 'X';  // application_id: the four bytes at 68
    write_file(here.database(), foreign);
    unusable(here);

    for (const std::size_t bytes :
         {std::size_t{50}, std::size_t{4096}, sound.size() / 2, sound.size() - 1}) {
        write_file(here.database(), sound.substr(0, bytes));
        unusable(here);
        CHECK(read_file(here.database()).size() == bytes);
    }
    write_file(here.database(), sound);
    CHECK(here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("a folder in place of the database is named") {
    const Installation here;
    std::filesystem::create_directories(here.database());
    unusable(here);
    CHECK(here.run({"init"}).exit_code == 1);
}

TEST_CASE("who may not write the database is told the sudo line, and changes nothing") {
    if (!is_root() || !installed("setpriv")) {
        WARN("skipped: needs root, to be somebody else");
        return;
    }
    const Installation here;
    here.populate();
    Arguments add = as_nobody();
    for (const std::string& word : here.words({"workspace", "add", "B & Sons"}))
        add.push_back(word);
    const Ran ran = run(add);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.err, "next: sudo " + binary() + " --config " + here.config() +
                                " workspace add 'B & Sons'\n"));
    // What is taken from the environment is gone under sudo, so it stands in the line.
    Arguments list = as_nobody();
    list.insert(list.end(), {binary(), "workspace", "list"});
    CHECK(contains(run(list, {"HOURGATE_CONFIG=" + here.config()}).err,
                   "next: sudo " + binary() + " --config " + here.config() + " workspace list\n"));
    // The file of somebody who has a name.
    REQUIRE(run({"chown", "-R", "daemon", here.folder().file("data")}).exit_code == 0);
    CHECK(contains(run(add).err, "next: sudo -u daemon "));
    CHECK(here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("root does not make the server's database, and others are told to be the server's user") {
    if (!is_root() || !is_shipped_kind()) {
        WARN("skipped: needs root, to change the root directory, and a static executable");
        return;
    }
    const Folder root;
    std::filesystem::copy_file(binary(), root.file("hourgate"));
    std::filesystem::create_directories(root.file("etc"));
    write_file(root.file("etc/passwd"), "hourgate:x:990:990::/:/usr/sbin/nologin\n");
    const auto as = [&](const std::string& user, Arguments command) {
        command.insert(command.begin(), {"chroot", "--userspec=" + user, root.path(), "/hourgate"});
        return run(command);
    };
    const std::string first = failed(as("0:0", {"init"}));
    CHECK(contains(first, "install -d -m 0700 -o hourgate -g hourgate /var/lib/hourgate"));
    CHECK_FALSE(exists(root.file("var")));

    const std::string folder = root.file("var/lib/hourgate");
    std::filesystem::create_directories(folder);
    REQUIRE(run({"chown", "990:990", folder}).exit_code == 0);
    ::chmod(folder.c_str(), 0700);
    CHECK(contains(failed(as("0:0", {"init"})), "next: sudo -u hourgate /hourgate init\n"));
    CHECK(names_in(folder).empty());
    CHECK(as("990:990", {"init"}).exit_code == 0);
    CHECK(contains(failed(as("1234:1234", {"workspace", "add", "Acme Inc"})),
                   "next: sudo -u hourgate /hourgate workspace add 'Acme Inc'\n"));
    CHECK(as("990:990", {"workspace", "add", "Acme Inc"}).exit_code == 0);
}

TEST_CASE("a read-only folder is named, and nothing is half-written") {
    if (is_root() && !installed("setpriv"))
        return;
    const Installation here;
    here.populate();
    const std::string data = here.folder().file("data");
    if (is_root())
        REQUIRE(run({"chown", "-R", "65534:65534", data}).exit_code == 0);
    ::chmod(data.c_str(), 0555);
    const auto unprivileged = [&](const Arguments& command) {
        Arguments words = as_nobody();
        for (const std::string& word : here.words(command))
            words.push_back(word);
        return run(words);
    };
    CHECK(contains(failed(unprivileged({"workspace", "add", "B"})), data));
    CHECK(contains(failed(unprivileged({"serve"})), data));
    CHECK(contains(failed(unprivileged({"backup", data + "/copy.db"})), data));
    CHECK(names_in(data) == Arguments{"hourgate.db", "hourgate.db.lock"});
    ::chmod(data.c_str(), 0700);
    CHECK(here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("a second server on a database, and a restore under a server, name the process") {
    const Installation here;
    here.populate();
    const std::string copy = here.folder().file("copy.db");
    Server server(here);
    here.must({"backup", copy});
    const std::string pid = std::to_string(server.program().pid());
    CHECK(contains(failed(here.run({"serve"})), pid));
    CHECK(contains(failed(here.run({"restore", copy})), pid));
    const std::string token = here.mint("manager@acme.example");
    CHECK(server.status(token) == 200);
    CHECK(server.stop() == 0);
    CHECK(here.run({"restore", copy}).exit_code == 0);
}

TEST_CASE("names in any script go through every field, and what is no name is refused") {
    const Installation here;
    here.must({"init"});
    const std::string name = "\xe6\x9d\xb1\xe4\xba\xac \xd8\xa8\xd9\x8a\xd8\xaa \xf0\x9f\x9a\xaa";
    here.must({"workspace", "add", name, "--plan", "studio"});
    here.must({"member", "add", name, "\xc3\xa4nn@\xc3\xa4.example", "--name", name});
    here.must({"member", "add", name, "--service", name});
    const Json token = here.json({"token", "mint", name + "/" + name, "--name", name});
    CHECK(token.at("name") == name);
    CHECK(token.at("workspaceName") == name);
    CHECK(contains(here.run({"member", "list", name}).out, name));
    CHECK(contains(here.run({"token", "list"}).out, name));

    for (const std::string bad : {"a\nb", "\x1b[2J", "a\xff", "\xed\xa0\x80", "\xc2\x85"})
        for (const Arguments& command :
             {Arguments{"workspace", "add", bad}, Arguments{"workspace", "show", bad},
              Arguments{"member", "add", name, bad},
              Arguments{"member", "add", name, "--service", bad},
              Arguments{"member", "add", name, "a@b", "--name", bad},
              Arguments{"member", "role", bad, "admin"},
              Arguments{"token", "mint", bad, "--name", "x"},
              Arguments{"token", "mint", name + "/" + name, "--name", bad},
              Arguments{"token", "show", bad}, Arguments{"plan", "set", bad},
              Arguments{"plan", "set", "x", "--window", bad},
              Arguments{"operator", "mint", "--name", bad}, Arguments{"backup", bad},
              Arguments{"frob" + bad}}) {
            const Ran ran = here.run(command);
            CHECK(ran.exit_code == 2);
            CHECK_FALSE(contains(ran.err, bad));
            CHECK(ran.out.empty());
        }
    CHECK(here.json({"workspace", "list"}).size() == 1);
}

TEST_CASE("a database that other users may read or write is not served") {
    const Installation here;
    here.populate();
    for (const char* mode : {"604", "602", "620", "666"}) {
        REQUIRE(run({"chmod", mode, here.database()}).exit_code == 0);
        const std::string said = failed(here.run({"serve"}));
        CHECK(contains(said, "other users of this machine may read or write " + here.database()));
        CHECK(contains(said, "chmod 600 " + here.database()));
    }
    for (const char* mode : {"600", "640"}) {
        REQUIRE(run({"chmod", mode, here.database()}).exit_code == 0);
        Server server(here);
        CHECK(server.stop() == 0);
    }
}

TEST_CASE("a backup is one private file, and bringing it back keeps what was revoked since") {
    const Installation here;
    here.populate();
    const std::string kept = here.mint("manager@acme.example"),
                      lost = here.mint("admin@acme.example");
    const std::string copy = here.folder().file("copy.db");
    const Json report = here.json({"backup", copy});
    CHECK(report.at("members") == 4);
    CHECK(run({"stat", "-c", "%a", copy}).out == "600\n");
    here.must({"token", "revoke", prefix_of(lost)});
    here.must({"member", "remove", "member@acme.example"});
    here.must({"workspace", "add", "Later"});

    const Ran restored = here.run({"restore", copy});
    CHECK(restored.exit_code == 0);
    CHECK(contains(restored.out, prefix_of(lost)));
    CHECK(contains(restored.out, "--bring-back"));
    CHECK(here.json({"workspace", "list"}).size() == 1);
    CHECK(here.json({"token", "show", prefix_of(kept)}).at("status") == "live");
    CHECK(here.json({"token", "show", prefix_of(lost)}).at("status") == "revoked");
    const Json undone = here.json({"restore", copy, "--bring-back"});
    CHECK(undone.at("keptRevoked").empty());
    CHECK(exists(undone.at("oldFile")));
    CHECK(here.json({"token", "show", prefix_of(lost)}).at("status") == "live");

    CHECK(contains(failed(here.run({"restore", here.folder().file("none.db")})), "none.db"));
    write_file(here.folder().file("no.db"), "no database");
    CHECK(contains(failed(here.run({"restore", here.folder().file("no.db")})), "no.db"));
    CHECK(contains(failed(here.run({"backup", "/none/copy.db"})), "/none"));
    CHECK(here.json({"token", "list"}).size() == 3);
}

TEST_CASE("a file that is no backup is left alone, and --force replaces it") {
    const Installation here;
    here.populate();
    const std::string file = here.folder().file("passwd");
    write_file(file, "root:x:0:0\n");
    const std::string said = failed(here.run({"backup", file}));
    CHECK(contains(said, file));
    CHECK(contains(said, "--force"));
    CHECK(read_file(file) == "root:x:0:0\n");
    CHECK(here.json({"backup", file, "--force"}).at("members") == 4);
    CHECK(here.json({"backup", file}).at("members") == 4);  // by now it is one
}

TEST_CASE("a database mode that comes from Kubernetes' fsGroup is refused, and says so") {
    const Installation here;
    here.populate();
    REQUIRE(run({"chmod", "2770", here.folder().file("data")}).exit_code == 0);
    REQUIRE(run({"chmod", "660", here.database()}).exit_code == 0);
    const std::string said = failed(here.run({"serve"}));
    CHECK(contains(said, "fsGroup"));
    CHECK(contains(said, "fsGroupChangePolicy: OnRootMismatch"));
    CHECK(contains(said, "chmod 600 " + here.database()));
}

TEST_CASE("a verified backup says what it restores to, and a folder keeps the latest of them") {
    const Installation here;
    here.populate();
    static_cast<void>(here.mint("manager@acme.example"));
    const std::string folder = here.folder().file("data/backups");
    std::filesystem::create_directory(folder);
    const Arguments kept = {"backup", folder, "--verify", "--keep", "2"};
    for (const char* day : {"20260101", "20260102", "20260103"})
        write_file(folder + "/hourgate-" + day + "T000000Z.db",
                   hourgate::test::first_bytes_of_backup());
    write_file(folder + "/by-hand.db", "somebody else's");

    const Json made = here.json(kept);
    CHECK(made.at("restores").at("workspaces") == 1);
    CHECK(made.at("restores").at("members") == 4);
    CHECK(made.at("restores").at("tokens") == 2);
    CHECK(made.at("restores").at("tokensCompared") == 2);
    CHECK(made.at("removed").size() == 2);
    const std::string file = made.at("file");
    CHECK(names_in(folder) ==
          Arguments{"by-hand.db", "hourgate-20260103T000000Z.db", file.substr(folder.size() + 1)});
    CHECK(run({"stat", "-c", "%a", file}).out == "600\n");
    const Ran told = here.run({"backup", file, "--verify-only"});
    CHECK(told.exit_code == 0);
    CHECK(contains(told.out, "restores to 1 workspace, 4 members, 2 tokens in "));
    CHECK_FALSE(contains(here.run({"backup", here.folder().file("plain.db")}).out, "restores"));

    std::string bytes = read_file(file);
    bytes.replace(4'096 * 10, 4'096, 4'096, 'Z');
    write_file(file, bytes);
    CHECK(contains(failed(here.run({"backup", file, "--verify-only"})), file));
    CHECK(read_file(file) == bytes);
    for (const Arguments& wrong :
         {Arguments{"backup", file, "--keep", "2"}, Arguments{"backup", folder, "--keep", "0"},
          Arguments{"backup", folder, "--keep", "many"},
          Arguments{"backup", file, "--verify-only", "--keep", "2"},
          Arguments{"backup", file, "--verify-only", "--verify"}})
        CHECK(here.run(wrong).exit_code == 2);
    CHECK(names_in(folder).size() == 3);
}

TEST_CASE("the age of the newest backup is in the metrics, and there is none where none is") {
    const Installation here;
    here.must({"init"});
    Server server(here);
    const auto told = [&](const std::string& path) {
        return Wire(server.ports().admin).ask(get(path)).body;
    };
    CHECK_FALSE(contains(told("/metrics"), "hourgate_backup_age_seconds"));
    CHECK(told("/_hourgate/readyz") == "ready\nno backup\n");
    const std::string folder = here.folder().file("data/backups");
    std::filesystem::create_directory(folder);
    here.must({"backup", folder, "--verify", "--keep", "7"});
    CHECK(contains(told("/metrics"), "\nhourgate_backup_age_seconds "));
    CHECK(told("/_hourgate/readyz") == "ready\nnewest backup: 0 h old\n");
    // Who is not the operator is not told.
    CHECK(Wire(server.ports().public_).ask(get("/_hourgate/readyz")).body == "ready\n");
    CHECK(server.stop() == 0);
}

namespace {

/// A disk of one MiB in place of the folder of the database, for as long as it lives.
class SmallDiskFor {
public:
    explicit SmallDiskFor(const Installation& here) : folder_(here.folder().file("data")) {
        std::filesystem::create_directories(folder_);
        mounted_ = is_root() && run({"mount", "-t", "tmpfs", "-o", "size=1m,mode=0700",
                                     "hourgate-test", folder_})
                                        .exit_code == 0;
    }
    ~SmallDiskFor() {
        if (mounted_)
            static_cast<void>(run({"umount", "-l", folder_}));
    }
    SmallDiskFor(const SmallDiskFor&) = delete;
    SmallDiskFor& operator=(const SmallDiskFor&) = delete;
    [[nodiscard]] bool mounted() const noexcept { return mounted_; }
    void fill() const {
        static_cast<void>(run({"dd", "if=/dev/zero", "of=" + folder_ + "/ballast", "bs=4k"}));
    }
    void free() const { std::filesystem::remove(folder_ + "/ballast"); }

private:
    const std::string folder_;
    bool mounted_ = false;
};

Answered mint_over_http(const Server& server, const std::string& operator_token,
                        const std::string& member) {
    return Wire(server.ports().admin)
        .ask(post("/admin/v1/members/" + member + "/tokens", R"({"name":"x"})",
                  {{"Authorization", "Bearer " + operator_token}}));
}

}  // namespace

// A disk that fails and one that has become read-only: store/write_faults_test.cpp.
TEST_CASE("on a full disk decisions go on, changes fail, and when there is room it mends itself") {
    const Installation here;
    const SmallDiskFor disk(here);
    if (!disk.mounted()) {
        WARN("skipped: needs root and the right to mount");
        return;
    }
    const std::string operator_token = here.json({"init"}).at("token");
    here.must({"workspace", "add", "Acme", "--plan", "studio"});
    const std::string member =
        here.json({"member", "add", "Acme", "ann@acme.example", "--role", "owner"}).at("id");
    const std::string known = here.mint(member), unknown = here.mint(member);
    Server server(here);
    CHECK(server.status(known) == 200);
    std::size_t tokens = here.json({"token", "list", "Acme"}).size();

    disk.fill();
    // What is free yet of the last page of the WAL may take a change or two.
    Answered answered = mint_over_http(server, operator_token, member);
    for (int tries = 0; tries < 20 && answered.status == 201; ++tries, ++tokens)
        answered = mint_over_http(server, operator_token, member);
    INFO(answered.body);
    CHECK(answered.status == 503);
    CHECK(contains(answered.body, "is full: nothing was changed"));
    CHECK(server.status(known) == 200);
    CHECK(server.status(unknown) == 200);
    const Ran command = here.run({"token", "mint", member, "--name", "x"});
    CHECK(contains(failed(command), "is full: nothing was changed"));
    CHECK(contains(failed(here.run({"backup", here.folder().file("data/b.db"), "--verify"})),
                   "is full"));
    disk.free();

    CHECK(mint_over_http(server, operator_token, member).status == 201);
    ++tokens;
    CHECK(here.json({"token", "list", "Acme"}).size() == tokens);
    const auto minted = here.json({"audit", "Acme", "--action", "token.mint", "--limit", "0"});
    CHECK(minted.size() == tokens);
    CHECK(names_in(here.folder().file("data")) == Arguments{"hourgate.db", "hourgate.db-shm",
                                                            "hourgate.db-wal", "hourgate.db.lock",
                                                            "hourgate.db.reload"});
    CHECK(server.stop() == 0);
    CHECK(contains(server.program().err(), "a change failed, and so will others"));
    CHECK(contains(server.program().err(), "changes work again"));
}

TEST_CASE("root who may not read a backup is not told to become the one who may not either") {
    if (!is_root() || !installed("setpriv")) {
        WARN("skipped: needs root, to be somebody else");
        return;
    }
    const Installation here;
    here.populate();
    const Folder elsewhere;
    const std::string theirs = elsewhere.file("theirs");
    std::filesystem::create_directories(theirs);
    REQUIRE(here.run({"backup", theirs + "/b.db"}).exit_code == 0);
    REQUIRE(run({"chown", "daemon", theirs}).exit_code == 0);
    REQUIRE(run({"chown", "-R", "nobody", here.folder().file("data")}).exit_code == 0);
    const Ran as_root = here.run({"restore", theirs + "/b.db", "--dry-run"});
    INFO(as_root.err);
    CHECK(as_root.exit_code == 1);
    CHECK_FALSE(contains(as_root.err, "next: sudo"));
    // What it says instead works when it is pasted.
    const std::size_t begin = as_root.err.find("`chown -h ");
    REQUIRE(begin != std::string::npos);
    const std::size_t end = as_root.err.find('`', begin + 1);
    REQUIRE(run({"sh", "-c", as_root.err.substr(begin + 1, end - begin - 1)}).exit_code == 0);
    CHECK(here.run({"restore", theirs + "/b.db", "--dry-run"}).exit_code == 0);
    // Others become root, who works as the owner of each of the two files.
    Arguments words = as_nobody();
    for (const std::string& word : here.words({"restore", theirs + "/b.db"}))
        words.push_back(word);
    REQUIRE(run({"chown", "-R", "root", here.folder().file("data")}).exit_code == 0);
    CHECK(contains(run(words).err, "next: sudo " + binary() + " --config "));
}
