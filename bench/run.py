"""Measures what Hourgate costs, beside the floor and beside what others would use in its place.

Run it by scripts/bench, which builds first. All that is compared is measured in turns, round by
round, so that a machine that drifts drifts for all; quote the ratios. Figures are medians of the
rounds. Nothing is left behind but the results.
"""

import argparse
import datetime
import json
import os
import platform
import random
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from statistics import median

sys.dont_write_bytecode = True

import report  # noqa: E402
import servers  # noqa: E402
from servers import Gate, built  # noqa: E402


class Scale:
    """How much is measured."""

    rounds = 5
    seconds = 2.0  # a sample
    connections = (1, 32, 256)
    tokens = 10_000  # in turn, under the agency plan
    rates = (2_000, 5_000)  # calls a second
    stored = (1_000, 10_000, 100_000, 1_000_000)
    warm = 1_000  # tokens used of those stored
    in_use = 100_000
    calls_each = 100
    idle = 10_000
    drip = 1_000
    flood = 10_000  # connects a second
    refusals = 100_000
    refusal_rate = 10_000  # a second, beside a client that behaves
    good_rate = 1_000  # calls a second of the client that behaves


class Quick(Scale):
    rounds = 1
    seconds = 0.7
    tokens = 2_000
    stored = (1_000, 10_000, 100_000)
    in_use = 10_000
    refusals = 20_000


def say(text):
    print(text, file=sys.stderr, flush=True)


