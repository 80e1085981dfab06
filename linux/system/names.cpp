// SPDX-License-Identifier: BSD-2-Clause
#include "linux/system/names.h"

#include "abi/linux/system.h"
#include "base/memory_functions.h"
#include "core/sync/guarded.h"
#include "linux/process/process.h"
#include "linux/syscall/syscall.h"

namespace linux {

namespace {

struct Name {
    char text[name_capacity] = "(none)";
    usize length = 6;
};
using GuardedName = core::Guarded<Name, core::lock_class::system_names>;
constinit GuardedName g_host_name;
constinit GuardedName g_domain_name;

std::string_view get(GuardedName& name, std::span<char, name_capacity> buffer) {
    auto locked = name.lock();
    memcpy(buffer.data(), locked->text, name_capacity);
    return {buffer.data(), locked->length};
}

Result<> set(GuardedName& name, std::string_view text) {
    if (text.size() >= name_capacity)
        return Failure(Errno::inval);
    auto locked = name.lock();
    *locked = {};
    memset(locked->text, 0, sizeof(locked->text));
    memcpy(locked->text, text.data(), text.size());
    locked->length = text.size();
    return {};
}

template <usize N>
void put(char (&field)[N], std::string_view text) {
    memcpy(field, text.data(), text.size() < N ? text.size() : N - 1);
}

Result<u64> set_from_user(GuardedName& name, UserVirt source, i32 length) {
    if (!capable(Capability::sys_admin))
        return Failure(Errno::perm);
    if (length < 0 || length >= static_cast<i32>(name_capacity))
        return Failure(Errno::inval);
    char text[name_capacity];
    TRY(core::copy_from_user(text, source, static_cast<usize>(length)));
    TRY(set(name, {text, static_cast<usize>(length)}));
    return 0;
}

} // namespace

std::string_view host_name(std::span<char, name_capacity> buffer) {
    return get(g_host_name, buffer);
}
std::string_view domain_name(std::span<char, name_capacity> buffer) {
    return get(g_domain_name, buffer);
}
Result<> set_host_name(std::string_view name) { return set(g_host_name, name); }
Result<> set_domain_name(std::string_view name) { return set(g_domain_name, name); }

Result<u64> sys_uname(UserOut<SystemNames> target) {
    SystemNames names = {};
    char buffer[name_capacity];
    put(names.system, system_name);
    put(names.node, host_name(buffer));
    put(names.release, system_release);
    put(names.version, system_version);
    put(names.machine, system_machine);
    put(names.domain, domain_name(buffer));
    TRY(target.write(names));
    return 0;
}

Result<u64> sys_sethostname(UserVirt name, i32 length) {
    return set_from_user(g_host_name, name, length);
}
Result<u64> sys_setdomainname(UserVirt name, i32 length) {
    return set_from_user(g_domain_name, name, length);
}

} // namespace linux
