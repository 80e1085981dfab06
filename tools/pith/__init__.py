# SPDX-License-Identifier: BSD-2-Clause
"""The package behind ./pith: builds, boots, compares and tests the kernel."""
