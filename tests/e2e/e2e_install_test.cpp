// scripts/install as an operator runs it, from a release, in a copy of this machine that is thrown
// away: an overlay over / in a mount namespace of its own.
#include <algorithm>
#include <filesystem>
#include <string>

#include "base/text.h"
#include "e2e/program.h"
#include "places.h"
#include "support/catch.h"

using namespace hourgate::e2e;
namespace fs = std::filesystem;

namespace {

const fs::path source(HOURGATE_SOURCE_DIR);

/// Runs bash's `line` in the copy, with the release in /release. The copy has no /run of its own, so
/// systemd does not run there; `systemd`: it has one, and a systemctl that says what it is asked.
class Machine {
public:
    Machine() {
        if (!is_root() || !installed("cmake") || !installed("unshare"))
            return;
        const fs::path release = folder_.file("release");
        fs::create_directories(release);
        const Ran put = run({"cmake", "--install", fs::path(HOURGATE_BINARY).parent_path().string(),
                             "--prefix", "/usr/local"},
                            {"DESTDIR=" + (release / "root").string()});
        INFO(put.out + put.err);
        REQUIRE(put.exit_code == 0);
        fs::copy_file(source / "scripts/install", release / "install");
        for (const std::string name : {"config.example.toml", "README.md", "SECURITY.md"})
            fs::copy_file(source / name, release / name);
        usable_ = in_copy("true").exit_code == 0;
    }

    [[nodiscard]] bool usable() const noexcept { return usable_; }

    [[nodiscard]] Ran in_copy(const std::string& line, bool systemd = false) const {
        const std::string layers = folder_.file("layers");
        std::string script =
            "set -e; L=" + layers +
            "; mkdir -p $L; mount -t tmpfs tmpfs $L; mkdir $L/up $L/work $L/m;"
            "mount -t overlay overlay -o lowerdir=/,upperdir=$L/up,workdir=$L/work $L/m;"
            "mount -t tmpfs tmpfs $L/m/run; mount -t tmpfs tmpfs $L/m/usr/local;"
            "mkdir -p $L/m/usr/local/bin; cp -R " +
            folder_.file("release") + " $L/m/release;";
        if (systemd)
            script +=
                "mkdir -p $L/m/run/systemd/system;"
                "printf '#!/bin/sh\\necho systemctl \"$@\"\\n' > $L/m/usr/local/bin/systemctl;"
                "chmod +x $L/m/usr/local/bin/systemctl;";
        script += "PATH=/usr/local/bin:$PATH chroot $L/m bash -c \"$0\"";
        return run({"unshare", "--mount", "bash", "-c", script, line});
    }

private:
    Folder folder_;
    bool usable_ = false;
};

std::size_t count(const std::string& text, const std::string& line) {
    const auto lines = hourgate::split(text, '\n');
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), line));
}

constexpr const char* skipped = "skipped: needs root, cmake, unshare and an overlay file system";

}  // namespace

TEST_CASE(
    "install puts program, manual page and completions in place, and says each thing it does") {
    const Machine machine;
    if (!machine.usable()) {
        WARN(skipped);
        return;
    }
    const Ran ran = machine.in_copy(
        "/release/install && echo ---- && ls -l /etc/hourgate/config.toml && "
        "stat -c '%a %U %G %n' /var/lib/hourgate && grep '^ask = ' /etc/hourgate/config.toml && "
        "for n in bin/hourgate share/man/man1/hourgate.1 "
        "share/bash-completion/completions/hourgate share/zsh/site-functions/_hourgate "
        "share/fish/vendor_completions.d/hourgate.fish lib/systemd/system/hourgate.service; do "
        "stat -c '%a %n' /usr/local/$n; done && head -1 /usr/local/share/man/man1/hourgate.1 && "
        "source /usr/local/share/bash-completion/completions/hourgate && complete -p hourgate && "
        "head -1 /usr/local/share/zsh/site-functions/_hourgate && "
        "/usr/local/bin/hourgate version");
    INFO(ran.out + ran.err);
    REQUIRE(ran.exit_code == 0);
    for (const std::string line :
         {"installed   /usr/local/bin/hourgate", "installed   /usr/local/share/man/man1/hourgate.1",
          "installed   /usr/local/share/bash-completion/completions/hourgate",
          "installed   /usr/local/share/zsh/site-functions/_hourgate",
          "installed   /usr/local/share/fish/vendor_completions.d/hourgate.fish",
          "made        user and group hourgate", "made        /etc/hourgate",
          "made        /etc/hourgate/config.toml", "made        /var/lib/hourgate",
          "755 /usr/local/bin/hourgate", "644 /usr/local/share/man/man1/hourgate.1",
          "700 hourgate hourgate /var/lib/hourgate", "ask = \"127.0.0.1:8401\"", ".TH HOURGATE 1",
          "#compdef hourgate", "complete -F _hourgate hourgate"}) {
        INFO(line);
        CHECK(count(ran.out, line) == 1);
    }
}

