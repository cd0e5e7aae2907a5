# SPDX-License-Identifier: GPL-2.0
"""What spatch drops is listed, lists made by hand are compared, files are given in every way."""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import cocci
import recall
import smpl
from common import TOP, Stop

PARSE = smpl.tool()
SPATCH = unittest.skipUnless(shutil.which("spatch"), "spatch is missing")

GUARDS = """\
#define twice(x) ((x) + (x))

static int own(struct thing *thing, unsigned long *src)
{
	own_guard(&thing->lock, (struct flags) {}) {
		if (src[0] & MIGRATE_PFN_VALID) /* not page_to_pfn() */
			return 1;
	}
	return 0;
}

static void scoped(struct thing *thing)
{
	scoped_guard(mutex, &thing->lock)
		use(page_to_pfn(thing->page));
	scoped_guard(mutex, &thing->lock) {
		use(thing);
	}
	scoped_cond_guard(mutex_try, return, &thing->lock)
		use(thing);
	with_ovl_creds(thing->sb)
		use(thing);
	do {
		use(thing);
	} for_each_vma(vmi, vma);
}

int last(void)
{
	return 0;
}
"""
# The function that __free() names is taken for a type, and the second one is lost for it.
FREE = """\
static int first(struct device *device)
{
	struct thing *thing __free(kfree) = kmalloc_obj(*thing);

	return use(thing);
}

static int second(struct migrate_vma *args)
{
	kfree(args->src);
	return 0;
}
"""


class Directory(unittest.TestCase):
    """A directory to write files to."""

    def setUp(self):
        temp = tempfile.TemporaryDirectory()
        self.addCleanup(temp.cleanup)
        self.place = Path(temp.name)

    def write(self, name, text):
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path


@SPATCH
class Parse(Directory):
    """scripts/cocciparse."""

    def run_tool(self, *args):
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = PARSE.main([str(arg) for arg in args])
        return status, out.getvalue().replace(f"{self.place}/", "").splitlines(), err.getvalue()

    def test_own_guard(self):
        path = self.write("guards.c", GUARDS)
        status, lines, _ = self.run_tool(path)
        self.assertEqual(lines, [
            "guards.c:3-10: own() not parsed, error in line 5: "
            "own_guard(&thing->lock, (struct flags) {}) {",
            "guards.c:6: MIGRATE_PFN_VALID is in own()",
            "1 files, 8 lines not parsed, names looked for in them: 1"])
        self.assertEqual(status, 1)

    def test_macro_file(self):
        path = self.write("guards.c", GUARDS)
        macros = self.write("macros.h", smpl.MACROS.read_text() +
                            "#define own_guard(args...) YACFE_ITERATOR\n")
        self.assertEqual(self.run_tool("--macro-file", macros, path)[:2],
                         (0, ["1 files, 0 lines not parsed, names looked for in them: 0"]))

    def test_macros_of_the_kernel(self):
        path = self.write("guards.c", GUARDS)
        _, lines, _ = self.run_tool("--macro-file", self.write("none.h", "\n"), path)
        self.assertEqual([line.split(" not ")[0] for line in lines if " not parsed," in line][:2],
                         ["guards.c:3-10: own()", "guards.c:12-26: scoped()"])
        self.assertIn("guards.c:15: page_to_pfn is in scoped()", lines)

    def test_a_function_dropped_is_an_error(self):
        self.write("guards.c", GUARDS.replace("own_guard", "other_guard"))
        self.write("free.c", FREE)
        report = mock.Mock()
        smpl.parsed(report, self.place, ["guards.c", "free.c"])
        self.assertEqual([call[0][:2] for call in report.add.call_args_list],
                         [("spatch parses guards.c", False),
                          ("spatch sees the calls in guards.c", True),
                          ("spatch parses free.c", True),
                          ("spatch sees the calls in free.c", True)])

    def test_names(self):
        path = self.write("guards.c", GUARDS)
        self.assertEqual(self.run_tool("--names", "no_such_name", path)[0], 0)
        self.assertEqual(self.run_tool("--names", "own_guard", path)[0], 1)

    def test_free(self):
        path = self.write("free.c", FREE)
        self.assertEqual(self.run_tool(path)[0], 0)
        with mock.patch.object(PARSE, "PARSE", PARSE.PARSE.replace("__free", "__none")):
            status, lines, _ = self.run_tool(path)
        self.assertEqual((status, lines[0]), (1, "free.c:8-12: second() not parsed, "
                                                 "error in line 10: kfree(args->src);"))

    def test_directory(self):
        self.write("sub/a.c", GUARDS)
        self.write("sub/deeper/b.h", FREE)
        self.write("sub/notes.txt", GUARDS)
        status, lines, _ = self.run_tool(self.place / "sub")
        self.assertEqual((status, lines[-1]),
                         (1, "2 files, 8 lines not parsed, names looked for in them: 1"))

    def test_bad_input(self):
        (self.place / "empty").mkdir()
        good = self.write("free.c", FREE)
        for args, word in (((self.place / "gone.c",), "gone.c: no such file or directory"),
                           ((self.place / "empty",), "empty: no C file in this directory"),
                           (("--macro-file", self.place / "gone.h", good), "no such macro file"),
                           (("--names", "(", good), "--names (: ")):
            status, lines, error = self.run_tool(*args)
            self.assertEqual((status, lines, len(error.splitlines())), (2, [], 1), error)
            self.assertIn(word, error)

    def test_without_spatch(self):
        done = subprocess.run([sys.executable, "-B", TOP / "scripts/cocciparse",
                               self.write("free.c", FREE)], capture_output=True, text=True,
                              env={**os.environ, "PATH": str(self.place)}, check=False)
        self.assertEqual((done.returncode, done.stderr),
                         (2, "cocciparse: spatch is missing: install Coccinelle\n"))

    def test_it_looks_for_what_the_semantic_patches_look_for(self):
        text = " ".join(smpl.SUBJECT.values()) + smpl.CALLS
        for name in ("pfn_swap_entry_to_page", "softleaf_has_pfn", "request_free_mem_region",
                     "migrate_pfn", "hmm_pfn_to_page", "folio_is_device_private", "range_len"):
            self.assertIn(name, text)
            self.assertRegex(name, rf"\A(?:{PARSE.NAMES})\Z")


