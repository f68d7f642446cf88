"""The daemon is killed again and again while clients change things. Each client keeps a history of
its own; after each restart the datacenter must agree with all of them."""

import os
import random
import signal
import subprocess
import threading
import time
import unittest

from datacenter import BINARY, Datacenter, Refused, eventually, tiny_image

KILLS = 100 if os.environ.get("VDC_LONG") else 10
CLIENTS = 8
SEED = int(os.environ.get("VDC_SEED", "1"))


class Client(threading.Thread):
    """Creates and deletes things of its own. A name is `there` after an acknowledged create, `gone` after
    an acknowledged delete, and `maybe` when the daemon died before it answered."""

    NOUNS = ("volumes", "networks", "keys", "instances")

    def __init__(self, datacenter, number):
        super().__init__(daemon=True)
        self.datacenter, self.number = datacenter, number
        self.chance = random.Random(SEED * 1000 + number)
        self.names = {}  # (noun, name) -> "there" | "gone" | "maybe"
        self.acknowledged, self.ended, self.trouble, self.counter = 0, False, [], 0

    def body(self, noun, name):
        if noun == "volumes":
            return {"name": name, "size": "4MiB"}
        if noun == "networks":
            return {"name": name, "range": f"10.{100 + self.number}.{self.counter % 250}.0/24"}
        if noun == "keys":
            return {"name": name, "public_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 x"}
        return {"name": name, "image": "tiny", "flavor": "tiny", "power": "off"}

    def run(self):
        while not self.ended:
            noun = self.chance.choice(self.NOUNS)
            there = [name for (kind, name), state in self.names.items() if kind == noun and state == "there"]
            if there and self.chance.random() < 0.4:
                self.attempt("DELETE", noun, self.chance.choice(there), "gone")
            else:
                self.counter += 1
                self.attempt("POST", noun, f"c{self.number}-{self.counter}", "there")

    def attempt(self, method, noun, name, then):
        self.names[(noun, name)] = "maybe"
        path = f"/v1/{noun}" + ("" if method == "POST" else f"/{name}")
        try:
            self.datacenter.ask(method, path, self.body(noun, name) if method == "POST" else None, timeout=10)
            self.names[(noun, name)] = then
            self.acknowledged += 1
        except Refused as refused:
            if refused.status not in (404, 409, 503):
                self.trouble.append(f"{method} {path}: {refused}")
            self.names[(noun, name)] = "maybe"
        except (OSError, ValueError, Exception):  # the daemon died under the request
            time.sleep(0.02)


class Crash(unittest.TestCase):
    def setUp(self):
        self.datacenter = Datacenter()
        self.addCleanup(self.datacenter.close)
        self.datacenter.up()

    def start_guests(self):
        self.datacenter.vdc("image", "import", "tiny", tiny_image())
        for name in ("guest-a", "guest-b"):
            self.datacenter.vdc("instance", "create", name, "--image", "tiny", "--flavor", "tiny", "--restart", "always")
        return self.datacenter.qemus()

    def holds(self, clients):
        found = {noun: {item["name"]: item for item in self.datacenter.items(noun)} for noun in Client.NOUNS}
        for client in clients:
            for (noun, name), state in list(client.names.items()):
                item = found[noun].get(name)
                if state == "there":
                    self.assertIsNotNone(item, f"{noun} {name} was acknowledged and is lost")
                    self.assertFalse(item["deleting"], f"{noun} {name} is being deleted; nobody asked")
                if state == "gone" and item is not None:
                    self.assertTrue(item["deleting"], f"{noun} {name} was deleted and is there again")
        roots = {volume["declared"]["instance"] for volume in found["volumes"].values()}
        ports = {port["declared"]["instance"] for port in self.datacenter.items("ports")}
        for instance in found["instances"].values():
            self.assertIn(instance["id"], roots, f"{instance['name']} has no root volume: half made")
            self.assertIn(instance["id"], ports, f"{instance['name']} has no port: half made")

    def adopted(self, guests):
        for uuid in guests:
            observed = self.datacenter.ask("GET", f"/v1/instances/{uuid}")
            if observed["observed"]["phase"] != "running" or observed["observed"]["crashes"] != 0:
                return False
        return True

    def test_nothing_acknowledged_is_lost_and_no_guest_is_touched(self):
        guests = self.start_guests()
        self.assertEqual(len(guests), 2)
        chance = random.Random(SEED)
        clients = [Client(self.datacenter, number) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for kill in range(KILLS):
            time.sleep(chance.uniform(0.05, 1.0))
            self.datacenter.kill()
            self.datacenter.up()
            began = time.monotonic()
            eventually(lambda: self.adopted(guests), 2, f"all guests are adopted after kill {kill}")
            self.assertLess(time.monotonic() - began, 2.0)
            now = self.datacenter.qemus()
            for uuid, processes in guests.items():
                self.assertEqual(now.get(uuid), processes, f"guest {uuid} was touched by kill {kill}")
        for client in clients:
            client.ended = True
        for client in clients:
            client.join(timeout=30)
        self.holds(clients)
        self.assertEqual([trouble for client in clients for trouble in client.trouble], [])
        acknowledged = sum(client.acknowledged for client in clients)
        self.assertGreater(acknowledged, 10 * KILLS)
        print(f"{KILLS} kills, {acknowledged} acknowledged changes, none lost")

    def test_a_daemon_that_is_about_to_die_is_not_taken_for_one_that_serves(self):
        dying = self.datacenter.pid()
        os.kill(dying, signal.SIGSTOP)
        up = subprocess.Popen([BINARY, "up"], env=self.datacenter.environment, stdout=subprocess.PIPE, text=True)
        with self.assertRaises(subprocess.TimeoutExpired, msg="it does not answer: nothing may be said yet"):
            up.wait(timeout=1)
        os.kill(dying, signal.SIGKILL)
        self.assertIn("vdc is up, socket", up.communicate(timeout=60)[0])
        self.assertNotEqual(self.datacenter.pid(), dying)
        self.assertEqual(self.datacenter.items("instances"), [])
