// SPDX-License-Identifier: BSD-2-Clause
// What shared memory segments, semaphore sets and message queues have in common: an id, a key, an
// owner, permissions, and the table that finds them by these.
//
// A table holds bare pointers. An object stays in it until its remove(), which runs at the latest
// in its destructor; a look-up takes a reference or, if the last one is already gone, finds
// nothing. Everything in IpcObject is guarded by the lock of the table it is in.
#pragma once

#include "abi/linux/ipc.h"
#include "base/list.h"
#include "base/ref.h"
#include "core/sync/guarded.h"

namespace linux {

class IpcObject {
public:
    i32 id() const { return id_; } // never changes once it is in its table

protected:
    // Belongs to the current task. `mode`: the nine bits of permission.
    IpcObject(i32 key, u32 mode);
    virtual ~IpcObject() = default;

private:
    friend class IpcIndex;
    // Adds a reference unless the last is gone. Under the table's lock.
    virtual bool try_take() const = 0;
    // Whether a get call that asks for this size may have it.
    virtual bool fits(u64 size) const = 0;
    bool permits(u32 wanted) const;
    bool is_owned_by_caller() const;

    i32 id_ = -1;
    i32 key_;
    u16 sequence_ = 0;
    UserId user_, creator_user_;
    GroupId group_, creator_group_;
    u32 mode_;
    ListLink key_link_; // while it is in a table and has a key
};

// Permissions wanted of an object: the bits of all three classes.
namespace ipc_access {
inline constexpr u32 none = 0, read = 0444, write = 0222, execute = 0111;
} // namespace ipc_access

class IpcIndex {
public:
    static constexpr u32 maximum = 32768; // IPCMNI: an id is a sequence number and 15 bits

    // Gives the object an id. Errors: exist (its key is taken), nospc (`limit` objects), nomem.
    Result<> add(IpcObject& object, u32 limit);
    // Takes it out, if it is in.
    void remove(IpcObject& object);
    // Nobody finds it by its key any more. `mode`: bits to add; gives the old mode.
    u32 remove_key(IpcObject& object, u32 mode);

    // The id of the object with this key, as a get call with these flags and size gives it.
    // Errors: noent, exist (exclusive), inval (size), acces.
    Result<i32> find_key(i32 key, u32 flags, u64 size);

    Result<> check(const IpcObject& object, u32 wanted); // errors: acces
    IpcPermission permission(const IpcObject& object);
    // Takes over user, group and permission bits. Errors: inval.
    Result<> set_permission(IpcObject& object, const IpcPermission& permission);
    // Changes bits of the mode beyond those of permission; gives the old mode.
    u32 change_mode(IpcObject& object, u32 clear, u32 set);

    u32 count();
    u32 highest_index(); // 0 when empty

protected:
    // With a reference. Errors: inval (no such object), acces; take_owned: perm.
    Result<IpcObject*> take(i32 id, u32 wanted);
    Result<IpcObject*> take_owned(i32 id);
    Result<IpcObject*> take_at(i32 index, u32 wanted);
    // The first at `index` or above, null if none; `index` becomes its own.
    IpcObject* take_from(u32& index);

private:
    static constexpr u32 chunk_size = 256, buckets = 128;
    using KeyList = List<IpcObject, &IpcObject::key_link_>;
    struct State {
        IpcObject** chunks[maximum / chunk_size] = {};
        KeyList keys[buckets];
        u32 count = 0;
        u32 next = 0;         // where the search for a free index begins
        i64 last = -1;        // the index given last
        u32 sequence = 0;

        IpcObject* at(u32 index) const {
            IpcObject* const* chunk = index < maximum ? chunks[index / chunk_size] : nullptr;
            return chunk ? chunk[index % chunk_size] : nullptr;
        }
        IpcObject* with_id(i32 id) const;
        IpcObject* with_key(i32 key);
        Result<u32> free_index() const;
        void enter(IpcObject& object, u32 index);
    };
    static KeyList& bucket(State& state, i32 key) {
        return state.keys[static_cast<u32>(key) % buckets];
    }
    using Table = core::Guarded<State, core::lock_class::ipc_table>;
    static Result<> make_chunk(Table& table, u32 chunk);

    Table state_;
};

template <typename T>
class IpcTable : public IpcIndex {
public:
    // The object with this id. `wanted`: ipc_access. Errors: inval, acces.
    Result<Ref<T>> find(i32 id, u32 wanted) { return adopt(TRY(take(id, wanted))); }
    // The same for those who may change or remove it. Errors: inval, perm.
    Result<Ref<T>> find_owned(i32 id) { return adopt(TRY(take_owned(id))); }
    // By its place in the table. Errors: inval, acces.
    Result<Ref<T>> find_at(i32 index, u32 wanted) { return adopt(TRY(take_at(index, wanted))); }
    // The first at `index` or above, whose index is put there; null if none.
    RefOrNull<T> next(u32& index) { return RefOrNull<T>::adopt(static_cast<T*>(take_from(index))); }

private:
    static Ref<T> adopt(IpcObject* object) { return Ref<T>::adopt(static_cast<T*>(object)); }
};

// What a get call does: finds the object, or makes it with `create()`, which gives a Result<i32>.
// Errors: those of find_key and create.
template <typename Create>
Result<u64> find_or_create(IpcIndex& index, i32 key, u32 flags, u64 size, Create create) {
    while (true) {
        if (key != ipc_private) {
            const Result<i32> found = index.find_key(key, flags, size);
            if (found)
                return static_cast<u64>(*found);
            if (found.error() != Errno::noent || (flags & ipc_flag::create) == 0)
                return Failure(found.error());
        }
        const Result<i32> made = create();
        if (made)
            return static_cast<u64>(*made);
        if (made.error() != Errno::exist)
            return Failure(made.error());
        // Somebody else made one with this key meanwhile.
    }
}

} // namespace linux
