# SPDX-License-Identifier: GPL-2.0
"""Fetch, verify and unpack the kernel source that patches/base names."""

import http.client
import lzma
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

from common import CACHE, TOP, Stop, file_sha256, git, need_space, need_tool, \
    say, write

TIMEOUT = 20		# seconds without a byte before a server counts as gone
UNPACKED = 4096		# MiB: work tree, its git objects, and room for a build
SUITES = ("trixie-backports", "forky", "sid", "trixie")
OLDER = ("trixie", "bookworm")


def base():
    """patches/base as a dictionary."""
    lines = (TOP / "patches/base").read_text().splitlines()
    return dict(re.split(r":\s+", line, maxsplit=1)
                for line in lines if line and not line.startswith("#"))


def version_of(tree):
    """The version in a kernel tree's Makefile, None if it is no kernel tree."""
    try:
        head = (tree / "Makefile").read_text(errors="replace")[:2000]
    except OSError:
        return None
    part = dict(re.findall(r"^(VERSION|PATCHLEVEL|SUBLEVEL) *= *(\d+)$", head, re.M))
    return ".".join(part.get(key, "?") for key in ("VERSION", "PATCHLEVEL", "SUBLEVEL"))


def download(url, path, sum256=None):
    """Fetch url into path: resumed after an interruption, checked, then renamed."""
    need_space(path.parent, 512)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as reply:
            if have and reply.status != 206:
                have = 0
            total = have + int(reply.headers.get("Content-Length") or 0)
            receive(reply, part, have, total)
    except urllib.error.HTTPError as error:
        if error.code == 416:	# nothing left to send, or a part of another file
            part.unlink()
        raise
    size = part.stat().st_size
    if total > have and size != total:
        raise Stop(f"{url} stopped after {size} of {total} bytes: run again to resume")
    if sum256 and file_sha256(part) != sum256:
        part.unlink()
        raise Stop(f"{url} does not have the expected sha256 {sum256[:16]}...; the "
                   "download was deleted, run again or name another source in KERNEL_SRC")
    part.replace(path)


def receive(reply, part, have, total):
    """Append what the server sends, saying how far it is; it may end early."""
    shown = have
    with open(part, "ab" if have else "wb") as file:
        while block := read_some(reply):
            file.write(block)
            have += len(block)
            if have - shown >= 16 << 20:
                shown = have
                say(f"  download: {have >> 20} of {total >> 20} MiB")


def read_some(reply):
    try:
        return reply.read(1 << 18)
    except http.client.IncompleteRead as error:
        return error.partial


def apt_uris():
    """The Debian archives apt is configured with on this machine, the security updates' too."""
    if not shutil.which("apt-get"):
        return []
    out = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN)"],
                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                         text=True, check=False).stdout
    uris = [line.split()[0] for line in out.splitlines()
            if line.startswith("http") and line.endswith(" Debian")]
    return [uri.rstrip("/") + "/" for uri in dict.fromkeys(uris)]


def mirrors():
    return [uri for uri in apt_uris() if "security" not in uri]


def from_kernel_org(want):
    url = want["kernel.org"]
    name = url.rsplit("/", 1)[1]
    path = CACHE / name
    if not path.exists():
        sums_url = url.rsplit("/", 1)[0] + "/sha256sums.asc"
        with urllib.request.urlopen(sums_url, timeout=TIMEOUT) as reply:
            sums = reply.read().decode(errors="replace")
        found = re.search(rf"^([0-9a-f]{{64}})  {re.escape(name)}$", sums, re.M)
        if not found:
            raise Stop(f"{sums_url} does not list {name}")
        say(f"fetching {url}")
        download(url, path, found[1])
        say(f"{name}: matches sha256sums.asc from the same server (TLS only, no PGP)")
        write(path.with_name(name + ".sha256"), found[1] + "\n")
    return checked(path, path.with_name(name + ".sha256").read_text().strip())


def from_debian(want):
    path = CACHE / want["debian"].rsplit("/", 1)[1]
    if not path.exists():
        last = Stop("apt on this machine knows no Debian mirror")
        for mirror in mirrors():
            try:
                say(f"fetching {path.name} from the Debian mirror apt uses")
                download(mirror + want["debian"], path, want["debian-sha256"])
                break
            except OSError as error:
                last = error
        else:
            raise last
    return checked(path, want["debian-sha256"])


def in_debian(series, places, version=None):
    """The package linux-source-SERIES in the first (mirror, suite) that has it, or that version.

    Returns the mirror, the suite and the fields of the package.
    """
    for mirror, suite in places:
        url = f"{mirror}dists/{suite}/main/binary-amd64/Packages.xz"
        try:
            with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
                index = lzma.decompress(reply.read()).decode()
        except (OSError, lzma.LZMAError):
            continue
        for found in re.finditer(rf"^Package: linux-source-{re.escape(series)}\n(?:.+\n)*",
                                 index, re.M):
            field = dict(re.findall(r"^([\w-]+): (.*)$", found[0], re.M))
            if version in (None, field["Version"]):
                return mirror, suite, field
    raise OSError(f"no suite of {', '.join(dict.fromkeys(suite for _, suite in places))} has "
                  f"linux-source-{series} {version or ''}".rstrip())


def take(mirror, field):
    """A package as the index has it: cached, else downloaded."""
    path = CACHE / field["Filename"].rsplit("/", 1)[1]
    if not path.exists():
        download(mirror + field["Filename"], path, field["SHA256"])
    return checked(path, field["SHA256"])


