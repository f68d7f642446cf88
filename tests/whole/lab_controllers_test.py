"""Several controllers: one leads, the others take over, and nothing that runs notices."""

import json
import os
import signal
import time
import unittest

from datacenter import BINARY, eventually, tiny_image
from lab import Lab

APP = """kind: app
name: hello
replicas: {replicas}
template: {{image: tiny, flavor: tiny, network: default}}
front: {{port: 80, target_port: 80, protocol: http, check_path: /health}}
"""


class ControllersTest(unittest.TestCase):
    def lab(self, hosts, controllers):
        self.its = Lab(hosts, controllers)
        self.addCleanup(self.its.close)

    def hello(self, replicas):
        """An application that serves; its address."""
        self.its.vdc("image", "import", "tiny", tiny_image())
        self.its.vdc("apply", "-f", "-", input=APP.format(replicas=replicas))
        app, = self.its.items("app")
        return app["claimed"]["address"]

    def cluster(self):
        return json.loads(self.its.vdc("cluster", "status", "-o", "json").stdout)

    def leader(self):
        """Once there is one, and whoever is asked hands on to it."""
        found = []

        def leads():
            done = self.its.try_vdc("cluster", "status", "-o", "json")
            if done.returncode == 0:
                found[:] = [json.loads(done.stdout)["leader"]]
            return found and found[0] and self.its.try_vdc("host", "list").returncode == 0

        eventually(leads, 120, "a controller leads")
        return found[0]

    def serves(self, host, address):
        done = self.its.try_run("lab", "--name", self.its.name, "run", host, "--", "curl", "-sf", "-m", "5", f"http://{address}/")
        return done.returncode == 0

    def kill_controller(self, host):
        """Its daemon and its store; what it runs as a host goes on."""
        for name in ("vdc.pid", "etcd.pid"):
            with open(f"/run/vdc-{self.its.name}/{host}/{name}") as file:
                os.kill(int(file.read().split()[0]), signal.SIGKILL)

    def where_served(self, address):
        hosts = [host["name"] for host in self.its.items("host")]
        found = []

        def one_serves():
            found[:] = [host for host in hosts if self.serves(host, address)]
            return found

        eventually(one_serves, 120, "the application answers")
        return found[0]

    def replicas(self):
        return {each["name"]: each["view"]["host"] for each in self.its.items("instance") if each["status"]["word"] == "running"}

    def test_one_controller_becomes_several_and_no_guest_notices(self):
        self.lab(2, 1)
        address = self.hello(2)
        host = self.where_served(address)
        guests, services = self.its.guests(), self.its.services()
        self.assertEqual(len(guests), 2)
        self.assertIn("vdc cluster init", self.its.vdc("cluster", "check", code=5).stdout)

        self.its.vdc("cluster", "init")
        self.assertEqual(self.cluster()["leader"], "h1")
        self.assertEqual(self.its.guests(), guests)
        self.assertEqual(self.its.services(), services)
        eventually(lambda: set(self.its.health().values()) == {"up"}, 60, "both hosts are heard")
        self.assertTrue(self.serves(host, address))
        self.assertIn("create app hello", self.its.vdc("why", "hello").stdout)  # the past came along
        self.assertIn("already", self.its.vdc("cluster", "init", code=1).stderr)

        def a_third_is_asked_for():
            """A host that is silent for a moment is no refuge, and what needs one is refused until it is heard of."""
            done = self.its.try_vdc("app", "edit", "hello", "--replicas", "3")
            self.assertTrue(done.returncode == 0 or "silent now" in done.stderr, done.stderr)
            return done.returncode == 0

        eventually(a_third_is_asked_for, 60, "both hosts are heard of again")
        eventually(lambda: len(self.replicas()) == 3, 120, "the third runs")
        self.assertTrue(guests < self.its.guests())

    def test_the_leader_is_lost_and_the_others_go_on(self):
        self.lab(5, 3)
        address = self.hello(5)
        eventually(lambda: len(self.replicas()) == 5, 120, "all run")
        self.assertEqual(self.its.vdc("cluster", "check").stdout, "")
        first = self.leader()
        guests = self.its.guests()
        self.its.vdc("network", "create", "kept", "--range", "10.88.0.0/24")

        self.its.lab("kill", first)
        self.its.socket = self.its.socket_of("h2" if first != "h2" else "h3")
        eventually(lambda: self.leader() != first, 120, "another one leads")
        self.assertIn("kept", [network["name"] for network in self.its.items("network")])
        self.assertLess({each for each in self.its.guests() if each[0] != first}, guests)
        eventually(lambda: len(self.replicas()) == 5 and first not in self.replicas().values(), 120, "all run elsewhere")
        self.assertTrue({each for each in guests if each[0] != first} < self.its.guests())
        self.assertIn("no further controller may be lost", self.its.vdc("cluster", "check", code=5).stdout)
        self.where_served(address)

        self.its.lab("heal")
        eventually(lambda: self.its.try_vdc("cluster", "check").returncode == 0, 120, "it follows")
        eventually(lambda: set(self.its.health().values()) == {"up"}, 60, "its host is heard")

    def test_all_controllers_are_lost_and_nothing_stops(self):
        self.lab(4, 3)
        address = self.hello(4)
        eventually(lambda: len(self.replicas()) == 4, 120, "all run")
        host = self.where_served(address)
        guests, services = self.its.guests(), self.its.services()
        self.assertTrue(services)
        self.kill_controller("h1")
        self.kill_controller("h2")
        self.its.socket = self.its.socket_of("h3")
        eventually(lambda: "no controller leads" in self.its.try_vdc("instance", "list").stderr, 60, "most are lost")
        answers = {each["name"]: each["answers"] for each in self.cluster()["controllers"]}
        self.assertEqual(answers, {"h1": False, "h2": False, "h3": False})
        self.assertIn("no controller leads", self.its.vdc("cluster", "check", code=5).stdout)
        self.kill_controller("h3")
        end = time.monotonic() + 12  # longer than any lease
        while time.monotonic() < end:
            self.assertTrue(self.serves(host, address))
        self.assertEqual(self.its.guests(), guests)
        self.assertEqual(self.its.services(), services)

        self.its.lab("heal")
        self.leader()
        eventually(lambda: set(self.its.health().values()) == {"up"}, 60, "all hosts are heard")
        self.assertEqual(self.its.guests(), guests)
        self.assertEqual(len(self.replicas()), 4)

    def test_a_controller_that_is_lost_for_good_is_removed(self):
        self.lab(3, 3)
        first = self.leader()
        gone, left = [name for name in ("h1", "h2", "h3") if name != first]
        both = sorted([first, left])
        self.its.socket = self.its.socket_of(first)

        def asked(*words):
            """What is answered, by whoever leads: with one of them its etcd may have been lost that led."""
            answers = []

            def is_answered():
                answers[:] = [self.its.try_vdc(*words)]
                return "no controller leads" not in answers[0].stdout + answers[0].stderr

            eventually(is_answered, 60, "a controller leads")
            return answers[0]

        def controllers():
            answer = asked("cluster", "status", "-o", "json")
            self.assertEqual(answer.returncode, 0, answer.stderr)
            return [each["name"] for each in json.loads(answer.stdout)["controllers"]]

        def all_are_up():
            shown = self.its.try_vdc("host", "list", "-o", "json")
            return shown.returncode == 0 and {host["claimed"]["health"] for host in json.loads(shown.stdout)} == {"up"}

        self.assertIn("leads now", asked("cluster", "remove", first).stderr)
        self.assertIn("no controller", self.its.vdc("cluster", "remove", "h9", code=3).stderr)
        self.assertEqual(len(controllers()), 3)

        self.its.lab("kill", gone)
        silent = f"the store of {gone} does not answer"
        eventually(lambda: silent in self.its.try_vdc("cluster", "check").stdout, 60, "its loss is told")
        self.assertEqual(asked("cluster", "remove", gone).returncode, 0)
        self.assertEqual(controllers(), both)
        self.assertEqual(asked("cluster", "remove", gone).returncode, 3)
        self.assertIn("make it 3", asked("cluster", "check").stdout)
        self.assertEqual(asked("network", "create", "after", "--range", "10.88.0.0/24").returncode, 0)

        self.its.lab("heal")
        eventually(all_are_up, 120, "it is a host still")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            self.assertEqual(controllers(), both)
            time.sleep(1)
        self.assertIn("after", asked("network", "list").stdout)

        data = f"/var/lib/vdc-{self.its.name}/{gone}"
        papers = [f"{data}/{name}" for name in ("controller", "etcd", "past", "authority.pem", "token")]
        eventually(lambda: not any(map(os.path.exists, papers)), 60, "it drops what controllers have")
        eventually(all_are_up, 60, "it is a host still")
        address = f"10.250.0.{gone[1:]}:7443"
        words = ("join", f"10.250.0.{first[1:]}:7443", "--controller", "--listen", address, "--name", gone, "--data", data)

        def join(token):
            return self.its.try_run("lab", "--name", self.its.name, "run", gone, "--", BINARY, *words, "--token", token)

        used = asked("host", "token").stdout.strip()
        self.assertIn("no controllers", join(used).stderr)
        joined = join(asked("host", "token", "--controller").stdout.strip())
        self.assertEqual(joined.returncode, 0, joined.stderr)
        self.its.lab("kill", gone)
        self.its.lab("heal")
        eventually(lambda: controllers() == ["h1", "h2", "h3"], 120, "it controls again")
        eventually(lambda: self.its.try_vdc("cluster", "check").returncode == 0, 120, "it follows")

    def test_a_host_opens_nothing_of_the_controllers(self):
        self.lab(2, 1)
        self.its.vdc("cluster", "init")
        papers = f"/var/lib/vdc-{self.its.name}/h2/host"
        own = f"/var/lib/vdc-{self.its.name}/h1/controller"

        def ask(host, url, *proof):
            words = ["curl", "-sk", "-m", "10", *proof, url]
            return self.its.try_run("lab", "--name", self.its.name, "run", host, "--", *words)

        its_own = ("--cert", f"{papers}/host.crt", "--key", f"{papers}/host.key")
        for port in (2379, 2380):
            for proof in ((), its_own):
                self.assertNotEqual(ask("h2", f"https://10.250.0.1:{port}/version", *proof).returncode, 0, (port, proof))
        controllers = ("--cert", f"{own}/etcd.crt", "--key", f"{own}/etcd.key")
        self.assertIn("etcdserver", ask("h1", "https://10.250.0.1:2379/version", *controllers).stdout)
        refused = ask("h2", "https://10.250.0.1:7443/v1/controller-papers", *its_own).stdout
        self.assertIn("is no controller", refused)
        self.assertNotIn("PRIVATE", refused)
        for path in ("/v1/cluster", "/v1/instances"):
            self.assertIn("403", ask("h2", f"https://10.250.0.1:7443{path}", *its_own, "-w", "%{http_code}").stdout)

    def test_wrong_numbers_are_named(self):
        run = Lab.run
        for words, said in ((("--hosts", "2", "--controllers", "3"), "cannot have 3"), (("--controllers", "2"), "1, 3 or 5")):
            self.assertIn(said, run(self, "lab", "--name", "never", "up", *words, code=2).stderr)


if __name__ == "__main__":
    unittest.main()
