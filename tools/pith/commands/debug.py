# SPDX-License-Identifier: BSD-2-Clause
"""Boot a machine with gdb attached on this terminal.

The kernel stands at its first instruction, its addresses as linked (nokaslr). The machine runs
the COMMAND given after --, or waits; its output and the kernel's log go to build/debugger/. The
commands for threads, address spaces, locks and pages are those of tools/gdb.
"""

import argparse
import os
import signal
import socket
import subprocess

from pith import packages
from pith.commands.machine_options import add_machine_arguments, machine_options
from pith.errors import PithError
from pith.images.kernels import Kernel
from pith.machine.runner import prepare
from pith.paths import BUILD, ROOT
from pith.process import end_with_parent
from pith.progress import say

TAKES_COMMAND = True
WAITING_COMMAND = ["sleep", "1000000"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The machine's options."""
    add_machine_arguments(parser)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _gdb_command(kernel: Kernel, port: int) -> list[str]:
    command = ["gdb", "-q", "-ex", "set pagination off", "-ex", "set confirm off"]
    for script in sorted((ROOT / "tools" / "gdb").glob("*.py")):
        command += ["-x", str(script)]
    if kernel.symbols is not None:
        command += ["-ex", f"file {kernel.symbols}"]
    return [*command, "-ex", f"target remote localhost:{port}"]


def _own_words(arguments: argparse.Namespace, port: int, log: str) -> list[str]:
    """The options of this run as words for `./pith run`."""
    words = ["--kernel", arguments.kernel, "--rootfs", arguments.rootfs, "--smp",
             str(arguments.smp), "--memory", str(arguments.memory), "--machine",
             arguments.machine, f"--append={arguments.append} nokaslr", "--log", log,
             f"--gdb={port}"]
    words += ["--boot", arguments.boot] if arguments.boot else []
    words += ["--packages", ",".join(arguments.packages)] if arguments.packages else []
    words += ["--copy-in", str(arguments.copy_in)] if arguments.copy_in else []
    for disk in arguments.disk:
        words += ["--disk", disk]
    for flag in ("debug", "icount", "keep"):
        words += [f"--{flag}"] if getattr(arguments, flag) else []
    return words


def main(arguments: argparse.Namespace) -> int:
    """Runs gdb in the foreground; the machine ends with it."""
    if arguments.qemu_args or arguments.timeout:
        raise PithError("debug takes neither --qemu-args nor --timeout")
    packages.require("debug")
    kernel = prepare(machine_options(arguments, arguments.kernel))
    directory = BUILD / "debugger"
    directory.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    log = str(directory / "kernel.log")
    command = [str(ROOT / "pith"), "run", *_own_words(arguments, port, log), "--",
               *(arguments.guest_command or WAITING_COMMAND)]
    say(f"output and log: {directory.relative_to(ROOT)}")
    with open(directory / "output.log", "wb") as output:
        machine = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                   process_group=0, preexec_fn=end_with_parent)
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is gdb's
    try:
        environment = dict(os.environ, DEBUGINFOD_URLS="")
        return subprocess.run(_gdb_command(kernel, port), env=environment, check=False,
                              preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
                              ).returncode
    finally:
        signal.signal(signal.SIGINT, previous)
        machine.terminate()
        machine.wait()
