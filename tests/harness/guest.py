# SPDX-License-Identifier: GPL-2.0
"""Boot a kernel in QEMU, or um on the host, run programs in it, read what came out.

usage: guest.py [-u] [-m MEM] [-c CPU] [-a APPEND] [-l SECONDS] [-n NAME] [-p] [-2] PROGRAM[,ARG...]...
"""

import argparse
import os
import re
import selectors
import subprocess
import time

from dataclasses import dataclass

from common import BUILD, LOGS, Stop, entry, need_tool, read_json, say, write

KERNEL = BUILD / "x86_64/arch/x86/boot/bzImage"
UM = BUILD / "um/linux"
INITRD = BUILD / "guest/initramfs.cpio.gz"
LIMIT = int(os.environ.get("LIMIT") or 900)	# seconds a guest may take
PROBE_LIMIT = 20
POWER_OFF_LIMIT = 60		# not every machine can be switched off by its guest

# Under TCG the guest's clock counts instructions, so that a slow or busy host
# cannot make a test time out; mttcg runs the CPUs in parallel instead, and single
# is for machines that cannot do either.
ACCELERATION = {"kvm": ["-accel", "kvm"], "mttcg": ["-accel", "tcg,thread=multi"],
                "single": ["-accel", "tcg,thread=single"],
                "tcg": ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off"]}

# What device_private_p2p wants: its exporter and one importer behind a PCIe switch,
# another importer behind another host bridge.
P2P_DEVICES = (
    "-object", "memory-backend-ram,id=window,size=8M,share=on",
    "-device", "pcie-root-port,id=port0,chassis=1",
    "-device", "x3130-upstream,bus=port0,id=switch",
    "-device", "xio3130-downstream,bus=switch,id=down0,chassis=2,slot=0",
    "-device", "xio3130-downstream,bus=switch,id=down1,chassis=3,slot=1",
    "-device", "ivshmem-plain,bus=down0,memdev=window",
    "-device", "edu,bus=down1,dma_mask=0xffffffffffffffff",
    "-device", "pxb-pcie,id=bridge,bus_nr=0x40,bus=pcie.0",
    "-device", "pcie-root-port,id=port1,bus=bridge,chassis=4",
    "-device", "edu,bus=port1,dma_mask=0xffffffffffffffff")

# Two nodes of memory, each with one of the CPUs. Linux warns of CPUs of one socket
# that are of different nodes.
CPUS = "2,sockets=2,cores=1,threads=1"
TWO_NODES = (
    "-object", "memory-backend-ram,id=ram0,size=2G",
    "-object", "memory-backend-ram,id=ram1,size=2G",
    "-numa", "node,nodeid=0,cpus=0,memdev=ram0",
    "-numa", "node,nodeid=1,cpus=1,memdev=ram1")

@dataclass(frozen=True)
class Machine:
    """What QEMU is called with, and the names its terminals have in the guest."""
    qemu: str = "qemu-system-x86_64"
    package: str = "qemu-system-x86"
    options: tuple = ("-M", "q35")
    cpu: str = "qemu64"
    cpus: str = CPUS
    console: str = "ttyS0"
    # Where the programs write to: a second serial port, unless there is only one.
    out: str = "ttyS1"
    terminal: tuple = ("-serial", "stdio")


# The second terminal of a machine with only one serial port.
def virtio(bus):
    return ("-chardev", "stdio,id=out", "-device", bus, "-device", "virtconsole,chardev=out")


PC = Machine()


# Any of these in a kernel log fails the run.
BAD = re.compile(r"""
    \bWARNING:|\bBUG\b|\bOops\b|Kernel[ ]panic|\bKASAN\b|\bKCSAN\b|\bUBSAN\b|KFENCE
    |possible[ ](recursive|circular)[ ]locking|possible[ ]irq|inconsistent[ ]lock
    |suspicious[ ]RCU|sleeping[ ]function[ ]called|scheduling[ ]while[ ]atomic
    |general[ ]protection[ ]fault|Bad[ ]page|bad[ ]pmd|bad[ ]pte|unreferenced[ ]object
    |blocked[ ]for[ ]more[ ]than|detected[ ]stalls|self-detected[ ]stall|soft[ ]lockup
    |Call[ ]Trace:|refcount_t:|ODEBUG:|test_hmm:.*fail
    """, re.X)


class Guest:
    """What a boot left behind."""

    def __init__(self, output, log_path):
        self.output = output		# lines the programs wrote
        self.log_path = log_path
        self.log = log_path.read_text(errors="replace").splitlines() \
            if log_path.exists() else []
        self.done = "guest: done" in output

    def bad_lines(self):
        return [line for line in self.log if BAD.search(line)]

    def status(self, program):
        """The exit status of a program; None if it never ended."""
        for line in self.output:
            found = re.fullmatch(rf"guest: end {re.escape(program)} (\d+)", line)
            if found:
                return int(found[1])
        return None

    def lines_of(self, program):
        """What one program wrote."""
        lines, inside = [], False
        for line in self.output:
            if line.startswith(f"guest: end {program} "):
                break
            if inside:
                lines.append(line)
            inside = inside or line == f"guest: start {program}"
        return lines


def boot(programs, name, *, machine=PC, kernel=KERNEL, initrd=INITRD, mem="4G", cpu=None,
         append="", limit=LIMIT, accel=None, show=None, qemu=()):
    """Boot, run the programs, power off; the logs are build/logs/NAME.{kernel,output}."""
    need_tool(machine.qemu, machine.package)
    log = new_log(name)
    command = [machine.qemu, *machine.options, *ACCELERATION[accel or acceleration()],
               "-cpu", cpu or machine.cpu, "-smp", machine.cpus,
               "-m", mem, "-nodefaults", "-display", "none", "-no-reboot",
               "-kernel", str(kernel), "-initrd", str(initrd), "-append",
               f"console={machine.console} out={machine.out} oops=panic panic=-1 {append} "
               f"run={';'.join(programs)}",
               "-serial", f"file:{log}", *machine.terminal, *qemu]
    return run(command, name, limit, show)


def boot_um(programs, name, *, kernel=UM, initrd=INITRD, mem="2G", append="", limit=LIMIT,
            show=None):
    """The same as a process of the host, by um: no emulation, and no devices."""
    # The kernel's console is stderr, the second serial port is stdout.
    command = ["sh", "-c", 'exec "$@" 2>"$0"', str(new_log(name)), str(kernel), f"mem={mem}",
               f"initrd={initrd}", "con=null", "con0=null,fd:2", "ssl=null", "ssl1=null,fd:1",
               "oops=panic", "panic=-1", *append.split(), f"run={';'.join(programs)}"]
    return run(command, name, limit, show)


def new_log(name):
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{name}.kernel"
    log.unlink(missing_ok=True)
    return log


def run(command, name, limit, show):
    log = LOGS / f"{name}.kernel"
    lines, why = follow(command, LOGS / f"{name}.output", limit, show)
    guest = Guest(lines, log)
    if why:
        raise Stop(f"guest {name} {why}; the end of its kernel log: "
                   f"{' / '.join(guest.log[-3:])[-300:]} (all of it in {log})")
    return guest


def follow(command, out, limit, show):
    """Run QEMU or um, passing on its lines; ([line], None or what went wrong)."""
    lines, rest, end = [], b"", time.monotonic() + limit
    # um signals its whole session when it panics.
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, start_new_session=True) as qemu, open(out, "wb") as file, \
         selectors.DefaultSelector() as ready:
        ready.register(qemu.stdout, selectors.EVENT_READ)
        try:
            while True:
                if not ready.select(max(0, end - time.monotonic())):
                    if "guest: done" in lines:
                        break
                    return lines, f"did not end within {limit} s and was stopped (LIMIT=SECONDS)"
                data = os.read(qemu.stdout.fileno(), 65536)
                if not data:
                    break
                file.write(data)
                file.flush()
                *whole, rest = (rest + data).replace(b"\r", b"").split(b"\n")
                for line in whole:
                    lines.append(line.decode(errors="replace"))
                    if show:
                        show(lines[-1])
                    if lines[-1] == "guest: done":
                        end = time.monotonic() + POWER_OFF_LIMIT
        finally:
            qemu.kill()
    if "guest: done" not in lines:
        return lines, f"ended before its programs did ({' / '.join(lines[-2:])})"
    return lines, None


