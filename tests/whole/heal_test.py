"""A QEMU is killed: its replica runs again at once, and those who use the application hardly notice."""

import datetime
import http.client
import os
import signal
import threading
import time
import unittest

from datacenter import Datacenter, eventually, hello


class Poller(threading.Thread):
    """A new request every 20 ms."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.good, self.bad, self.ended = address, 0, [], False

    def run(self):
        while not self.ended:
            began = time.monotonic()
            try:
                connection = http.client.HTTPConnection(self.address, 80, timeout=5)
                connection.request("GET", "/")
                status = connection.getresponse().status
                connection.close()
                if status == 200:
                    self.good += 1
                else:
                    self.bad.append(status)
            except OSError as failure:
                self.bad.append(str(failure))
            time.sleep(max(0.0, 0.02 - (time.monotonic() - began)))


def instant(text):
    return datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()


class Heal(unittest.TestCase):
    def setUp(self):
        self.datacenter = Datacenter()
        self.addCleanup(self.datacenter.close)
        self.datacenter.up()

    def test_a_killed_qemu_runs_again_and_clients_hardly_notice(self):
        address = hello(self.datacenter)
        poller = Poller(address)
        poller.start()
        time.sleep(5)
        victim = self.datacenter.ask("GET", "/v1/instances/hello-1")
        [(pid, _)] = self.datacenter.qemus()[victim["id"]]
        killed = time.time()
        os.kill(pid, signal.SIGKILL)

        def runs_again():
            now = self.datacenter.ask("GET", "/v1/instances/hello-1")["observed"]
            return now["phase"] == "running" and now["crashes"] == 1

        eventually(runs_again, 10, "hello-1 runs again")
        again = instant(self.datacenter.ask("GET", "/v1/instances/hello-1")["observed"]["since"])
        self.assertLess(again - killed, 1.0, "from the kill to the new QEMU")
        ready = lambda: len(self.datacenter.ask("GET", "/v1/apps/hello")["observed"]["ready"]) == 2
        eventually(ready, 60, "both replicas answer again")
        poller.ended = True
        poller.join()
        total = poller.good + len(poller.bad)
        self.assertGreater(total, 50)
        self.assertLessEqual(len(poller.bad), total * 0.01, f"{len(poller.bad)} of {total} failed: {poller.bad[:5]}")
        why = self.datacenter.vdc("why", "hello-1").stdout
        self.assertIn("signal 9", why)
        self.assertIn("started again", why)
        print(f"healed after {(again - killed) * 1000:.0f} ms; {len(poller.bad)} of {total} requests failed")
