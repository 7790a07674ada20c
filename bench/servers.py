"""The servers that are measured: starting them, reading from /proc what they use, ending them."""

import base64
import contextlib
import functools
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build")
PEERS = os.path.join(ROOT, "bench", "peers")
ASKED = "/_hourgate/auth/envoy/api/v1/clients/42"
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def built(name):
    return os.path.join(BUILD, name)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- /proc ----------------------------------------------------------------------------------------


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def descendants(pid):
    """The process and all that came of it."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(read(f"/proc/{entry}/stat").rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has ended
            children.setdefault(parent, []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_ns(pid):
    """Processor time, user and system, of all threads. In nanoseconds where the kernel keeps them
    (CONFIG_SCHED_INFO), else in ticks of 10 ms."""
    try:
        return sum(
            int(read(f"/proc/{pid}/task/{task}/schedstat").split()[0])
            for task in os.listdir(f"/proc/{pid}/task")
        )
    except (OSError, IndexError):
        fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")


def resident_kib(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", read(f"/proc/{pid}/status")).group(1))


def descriptors(pid):
    """None: this user may not look."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return None


# --- a server -------------------------------------------------------------------------------------

running = []  # all that were started and not stopped
cores = {"load": None, "server": None}  # where they may run, as taskset(1) reads it; None: anywhere


def pin():
    """The load generators to the first core, servers to the others: where they happen to meet
    decides more about their figures than what they do. False: there is one core, or no taskset."""
    count = os.cpu_count()
    if count < 2 or not shutil.which("taskset"):
        return False
    cores.update(load="0", server=f"1-{count - 1}")
    return True


@contextlib.contextmanager
def anywhere():
    """For what takes no times: on all cores it is done sooner."""
    before = dict(cores)
    cores.update(load=None, server=None)
    try:
        yield
    finally:
        cores.update(before)


def placed(role, words):
    return ["taskset", "-c", cores[role], *words] if cores[role] else words


def start(words, role="server", **options):
    process = subprocess.Popen(placed(role, words), start_new_session=True, **options)
    running.append(process)
    return process


def stop(process):
    """Asks it to end, and makes it end."""
    if process.stdin:
        process.stdin.close()
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.stdout:
        process.stdout.close()
    running.remove(process)


def stop_all():
    for process in list(running):
        stop(process)


class Server:
    """Something to call: where, and whose processor time that is."""

    def __init__(self, name, port, processes, path="/", log=None):
        self.name, self.port, self.path = name, port, path
        self.processes = processes  # the first is the server's own
        self.log = log

    @functools.cached_property
    def pids(self):
        """Known from the first use on: when a server listens, its workers may not be there yet."""
        return [pid for process in self.processes for pid in descendants(process.pid)]

    def cpu_ns(self):
        return sum(cpu_ns(pid) for pid in self.pids)

    def resident_kib(self):
        return sum(resident_kib(pid) for pid in self.pids)

    def descriptors(self):
        counts = [descriptors(pid) for pid in self.pids]
        return None if None in counts else sum(counts)

    def trim_log(self):
        """A log of refusals grows by the gigabyte in a bench; it is opened for appending."""
        if self.log:
            os.truncate(self.log, 0)

    def metric(self, name):
        """One of Hourgate's own figures."""
        return float(re.search(rf"^{name} (\S+)", get(self.admin_port, "/metrics"), re.M).group(1))

    def stop(self):
        stop(self.processes[0])


def get(port, path):
    """The body of a 200; anything else is an error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{path} answers {answer.status}: {body}")
    return body


def wait_for(port, process, seconds=10):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"{' '.join(process.args)} does not listen on port {port}")


def start_floor(threads=1):
    process = start(
        [built("hourgate_floor"), str(threads)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return Server("floor", int(process.stdout.readline()), [process])


# --- Hourgate -------------------------------------------------------------------------------------


class Gate:
    """A configuration and a database of Hourgate in a folder of their own."""

    def __init__(self, folder, api=None, more=""):
        """`api`: the port of an API to forward to. `more`: of the configuration, as TOML."""
        os.makedirs(folder)
        self.folder = folder
        self.config = os.path.join(folder, "config.toml")
        self.database = os.path.join(folder, "hourgate.db")
        self.ask_socket = os.path.join(folder, "ask.sock")
        example = read(os.path.join(ROOT, "config.example.toml"))
        with open(self.config, "w", encoding="utf-8") as file:
            file.write(
                '[server]\npublic = "127.0.0.1:0"\nadmin = "127.0.0.1:0"\n'
                f'ask = ["127.0.0.1:0", "unix:{self.ask_socket}"]\n'
                f'[database]\npath = "{self.database}"\n'
                + (f'[upstream]\nurl = "http://127.0.0.1:{api}"\n' if api else "")
                # The bench is one address: its refusals are to be 401 to the last.
                + "[failures]\nlimit = 10000000\nwindow_s = 10\n"
                + more
                + example[example.index("\n[[resource]]") :]
            )
        self.run("init")
        # As many windows as the agency plan has, and room for whatever a bench sends.
        windows = ["--window", "burst=10000000/10", "--window", "sustained=10000000/60"]
        self.run("plan", "set", "huge", "--api", "yes", "--rank", "90", *windows)

    def run(self, *words):
        command = [built("hourgate"), "--config", self.config, *words, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"hourgate {' '.join(words)}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def token(self, workspace, role="owner", **options):
        """A token of a new workspace's only member."""
        words = []
        for key, value in options.items():
            words += ["--" + key.replace("_", "-"), value]
        self.run("workspace", "add", workspace, *words)
        email = f"someone@{workspace.lower()}.example"
        self.run("member", "add", workspace, email, "--role", role)
        return self.run("token", "mint", email, "--name", "bench")["token"]

    def stock(self, plan, count):
        """The path of a list of so many new tokens."""
        path = os.path.join(self.folder, f"{plan}.tokens")
        with open(path, "wb") as file:
            subprocess.run(
                [built("hourgate_stock"), self.database, plan, str(count)], stdout=file, check=True
            )
        return path

    def serve(self, name="Hourgate"):
        """Runs it; `ready_ms` is the time from its start to its first 200 of readyz."""
        log = os.path.join(self.folder, "log")
        with open(log, "ab") as err:
            began = time.monotonic()
            process = start(
                [built("hourgate"), "--config", self.config, "serve", "--json"],
                stdout=subprocess.PIPE,
                stderr=err,
            )
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("hourgate serve: " + read(log))
        ports = json.loads(line)
        get(ports["publicPort"], "/_hourgate/readyz")
        ready_ms = (time.monotonic() - began) * 1000
        server = Server(name, ports["askPort"], [process], ASKED, log)
        server.ready_ms, server.admin_port = ready_ms, ports["adminPort"]
        server.public_port = ports["publicPort"]
        server.ask_socket = self.ask_socket
        return server


