"""The past: the datacenter as of any moment, its log again commit by commit, and exported."""

import json
import os
import unittest

from datacenter import Datacenter

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1 past"


class Past(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.datacenter = Datacenter()
        cls.addClassCleanup(cls.datacenter.close)
        cls.datacenter.up()
        cls.revisions = {}  # after each wish: what keys there were
        for name in ("one", "two", "three"):
            cls.datacenter.vdc("key", "create", name, "--public-key", KEY)
            cls.remember()
        cls.datacenter.vdc("key", "delete", "two")
        cls.remember()
        cls.datacenter.kill()
        cls.datacenter.up()
        cls.datacenter.vdc("volume", "create", "data", "--size", "1GiB")
        cls.datacenter.vdc("key", "delete", "one")
        cls.remember()

    @classmethod
    def remember(cls):
        names = sorted(item["name"] for item in cls.datacenter.items("keys"))
        cls.revisions[cls.datacenter.ask("GET", "/v1/datacenter")["revision"]] = names

    def vdc(self, *words, **more):
        return self.datacenter.vdc(*words, **more)

    def path(self, name):
        return os.path.join(self.datacenter.folder, name)

    def keys_at(self, *moment):
        shown = json.loads(self.vdc("at", *moment, "key", "list", "-o", "json").stdout)
        return sorted(item["name"] for item in shown)

    def fails(self, code, *words_and_expected):
        words, expected = words_and_expected[0], words_and_expected[1:]
        done = self.vdc(*words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        for word in expected:
            self.assertIn(word, done.stderr)

    def test_every_moment_is_as_it_was(self):
        for revision, names in self.revisions.items():
            self.assertEqual(self.keys_at("revision", str(revision)), names)
            moment = json.loads(self.vdc("at", str(revision), "-o", "json").stdout)
            self.assertEqual(moment["revision"], revision)
            self.assertEqual(self.keys_at(moment["committed"]), names)
        self.assertEqual(self.keys_at("now"), ["three"])

    def test_what_is_gone_is_shown_as_it_was(self):
        first = min(self.revisions)
        self.assertIn(KEY, self.vdc("at", "revision", str(first), "key", "show", "one").stdout)
        self.fails(3, ["key", "show", "one"], "no key 'one'")
        self.fails(3, ["at", str(first), "key", "show", "two"], "no key 'two'")

    def test_the_reasons_are_those_up_to_then(self):
        self.assertIn("create volume data", self.vdc("at", "now", "why", "data").stdout)
        self.fails(3, ["at", str(min(self.revisions)), "why", "data"], "nothing here is called 'data'")

    def test_moments_that_make_no_sense_say_why(self):
        self.fails(2, ["at", "10", "minuts", "ago", "key", "list"], "did you mean 'minutes'", "at character 4")
        self.fails(3, ["at", "-99d", "key", "list"], "there was no datacenter yet", "it began at")
        self.fails(3, ["at", "2999-01-01", "key", "list"], "is in the future")
        self.fails(3, ["at", "revision", "99999", "key", "list"], "not reached yet")
        self.fails(2, ["at", "-1m", "key", "create", "x"], "the past")
        self.fails(2, ["at"], "a time must follow")

    def test_the_log_makes_the_same_datacenter_again(self):
        told = self.vdc("replay")
        self.assertIn("create key three", told.stdout)
        self.assertIn("the state is as it was, all invariants hold", told.stdout)
        last = max(self.revisions)
        lines = [json.loads(line) for line in self.vdc("replay", "--to", str(last), "-o", "json").stdout.splitlines()]
        self.assertEqual([line["revision"] for line in lines[:-1]], list(range(1, last + 1)))
        self.assertEqual((lines[-1]["commits"], lines[-1]["to"]), (last, last))
        self.assertEqual(len(self.vdc("replay", "--from", "3", "--to", "5", "-o", "json").stdout.splitlines()), 3)
        self.assertIn("left at revision 2", self.vdc("replay", "--step", input="\nq\n").stdout)

    def test_the_same_inputs_under_another_policy_are_compared(self):
        policy = self.path("policy.yaml")
        with open(policy, "w") as file:
            file.write("host: {memory_overcommit: 1500}\nproject: {instances_max: 7}\n")
        compared = json.loads(self.vdc("replay", "--policy", policy, "-o", "json").stdout)
        self.assertGreaterEqual(compared["requests"], 6)
        self.assertEqual(compared["figures"]["refused"], {"then": 0, "simulated": 0, "other": 0, "difference": 0})
        self.assertIn("promises kept", self.vdc("replay", "--policy", policy).stdout)
        with open(policy, "w") as file:
            file.write("host: {memory_overcomit: 1500}\n")
        self.fails(2, ["replay", "--policy", policy], "did you mean 'memory_overcommit'")
        self.fails(3, ["replay", "--policy", self.path("none")], "No such file")

    def exported(self, name):
        path = self.path(name)
        self.vdc("log", "export", path)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path) as file:
            return path, file.readlines()

    def damaged(self, lines, *expected):
        path = self.path("damaged.log")
        with open(path, "w") as file:
            file.writelines(lines)
        done = self.vdc("-q", "replay", path, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in expected:
            self.assertIn(word, done.stderr)
        return done

    def test_an_exported_log_is_replayed_without_a_daemon(self):
        path, _ = self.exported("whole.log")
        self.datacenter.environment["VDC_SOCKET"] = "/nowhere"
        try:
            self.assertIn("the state is as it was", self.vdc("-q", "replay", path).stdout)
        finally:
            self.datacenter.environment["VDC_SOCKET"] = self.datacenter.socket

    def test_a_log_that_is_damaged_says_where(self):
        _, lines = self.exported("good.log")
        done = self.damaged(lines[:6], "line 7, column 1", "cut off after revision 4")
        self.assertIn("revision 0 to 4", done.stdout)
        self.damaged(lines[:5] + [lines[5][:80]], "line 6, column 81", "damaged")
        self.damaged(lines[:5] + lines[6:], "line 6, column 18", "lines are missing")
        self.damaged([line.replace("admin", "nimda") for line in lines], "its sum is another")
        self.damaged(["vdc-log 2\n"] + lines[1:], "line 1, column 9", "newer vdc")
        self.damaged(["kind: app\n"], "line 1, column 1", "no exported log")

    def test_a_log_that_cannot_be_written_leaves_nothing(self):
        before = os.listdir(self.datacenter.folder)
        self.fails(3, ["log", "export", self.path("no/such/folder")], "No such file")
        self.fails(3, ["log", "export", self.path("never.log"), "--from", "99999"], "'from'", "not reached yet")
        self.assertEqual(os.listdir(self.datacenter.folder), before)


if __name__ == "__main__":
    unittest.main()
