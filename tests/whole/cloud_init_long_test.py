"""A Debian cloud guest with the cloud-init that Debian ships configures itself from what vdcos gives:
one from the NoCloud seed disk, made by command; one from the metadata service, made by a manifest.
Each boots for two to four minutes of emulation, both at once."""

import os
import subprocess
import time
import unittest

from datacenter import Datacenter, REPOSITORY

CLOUD = os.environ.get("VDC_CLOUD", os.path.join(REPOSITORY, "build/cloud"))
LIMIT_SECONDS = 1500  # on a machine with much else to do

SCRIPT = """#!/bin/sh
echo "user-data ran as $(id -un) on $(hostname)" > /etc/told-by-user-data
echo "user-data ran on $(hostname)" > /dev/console
"""
CLOUD_CONFIG = """#cloud-config
write_files:
  - path: /etc/told-by-user-data
    content: "user-data was read\\n"
runcmd:
  - echo "user-data ran on $(hostname)" > /dev/console
"""
MANIFEST = """kind: key
name: mine
public_key: {key}
---
kind: instance
name: by-service
image: openstack
flavor: cloud
key: mine
user_data: |
{user_data}
"""


def indented(text):
    return "".join(f"  {line}\n" for line in text.splitlines())


class CloudInit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([os.path.join(REPOSITORY, "images/cloud/build"), CLOUD], check=True)
        cls.datacenter = Datacenter()
        cls.addClassCleanup(cls.datacenter.close)
        cls.datacenter.up()
        cls.make_keys()
        cls.began = time.monotonic()
        for name, file in (("seeded", "cloud.qcow2"), ("openstack", "cloud-openstack.qcow2")):
            cls.datacenter.vdc("image", "import", name, os.path.join(CLOUD, file))
        cls.datacenter.vdc("flavor", "create", "cloud", "--vcpus", "1", "--memory", "512MiB", "--disk", "1GiB")
        cls.create_by_seed()
        cls.create_by_service()

    @classmethod
    def make_keys(cls):
        cls.keys = {}
        for name in ("seed", "service"):
            path = os.path.join(cls.datacenter.folder, name)
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
            cls.keys[name] = path

    @classmethod
    def create_by_seed(cls):
        script = os.path.join(cls.datacenter.folder, "user-data")
        with open(script, "w") as file:
            file.write(SCRIPT)
        cls.datacenter.vdc("key", "create", "seed", "--public-key", f"@{cls.keys['seed']}.pub")
        cls.datacenter.vdc("instance", "create", "by-seed", "--image", "seeded", "--flavor", "cloud",
                           "--key", "seed", "--user-data", f"@{script}")

    @classmethod
    def create_by_service(cls):
        with open(cls.keys["service"] + ".pub") as file:
            key = file.read().strip()
        manifest = MANIFEST.format(key=key, user_data=indented(CLOUD_CONFIG))
        cls.datacenter.vdc("apply", "-f", "-", input=manifest)

    def log(self, name):
        return self.datacenter.vdc("instance", "log", name).stdout

    def said(self, name, words):
        """Waits until the guest has said this on its serial console."""
        end = time.monotonic() + LIMIT_SECONDS
        while words not in self.log(name):
            if time.monotonic() > end:
                self.fail(f"{name} did not say '{words}' but:\n{self.log(name)[-6000:]}")
            time.sleep(0.5)

    def ssh(self, name, key, command):
        """From the network's namespace: what is on the network can reach it."""
        view = self.datacenter.ask("GET", f"/v1/instances/{name}")["view"]
        network = self.datacenter.ask("GET", "/v1/networks/default")["claimed"]["number"]
        done = subprocess.run(
            ["nsenter", f"--net=/run/netns/vdc{self.datacenter.tag()}n{network}", "ssh", "-i", key,
             "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
             "-o", "UserKnownHostsFile=/dev/null", "-o", "ConnectTimeout=60", "-F", "none",
             f"debian@{view['addresses'][0]['address']}", command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def configured(self, name, key, source, user_data):
        self.said(name, f"user-data ran on {name}")
        self.assertEqual(self.ssh(name, self.keys[key], "hostname").strip(), name)
        self.assertIn(source, self.ssh(name, self.keys[key], "cloud-init query cloud_name subplatform; cat /run/cloud-init/result.json"))
        self.assertEqual(self.ssh(name, self.keys[key], "cat /etc/told-by-user-data").strip(), user_data)
        print(f"{name}: hostname, key and user-data {time.monotonic() - self.began:.0f} s after the first import began", flush=True)

    def test_the_seed_disk_gives_hostname_key_and_user_data(self):
        self.configured("by-seed", "seed", "DataSourceNoCloud", "user-data ran as root on by-seed")

    def test_the_metadata_service_gives_hostname_key_and_user_data(self):
        self.configured("by-service", "service", "DataSourceOpenStack", "user-data was read")


if __name__ == "__main__":
    unittest.main()
