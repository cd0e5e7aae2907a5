# SPDX-License-Identifier: GPL-2.0
"""Fetching the kernel source from a server in this process: good, cut off, altered, gone."""

import functools
import hashlib
import http.server
import io
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest
from pathlib import Path
from unittest import mock

import common
from test_series import HARNESS, MAKEFILE

DEB = "pool/main/l/linux/linux-source-7.3_7.3.4-1_all.deb"


def tarball(names, mode):
    """The bytes of a tar archive of {name: bytes}."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=f"w:{mode}") as tar:
        for name, content in names.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return data.getvalue()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves a dictionary; cuts a reply short or honours Range when told to."""

    def __init__(self, files, options, *args):
        self.files, self.options = files, options
        super().__init__(*args)

    def do_GET(self):	# pylint: disable=invalid-name
        data = self.files.get(self.path.lstrip("/"))
        if data is None:
            self.send_error(404)
            return
        first = int((self.headers.get("Range") or "bytes=0-")[6:-1])
        self.options["ranges"].append(first)
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(data) - first))
        self.end_headers()
        self.wfile.write(data[first:first + self.options["cut"] if self.options["cut"] else None])

    def log_message(self, *_):	# pylint: disable=arguments-differ
        pass


class FetchTest(unittest.TestCase):
    """A repository whose patches/base and apt lead to the server."""

    def setUp(self):
        self.temp = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.temp)
        self.source = tarball({"linux-7.3.4/Makefile": MAKEFILE.encode(),
                               "linux-7.3.4/mm/a.c": b"a\n" * 5000}, "xz")
        inner = tarball({"./usr/src/linux-source-7.3.tar.xz": self.source}, "xz")
        (self.temp / "data.tar.xz").write_bytes(inner)
        subprocess.run(["ar", "cr", "x.deb", "data.tar.xz"], cwd=self.temp, check=True)
        self.deb = (self.temp / "x.deb").read_bytes()
        self.files, self.options = {}, {"cut": None, "ranges": []}
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Server, self.files, self.options))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.repo, self.cache = self.temp / "repo", self.temp / "cache"
        shutil.copytree(HARNESS, self.repo / "tests/harness",
                        ignore=shutil.ignore_patterns("__pycache__"))
        (self.repo / "patches").mkdir()
        (self.repo / "patches/base").write_text(
            f"version: 7.3.4\nkernel.org: {self.url}/v7.x/linux-7.3.4.tar.xz\ndebian: {DEB}\n"
            f"debian-sha256: {hashlib.sha256(self.deb).hexdigest()}\n")
        apt = self.temp / "bin/apt-get"
        apt.parent.mkdir()
        apt.write_text(f"#!/bin/sh\necho '{self.url}/debian Debian'\n")
        apt.chmod(0o755)

    def serve_kernel_org(self):
        self.files["v7.x/linux-7.3.4.tar.xz"] = self.source
        digest = hashlib.sha256(self.source).hexdigest()
        self.files["v7.x/sha256sums.asc"] = f"{digest}  linux-7.3.4.tar.xz\n".encode()

    def tree(self):
        env = {**os.environ, "KERNEL_SRC": "", "FORCE": "", "CACHE_DIR": str(self.cache),
               "PATH": f"{self.temp}/bin:{os.environ['PATH']}"}
        return subprocess.run([sys.executable, "-B", "tests/harness/series.py", "tree"],
                              cwd=self.repo, env=env, capture_output=True, text=True, check=False)

    def works(self):
        done = self.tree()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.repo / "build/linux/mm/a.c").read_bytes(), b"a\n" * 5000)
        shutil.rmtree(self.repo / "build")
        return done.stdout

    def refuses(self, *words):
        done = self.tree()
        self.assertEqual((done.returncode, len(done.stderr.splitlines())), (1, 1), done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        self.assertFalse((self.repo / "build/linux").exists())

    def test_kernel_org_is_checked_against_its_sums_and_cached(self):
        self.serve_kernel_org()
        self.assertIn("matches sha256sums.asc", self.works())
        self.files.clear()
        self.assertNotIn("fetching", self.works())

    def test_the_debian_package_serves_when_kernel_org_does_not(self):
        self.files[f"debian/{DEB}"] = self.deb
        self.works()
        self.files.clear()
        self.works()

    def test_the_newest_of_the_series_serves_when_the_exact_package_is_gone(self):
        newer = DEB.replace("7.3.4-1", "7.3.9-1")
        self.files[f"debian/{newer}"] = self.deb
        self.files["debian/dists/sid/main/binary-amd64/Packages.xz"] = lzma.compress(
            f"Package: other\nVersion: 1\n\nPackage: linux-source-7.3\nVersion: 7.3.9-1\n"
            f"Filename: {newer}\nSHA256: {hashlib.sha256(self.deb).hexdigest()}\n\n".encode())
        self.assertIn("notice: Linux 7.3.4 has left the archive", self.works())

    def test_an_altered_download_is_deleted(self):
        self.files[f"debian/{DEB}"] = self.deb[:-1] + b"x"
        self.refuses("does not have the expected sha256", "deleted")
        self.assertEqual([path.name for path in self.cache.iterdir()], [])

    def test_a_download_cut_short_is_resumed(self):
        self.files[f"debian/{DEB}"] = self.deb
        self.options["cut"] = 100
        self.refuses("stopped after 100 of", "resume")
        self.options["cut"] = None
        self.works()
        self.assertEqual(self.options["ranges"][-1], 100)

    def test_an_altered_cache_is_deleted(self):
        self.files[f"debian/{DEB}"] = self.deb
        self.works()
        cached = self.cache / DEB.rsplit("/", 1)[1]
        cached.write_bytes(b"x")
        self.refuses("truncated or altered")
        self.works()

    def test_no_network_and_no_cache(self):
        self.refuses("no source of Linux 7.3.4 can be reached", "KERNEL_SRC")

    def test_a_full_disk_is_said_before_it_is_hit(self):
        with mock.patch("shutil.disk_usage") as usage:
            usage.return_value.free = 5 << 20
            with self.assertRaisesRegex(common.Stop, "disk full: .* 5 MiB free, 512 MiB"):
                common.need_space(self.cache, 512)


if __name__ == "__main__":
    unittest.main()
