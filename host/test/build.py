#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds and runs the host tests: every *_test.cpp of the tree, as Linux processes, sanitized.

usage: host/test/build.py [--sanitize all|address|thread|none] [--only NAME] [--filter REGEX]

A test is an entry of TESTS, or stands alone and says near its head what it links:

    // links: base/format.cpp host/test/base_port.cpp
    // kinds: address thread

(`kinds` may be left out: address.) A test file that does neither is a failure. One ninja file per
kind in build/unit/KIND; the last line is `N passed, N failed`, counted in tests.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORT = ["host/test/kernel_port.cpp", "base/format.cpp"]
GATE = ["core/gate/strand.cpp", "core/gate/strand_batch.cpp",
        "core/gate/strand_phases.cpp", "core/gate/waiting.cpp", "core/gate/worker.cpp",
        "core/gate/containment.cpp", "core/gate/patience.cpp",
        "arch/x86_64/component_call.S"]
HOME = ["host/test/home.cpp", "host/test/fake_virtio.cpp"]
CORE = ["core/component/component_image.cpp", "core/component/component_object.cpp",
        "core/component/dma_memory.cpp", "core/component/entropy.cpp",
        "core/component/env_buffers.cpp", "core/component/env_calls.cpp",
        "core/component/injection.cpp", "core/component/instance_versions.cpp",
        "core/component/kernel_env.cpp", "arch/x86_64/text_faults.cpp",
        "arch/x86_64/instruction.cpp",
        "core/component/instance.cpp", "core/component/instance_moves.cpp",
        "core/component/instance_recovery.cpp", "core/component/interfaces.cpp",
        "core/component/kernel_home.cpp", "core/component/manager.cpp",
        "core/component/object_loader.cpp", "core/component/placement.cpp",
        "core/device/block_device.cpp", "core/device/block_names.cpp",
        "core/device/block_queue.cpp", "core/device/block_registry.cpp",
        "core/device/byte_stream_device.cpp",
        "core/device/device.cpp", "core/device/partition_table.cpp", "base/sha256.cpp",
        "host/test/core_port.cpp", "host/test/memory_port.cpp"]
# Components as every image holds them, for the tests of the loader and of instances: by the macro
# that says in a test's source where the object lies.
OBJECTS = {"PITH_TEST_OBJECT": "components/block/ramdisk/component.cpp",
           "PITH_TEST_LOOP": "components/block/loop/component.cpp"}
OBJECT_SUPPORT = ["base/memory_functions.cpp", "base/format.cpp"]
OBJECT_FLAGS = ("-std=c++23 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics "
                "-fno-asynchronous-unwind-tables -fvisibility=hidden -fno-common -mno-red-zone "
                "-mno-sse -mno-mmx -O2 -fPIC -mcmodel=small -fno-stack-protector -fno-builtin")
EXT4 = ["core/file/journal.cpp", "core/file/journal_home.cpp", "core/file/change_set.cpp",
        "core/file/metadata_cache.cpp", "core/file/volume_state.cpp",
        "core/file/extent_cache.cpp", "base/format.cpp", "tests/ext4/test_volume.cpp",
        "tests/ext4/image_source.cpp", "tests/ext4/instance.cpp", "components/fs/ext4/*.cpp",
        "components/fs/ext4/journal/*.cpp"]

