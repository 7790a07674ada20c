"""Mints and revokes tokens one after the other over HTTP, and tells what each dead token costs: bytes
written to the device, of the database and of memory. Then makes them old, and tells what is left
when the server has deleted them.

    python3 bench/dead_tokens.py [--cycles 5000]

It needs build/hourgate. Bytes written are those that Linux counts for the process (write_bytes of
/proc/PID/io), the write-ahead log and its checkpoints included.
"""

import argparse
import http.client
import json
import os
import re
import sqlite3
import sys
import tempfile
import time

sys.dont_write_bytecode = True

import servers  # noqa: E402
from servers import Gate, read, resident_kib  # noqa: E402

OLD_MS = 400 * 24 * 3600 * 1000


class Admin:
    def __init__(self, gate, port):
        self.token = gate.run("operator", "mint", "--name", "bench")["token"]
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=10)

    def ask(self, method, path, body=None):
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self.http.request(method, "/admin/v1" + path, body and json.dumps(body), headers)
        answer = self.http.getresponse()
        text = answer.read().decode()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answers {answer.status}: {text}")
        return json.loads(text)["data"]


def written(pid):
    return int(re.search(r"^write_bytes: (\d+)", read(f"/proc/{pid}/io"), re.M).group(1))


def database(gate):
    """Bytes in use of the database, and of its file."""
    with sqlite3.connect(gate.database) as file:
        of = {name: file.execute(f"PRAGMA {name}").fetchone()[0]
              for name in ("page_count", "freelist_count", "page_size")}
    return ((of["page_count"] - of["freelist_count"]) * of["page_size"],
            of["page_count"] * of["page_size"])


def rows(gate):
    with sqlite3.connect(gate.database) as file:
        return file.execute("SELECT count(*) FROM tokens").fetchone()[0]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cycles", type=int, default=5000)
    cycles = parser.parse_args().cycles
    folder = tempfile.mkdtemp(prefix="hourgate-bench-")
    gate = Gate(os.path.join(folder, "gate"))
    gate.token("One", plan="huge")
    before, _ = database(gate)

    server = gate.serve()
    pid = server.processes[0].pid
    admin = Admin(gate, server.admin_port)
    workspace = admin.ask("GET", "/workspaces")[0]["id"]
    member = admin.ask("GET", f"/workspaces/{workspace}/members")[0]["id"]

    def cycle():
        made = admin.ask("POST", f"/members/{member}/tokens", {"name": "n"})
        admin.ask("DELETE", f"/tokens/{made['prefix']}")

    for _ in range(200):  # its memory and the log have their size
        cycle()
    memory, disk, began = resident_kib(pid), written(pid), time.monotonic()
    for _ in range(cycles):
        cycle()
    took = time.monotonic() - began
    print(f"{cycles} cycles in {took:.1f} s")
    print(f"written a cycle: {(written(pid) - disk) / cycles / 1024:.1f} KiB")
    print(f"memory a dead token: {(resident_kib(pid) - memory) * 1024 / cycles:.0f} bytes")
    server.stop()
    used, size = database(gate)
    dead = rows(gate)
    print(f"database a dead token: {(used - before) / dead:.0f} bytes, its audit events included")

    with sqlite3.connect(gate.database) as file:  # as if it had been long ago
        file.execute("UPDATE tokens SET revoked_ms = revoked_ms - ?, created_ms = created_ms - ?"
                     " WHERE revoked_ms IS NOT NULL", (OLD_MS, OLD_MS))
    used, size = database(gate)
    server = gate.serve()
    began = time.monotonic()
    while (left := rows(gate)) > 5:
        if time.monotonic() - began > 600:
            sys.exit(f"{left} tokens are left after 600 s")
        time.sleep(0.2)
    print(f"deleted {dead - left} in {time.monotonic() - began:.1f} s")
    server.stop()
    after, after_size = database(gate)
    print(f"database: {used} bytes in use before, {after} after;"
          f" its file {size} before, {after_size} after")
    print(f"left of a dead token: {(after - before) / dead:.0f} bytes of audit events")


if __name__ == "__main__":
    try:
        main()
    finally:
        servers.stop_all()
