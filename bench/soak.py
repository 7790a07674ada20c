"""Runs the real server under mixed traffic, changes, reloads and backups, and tells whether it
leaks, slows down or answers what it should not.

Run it by scripts/soak, which builds first. At the same time:

  a client that behaves   so many calls a second on kept-alive connections; its p99 is the curve
  callers of every kind   granted, unknown, forged, forbidden, unpaid, over the limit, verify,
                          check, self-service, why, lists, calls through the proxy, broken requests;
                          each has the statuses that are right
  changes                 mint, use, revoke, use again; role and plan there and back; over HTTP and
                          by the command line
  reloads                 SIGHUP every 15 s: another policy, another API behind the gate; now and
                          then a file that is wrong
  backups                 every minute, verified, the latest three kept
  connections             hundreds that come and go, idle, half a request, or dripping

It exits with 0 when memory grows after the warm-up by no more than the tokens that were minted, no
descriptor and no thread is left over, no answer was outside the contract, and the server ends cleanly on a sound database.
"""

import argparse
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median

sys.dont_write_bytecode = True

import servers  # noqa: E402
from servers import Gate, built, unknown_token  # noqa: E402

SAMPLE_S = 10.0
RELOAD_S = 15.0
BACKUP_S = 60.0
GOOD_RATE = 500  # calls a second of the client that behaves
GROWTH_KIB = 2048  # of resident memory, from the second third to the last
# A token in memory takes 1.3 (docs/limits.md); one whose member and workspace changed after it was
# asked for the last time keeps theirs of before: of those that are minted here, each.
TOKEN_KIB = 3.0

# What a reload goes to and fro between. The last is refused, and changes nothing.
VARIANTS = [
    "",
    '[policy]\nunlisted = "allow"\n',
    '[gate]\ndocs = "https://docs.example/errors"\n[cors]\norigins = ["https://app.example"]\n',
    '[gate]\nmode = "nonsense"\n',
]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Troubles:
    """What should not have happened, the first of each kind with its circumstances."""

    def __init__(self):
        self.lock = threading.Lock()
        self.kinds = {}

    def add(self, kind, detail):
        with self.lock:
            times, first = self.kinds.get(kind, (0, detail))
            self.kinds[kind] = (times + 1, first)


