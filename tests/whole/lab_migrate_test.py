"""A guest moves between hosts while somebody asks it all the time; and what befalls a move (docs/migration.md)."""

import json
import os
import subprocess
import tempfile
import time
import unittest

from datacenter import BINARY, eventually, tiny_image
from lab import Lab

# /cgi-bin/self says which boot this is, for how long it is up, and what its disk holds (not its memory of it).
GUEST = """kind: app
name: web
replicas: 1
template:
  image: tiny
  flavor: tiny
  network: default
  user_data: |
    #!/bin/sh
    head -c 3000000 /dev/urandom >/root/kept
    sync
    cd /srv/www/cgi-bin
    {
        echo '#!/bin/sh'
        echo 'printf "Content-Type: text/plain\\r\\n\\r\\n"'
        echo 'cat /proc/sys/kernel/random/boot_id; cut -d. -f1 /proc/uptime'
        echo 'echo 3 >/proc/sys/vm/drop_caches; md5sum </root/kept'
    } >self
    {
        echo '#!/bin/sh'
        echo 'printf "Content-Type: text/plain\\r\\n\\r\\nok\\n"'
        echo '(while :; do yes $RANDOM$RANDOM | head -c 30000000 >/run/noise; done) </dev/null >/dev/null 2>&1 &'
    } >noise
    chmod 755 self noise
front: {port: 80, target_port: 80, protocol: http, check_path: /health}
"""

# Asks every 30 ms until the file STOP is there; says when each answer came, and whether it was good.
ASKER = """
import http.client, json, os, sys, time
address, stop = sys.argv[1:]
asked = []
while not os.path.exists(stop):
    began = time.monotonic()
    good = False
    try:
        connection = http.client.HTTPConnection(address, timeout=5)
        connection.request("GET", "/health")
        good = connection.getresponse().status == 200
        connection.close()
    except OSError:
        pass
    except http.client.HTTPException:
        pass
    asked.append((began, time.monotonic(), good))
    time.sleep(0.03)
print(json.dumps(asked))
"""


class Asker:
    """Somebody on a host who asks at an address, all the time."""
    def __init__(self, lab, host, address):
        self.stop = tempfile.mktemp(prefix="vdc-asker-")
        self.process = subprocess.Popen([BINARY, "lab", "--name", lab.name, "run", host, "--", "python3", "-c", ASKER,
                                         address, self.stop], stdout=subprocess.PIPE, text=True)

    def end(self):
        """How many were asked, how many were refused, and the longest time without a good answer, in s."""
        with open(self.stop, "w"):
            pass
        out, _ = self.process.communicate(timeout=30)
        os.remove(self.stop)
        asked = json.loads(out)
        good = [end for _, end, fine in asked if fine]
        return len(asked), len(asked) - len(good), max(b - a for a, b in zip(good, good[1:]))


