// SPDX-License-Identifier: BSD-2-Clause
// Random numbers: a ChaCha20 generator (RFC 8439) that overwrites its key after each use, seeded
// from the CPU's generator, time stamps and whatever is mixed in. Any context.
#pragma once

#include <span>

#include "base/address.h"
#include "base/result.h"

namespace linux {

// Seeds the generator; before this random bytes are not random. Called once at start.
void start_random();
// Adds to the seed what an outsider does not know (interrupt times, a seed file, a device).
void mix_random(std::span<const u8> bytes);
void random_bytes(std::span<u8> target);
u64 random_u64();
// For reads of /dev/urandom and getrandom(2): bytes written, fewer only after a fault or a signal.
// Errors: fault.
Result<u64> random_to_user(UserVirt target, u64 size);

} // namespace linux
