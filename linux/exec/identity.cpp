// SPDX-License-Identifier: BSD-2-Clause
// Credentials across exec (capabilities(7), "Transformation of capabilities during execve()").
#include "linux/exec/exec.h"
#include "linux/process/credentials.h"
#include "linux/vfs/inode.h"
#include "linux/vfs/mount.h"
#include "linux/vfs/path.h"

namespace linux {

namespace {

struct FileCapabilities {
    CapabilitySet permitted, inheritable;
    bool effective = false;
    bool present = false;
};

// The value of security.capability (linux/capability.h, struct vfs_cap_data).
FileCapabilities read_capabilities(Inode& inode) {
    constexpr u32 revision_mask = 0xff00'0000, revision_2 = 0x0200'0000, revision_3 = 0x0300'0000;
    FileCapabilities result;
    u32 words[6] = {};
    const Result<usize> size = inode.get_xattr(
        "security.capability", {reinterpret_cast<u8*>(words), sizeof(words)});
    if (!size || *size < 20)
        return result;
    const u32 revision = words[0] & revision_mask;
    if (revision != revision_2 && !(revision == revision_3 && *size == 24 && words[5] == 0))
        return result;
    result.present = true;
    result.effective = (words[0] & 1) != 0;
    result.permitted.bits = (words[1] | u64{words[3]} << 32) & CapabilitySet::all().bits;
    result.inheritable.bits = (words[2] | u64{words[4]} << 32) & CapabilitySet::all().bits;
    return result;
}

bool set_id_counts(const OpenFile& file) {
    if (Task::current().has_flag(task_flag::no_new_privileges))
        return false;
    const Path* path = file.path();
    return path && (path->mount().flags() & mount_flag::no_suid) == 0;
}

void apply_set_id(Credentials& credentials, const Inode& inode) {
    const u32 mode = inode.mode();
    if (mode & file_mode::set_user)
        credentials.effective_user = inode.user();
    constexpr u32 group_execute = 010;
    if ((mode & file_mode::set_group) && (mode & group_execute))
        credentials.effective_group = inode.group();
}

void apply_capabilities(Credentials& fresh, const Credentials& old, const FileCapabilities& file) {
    CapabilitySet permitted = file.permitted & old.bounding;
    permitted = permitted | (file.inheritable & old.inheritable);
    bool effective = file.effective;
    const bool root_rules = (fresh.secure_bits & secure_bit::no_root) == 0;
    const bool becomes_root = fresh.effective_user == 0;
    if (root_rules && !(file.present && fresh.real_user != 0 && becomes_root)) {
        if (becomes_root || fresh.real_user == 0)
            permitted = old.bounding | old.inheritable;
        effective = effective || becomes_root;
    }
    const bool changes_identity = fresh.effective_user != old.effective_user ||
                                  fresh.effective_group != old.effective_group;
    if (file.present || changes_identity)
        fresh.ambient = {};
    fresh.permitted = permitted | fresh.ambient;
    fresh.effective = effective ? fresh.permitted : fresh.ambient;
}

} // namespace

Result<ExecIdentity> identity_for(OpenFile& file) {
    const Credentials& old = current_credentials();
    Ref<Credentials> fresh = TRY(old.copy());
    FileCapabilities capabilities;
    if (set_id_counts(file)) {
        Inode& inode = file.inode();
        apply_set_id(*fresh, inode);
        if (inode.super_block().has_xattr)
            capabilities = read_capabilities(inode);
    }
    apply_capabilities(*fresh, old, capabilities);
    fresh->saved_user = fresh->file_user = fresh->effective_user;
    fresh->saved_group = fresh->file_group = fresh->effective_group;
    fresh->secure_bits &= ~secure_bit::keep_capabilities;
    const bool is_root = fresh->real_user == 0;
    const bool secure = fresh->effective_user != fresh->real_user ||
                        fresh->effective_group != fresh->real_group ||
                        (!is_root && (capabilities.effective ||
                                      fresh->permitted != fresh->ambient));
    return ExecIdentity{std::move(fresh), secure};
}

} // namespace linux