# name: (sources, kinds it runs under)
TESTS = {
    "virtio_blk": (["components/block/virtio_blk/component.cpp",
                    "components/block/virtio_blk/requests.cpp",
                    "components/block/virtio_blk/virtio_blk_test.cpp"] + HOME + PORT, ["address"]),
    "virtio_scsi": (["components/block/virtio_scsi/*.cpp"] + HOME + PORT, ["address"]),
    "virtio_rng": (["components/random/virtio_rng/*.cpp"] + HOME + PORT, ["address"]),
    "rtc_cmos": (["components/clock/rtc_cmos/*.cpp"] + HOME + PORT, ["address"]),
    "nvme": (["components/block/nvme/*.cpp", "host/test/fake_nvme.cpp"] + HOME + PORT,
             ["address"]),
    "ahci": (["components/block/ahci/*.cpp", "host/test/fake_ahci.cpp"] + HOME + PORT,
             ["address"]),
    "described_devices": (["arch/x86_64/described_devices.cpp",
                           "arch/x86_64/described_devices_test.cpp"] + PORT, ["address"]),
    "ramdisk": (["components/block/ramdisk/component.cpp",
                 "components/block/ramdisk/ramdisk_test.cpp"] + HOME + PORT, ["address"]),
    "loop": (["components/block/loop/*.cpp"] + HOME + PORT, ["address"]),
    "serial_16550": (["components/serial/serial_16550/component.cpp",
                      "components/serial/serial_16550/serial_16550_test.cpp"] + HOME + PORT,
                     ["address"]),
    "virtio_console": (["components/console/virtio_console/component.cpp",
                        "components/console/virtio_console/ports.cpp",
                        "components/console/virtio_console/control.cpp",
                        "components/console/virtio_console/virtio_console_test.cpp"] + HOME + PORT,
                       ["address"]),
    "gate": (["core/gate/protocol_test.cpp", "core/gate/strand_test.cpp",
              "core/gate/batch_test.cpp", "core/gate/crew_test.cpp", "core/gate/loans_test.cpp",
              "core/gate/child_calls_test.cpp",
              "host/test/memory_port.cpp"] + GATE + PORT,
             ["address", "thread"]),
    "loader": (["core/component/object_loader_test.cpp", "core/component/object_loader.cpp",
                "host/test/memory_port.cpp"] + PORT, ["address"]),
    "children": (["core/component/children_test.cpp"] + CORE + GATE + PORT,
                 ["address", "thread"]),
    "instance": (["core/component/instance_test.cpp"] + CORE + GATE + PORT,
                 ["address", "thread"]),
    "unloading": (["core/component/unloading_test.cpp"] + CORE + GATE + PORT,
                  ["address", "thread"]),
    "log_limit": (["core/observe/log_limit_test.cpp"] + PORT, ["address"]),
    "block_queue": (["core/device/block_queue_test.cpp", "core/device/block_queue.cpp",
                     "host/test/memory_port.cpp"]
                    + GATE + PORT, ["address", "thread"]),
    "byte_stream": (["core/device/byte_stream_device_test.cpp"] + CORE + GATE + PORT,
                    ["address", "thread"]),
    "device": (["core/device/partition_table_test.cpp", "core/device/partition_table.cpp",
                "base/sha256_test.cpp", "base/sha256.cpp"] + PORT, ["address"]),
    "ext4": (["tests/ext4/*_test.cpp"] + EXT4, ["address"]),
    "power_cuts": (["tests/power_cuts/*.cpp"] + EXT4, ["address"]),
}

CHECKED = "-O1 -fno-omit-frame-pointer -DPITH_DEBUG"
FLAGS = {
    "address": f"{CHECKED} -fsanitize=address,undefined -fno-sanitize-recover=all"
               " -fno-sanitize=vptr,function",
    "thread": f"{CHECKED} -fsanitize=thread",
    "none": "-O2 -fomit-frame-pointer",  # as the release kernel: to count instructions
}
# Tests of the kernel itself run inside it.
IN_KERNEL = "_kernel_test.cpp"
HEAD_LINES = 12
# Equal sources in another work tree are not compiled again.
CACHE = (f"CCACHE_BASEDIR={ROOT} CCACHE_NOHASHDIR=1 ccache " if shutil.which("ccache") else "")
SECONDS = int(os.environ.get("UNIT_SECONDS", "900"))  # for one program
# Programs that take minutes: run as so many processes side by side, each with its share of tests.
SHARDS = {"ext4": 2}


@dataclasses.dataclass
class Counts:
    """Tests, over all programs."""

    passed: int = 0
    failed: int = 0


