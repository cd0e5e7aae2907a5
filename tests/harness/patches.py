# SPDX-License-Identifier: GPL-2.0
"""The queue's file format: a patch is a mail whose new files lie elsewhere.

A patch reads as "git format-patch" writes it, with two differences that keep
the repository's history readable: there are no "index" lines, and a file that
the patch creates appears only as "New-file: <path>" after the "---" line. The
content of a new file lies at its kernel path in the repository, as the whole
series leaves it. Hunks that later patches make in it stay in those patches.
"""

import re

from common import TOP, Stop, decode, git, sha256

QUEUE = TOP / "patches"
SERIES = QUEUE / "series"
FROM = "From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001\n"
HEADER = "# SPDX-License-Identifier: GPL-2.0\n"
# Top-level names that are the repository's own, not the kernel's.
OWN = {"patches", "tests", "build", ".ci", ".git", ".gitignore", "Makefile",
       "README.md", "COPYING"}


class Patch:
    """One patch of the queue, taken apart."""

    def __init__(self, name, text):
        self.name, self.text = name, text
        head, _, rest = text.partition("\n\n")
        body, found, tail = rest.partition("\n---\n")
        if rest.startswith("---\n"):
            body, found, tail = "", True, rest[4:]
        field = dict(re.findall(r"^(From|Date|Subject): ((?:.*)(?:\n[ \t].*)*)", head, re.M))
        author = re.fullmatch(r"(.*?) *<([^<>]+)>", field.get("From", ""))
        if not found or not author or not {"Date", "Subject"} <= field.keys():
            raise Stop(f"patches/{name} is no patch: it needs From:, Date: and Subject: "
                       "lines, an empty line, a message and a line ---")
        self.author, self.email = author[1].strip('"'), author[2]
        self.date = field["Date"]
        subject = re.sub(r"^\[PATCH[^]]*\] *", "", " ".join(field["Subject"].split()))
        body = body.strip("\n")
        self.message = subject + ("\n\n" + body if body else "") + "\n"
        notes, *blocks = re.split(r"^(?=diff --git )", tail, flags=re.M)
        self.new_files = re.findall(r"^New-file: (.+)$", notes, re.M)
        self.blocks = blocks
        for block in blocks:
            if re.search(r"^new file mode ", block, re.M):
                raise Stop(f"patches/{name} creates {path_of(block)} in a hunk: put the file at "
                           "its kernel path and a New-file: line in the patch, or apply it "
                           "in build/linux and run make export")

    def blocks_of(self, paths):
        return [block for block in self.blocks if path_of(block) in paths]


def path_of(block):
    """The path a block of a diff changes, after the change."""
    line = block.split("\n", 1)[0]
    return line[line.rindex(" b/") + 3:]


def names():
    """The queue's order."""
    if not SERIES.exists():
        return []
    lines = [line.strip() for line in SERIES.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def load():
    """Every patch of the queue, in order."""
    queue = []
    for name in names():
        path = QUEUE / name
        if not path.is_file():
            raise Stop(f"patches/series names {name}, which is not in patches/: "
                       "add the file or take the line out")
        queue.append(Patch(name, decode(path.read_bytes())))
    return queue


def new_file(path):
    """(mode, content) of a new file in the repository."""
    real = TOP / path
    if path.split("/")[0] in OWN or ".." in path.split("/"):
        raise Stop(f"New-file: {path} is not a kernel path: it would be mixed up with "
                   "the repository's own files")
    if real.is_symlink() or not real.is_file():
        raise Stop(f"New-file: {path} is named in patches/ but is no file of the repository: "
                   "add it or take the line out")
    return ("100755" if real.stat().st_mode & 0o100 else "100644"), real.read_bytes()


def digest(queue_names):
    """What the queue and its new files hold now, in one number."""
    parts = []
    for name in queue_names:
        path = QUEUE / name
        data = path.read_bytes() if path.is_file() else b"missing"
        parts += [name, data]
        for new in re.findall(rb"^New-file: (.+)$", data, re.M):
            real = TOP / new.decode()
            parts += [new, real.stat().st_mode & 0o100, real.read_bytes()] \
                if real.is_file() else [new, "missing"]
    return sha256(*parts)


def from_commit(commit, number, known):
    """(file name, text, [(mode, path)] it creates) for a commit of the series.

    known are the paths that earlier commits created.
    """
    author, email, date, slug, message = git(
        "show", "-s", "--format=%an%x00%ae%x00%aD%x00%f%x00%B", commit).split("\0", 4)
    subject, _, body = message.strip("\n").partition("\n\n")
    subject = " ".join(subject.split())
    where = f"{commit[:12]} (\"{subject}\")"
    if re.search(r"^(---$|diff --git |New-file: )", body, re.M):
        raise Stop(f"commit {where} has a line in its message that reads as the start of a "
                   "diff: reword it")
    created = created_by(commit, where, known)
    diff = git("diff-tree", "-p", "-M", "--no-color", "--no-ext-diff", "--no-textconv",
               "--src-prefix=a/", "--dst-prefix=b/", "--no-commit-id", commit)
    if re.search(r"^Binary files ", diff, re.M):
        raise Stop(f"commit {where} changes a binary file, which a patch of the queue cannot hold")
    if not diff:
        raise Stop(f"commit {where} changes nothing: drop it with git rebase -i base")
    paths = {path for _, path in created}
    blocks = [re.sub(r"^index .*\n", "", block, count=1, flags=re.M)
              for block in re.split(r"^(?=diff --git )", diff, flags=re.M)
              if block and path_of(block) not in paths]
    lines = "".join(f"New-file: {path}\n" for _, path in created)
    text = (f"{FROM}From: {author} <{email}>\nDate: {date}\nSubject: {subject}\n\n"
            + (body + "\n" if body else "") + "---\n" + lines + "\n" + "".join(blocks))
    name = f"{number:04d}-{slug}"[:64 - len(".patch") - 1] + ".patch"
    return name, text, created


def created_by(commit, where, known):
    """[(mode, path)] of the files a commit creates; refuses what the queue cannot hold."""
    raw = git("diff-tree", "-r", "-M", "-z", "--no-commit-id", commit).split("\0")[:-1]
    created = []
    while raw:
        _, mode, _, _, status = raw.pop(0).split(" ")
        path = raw.pop(0)
        if status == "D" and path in known or status[0] == "R" and path in known:
            raise Stop(f"commit {where} deletes or renames {path}, which the series itself "
                       "adds: create it under its last name with git rebase -i base")
        if status[0] in "RC":
            path = raw.pop(0)
        if status == "A":
            if path.split("/")[0] in OWN or mode == "120000":
                raise Stop(f"commit {where} adds {path}, for which the repository has no "
                           "place (its own name there, or a symbolic link)")
            created.append((mode, path))
    return created
