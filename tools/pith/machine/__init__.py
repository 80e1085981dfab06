# SPDX-License-Identifier: BSD-2-Clause
"""A running machine: QEMU, the log console, and the conversation with the agent."""
