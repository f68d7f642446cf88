"""One datacenter of one's own, for a test: started, spoken to over its unix socket, and gone at the end."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("VDC_BINARY", os.path.join(REPOSITORY, "build/release/vdc"))
TINY = os.environ.get("VDC_TINY", os.path.join(REPOSITORY, "build/tiny/tiny.qcow2"))


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Refused(Exception):
    def __init__(self, status, problem):
        super().__init__(f"{status}: {problem}")
        self.status = status
        self.problem = problem


def tiny_image():
    if not os.path.exists(TINY):
        subprocess.run([os.path.join(REPOSITORY, "images/tiny/build"), os.path.dirname(TINY)], check=True)
    return TINY


def eventually(claim, seconds, what):
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.05)


class Datacenter:
    def __init__(self, network=None):
        """`network`: the network namespace of its machine, by name; without it, this one's."""
        self.inside = [] if network is None else ["nsenter", f"--net=/run/netns/{network}"]
        self.folder = tempfile.mkdtemp(prefix="vdc-whole-")
        os.chmod(self.folder, 0o711)
        self.data = os.path.join(self.folder, "data")
        self.run = os.path.join(self.folder, "run")
        self.socket = os.path.join(self.run, "api.sock")
        self.environment = dict(os.environ, VDC_DATA=self.data, VDC_RUN=self.run, VDC_SOCKET=self.socket)

    def vdc(self, *words, check=True, **more):
        done = subprocess.run([*self.inside, BINARY, *words], env=self.environment, capture_output=True, text=True, timeout=300, **more)
        if check and done.returncode != 0:
            raise AssertionError(f"vdc {' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def up(self, *words):
        return self.vdc("up", *words)

    def pid(self):
        with open(os.path.join(self.run, "vdc.pid")) as file:
            return int(file.read().split()[0])

    def kill(self):
        pid = self.pid()
        os.kill(pid, signal.SIGKILL)
        return pid

    def ask(self, method, path, body=None, timeout=60, headers=None):
        connection = UnixConnection(self.socket, timeout)
        try:
            data = None if body is None else json.dumps(body)
            given = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, data, dict(given, **(headers or {})))
            answer = connection.getresponse()
            text = answer.read()
            value = json.loads(text) if text else {}
            if answer.status >= 300:
                raise Refused(answer.status, value)
            return value
        finally:
            connection.close()

    def items(self, noun):
        found, marker = [], ""
        while True:
            page = self.ask("GET", f"/v1/{noun}?limit=1000{marker}")
            found += page["items"]
            if not page.get("next"):
                return found
            marker = "&marker=" + page["next"]

    def tag(self):
        with open(os.path.join(self.data, "tag")) as file:
            return file.read().strip()

    def qemus(self):
        """uuid -> [(pid, start time)] of this datacenter's QEMUs."""
        found = {}
        tag = f"vdc-{self.tag()}"
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                with open(f"/proc/{name}/cgroup") as file:
                    if tag not in file.read():
                        continue
                with open(f"/proc/{name}/cmdline") as file:
                    words = file.read().split("\0")
                with open(f"/proc/{name}/stat") as file:
                    stat = file.read().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if "-uuid" in words and stat[0] != "Z":
                found.setdefault(words[words.index("-uuid") + 1], []).append((int(name), stat[19]))
        return found

    def close(self):
        """Ends everything; an AssertionError if anything is left on the machine."""
        tag = self.tag() if os.path.exists(os.path.join(self.data, "tag")) else None
        try:
            self.vdc("down", "--purge", check=False)
            if tag:
                self.nothing_left(tag)
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def nothing_left(tag):
        left = []
        netns = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
        left += [line for line in netns.splitlines() if line.startswith(f"vdc{tag}")]
        links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True).stdout
        left += [line for line in links.splitlines() if tag in line.split(":")[1]]
        tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True).stdout
        left += [line for line in tables.splitlines() if f"vdc{tag}" in line]
        for root, folders, _ in os.walk("/sys/fs/cgroup"):
            left += [os.path.join(root, folder) for folder in folders if folder == f"vdc-{tag}"]
            if root.count("/") > 5:
                folders.clear()
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat") as file:
                        dead = file.read().rsplit(")", 1)[1].split()[0] in "ZX"
                    with open(f"/proc/{name}/cgroup") as file:
                        if f"vdc-{tag}" in file.read() and not dead:
                            left.append(f"process {name}")
                except (FileNotFoundError, ProcessLookupError):
                    pass
        if left:
            raise AssertionError(f"left behind: {left}")


HELLO = """kind: app
name: hello
replicas: 2
template: {image: tiny, flavor: tiny, network: default}
front: {port: 80, target_port: 80, protocol: http, check_path: /health}
"""


def hello(datacenter):
    """The hello application, running; its address."""
    datacenter.vdc("image", "import", "tiny", tiny_image())
    datacenter.vdc("apply", "-f", "-", input=HELLO)
    return datacenter.ask("GET", "/v1/apps/hello")["claimed"]["address"]
