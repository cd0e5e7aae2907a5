# SPDX-License-Identifier: GPL-2.0
"""What every part of the harness shares: places, errors, running programs."""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = TOP / "build"
LINUX = BUILD / "linux"
LOGS = BUILD / "logs"
CACHE = Path(os.environ.get("CACHE_DIR") or
             Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
             / "linux-device-private").absolute()
JOBS = os.environ.get("J") or str(os.cpu_count() or 1)
FORCE = os.environ.get("FORCE", "") not in ("", "0")

# The user's git settings must not change what is written, and none of the
# variables git hands to its hooks may lead to another repository.
GIT_ENV = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
GIT_ENV.update(GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_NOSYSTEM="1",
               LC_ALL="C.UTF-8", TZ="UTC")


class Stop(Exception):
    """An error the user can act on: one line saying what, where, how to mend."""


def say(text):
    print(text, flush=True)


def entry(main):
    """Run a program's main(), turning Stop into one line and status 1."""
    try:
        sys.exit(main(sys.argv[1:]) or 0)
    except Stop as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("interrupted: the same command carries on", file=sys.stderr)
        sys.exit(130)
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def need_tool(tool, package):
    if not shutil.which(tool):
        raise Stop(f"{tool} is missing: install the Debian package {package}")


def git(*args, cwd=LINUX, stdin=None, env=None, check=True, text=True):
    """Run git; its output, or Stop with git's own words.

    Text is decoded here, for Python's text mode would rewrite line ends.
    """
    if isinstance(stdin, str):
        stdin = encode(stdin)
    done = subprocess.run(["git", "-c", "core.quotePath=false", *args], cwd=cwd,
                          input=stdin, env={**GIT_ENV, **(env or {})},
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    done.stderr = decode(done.stderr)
    if text:
        done.stdout = decode(done.stdout)
    if not check:
        return done
    if done.returncode:
        words = done.stderr.strip().replace("\n", "; ")
        raise Stop(f"git {args[0]} failed in {cwd}: {words}")
    return done.stdout


def decode(data):
    return data.decode("utf-8", "surrogateescape")


def encode(text):
    return text.encode("utf-8", "surrogateescape")


def sha256(*parts):
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else encode(str(part))
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


def file_sha256(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            total.update(block)
    return total.hexdigest()


def write(path, data, mode=0o644):
    """Replace a file in one step, so that an interruption leaves the old one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temp = path.with_name(f".{path.name}.tmp")
    temp.write_bytes(data if isinstance(data, bytes) else encode(data))
    temp.chmod(mode)
    temp.replace(path)


def read_json(path):
    try:
        return json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return {}


def need_space(path, mebibytes):
    """Stop when the file system of path has less than that left."""
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free >> 20
    if free < mebibytes:
        raise Stop(f"disk full: {path} has {free} MiB free, {mebibytes} MiB are "
                   "needed; free some, or point CACHE_DIR at another disk")


@contextlib.contextmanager
def lock(name="lock"):
    """One harness command at a time in a clone; make -j may start several."""
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / f".{name}", "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
