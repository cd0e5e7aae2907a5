# SPDX-License-Identifier: GPL-2.0
"""The queue as git commits and back: tree, export, mail.

build/tree.json remembers what the repository and build/linux had in common
when they last met; each side may move on alone, and neither is overwritten
when both did.
"""

import json
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fetch
import patches
from common import BUILD, FORCE, GIT_ENV, JOBS, LINUX, TOP, Stop, decode, encode, entry, git, \
    lock, need_space, need_tool, read_json, say, sha256, write

STATE = BUILD / "tree.json"
STAGE = BUILD / "export"
NOBODY = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in
          (("NAME", "Linux"), ("EMAIL", "linux-kernel@vger.kernel.org"), ("DATE", "@0 +0000"))}


def save_state(**state):
    write(STATE, json.dumps(state, indent=1) + "\n")


# --- the base commit ---

def make_base():
    """build/linux with the pristine kernel as its one commit."""
    need_tool("git", "git")
    temp = BUILD / "linux.tmp"
    shutil.rmtree(temp, ignore_errors=True)
    temp.mkdir(parents=True)
    fetch.unpack(temp)
    say("importing the source into git (a minute or two)")
    git("init", "-q", "-b", "series", cwd=temp)
    for key, value in (("gc.auto", "0"), ("core.excludesFile", os.devnull),
                       ("advice.detachedHead", "false")):
        git("config", key, value, cwd=temp)
    # One pack instead of 90,000 loose objects; the files can be had again.
    git("-c", "core.fsync=none", "-c", "core.compression=1", "-c", "core.bigFileThreshold=1",
        "add", "-f", "-A", cwd=temp)
    git("commit", "-q", "--no-verify", "-m", f"Linux {fetch.version_of(temp)}", cwd=temp,
        env=NOBODY)
    git("tag", "base", cwd=temp)
    STATE.unlink(missing_ok=True)
    temp.rename(LINUX)


# --- what state build/linux is in ---

def rev(name):
    return git("rev-parse", "--verify", "-q", name + "^{commit}", check=False).stdout.strip()


def busy():
    """Why build/linux cannot be read or moved right now, or None."""
    for name, what in (("rebase-merge", "a rebase"), ("rebase-apply", "a rebase or am"),
                       ("MERGE_HEAD", "a merge"), ("CHERRY_PICK_HEAD", "a cherry-pick")):
        if (LINUX / ".git" / name).exists():
            return f"{what} is in progress: finish or abort it there"
    branch = git("symbolic-ref", "-q", "--short", "HEAD", check=False).stdout.strip()
    if branch != "series":
        return f"HEAD is on {branch or 'no branch'}, not on series: git checkout series there"
    dirty = git("status", "--porcelain", "-z").split("\0")[:-1]
    if dirty:
        return (f"{len(dirty)} uncommitted changes ({dirty[0][3:]}, ...): commit, stash or "
                "remove them there")
    return None


def unexported(state):
    """What work build/linux holds that the repository has not, or None."""
    why = busy()
    if why:
        return why
    known = state.get("series", "base")
    if rev("series") != rev(known):
        count = git("rev-list", "--count", f"{known}..series", check=False).stdout.strip()
        return f"branch series has moved ({count or 'some'} commits not exported): run make export"
    return None


def set_aside():
    """Before FORCE=1 moves build/linux: keep what is there under a name."""
    if not busy() and rev("series") == rev(read_json(STATE).get("series", "base")):
        return
    git("stash", "push", "-q", "-u", env=NOBODY, check=False)
    name = f"saved-{rev('HEAD')[:12]}"
    git("branch", "-f", name)
    if rev("series") != rev("HEAD"):
        git("branch", "-f", f"saved-{rev('series')[:12]}", "series")
    git("rebase", "--quit", check=False)
    git("am", "--quit", check=False)
    say(f"what build/linux held is on its branch {name}, uncommitted changes in git stash")


# --- queue -> commits ---

