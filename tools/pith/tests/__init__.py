# SPDX-License-Identifier: BSD-2-Clause
"""The named groups of tests that `./pith test` runs. A group stands here once it tests something;
what is not written yet is not listed. One that passes stands in IN_CI too: those are what
`./pith test` runs when it is given no names."""

import os

from pith.tests.campaign import CampaignGroup
from pith.tests.debug_clean import DebugCleanGroup
from pith.tests.group import Group
from pith.tests.guest import HostileGroup, KernelGroup, SyscallsGroup
from pith.tests.hotplug import HotPlugGroup
from pith.tests.objects import ObjectsGroup
from pith.tests.placements import MIXED, SERVERS, PlacementsGroup, Storm
from pith.tests.programs import ProgramGroup
from pith.tests.pytest_group import PytestGroup

# In the order they run: the quick ones first, so that a broken tree is known soon.
GROUPS: list[Group] = [
    ProgramGroup("tools", "the checkers and image makers of ./pith themselves",
                 ["/usr/bin/python3", "-m", "unittest", "discover", "-s", "tools", "-t", "tools",
                  "-p", "*_test.py"], needs=(), seconds=120),
    ProgramGroup("lint", "the house rules", ["./pith", "lint"], needs=(), seconds=120),
    PytestGroup("smoke", "every build, started on every machine until it wants a root disk",
                "tests/drive/smoke_test.py", seconds=900, needs=("build", "gcc", "qemu")),
    ObjectsGroup("objects", "component objects: no writable data, nothing undefined, whole"),
    KernelGroup("kernel", "the tests inside the kernel, in the debug build"),
    ProgramGroup("crimes", "bugs planted in the debug kernel: each must be caught, its own way",
                 ["/usr/bin/python3", "tests/kernel/crimes.py"], needs=("build", "qemu"),
                 seconds=900),
    DebugCleanGroup("debug-clean",
                    "loads on the debug kernel: no report of a detector, no hang"),
    ProgramGroup("unit", "unit tests on the host, under the sanitizers",
                 ["/usr/bin/python3", "host/test/build.py", "--sanitize", "all"],
                 needs=("build", "host-tests"), seconds=1500),
    ProgramGroup("gate-model", "the gate protocol in every order of events, by Spin",
                 ["/usr/bin/python3", "tests/gate_model/run.py"], needs=("model",), seconds=600),
    SyscallsGroup("syscalls", "static programs that must do on Pith what they do on Linux"),
    ProgramGroup("native", "native calls: rights, deaths, storms with kills, the examples",
                 ["/usr/bin/python3", "tests/native/run.py"], needs=("build", "programs", "qemu"),
                 seconds=600),
    HostileGroup("hostile", "attacks from user mode, after which the system must answer"),
    PlacementsGroup("one-object", "each component is the same bytes in every placement",
                    (Storm("same"),)),
    PytestGroup("placements", "a tree read by components in every placement is what Linux reads",
                "tests/drive/placements_test.py", seconds=900),
    PlacementsGroup("containment", "a component that crashes in the kernel ends alone",
                    (Storm("crash"),)),
    PlacementsGroup("move-storm",
                    "components moved under load: no error, no lost byte, short pauses",
                    (Storm("move", 300, 7_000), Storm("move", 200, 3_000, icount=True))),
    PlacementsGroup("kill-storm", "components killed under load: no error, no lost byte",
                    (Storm("kill", 120, 3_000, MIXED), Storm("kill", 80, 2_000, SERVERS))),
    PlacementsGroup("restart-time", "from an end to the first request served: few instructions",
                    (Storm("restart", icount=True), Storm("crash", icount=True))),
    PytestGroup("disks", "Debian's root on every kind of disk, over a restart and kills",
                "tests/drive/disks_test.py", seconds=900, needs=("debian",)),
    PytestGroup("modules", "devices bring their drivers from /lib/modules, by modprobe and by udev",
                "tests/drive/modules_test.py", seconds=600, needs=("debian",)),
    PytestGroup("loop", "files as disks: losetup, mount -o loop; the component killed and moved",
                "tests/drive/loop_test.py", seconds=600, needs=("debian",)),
    PlacementsGroup("version-swap", "versions of a component take over from each other under load",
                    (Storm("swap", 20, 500),)),
    PytestGroup("iommu", "devices behind a remapping unit reach what they were lent, and no more",
                "tests/drive/iommu_test.py", seconds=600, needs=("debian",)),
    PlacementsGroup("iommu-storms", "components moved and killed behind a remapping unit",
                    (Storm("move", 60, 3_000, iommu=True),
                     Storm("kill", 30, 2_000, MIXED, iommu=True),
                     Storm("kill", 30, 2_000, SERVERS, iommu=True))),
    CampaignGroup("fault-campaign", "faults made in components: they end alone and come back"),
    HotPlugGroup("hotplug", "disks plugged in and pulled out under load: clean errors, no leak"),
    ProgramGroup("power-cuts", "crash states of an ext4 volume: nothing promised is lost",
                 ["/usr/bin/python3", "tests/power_cuts/run.py"],
                 needs=("build", "host-tests", "qemu"), seconds=900),
    PytestGroup("run", "./pith run: argv, streams, statuses, failures",
                "tests/drive/run_command_test.py", seconds=900),
    PytestGroup("demo", "./pith demo: a database while what is under it is moved, killed, replaced",
                "tests/drive/demo_test.py", seconds=600),
    PytestGroup("interactive", "a shell session: job control, Ctrl-C, less, vi, top, resizing",
                "tests/drive/interactive_test.py", seconds=600),
    PytestGroup("same-as-linux", "programs whose output must be what it is on Linux",
                "tests/drive/same_as_linux_test.py", seconds=1800,
                needs=("agent",)),
    PytestGroup("boot-matrix", "machines, processors, memory sizes and loaders",
                "tests/drive/boot_matrix_test.py", seconds=1200),
    PytestGroup("initramfs", "an initramfs in every compression, several in a row, and damaged",
                "tests/drive/initramfs_test.py", seconds=1500,
                needs=("build", "qemu", "busybox", "packers")),
    PytestGroup("debugger", "the commands of ./pith debug over a running kernel",
                "tests/drive/debugger_test.py", seconds=600, needs=("debug", "qemu")),
    PytestGroup("compilers", "clang and g++ build a kernel that boots",
                "tests/drive/compilers_test.py", seconds=1800, needs=("build", "gcc")),
    ProgramGroup("bench", "no operation takes more instructions than on Linux",
                 ["./pith", "bench", "--check", "--recorded"], seconds=900,
                 needs=("build", "bench", "host-tests", "qemu"),
                 full_command=["./pith", "bench", "--check"]),
    PytestGroup("component-cost", "gates, servers and fio's reads take few instructions",
                "tests/drive/component_cost_test.py", seconds=900,
                needs=("build", "bench", "host-tests", "qemu")),
    ProgramGroup("fuzz", "each fuzz target for some seconds, from the inputs found before",
                 ["/usr/bin/python3", "host/test/fuzz.py"],
                 needs=("build", "host-tests", "packers"), seconds=1500),
    PytestGroup("fresh", "a fresh Debian 12 and the README's commands",
                "tests/drive/fresh_test.py", seconds=1500, needs=("debian",)),
]

# What passes today; a group joins the day it does. All others run by name.
IN_CI = ["tools", "lint", "smoke", "objects", "kernel", "crimes", "debug-clean", "unit",
         "syscalls", "native", "hostile", "one-object", "containment", "placements", "disks",
         "modules", "loop", "iommu", "hotplug", "move-storm", "kill-storm", "version-swap",
         "fault-campaign", "power-cuts", "gate-model", "restart-time", "bench", "component-cost",
         "run", "demo", "interactive", "same-as-linux", "boot-matrix", "initramfs", "debugger",
         "compilers", "fresh"]
# Those that keep one processor busy and measure no time: neighbours among them run two at a time.
ONE_PROCESSOR = {"gate-model", "restart-time", "bench", "component-cost"}

# Set within the machine of the group `fresh`, which would otherwise make another one.
if os.environ.get("PITH_TEST_INSIDE_FRESH"):
    GROUPS = [group for group in GROUPS if group.name != "fresh"]


def in_ci() -> list[Group]:
    """The groups that `./pith test` runs without names."""
    known = by_name()
    return [known[name] for name in IN_CI if name in known]


def by_name() -> dict[str, Group]:
    """The groups by the names the command line takes."""
    return {group.name: group for group in GROUPS}