def acceleration():
    """kvm where a guest really starts under it, else tcg; ACCEL overrides."""
    given = os.environ.get("ACCEL")
    if given and given not in ACCELERATION:
        raise Stop(f"ACCEL={given} is none of {', '.join(ACCELERATION)}")
    if given:
        return given
    memory = BUILD / "accel.json"
    found = read_json(memory).get("accel")
    if not found:
        found = "kvm" if kvm_works() else "tcg"
        say(f"QEMU runs with {found} here")
        write(memory, f'{{"accel": "{found}"}}\n')
    return found


def kvm_works():
    """/dev/kvm may open and yet no guest start: boot one and see."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    try:
        boot([], "kvm-probe", initrd=BUILD / "guest/empty.cpio.gz", mem="512M",
             append="kunit.enable=0", limit=PROBE_LIMIT, accel="kvm")
    except Stop:
        return False
    return True


def main(args):
    parser = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].strip())
    parser.add_argument("-u", action="store_true", dest="um", help="um instead of QEMU")
    parser.add_argument("-m", default="4G")
    parser.add_argument("-c", default="qemu64")
    parser.add_argument("-a", default="")
    parser.add_argument("-l", type=int, default=LIMIT)
    parser.add_argument("-n", default="boot")
    parser.add_argument("-k", default=KERNEL)
    parser.add_argument("-p", action="store_true", help="with devices for P2P")
    parser.add_argument("-2", action="store_true", dest="nodes", help="with two nodes, in 4G")
    parser.add_argument("program", nargs="+")
    opt = parser.parse_args(args)
    if opt.um:
        guest = boot_um(opt.program, opt.n, mem=opt.m, append=opt.a, limit=opt.l, show=say)
    else:
        guest = boot(opt.program, opt.n, kernel=opt.k, mem=opt.m, cpu=opt.c,
                     append=opt.a, limit=opt.l, show=say,
                     qemu=(P2P_DEVICES if opt.p else ()) + (TWO_NODES if opt.nodes else ()))
    for line in guest.bad_lines():
        say(f"kernel: {line}")
    codes = [guest.status(program.split(",")[0]) for program in opt.program]
    return int(any(codes) or bool(guest.bad_lines()))


if __name__ == "__main__":
    entry(main)
