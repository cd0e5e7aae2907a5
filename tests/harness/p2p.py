# SPDX-License-Identifier: GPL-2.0
"""make check-p2p: P2P DMA between emulated PCI devices, by every path and IOMMU that QEMU has.

Two boots are those of make check. The others, all but one with an IOMMU, write the table of the
README: what is between the devices, how Linux lets one reach the other, where the data was moved.
"""

import re
from dataclasses import dataclass

import check
import guest
import kernel
from bench import in_readme
from common import LOGS, entry, lock, say

IOMMU = kernel.Config("x86_64-iommu", (*kernel.X86.fragments, kernel.CONFIGS / "iommu.config"))

MEMORY = ("-object", "memory-backend-ram,id=window,size=8M,share=on")
EDU = "edu,dma_mask=0xffffffffffffffff"


def port(name, bus="pcie.0"):
    return ("-device", f"pcie-root-port,id={name},bus={bus},chassis={int(name[4:]) + 1}")


# Exporter and importers behind a root port each; one of these is of another host bridge.
PORTS = (*MEMORY, *port("port0"), "-device", "ivshmem-plain,bus=port0,memdev=window",
         *port("port1"), "-device", f"{EDU},bus=port1",
         "-device", "pxb-pcie,id=bridge,bus_nr=0x40,bus=pcie.0",
         *port("port2", "bridge"), "-device", f"{EDU},bus=port2")
# The same on the bus of the host bridge: QEMU's AMD IOMMU takes what is behind a port, whose
# bus has no number yet when it looks, for another device (findings/qemu-amd-iommu-root-port.sh).
BUS = (*MEMORY, *(part for number, device in
                  enumerate(("ivshmem-plain,memdev=window", EDU, EDU), 8)
                  for part in ("-device", f"{device},addr={number:x}")))
SWITCH = guest.P2P_DEVICES
NAMES = {PORTS: "ports", BUS: "one bus", SWITCH: "switch"}


@dataclass(frozen=True)
class Case:
    """A machine, its IOMMU, and what is run on it."""
    iommu: str
    qemu: tuple
    append: str
    domain: str			# what Linux calls the way in which the devices use it
    devices: tuple = PORTS
    cpu: str = "EPYC"		# lets any two root ports reach each other
    tests: tuple = ()		# all of them

    @property
    def name(self):
        return f"{self.iommu}, {self.domain}, {NAMES[self.devices]}, {self.cpu}"


INTEL, AMD, VIRTIO = (("-device", device) for device in
                      ("intel-iommu", "amd-iommu", "virtio-iommu-pci"))
CASES = (
    Case("none", (), "", "none"),
    Case("Intel", INTEL, "iommu.strict=1", "DMA"),
    Case("Intel", INTEL, "iommu.strict=0", "DMA-FQ"),
    Case("Intel", INTEL, "iommu=pt", "identity"),
    Case("Intel", INTEL, "iommu=pt", "identity", SWITCH),
    # Without a host bridge that lets them, the far importer must get RAM, through the IOMMU.
    # The near one must not be asked: QEMU would translate what the switch passes on.
    Case("Intel", INTEL, "iommu.strict=1", "DMA", SWITCH, "qemu64",
         ("path", "other_host_bridge", "importer_without_pci")),
    Case("AMD", AMD, "iommu.strict=1", "DMA", BUS),
    Case("virtio", VIRTIO, "iommu.strict=1", "DMA"),
)
COLUMNS = ("IOMMU", "domain", "CPU", "importer", "ACS redirect", "groups", "alias is mapped as",
           "data of the device", "cases")


def rows(case, lines, count):
    """Of what the tests print: a row for each importer."""
    said = [line.removeprefix("# p2p: ").split("|") for line in lines if line.startswith("# p2p: ")]
    said = [[cell.strip() for cell in cells] for cells in said]
    moved = {cells[0].split(", ", 1)[1]: cells for cells in said
             if cells[0].startswith(("read, ", "write, "))}
    for cells in said:
        if not cells[0].startswith("path: "):
            continue
        place = cells[0].removeprefix("path: ")
        how, where = "-", "-"
        if done := moved.get(place) or moved.get(f"{place} (refused)"):
            how = done[2] if done[1] == "alias" else f"no alias, {done[1]}: {done[2]}"
            where = done[4]
        yield [case.iommu, cells[1], case.cpu, place, *cells[2:], how, where,
               "/".join(str(count[key]) for key in ("passed", "failed", "skipped"))]


def run(case, report, found):
    chosen = "".join(f",-t,{test}" for test in case.tests)
    name = "check-p2p-" + re.sub(r"\W+", "-", case.name)
    result = check.boot(report, [check.P2P + chosen], name, kernel=IOMMU.image, cpu=case.cpu,
                        append=f"{check.NO_KUNIT} {case.append}", qemu=(*case.qemu, *case.devices))
    mine = list(rows(case, result.lines_of(check.P2P), result.counts[check.P2P]))
    mine = mine[:1] if mine[1:] == mine[:1] else mine
    for row in mine:
        report.add(f"{case.name}: domain", row[1] == case.domain, f"is {row[1]}")
    found[case.name] = mine


def main(_):
    LOGS.mkdir(parents=True, exist_ok=True)
    report, found = check.Report(), {}
    with lock():
        kernel.build()
        kernel.build(IOMMU)
        guest.acceleration()
        report.sections(check.p2p_sections() + [
            (f"guest, P2P, IOMMU {case.name}", None,
             lambda part, case=case: run(case, part, found)) for case in CASES])
    lines = [COLUMNS, ["---"] * len(COLUMNS),
             *(row for case in CASES for row in found.get(case.name, []))]
    if not report.count["failed"]:
        in_readme("paths", "".join(f"| {' | '.join(line)} |\n" for line in lines), "check-p2p")
    say(check.words(report.count))
    return int(report.count["failed"] > 0)


if __name__ == "__main__":
    entry(main)