class MigrateTest(unittest.TestCase):
    def setUp(self):
        self.its = Lab(3)
        self.addCleanup(self.its.close)
        self.its.vdc("image", "import", "tiny", tiny_image())
        self.its.vdc("apply", "-f", "-", input=GUEST)
        eventually(lambda: self.guest() and self.its.items("app")[0]["observed"]["ready"], 120, "the guest is ready")
        self.address = self.its.items("app")[0]["claimed"]["address"]
        eventually(lambda: self.itself() is not None, 60, "it says who it is")

    def guest(self):
        """The instance that runs, if it is alone."""
        running = [each for each in self.its.items("instance")
                   if each["observed"]["phase"] == "running" and not each["deleting"]]
        return running[0] if len(running) == 1 else None

    def host(self):
        guest = self.guest()
        return guest["view"]["host"] if guest else None

    def carrier(self):
        """The host on which the front stands: there it is asked."""
        names = {host["id"]: host["name"] for host in self.its.items("host")}
        app = self.its.items("app")[0]
        needed = {place["host"] for place in app["claimed"]["places"] if place["needed"]}
        standing = [seen["host"] for seen in app["observed"]["hosts"] if seen["host"] in needed and seen["ready"]]
        return names[(standing + sorted(needed))[0]]

    def ask(self, path):
        return self.its.try_run("lab", "--name", self.its.name, "run", self.carrier(), "--", "curl", "-sf", "-m", "20",
                                f"http://{self.address}{path}")

    def itself(self):
        """(boot, seconds up, what its disk holds)"""
        said = self.ask("/cgi-bin/self").stdout.split()
        return (said[0], int(said[1]), said[2]) if len(said) >= 3 else None

    def can_move(self, to):
        """What the last move left is cleared away."""
        plan = lambda: self.its.try_vdc("instance", "migrate", self.guest()["name"], "--to", to, "--plan")
        eventually(lambda: plan().returncode == 0, 30, f"it can move to {to}: {plan().stdout}")

    def move(self, to):
        self.can_move(to)
        began = time.monotonic()
        self.its.vdc("instance", "migrate", self.guest()["name"], "--to", to)
        self.assertEqual(self.host(), to)
        return round(time.monotonic() - began, 2)

    def is_the_same(self, before):
        eventually(lambda: self.itself() is not None, 20, "it says who it is")
        now = self.itself()
        self.assertEqual((now[0], now[2]), (before[0], before[2]), "the same boot, and the same disk")
        self.assertGreaterEqual(now[1], before[1])

    def in_the_middle(self, to):
        """A move to that host that has begun to copy a guest which writes all the time."""
        self.can_move(to)
        self.assertEqual(self.ask("/cgi-bin/noise").returncode, 0)
        self.its.vdc("instance", "migrate", self.guest()["name"], "--to", to, "--async")
        copies = lambda: ((self.guest() or {}).get("observed", {}).get("sending") or {}).get("stage") == "copying"
        eventually(copies, 30, "it is being copied")

    def test_a_guest_moves_around_and_nobody_who_asks_it_notices(self):
        before = self.itself()
        home = self.host()
        others = [name for name in ("h1", "h2", "h3") if name != home]
        planned = self.its.vdc("instance", "migrate", self.guest()["name"], "--to", others[0], "--plan").stdout
        self.assertIn(f"from {home} to {others[0]}", planned)
        carrier = self.carrier()
        asker = Asker(self.its, carrier, self.address)
        times = [self.move(to) for to in (*others, home)]
        asked, refused, gap = asker.end()
        print(f"moves of {times} s; of {asked} requests {refused} failed, the longest gap was {gap:.2f} s", flush=True)
        self.assertEqual(self.carrier(), carrier, "the front stayed where it is")
        self.is_the_same(before)
        self.assertLessEqual(refused, asked / 100)  # none, where others leave the machine some time
        self.assertLess(gap, 10)
        self.assertEqual(len(self.its.guests()), 1)

        # A replica that can be made anew is: the new one comes before the old one ends.
        self.its.vdc("host", "drain", home)
        self.assertNotEqual(self.host(), home)
        eventually(lambda: self.carrier() != home, 20, "the front has left the drained host")
        eventually(lambda: self.itself() is not None, 30, "it answers")
        self.assertNotEqual(self.itself()[0], before[0])
        self.its.vdc("host", "undrain", home)
        refusal = self.its.vdc("instance", "migrate", self.guest()["name"], "--to", self.host(), code=1).stderr
        self.assertIn(self.host(), refusal)

    def test_a_move_whose_ends_are_lost(self):
        before = self.itself()
        if self.host() != "h2":  # h1 controls, and is not to be lost
            self.move("h2")
        self.in_the_middle("h3")
        self.its.lab("kill", "h3")
        eventually(lambda: self.guest() and self.guest()["claimed"]["move"] is None, 90, "the move is given up")
        self.assertEqual(self.host(), "h2")
        eventually(lambda: self.itself() is not None, 30, "it answers")
        self.is_the_same(before)
        self.its.lab("heal")
        eventually(lambda: set(self.its.health().values()) == {"up"}, 60, "all hosts are there")

        self.in_the_middle("h3")
        self.its.lab("kill", "h2")
        eventually(lambda: self.host() in ("h1", "h3"), 90, "its replica runs elsewhere")
        eventually(lambda: self.itself() is not None, 90, "and answers")
        anew = self.itself()
        self.assertNotEqual(anew[0], before[0])
        self.its.lab("heal")
        eventually(lambda: len(self.its.guests()) == 1, 60, "once")
        self.is_the_same(anew)


if __name__ == "__main__":
    unittest.main()
