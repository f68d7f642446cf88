"""KVM where there is none: emulation gives a guest an AMD processor with SVM, and in there KVM is healthy.
So a Debian 12 with vdcos on it is booted that way. In there the daemon tries KVM, finds it good, and starts an
instance by it, which comes up. Three to four minutes."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

from datacenter import BINARY, REPOSITORY, TINY, tiny_image

HOST = os.environ.get("VDC_HOST", os.path.join(REPOSITORY, "build/host"))
INSIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "kvm_inside")
LIMIT_SECONDS = 2700


def libraries(program):
    listed = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    return re.findall(r"=> (/\S+)", listed)


class Kvm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        subprocess.run([os.path.join(REPOSITORY, "images/host/build"), HOST], check=True)
        tiny_image()
        cls.folder = tempfile.mkdtemp(prefix="vdc-kvm-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.make_disk()

    @classmethod
    def make_disk(cls):
        """What the host in the guest gets beside Debian: the program, the tiny guest, and what to do."""
        content = os.path.join(cls.folder, "vdc")
        os.makedirs(os.path.join(content, "lib"))
        subprocess.run(["strip", "-o", os.path.join(content, "vdc"), BINARY], check=True)
        for library in libraries(BINARY):
            shutil.copy(library, os.path.join(content, "lib"))
        for name in ("vmlinuz", "ram.img", "tiny.qcow2"):
            shutil.copy(os.path.join(os.path.dirname(TINY), name), content)
        cls.disk = os.path.join(cls.folder, "vdc.ext4")
        environment = dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin")
        subprocess.run(["mke2fs", "-qF", "-t", "ext4", "-d", content, cls.disk, "192M"],
                       check=True, capture_output=True, env=environment)
        # The root's file system must have the first program before the second disk is there.
        raw = os.path.join(HOST, "host.ext4")
        cls.first = os.path.join(cls.folder, "first.ext4")
        subprocess.run(["cp", "--sparse=always", raw, cls.first], check=True)
        subprocess.run(["debugfs", "-w", "-R", f"write {INSIDE} inside", cls.first],
                       check=True, capture_output=True, env=environment)
        subprocess.run(["debugfs", "-w", "-R", "set_inode_field /inside mode 0100755", cls.first],
                       check=True, capture_output=True, env=environment)

    def boot(self):
        """What its console said until it powered off."""
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35",
                   "-accel", "tcg,tb-size=256", "-cpu", "max", "-m", "1536", "-no-reboot", "-serial", "stdio",
                   "-kernel", os.path.join(HOST, "vmlinuz"), "-initrd", os.path.join(HOST, "initrd.img"),
                   "-append", "root=/dev/vda rw console=ttyS0 quiet panic=-1 init=/inside",
                   "-drive", f"file={self.first},format=raw,if=virtio,cache=unsafe",
                   "-drive", f"file={self.disk},format=raw,if=virtio,snapshot=on"]
        console = os.path.join(self.folder, "console")
        with open(console, "w") as file:
            qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file)
        try:
            status = qemu.wait(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            qemu.kill()
            status = f"killed after {LIMIT_SECONDS} s ({qemu.wait()})"
        with open(console, errors="replace") as file:
            said = file.read()
        self.assertEqual(status, 0, said[-6000:])
        return said

    def test_a_good_kvm_is_found_good_and_runs_an_instance(self):
        said = self.boot()
        print("\n".join(line for line in said.splitlines() if line.startswith("inside: ")), flush=True)
        self.assertRegex(said, r"inside: doctor: ok +KVM +a guest was tried with KVM and came up in \S+")
        self.assertRegex(said, "inside: host runs by kvm\\b")
        self.assertRegex(said, "inside: web-1 runs with -accel kvm -cpu host")
        self.assertRegex(said, r"inside: web-1 is ready after \S+ s")
        self.assertRegex(said, r"inside: done after \S+ s")


if __name__ == "__main__":
    unittest.main()
