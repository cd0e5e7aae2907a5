# SPDX-License-Identifier: GPL-2.0
# "make" says what there is.

H := tests/harness
PY := python3 -B
LINUX := $(CURDIR)/build/linux

# Options of the harness reach it through the environment.
export KERNEL_SRC CACHE_DIR J ACCEL LIMIT FORCE FRESH BENCH

help:
	@echo 'make demo           build the kernel, boot it, show device-private memory at work'
	@echo 'make check          every test; the last line counts them'
	@echo 'make check-drivers  the drivers alone: W=1, sparse, exports'
	@echo 'make check-um       KUnit and the selftests by um, natively'
	@echo 'make check-p2p      P2P between emulated PCI devices alone, also with an IOMMU'
	@echo 'make check-cocci    the semantic patches: fixtures, the series made anew, Linux 6.12'
	@echo 'make check-compat   one driver, compiled for Linux 6.1, 6.12, the base and the series'
	@echo 'make check-debug    the boots with KASAN, lockdep and more, P2P race for ten minutes'
	@echo 'make check-arch     other architectures: build, boot and test a small kernel of each'
	@echo 'make check-space    base beside series where physical address space is scarce'
	@echo 'make bench          what operations on memory cost, base and series; BENCH=fork: some of them'
	@echo 'make bisect         every patch compiles, with W=1 and sparse (an hour or two)'
	@echo 'make check-unchanged  functions without DEVICE_PRIVATE, and on 32 bits, before and after'
	@echo 'make size           text of mm/ without DEVICE_PRIVATE, before and after'
	@echo 'make tree           build/linux: the base commit and one commit per patch'
	@echo 'make export         write the commits of build/linux back to patches/ and the new files'
	@echo 'make series         build/series: what goes to the mailing list'
	@echo 'make build          the kernel alone'
	@echo 'make boot RUN="hmm-tests"   boot it; with ARCH=um on the host itself'
	@echo 'make clean          remove build/'
	@echo
	@echo 'KERNEL_SRC=   kernel tree or tarball to use instead of a download'
	@echo 'CACHE_DIR=    where downloads and ccache are kept (~/.cache/linux-device-private)'
	@echo 'J=            compile jobs (one per CPU)'
	@echo 'ACCEL=        kvm (taken where a guest starts under it), tcg, single, or mttcg'
	@echo 'LIMIT=        seconds a guest may take (900)'
	@echo 'FORCE=1       tree: set unexported work aside on a branch; clean: throw it away'
	@echo 'FRESH=1       check: repeat what has passed on the same input'
	@echo 'ARCH=         check-arch: only those whose name starts with it'
	@echo 'BENCH=        bench: only operations whose names start with it, by commas'
	@echo 'RUN= MEM= CPU= APPEND=   boot: programs (PROGRAM,ARG;...), memory, CPU, command line'

deps:
	@$(H)/deps.sh

tree: deps
	@$(PY) $(H)/series.py tree

# The tree as it stands if somebody is at work in it, else what the queue says.
worktree: deps
	@$(PY) $(H)/series.py worktree

export: deps
	@$(PY) $(H)/series.py export

series: deps
	@$(PY) $(H)/series.py mail

build: worktree
	@$(PY) $(H)/kernel.py build

guest: worktree
	@$(MAKE) -s --no-print-directory -C tests/guest LINUX=$(LINUX) OUT=$(CURDIR)/build/guest

um: worktree
	@$(PY) $(H)/kernel.py build um

boot: $(if $(filter um,$(ARCH)),um,build) guest
	@$(PY) $(H)/guest.py $(if $(filter um,$(ARCH)),-u) -m "$(or $(MEM),4G)" -c "$(or $(CPU),qemu64)" -a "$(APPEND)" "$(or $(RUN),hmm-tests)"

demo: build guest
	@$(PY) $(H)/demo.py

check: deps
	@$(PY) $(H)/check.py

check-drivers: build
	@$(PY) $(H)/check.py drivers

check-um: guest
	@$(PY) $(H)/check.py um

check-p2p: guest
	@$(PY) $(H)/p2p.py

check-cocci: worktree
	@$(PY) $(H)/cocci.py

check-compat: worktree
	@$(PY) $(H)/compat.py

check-debug: guest
	@$(PY) $(H)/check.py debug

check-arch: worktree
	@$(H)/deps.sh arch
	@$(PY) $(H)/arch.py

check-space: guest
	@$(PY) $(H)/space.py

check-unchanged: worktree
	@$(H)/deps.sh 32bit
	@$(PY) $(H)/unchanged.py

bench: guest
	@$(H)/deps.sh bench
	@$(PY) $(H)/bench.py

bisect: deps
	@$(PY) $(H)/bisect.py

size: deps
	@$(PY) $(H)/size.py

clean:
	@[ ! -e build ] || $(PY) $(H)/series.py clean

# Targets share build/; make -j must not run two of them at once.
.NOTPARALLEL:
.PHONY: help deps tree worktree export series build um guest boot demo check check-drivers check-um check-p2p check-cocci check-compat check-debug check-arch check-space check-unchanged bench bisect size clean
