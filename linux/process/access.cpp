// SPDX-License-Identifier: BSD-2-Clause
// Whether one task may look into another (ptrace(2), "Ptrace access mode checking").
#include "linux/process/process_table.h"

namespace linux {

namespace {

bool same_identity(const Credentials& mine, const Credentials& theirs, bool by_file_ids) {
    const UserId user = by_file_ids ? mine.file_user : mine.real_user;
    const GroupId group = by_file_ids ? mine.file_group : mine.real_group;
    return user == theirs.effective_user && user == theirs.saved_user &&
           user == theirs.real_user && group == theirs.effective_group &&
           group == theirs.saved_group && group == theirs.real_group;
}

bool may_access(const Task& target, bool by_file_ids) {
    if (target.process == Task::current().process)
        return true;
    const Credentials& mine = current_credentials();
    const Ref<const Credentials> theirs = credentials_of(target);
    const bool privileged = mine.has(Capability::sys_ptrace);
    if (!same_identity(mine, *theirs, by_file_ids) && !privileged)
        return false;
    const RefOrNull<ProgramImage> image = image_of(*target.process);
    if (image && image->dumpable.load(std::memory_order_relaxed) != 1 && !privileged)
        return false;
    return mine.permitted.includes(theirs->permitted) || privileged;
}

} // namespace

bool may_inspect(const Task& target) { return may_access(target, true); }
bool may_attach(const Task& target) { return may_access(target, false); }

} // namespace linux