def expanded(sources: list[str], without: tuple[str, ...] = ("_fuzz",)) -> list[str]:
    """The sources with patterns replaced by the files they match, but for names that end as one of
    `without` does; an unmatched pattern is an error."""
    found = []
    for source in sources:
        matching = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob(source)
                          if not path.stem.endswith(without))
        if not matching:
            sys.exit(f"host/test/build.py: there is no {source}")
        found += matching
    return found


def declared(file: pathlib.Path) -> tuple[list[str], list[str]]:
    """What a test that stands alone says of itself: sources and kinds."""
    words: dict[str, list[str]] = {"links": [], "kinds": []}
    for line in file.read_text(encoding="utf-8").splitlines()[:HEAD_LINES]:
        if match := re.match(r"// (links|kinds): (.*)", line):
            words[match[1]] += match[2].split()
    return words["links"], words["kinds"] or ["address"]


def all_tests() -> tuple[dict[str, tuple[list[str], list[str]]], list[str]]:
    """Every program by name, and the test files that nobody links."""
    tests = {name: (expanded(sources), kinds) for name, (sources, kinds) in TESTS.items()}
    listed = {source for sources, _ in tests.values() for source in sources}
    orphans = []
    for file in sorted(ROOT.glob("[a-z]*/**/*_test.cpp")):
        path = str(file.relative_to(ROOT))
        if path.startswith("build/") or path.endswith(IN_KERNEL) or path in listed:
            continue
        links, kinds = declared(file)
        if not links:
            orphans.append(path)
            continue
        name = path.removesuffix("_test.cpp").replace("/", ".")
        tests[name] = ([path, *expanded(links, without=("_test", "_fuzz"))], kinds)
    return tests, orphans


def ninja(kind, tests):
    """Writes the kind's build.ninja; answers the programs it makes."""
    out = ROOT / "build" / "unit" / kind
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        f"flags = -std=c++23 -g -Wall -Wextra -fno-exceptions -fno-rtti -DPITH_HOST_TEST"
        f" -I{ROOT} -I{ROOT}/host/test {FLAGS[kind]}",
        "rule cxx", f"  command = {CACHE}clang++-19 $flags -MD -MF $out.d -c $in -o $out",
        "  depfile = $out.d", "  deps = gcc", "  description = C++ $in",
        "rule link", f"  command = clang++-19 $flags $in -lgtest -lgtest_main -lpthread -o $out",
        "  description = LINK $out",
        "rule component", f"  command = {CACHE}clang++-19 {OBJECT_FLAGS} -I{ROOT} -MD -MF $out.d"
        " -c $in -o $out", "  depfile = $out.d", "  deps = gcc",
        "rule object", "  command = ld.lld-19 -r $in -o $out",
    ]
    parts = {source: "object." + source.replace("/", ".") + ".o"
             for source in [*OBJECTS.values(), *OBJECT_SUPPORT]}
    lines += [f"build {part}: component {ROOT / source}" for source, part in parts.items()]
    for macro, source in OBJECTS.items():
        inputs = " ".join(parts[each] for each in [source, *OBJECT_SUPPORT])
        lines.append(f"build {macro}.o: object {inputs}")
    made = " ".join(f"{macro}.o" for macro in OBJECTS)
    objects = {}
    programs = []
    for name, (sources, kinds) in tests.items():
        if kind not in kinds and kind != "none":
            continue
        for source in sources:
            target = source.replace("/", ".") + ".o"
            if source not in objects:
                objects[source] = target
                lines.append(f"build {target}: cxx {ROOT / source}")
                text = (ROOT / source).read_text(encoding="utf-8")
                named = [macro for macro in OBJECTS if macro in text]
                if named:
                    lines.append("  flags = $flags " + " ".join(
                        f"-D{macro}='\"{out / macro}.o\"'" for macro in named))
        lines.append(f"build {name}_test: link " + " ".join(objects[s] for s in sources)
                     + f" || {made}")
        programs.append((name, out / f"{name}_test"))
    text = "\n".join(lines) + "\n"
    file = out / "build.ninja"
    if not file.exists() or file.read_text(encoding="utf-8") != text:
        file.write_text(text, encoding="utf-8")
    return out, programs