class Index:
    """Builds commits in an index of its own; the work tree is not touched."""

    def __init__(self, start):
        self.env = {"GIT_INDEX_FILE": str(BUILD / "tree.index")}
        Path(self.env["GIT_INDEX_FILE"]).unlink(missing_ok=True)
        git("read-tree", *(["--empty"] if start is None else [start]), env=self.env)

    def add(self, mode, blob, path):
        git("update-index", "--add", "--cacheinfo", f"{mode},{blob},{path}", env=self.env)

    def blob(self, path):
        return git("ls-files", "-s", "--", path, env=self.env).split()[1:2]

    def remove(self, path):
        git("update-index", "--force-remove", path, env=self.env)

    def apply(self, blocks, *options):
        """Apply blocks of a diff; git's complaint, or None."""
        if not blocks:
            return None
        done = git("apply", "--cached", "--whitespace=nowarn", *options, "-",
                   stdin="".join(blocks), env=self.env, check=False)
        return done.stderr if done.returncode else None

    def commit(self, patch, parent):
        tree = git("write-tree", env=self.env).strip()
        who = {f"GIT_{role}_{what}": value for role in ("AUTHOR", "COMMITTER")
               for what, value in (("NAME", patch.author), ("EMAIL", patch.email),
                                   ("DATE", patch.date))}
        return git("commit-tree", tree, "-p", parent, stdin=patch.message, env=who).strip()


def complaint(name, blocks, stderr, what):
    """One line on a patch that does not apply: which patch, file, hunk."""
    failed = re.search(r"patch failed: (.+):(\d+)", stderr)
    if not failed:
        words = re.sub(r"^error: ", "", stderr.strip().split("\n")[0])
        return f"patches/{name} {what}: {words}"
    hunks = [hunk for block in blocks if path_of_either(block, failed[1])
             for hunk in re.findall(r"^@@ .*?@@", block, re.M)]
    number = next((i for i, hunk in enumerate(hunks, 1)
                   if re.match(rf"@@ -\d+(,\d+)? \+{failed[2]}\b|@@ -{failed[2]}\b", hunk)), None)
    where = f"hunk {number} of {len(hunks)} ({hunks[number - 1]})" if number else f"line {failed[2]}"
    return f"patches/{name} {what}: {where} of {failed[1]}"


def path_of_either(block, path):
    return path in (patches.path_of(block), block.split(" ", 3)[2][2:])


def introductions(queue):
    """{path: (mode, blob)} of each new file as the patch that creates it leaves it.

    The repository holds the last version, so the hunks of the later patches
    are taken back from it, last patch first.
    """
    owner = {}
    index = Index(None)
    for patch in queue:
        for path in patch.new_files:
            if path in owner:
                raise Stop(f"patches/{patch.name} and patches/{owner[path]} both have "
                           f"New-file: {path}: keep the line in the first")
            owner[path] = patch.name
            mode, data = patches.new_file(path)
            blob = git("hash-object", "-w", "--stdin", stdin=data, text=False).decode().strip()
            index.add(mode, blob, path)
    result = {}
    for patch in reversed(queue):
        blocks = patch.blocks_of(owner)
        words = index.apply(list(reversed(blocks)), "-R")
        if words:
            raise Stop(complaint(patch.name, blocks, words, "cannot be taken back from the "
                       "new file in the repository") + ": edit it in build/linux and make export")
        for path in patch.new_files:
            found = git("ls-files", "-s", "--", path, env=index.env).split()
            result[path] = (found[0], found[1])
            index.remove(path)
    return result


def commits(queue, done):
    """Turn the queue into commits on base; [[digest, commit]] per patch.

    done is what an earlier run made; its unchanged head is used again.
    """
    first = introductions(queue)
    marks = [sha256(patch.text, *(f"{path} {first[path]}" for path in patch.new_files))
             for patch in queue]
    same = 0
    while same < min(len(done), len(queue)) and done[same][0] == marks[same] \
            and rev(done[same][1]):
        same += 1
    result = done[:same]
    parent = result[-1][1] if result else rev("base")
    index = Index(parent)
    for number, patch in enumerate(queue[same:], same + 1):
        say(f"  patch {number} of {len(queue)}: {patch.name}")
        for path in patch.new_files:
            if index.blob(path):
                raise Stop(f"patches/{patch.name}: New-file: {path} exists in Linux already")
            index.add(*first[path], path)
        words = index.apply(patch.blocks)
        if words:
            raise Stop(complaint(patch.name, patch.blocks, words, "does not apply")
                       + ": mend that hunk in the patch")
        parent = index.commit(patch, parent)
        result.append([marks[number - 1], parent])
    return result


def move_tree(old, new):
    """Bring the work tree from commit old to new; a second run finishes a first."""
    (LINUX / ".git/index.lock").unlink(missing_ok=True)
    if not FORCE and old:
        differs = [set(git("diff", "--name-only", "-z", tip).split("\0")) - {""}
                   for tip in (old, new)]
        lost = sorted(differs[0] & differs[1])
        if lost:
            raise Stop(f"build/linux/{lost[0]} was changed while make tree was interrupted: save "
                       "it, then make tree FORCE=1")
    git("checkout", "-q", "-f", "-B", "series", new)
    git("reset", "-q", "--hard")


