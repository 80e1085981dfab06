// SPDX-License-Identifier: BSD-2-Clause
#include "linux/file/owner.h"

#include "abi/linux/file.h"
#include "linux/process/process_table.h"
#include "linux/syscall/syscall.h"
#include "linux/vfs/file_owner.h"

namespace linux {

namespace {

struct OwnerEx {
    i32 kind; // F_OWNER_TID 0, PID 1, PGRP 2
    i32 pid;
};

Result<> check_exists(const FileOwner& owner) {
    if (owner.pid == 0)
        return {};
    const bool exists =
        owner.kind == FileOwner::Kind::thread    ? bool(ProcessTable::find_task(owner.pid))
        : owner.kind == FileOwner::Kind::process ? bool(ProcessTable::find(owner.pid))
                                                 : bool(ProcessTable::find_group(owner.pid));
    return exists ? Result<>() : Failure(Errno::srch);
}

Result<u64> set(OpenFile& file, FileOwner::Kind kind, i32 pid) {
    if (pid == static_cast<i32>(0x8000'0000))
        return Failure(Errno::inval);
    FileOwner wanted;
    wanted.kind = kind;
    wanted.pid = pid;
    TRY(check_exists(wanted));
    FileOwner& owner = *TRY(file_owner(file));
    owner.kind = kind;
    owner.pid = pid;
    return u64{0};
}

} // namespace

Result<u64> control_owner(OpenFile& file, u32 command, u64 argument) {
    const FileOwner none;
    const FileOwner* owner = file.owner.load(std::memory_order_acquire);
    if (!owner)
        owner = &none;
    const i32 number = static_cast<i32>(argument);
    switch (command) {
    case control::set_owner:
        return number < 0 ? set(file, FileOwner::Kind::group, -number)
                          : set(file, FileOwner::Kind::process, number);
    case control::get_owner:
        return static_cast<u64>(
            static_cast<i64>(owner->kind == FileOwner::Kind::group ? -owner->pid : owner->pid));
    case control::set_owner_ex: {
        const OwnerEx wanted = TRY(UserIn<OwnerEx>(argument).read());
        if (wanted.kind < 0 || wanted.kind > 2)
            return Failure(Errno::inval);
        return set(file, static_cast<FileOwner::Kind>(wanted.kind), wanted.pid);
    }
    case control::get_owner_ex:
        TRY(UserOut<OwnerEx>(argument).write({static_cast<i32>(owner->kind), owner->pid}));
        return u64{0};
    case control::set_signal:
        if (number < 0 || number > 64)
            return Failure(Errno::inval);
        TRY(file_owner(file))->signal = number;
        return u64{0};
    default: return static_cast<u64>(owner->signal);
    }
}

} // namespace linux
