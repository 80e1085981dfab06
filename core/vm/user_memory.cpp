// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/user_memory.h"

#include "core/task/thread.h"
#include "core/vm/address_space.h"

namespace core {

usize copy_from_user_partial(void* target, UserVirt source, usize size) {
    if (source.value >= user_end)
        return 0;
    const usize possible = size < user_end - source.value ? size : user_end - source.value;
    check_range(target, possible, true);
    return possible - arch::copy_from_user(target, source.value, possible);
}

usize copy_to_user_partial(UserVirt target, const void* source, usize size) {
    if (target.value >= user_end)
        return 0;
    const usize possible = size < user_end - target.value ? size : user_end - target.value;
    check_range(source, possible, false);
    return possible - arch::copy_to_user(target.value, source, possible);
}

Result<std::string_view> UserString::read(std::span<char> buffer) const {
    if (address_ >= user_end)
        return Failure(Errno::fault);
    const usize possible =
        buffer.size() < user_end - address_ ? buffer.size() : user_end - address_;
    check_range(buffer.data(), possible, true);
    const usize length = arch::arch_copy_string_from_user(buffer.data(), address_, possible);
    if (length == ~usize{0})
        return Failure(Errno::fault);
    if (length == possible)
        return Failure(possible < buffer.size() ? Errno::fault : Errno::nametoolong);
    return std::string_view(buffer.data(), length);
}

Result<u32> try_read_user_word(UserVirt address) {
    u32 value;
    if (address.value > user_end - 4)
        return Failure(Errno::fault);
    arch::disable_preemption(); // a fault lands at once instead of sleeping
    const u32 failed = arch::arch_read_user_word(address.value, &value);
    arch::enable_preemption();
    if (failed)
        return Failure(Errno::fault);
    return value;
}

Result<u32> try_compare_exchange_user_word(UserVirt address, u32 expected, u32 desired) {
    u32 old;
    if (address.value > user_end - 4)
        return Failure(Errno::fault);
    arch::disable_preemption();
    const u32 failed = arch::arch_exchange_user_word(address.value, expected, desired, &old);
    arch::enable_preemption();
    if (failed)
        return Failure(Errno::fault);
    return old;
}

Result<> fault_in(UserVirt address, Access access) {
    AddressSpace* space = Thread::current().address_space();
    if (address.value >= user_end || !space)
        return Failure(Errno::fault);
    if (space->handle_fault(address, access) != FaultOutcome::resolved)
        return Failure(Errno::fault);
    return {};
}

} // namespace core
