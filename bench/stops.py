"""Stops the real server again and again while callers of many kinds have calls under way, and tells
whether each stop ended, and whether every call that the server took was answered as a whole.

    python3 bench/stops.py [--stops 200] [--callers 4]

It needs build/hourgate. The callers, `--callers` of each kind:

  kept        one call after another on a connection, which some close right after an answer
  once        a connection for each call
  upload      a body that comes in two parts
  pair        two calls at once, then the end of what is sent (half-close)
  gone        reset their connection while their call is under way
  ask         a proxy's questions on the ask listener

The API behind the gate answers at its own pace, some answers in two parts. A call may end without
an answer only where HTTP allows that: the connection was made after the stop, or it was idle and
the API has not seen the call, or the answer before it said that it is the last. It exits with 1
when a stop does not end in 8 s or a call is missing.
"""

import argparse
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter

sys.dont_write_bytecode = True

import servers  # noqa: E402
from servers import Gate  # noqa: E402

STOP_S = 8.0  # a stop with answers that take 100 ms at most
LINGER_S = 0.35  # of load before a stop


class Api:
    """Answers every call, and remembers which it has seen."""

    def __init__(self):
        self.seen = set()
        self.listening = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listening.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listening.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        reader = connection.makefile("rb")
        try:
            while True:
                head = b""
                while not head.endswith(b"\r\n\r\n"):
                    line = reader.readline()
                    if not line:
                        return
                    head += line
                self.seen.add(head.split(b" ", 2)[1])
                length = re.search(rb"(?im)^content-length: (\d+)\r?$", head)
                if length:
                    reader.read(int(length[1]))
                time.sleep(random.choice((0, 0, 0.002, 0.02, 0.1)))
                answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nup\n"
                if random.random() < 0.3:
                    cut = random.randrange(1, len(answer))
                    connection.sendall(answer[:cut])
                    time.sleep(0.02)
                    answer = answer[cut:]
                connection.sendall(answer)
        except OSError:
            pass
        finally:
            connection.close()


class Caller(threading.Thread):
    """Calls until the server is gone. What became of its calls is in `counts` and `missing`."""

    numbers = iter(range(1 << 60))

    def __init__(self, kind, run):
        super().__init__(daemon=True)
        self.kind = kind
        self.run_ = run
        self.counts = Counter()
        self.missing = []

    def run(self):
        while not self.run_.over:
            began = time.monotonic()
            try:
                port = self.run_.ask if self.kind == "ask" else self.run_.public
                connection = socket.create_connection(("127.0.0.1", port), 5)
            except OSError:
                if self.run_.stopped_at is None:
                    self.missing.append("a connection was refused before the stop")
                    return
                return
            connection.settimeout(STOP_S + 4)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.talk(connection, began)
            connection.close()

    def talk(self, connection, began):
        """Calls on one connection, until it ends or has had enough."""
        unread = b""
        for turn in range(1 if self.kind in ("once", "gone") else random.randrange(1, 40)):
            count = 2 if self.kind == "pair" else 1
            targets = [b"/api/v1/clients/%d" % next(self.numbers) for _ in range(count)]
            try:
                self.send(connection, targets)
                if self.kind == "gone":
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                    )
                    time.sleep(random.choice((0, 0.005, 0.05)))
                    return
            except OSError:
                pass  # what there was to say has been said, or has not
            last = False
            for number, target in enumerate(targets):
                answer, unread = self.read(connection, unread)
                if answer.endswith(b"\r\n\r\nup\n") or self.kind == "ask" and b" 204 " in answer:
                    self.counts["answered"] += 1
                elif answer:
                    self.missing.append(f"{self.kind}: cut: {answer[:200]!r}")
                    return
                else:
                    self.none(target, began, turn + number > 0, last)
                    return
                last = b"\r\nConnection: close\r\n" in answer
            if last or self.kind == "pair":
                return

    def none(self, target, began, idle, last):
        stopped = self.run_.stopped_at
        if stopped is None:
            self.missing.append(f"{self.kind}: no answer before the stop")
        elif target in self.run_.api.seen:
            self.missing.append(f"{self.kind}: the API has seen it, and there was no answer")
        elif began > stopped:
            self.counts["came after the stop"] += 1
        elif idle or last:
            self.counts["closed between calls"] += 1
        else:
            self.missing.append(f"{self.kind}: the first call of a connection was not answered")

    def send(self, connection, targets):
        if self.kind == "ask":
            connection.sendall(
                b"GET /_hourgate/auth/nginx HTTP/1.1\r\nHost: localhost\r\nX-Original-Method: GET\r\n"
                b"X-Forwarded-For: 192.0.2.1\r\nX-Original-URI: " + targets[0] + b"\r\n"
                b"Authorization: Bearer " + self.run_.token + b"\r\n\r\n"
            )
            return
        method = b"POST" if self.kind == "upload" else b"GET"
        for target in targets:
            head = method + b" " + target + b" HTTP/1.1\r\nHost: a\r\n"
            head += b"Authorization: Bearer " + self.run_.token + b"\r\n"
            if self.kind == "upload":
                head += b"Content-Length: 20\r\n\r\n" + b"b" * 10
                connection.sendall(head)
                time.sleep(random.choice((0, 0.01, 0.05)))
                connection.sendall(b"b" * 10)
            else:
                connection.sendall(head + b"\r\n")
        if self.kind == "pair":
            connection.shutdown(socket.SHUT_WR)

    def read(self, connection, unread):
        """One answer, or what there was of it, and what came after it."""
        try:
            while True:
                end = unread.find(b"\r\n\r\n")
                if end >= 0:
                    length = re.search(rb"\r\nContent-Length: (\d+)\r\n", unread[: end + 2])
                    size = end + 4 + (int(length[1]) if length else 0)
                    if len(unread) >= size:
                        return unread[:size], unread[size:]
                some = connection.recv(65536)
                if not some:
                    return unread, b""
                unread += some
        except OSError as error:
            if isinstance(error, TimeoutError):
                self.missing.append(f"{self.kind}: waited in vain")
            return unread, b""


