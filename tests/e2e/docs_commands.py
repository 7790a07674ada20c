#!/usr/bin/env python3
"""Runs the commands and checks the configurations that a page of the documentation shows.

usage: docs_commands.py PROGRAM PAGE...

The info string of a fenced block says what happens to it:

  ```console        Lines that begin with "$ " are commands. They are run in this order, all commands
                    of a page in one shell. A line that ends with a backslash continues on the next.
                    The other lines are expected output: each must be printed, in this order. "…"
                    stands for any text, and a line that is only "…" for any lines. A command
                    without output other than "…" must exit with 0 and print no error of the gate.
  ```toml           A complete configuration. `hourgate config check` must accept it, and must not
                    warn that a role may do more than a higher one.
  ```toml fragment  A part of a configuration. It is not checked.
  anything else     It is not run: sh, nginx, json, http, text, ...

A comment on the page says what its commands start with:

  <!-- tested with: a running gate -->       A server, a workspace and tokens: see `populate`. This is
                                             the default.
  <!-- tested with: a new installation -->   A configuration, but no database and no server.
  <!-- tested with: no installation -->      Only the program.

Ports, folders, ids and tokens of the page are replaced by those of the test.
Exits with 0 if everything is as the page says, and with 1 if not. It then prints what differs.
"""

import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading

ALLOWED_SECONDS = 120

# Errors of the gate that mean that a command is written wrongly.
MISTAKES = (
    "wrong_content_type",
    "bad_json",
    "no_such_route",
    "invalid_fields",
    "validation_error",
    "malformed_token",
    "unknown_host",
)


