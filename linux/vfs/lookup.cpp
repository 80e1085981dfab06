// SPDX-License-Identifier: BSD-2-Clause
#include "linux/vfs/lookup.h"

#include "linux/vfs/open_file.h"
#include "linux/vfs/permission.h"

namespace linux {

Result<Ref<Dentry>> look_up_locked(Dentry& directory, const NameView& name) {
    if (RefOrNull<Dentry> found = Dentry::find_exact(directory, name))
        return Ref<Dentry>::adopt(found.release());
    if (directory.is_dead_directory())
        return Failure(Errno::noent);
    SuperBlock& super_block = directory.super_block();
    if (name.length > super_block.name_maximum)
        return Failure(Errno::nametoolong);
    Dentry* made = Dentry::create(super_block, &directory, name);
    if (!made)
        return Failure(Errno::nomem);
    Ref<Dentry> entry = Ref<Dentry>::adopt(made);
    if (super_block.caching() == SuperBlock::Caching::memory)
        return entry; // what is not in the cache does not exist
    RefOrNull<Inode> inode = TRY(directory.inode()->lookup(*made));
    if (!inode && super_block.caching() == SuperBlock::Caching::revalidate)
        return Failure(Errno::noent);
    made->enter(std::move(inode));
    return entry;
}

Result<Ref<Dentry>> look_up_child(Dentry& directory, const NameView& name) {
    Inode& inode = *directory.inode();
    InodeGuard guard(inode.lock(), InodeRole::directory);
    if (directory.super_block().caching() == SuperBlock::Caching::memory) {
        if (RefOrNull<Dentry> found = Dentry::find_exact(directory, name))
            return Ref<Dentry>::adopt(found.release());
        return Failure(Errno::noent);
    }
    return look_up_locked(directory, name);
}

Result<Path> resolve(i32 directory_fd, const PathName& name, u32 walk_flags) {
    constexpr u32 confined = walk_flag::beneath | walk_flag::in_root;
    if (directory_fd == at_working_directory ||
        (name.text()[0] == '/' && !(walk_flags & confined)))
        return Walk(nullptr, name, walk_flags).run();
    const BorrowedFile file = TRY(borrow_file(static_cast<u32>(directory_fd), true));
    const Path* base = file->path();
    if (!base || (!name.empty() && !base->inode().is_directory()))
        return Failure(Errno::notdir);
    return Walk(base, name, walk_flags).run();
}

Result<Path> resolve(std::string_view name, u32 walk_flags) {
    PathName text;
    TRY(text.set(name));
    return Walk(nullptr, text, walk_flags).run();
}

} // namespace linux
