// SPDX-License-Identifier: BSD-2-Clause
// arch_prctl(2): segment bases.
#include "abi/linux/prctl.h"
#include "arch/api/thread_context.h"
#include "linux/process/task.h"
#include "linux/process/x86_64/segments.h"
#include "linux/syscall/syscall.h"

namespace linux {

void clear_user_segments() { arch::set_user_gs_base(0); }

Result<u64> sys_arch_prctl(i32 option, u64 value) {
    switch (option) {
    case arch_prctl::set_fs:
    case arch_prctl::set_gs:
        if (value >= core::user_end)
            return Failure(Errno::perm);
        option == arch_prctl::set_fs ? arch::set_thread_pointer(value)
                                     : arch::set_user_gs_base(value);
        return 0;
    case arch_prctl::get_fs:
    case arch_prctl::get_gs: {
        const u64 base = option == arch_prctl::get_fs
                             ? arch::thread_pointer()
                             : core::Thread::current().context.gs_base;
        TRY(core::copy_to_user(UserVirt(value), &base, sizeof(base)));
        return 0;
    }
    case arch_prctl::get_cpuid: return 1;
    case arch_prctl::set_cpuid: return Failure(Errno::nodev); // no CPUID faulting
    default: return Failure(Errno::inval);
    }
}

} // namespace linux