class Api(BaseHTTPRequestHandler):
    """What is behind the gate: reads what it is sent, and says how much that was."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = str(len(body)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = answer

    def log_message(self, *args):
        pass


def start_api():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


class Caller:
    """HTTP to one listener on a kept-alive connection that is made anew now and then."""

    def __init__(self, port):
        self.port, self.connection, self.calls = port, None, 0

    def ask(self, method, path, headers=None, body=None):
        for attempt in (1, 2):
            if self.connection is None or self.calls > 200:
                self.close()
                self.connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.calls += 1
            try:
                self.connection.request(method, path, body=body, headers=headers or {})
                answer = self.connection.getresponse()
                return answer.status, answer.headers, answer.read()
            except (HTTPException, ConnectionError):
                # A server may close a connection that is idle; the call is made once more on another.
                self.close()
                if attempt == 2:
                    raise
        raise AssertionError

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection, self.calls = None, 0


class Soak:
    def __init__(self, folder, minutes):
        self.ends = time.monotonic() + minutes * 60
        self.folder = folder
        self.troubles = Troubles()
        self.counts = {}
        self.lock = threading.Lock()
        self.apis = [start_api(), start_api()]
        self.gate = Gate(os.path.join(folder, "gate"), api=self.apis[0])
        self.backups = os.path.join(folder, "backups")
        os.mkdir(self.backups)
        self.tokens = self.populate()
        with open(self.gate.config, encoding="utf-8") as file:
            self.written = file.read()
        self.server = self.gate.serve()
        self.pid = self.server.pids[0]
        self.samples = []

    def populate(self):
        gate = self.gate
        gate.run("plan", "set", "small", "--api", "yes", "--rank", "5", "--window", "burst=5/10")
        gate.run("plan", "set", "huge2", "--api", "yes", "--rank", "91", "--window", "b=1000000/10")
        tokens = {
            "good": gate.token("Good", plan="huge"),
            "owner": gate.token("Acme", plan="huge"),
            "member": gate.token("Mem", role="member", plan="huge"),
            "unpaid": gate.token("Unpaid", plan="free"),
            "small": gate.token("Small", plan="small"),
            "operator": gate.run("operator", "mint", "--name", "soak")["token"],
        }
        gate.stock("huge", 20_000)
        return tokens

    def over(self):
        return time.monotonic() >= self.ends

    # --- callers ---

    def expect(self, kind, answer, statuses, *reasons):
        status, _, body = answer
        with self.lock:
            self.counts[kind] = self.counts.get(kind, 0) + 1
        if status not in statuses:
            self.troubles.add(f"{kind}: {status}", body[:300].decode(errors="replace"))
        elif reasons and status >= 400 and not any(r.encode() in body for r in reasons):
            self.troubles.add(f"{kind}: another reason", body[:300].decode(errors="replace"))

    @staticmethod
    def bearer(token, **more):
        headers = {"Authorization": f"Bearer {token}"}
        headers.update({name.replace("_", "-"): value for name, value in more.items()})
        return headers

    def asked(self, token, path, method="GET", **more):
        return self.bearer(
            token, X_Forwarded_Method=method, X_Forwarded_Uri=path,
            X_Forwarded_For=f"10.{random.randrange(256)}.{random.randrange(256)}.7", **more
        )

    def call(self, ask, public, admin):
        """One call of some kind."""
        tokens, caddy = self.tokens, "/_hourgate/auth/caddy"
        api = "/_hourgate/api/v1"
        path = f"/api/v1/clients/{random.randrange(10**6)}"
        kind = random.randrange(15)
        if kind == 0:
            self.expect("granted", ask.ask("GET", caddy, self.asked(tokens["owner"], path)), {200})
        elif kind == 1:
            headers = self.asked(unknown_token(), path, X_Request_Id=str(random.random()))
            self.expect("unknown", ask.ask("GET", caddy, headers), {401, 429}, "unknown_token")
        elif kind == 2:
            headers = self.asked(tokens["member"], path)
            self.expect("forbidden", ask.ask("GET", caddy, headers), {403}, "role_forbidden")
        elif kind == 3:
            headers = self.asked(tokens["unpaid"], path)
            self.expect("unpaid", ask.ask("GET", caddy, headers), {402}, "plan_without_api")
        elif kind == 4:
            headers = self.asked(tokens["small"], path)
            self.expect("limited", ask.ask("GET", caddy, headers), {200, 429}, "window_full")
        elif kind == 5:
            body = json.dumps({"token": tokens["owner"], "method": "GET", "path": path})
            answer = ask.ask("POST", "/_hourgate/verify", {"Content-Type": "application/json"}, body)
            self.expect("verify", answer, {200})
        elif kind == 6:
            headers = self.bearer(tokens["owner"], Content_Type="application/json")
            body = json.dumps({"method": "POST", "path": path})
            # Sixty a minute for a token, as for why below; 240 for everything else of the gate's own.
            self.expect("check", public.ask("POST", api + "/check", headers, body), {200, 429})
        elif kind == 7:
            answer = public.ask("GET", api + "/me", self.bearer(tokens["owner"]))
            self.expect("me", answer, {200, 429}, "window_full")
        elif kind == 8:
            target = random.choice(["/tokens?limit=50", "/members", "/usage", "/organization"])
            answer = public.ask("GET", api + target, self.bearer(tokens["owner"]))
            self.expect("lists", answer, {200, 429}, "window_full")
        elif kind == 9:
            answer = ask.ask("GET", caddy, self.asked(tokens["member"], path))
            decision = answer[1].get("X-Hourgate-Decision", "")
            why = f"/_hourgate/why/{decision}"
            # What is looked up may not be on record any more.
            answer = public.ask("GET", why, self.bearer(tokens["member"]))
            self.expect("why", answer, {200, 404, 429})
        elif kind == 10:
            body = "x" * random.randrange(200_000)
            answer = public.ask("POST", path, self.bearer(tokens["owner"]), body)
            self.expect("forwarded", answer, {200})
            if answer[0] == 200 and answer[2] != str(len(body)).encode():
                self.troubles.add("forwarded: another body", answer[2].decode())
        elif kind == 11:
            headers = self.bearer(tokens["owner"], X_Hourgate_Role="owner")
            self.expect("forged", public.ask("GET", path, headers), {400}, "forged_header")
        elif kind == 12:
            answer = ask.ask("GET", caddy, self.asked(tokens["owner"], "/api/v1/%2e%2e/x"))
            self.expect("ambiguous", answer, {400}, "path_ambiguous")
        elif kind == 13:
            target = random.choice(["/admin/v1/decisions?limit=50", "/admin/v1/audit?limit=50",
                                    "/admin/v1/workspaces", "/admin/v1/tokens?limit=200"])
            answer = admin.ask("GET", target, self.bearer(tokens["operator"]))
            self.expect("admin lists", answer, {200})
        else:
            target = random.choice(["/metrics", "/_hourgate/readyz", "/_hourgate/healthz"])
            self.expect("metrics, health", admin.ask("GET", target), {200})

    def callers(self):
        server = self.server
        three = [Caller(port) for port in (server.port, server.public_port, server.admin_port)]
        while not self.over():
            self.call(*three)
            time.sleep(0.002)
        for one in three:
            one.close()

    # --- changes ---

    def changes(self):
        """In force on return, over HTTP and by the command line."""
        admin, ask = Caller(self.server.admin_port), Caller(self.server.port)
        operator = self.bearer(self.tokens["operator"], Content_Type="application/json")
        member = self.gate.run("member", "add", "Acme", "--service", "job", "--role", "manager")["id"]
        turn, role = 0, "manager"
        while not self.over():
            turn += 1
            path = f"/admin/v1/members/{member}/tokens"
            answer = admin.ask("POST", path, operator, json.dumps({"name": f"t{turn}"}))
            self.expect("mint", answer, {201})
            token = json.loads(answer[2])["data"]["token"]
            self.use(ask, token, 403 if role == "member" else 200)
            role = "member" if turn % 2 else "manager"
            if turn % 5 == 0:
                self.command("member", "role", member, role)
            else:
                answer = admin.ask("PATCH", f"/admin/v1/members/{member}", operator,
                                   json.dumps({"role": role}))
                self.expect("role", answer, {200})
            self.use(ask, token, 403 if role == "member" else 200)
            self.command("workspace", "plan", "Acme", "huge2" if turn % 2 else "huge")
            prefix = token.split("_")[2]
            if turn % 3 == 0:
                self.command("token", "revoke", prefix)
            else:
                self.expect("revoke", admin.ask("DELETE", f"/admin/v1/tokens/{prefix}", operator),
                            {200})
            self.use(ask, token, 401)
            time.sleep(0.2)

    def command(self, *words):
        done = self.run_command(*words)
        with self.lock:
            self.counts["commands"] = self.counts.get("commands", 0) + 1
        if done.returncode != 0:
            self.troubles.add(f"hourgate {words[0]} {words[1]}", done.stderr)

    def run_command(self, *words):
        """By a configuration that is not read by the server, which is a bad one now and then."""
        command = [built("hourgate"), "--config", os.path.join(self.folder, "commands.toml")]
        return subprocess.run(
            servers.placed("server", [*command, *words, "--json"]),
            capture_output=True, text=True, check=False,
        )

    def use(self, ask, token, status):
        answer = ask.ask("GET", "/_hourgate/auth/caddy", self.asked(token, "/api/v1/clients/1"))
        self.expect("used after a change", answer, {status})

    # --- the server itself ---

    def reloads(self):
        for turn in range(10**9):
            variant = VARIANTS[turn % len(VARIANTS)]
            api = self.apis[turn % 2]
            text = re.sub(r"(?<=url = \"http://127.0.0.1:)\d+", str(api), self.written, count=1)
            with open(self.gate.config, "w", encoding="utf-8") as file:
                file.write(text.replace("\n[[resource]]", "\n" + variant + "\n[[resource]]", 1))
            os.kill(self.pid, signal.SIGHUP)
            deadline = time.monotonic() + RELOAD_S
            while time.monotonic() < deadline:
                if self.over():
                    return
                time.sleep(0.2)

    def back_up(self):
        while not self.over():
            done = self.run_command("backup", self.backups, "--verify", "--keep", "3")
            with self.lock:
                self.counts["backups"] = self.counts.get("backups", 0) + 1
            if done.returncode != 0:
                self.troubles.add("backup", done.stderr)
            deadline = time.monotonic() + BACKUP_S
            while time.monotonic() < deadline and not self.over():
                time.sleep(0.2)

    def crowds(self):
        """Connections that come and go, some in the middle of a request."""
        half = [b"", b"GET /_hourg", b"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab", b"\x16\x03\x01",
                b"GET /api/v1/clients HTTP/1.1\r\nHost: h\r\n\r\n"]
        while not self.over():
            crowd = []
            for _ in range(200):
                try:
                    one = socket.create_connection(("127.0.0.1", self.server.public_port), 5)
                    one.sendall(random.choice(half))
                    crowd.append(one)
                except OSError as error:
                    self.troubles.add("connect", str(error))
            time.sleep(random.random() * 3)
            for one in crowd:
                one.close()
            with self.lock:
                self.counts["connections"] = self.counts.get("connections", 0) + len(crowd)

    # --- measuring ---

    def sample(self, seconds):
        """Of the client that behaves, and of the server's process."""
        words = [built("hourgate_load"), "open", "--to", f"127.0.0.1:{self.server.port}",
                 "--path", self.server.path, "--token", self.tokens["good"],
                 "--rate", str(GOOD_RATE), "--connections", "16", "--seconds", str(seconds)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            self.troubles.add("the client that behaves", done.stderr)
            return
        result = json.loads(done.stdout)
        for status, times in result.get("others", {}).items():
            self.troubles.add(f"the client that behaves: {status}", f"{times} times")
        for what in ("unanswered", "unsent"):
            if result.get(what):
                self.troubles.add(f"the client that behaves: {what}", str(result[what]))
        self.samples.append({
            "at_s": round(time.monotonic() - self.began),
            "rss_kib": servers.resident_kib(self.pid),
            "descriptors": servers.descriptors(self.pid),
            "threads": len(os.listdir(f"/proc/{self.pid}/task")),
            "tokens": self.server.metric("hourgate_directory_entries"),
            "p50_us": result["p50_us"],
            "p99_us": result["p99_us"],
        })

    def guarded(self, work):
        def run():
            try:
                work()
            except Exception as error:  # pylint: disable=broad-except
                self.troubles.add(f"{work.__name__} ended", repr(error))
        return run

    def run(self):
        with open(os.path.join(self.folder, "commands.toml"), "w", encoding="utf-8") as file:
            file.write(f'[database]\npath = "{self.gate.database}"\n')
        self.began = time.monotonic()
        works = [self.callers] * 4 + [self.changes, self.reloads, self.back_up, self.crowds]
        threads = [threading.Thread(target=self.guarded(work)) for work in works]
        for thread in threads:
            thread.start()
        told = 0
        while not self.over():
            self.sample(min(SAMPLE_S, max(1.0, self.ends - time.monotonic())))
            self.server.trim_log()
            if self.samples and time.monotonic() - self.began >= told * 60:
                told += 1
                last = self.samples[-1]
                say("  {at_s:5d} s  {rss_kib:7d} KiB  {descriptors} descriptors  {threads} threads"
                    "  p50 {p50_us:.0f} us  p99 {p99_us:.0f} us".format(**last))
        for thread in threads:
            thread.join()
        self.finish()

    def finish(self):
        """Everybody has gone: what is left open, and how it ends."""
        time.sleep(2)
        self.open_at_end = self.server.metric("hourgate_connections")
        self.descriptors_at_end = servers.descriptors(self.pid)
        process = self.server.processes[0]
        process.send_signal(signal.SIGTERM)
        code = process.wait(40)
        if code != 0:
            self.troubles.add("the end", f"exit code {code}")
        log = servers.read(self.server.log)
        if "msg=stopped cut=0" not in log:
            self.troubles.add("the end", log[-500:])
        sound = subprocess.run(["sqlite3", self.gate.database, "PRAGMA integrity_check"],
                               capture_output=True, text=True, check=False).stdout.strip()
        if sound != "ok":
            self.troubles.add("the database", sound)

    # --- the verdict ---

    def third(self, which, key):
        size = len(self.samples) // 3
        return median(s[key] for s in self.samples[size * which : size * (which + 1)])

    def verdict(self):
        rows = []
        if len(self.samples) >= 6:
            growth = self.third(2, "rss_kib") - self.third(1, "rss_kib")
            tokens = self.third(2, "tokens") - self.third(1, "tokens")
            told = f"{growth:+.0f} KiB, {tokens:+.0f} tokens"
            right = growth - tokens * TOKEN_KIB <= GROWTH_KIB
            rows.append(("memory, last third over second", told, right))
            slower = self.third(2, "p99_us") / self.third(0, "p99_us")
            rows.append(("p99, last third over first", f"{slower:.2f} x", slower <= 1.5))
            for key in ("threads",):
                more = self.third(2, key) - self.third(0, key)
                rows.append((f"{key}, last third over first", f"{more:+.0f}", more <= 0))
        rows.append(("connections left at the end", f"{self.open_at_end - 1:.0f}", self.open_at_end <= 1))
        if self.descriptors_at_end is not None:
            rows.append(("descriptors at the end", str(self.descriptors_at_end), True))
        calls = sum(self.counts.values())
        wrong = sum(times for times, _ in self.troubles.kinds.values())
        rows.append(("answers outside the contract", f"{wrong} of {calls}", wrong == 0))
        return rows


def main():
    parser = argparse.ArgumentParser(
        prog="scripts/soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=30, help="how long (default: 30)")
    parser.add_argument("--out", help="a file for all samples, as JSON")
    options = parser.parse_args()
    if servers.pin():  # the callers to one core, the server to the others, its commands beside it
        os.sched_setaffinity(0, {0})
    with tempfile.TemporaryDirectory(prefix="hourgate-soak-") as folder:
        soak = Soak(folder, options.minutes)
        try:
            soak.run()
        finally:
            servers.stop_all()
        rows = soak.verdict()
        print(f"{'what':34}{'measured':>26}  as it should be")
        for what, measured, right in rows:
            print(f"{what:34}{measured:>26}  {'yes' if right else 'NO'}")
        print("calls: " + ", ".join(f"{kind} {n}" for kind, n in sorted(soak.counts.items())))
        for kind, (times, first) in soak.troubles.kinds.items():
            print(f"TROUBLE, {times} times: {kind}: {first}")
        if options.out:
            with open(options.out, "w", encoding="utf-8") as file:
                json.dump({"samples": soak.samples, "counts": soak.counts}, file, indent=1)
    sys.exit(0 if all(right for _, _, right in rows) else 1)


if __name__ == "__main__":
    main()
