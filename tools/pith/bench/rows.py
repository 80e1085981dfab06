# SPDX-License-Identifier: BSD-2-Clause
"""The rows of the table: what is counted, and the most that Pith may take. Reached row by row; what
holds at any time is that Pith takes no more than Linux."""

import dataclasses

BOOT = "kernel_entry_to_first_user_instruction"


@dataclasses.dataclass(frozen=True)
class Row:
    """`key` is what bench/operations prints."""

    key: str
    title: str
    goal: int


ROWS = [
    Row(BOOT, "kernel entry to first user instruction", 30_000_000),
    Row("getppid", "getppid", 140),
    Row("read_zero", "read 1 byte of /dev/zero", 300),
    Row("fstat", "fstat in tmpfs", 900),
    Row("stat", "stat in tmpfs", 1_500),
    Row("open_close", "open + close in tmpfs", 2_500),
    Row("create_close_unlink", "create + close + unlink in tmpfs", 7_000),
    Row("pread_4k", "pread 4 KiB, cached", 1_000),
    Row("pipe_round_trip", "pipe ping-pong, two processes, round trip", 4_500),
    Row("unix_round_trip", "unix stream ping-pong", 6_000),
    Row("futex_round_trip", "futex ping-pong, two threads", 4_000),
    Row("pipe_ring_hop", "context switch, per hop of a pipe ring of 8", 2_300),
    Row("thread_create_join", "thread create + join", 15_000),
    Row("fork_exit_wait", "fork + exit + wait, small static program", 60_000),
    Row("fork_exec_exit_wait", "fork + exec + exit + wait, small static program", 180_000),
    Row("anonymous_fault", "anonymous page fault, write, per page", 1_600),
    Row("copy_on_write_fault", "copy-on-write fault, per page", 2_300),
    Row("map_touch_unmap_4m", "mmap + touch + munmap 4 MiB", 700_000),
    Row("fork_32m_exit_wait", "fork + exit + wait, 32 MiB touched", 900_000),
    Row("mprotect_both_ways", "mprotect one page, back and forth", 4_000),
    Row("signal_to_self", "signal to self and return", 1_500),
    Row("segv_mended", "SIGSEGV handled by mprotect", 4_000),
    Row("epoll_wait_1_of_100", "epoll_wait, 1 ready of 100", 450),
    Row("poll_1_of_100", "poll, 1 ready of 100", 5_000),
]

# What the kernel's start may cost for now, decompression included.
BOOT_LIMIT = 40_000_000