def make_tree():
    """make tree: build/linux follows the queue."""
    finish_export()
    if not LINUX.exists():
        make_base()
    state = read_json(STATE)
    now = patches.digest(patches.names())
    if "moving" in state:
        move_tree(state["moving"], state["series"])
        state.pop("moving")
        save_state(**state)
    elif FORCE:
        set_aside()
    else:
        why = unexported(state)
        if why:
            raise Stop(f"build/linux holds work that is not exported: {why} "
                       "(make tree FORCE=1 sets it aside on a branch)")
    if state.get("queue") == now and state.get("base") == rev("base") and not FORCE:
        say(f"build/linux is up to date: base and {len(state['patches'])} patches")
        return
    done = state.get("patches", []) if state.get("base") == rev("base") else []
    made = commits(patches.load(), done)
    tip = made[-1][1] if made else rev("base")
    state = {"base": rev("base"), "series": tip, "queue": now, "patches": made}
    old = rev("HEAD")
    save_state(**state, moving=old)
    move_tree(None if FORCE else old, tip)
    save_state(**state)
    say(f"build/linux: base and {len(made)} patches, {tip[:12]}")


def make_worktree():
    """For building: the tree as it stands while somebody works in it, else make tree."""
    state = read_json(STATE)
    why = LINUX.exists() and "moving" not in state and unexported(state)
    if why:
        say(f"notice: taking build/linux as it stands, not the queue: {why}")
    else:
        make_tree()


# --- commits -> queue ---

def queue_of_tree():
    """({file: (mode, content)}, [[mark, commit]]) that the commits amount to."""
    if git("rev-list", "--merges", "base..series").strip():
        raise Stop("build/linux has a merge between base and series: make the series linear "
                   "with git rebase base")
    if git("merge-base", "base", "series", check=False).stdout.strip() != rev("base"):
        raise Stop("branch series in build/linux does not descend from base: rebase it there")
    files, order, marks, known = {}, [], [], set()
    for number, commit in enumerate(git("rev-list", "--reverse", "base..series").split(), 1):
        name, text, created = patches.from_commit(commit, number, known)
        order.append(name)
        files[f"patches/{name}"] = ("100644", encode(text))
        known |= {path for _, path in created}
        first = {}
        for _, path in created:
            mode, _, blob = git("ls-tree", commit, "--", path).split()[:3]
            first[path] = (mode, blob)
        marks.append([sha256(text, *(f"{path} {first[path]}" for path in first)), commit])
    for path in sorted(known):
        mode, _, blob = git("ls-tree", "series", "--", path).split()[:3]
        files[path] = (mode, git("cat-file", "blob", blob, text=False))
    files["patches/series"] = ("100644", (patches.HEADER + "".join(
        f"{name}\n" for name in order)).encode())
    return files, marks


def mark_of(path):
    """Mode and content of a repository file in one number; None if absent."""
    if not path.is_file():
        return None
    return sha256(path.stat().st_mode & 0o100, path.read_bytes())


def old_files():
    """The repository's files that belong to the queue now."""
    old = [f"patches/{name}" for name in patches.names()] + ["patches/series"]
    for name in list(old):
        if (TOP / name).is_file():
            text = decode((TOP / name).read_bytes())
            old += re.findall(r"^New-file: (.+)$", text, re.M)
    return old


def stage(files, state):
    """Put everything an export will do into build/export, so that it can be finished."""
    temp = BUILD / "export.tmp"
    shutil.rmtree(temp, ignore_errors=True)
    belong = old_files()
    plan = {}
    for path, (mode, data) in files.items():
        if path not in belong and (TOP / path).exists():
            raise Stop(f"{path} exists in the repository but is not the queue's: move it away")
        write(temp / path, data, 0o755 if mode == "100755" else 0o644)
        plan[path] = [mark_of(TOP / path), mark_of(temp / path)]
    for path in belong:
        if path not in files:
            plan[path] = [mark_of(TOP / path), None]
    write(temp / "plan.json", json.dumps({"plan": plan, "state": state}))
    shutil.rmtree(STAGE, ignore_errors=True)
    temp.rename(STAGE)


def finish_export():
    """Carry out a staged export; nothing to do when there is none. Returns files changed."""
    staged = read_json(STAGE / "plan.json")
    if not staged:
        return 0
    changed = 0
    for path, marks in staged["plan"].items():
        if mark_of(TOP / path) not in marks:
            raise Stop(f"{path} was changed while make export was interrupted: save it, then "
                       "git checkout it and run again")
        if mark_of(TOP / path) == marks[1]:
            continue
        changed += 1
        if marks[1] is None:
            (TOP / path).unlink()
            drop_empty(TOP / path)
        else:
            source = STAGE / path
            write(TOP / path, source.read_bytes(), source.stat().st_mode & 0o777)
    state = staged["state"]
    state["queue"] = patches.digest(patches.names())
    save_state(**state)
    shutil.rmtree(STAGE)
    return changed