class Names(unittest.TestCase):
    """The function that a head defines."""

    def test_names(self):
        for head, name in (("static int foo(int a, int (*f)(int b))", "foo"),
                           ("static int foo(void)\n\t__must_hold(&a->lock)", "foo"),
                           ("__printf(1, 2) int bar(void)", "bar"),
                           ("static int __baz(struct s *s,\n\t\tint b)", "__baz"),
                           ("struct foo", None)):
            self.assertEqual(PARSE.name_of(head), name)


TYPE = """\
virtual patch
virtual context
virtual org
virtual report

@use@
attribute name __free;
identifier f = {use, use2};
expression x;
position p;
@@
f@p(x)

@depends on patch@
expression x;
@@
- use(x)
+ used(x)

@depends on context@
expression x;
@@
* use(x)

@script:python depends on org@
p << use.p;
@@
coccilib.org.print_todo(p[0], "used")

@script:python depends on report@
p << use.p;
@@
coccilib.report.print_report(p[0], "used")
"""
# A function is renamed wherever it is called, if its definition is in one of the files.
GROUPED = """\
virtual patch

@find@
identifier f;
@@
f(...) { ... marker(); ... }

@depends on patch@
identifier find.f;
@@
- f
+ changed
  (...);
"""


@SPATCH
class Ways(Directory):
    """All fixtures of a semantic patch at the same time."""

    def setUp(self):
        super().setUp()
        self.write("use/a.c", "int a(void)\n{\n\treturn 0;\n}\n")
        self.write("use/pair/m.c", "int marked(void)\n{\n\tmarker();\n\treturn 0;\n}\n")
        self.write("use/pair/n.c", "int n(void)\n{\n\tuse(1);\n\tmarked();\n\treturn 0;\n}\n")
        for name in (f"cocci.{place}" for place in ("TESTS",)):
            patch = mock.patch(name, self.place)
            patch.start()
            self.addCleanup(patch.stop)
        patch = mock.patch("smpl.SCRIPTS", self.place)
        patch.start()
        self.addCleanup(patch.stop)

    def test_alike(self):
        self.write("use.cocci", TYPE)
        found = cocci.ways("use")
        self.assertEqual(len(found), 6)
        self.assertEqual([label for label, same, _ in found if not same], [])
        self.assertEqual(cocci.in_a_way("use", "report", "as a directory")["pair/n.c"],
                         "3:1-4: used\n")
        self.assertIn("used(1)", cocci.in_a_way("use", "patch", "by name")["pair/n.c"])

    def test_one_that_depends_on_the_other_file(self):
        self.write("use.cocci", GROUPED)
        found = {label: same for label, same, _ in cocci.ways("use")}
        self.assertEqual(found, {"use patch, fixtures as a directory": True,
                                 "use patch, fixtures by name": False,
                                 "use patch, fixtures by name, backwards": False})

    def test_a_group(self):
        self.write("use.cocci", TYPE)
        self.write("use/pair.expected/n.c", "int n(void)\n{\n\tused(1);\n\tmarked();\n"
                                            "\treturn 0;\n}\n")
        self.write("use/pair.report", "n.c:3:1-4: used\n")
        with mock.patch("cocci.compiles", return_value=(True, "")):
            found = {label: good for label, good, _ in cocci.together("use",
                                                                      self.place / "use/pair")}
            self.assertTrue(found["use/pair"] and found["use/pair report"] and
                            found["use/pair again"])
            (self.place / "use/pair.report").unlink()
            shutil.rmtree(self.place / "use/pair.expected")
            found = {label: good for label, good, _ in cocci.together("use",
                                                                      self.place / "use/pair")}
            self.assertFalse(found["use/pair"] or found["use/pair report"])

    def test_an_exception_in_a_file_is_an_error(self):
        self.write("use.cocci", TYPE.replace('"used")', '"used")\nraise ValueError'))
        with self.assertRaises(Stop):
            smpl.spatch(self.place / "use.cocci", "report", "pair/n.c", self.place / "use")


