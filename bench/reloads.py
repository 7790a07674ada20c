"""Reloads the real server again and again, each time with another configuration, while callers have
calls under way, and tells how its memory changes and whether every call was answered.

    python3 bench/reloads.py [--reloads 400] [--callers 2] [--rows 200]

It needs build/hourgate. The callers are those of stops.py. Each configuration has `--rows` resources
of its own and another way to the API, so that nothing of the previous one can be used again. It exits
with 1 when a call is missing.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter

sys.dont_write_bytecode = True

import servers  # noqa: E402
from servers import Gate, read, resident_kib  # noqa: E402
from stops import STOP_S, Api, Caller, report  # noqa: E402


def configure(gate, begin, number, rows):
    """Writes a configuration that no other number has."""
    way = f'[upstream]\nanswer_timeout = "{100 + number % 3000}s"\n'
    resources = "".join(
        f'\n[[resource]]\nname = "r{row}-{number}"\npaths = ["/extra/{number}/{row}/**"]\n'
        for row in range(rows)
    )
    with open(gate.config + ".new", "w", encoding="utf-8") as file:
        file.write(begin.replace("[upstream]\n", way) + resources)
    os.replace(gate.config + ".new", gate.config)


def wait_for(log, what):
    end = time.monotonic() + 10
    while what not in read(log):
        if time.monotonic() > end:
            raise RuntimeError(f"no {what} in the log after 10 s")
        time.sleep(0.005)


class Run:
    """One server under calls; what Caller needs of it."""

    def __init__(self, gate, api, token, callers):
        self.api, self.token = api, token.encode()
        self.over, self.stopped_at = False, None
        self.server = gate.serve()
        self.public, self.ask = self.server.public_port, self.server.port
        kinds = ("kept", "once", "upload", "pair", "gone", "ask")
        self.callers = [Caller(kind, self) for kind in kinds for _ in range(callers)]
        for caller in self.callers:
            caller.start()

    def stop(self):
        self.stopped_at = time.monotonic()
        self.server.processes[0].send_signal(signal.SIGTERM)
        self.server.processes[0].wait(STOP_S)
        self.over = True
        for caller in self.callers:
            caller.join(STOP_S + 8)
        self.server.stop()


def main():
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    words.add_argument("--reloads", type=int, default=400)
    words.add_argument("--callers", type=int, default=2)
    words.add_argument("--rows", type=int, default=200)
    options = words.parse_args()
    random.seed(1)
    with tempfile.TemporaryDirectory() as folder:
        api = Api()
        gate = Gate(folder + "/gate", api.port)
        token = gate.token("Acme", plan="huge")
        begin = read(gate.config)
        run = Run(gate, api, token, options.callers)
        process = run.server.processes[0]
        for number in range(1, options.reloads + 1):
            configure(gate, begin, number, options.rows)
            process.send_signal(signal.SIGHUP)
            wait_for(run.server.log, f"reload={number}")
            if number in (1, 10) or number % 100 == 0:
                print(f"after {number:4} reloads: {resident_kib(process.pid)} KiB", flush=True)
        run.stop()
        counts, missing = Counter(), []
        for caller in run.callers:
            counts.update(caller.counts)
            missing += caller.missing
        report(counts, missing)
    servers.stop_all()
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
