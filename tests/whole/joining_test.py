"""Joining: a machine becomes a host of a datacenter with a token, and nobody else does."""

import os
import re
import socket
import subprocess
import time
import unittest

from datacenter import Datacenter


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def tree(folder):
    return sorted(os.path.relpath(os.path.join(root, name), folder)
                  for root, _, names in os.walk(folder) for name in names)


def contents(folder):
    """Of each file but the lock's, which holds a pid."""
    found = {}
    for name in tree(folder):
        if name != "host.lock":
            with open(os.path.join(folder, name)) as file:
                found[name] = file.read()
    return found


class Joining(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.datacenter = Datacenter()
        cls.addClassCleanup(cls.datacenter.close)
        cls.port = free_port()
        cls.up("--name", "h1")

    @classmethod
    def up(cls, *words):
        cls.datacenter.up("--listen", f"127.0.0.1:{cls.port}", *words)

    def token(self, *words):
        return self.datacenter.vdc("host", "token", *words).stdout.strip()

    def machine(self, name):
        """The data folder of another machine."""
        return os.path.join(self.datacenter.folder, name)

    def join(self, folder, token, name, port=None):
        return self.datacenter.vdc("join", f"127.0.0.1:{port or self.port}", "--data", folder, "--token", "-",
                                   "--name", name, check=False, input=token + "\n")

    def refused(self, joined, *words):
        self.assertNotEqual(joined.returncode, 0, joined.stdout)
        for word in words:
            self.assertIn(word, joined.stderr)

    def fingerprint(self):
        with open(os.path.join(self.datacenter.data, "vdc.log")) as log:
            return re.findall(r'"fingerprint":"([0-9a-f]{64})"', log.read())[-1]

    def answers_to(self, fingerprint):
        done = self.datacenter.vdc("--endpoint", f"https://127.0.0.1:{self.port}", "--fingerprint", fingerprint,
                                   "--token-file", os.path.join(self.datacenter.data, "token"), "host", "list",
                                   check=False)
        return done.returncode == 0

    def test_a_machine_with_a_token_gets_all_that_a_host_needs(self):
        folder = self.machine("complete")
        token = self.token("--for", "10m")
        joined = self.join(folder, token, "complete")
        self.assertEqual(joined.returncode, 0, joined.stderr)
        self.assertEqual(tree(folder), ["host.lock"] + [f"host/{name}" for name in (
            "authority.crt", "controller", "datacenter", "host.crt", "host.key")])
        self.assertEqual(os.stat(f"{folder}/host/host.key").st_mode & 0o7777, 0o600)
        verified = subprocess.run(["openssl", "verify", "-x509_strict", "-purpose", "sslclient", "-CAfile",
                                   f"{folder}/host/authority.crt", f"{folder}/host/host.crt"], capture_output=True)
        self.assertEqual(verified.returncode, 0, verified.stderr)
        before = contents(folder)
        self.refused(self.join(folder, self.token(), "again"), "host complete", "already")
        self.assertEqual(contents(folder), before)

    def test_a_refusal_leaves_nothing_behind(self):
        used = self.token()
        self.assertEqual(self.join(self.machine("first"), used, "first").returncode, 0)
        expired = self.token("--for", "1s")
        time.sleep(1.1)
        good = self.token()
        folder = self.machine("refused")
        for joined, why in [
                (self.join(folder, used, "second"), "used already"),
                (self.join(folder, expired, "second"), "expired"),
                (self.join(folder, "x" * 43 + good[43:], "second"), "unknown"),
                (self.join(folder, good[:44] + "0" * 64, "second"), "pinned"),
                (self.join(folder, good[:-1], "second"), "whole token"),
                (self.join(folder, good, "first"), "another machine"),
                (self.join(folder, good, "h1"), "another machine"),
                (self.join(folder, good, "second", free_port()), "cannot reach"),
                (self.join(folder, good, "Second"), "name")]:
            self.refused(joined, why)
            self.assertLessEqual(set(tree(folder)), {"host.lock"}, why)
        self.assertEqual(self.join(folder, good, "second").returncode, 0)

    def test_the_founders_folder_cannot_join(self):
        self.refused(self.join(self.datacenter.data, self.token(), "h1"), "datacenter of its own")

    def test_tokens_and_names_outlive_the_daemon(self):
        used, good = self.token(), self.token()
        self.assertEqual(self.join(self.machine("before"), used, "before").returncode, 0)
        pinned = self.fingerprint()
        self.datacenter.kill()
        self.up()
        folder = self.machine("after")
        self.refused(self.join(folder, used, "after"), "used already")
        self.refused(self.join(folder, good, "before"), "another machine")
        self.assertEqual(self.join(folder, good, "after").returncode, 0)
        self.assertEqual(self.fingerprint(), pinned)
        self.assertTrue(self.answers_to(pinned))

    def test_the_name_of_a_revoked_host_that_never_came_up_is_free(self):
        self.assertEqual(self.join(self.machine("one"), self.token(), "short").returncode, 0)
        self.refused(self.join(self.machine("two"), self.token(), "short"), "vdc host revoke short")
        self.datacenter.vdc("host", "revoke", "short")
        self.assertEqual(self.join(self.machine("two"), self.token(), "short").returncode, 0)

    def test_a_certificate_that_people_know_stays_theirs(self):
        data = self.datacenter.data
        names = [os.path.join(data, name) for name in ("tls.crt", "tls.key")]
        authority = self.fingerprint()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                        "-subj", "/CN=known", "-days", "2", "-out", names[0], "-keyout", names[1]],
                       check=True, capture_output=True)
        try:
            self.datacenter.vdc("down")
            self.up()
            known = self.fingerprint()
            self.assertNotEqual(known, authority)
            self.assertTrue(self.answers_to(known))
            self.assertEqual(self.join(self.machine("late"), self.token(), "late").returncode, 0)
        finally:
            for name in names:
                os.unlink(name)
            self.datacenter.vdc("down")
            self.up()
        self.assertTrue(self.answers_to(authority))
        self.assertFalse(self.answers_to(known))


if __name__ == "__main__":
    unittest.main()