def unknown_token():
    """A token as it should be, that no database knows: the right shape and the right check digits
    (CRC-32 in base 62)."""
    text = "hsk_live_0123456789ab_" + BASE62[:26]
    number, check = zlib.crc32(text.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        check = BASE62[digit] + check
    return text + check


# --- peers ----------------------------------------------------------------------------------------


def nginx_modules():
    if not shutil.which("nginx"):
        return None
    told = subprocess.run(["nginx", "-V"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"--modules-path=(\S+)", told)
    return found.group(1) if found else None


def has_lua():
    modules = nginx_modules()
    return bool(modules) and os.path.exists(os.path.join(modules, "ngx_http_lua_module.so"))


def missing_peers():
    """What is left out, and the package that brings it."""
    missing = []
    if not shutil.which("nginx"):
        missing.append(("nginx, with and without Hourgate", "nginx"))
    if not has_lua():
        missing.append(("nginx with a gate in Lua", "libnginx-mod-http-lua"))
    if not shutil.which("haproxy"):
        missing.append(("HAProxy with a gate", "haproxy"))
    return missing


def render(folder, name, **values):
    os.makedirs(folder)
    text = read(os.path.join(PEERS, name))
    for key, value in {"DIR": folder, **values}.items():
        text = text.replace(f"@{key}@", str(value))
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def start_peer(words, folder, port):
    """Starts a peer, and waits until it listens."""
    log = os.path.join(folder, "stderr")
    with open(log, "wb") as err:
        process = start(words, stderr=err, stdin=subprocess.DEVNULL)
    try:
        wait_for(port, process)
    except RuntimeError as error:
        raise RuntimeError(f"{error}: {read(log).strip()}") from error
    return process


def start_nginx(folder, config, port, **values):
    path = render(folder, config, PORT=port, **values)
    return start_peer(["nginx", "-c", path, "-p", folder], folder, port)


def start_constant(folder):
    port = free_port()
    process = start_nginx(os.path.join(folder, "constant"), "nginx-constant.conf", port)
    return Server("nginx, a constant", port, [process])


CALLED = "/api/v1/clients/42"


def start_forward(folder, api):
    port = free_port()
    process = start_nginx(os.path.join(folder, "forward"), "nginx-forward.conf", port, API=api)
    return Server("nginx, forwarding alone", port, [process], CALLED)


def start_lua(folder, tokens, api):
    """The gate on its own, and the same in front of an API at that port."""
    keys = os.path.join(folder, "lua.keys")
    with open(keys, "w", encoding="ascii") as file:
        for token in tokens:
            _, _, prefix, secret = token.split("_")
            digest = base64.b64encode(hashlib.sha1(secret.encode()).digest()).decode()
            file.write(f"{prefix} {digest}\n")
    alone, forwarding = free_port(), free_port()
    process = start_nginx(
        os.path.join(folder, "lua"),
        "nginx-lua.conf",
        alone,
        PORT2=forwarding,
        API=api,
        KEYS=keys,
        MODULES=nginx_modules(),
    )
    return [
        Server("nginx + Lua gate", alone, [process]),
        Server("nginx + Lua gate, forwarding", forwarding, [process], CALLED),
    ]


def start_haproxy(folder, tokens):
    keys = os.path.join(folder, "haproxy.map")
    with open(keys, "w", encoding="ascii") as file:
        for token in tokens:
            file.write(hashlib.sha256(f"Bearer {token}".encode()).hexdigest().upper() + " plan\n")
    port = free_port()
    own = os.path.join(folder, "haproxy")
    path = render(own, "haproxy.cfg", PORT=port, KEYS=keys)
    process = start_peer(["haproxy", "-f", path], own, port)
    return Server("HAProxy gate", port, [process])


def start_nginx_asking(folder, gate):
    """nginx in front of a running Hourgate: with connections to it that are kept, and without."""
    kept, anew, by_port = free_port(), free_port(), free_port()
    process = start_nginx(
        os.path.join(folder, "asks"),
        "nginx-asks.conf",
        kept,
        PORT2=anew,
        PORT3=by_port,
        ASK=gate.port,
        SOCKET=gate.ask_socket,
    )
    path = "/api/v1/clients/42"
    both = [process, *gate.processes]
    return [
        Server("nginx + Hourgate", kept, both, path),
        Server("nginx + Hourgate, by a port", by_port, both, path),
        Server("nginx + Hourgate, new connections", anew, both, path),
    ]