def drop_empty(path):
    """Remove the directories that a deleted file leaves empty."""
    for parent in path.parents:
        if parent == TOP or any(parent.iterdir()):
            return
        parent.rmdir()


def make_export():
    """make export: the queue follows build/linux."""
    if finish_export():
        say("finished the export that was interrupted")
    state = read_json(STATE)
    if not LINUX.exists() or not state or "moving" in state:
        raise Stop("there is no finished build/linux to export: run make tree")
    why = busy()
    if why:
        raise Stop(f"build/linux cannot be exported: {why}")
    moved = rev("series") != state["series"]
    changed = patches.digest(patches.names()) != state["queue"]
    if changed and moved:
        raise Stop("both patches/ (or a new file) and build/linux have changed since make tree: "
                   "git stash the one in the repository, make export, then merge the two with git")
    if changed:
        raise Stop("patches/ or a new file has changed in the repository since make tree: run "
                   "make tree, which takes the change over")
    if not moved:
        say("nothing to export: the queue is what build/linux holds")
        return
    files, marks = queue_of_tree()
    stage(files, {"base": rev("base"), "series": rev("series"), "patches": marks})
    count = finish_export()
    say(f"exported {len(marks)} patches: {count} files of the repository changed")


# --- commits -> mail ---

def maintainers(mails):
    """What the kernel's get_maintainer.pl says of mails, a line each."""
    done = subprocess.run(["perl", "scripts/get_maintainer.pl", "--no-git", "--no-git-fallback",
                           *map(str, mails)], cwd=LINUX, env=GIT_ENV, capture_output=True,
                          text=True, check=False)
    if done.returncode:
        raise Stop(f"get_maintainer.pl failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout.splitlines()


def addresses(found):
    """To: and Cc: lines of what get_maintainer.pl found; who gets it is not copied as well."""
    people = {"To: ": {}, "Cc: ": {}}
    for line in found:
        who, role = re.fullmatch(r"(.*?@\S+) \((.*)\)", line).groups()
        people["To: " if role.startswith(("maintainer", "supporter")) else "Cc: "][who] = True
    return [head + who for head, them in people.items() for who in them
            if head == "To: " or who not in people["To: "]]


def recipients(mails):
    need_tool("perl", "perl")
    jobs = min(int(JOBS), len(mails))
    with ThreadPoolExecutor(jobs) as pool:
        return addresses(sum(pool.map(maintainers, [mails[i::jobs] for i in range(jobs)]), []))


def make_mail():
    """make series: what goes to the list, in build/series."""
    make_tree()
    out, temp = BUILD / "series", BUILD / "series.tmp"
    shutil.rmtree(temp, ignore_errors=True)
    queue = patches.load()
    if not queue:
        raise Stop("the series is empty: there is nothing to send")
    author = {"GIT_COMMITTER_NAME": queue[0].author, "GIT_COMMITTER_EMAIL": queue[0].email}
    git("format-patch", "-q", "-M", "--cover-letter", "--zero-commit", "--no-signature",
        "-o", str(temp), "base..series", env=author)
    mails = sorted(temp.glob("*.patch"))
    subject, _, body = (patches.QUEUE / "cover-letter").read_text().strip("\n").partition("\n")
    cover = mails[0].read_text().replace("*** SUBJECT HERE ***", subject)
    mails[0].write_text(cover.replace("*** BLURB HERE ***", body.strip("\n")))
    write(temp / "recipients", "".join(f"{line}\n" for line in recipients(mails[1:])))
    shutil.rmtree(out, ignore_errors=True)
    temp.rename(out)
    say(f"build/series: cover letter, {len(mails) - 1} patches, recipients")


def clean():
    """make clean: remove build/, but never work that is nowhere else."""
    if LINUX.exists() and not FORCE:
        why = unexported(read_json(STATE))
        if why:
            raise Stop(f"build/linux holds work that is not exported: {why} "
                       "(make clean FORCE=1 throws it away)")
    shutil.rmtree(BUILD)


def main(args):
    commands = {"tree": make_tree, "worktree": make_worktree, "export": make_export,
                "mail": make_mail, "clean": clean}
    need_space(TOP, 64)
    with lock():
        commands[args[0]]()


if __name__ == "__main__":
    entry(main)
