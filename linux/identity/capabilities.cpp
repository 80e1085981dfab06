// SPDX-License-Identifier: BSD-2-Clause
// capget and capset in their three versions (include/uapi/linux/capability.h).
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

constexpr u32 version_1 = 0x1998'0330, version_2 = 0x2007'1026, version_3 = 0x2008'0522;

struct Header {
    u32 version;
    Pid pid;
};
struct Words {
    u32 effective, permitted, inheritable;
};

// How many Words the version has. An unknown one is answered with ours. Errors: inval, fault.
Result<u32> words_of(UserVirt address, u32 version) {
    switch (version) {
    case version_1: return 1u;
    case version_2:
    case version_3: return 2u;
    default:
        TRY(core::copy_to_user(address, &version_3, sizeof(version_3)));
        return Failure(Errno::inval);
    }
}

CapabilitySet join(u32 low, u32 high) {
    return CapabilitySet{low | (u64{high} << 32)} & CapabilitySet::all();
}

} // namespace

Result<u64> sys_capget(UserVirt header_address, UserVirt data) {
    Header header;
    TRY(core::copy_from_user(&header, header_address, sizeof(header)));
    const Result<u32> count = words_of(header_address, header.version);
    if (!count) // asking for the version alone is fine
        return data.is_null() && count.error() == Errno::inval ? Result<u64>(0)
                                                               : Failure(count.error());
    if (header.pid < 0)
        return Failure(Errno::inval);
    Ref<const Credentials> whose = Task::current().credentials;
    if (header.pid != 0 && header.pid != Task::current().tid) {
        const TaskRef task = ProcessTable::find_task(header.pid);
        if (!task)
            return Failure(Errno::srch);
        whose = credentials_of(*task);
    }
    if (data.is_null())
        return 0;
    Words words[2];
    for (u32 i = 0; i < 2; ++i)
        words[i] = {static_cast<u32>(whose->effective.bits >> (32 * i)),
                    static_cast<u32>(whose->permitted.bits >> (32 * i)),
                    static_cast<u32>(whose->inheritable.bits >> (32 * i))};
    TRY(core::copy_to_user(data, words, *count * sizeof(Words)));
    return 0;
}

Result<u64> sys_capset(UserVirt header_address, UserVirt data) {
    Header header;
    TRY(core::copy_from_user(&header, header_address, sizeof(header)));
    const u32 count = TRY(words_of(header_address, header.version));
    if (header.pid != 0 && header.pid != Task::current().tid)
        return Failure(Errno::perm);
    Words words[2] = {};
    TRY(core::copy_from_user(words, data, count * sizeof(Words)));
    const CapabilitySet effective = join(words[0].effective, words[1].effective);
    const CapabilitySet permitted = join(words[0].permitted, words[1].permitted);
    const CapabilitySet inheritable = join(words[0].inheritable, words[1].inheritable);
    const Credentials& old = current_credentials();
    if (!old.has(Capability::setpcap) &&
        !(old.inheritable | old.permitted).includes(inheritable))
        return Failure(Errno::perm);
    if (!(old.inheritable | old.bounding).includes(inheritable) ||
        !old.permitted.includes(permitted) || !permitted.includes(effective))
        return Failure(Errno::perm);
    Ref<Credentials> fresh = TRY(old.copy());
    fresh->effective = effective;
    fresh->permitted = permitted;
    fresh->inheritable = inheritable;
    fresh->ambient = fresh->ambient & permitted & inheritable;
    replace_credentials(std::move(fresh));
    return 0;
}

} // namespace linux