class Run:
    """One server, from its start to its end."""

    def __init__(self, gate, api, token, callers):
        self.api, self.token = api, token.encode()
        self.over, self.stopped_at = False, None
        server = gate.serve()
        self.public, self.ask = server.public_port, server.port
        kinds = ("kept", "once", "upload", "pair", "gone", "ask")
        self.callers = [Caller(kind, self) for kind in kinds for _ in range(callers)]
        for caller in self.callers:
            caller.start()
        time.sleep(LINGER_S * (0.5 + random.random()))
        process = server.processes[0]
        self.stopped_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        try:
            self.code = process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.code = None
            process.kill()
            process.wait()
        self.took_s = time.monotonic() - self.stopped_at
        self.over = True
        for caller in self.callers:
            caller.join(STOP_S + 8)
        server.stop()


def report(counts, missing):
    """Prints what became of the callers' calls."""
    for what, count in sorted(counts.items()):
        print(f"calls {what}: {count}")
    print(f"calls missing or cut: {len(missing)}")
    for what in missing[:20]:
        print("  " + what)


def main():
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--stops", type=int, default=200)
    words.add_argument("--callers", type=int, default=4)
    words.add_argument("--seed", type=int, default=None)
    options = words.parse_args()
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    random.seed(seed)
    print(f"seed {seed}", flush=True)
    counts, missing, hangs, times = Counter(), [], 0, []
    with tempfile.TemporaryDirectory() as folder:
        api = Api()
        gate = Gate(folder + "/gate", api.port)
        token = gate.token("Acme", plan="huge")
        for number in range(options.stops):
            run = Run(gate, api, token, options.callers)
            hangs += run.code is None
            if run.code not in (0, None):
                missing.append(f"stop {number}: exit {run.code}")
            times.append(run.took_s)
            for caller in run.callers:
                counts.update(caller.counts)
                missing += [f"stop {number}: {what}" for what in caller.missing]
                if caller.is_alive():
                    missing.append(f"stop {number}: a caller of kind {caller.kind} waits for ever")
            api.seen.clear()
    times.sort()
    print(f"{options.stops} stops: {hangs} did not end in {STOP_S:.0f} s")
    print(f"time to stop: median {times[len(times) // 2]:.3f} s, longest {times[-1]:.3f} s")
    report(counts, missing)
    servers.stop_all()
    return 1 if hangs or missing else 0


if __name__ == "__main__":
    sys.exit(main())
