# SPDX-License-Identifier: GPL-2.0
"""Configure and build the kernel of build/linux in build/x86_64.

usage: kernel.py build [um] | make TARGET...
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from common import BUILD, CACHE, JOBS, LINUX, LOGS, TOP, Stop, entry, git, lock, need_space, \
    need_tool, read_json, say, sha256, write

CONFIGS = TOP / "tests/configs"


@dataclass(frozen=True)
class Config:
    """A kernel configuration: fragments over a defconfig, built in build/NAME."""
    name: str
    fragments: tuple
    base: str = "tinyconfig"
    source: Path = LINUX
    make: tuple = ()		# what every make needs, such as ARCH=
    boots: str = "arch/x86/boot/bzImage"
    lenient: bool = False	# lines of the fragments may have no effect

    @property
    def out(self):
        return BUILD / self.name

    @property
    def image(self):
        return self.out / self.boots

    def digest(self):
        return sha256(self.base, *(path.read_bytes() for path in self.fragments))


X86 = Config("x86_64", (CONFIGS / "x86_64.config",))
DEBUG = Config("x86_64-debug", (*X86.fragments, CONFIGS / "debug.config"))
NOUVEAU = Config("x86_64-nouveau", (*X86.fragments, CONFIGS / "nouveau.config"))
DRM = Config("x86_64-drm", (*X86.fragments, CONFIGS / "drm.config"))
# KUnit's configuration of mm, and what the guest programs need.
UM = Config("um", (LINUX / "mm/tests/.kunitconfig", CONFIGS / "um.config"),
            make=("ARCH=um", "CC=ccache gcc"), boots="linux")
ALONE = Config("x86_64-alone", (*X86.fragments, CONFIGS / "alone.config"))
IMAGE = X86.image
TOOLS = {"gcc": "gcc", "make": "make", "flex": "flex", "bison": "bison", "bc": "bc",
         "cpio": "cpio", "ccache": "ccache", "perl": "perl"}


def environment():
    """ccache hits across clones and reproducible images; nothing for make from outside."""
    outside = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ARCH", "CROSS_COMPILE")
    env = {k: v for k, v in os.environ.items() if k not in outside}
    env.update(CCACHE_DIR=str(CACHE / "ccache"), CCACHE_BASEDIR=str(BUILD), CCACHE_NOHASHDIR="1",
               CCACHE_COMPILERCHECK="content", CCACHE_MAXSIZE="5G",
               KBUILD_BUILD_TIMESTAMP="1970-01-01", KBUILD_BUILD_USER="user",
               KBUILD_BUILD_HOST="host", LC_ALL="C")
    return env


def command(config, *targets):
    return ["make", "-C", str(config.source), f"O={config.out}", "HOSTCC=ccache gcc",
            *(config.make or ("CC=ccache gcc",)), f"-j{JOBS}", *targets]


def configure(config, lenient=False):
    """The base plus the fragments, when they are not what was configured last.

    Lines without effect are an error, unless lenient.
    """
    # An option that a patch adds is not in a .config from before it.
    mark = sha256(config.digest(), git("ls-files", "-s", "--", "*Kconfig*", cwd=config.source))
    stamp = config.out / ".fragment"
    target = config.out / ".config"
    if not target.exists() or not stamp.exists() or stamp.read_text() != mark:
        say(f"configuring build/{config.name}")
        quiet(command(config, config.base), "configure")
        target.write_text("".join([target.read_text()] +
                                  [path.read_text() for path in config.fragments]))
        quiet(command(config, "olddefconfig"), "configure")
        stamp.write_text(mark)
    if not (lenient or config.lenient):
        refuse_lost(config.out, *config.fragments)


def refuse_lost(out, *fragments):
    """Stop if a line of the fragments did not take effect that no later one overrides."""
    have = set((out / ".config").read_text().splitlines())
    want = {}
    for fragment in fragments:
        want.update(re.findall(r"^(CONFIG_\w+)=(.+)$", fragment.read_text(), re.M))
    lost = [f"{name}={value}" for name, value in want.items()
            if (any(other.startswith(f"{name}=") for other in have) if value == "n"
                else f"{name}={value}" not in have)]
    if lost:
        (out / ".fragment").unlink(missing_ok=True)
        raise Stop(f"{', '.join(str(path.relative_to(TOP)) for path in fragments)}: {len(lost)} "
                   f"lines have no effect in this kernel ({', '.join(lost)}): a dependency is "
                   "missing or the option is gone")


def quiet(line, name):
    """Run make with its output in a log."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.log"
    with open(log, "w", encoding="utf-8") as file:
        done = subprocess.run(line, env=environment(), stdin=subprocess.DEVNULL, stdout=file,
                              stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Stop(failure(log))


def failure(log):
    """One line on why make failed."""
    lines = log.read_text(errors="replace").splitlines()
    first = next((line for line in lines if re.search(r"\berror\b|Error \d|\*\*\*", line)),
                 lines[-1] if lines else "no output")
    return f"the kernel build failed: {first.strip()} (all of it in {log})"


def object_count(config):
    """About how many objects a build from nothing makes, by a dry run.

    Make cannot tell before it builds which of a few objects it needs.
    """
    done = subprocess.run(command(config, "-n", config.image.name), env=environment(), text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, errors="replace", check=False)
    # The tools that the build itself uses are there already.
    return len(re.findall(r"echo '  (?:CC|AS) +(?!/|scripts/)", done.stdout))


def build(config=X86):
    """Build the image, saying how far it is."""
    for tool, package in TOOLS.items():
        need_tool(tool, package)
    if re.search(r"[\s:]", str(TOP)):
        raise Stop(f"{TOP}: the kernel cannot be built below a path with spaces or colons: "
                   "move the clone")
    head, dirt = (git(*args, cwd=config.source)
                  for args in (("rev-parse", "HEAD"), ("status", "--porcelain")))
    mark = sha256(config.digest(), head, TOP)
    stamp = config.out / ".built"
    if not dirt and config.image.exists() and read_json(stamp).get("mark") == mark:
        say(f"build/{config.name} is up to date")
        return
    need_space(BUILD, 1024)
    configure(config)
    total = 0
    if not (config.out / "vmlinux").exists():
        quiet(command(config, "prepare"), "prepare")
        total = object_count(config)
    run_counted(command(config, config.image.name), total)
    write(stamp, f'{{"mark": "{"" if dirt else mark}"}}\n')


def run_counted(line, total):
    log, built, shown = LOGS / "build.log", 0, time.monotonic()
    LOGS.mkdir(parents=True, exist_ok=True)
    of = f" of about {total}" if total else ""
    say(f"building Linux with {JOBS} jobs")
    with open(log, "w", encoding="utf-8", buffering=1) as file, \
         subprocess.Popen(line, env=environment(), stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as make:
        try:
            for text in make.stdout:
                file.write(text)
                if re.match(r"  (CC|AS) ", text):
                    built += 1
                if "warning:" in text:
                    say(text.rstrip())
                if time.monotonic() - shown > 15:
                    shown = time.monotonic()
                    say(f"  objects built: {built}{of}")
        except BaseException:
            make.terminate()
            raise
    if make.returncode:
        raise Stop(failure(log))
    say(f"  objects built: {built}")


def main(args):
    if args in (["build"], ["build", "um"]):
        with lock("build.lock"):
            build(UM if args[1:] else X86)
        return 0
    configure(X86)
    return subprocess.run(command(X86, *args[1:]), env=environment(), check=False).returncode


if __name__ == "__main__":
    entry(main)
