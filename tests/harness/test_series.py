# SPDX-License-Identifier: GPL-2.0
"""The queue tool on a kernel of five files: what it keeps, what it refuses."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import series

HARNESS = Path(__file__).resolve().parent
MAKEFILE = "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n"
LINES = "".join(f"line {number}\n" for number in range(1, 41))
WHO = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER") for what, value in
       (("NAME", "A. Üser"), ("EMAIL", "user@example.org"), ("DATE", "2026-01-02T03:04:05 +0100"))}


class Recipients(unittest.TestCase):
    """What get_maintainer.pl prints becomes lines of a mail's header."""

    def test_addresses(self):
        self.assertEqual(series.addresses([
            "A. User <a@example.org> (reviewer:SOME PORT (OF ANOTHER))",
            '"B. (C) User" <b@example.org> (maintainer:SOME PORT (OF ANOTHER))',
            "list@example.org (moderated list:SOME PORT (OF ANOTHER))",
            "A. User <a@example.org> (maintainer:A DRIVER)",
            "list@example.org (open list)"]),
            ['To: "B. (C) User" <b@example.org>', "To: A. User <a@example.org>",
             "Cc: list@example.org"])


class QueueTest(unittest.TestCase):
    """A repository with the harness in it, and a fake kernel beside it."""

    def setUp(self):
        self.temp = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.temp)
        self.kernel = self.temp / "kernel"
        for path, text in (("Makefile", MAKEFILE), ("mm/a.c", LINES), ("mm/b.c", LINES),
                           (".gitignore", "*.o\n"), ("scripts/run.sh", "#!/bin/sh\n")):
            self.put(self.kernel / path, text)
        (self.kernel / "scripts/run.sh").chmod(0o755)
        self.repo = self.temp / "repo"
        shutil.copytree(HARNESS, self.repo / "tests/harness",
                        ignore=shutil.ignore_patterns("__pycache__"))
        self.put(self.repo / "patches/base", "version: 7.3.4\n")
        self.put(self.repo / "patches/series", "# SPDX-License-Identifier: GPL-2.0\n")
        self.put(self.repo / ".gitignore", "/build/\n__pycache__/\n")
        self.linux = self.repo / "build/linux"
        self.git(self.repo, "init", "-q", ".")
        self.commit_repo()

    @staticmethod
    def put(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @staticmethod
    def git(where, *args):
        return subprocess.run(["git", *args], cwd=where, check=True, capture_output=True, text=True,
                              env={**os.environ, **WHO}).stdout

    def commit_repo(self):
        self.git(self.repo, "add", "-A")
        self.git(self.repo, "commit", "-q", "--allow-empty", "-m", "state")

    def tool(self, *args, **env):
        env = {**os.environ, "KERNEL_SRC": str(self.kernel), "FORCE": "",
               "CACHE_DIR": str(self.temp / "cache"), **env}
        return subprocess.run([sys.executable, "-B", "tests/harness/series.py", *args],
                              cwd=self.repo, env=env, capture_output=True, text=True, check=False)

    def works(self, *args, **env):
        done = self.tool(*args, **env)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def refuses(self, *args, words, **env):
        """The tool fails with exactly one line, which has these words."""
        done = self.tool(*args, **env)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertTrue(done.stderr.startswith("error: "), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)

    def change(self, message, **files):
        """A commit in build/linux; keyword mm__a_c is the file mm/a.c."""
        for name, edit in files.items():
            path = self.linux / name.replace("__", "/").replace("_", ".")
            old = path.read_text() if path.exists() else ""
            self.put(path, edit(old) if callable(edit) else edit)
        self.git(self.linux, "add", "-A")
        self.git(self.linux, "commit", "-q", "-m", message)

    def three_commits(self):
        self.works("tree")
        self.change("mm: add new\n\nWhy: « it is needed ».", mm__new_c=LINES,
                    mm__a_c=lambda old: old.replace("line 3\n", "line three\n"))
        self.change("mm/new: change it", mm__new_c=lambda old: old.replace("line 20\n", "twenty\n"),
                    mm__tests__more_c="more\n")
        self.change("mm/new: change it again", mm__new_c=lambda old: "first\r\n" + old,
                    mm__b_c=lambda old: old.replace("line 30\n", "thirty\n"))

    def exported(self):
        self.three_commits()
        self.works("export")
        self.commit_repo()

    def tree_hash(self):
        return self.git(self.linux, "rev-parse", "series^{tree}").strip()

    def repo_status(self):
        return self.git(self.repo, "status", "--porcelain")

    # --- round trips ---

    def test_new_files_lie_at_their_path_as_the_series_leaves_them(self):
        self.exported()
        self.assertEqual((self.repo / "mm/new.c").read_bytes(),
                         (self.linux / "mm/new.c").read_bytes())
        self.assertIn("New-file: mm/new.c\n", (self.repo / "patches/0001-mm-add-new.patch").read_text())

    def test_tree_then_export_changes_nothing(self):
        self.exported()
        self.assertIn("up to date", self.works("tree"))
        self.assertIn("nothing to export", self.works("export"))
        self.assertEqual(self.repo_status(), "")

    def test_fresh_tree_has_the_same_commits(self):
        self.exported()
        before = self.git(self.linux, "rev-list", "series")
        shutil.rmtree(self.repo / "build")
        self.works("tree")
        self.assertEqual(self.git(self.linux, "rev-list", "series"), before)
        self.change("empty line", mm__a_c=lambda old: old + "\n")
        self.git(self.linux, "reset", "-q", "--hard", "HEAD~1")
        self.works("export")
        self.assertEqual(self.repo_status(), "")

    def test_every_version_of_a_new_file_comes_back(self):
        self.exported()
        before = [self.git(self.linux, "rev-parse", f"series~{back}:mm/new.c") for back in range(3)]
        shutil.rmtree(self.repo / "build")
        self.works("tree")
        after = [self.git(self.linux, "rev-parse", f"series~{back}:mm/new.c") for back in range(3)]
        self.assertEqual(before, after)

    def test_file_modes_survive(self):
        self.works("tree")
        self.put(self.linux / "scripts/new.sh", "#!/bin/sh\n")
        (self.linux / "scripts/new.sh").chmod(0o755)
        self.change("scripts: new", scripts__run_sh=lambda old: old + "true\n")
        self.works("export")
        self.assertTrue(os.access(self.repo / "scripts/new.sh", os.X_OK))
        tree = self.tree_hash()
        shutil.rmtree(self.repo / "build")
        self.works("tree")
        self.assertEqual(self.tree_hash(), tree)

    def test_a_rebased_series_replaces_the_old_queue(self):
        self.exported()
        self.git(self.linux, "reset", "-q", "--hard", "HEAD~2")
        self.change("mm: other", mm__b_c=lambda old: old + "end\n")
        self.works("export")
        self.assertEqual(sorted(path.name for path in (self.repo / "patches").iterdir()),
                         ["0001-mm-add-new.patch", "0002-mm-other.patch", "base", "series"])
        self.assertFalse((self.repo / "mm/tests").exists())

    def test_renames_and_removals_of_kernel_files_survive(self):
        self.works("tree")
        self.git(self.linux, "mv", "mm/a.c", "mm/c.c")
        self.git(self.linux, "rm", "-q", "mm/b.c")
        self.git(self.linux, "commit", "-q", "-m", "mm: move")
        self.works("export")
        tree = self.tree_hash()
        shutil.rmtree(self.repo / "build")
        self.works("tree")
        self.assertEqual(self.tree_hash(), tree)

    def test_an_edited_queue_rebuilds_from_the_patch_that_changed(self):
        self.exported()
        first = self.git(self.linux, "rev-parse", "series~2")
        path = self.repo / "patches/0002-mm-new-change-it.patch"
        path.write_text(path.read_text().replace("twenty", "20 and more"))
        path = self.repo / "mm/new.c"
        path.write_bytes(path.read_bytes().replace(b"twenty", b"20 and more"))
        out = self.works("tree")
        self.assertNotIn("patch 1 of 3", out)
        self.assertIn("patch 2 of 3", out)
        self.assertEqual(self.git(self.linux, "rev-parse", "series~2"), first)
        self.assertIn("20 and more", (self.linux / "mm/new.c").read_text())

    def test_the_users_git_settings_do_not_matter(self):
        self.three_commits()
        config = self.temp / "gitconfig"
        config.write_text("[diff]\n noprefix = true\n context = 1\n mnemonicPrefix = true\n"
                          "[format]\n signature = x\n[core]\n autocrlf = true\n")
        self.works("export", GIT_CONFIG_GLOBAL=str(config))
        tree = self.tree_hash()
        shutil.rmtree(self.repo / "build")
        self.works("tree", GIT_CONFIG_GLOBAL=str(config))
        self.assertEqual(self.tree_hash(), tree)

    # --- nothing is thrown away ---

    def test_tree_refuses_commits_that_are_not_exported(self):
        self.exported()
        self.change("more", mm__a_c=lambda old: old + "x\n")
        self.refuses("tree", words=["1 commits not exported", "make export"])
        self.works("tree", FORCE="1")
        self.assertIn("saved-", self.git(self.linux, "branch"))

    def test_uncommitted_changes_are_refused(self):
        self.exported()
        self.put(self.linux / "mm/a.c", "x\n")
        for command in ("tree", "export", "clean"):
            self.refuses(command, words=["1 uncommitted changes (mm/a.c"])
        self.git(self.linux, "checkout", "mm/a.c")
        self.put(self.linux / "mm/untracked.c", "x\n")
        self.refuses("export", words=["mm/untracked.c"])

    def test_a_rebase_in_progress_or_another_branch_is_refused(self):
        self.exported()
        (self.linux / ".git/rebase-merge").mkdir()
        self.refuses("export", words=["a rebase is in progress"])
        (self.linux / ".git/rebase-merge").rmdir()
        self.git(self.linux, "checkout", "-q", "-b", "other")
        self.refuses("export", words=["on other, not on series"])
        self.refuses("tree", words=["on other, not on series"])

    def test_export_refuses_when_the_repository_moved(self):
        self.exported()
        with open(self.repo / "mm/new.c", "a", encoding="utf-8") as file:
            file.write("edited here\n")
        self.refuses("export", words=["run make tree"])
        self.change("more", mm__a_c=lambda old: old + "x\n")
        self.refuses("export", words=["both patches/", "git stash"])
        self.assertIn("edited here", (self.repo / "mm/new.c").read_text())

    def test_export_does_not_overwrite_a_file_of_the_repository(self):
        self.works("tree")
        self.put(self.repo / "mm/new.c", "mine\n")
        self.change("mm: new", mm__new_c="theirs\n")
        self.refuses("export", words=["mm/new.c exists in the repository"])
        self.assertEqual((self.repo / "mm/new.c").read_text(), "mine\n")

    def test_clean_refuses_unexported_commits(self):
        self.three_commits()
        self.refuses("clean", words=["3 commits not exported"])
        self.assertTrue(self.linux.exists())
        self.works("clean", FORCE="1")
        self.assertFalse((self.repo / "build").exists())

    # --- interruptions ---

    def test_an_interrupted_export_is_finished(self):
        self.three_commits()
        self.works("export")
        after = self.repo_contents()
        state = json.loads((self.repo / "build/tree.json").read_text())
        self.git(self.repo, "clean", "-q", "-f", "-d")
        self.git(self.repo, "checkout", ".")
        plan = {path: [None, mark] for path, mark in self.marks(after).items()}
        stage = self.repo / "build/export"
        for path, data in after.items():
            (stage / path).parent.mkdir(parents=True, exist_ok=True)
            (stage / path).write_bytes(data)
        plan["patches/series"][0] = self.marks(self.repo_contents())["patches/series"]
        (stage / "plan.json").write_text(json.dumps({"plan": plan, "state": state}))
        # One file made it before the power went.
        self.put(self.repo / "mm/new.c", "")
        (self.repo / "mm/new.c").write_bytes(after["mm/new.c"])
        self.works("tree")
        self.assertEqual(self.repo_contents(), after)
        self.assertFalse(stage.exists())

    def repo_contents(self):
        names = self.git(self.repo, "ls-files", "-co", "--exclude-standard", "mm", "patches")
        return {name: (self.repo / name).read_bytes() for name in names.split()
                if name != "patches/base"}

    def marks(self, contents):
        sys.path.insert(0, str(HARNESS))
        from common import sha256	# pylint: disable=import-outside-toplevel
        return {path: sha256(0, data) for path, data in contents.items()}

    def test_an_interrupted_move_of_the_tree_is_finished(self):
        self.exported()
        state = json.loads((self.repo / "build/tree.json").read_text())
        state["moving"] = self.git(self.linux, "rev-parse", "base").strip()
        (self.repo / "build/tree.json").write_text(json.dumps(state))
        self.git(self.linux, "reset", "-q", "--hard", "base")
        self.put(self.linux / "mm/b.c", self.git(self.linux, "show", f"{state['series']}:mm/b.c"))
        (self.linux / ".git/index.lock").touch()
        self.works("tree")
        self.assertEqual(self.git(self.linux, "status", "--porcelain"), "")
        self.assertEqual(self.git(self.linux, "rev-parse", "HEAD").strip(), state["series"])

    def test_an_interrupted_import_starts_again(self):
        self.put(self.repo / "build/linux.tmp/half", "x\n")
        self.works("tree")
        self.assertFalse((self.linux / "half").exists())

    # --- bad input ---

    def test_a_patch_that_does_not_apply_names_patch_hunk_and_file(self):
        self.exported()
        path = self.repo / "patches/0003-mm-new-change-it-again.patch"
        path.write_bytes(path.read_bytes().replace(b"-line 30", b"-line XX"))
        before = self.tree_hash()
        self.refuses("tree", words=["patches/0003-mm-new", "hunk 1 of 1", "mm/b.c"])
        self.assertEqual(self.tree_hash(), before)

    def test_a_later_hunk_that_no_longer_fits_the_new_file_is_named(self):
        self.exported()
        path = self.repo / "mm/new.c"
        path.write_bytes(path.read_bytes().replace(b"twenty", b"eleven"))
        self.refuses("tree", words=["patches/0002-mm-new-change-it.patch", "cannot be taken back",
                                    "mm/new.c"])

    def test_a_missing_patch_or_new_file_is_named(self):
        self.exported()
        (self.repo / "mm/tests/more.c").unlink()
        self.refuses("tree", words=["New-file: mm/tests/more.c"])
        (self.repo / "patches/0001-mm-add-new.patch").unlink()
        self.refuses("tree", words=["patches/series names 0001-mm-add-new.patch"])

    def test_a_text_that_is_no_patch_is_named(self):
        self.put(self.repo / "patches/series", "x.patch\n")
        self.put(self.repo / "patches/x.patch", "hello\n")
        self.refuses("tree", words=["patches/x.patch is no patch"])

    def test_a_new_file_deleted_later_is_refused(self):
        self.three_commits()
        self.git(self.linux, "rm", "-q", "mm/new.c")
        self.git(self.linux, "commit", "-q", "-m", "mm: drop new")
        self.refuses("export", words=["deletes or renames mm/new.c"])

    def test_a_file_in_the_repositorys_own_place_is_refused(self):
        self.works("tree")
        self.change("x", patches__series="x\n")
        self.refuses("export", words=["adds patches/series"])

    def test_a_merge_is_refused(self):
        self.three_commits()
        self.git(self.linux, "checkout", "-q", "-b", "side", "base")
        self.change("side", mm__b_c=lambda old: "side\n" + old)
        self.git(self.linux, "checkout", "-q", "series")
        self.git(self.linux, "merge", "-q", "side", "-m", "merge")
        self.refuses("export", words=["has a merge"])

    def test_another_kernel_version_is_refused(self):
        self.put(self.kernel / "Makefile", MAKEFILE.replace("SUBLEVEL = 4", "SUBLEVEL = 3"))
        self.refuses("tree", words=["is Linux 7.3.3", "7.3.4"])
        self.refuses("tree", words=["is no kernel tree"], KERNEL_SRC=str(self.repo))
        self.refuses("tree", words=["does not exist"], KERNEL_SRC="/nowhere")
        self.assertFalse(self.linux.exists())

    def test_a_dirty_kernel_source_is_refused(self):
        self.git(self.kernel, "init", "-q", ".")
        self.git(self.kernel, "add", "-A")
        self.git(self.kernel, "commit", "-q", "-m", "x")
        self.put(self.kernel / "mm/a.c", "dirty\n")
        self.refuses("tree", words=["1 changed files (mm/a.c"])
        self.git(self.kernel, "checkout", "mm/a.c")
        self.works("tree")

    def test_a_tarball_is_a_source_too(self):
        tarball = self.temp / "linux.tar.gz"
        subprocess.run(["tar", "-czf", tarball, "-C", self.temp, "kernel"], check=True)
        self.works("tree", KERNEL_SRC=str(tarball))
        self.assertEqual((self.linux / "mm/a.c").read_text(), LINES)
        tarball.write_bytes(tarball.read_bytes()[:100])
        shutil.rmtree(self.repo / "build")
        done = self.tool("tree", KERNEL_SRC=str(tarball))
        self.assertIn("cannot be unpacked", done.stderr)


if __name__ == "__main__":
    unittest.main()
