// SPDX-License-Identifier: BSD-2-Clause
// Version 2 of the disk that tests/placements/swap.c swaps, which ends soon after it took over.
#define SWAP_DISK_VERSION 2
#define SWAP_DISK_FAULT Fault::serves_and_crashes
#include "tests/placements/swap_disk.h"
