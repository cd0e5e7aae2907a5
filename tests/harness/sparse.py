# SPDX-License-Identifier: GPL-2.0
"""A sparse that knows __typeof_unqual__: the system's, or one built in the cache."""

import shutil
import subprocess
import urllib.error

import fetch
from common import CACHE, JOBS, Stop, need_tool, say

# Below a Debian mirror.
SOURCE = "pool/main/s/sparse/sparse_0.6.5~rc1.orig.tar.gz"
SHA256 = "3ac8855ec7f3ab92f325be0f64347ccc2b10f8b4d7c2906783ee8e2bdab3f0de"
BUILT = CACHE / "sparse-0.6.5-rc1"


def recent(program):
    """Whether that sparse knows what the kernel's headers use; 0.6.4 does not."""
    code = "int f(const int *q) { __typeof_unqual__(*q) v = *q; return v; }\n"
    done = subprocess.run([program, "-"], input=code, capture_output=True, text=True, check=False)
    return "error" not in done.stdout + done.stderr


def path():
    system = shutil.which("sparse")
    if system and recent(system):
        return system
    if not (BUILT / "sparse").exists():
        build()
    return str(BUILT / "sparse")


def build():
    need_tool("gcc", "gcc")
    archive = CACHE / SOURCE.rsplit("/", 1)[1]
    if not archive.exists():
        obtain(archive)
    fetch.checked(archive, SHA256)
    say("building sparse")
    temp = BUILT.with_suffix(".tmp")
    shutil.rmtree(temp, ignore_errors=True)
    temp.mkdir(parents=True)
    subprocess.run(["tar", "-xf", archive, "-C", temp, "--strip-components=1"], check=True)
    # Only the checker: its other tools want GTK, LLVM and libxml.
    done = subprocess.run(["make", "-s", f"-j{JOBS}", "-C", temp, "sparse"], check=False,
                          env={**fetch.os.environ, "MAKEFLAGS": ""},
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise Stop(f"sparse does not build in {temp}: {done.stderr.strip().splitlines()[-1:]}")
    shutil.rmtree(BUILT, ignore_errors=True)
    temp.rename(BUILT)


def obtain(archive):
    for mirror in fetch.mirrors():
        try:
            return fetch.download(mirror + SOURCE, archive, SHA256)
        except (urllib.error.URLError, OSError):
            continue
    raise Stop(f"sparse 0.6.5 is needed and no Debian mirror gives {SOURCE}: install sparse "
               f"0.6.5 or newer, or put that file into {CACHE}")
