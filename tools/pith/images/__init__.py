# SPDX-License-Identifier: BSD-2-Clause
"""What a machine boots: kernels, initial file systems, root file systems, CD images."""