CODE = """\
	src = kcalloc(n,
		      sizeof(unsigned long),
		      GFP_KERNEL);
	if (a(x) &&
	    b(y)) {
		c(z);
	}
	if (w)
		d = one(e);
	else
		d = two(e);
	int f(unsigned long *src,
	      unsigned long *dst)
""".split("\n")


class Recall(Directory):
    """The comparison with a list made by hand."""

    def test_statements(self):
        self.assertEqual([recall.statement(CODE, line) for line in (1, 4, 6, 8, 9, 13)],
                         [3, 5, 6, 8, 9, 13])

    def test_found_at_the_line_or_in_its_statement(self):
        known = {1: "convert", 4: "report", 6: "convert", 12: "leave"}
        missed, wrong, by_hand = recall.compared(CODE, known, {2}, {5, 6})
        self.assertEqual((missed, wrong, by_hand), ([], [], [6]))

    def test_missed_and_wrong(self):
        known = {1: "convert", 4: "report", 6: "leave"}
        missed, wrong, by_hand = recall.compared(CODE, known, {5}, {6, 9})
        self.assertEqual((missed, by_hand), ([1], []))
        self.assertEqual(wrong, [(5, "converted", "report"), (6, "reported", "leave"),
                                 (9, "reported", "not in the list")])

    def test_an_else_goes_with_its_lines(self):
        known = {9: "convert", 11: "convert"}
        self.assertEqual(recall.compared(CODE, known, {8, 9, 10, 11}, set()), ([], [], []))
        self.assertEqual(recall.compared(CODE, {}, {8, 9}, set())[1],
                         [(8, "converted", "not in the list"), (9, "converted", "not in the list")])

    def test_lines_of_a_patch(self):
        diff = ("--- mm/a.c\n+++ /tmp/x\n@@ -10,3 +10,3 @@\n a\n-b\n+c\n d\n@@ -20,2 +20,1 @@\n"
                "-e\n-f\n+g\n")
        self.assertEqual(recall.taken_out(diff), {"mm/a.c": [11, 20, 21]})

    def test_list(self):
        path = self.write("linux-6.1", "# made of linux-source-6.1, version 6.1.9-1)\n"
                                       "mm/a.c:7 convert migrate_pfn\n\n"
                                       "mm/a.c:9 leave softleaf_mk\n")
        self.assertEqual(recall.read_list(path), (
            "6.1.9-1", {"migrate_pfn": {"mm/a.c": {7: "convert"}},
                        "softleaf_mk": {"mm/a.c": {9: "leave"}}}))
        for line in ("mm/a.c:7 convert", "mm/a.c convert migrate_pfn",
                     "mm/a.c:7 change migrate_pfn", "mm/a.c:7 convert no_such_script"):
            path.write_text(f"{line}\n")
            with self.assertRaisesRegex(Stop, "linux-6.1:1: not "):
                recall.read_list(path)

    def test_no_list(self):
        report = mock.Mock(count={"skipped": 0})
        with mock.patch("recall.LISTS", TOP / "no/lists"), mock.patch("recall.say") as said:
            recall.lists(report)
        self.assertEqual(report.count["skipped"], 1)
        self.assertIn("no list in no/lists", said.call_args[0][0])


if __name__ == "__main__":
    unittest.main()
