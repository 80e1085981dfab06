// SPDX-License-Identifier: BSD-2-Clause
#include "linux/ipc/ipc_table.h"

#include "linux/process/task.h"

namespace linux {

namespace {

constexpr u32 index_bits = 15;
constexpr u32 index_mask = (1u << index_bits) - 1;
constexpr u32 sequence_end = 0x7fff'ffffu >> index_bits;
// So many indices are used in turn before one comes again, so that old ids stay invalid for long.
constexpr u32 shortest_cycle = 64;

} // namespace

// ---- IpcObject ----------------------------------------------------------------------------------

IpcObject::IpcObject(i32 key, u32 mode) : key_(key), mode_(mode & ipc_flag::permission_mask) {
    const Credentials& credentials = current_credentials();
    user_ = creator_user_ = credentials.effective_user;
    group_ = creator_group_ = credentials.effective_group;
}

bool IpcObject::permits(u32 wanted) const {
    const Credentials& credentials = current_credentials();
    const u32 requested = (wanted >> 6 | wanted >> 3 | wanted) & 7;
    u32 granted = mode_;
    if (credentials.effective_user == creator_user_ || credentials.effective_user == user_)
        granted >>= 6;
    else if (credentials.in_group(creator_group_) || credentials.in_group(group_))
        granted >>= 3;
    return (requested & ~granted) == 0 || credentials.has(Capability::ipc_owner);
}

bool IpcObject::is_owned_by_caller() const {
    const Credentials& credentials = current_credentials();
    return credentials.effective_user == creator_user_ || credentials.effective_user == user_ ||
           credentials.has(Capability::sys_admin);
}

// ---- places -------------------------------------------------------------------------------------

IpcObject* IpcIndex::State::with_id(i32 id) const {
    IpcObject* object = id < 0 ? nullptr : at(static_cast<u32>(id) & index_mask);
    return object && object->id_ == id ? object : nullptr;
}

IpcObject* IpcIndex::State::with_key(i32 key) {
    for (IpcObject& object : bucket(*this, key))
        if (object.key_ == key)
            return &object;
    return nullptr;
}

// Errors: nospc.
Result<u32> IpcIndex::State::free_index() const {
    const u32 cycle = count * 3 / 2 < shortest_cycle ? shortest_cycle : count * 3 / 2;
    const u32 end = cycle < maximum ? cycle : maximum;
    for (u32 index = next; index < end; ++index)
        if (!at(index))
            return index;
    for (u32 index = 0; index < end; ++index)
        if (!at(index))
            return index;
    return Failure(Errno::nospc);
}

void IpcIndex::State::enter(IpcObject& object, u32 index) {
    if (index <= last && ++sequence >= sequence_end)
        sequence = 0;
    last = index;
    next = index + 1;
    object.sequence_ = static_cast<u16>(sequence);
    object.id_ = static_cast<i32>(sequence << index_bits | index);
    chunks[index / chunk_size][index % chunk_size] = &object;
    ++count;
    if (object.key_ != ipc_private)
        bucket(*this, object.key_).push_back(object);
}

Result<> IpcIndex::make_chunk(Table& table, u32 chunk) {
    constexpr usize size = chunk_size * sizeof(IpcObject*);
    auto** made = static_cast<IpcObject**>(::operator new(size, base::fallible));
    if (!made)
        return Failure(Errno::nomem);
    __builtin_memset(made, 0, size);
    {
        auto state = table.lock();
        if (!state->chunks[chunk])
            std::swap(state->chunks[chunk], made);
    }
    ::operator delete(static_cast<void*>(made)); // somebody else was faster
    return {};
}

Result<> IpcIndex::add(IpcObject& object, u32 limit) {
    while (true) {
        u32 chunk;
        {
            auto state = state_.lock();
            if (object.key_ != ipc_private && state->with_key(object.key_))
                return Failure(Errno::exist);
            if (state->count >= limit)
                return Failure(Errno::nospc);
            const u32 index = TRY(state->free_index());
            chunk = index / chunk_size;
            if (state->chunks[chunk]) {
                state->enter(object, index);
                return {};
            }
        }
        TRY(make_chunk(state_, chunk));
    }
}

void IpcIndex::remove(IpcObject& object) {
    auto state = state_.lock();
    if (state->with_id(object.id_) != &object)
        return;
    const u32 index = static_cast<u32>(object.id_) & index_mask;
    state->chunks[index / chunk_size][index % chunk_size] = nullptr;
    --state->count;
    if (object.key_link_.is_linked())
        object.key_link_.unlink();
}

u32 IpcIndex::remove_key(IpcObject& object, u32 mode) {
    auto state = state_.lock();
    const u32 before = object.mode_;
    object.mode_ |= mode;
    object.key_ = ipc_private;
    if (object.key_link_.is_linked())
        object.key_link_.unlink();
    return before;
}

// ---- look-up ------------------------------------------------------------------------------------

Result<i32> IpcIndex::find_key(i32 key, u32 flags, u64 size) {
    auto state = state_.lock();
    const IpcObject* object = state->with_key(key);
    if (!object)
        return Failure(Errno::noent);
    constexpr u32 fresh = ipc_flag::create | ipc_flag::exclusive;
    if ((flags & fresh) == fresh)
        return Failure(Errno::exist);
    if (!object->fits(size))
        return Failure(Errno::inval);
    if (!object->permits(flags))
        return Failure(Errno::acces);
    return object->id_;
}

Result<IpcObject*> IpcIndex::take(i32 id, u32 wanted) {
    auto state = state_.lock();
    IpcObject* object = state->with_id(id);
    if (!object)
        return Failure(Errno::inval);
    if (!object->permits(wanted))
        return Failure(Errno::acces);
    if (!object->try_take())
        return Failure(Errno::inval);
    return object;
}

Result<IpcObject*> IpcIndex::take_owned(i32 id) {
    auto state = state_.lock();
    IpcObject* object = state->with_id(id);
    if (!object)
        return Failure(Errno::inval);
    if (!object->is_owned_by_caller())
        return Failure(Errno::perm);
    if (!object->try_take())
        return Failure(Errno::inval);
    return object;
}

Result<IpcObject*> IpcIndex::take_at(i32 index, u32 wanted) {
    auto state = state_.lock();
    IpcObject* object = state->at(static_cast<u32>(index) & index_mask);
    if (!object)
        return Failure(Errno::inval);
    if (!object->permits(wanted))
        return Failure(Errno::acces);
    if (!object->try_take())
        return Failure(Errno::inval);
    return object;
}

IpcObject* IpcIndex::take_from(u32& index) {
    auto state = state_.lock();
    for (; index < maximum; ++index) {
        IpcObject* object = state->at(index);
        if (object && object->try_take())
            return object;
    }
    return nullptr;
}

// ---- permissions and counts ---------------------------------------------------------------------

Result<> IpcIndex::check(const IpcObject& object, u32 wanted) {
    auto state = state_.lock();
    return object.permits(wanted) ? Result<>() : Failure(Errno::acces);
}

IpcPermission IpcIndex::permission(const IpcObject& object) {
    auto state = state_.lock();
    IpcPermission permission = {};
    permission.key = object.key_;
    permission.user = object.user_;
    permission.group = object.group_;
    permission.creator_user = object.creator_user_;
    permission.creator_group = object.creator_group_;
    permission.mode = object.mode_;
    permission.sequence = object.sequence_;
    return permission;
}

Result<> IpcIndex::set_permission(IpcObject& object, const IpcPermission& permission) {
    if (permission.user == ~UserId{0} || permission.group == ~GroupId{0})
        return Failure(Errno::inval);
    auto state = state_.lock();
    object.user_ = permission.user;
    object.group_ = permission.group;
    object.mode_ = (object.mode_ & ~ipc_flag::permission_mask) |
                   (permission.mode & ipc_flag::permission_mask);
    return {};
}

u32 IpcIndex::change_mode(IpcObject& object, u32 clear, u32 set) {
    auto state = state_.lock();
    const u32 before = object.mode_;
    object.mode_ = (before & ~clear) | set;
    return before;
}

u32 IpcIndex::count() { return state_.lock()->count; }

u32 IpcIndex::highest_index() {
    auto state = state_.lock();
    for (u32 index = maximum; index-- > 0;)
        if (state->at(index))
            return index;
    return 0;
}

} // namespace linux
