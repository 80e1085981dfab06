// SPDX-License-Identifier: BSD-2-Clause
// Version 2 of the disk that tests/placements/swap.c swaps.
#define SWAP_DISK_VERSION 2
#include "tests/placements/swap_disk.h"