def newest_in_debian(want):
    """The newest package of the same series, for when the exact one is gone."""
    series = ".".join(want["version"].split(".")[:2])
    mirror, suite, field = in_debian(series, [(mirror, suite) for mirror in mirrors()
                                              for suite in SUITES])
    say(f"notice: Linux {want['version']} has left the archive; taking "
        f"{field['Version']} from {suite}, checksum from its index")
    return take(mirror, field)


def older(series, version):
    """The source package of an older series: that version from the cache, or what Debian has."""
    kept = sorted(CACHE.glob(f"linux-source-{series}_{version}_*.deb"))
    if kept:
        return kept[-1]
    places = [(uri, f"{suite}-security" if "security" in uri else suite)
              for uri in apt_uris() for suite in OLDER]
    try:
        mirror, suite, field = in_debian(series, places, version)
    except OSError:
        mirror, suite, field = in_debian(series, places)
    say(f"  fetching linux-source-{series} {field['Version']} from {suite}")
    return take(mirror, field)


def checked(path, sum256):
    """path, if it has that checksum; an altered file is deleted."""
    if file_sha256(path) != sum256:
        path.unlink()
        raise Stop(f"{path} was truncated or altered and has been deleted: run again")
    return path


def archive():
    """A verified archive of the base: cached, else from the first source that has it."""
    want = base()
    names = {from_kernel_org: want["kernel.org"].rsplit("/", 1)[1],
             from_debian: want["debian"].rsplit("/", 1)[1]}
    sources = sorted(names, key=lambda source: not (CACHE / names[source]).exists())
    why = []
    for source in [*sources, newest_in_debian]:
        try:
            return source(want)
        except OSError as error:
            reason = getattr(error, "reason", error)
            why.append(f"{source.__name__.replace('_', ' ')}: {reason}")
            say(f"  {why[-1]}")
    raise Stop(f"no source of Linux {want['version']} can be reached and {CACHE} has none "
               f"({'; '.join(why)}): name a tree or tarball in KERNEL_SRC")


def unpack_archive(path, into, *only):
    """Unpack a tarball, or the tarball inside Debian's package: all of it, or these patterns."""
    say(f"unpacking {path.name}")
    need_tool("xz", "xz-utils")
    tar = ["tar", "-x", "--strip-components=1", "-C", str(into)]
    patterns = ["--wildcards", *only] if only else []
    if path.suffix == ".deb":
        need_tool("ar", "binutils")
        with subprocess.Popen(["ar", "p", path, "data.tar.xz"], stdout=subprocess.PIPE) as ar, \
             subprocess.Popen(["tar", "-xJO", "--wildcards", "./usr/src/linux-source-*.tar.xz"],
                              stdin=ar.stdout, stdout=subprocess.PIPE) as outer:
            done = subprocess.run([*tar, "-J", *patterns], stdin=outer.stdout, check=False)
    else:
        done = subprocess.run([*tar, "-f", path, *patterns], check=False)
    if done.returncode:
        raise Stop(f"{path} cannot be unpacked: is it a whole kernel tarball?")


def refuse_dirty(tree):
    """Stop if a git work tree given as source is not as committed."""
    if not (tree / ".git").exists():
        return
    dirty = git("status", "--porcelain", "--untracked-files=no", cwd=tree).splitlines()
    if dirty:
        raise Stop(f"KERNEL_SRC={tree} has {len(dirty)} changed files ({dirty[0][3:]}, ...): "
                   "commit or stash them, or name a pristine tree")


def drop_debian_ignore(tree):
    """Debian ends .gitignore with rules that hide the whole tree from git."""
    path = tree / ".gitignore"
    if path.exists():
        text = path.read_text()
        head = re.sub(r"\n#\n# Debian packaging: ignore everything.*\Z", "\n", text, flags=re.S)
        if head != text:
            path.write_text(head.rstrip("\n") + "\n")


def unpack(into):
    """Fill the empty directory with the pristine base, from the first source there is."""
    version = base()["version"]
    need_space(into, UNPACKED)
    given = os.environ.get("KERNEL_SRC")
    source = TOP / os.path.expanduser(given) if given else archive()
    if not source.exists():
        raise Stop(f"KERNEL_SRC={given} does not exist: name a kernel tree or tarball")
    if source.is_dir():
        found = version_of(source)
        refuse_version(found, version, given)
        refuse_dirty(source)
        say(f"copying {source}")
        copy_tree(source, into)
    else:
        unpack_archive(source, into)
        found = version_of(into)
        if given or found is None or found.split(".")[:2] != version.split(".")[:2]:
            refuse_version(found, version, source)
    drop_debian_ignore(into)


def copy_tree(source, into):
    """Copy a tree; of a git work tree only what is committed."""
    if (source / ".git").exists():
        with subprocess.Popen(["git", "archive", "HEAD"], cwd=source,
                              stdout=subprocess.PIPE) as out:
            done = subprocess.run(["tar", "-x", "-C", str(into)], stdin=out.stdout, check=False)
    else:
        done = subprocess.run(["cp", "-a", f"{source}/.", str(into)], check=False)
    if done.returncode:
        raise Stop(f"{source} could not be copied to {into}")


def refuse_version(found, version, where):
    if found != version:
        what = f"Linux {found}" if found else "no kernel tree"
        raise Stop(f"{where} is {what}, the series needs Linux {version}: "
                   "name that version in KERNEL_SRC")