class Bench:
    """What all sections share."""

    def __init__(self, scale, folder):
        self.scale, self.folder = scale, folder
        self.problems = []  # answers that were not as they should be
        self.notes = []  # what was left out or cut down, and why

    def path(self, name):
        return os.path.join(self.folder, name)

    def write_tokens(self, name, tokens):
        path = self.path(name)
        with open(path, "w", encoding="ascii") as file:
            file.write("\n".join(tokens) + "\n")
        return path

    # --- one sample ---

    def load_words(self, mode, server, options):
        words = [built("hourgate_load"), mode, "--to", f"127.0.0.1:{server.port}"]
        words += ["--path", server.path]
        for name, value in options.items():
            words += ["--" + name, str(value)]
        return words

    def start_load(self, mode, server, **options):
        return servers.start(
            self.load_words(mode, server, options),
            "load",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def load(self, mode, server, **options):
        """Runs the load generator against a server. Its result, with `cost_us`: the server's
        processor time for each answer."""
        before_ns = server.cpu_ns()
        words = servers.placed("load", self.load_words(mode, server, options))
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {done.stderr.strip()}")
        result = json.loads(done.stdout)
        result["cost_us"] = (server.cpu_ns() - before_ns) / 1000 / max(result.get("answered", 1), 1)
        server.trim_log()
        self.note_problems(server, result)
        return result

    def note_problems(self, server, result):
        for status, times in result.get("others", {}).items():
            self.problems.append(f"{server.name}: {times} answers were {status}")
        for what in ("unanswered", "unsent"):
            if result.get(what):
                self.problems.append(f"{server.name}: {result[what]} calls were {what}")

    def hold(self, mode, server, **options):
        """Starts a load that goes on until release(); what it says when all are open."""
        process = self.start_load(mode, server, **options)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{server.name}: no connection for {mode}")
        return process, json.loads(line)

    @staticmethod
    def release(process):
        process.stdin.close()
        result = json.loads(process.stdout.readline())
        process.stdin = None
        servers.stop(process)
        return result

    # --- samples in turns ---

    def in_turns(self, title, contestants):
        """Each contestant is (name, take): `take` measures once and returns a result. Every round
        begins at the first. Returns {name: [result of each round]}."""
        results = {name: [] for name, _ in contestants}
        for turn in range(self.scale.rounds):
            for name, take in contestants:
                result = take()
                results[name].append(result)
                say(f"  {title}, round {turn + 1}/{self.scale.rounds}: {name} {told(result)}")
        return results


def told(result):
    words = []
    if "cost_us" in result:
        words.append(f"{result['cost_us']:.2f} us")
    if "p99_us" in result:
        words.append(f"p99 {result['p99_us']:.0f} us")
    return ", ".join(words)


def middle(results, key):
    return median(result[key] for result in results)


def ratio(results, base, key="cost_us"):
    """Median of the ratios within each round."""
    return median(a[key] / b[key] for a, b in zip(results, base))


def row(name, results, base):
    return {
        "name": name,
        "us": middle(results, "cost_us"),
        "ratio": ratio(results, base),
        "each_us": [round(result["cost_us"], 3) for result in results],
    }


# --- a stage: the gate that several sections use, with its peers ----------------------------------


class Stage:
    """Hourgate with tokens of every kind, and the peers with the same tokens."""

    def __init__(self, bench):
        self.bench = bench
        say(f"  preparing {bench.scale.tokens} tokens")
        self.api = servers.start_floor()
        gate = Gate(bench.path("gate"), self.api.port)
        self.agency = gate.stock("agency", bench.scale.tokens)
        self.one = gate.token("One", plan="huge")
        self.lapsed = gate.token("Lapsed", plan="agency", paid_until="2024-01-31")
        self.role_member = gate.token("Role", role="member", plan="huge")
        gate.run("plan", "set", "tiny", "--api", "yes", "--window", "day=1/86400")
        self.full = gate.token("Full", plan="tiny")
        self.hourgate = gate.serve()
        bench.load("closed", self.hourgate, token=self.full, calls=1, connections=1, seconds=5)
        self.floor = servers.start_floor()
        hourgate = self.hourgate
        self.forwarding = [
            servers.Server(
                "Hourgate, forwarding", hourgate.public_port, hourgate.processes, servers.CALLED
            )
        ]
        self.peers = self.start_peers(servers.read(self.agency).split() + [self.one])
        self.agency_ended = 0.0
        for server in self.all() + self.forwarding:
            bench.load("closed", server, token=self.one, seconds=0.3)

    def start_peers(self, tokens):
        folder, missing = self.bench.folder, {package for _, package in servers.missing_peers()}
        peers = []
        if "nginx" not in missing:
            peers.append(servers.start_constant(folder))
            self.forwarding.insert(0, servers.start_forward(folder, self.api.port))
        if not missing & {"nginx", "libnginx-mod-http-lua"}:
            alone, forwarding = servers.start_lua(folder, tokens, self.api.port)
            peers.append(alone)
            self.forwarding.insert(-1, forwarding)
        if "haproxy" not in missing:
            peers.append(servers.start_haproxy(folder, tokens))
        if "nginx" not in missing:
            peers += servers.start_nginx_asking(folder, self.hourgate)
        return peers

    def all(self):
        return [self.floor, *self.peers, self.hourgate]

    def gates(self):
        return [server for server in self.peers if server.name.endswith(" gate")]

    def wait_for_room(self):
        """Until the agency plan's 10 s window has let go of the calls before."""
        time.sleep(max(0.0, self.agency_ended + 10.2 - time.monotonic()))

    def agency_calls(self, mode, server, **options):
        """Every token in turn, inside its windows: 60 calls in 10 s, 1,200 in 60 s."""
        if server is self.hourgate and mode == "closed":
            self.wait_for_room()
            options["calls"] = 50 * self.bench.scale.tokens
        result = self.bench.load(mode, server, tokens=self.agency, **options)
        if server is self.hourgate:
            self.agency_ended = time.monotonic()
        return result


# --- sections -------------------------------------------------------------------------------------


def measure_inprocess(bench):
    """the decision itself, in process: token known, and token read from SQLite"""
    rounds = []
    for turn in range(bench.scale.rounds):
        told_ = subprocess.run(
            [built("hourgate_decision"), "10000", bench.path("decision")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        rounds.append(
            {
                "read_ns": float(re.search(r"read from SQLite\s+(\d+)", told_).group(1)),
                "known_ns": float(re.search(r"token known\s+(\d+)", told_).group(1)),
            }
        )
        say(f"  in process, round {turn + 1}/{bench.scale.rounds}: {rounds[-1]}")
    return {key: middle(rounds, key) for key in ("known_ns", "read_ns")}


def measure_cost(bench, stage):
    """processor time per call at 1, 32 and 256 kept-alive connections, peers beside"""
    rows = {}
    for connections in bench.scale.connections:

        def take(server, count=connections):
            return bench.load(
                "closed",
                server,
                token=stage.one,
                connections=count,
                seconds=bench.scale.seconds,
            )

        contestants = [(s.name, lambda s=s: take(s)) for s in stage.all()]
        results = bench.in_turns(f"{connections} connections", contestants)
        for name, samples in results.items():
            rows.setdefault(name, {})[connections] = row(name, samples, results["floor"])
    return {"connections": list(bench.scale.connections), "rows": rows}


def measure_forward(bench, stage):
    """processor time per call that is forwarded to an API, without the API's own; peers beside"""

    def take(server):
        return bench.load(
            "closed", server, token=stage.one, connections=32, seconds=bench.scale.seconds
        )

    contestants = [(s.name, lambda s=s: take(s)) for s in stage.forwarding]
    results = bench.in_turns("forwarding", contestants)
    base = results[stage.forwarding[0].name]
    return {"rows": [row(name, samples, base) for name, samples in results.items()]}


def measure_answers(bench, stage):
    """each refusal, 10,000 tokens under the agency plan's windows, peers with as many tokens"""
    seconds = bench.scale.seconds
    many = f"{bench.scale.tokens:,} tokens"

    def one(token, status):
        return lambda: bench.load(
            "closed",
            stage.hourgate,
            token=token,
            expect=status,
            seconds=seconds,
            header="X-Forwarded-For: 192.0.2.7",
        )

    unknown = servers.unknown_token()
    contestants = [("floor", lambda: stage.agency_calls("closed", stage.floor, seconds=seconds))]
    contestants += [
        (f"{peer.name}, {many}", lambda p=peer: stage.agency_calls("closed", p, seconds=seconds))
        for peer in stage.gates()
    ]
    contestants += [
        ("granted: one token, a window it never fills", one(stage.one, 200)),
        (
            f"granted: {many} in turn, inside the agency plan's windows",
            lambda: stage.agency_calls("closed", stage.hourgate, seconds=seconds),
        ),
        ("401 unknown_token", one(unknown, 401)),
        ("401 damaged_token", one(unknown[:-1] + ("0" if unknown[-1] != "0" else "1"), 401)),
        ("402 plan_lapsed", one(stage.lapsed, 402)),
        ("403 role_forbidden", one(stage.role_member, 403)),
        ("429 window_full", one(stage.full, 429)),
    ]
    bench.load("closed", stage.hourgate, tokens=stage.agency, calls=bench.scale.tokens)
    stage.agency_ended = time.monotonic()
    results = bench.in_turns("answers", contestants)
    return [row(name, samples, results["floor"]) for name, samples in results.items()]


def measure_rate(bench, stage):
    """time to answer at a fixed rate (p50, p99, p99.9), and what a call costs then"""
    rows = {}
    bench.load("closed", stage.hourgate, tokens=stage.agency, calls=bench.scale.tokens)
    for rate in bench.scale.rates:

        def take(server, calls=rate):
            return stage.agency_calls("open", server, rate=calls, seconds=bench.scale.seconds)

        contestants = [(s.name, lambda s=s: take(s)) for s in stage.all()]
        results = bench.in_turns(f"{rate} calls/s", contestants)
        for name, samples in results.items():
            cell = row(name, samples, results["floor"])
            cell.update({key: middle(samples, key) for key in ("p50_us", "p99_us", "p999_us")})
            rows.setdefault(name, {})[rate] = cell
    return {"rates": list(bench.scale.rates), "rows": rows}


class Stocked:
    """A gate with so many tokens stored, of which a thousand, spread evenly, are used."""

    def __init__(self, bench, count):
        say(f"  storing {count:,} tokens")
        self.bench, self.count = bench, count
        self.gate = Gate(bench.path(f"stored{count}"))
        began = time.monotonic()
        tokens = servers.read(self.gate.stock("huge", count)).split()
        self.stock_s = time.monotonic() - began
        self.database_kib = os.path.getsize(self.gate.database) // 1024
        step = count // bench.scale.warm
        warm = tokens[::step][: bench.scale.warm]
        self.warm = bench.write_tokens(f"warm{count}", warm)
        used = set(warm)
        self.others = [token for token in tokens if token not in used]
        random.Random(1).shuffle(self.others)
        self.ready_ms = []
        self.server = None

    def start_again(self):
        if self.server:
            self.server.stop()
        self.server = self.gate.serve()
        self.ready_ms.append(self.server.ready_ms)

    def settle(self):
        self.fresh_kib = self.server.resident_kib()
        self.bench.load("closed", self.server, tokens=self.warm, calls=4 * self.bench.scale.warm)
        self.warm_kib = self.server.resident_kib()

    def take(self):
        return self.bench.load(
            "closed", self.server, tokens=self.warm, seconds=self.bench.scale.seconds
        )

    def take_first_calls(self):
        """Of tokens not in memory yet: each is read from the database."""
        take, self.others = self.others[:2_000], self.others[2_000:]
        path = self.bench.write_tokens("first", take)
        return self.bench.load("closed", self.server, tokens=path, calls=len(take), seconds=30)


def measure_stored(bench):
    """1,000 to 1,000,000 tokens stored: a call's cost, memory, time until ready"""
    stocks = [Stocked(bench, count) for count in bench.scale.stored]
    for _ in range(bench.scale.rounds):
        for stocked in stocks:
            stocked.start_again()
    for stocked in stocks:
        stocked.settle()
    floor = servers.start_floor()

    def calls():
        return bench.load("closed", floor, tokens=stocks[0].warm, seconds=bench.scale.seconds)

    contestants = [("floor", calls)] + [(f"{s.count:,} stored", s.take) for s in stocks]
    results = bench.in_turns("stored", contestants)
    fewest = results[f"{stocks[0].count:,} stored"]
    rows = []
    for stocked in stocks:
        samples = results[f"{stocked.count:,} stored"]
        cell = row(f"{stocked.count:,}", samples, results["floor"])
        firsts = []
        while len(firsts) < bench.scale.rounds and len(stocked.others) >= 2_000:
            firsts.append(stocked.take_first_calls())
        cell.update(
            count=stocked.count,
            to_fewest=ratio(samples, fewest),
            ready_ms=median(stocked.ready_ms),
            fresh_mib=stocked.fresh_kib / 1024,
            warm_mib=stocked.warm_kib / 1024,
            database_mib=stocked.database_kib / 1024,
            stock_s=stocked.stock_s,
            first_us=middle(firsts, "cost_us") if firsts else None,
        )
        rows.append(cell)
        stocked.server.stop()
    floor.stop()
    return {"floor_us": middle(results["floor"], "cost_us"), "warm": bench.scale.warm, "rows": rows}


def measure_windows(bench):
    """resident memory with 100,000 tokens in use, 100 calls each inside the window"""
    scale = bench.scale
    gate = Gate(bench.path("windows"))
    windows = ["--window", "burst=200/1800", "--window", "sustained=2000/7200"]
    gate.run("plan", "set", "steady", "--api", "yes", *windows)
    say(f"  storing {scale.in_use:,} tokens")
    tokens = gate.stock("steady", scale.in_use)
    with servers.anywhere():
        return use_windows(bench, gate.serve(), tokens)


def use_windows(bench, server, tokens):
    """Calls with each token as often as asked for; the server's memory at each step."""
    scale = bench.scale
    result = {"tokens": scale.in_use, "calls_each": scale.calls_each}
    result["fresh_mib"] = server.resident_kib() / 1024
    options = {"tokens": tokens, "pipeline": 16, "seconds": 900}
    bench.load("closed", server, calls=scale.in_use, **options)
    result["known_mib"] = server.resident_kib() / 1024
    say(f"  each called once: {result['known_mib']:.1f} MiB")
    bench.load("closed", server, calls=scale.in_use * (scale.calls_each - 1), **options)
    result["resident_mib"] = server.resident_kib() / 1024
    result["limiter_mib"] = server.metric("hourgate_limiter_bytes") / 1024 / 1024
    say(f"  each called {scale.calls_each} times: {result['resident_mib']:.1f} MiB")
    server.stop()
    return result


def bounded_idle(bench):
    """As many idle connections as the machine lets one process have."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    room = hard - bench.scale.drip - 500
    if room >= bench.scale.idle:
        return bench.scale.idle
    bench.notes.append(
        f"A process may open {hard:,} files here (ulimit -Hn): {room:,} idle connections, not"
        f" {bench.scale.idle:,}."
    )
    return max(room, 0)


class Beside:
    """The times of a client that behaves, alone and beside others."""

    def __init__(self, bench, server, token):
        self.bench, self.server, self.token = bench, server, token
        self.quiet, self.pressed = [], []

    def sample(self):
        return self.bench.load(
            "open",
            self.server,
            token=self.token,
            rate=self.bench.scale.good_rate,
            connections=16,
            seconds=max(3.0, self.bench.scale.seconds),
        )

    def summary(self):
        return {
            "quiet_p99_us": middle(self.quiet, "p99_us"),
            "pressed_p99_us": middle(self.pressed, "p99_us"),
            "ratio": ratio(self.pressed, self.quiet, "p99_us"),
        }


def pair(bench, name):
    """Hourgate and the floor, each with a client that behaves."""
    gate = Gate(bench.path(name))
    token = gate.token("Good", plan="huge")
    both = [Beside(bench, servers.start_floor(), token), Beside(bench, gate.serve(), token)]
    for beside in both:
        beside.sample()
    return both


def measure_slow(bench):
    """a good client's p99 beside 10,000 idle connections and 1,000 that drip; memory of the idle"""
    idle_count, drip_count = bounded_idle(bench), bench.scale.drip
    both = pair(bench, "slow")
    result = {"drip": drip_count}
    for turn in range(bench.scale.rounds):
        for beside in both:
            server = beside.server
            beside.quiet.append(beside.sample())
            before_kib = server.resident_kib()
            idle, opened = bench.hold("idle", server, token=beside.token, connections=idle_count)
            idle_kib = (server.resident_kib() - before_kib) / max(opened["open"], 1)
            drip, _ = bench.hold("drip", server, connections=drip_count)
            time.sleep(1)
            beside.pressed.append(beside.sample())
            held = bench.release(idle)
            bench.release(drip)
            if server.name == "Hourgate":
                result.setdefault("idle_kib", idle_kib)  # later rounds use the same memory again
                result["idle"] = opened["open"]
                result["reopened"] = max(result.get("reopened", 0), held["reopened"])
            say(
                f"  slow clients, round {turn + 1}/{bench.scale.rounds}: {server.name}"
                f" {told(beside.quiet[-1])} alone, {told(beside.pressed[-1])} beside"
            )
            time.sleep(1)
    for beside in both:
        result[beside.server.name.lower()] = beside.summary()
        beside.server.stop()
    return result


def measure_flood(bench):
    """a good client's p99 beside 10,000 connects and disconnects a second; what is left of them"""
    both = pair(bench, "flood")
    seconds = max(3.0, bench.scale.seconds) + 1
    result = {"asked_per_s": bench.scale.flood, "seconds": seconds}
    for turn in range(bench.scale.rounds):
        for beside in both:
            server = beside.server
            beside.quiet.append(beside.sample())
            before = server.resident_kib(), server.descriptors()
            flood = bench.start_load("flood", server, rate=bench.scale.flood, seconds=seconds)
            time.sleep(0.5)
            beside.pressed.append(beside.sample())
            flood.wait()
            flooded = json.loads(flood.stdout.readline())
            servers.stop(flood)
            time.sleep(1.5)
            after = server.resident_kib(), server.descriptors()
            if server.name == "Hourgate":
                result.setdefault("before", before)
                result["after"] = after
                result["per_s"] = flooded["connected"] / flooded["seconds"]
                result["failed"] = result.get("failed", 0) + flooded["failed"]
            say(
                f"  flood, round {turn + 1}/{bench.scale.rounds}: {server.name}"
                f" {told(beside.quiet[-1])} alone, {told(beside.pressed[-1])} beside"
            )
    for beside in both:
        result[beside.server.name.lower()] = beside.summary()
        beside.server.stop()
    return result


def measure_refused(bench):
    """100,000 refusals in a few seconds: what each costs, and a client that behaves beside them,
    with the decision log written and without; what the log grows to"""
    unwritten = '[decisions]\ngrants = "none"\nrows = 0\n'
    gates = {
        "log not written": Gate(bench.path("refused-off"), more=unwritten),
        "log written": Gate(bench.path("refused-on")),
    }
    both = {}
    for name, gate in gates.items():
        token = gate.token("Good", plan="huge")
        both[name] = Beside(bench, gate.serve(name), token)
        both[name].sample()
    refusals = {"expect": 401, "token": servers.unknown_token(), "connections": 32}
    costs = {name: [] for name in both}
    per_s = 0
    for turn in range(bench.scale.rounds):
        for name, beside in both.items():
            alone = bench.load("closed", beside.server, calls=bench.scale.refusals, **refusals)
            costs[name].append(alone)
            per_s = max(per_s, alone["answered"] / alone["seconds"])
            flood = bench.start_load(
                "open", beside.server, rate=bench.scale.refusal_rate, seconds=5, **refusals
            )
            time.sleep(0.5)
            beside.pressed.append(beside.sample())
            flood.wait()
            servers.stop(flood)
            say(
                f"  refusals, round {turn + 1}/{bench.scale.rounds}: {name} {told(alone)} each,"
                f" {told(beside.pressed[-1])} of a good client beside"
            )
    result = {"calls": bench.scale.refusals, "rate": bench.scale.refusal_rate, "per_s": per_s}
    off, on = both["log not written"], both["log written"]
    result["cost_us"] = {name: middle(results, "cost_us") for name, results in costs.items()}
    result["cost_ratio"] = ratio(costs["log written"], costs["log not written"])
    result["p99_us"] = {name: middle(one.pressed, "p99_us") for name, one in both.items()}
    result["p50_us"] = {name: middle(one.pressed, "p50_us") for name, one in both.items()}
    result["p99_ratio"] = ratio(on.pressed, off.pressed, "p99_us")
    for name, beside in both.items():
        beside.server.stop()
        file = gates[name].database
        result.setdefault("file_kib", {})[name] = os.path.getsize(file) // 1024
    return result


def measure_backup(bench):
    """a good client's p99 alone, and while a verified backup of 1,000,000 tokens is made"""
    gate = Gate(bench.path("backup"))
    count = bench.scale.stored[-1]
    gate.stock("huge", count)
    token = gate.token("Good", plan="huge")
    beside = Beside(bench, gate.serve(), token)
    beside.sample()
    target = os.path.join(gate.folder, "copy.db")
    # On the server's cores; it gives way by itself.
    words = [built("hourgate"), "--config", gate.config]
    words += ["backup", target, "--verify", "--json"]
    result = {"count": count, "covered": True, "seconds": []}
    for turn in range(bench.scale.rounds):
        beside.quiet.append(beside.sample())
        began = time.monotonic()
        backup = servers.start(words, stdout=subprocess.DEVNULL)
        beside.pressed.append(beside.sample())
        result["covered"] = result["covered"] and backup.poll() is None
        if backup.wait() != 0:
            raise RuntimeError(f"{' '.join(words)} failed")
        result["seconds"].append(time.monotonic() - began)
        servers.stop(backup)
        say(
            f"  backup, round {turn + 1}/{bench.scale.rounds}: {told(beside.quiet[-1])} alone,"
            f" {told(beside.pressed[-1])} beside it"
        )
    result.update(beside.summary(), database_mib=os.path.getsize(target) / 1024**2)
    beside.server.stop()
    return result


on_stage = {
    "cost": measure_cost,
    "forward": measure_forward,
    "answers": measure_answers,
    "rate": measure_rate,
}
alone = {
    "inprocess": measure_inprocess,
    "stored": measure_stored,
    "windows": measure_windows,
    "slow": measure_slow,
    "flood": measure_flood,
    "refused": measure_refused,
    "backup": measure_backup,
}
sections = {**on_stage, **alone}


def measure(bench, wanted):
    results = {}
    if any(name in wanted for name in on_stage):
        say("the stage")
        stage = Stage(bench)
        for name, section in on_stage.items():
            if name in wanted:
                say(f"{name}: {section.__doc__}")
                results[name] = section(bench, stage)
        servers.stop_all()
    for name, section in alone.items():
        if name in wanted:
            say(f"{name}: {section.__doc__}")
            results[name] = section(bench)
            servers.stop_all()
    return results


# --- the machine, and the command line ------------------------------------------------------------


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return (done.stdout or done.stderr).strip().splitlines()[0]
    except (OSError, IndexError):
        return ""


def machine():
    info = servers.read("/proc/cpuinfo")
    model = re.search(r"model name\s*: (.*)", info)
    memory = int(re.search(r"MemTotal:\s+(\d+)", servers.read("/proc/meminfo")).group(1))
    system = re.search(r'PRETTY_NAME="(.*)"', servers.read("/etc/os-release"))
    nginx = re.search(r"nginx/([\d.]+)", first_line("nginx", "-v"))
    haproxy = re.search(r"version ([\d.]+)", first_line("haproxy", "-v"))
    virtual = "hypervisor" in info
    return {
        "processor": model.group(1).strip() if model else platform.machine(),
        "cores": os.cpu_count(),
        "virtual": virtual,
        "memory_gib": round(memory / 1024 / 1024, 1),
        "system": system.group(1) if system else "",
        "kernel": platform.release(),
        "nginx": nginx.group(1) if nginx else None,
        "HAProxy": haproxy.group(1) if haproxy else None,
        "hourgate": " ".join(first_line(built("hourgate"), "version").split()),
        "executable_mib": round(os.path.getsize(built("hourgate")) / 1024 / 1024, 2),
        "load_before": round(os.getloadavg()[0], 2),
    }


def parse_arguments():
    listed = "\n".join(f"  {name:11}{section.__doc__}" for name, section in sections.items())
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description=__doc__,
        epilog="Sections:\n" + listed + "\n\n"
        "Examples:\n"
        "  scripts/bench --quick                a look, about two minutes\n"
        "  scripts/bench --only cost,stored     two sections\n"
        "  scripts/bench --publish              measures all, and renews bench/results and docs\n"
        "\nLet nothing else run meanwhile.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="one short round, and fewer tokens")
    parser.add_argument("--rounds", type=int, help="instead of 5, or of 1 with --quick")
    parser.add_argument("--seconds", type=float, help="of a sample, instead of 2, or of 0.7")
    parser.add_argument(
        "--anywhere",
        action="store_true",
        help="let all run on any core. Without it load generators have the first core, and servers"
        " the others, which is steadier by far",
    )
    parser.add_argument("--only", help="SECTION[,SECTION]...: measure these alone")
    parser.add_argument(
        "--out",
        default=os.path.join(servers.BUILD, "bench"),
        help="folder for results.json, table.md and the plots (default: build/bench)",
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write to bench/results, and put the table into docs/performance.md",
    )
    parser.add_argument(
        "--render",
        action="store_true",
        help="measure nothing: make the table and the plots of the results.json in --out again",
    )
    options = parser.parse_args()
    options.only = options.only.split(",") if options.only else list(sections)
    for name in options.only:
        if name not in sections:
            parser.error(f"there is no section {name}; there are: {', '.join(sections)}")
    if options.publish:
        options.out = os.path.join(servers.ROOT, "bench", "results")
    return options


def measure_all(options):
    scale = Quick() if options.quick else Scale()
    scale.rounds = options.rounds or scale.rounds
    scale.seconds = options.seconds or scale.seconds
    pinned = not options.anywhere and servers.pin()
    about = machine()
    if about["load_before"] > 0.5:
        say(f"Something else is running (load {about['load_before']}): figures will be off.")
    with tempfile.TemporaryDirectory(prefix="hourgate-bench-") as folder:
        os.chmod(folder, 0o755)  # workers of nginx run as another user
        bench = Bench(scale, folder)
        for what, package in servers.missing_peers():
            bench.notes.append(f"Left out: {what}. To have it: apt-get install {package}")
            say(bench.notes[-1])
        try:
            results = measure(bench, options.only)
        finally:
            servers.stop_all()
    return {
        "date": datetime.date.today().isoformat(),
        "machine": about,
        "rounds": scale.rounds,
        "seconds": scale.seconds,
        "pinned": pinned,
        "sections": results,
        "notes": bench.notes,
        "problems": bench.problems,
    }


def end(*_):
    sys.exit(1)  # and so through every `finally`


def main():
    options = parse_arguments()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    stored = os.path.join(options.out, "results.json")
    if options.render:
        results = json.loads(servers.read(stored))
    else:
        results = measure_all(options)
        os.makedirs(options.out, exist_ok=True)
        with open(stored, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
            file.write("\n")
    report.write(results, options.out)
    print(report.text(results))
    if options.publish:
        report.publish(results, os.path.join(servers.ROOT, "docs", "performance.md"))
    say(f"Written to {os.path.relpath(options.out)}")
    return 1 if results["problems"] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
        say(f"bench: {error}")
        sys.exit(1)