def run_shard(command, environment) -> tuple[int | None, str]:
    """A program's status (None: its time was up) and what it said."""
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True,
                              errors="replace", timeout=SECONDS)
        return done.returncode, done.stdout + done.stderr
    except subprocess.TimeoutExpired:
        return None, f"the time was up ({SECONDS} s)"


def run_program(name, program, options, kind) -> Counts:
    """Runs one program; what failed is printed, its tests are counted."""
    environment = dict(os.environ)
    suppressions = ROOT / "host" / "test" / "thread.supp"
    if not environment.get("PITH_TEST_FULL"):
        environment.setdefault("RANDOM_STEPS", "300")  # of each of the volume's random tests
    environment["TSAN_OPTIONS"] = f"suppressions={suppressions}"
    begin = time.monotonic()
    command = [program, f"--gtest_filter={options.filter}", "--gtest_brief=1"]
    shards = SHARDS.get(name, 1)
    environments = [{**environment, "GTEST_TOTAL_SHARDS": str(shards), "GTEST_SHARD_INDEX": str(i)}
                    for i in range(shards)]
    with concurrent.futures.ThreadPoolExecutor(shards) as pool:
        ends = list(pool.map(lambda its: run_shard(command, its), environments))
    # The first that did not end well speaks for all.
    status = next((status for status, _ in ends if status != 0), 0)
    text = "\n".join(text for _, text in ends)
    numbers = {word: sum(map(int, re.findall(rf"^\[  {word}  \] (\d+) tests?", text, re.MULTILINE)))
               for word in ("PASSED", "FAILED")}
    counts = Counts(numbers["PASSED"], numbers["FAILED"])
    if status != 0 and counts.failed == 0:
        counts.failed = 1  # it died, or a sanitizer spoke
    if status == 0 and counts.passed == 0 and options.filter == "*":
        counts.failed = 1  # it tested nothing
    print(f"{kind} {name}: {counts.passed} passed, {counts.failed} failed"
          f" ({time.monotonic() - begin:.1f} s)", flush=True)
    if counts.failed:
        print(f"status {status}\n{text}")
    return counts


def run_kind(kind, tests, options) -> Counts:
    """Builds and runs every program of a kind."""
    out, programs = ninja(kind, tests)
    if options.only:
        programs = [p for p in programs if p[0] == options.only]
    if options.list:
        print("\n".join(f"{kind} {name}" for name, _ in programs))
        return Counts()
    total = Counts()
    # All at once, which keeps every processor busy; what does not build says so below.
    subprocess.run(["ninja", "-C", str(out), "--quiet", "-k0", *(p.name for _, p in programs)],
                   stdout=subprocess.DEVNULL, check=False)
    for name, program in programs:
        # One program that does not build keeps none of the others from running.
        done = subprocess.run(["ninja", "-C", str(out), "--quiet", program.name],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout)
            print(f"{kind} {name}: does not build")
            total.failed += 1
            continue
        if options.build:
            total.passed += 1
            continue
        counts = run_program(name, program, options, kind)
        total.passed += counts.passed
        total.failed += counts.failed
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sanitize", default="address", choices=[*FLAGS, "all"])
    parser.add_argument("--only", help="one program of the list")
    parser.add_argument("--filter", default="*", help="handed to --gtest_filter")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--build", action="store_true", help="build, run nothing")
    options = parser.parse_args()
    tests, orphans = all_tests()
    total = Counts(0, len(orphans))
    for path in orphans:
        print(f"{path}: in no program: wants a line `// links: ...` or an entry of TESTS")
    for kind in ("address", "thread") if options.sanitize == "all" else (options.sanitize,):
        counts = run_kind(kind, tests, options)
        total.passed += counts.passed
        total.failed += counts.failed
    if options.list:
        return 0
    print(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
