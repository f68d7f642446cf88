"""Bad input: a clear error that says what was wrong, where, and what to do next; nothing stays behind."""

import os
import socket
import sqlite3
import struct
import subprocess
import unittest

from datacenter import BINARY, Datacenter, Refused, UnixConnection


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.datacenter = Datacenter()
        cls.addClassCleanup(cls.datacenter.close)
        cls.datacenter.up()

    def refused(self, method, path, body, status, *words):
        with self.assertRaises(Refused) as caught:
            self.datacenter.ask(method, path, body)
        self.assertEqual(caught.exception.status, status, caught.exception)
        text = str(caught.exception.problem)
        for word in words:
            self.assertIn(word, text)
        self.assertIn("request_id", caught.exception.problem)

    def count(self, noun):
        return len(self.datacenter.items(noun))

    def test_an_unknown_field_is_named_with_what_was_meant(self):
        before = self.count("volumes")
        self.refused("POST", "/v1/volumes", {"name": "v", "size": "1GiB", "sizze": "1GiB"}, 400, "sizze", "did you mean", "size")
        self.assertEqual(self.count("volumes"), before)

    def test_a_wrong_unit_is_named_with_those_there_are(self):
        self.refused("POST", "/v1/volumes", {"name": "v", "size": "10GB"}, 400, "size", "10GB", "GiB")

    def test_a_number_too_large_is_named_with_its_bounds(self):
        self.refused("POST", "/v1/flavors", {"name": "f", "vcpus": 100000, "memory": "1GiB", "disk": "1GiB"}, 400, "vcpus", "256")

    def test_a_name_that_exists_is_refused(self):
        self.datacenter.ask("POST", "/v1/volumes", {"name": "twice", "size": "1MiB"})
        self.refused("POST", "/v1/volumes", {"name": "twice", "size": "1MiB"}, 409, "twice", "exists")

    def test_a_missing_image_is_named_and_no_volume_stays(self):
        before = self.count("volumes")
        self.refused("POST", "/v1/instances", {"name": "i", "image": "nope", "flavor": "tiny"}, 404, "nope", "image")
        self.assertEqual(self.count("volumes"), before)
        self.assertEqual(self.count("instances"), 0)

    def test_an_image_that_lies_about_its_size_is_refused_and_gone(self):
        path = os.path.join(self.datacenter.folder, "liar.qcow2")
        with open(path, "wb") as file:
            file.write(struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, 1 << 62, 0, 1, 65536, 65536, 1, 0, 0))
        done = self.datacenter.vdc("image", "import", "liar", path, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("error:", done.stderr)
        self.assertEqual([image["name"] for image in self.datacenter.items("images")], [])
        self.assertEqual(os.listdir(os.path.join(self.datacenter.data, "images")), [".tmp"])

    def test_a_hundred_megabytes_are_refused_without_being_read(self):
        connection = UnixConnection(self.datacenter.socket, 20)
        connection.putrequest("POST", "/v1/volumes")
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(100 << 20))
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()

    def test_anchors_ten_levels_deep_are_refused_with_their_line(self):
        lines = ["kind: app", "name: bomb", "a0: &a0 [x, x]"]
        lines += [f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}]" for level in range(1, 10)]
        done = self.datacenter.vdc("apply", "-f", "-", input="\n".join(lines), check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("line 3", done.stderr)
        self.assertIn("anchor", done.stderr)

    def test_two_daemons_on_one_folder(self):
        done = self.datacenter.vdc("up", "--run", os.path.join(self.datacenter.folder, "other"), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(self.datacenter.data, done.stderr)

    def test_without_root(self):
        other = os.path.join(self.datacenter.folder, "nobody")
        done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "up", "--data", other, "--run", other],
                              capture_output=True, text=True, timeout=60, cwd="/")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("root", done.stderr)
        self.assertFalse(os.path.exists(other))


class BadStart(unittest.TestCase):
    def setUp(self):
        self.datacenter = Datacenter()
        self.addCleanup(self.datacenter.close)

    def fails_to_start(self, words, *expected):
        done = self.datacenter.vdc("up", *words, check=False)
        self.assertEqual(done.returncode, 1, done.stdout)
        for word in expected:
            self.assertIn(word, done.stderr)

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.fails_to_start(["--listen", f"127.0.0.1:{port}"], str(port), "in use")

    def test_an_underlay_that_no_host_can_have(self):
        for wrong in ("here", "127.0.0.1", "fe80::1"):
            self.fails_to_start(["--underlay", wrong], wrong, "--underlay")

    def test_kvm_asked_for_where_there_is_none(self):
        self.fails_to_start(["--accelerator", "kvm"], "KVM")

    def test_a_data_folder_of_a_newer_version(self):
        self.datacenter.up()
        self.datacenter.vdc("down")
        [file] = [name for name in os.listdir(os.path.join(self.datacenter.data, "store")) if name.endswith((".db", ".sqlite", ".sqlite3"))]
        store = sqlite3.connect(os.path.join(self.datacenter.data, "store", file))
        store.execute("PRAGMA user_version = 999")
        store.commit()
        store.close()
        self.fails_to_start([], "newer")

    def test_a_full_disk_during_an_import(self):
        os.mkdir(self.datacenter.data)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=711", "tmpfs", self.datacenter.data], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", self.datacenter.data])
        self.datacenter.up()
        big = os.path.join(self.datacenter.folder, "big.raw")
        with open(big, "wb") as file:
            file.write(os.urandom(64 << 20))
        done = self.datacenter.vdc("image", "import", "big", big, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("error:", done.stderr)
        self.assertEqual(self.datacenter.items("images"), [])
        self.assertEqual(os.listdir(os.path.join(self.datacenter.data, "uploads")), [])
        self.datacenter.ask("POST", "/v1/volumes", {"name": "works", "size": "1MiB"})