class Api(http.server.BaseHTTPRequestHandler):
    """The API behind the gate: 200 and a line of JSON for every call."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b'{"data":[]}\n'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def free_ports():
    """The middle one of three free ports in a row."""
    for port in range(10_001 + os.getpid() % 20_000, 60_000, 3):
        sockets = []
        try:
            for offset in (-1, 0, 1):
                one = socket.socket()
                sockets.append(one)
                one.bind(("127.0.0.1", port + offset))
            return port
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()
    raise RuntimeError("no three free ports in a row")


def blocks_in(page):
    """(info string, lines, number of the first line) of each fenced block."""
    blocks, info, lines = [], None, []
    for number, line in enumerate(page.split("\n"), 1):
        if line.startswith("```"):
            if info is None:
                info, lines, first = line[3:].strip(), [], number + 1
            else:
                blocks.append((info, lines, first))
                info = None
        elif info is not None:
            lines.append(line)
    return blocks


def commands_in(lines):
    """[command, expected lines] of each command of a console block."""
    commands, continues = [], False
    for line in lines:
        if continues:
            commands[-1][0] += "\n" + line
        elif line.startswith("$ "):
            commands.append([line[2:], []])
        elif commands:
            commands[-1][1].append(line)
            continue
        continues = line.endswith("\\")
    return commands


def fits(expected, line):
    parts = [re.escape(part) for part in expected.rstrip().split("…")]
    return re.fullmatch(".*".join(parts), line.rstrip()) is not None


def missing_line(expected, printed):
    """The first expected line that is not printed after the one before it; None: all are."""
    at = 0
    for line in expected:
        if line.strip() in ("", "…"):
            continue
        while at < len(printed) and not fits(line, printed[at]):
            at += 1
        if at == len(printed):
            return line
        at += 1
    return None


class Place:
    """A folder that stands for the machine of the reader, and what runs in it."""

    def __init__(self, program, kind):
        self.program, self.kind = os.path.abspath(program), kind
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="hourgate-docs-"))
        self.api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
        threading.Thread(target=self.api.serve_forever, daemon=True).start()
        self.port = free_ports()
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("HOURGATE_")},
            "PATH": f"{self.root}/bin:{os.environ['PATH']}",
            "NO_COLOR": "1",
        }
        self.replaced = {
            "127.0.0.1:8401": f"127.0.0.1:{self.port - 1}",
            "127.0.0.1:8402": f"127.0.0.1:{self.port}",
            "127.0.0.1:8403": f"127.0.0.1:{self.port + 1}",
            "127.0.0.1:3000": f"127.0.0.1:{self.api.server_port}",
            "/etc/": f"{self.root}/etc/",
            "/var/lib/hourgate": f"{self.root}/var/lib/hourgate",
            "/srv/": f"{self.root}/srv/",
            "/run/hourgate/": f"{self.root}/run/hourgate/",
        }
        self.make_folders()
        self.make_tools()
        if kind != "no installation":
            self.configure()
        if kind == "a running gate":
            self.populate()

    def make_folders(self):
        for folder in (
            "bin",
            "work/build",
            "srv/backup",
            "run/hourgate",
            "var/lib/hourgate",
            "etc/hourgate",
            "etc/nginx/conf.d",
            "etc/caddy",
            "etc/haproxy",
            "etc/traefik/dynamic",
            "etc/envoy",
        ):
            (self.root / folder).mkdir(parents=True)
        (self.root / "var/lib/hourgate").chmod(0o700)

    def tool(self, name, text):
        path = self.root / name
        path.write_text("#!/bin/bash\n" + text)
        path.chmod(0o755)

    def make_tools(self):
        """What the reader's machine has, or would have: each does here what it does there."""
        start = f"""
start() {{
    "$@" >>{self.root}/server.log 2>&1 </dev/null &
    echo $! >>{self.root}/pids
    for i in $(seq 300); do
        grep -q msg=listening {self.root}/server.log && return 0
        sleep 0.1
    done
    cat {self.root}/server.log; return 1
}}
"""
        hourgate = f"""{start}
case " $* " in *" serve "*) start {self.program} "$@"; exit;; esac
if [ "$1" = quickstart ]; then
    shift
    {self.program} quickstart --port {self.port} "$@" | tee {self.root}/quickstart
    sed -n "s/.*Bearer \\(hsk_[a-zA-Z0-9_]*\\)'.*/\\1/p" {self.root}/quickstart >{self.root}/token
    exit "${{PIPESTATUS[0]}}"
fi
exec {self.program} "$@"
"""
        self.tool("bin/hourgate", hourgate)
        self.tool("work/build/hourgate", hourgate)
        self.tool("bin/sudo", '[ "$1" = -u ] && shift 2\nexec "$@"\n')
        self.tool("bin/journalctl", f"cat {self.root}/server.log\n")
        self.tool(
            "bin/systemctl",
            f"""
for word; do unit=$word; done
[ "$unit" = hourgate ] || exit 0
stop() {{
    while read -r pid; do
        kill "$pid" 2>/dev/null
        while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    done 2>/dev/null <{self.root}/pids
    : >{self.root}/pids; : >{self.root}/server.log
}}
case $1 in
    reload) exec hourgate reload;;
    stop) stop;;
    start | enable | restart) stop; exec hourgate serve;;
esac
""",
        )

    def configure(self):
        file = self.root / "etc/hourgate/config.toml"
        self.environment["HOURGATE_CONFIG"] = str(file)
        example = (pathlib.Path(__file__).parents[2] / "config.example.toml").read_text()
        file.write_text(
            self.here(
                '[server]\npublic = "127.0.0.1:8402"\nask = "127.0.0.1:8401"\n'
                'admin = "127.0.0.1:8403"\n[database]\npath = "/var/lib/hourgate/hourgate.db"\n'
                '[upstream]\nurl = "http://127.0.0.1:3000"\n[decisions]\ngrants = "all"\n'
            )
            + example[example.index("\n[[resource]]") :]
        )

    def made(self, *words):
        ran = subprocess.run(
            [self.program, *words, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(ran.stdout)

    def populate(self):
        """Acme on the plan studio, with its people; a token of Ann's, and a call that was refused."""
        self.made("init")
        self.made("workspace", "add", "Acme", "--plan", "studio")
        for role in ("owner", "admin", "manager", "member"):
            self.made("member", "add", "Acme", f"{role}@acme.example", "--role", role)
        ann = self.made("member", "add", "Acme", "ann@acme.example", "--role", "manager")
        self.made("member", "add", "Acme", "bob@acme.example", "--role", "member")
        minted = self.made("token", "mint", "Acme/ann@acme.example", "--name", "ci job")
        other = self.made("token", "mint", "Acme/ann@acme.example", "--name", "old job")
        bob = self.made("token", "mint", "Acme/bob@acme.example", "--name", "bob ci")
        guest = self.made("operator", "mint", "--name", "guest")
        self.environment["TOKEN"] = minted["token"]
        self.environment["BOB"] = bob["token"]
        self.environment["OPERATOR"] = self.made("operator", "mint", "--name", "o")["token"]
        subprocess.run(
            [self.root / "bin/hourgate", "serve"],
            env=self.environment,
            check=True,
            capture_output=True,
        )
        head = subprocess.run(
            ["curl", "-sS", "-D-", "-o/dev/null", "-H", f"Authorization: Bearer {bob['token']}"]
            + [f"http://127.0.0.1:{self.port}/api/v1/clients/7"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        decision = re.search(r"(?i)x-hourgate-decision: (\S+)", head).group(1)
        self.replaced.update(
            {
                "4f8a2c1bdedf": other["prefix"],
                "0c33d1a9b27e": guest["prefix"],
                "MEMBER-ID": ann["id"],
                "DECISION": decision,
            }
        )

    def here(self, text):
        """The text of a page with what is true in this place."""
        for there, here in self.replaced.items():
            text = text.replace(there, here)
        return text

    def run(self, commands):
        """(exit code, printed lines) of each command, all in one shell."""
        script = [f"cd {self.root}/work", "exec 2>&1 </dev/null"]
        for number, (command, _) in enumerate(commands):
            script += [
                f"echo '@@ begin {number}'",
                f"[ -s {self.root}/token ] && TOKEN=$(cat {self.root}/token)",
                command,
                f"code=$?; echo; echo \"@@ end {number} $code\"",
            ]
        said = subprocess.run(
            ["bash", "-c", "\n".join(script)],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=ALLOWED_SECONDS,
            check=False,
        ).stdout
        ran = []
        for number in range(len(commands)):
            found = re.search(
                rf"@@ begin {number}\n(.*?)\n?@@ end {number} (\d+)\n", said, re.DOTALL
            )
            ran.append((int(found.group(2)), found.group(1).split("\n")) if found else (-1, [said]))
        return ran

    def close(self):
        pids = self.root / "pids"
        if pids.exists():
            for pid in pids.read_text().split():
                try:
                    os.kill(int(pid), signal.SIGTERM)
                except ProcessLookupError:
                    pass
        self.api.shutdown()
        shutil.rmtree(self.root, ignore_errors=True)


def check_command(command, expected, code, printed):
    """What is wrong with a command; "": nothing."""
    text = "\n".join(printed)
    if code in (-1, 2, 126, 127):
        return f"exit code {code}"
    if "curl: (" in text:
        return "curl failed"
    if any(line.strip() not in ("", "…") for line in expected):
        line = missing_line(expected, printed)
        return "" if line is None else f"this line was not printed: {line}"
    if code != 0:
        return f"exit code {code}"
    for reason in MISTAKES:
        if re.search(rf'"error":{{"code":"\w+","reason":"{reason}"', text):
            return reason
    return ""


def check_page(program, path):
    """Prints what is wrong on a page. Returns how many things are, and how many were tried."""
    page = path.read_text()
    if not any(info in ("console", "toml") for info, _, _ in blocks_in(page)):
        return 0, 0
    kind = re.search(r"<!-- tested with: (.*?) -->", page)
    place = Place(program, kind.group(1) if kind else "a running gate")
    try:
        wrong = tried = 0
        commands = []
        for info, lines, first in blocks_in(place.here(page)):
            if info == "console":
                commands += commands_in(lines)
            elif info == "toml":
                file = place.root / f"work/block-{first}.toml"
                file.write_text("\n".join(lines) + "\n")
                ran = subprocess.run(
                    [program, "config", "check", "--config", file],
                    env=place.environment,
                    capture_output=True,
                    text=True,
                    check=False,
                )
                tried += 1
                if ran.returncode != 0 or "may do more than" in ran.stderr:
                    wrong += 1
                    print(f"{path}:{first}: {ran.stdout}{ran.stderr}")
                file.unlink()
        for (command, expected), (code, printed) in zip(
            commands, place.run(commands), strict=True
        ):
            tried += 1
            problem = check_command(command, expected, code, printed)
            if problem:
                wrong += 1
                print(f"{path}: $ {command}\n{problem}; printed, exit code {code}:")
                print("\n".join(printed))
        return wrong, tried
    finally:
        place.close()


def main():
    if len(sys.argv) < 3 or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        return 0 if sys.argv[1:2] in (["-h"], ["--help"]) else 2
    wrong = tried = 0
    for name in sys.argv[2:]:
        of_page = check_page(sys.argv[1], pathlib.Path(name))
        wrong += of_page[0]
        tried += of_page[1]
    print(f"tried {tried}, wrong {wrong}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
