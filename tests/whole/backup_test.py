"""The control state is lost and restored from a backup that is older than the world: nothing that runs is touched,
nothing is started twice, and what the backup does not know is shown."""

import json
import os
import shutil
import time
import unittest

from datacenter import Datacenter, eventually, tiny_image


class Backup(unittest.TestCase):
    def setUp(self):
        self.datacenter = Datacenter()
        self.addCleanup(self.datacenter.close)
        self.datacenter.up("--name", "h1")
        self.datacenter.vdc("image", "import", "tiny", tiny_image())
        self.file = os.path.join(self.datacenter.folder, "backup")

    def create(self, name):
        self.datacenter.vdc("instance", "create", name, "--image", "tiny", "--flavor", "tiny", "--network", "default")
        found = {}

        def runs():
            found.update(self.datacenter.ask("GET", f"/v1/instances/{name}"))
            return found["observed"]["phase"] == "running"

        eventually(runs, 120, f"{name} runs")
        return found["id"]

    def restore(self, *words, code=0):
        done = self.datacenter.vdc("backup", "restore", self.file, "--name", "h1", *words, check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def status(self):
        return self.datacenter.ask("GET", "/v1/restore")

    def lose_the_state(self):
        """All but what instances are made of; their QEMUs run on."""
        for name in os.listdir(self.datacenter.data):
            if name in ("volumes", "images", "consoles"):
                continue
            path = os.path.join(self.datacenter.data, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def message_of(self, name):
        return self.datacenter.ask("GET", f"/v1/instances/{name}")["observed"]["message"]

    def test_what_the_backup_knows_is_found_again_and_the_rest_is_shown(self):
        dc = self.datacenter
        kept, gone = self.create("kept"), self.create("gone")
        dc.vdc("backup", "save", self.file)
        self.assertEqual(os.stat(self.file).st_mode & 0o777, 0o600)
        told = json.loads(dc.vdc("backup", "inspect", self.file, "-o", "json").stdout)
        self.assertEqual((told["host"], told["records"]["instance"]), ("h1", 2))
        self.assertNotIn("PRIVATE KEY", json.dumps(told))

        late = self.create("late")
        dc.vdc("instance", "delete", "gone")
        eventually(lambda: gone not in dc.qemus(), 60, "what is deleted ends")
        guests, tag = dc.qemus(), dc.tag()
        self.assertEqual(set(guests), {kept, late})
        revision = dc.ask("GET", "/v1/datacenter")["revision"]
        self.assertIn("vdc runs here", self.restore(code=1).stderr)
        pid = dc.kill()
        eventually(lambda: not os.path.exists(f"/proc/{pid}"), 10, "the daemon is gone")
        self.assertIn("--replace", self.restore(code=1).stderr)
        self.lose_the_state()
        self.restore()
        self.assertEqual(dc.tag(), tag)
        dc.up("--name", "h1")

        def all_is_found():
            now = self.status()
            return [each["id"] for each in now["adopted"]] == [kept] and len(now["strangers"]) == 1

        eventually(all_is_found, 30, "the host says what it found")
        now = self.status()
        self.assertTrue(now["held"])
        self.assertEqual([each["id"] for each in now["missing"]], [gone])
        self.assertEqual([(each["id"], each["name"], each["known"]) for each in now["strangers"]], [(late, "late", False)])
        self.assertGreater(dc.ask("GET", "/v1/datacenter")["revision"], revision)
        shown = dc.vdc("backup", "status", check=False)
        self.assertEqual(shown.returncode, 5)
        self.assertIn("the backup does not know it", shown.stdout)
        time.sleep(3)
        self.assertEqual(dc.qemus(), guests, "while it is held nothing is begun or ended")

        dc.vdc("backup", "release")
        eventually(lambda: "not on this host any more" in self.message_of("gone"), 30, "its disk is missed, not made anew")
        dc.kill()
        dc.up("--name", "h1")
        eventually(lambda: self.message_of("kept") == "", 10, "it is known")
        time.sleep(3)
        self.assertEqual(dc.qemus(), guests, "another daemon finds them so, too")

        disks = set(os.listdir(os.path.join(dc.data, "volumes")))
        self.assertEqual(dc.vdc("backup", "end", "h1", gone, check=False).returncode, 3)
        dc.vdc("backup", "end", "h1", late)
        eventually(lambda: set(dc.qemus()) == {kept}, 30, "what was named ends")
        eventually(lambda: dc.vdc("backup", "status", check=False).returncode == 0, 30, "the restore is over")
        self.assertEqual(set(os.listdir(os.path.join(dc.data, "volumes"))), disks, "its disk stays")
        dc.vdc("instance", "delete", "gone")
        fresh = self.create("fresh")
        self.assertEqual(set(dc.qemus()), {kept, fresh})
        self.assertEqual(dc.qemus()[kept], guests[kept])
        dc.vdc("instance", "stop", "kept")
        eventually(lambda: set(dc.qemus()) == {fresh}, 90, "it obeys as ever")

    def test_what_cannot_be_restored_is_refused(self):
        dc = self.datacenter
        dc.vdc("backup", "save", self.file)
        self.assertEqual(dc.vdc("backup", "status").returncode, 0)
        self.assertEqual(dc.vdc("backup", "release", check=False).returncode, 1)
        with open(self.file) as file:
            good = file.readlines()
        dc.vdc("down")
        for lines, why in ((good[:-1], "cut off"), (good[:3] + good[4:], "line"), (["vdc-backup 9\n"] + good[1:], "newer vdc"),
                           ([line.replace("tiny", "tony") for line in good], "damaged")):
            with open(self.file, "w") as file:
                file.writelines(lines)
            self.assertIn(why, self.restore("--replace", code=1).stderr)
            self.assertNotEqual(dc.vdc("backup", "inspect", self.file, check=False).returncode, 0)
        self.assertTrue(os.path.exists(os.path.join(dc.data, "store")))
        with open(self.file, "w") as file:
            file.writelines(good)
        self.restore("--replace")
        aside = [name for name in os.listdir(dc.data) if name.startswith("before-restore-")]
        self.assertEqual(len(aside), 1)
        self.assertEqual(os.listdir(os.path.join(dc.data, aside[0])), ["store"])
        dc.up("--name", "h1")
        eventually(lambda: dc.vdc("backup", "release", check=False).returncode == 0, 30, "the host has looked")
        eventually(lambda: dc.vdc("backup", "status", check=False).returncode == 0, 30, "the restore is over")


if __name__ == "__main__":
    unittest.main()
