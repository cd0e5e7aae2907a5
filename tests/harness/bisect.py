# SPDX-License-Identifier: GPL-2.0
"""Every patch builds alone: compile, commit by commit, the files that the series touches.

A file that no patch touches compiles before and after the series, so the files that one
does touch are those that can break in between. After each commit whatever depends on
the change is compiled, with W=1 and sparse. What passed is remembered by commit.
"""

import json
from dataclasses import replace

import series
import static
from common import BUILD, entry, git, lock, read_json, say, write

MEMORY = BUILD / "bisect.json"
PLACE = BUILD / "bisect"


def tree():
    """A work tree of its own, at the base."""
    git("worktree", "prune")
    if not PLACE.exists():
        git("worktree", "add", "-q", "--detach", str(PLACE), "base")
    git("checkout", "-q", "--detach", "base", cwd=PLACE)


def step(config):
    """What is wrong with the commit that is checked out, in one configuration."""
    here = replace(config, name=f"bisect-{config.name}", source=PLACE)
    paths = [path for path in static.sources(config) if (PLACE / path).exists()]
    new = static.new_warnings(static.warnings_of(here, paths, again=False))
    return sorted(new) + [f"{path} does not build" for path in paths
                          if static.missing(here, path)]


def main(_):
    with lock():
        series.make_tree()
        commits = git("rev-list", "--reverse", "base..series").split()
    # The rest only reads the commits: others may go on.
    with lock("bisect.lock"):
        tree()
        failed, passed = 0, 0
        memory = read_json(MEMORY)
        configs = (static.CORE, static.DRIVERS, static.POWERPC)
        for commit in commits:
            title = git("show", "-s", "--format=%s", commit).strip()
            mark = [git("rev-parse", f"{commit}^{{tree}}").strip(),
                    *(config.digest() for config in configs)]
            if memory.get(title) == mark:
                passed += 1
                continue
            git("checkout", "-q", "--detach", commit, cwd=PLACE)
            wrong = [line for config in configs for line in step(config)]
            say(f"{'FAILED' if wrong else 'ok'} {title}")
            for line in wrong:
                say(f"  {line}")
            if wrong:
                failed += 1
            else:
                passed += 1
                memory[title] = mark
                write(MEMORY, json.dumps(memory))
    say(f"{passed} passed, {failed} failed, 0 skipped")
    return int(failed > 0)


if __name__ == "__main__":
    entry(main)