TEST_CASE("where systemd does not run, install names the commands that need none of it") {
    const Machine machine;
    if (!machine.usable()) {
        WARN(skipped);
        return;
    }
    const Ran without = machine.in_copy("/release/install");
    INFO(without.out + without.err);
    CHECK(without.exit_code == 0);
    CHECK_FALSE(contains(without.out, "systemctl"));
    CHECK(contains(without.out, " hourgate serve\n"));
    const Ran with = machine.in_copy("/release/install", true);
    CHECK(with.exit_code == 0);
    CHECK(contains(with.out, "systemctl daemon-reload\n"));
    CHECK(contains(with.out, "  systemctl enable --now hourgate\n"));
    CHECK_FALSE(contains(with.out, " hourgate serve\n"));
}

TEST_CASE("install run twice keeps the configuration, the database's folder and the user") {
    const Machine machine;
    if (!machine.usable()) {
        WARN(skipped);
        return;
    }
    const Ran ran = machine.in_copy(
        "/release/install >/dev/null && echo '# mine' >>/etc/hourgate/config.toml && "
        "echo kept >/var/lib/hourgate/note && /release/install && tail -1 "
        "/etc/hourgate/config.toml "
        "&& cat /var/lib/hourgate/note && getent passwd hourgate | wc -l");
    INFO(ran.out + ran.err);
    REQUIRE(ran.exit_code == 0);
    CHECK(contains(ran.out, "kept        user hourgate\n"));
    CHECK(contains(ran.out, "kept        /etc/hourgate/config.toml\n"));
    CHECK(contains(ran.out, "kept        /var/lib/hourgate\n"));
    CHECK_FALSE(contains(ran.out, "made "));
    CHECK(ran.out.ends_with("# mine\nkept\n1\n"));
}

TEST_CASE("uninstall leaves nothing of the program, and the configuration and the database") {
    const Machine machine;
    if (!machine.usable()) {
        WARN(skipped);
        return;
    }
    const std::string look =
        " && find /usr/local -not -type d | sort && ls /etc/hourgate /var/lib/hourgate";
    const Ran ran = machine.in_copy(
        "/release/install >/dev/null && echo db >/var/lib/hourgate/hourgate.db && "
        "/release/install --uninstall && /release/install --uninstall >/dev/null && echo ----" +
        look);
    INFO(ran.out + ran.err);
    REQUIRE(ran.exit_code == 0);
    CHECK(contains(ran.out, "removed     /usr/local/bin/hourgate\n"));
    CHECK(contains(ran.out, "kept        /etc/hourgate\n"));
    CHECK(contains(ran.out, "kept        user hourgate\n"));
    CHECK(ran.out.ends_with(
        "----\n/etc/hourgate:\nconfig.toml\n\n/var/lib/hourgate:\nhourgate.db\n"));
    const Ran stopped =
        machine.in_copy("/release/install >/dev/null && /release/install --uninstall", true);
    CHECK(contains(stopped.out, "systemctl disable --quiet --now hourgate.service\n"));
    CHECK(contains(stopped.out, "stopped and disabled  hourgate-ask.socket\n"));
}
