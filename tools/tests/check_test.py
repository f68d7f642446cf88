#!/usr/bin/env python3
"""Each check catches what it is there for, and lets the honest neighbour of it pass."""
import pathlib
import subprocess
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent.parent
LAYERS = """# comment
base:
model: base
control: base model
# Effects begin here.
runtime: base
drivers: base model control runtime
agent: base model control runtime drivers
"""


class Planted(unittest.TestCase):
    """A small house with one planted thing in it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        self.plant("layers.txt", LAYERS)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run_check(self, check):
        return subprocess.run([TOOLS / f"check_{check}", self.root], capture_output=True, text=True)

    def refused(self, check, name, text, because=""):
        self.plant(name, text)
        outcome = self.run_check(check)
        self.assertNotEqual(outcome.returncode, 0, f"{name} passed: {text}")
        self.assertIn(because, outcome.stdout + outcome.stderr)
        self.assertIn(name, outcome.stdout + outcome.stderr)

    def passes(self, check, name, text):
        self.plant(name, text)
        outcome = self.run_check(check)
        self.assertEqual(outcome.returncode, 0, outcome.stdout + outcome.stderr)


class Headers(Planted):
    def test_a_header_that_no_source_shows_is_compiled(self):
        self.refused("headers", "src/model/a.h", "#pragma once\ninline Thing thing() { return {}; }\n", "Thing")
        self.passes("headers", "src/model/a.h", "#pragma once\ninline int thing() { return {}; }\n")

    def test_one_that_is_first_in_its_source_is_left_to_the_build(self):
        self.plant("src/model/a.cc", '#include "model/a.h"\n')
        self.passes("headers", "src/model/a.h", "#pragma once\ninline Thing thing() { return {}; }\n")

    def test_names_of_ours_that_a_precompiled_header_would_hide(self):
        self.plant("cmake/rooms.cmake", "set(vdc_pch_model <vector> <model/a.h>)\n")
        self.plant("src/model/a.cc", '#include "model/a.h"\n')
        self.plant("src/model/a.h", "#pragma once\nstruct Thing {\n    int size;\n};\nint size_of(const Thing& thing);\n")
        self.refused("headers", "src/control/b.cc", "int x = model::size_of({});\n", '"model/a.h"')
        self.refused("headers", "src/control/b.cc", "using model::Thing;\n", '"model/a.h"')
        self.plant("src/control/b.h", '#pragma once\n#include "model/a.h"\n')
        self.passes("headers", "src/control/b.cc", '#include "control/b.h"\nusing model::Thing;\n')

    def test_what_the_precompiled_header_would_hide(self):
        self.plant("src/model/a.cc", '#include "model/a.h"\n')
        self.refused("headers", "src/model/a.h", "#pragma once\n#include <vector>\nusing A = std::string;\n", "<string>")
        self.plant("src/model/b.h", "#pragma once\n#include <string>\n")
        self.passes("headers", "src/model/a.h", '#pragma once\n#include "model/b.h"\nusing A = std::string;  // std::set\n')

    def test_a_name_that_it_does_not_know(self):
        self.refused("headers", "src/model/a.h", "#pragma once\nusing A = std::thingummy;\n", "BRINGS")


class Layers(Planted):
    def test_a_room_below_may_be_included(self):
        self.passes("layers", "src/control/a.cc", '#include "model/b.h"\n')

    def test_a_room_above_may_not(self):
        self.refused("layers", "src/model/a.cc", '#include "control/b.h"\n', "model includes")

    def test_a_neighbour_may_not(self):
        self.plant("layers.txt", LAYERS + "engine: base model\n")
        self.refused("layers", "src/engine/a.cc", '#include "agent/b.h"\n', "engine includes")

    def test_an_include_without_its_room_is_refused(self):
        self.refused("layers", "src/model/a.cc", '#include "b.h"\n', "write the path from src")

    def test_a_room_that_layers_does_not_name_is_refused(self):
        self.plant("src/cellar/a.cc", "int a;\n")
        outcome = self.run_check("layers")
        self.assertEqual(outcome.returncode, 1)
        self.assertIn("src/cellar: layers.txt does not name this room", outcome.stdout)

    def test_layers_may_not_point_up(self):
        self.plant("src/base/a.cc", "")
        self.refused("layers", "layers.txt", "base: model\nmodel: base\n", "only rooms below it")

    def test_threads_are_refused_in_a_pure_room(self):
        self.refused("layers", "src/base/a.cc", "#include <thread>\n", "is pure")

    def test_system_headers_are_refused_in_a_pure_room(self):
        self.refused("layers", "src/model/a.cc", "#include <sys/stat.h>\n", "is pure")

    def test_threads_are_fine_below_the_line(self):
        self.passes("layers", "src/runtime/a.cc", "#include <thread>\n")

    def test_a_clock_is_refused_in_a_pure_room(self):
        self.refused("layers", "src/control/a.cc", "auto t = std::chrono::steady_clock::now();\n",
                     "uses steady_clock")

    def test_unordered_iteration_is_refused_in_a_pure_room(self):
        self.refused("layers", "src/control/a.cc", "std::unordered_map<int, int> m;\n", "unordered")

    def test_floating_point_is_refused_in_a_decision(self):
        self.refused("layers", "src/control/a.cc", "double score = 0;\n", "count in integers")

    def test_words_in_comments_and_strings_are_no_calls(self):
        self.passes("layers", "src/control/a.cc",
                    '// double the rand\nauto a = "getenv"; /* float */\nint n = 1\'000; char c = \'"\';\n')

    def test_a_test_of_a_pure_room_may_use_the_world(self):
        self.passes("layers", "src/base/a_test.cc", "#include <thread>\n#include <gtest/gtest.h>\n")

    def test_third_party_types_are_refused_in_headers(self):
        for header in ("boost/json.hpp", "sqlite3.h", "fmt/core.h", "openssl/ssl.h"):
            self.refused("layers", "src/drivers/a.h", f"#include <{header}>\n", "third-party")

    def test_system_types_are_fine_in_headers_below_the_line(self):
        self.passes("layers", "src/drivers/a.h", "#include <sys/types.h>\n#include <cstdint>\n")

    def test_an_exception_with_its_reason_is_let_through(self):
        self.plant("tools/check_layers.allow", "src/drivers/a.h <boost/*>  # the one door\n")
        self.passes("layers", "src/drivers/a.h", "#include <boost/json.hpp>\n")


class Words(Planted):
    def test_a_refused_word_in_a_name_is_caught(self):
        for name in ("struct VmSpec {};", "int tenant_id;", "// the hypervisor", "int all_nodes;"):
            self.refused("words", "src/model/a.h", name + "\n", "docs/words.md")

    def test_words_that_only_contain_it_pass(self):
        self.passes("words", "src/model/a.h", "// vmdk, kvm, anode, reserve\nint kvm_fd;\n")

    def test_a_node_of_qemu_is_fine(self):
        self.passes("words", "src/drivers/a.h", "std::string node_name;\n")

    def test_openstack_speaks_its_own_language(self):
        self.passes("words", "src/openstack/a.h", "int tenant_id;\n")

    def test_an_exception_with_its_reason_is_let_through(self):
        self.plant("tools/check_words.allow", "src/model/a* tenant  # as the file format calls it\n")
        self.passes("words", "src/model/a.h", "int tenant_id;\n")


class Marks(Planted):
    def test_unfinished_work_without_an_issue_is_caught(self):
        for mark in ("TO" + "DO", "FIX" + "ME", "X" + "XX"):
            self.refused("marks", "src/base/a.cc", f"// {mark}: later\n", "unfinished")

    def test_unfinished_work_with_its_issue_passes(self):
        self.passes("marks", "src/base/a.cc", "// TO" + "DO #12: later\n")

    def test_paths_of_a_desk_are_caught(self):
        for path in ("/wo" + "rk/main/src", "/ho" + "me/ann/vdcos"):
            self.refused("marks", "docs/a.md", f"see {path}\n", "desk")

    def test_conflict_marks_are_caught(self):
        self.refused("marks", "docs/a.md", "<" * 7 + " HEAD\n", "conflict")

    def test_a_test_that_skips_is_caught(self):
        self.refused("marks", "src/base/a_test.cc", "GTEST_" + "SKIP();\n", "skips")


class Format(Planted):
    def setUp(self):
        super().setUp()
        self.plant(".clang-format", (TOOLS.parent / ".clang-format").read_text())

    def test_another_layout_is_caught(self):
        self.refused("format", "src/base/a.cc", "int   a=1 ;\n")

    def test_our_layout_passes(self):
        self.passes("format", "src/base/a.cc", "int a = 1;\n")


if __name__ == "__main__":
    unittest.main()
