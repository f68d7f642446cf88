"""A datacenter whose etcd does not begin keeps its one controller, as it was, and tries again when it can."""

import os
import subprocess
import unittest

from datacenter import Datacenter, eventually, tiny_image

LISTENS = """import socket
with socket.socket() as taken:
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    taken.bind(("10.250.0.1", 2379))
    taken.listen()
    print("here", flush=True)
    input()
"""


class Machine:
    """A network namespace with one address."""
    def __init__(self):
        self.name = f"vi{os.getpid()}"
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        for words in (["addr", "add", "10.250.0.1/32", "dev", "lo"], ["link", "set", "lo", "up"]):
            subprocess.run(["nsenter", f"--net=/run/netns/{self.name}", "ip", *words], check=True)

    def close(self):
        subprocess.run(["ip", "netns", "del", self.name], check=True)

    def take_port_of_etcd(self):
        """Until its stdin ends."""
        taken = subprocess.Popen(["nsenter", f"--net=/run/netns/{self.name}", "python3", "-c", LISTENS],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        taken.stdout.readline()
        return taken


class ClusterInit(unittest.TestCase):
    def setUp(self):
        self.machine = Machine()
        self.addCleanup(self.machine.close)
        self.datacenter = Datacenter(self.machine.name)
        self.addCleanup(self.datacenter.close)
        self.datacenter.up("--name", "h1", "--listen", "10.250.0.1:7443")

    def left(self):
        """What makes a machine one of several controllers."""
        return {"controller", "etcd", "host", "past"} & set(os.listdir(self.datacenter.data))

    def test_without_a_port_for_etcd_all_stays_as_it_was(self):
        dc = self.datacenter
        dc.vdc("image", "import", "tiny", tiny_image())
        dc.vdc("instance", "create", "web", "--image", "tiny", "--flavor", "tiny", "--network", "default")
        eventually(lambda: dc.ask("GET", "/v1/instances/web")["observed"]["phase"] == "running", 120, "web runs")
        guests = dc.qemus()
        taken = self.machine.take_port_of_etcd()
        try:
            failed = dc.vdc("cluster", "init", check=False)
        finally:
            taken.communicate("\n")
        self.assertEqual(failed.returncode, 1, failed.stdout + failed.stderr)
        self.assertIn("one controller, as before", failed.stderr)
        eventually(lambda: dc.vdc("instance", "list", check=False).returncode == 0, 30, "it answers")
        self.assertEqual(self.left(), set())
        self.assertIn("vdc cluster init", dc.vdc("cluster", "check", check=False).stdout)
        self.assertEqual(dc.qemus(), guests)
        dc.vdc("network", "create", "after", "--range", "10.88.0.0/24")
        self.assertIn("create network after", dc.vdc("why", "after").stdout)
        self.assertIn("create instance web", dc.vdc("why", "web").stdout, "the past is there")

        dc.vdc("cluster", "init")
        self.assertEqual(self.left(), {"controller", "etcd", "host", "past"})
        self.assertEqual(dc.ask("GET", "/v1/cluster")["leader"], "h1")
        self.assertIn("after", [network["name"] for network in dc.items("networks")])
        self.assertEqual(dc.qemus(), guests)


if __name__ == "__main__":
    unittest.main()
