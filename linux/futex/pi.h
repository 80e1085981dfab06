// SPDX-License-Identifier: BSD-2-Clause
// Futexes with an owner: the word holds the owner's tid; the kernel hands it over.
#pragma once

#include "base/address.h"
#include "base/result.h"
#include "base/units.h"

namespace linux {

class Task;

// Errors: deadlk, again, srch, fault, inval, timedout, restartnointr.
Result<u64> lock_pi(UserVirt address, bool shared, Nanos deadline);
Result<u64> try_lock_pi(UserVirt address, bool shared);
// Errors: perm (not the owner), fault, inval.
Result<u64> unlock_pi(UserVirt address, bool shared);
// The owner ends: the first waiter gets the word, marked FUTEX_OWNER_DIED. True if there was one.
bool pass_on_dead(UserVirt address);
// Words the ending task owns without having them in its robust list.
void pass_on_all_dead(Task& task);

} // namespace linux
