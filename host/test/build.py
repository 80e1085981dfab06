#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""Builds and runs the host tests of components, gates and devices.

usage: host/test/build.py [--sanitize address|thread|none] [--filter REGEX] [--list]
One ninja file per kind in build/host-KIND; one program for each entry of TESTS.
"""
import argparse
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORT = ["host/test/kernel_port.cpp", "base/format.cpp"]
GATE = ["core/gate/strand.cpp", "core/gate/strand_phases.cpp", "core/gate/waiting.cpp",
        "core/gate/worker.cpp"]
HOME = ["host/test/home.cpp", "host/test/fake_virtio.cpp"]

# name: (sources, kinds it runs under)
TESTS = {
    "virtio_blk": (["components/block/virtio_blk/component.cpp",
                    "components/block/virtio_blk/requests.cpp",
                    "components/block/virtio_blk/virtio_blk_test.cpp"] + HOME + PORT, ["address"]),
    "ramdisk": (["components/block/ramdisk/component.cpp",
                 "components/block/ramdisk/ramdisk_test.cpp"] + HOME + PORT, ["address"]),
    "serial_16550": (["components/serial/serial_16550/component.cpp",
                      "components/serial/serial_16550/serial_16550_test.cpp"] + HOME + PORT,
                     ["address"]),
    "virtio_console": (["components/console/virtio_console/component.cpp",
                        "components/console/virtio_console/ports.cpp",
                        "components/console/virtio_console/control.cpp",
                        "components/console/virtio_console/virtio_console_test.cpp"] + HOME + PORT,
                       ["address"]),
    "gate": (["core/gate/protocol_test.cpp", "core/gate/strand_test.cpp"] + GATE + PORT,
             ["address", "thread"]),
}

FLAGS = {
    "address": "-fsanitize=address,undefined -fno-sanitize-recover=all -fno-sanitize=vptr,function",
    "thread": "-fsanitize=thread",
    "none": "-O2",
}


def ninja(kind):
    out = ROOT / "build" / f"host-{kind}"
    out.mkdir(parents=True, exist_ok=True)
    lines = [
        f"flags = -std=c++23 -O1 -g -Wall -Wextra -fno-exceptions -fno-rtti -DPITH_HOST_TEST"
        f" -DPITH_DEBUG -I{ROOT} -I{ROOT}/host/test {FLAGS[kind]} -fno-omit-frame-pointer",
        "rule cxx", f"  command = clang++-19 $flags -MD -MF $out.d -c $in -o $out",
        "  depfile = $out.d", "  deps = gcc",
        "rule link", f"  command = clang++-19 $flags $in -lgtest -lgtest_main -lpthread -o $out",
        "rule object", f"  command = python3 {ROOT}/host/test/component_object.py $out $name",
    ]
    objects = {}
    programs = []
    for name, (sources, kinds) in TESTS.items():
        if kind not in kinds and kind != "none":
            continue
        for source in sources:
            target = source.replace("/", ".") + ".o"
            if source not in objects:
                objects[source] = target
                lines.append(f"build {target}: cxx {ROOT / source}")
        lines.append(f"build {name}_test: link " + " ".join(objects[s] for s in sources))
        programs.append((name, out / f"{name}_test"))
    (out / "build.ninja").write_text("\n".join(lines) + "\n")
    return out, programs


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sanitize", default="address", choices=FLAGS)
    parser.add_argument("--only", help="one entry of the list")
    parser.add_argument("--filter", default="*", help="handed to --gtest_filter")
    parser.add_argument("--list", action="store_true")
    options = parser.parse_args()
    out, programs = ninja(options.sanitize)
    if options.only:
        programs = [p for p in programs if p[0] == options.only]
    if options.list:
        print("\n".join(name for name, _ in programs))
        return 0
    targets = [p.name for _, p in programs]
    if subprocess.run(["ninja", "-C", str(out), "--quiet", "-j2", *targets]).returncode:
        return 1
    failed = [name for name, program in programs
              if subprocess.run([program, f"--gtest_filter={options.filter}", "--gtest_brief=1"],
                                cwd=ROOT).returncode]
    print(f"host {options.sanitize}: {len(programs) - len(failed)} passed, {len(failed)} failed"
          + (": " + " ".join(failed) if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
