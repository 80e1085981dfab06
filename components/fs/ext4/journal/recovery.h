// SPDX-License-Identifier: BSD-2-Clause
// What a machine that stopped left in the log is brought home, when the volume is mounted.
#pragma once

#include "components/fs/ext4/volume.h"

namespace ext4::journal {

// Replays every whole transaction of the log, in three passes (find the end, collect what was
// revoked, copy), writes it home, and leaves an empty log. `damaged` says that a transaction that
// had been committed was damaged: it and what came after it are lost. The volume's blocks are
// others afterwards: everything read before is to be read again. Errors: inval (a log this cannot
// read, with a report), uclean, io, nomem.
struct Recovered {
    u32 transactions = 0;
    u32 blocks = 0;
    bool damaged = false;
};
Result<Recovered> recover(Attempt& attempt);

} // namespace ext4::journal
