// SPDX-License-Identifier: BSD-2-Clause
// Version 2 of the disk that tests/placements/swap.c swaps, which cannot migrate what it finds.
#define SWAP_DISK_VERSION 2
#define SWAP_DISK_FAULT Fault::migrate_fails
#include "tests/placements/swap_disk.h"
