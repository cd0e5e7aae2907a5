# SPDX-License-Identifier: GPL-2.0
"""make size: the text of mm/ without DEVICE_PRIVATE, before the series and after it."""

import re
import subprocess
from dataclasses import replace

import kernel
import series
import static
from common import Stop, entry, lock, say
from kernel import CONFIGS, X86, Config

AFTER = Config("size-series", (*X86.fragments, CONFIGS / "without.config"))


def texts(config):
    """Object of mm/ -> size of its text in bytes."""
    kernel.configure(config, lenient=True)
    kernel.quiet(kernel.command(config, "mm/"), config.name)
    names = sorted(path.relative_to(config.out) for path in (config.out / "mm").rglob("*.o")
                   if path.name != "built-in.o")
    done = subprocess.run(["size", "-A", *map(str, names)], cwd=config.out, text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise Stop(f"size failed in {config.out}: {done.stderr.strip()}")
    # Code alone: read-only data has the path of the source in it.
    found, name = {}, ""
    for line in done.stdout.splitlines():
        if title := re.fullmatch(r"(\S+)\s+:", line):
            name = title[1]
        elif section := re.match(r"\.(?:text|init\.text|exit\.text)\S*\s+(\d+)", line):
            found[name] = found.get(name, 0) + int(section[1])
    return found


def main(_):
    with lock():
        series.make_tree()
        after = texts(AFTER)
        before = texts(replace(AFTER, name="size-base", source=static.base_tree()))
    for name in sorted({*before, *after}):
        old, new = before.get(name, 0), after.get(name, 0)
        if old != new:
            say(f"{name}: {old} -> {new} bytes of text ({new - old:+})")
    old, new = sum(before.values()), sum(after.values())
    say(f"mm/ without DEVICE_PRIVATE, {len(after)} objects: {old} -> {new} bytes of text "
        f"({new - old:+}, {100 * (new - old) / old:+.3f} %)")
    return 0


if __name__ == "__main__":
    entry(main)
