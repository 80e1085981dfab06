# SPDX-License-Identifier: BSD-2-Clause
"""Instruction counts of operations on a kernel: building the programs, running them, the table."""
