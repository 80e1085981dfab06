// SPDX-License-Identifier: BSD-2-Clause
// Handles: a table of slots {object, rights, badge}. A Linux fd is a slot's index. Look-up takes no
// lock: it runs in an epoch and takes a reference, and from a table that no other thread shares
// neither.
#pragma once

#include <atomic>

#include "base/result.h"
#include "core/object/object.h"
#include "core/sync/epoch.h"
#include "core/sync/guarded.h"

namespace core {

// What a holder may do. Duplicating only narrows.
enum class Rights : u16 {
    none = 0,
    read = 1 << 0,
    write = 1 << 1,
    map = 1 << 2,
    execute = 1 << 3,
    transfer = 1 << 4,
    duplicate = 1 << 5,
    control = 1 << 6,
    all = 0x7f,
};
constexpr Rights operator|(Rights a, Rights b) {
    return static_cast<Rights>(static_cast<u16>(a) | static_cast<u16>(b));
}
constexpr bool allows(Rights held, Rights wanted) {
    return (static_cast<u16>(held) & static_cast<u16>(wanted)) == static_cast<u16>(wanted);
}

class HandleTable;

// An object in use by a call: keeps it alive. Null when the index names nothing.
class Borrowed {
public:
    Borrowed() = default;
    Borrowed(Object* object, Rights rights, bool owned)
        : object_(object), rights_(rights), owned_(owned) {}
    Borrowed(Borrowed&& other) noexcept
        : object_(std::exchange(other.object_, nullptr)), rights_(other.rights_),
          owned_(other.owned_) {}
    Borrowed& operator=(Borrowed&& other) noexcept {
        std::swap(object_, other.object_);
        std::swap(rights_, other.rights_);
        std::swap(owned_, other.owned_);
        return *this;
    }
    ~Borrowed() {
        if (object_ && owned_) [[unlikely]]
            object_->drop_reference();
    }

    explicit operator bool() const { return object_ != nullptr; }
    Object* get() const { return object_; }
    Rights rights() const { return rights_; }

private:
    Object* object_ = nullptr;
    Rights rights_ = Rights::none;
    bool owned_ = false;
};

class HandleTable : public RefCounted<HandleTable> {
public:
    static Result<Ref<HandleTable>> create();
    ~HandleTable();

    // The object at `index`, or a null Borrowed. Process context; valid for the current call only.
    Borrowed borrow(u32 index) const {
        if (sharers() != 1) [[unlikely]]
            return borrow_shared(index);
        // Only this thread can change the table: no lock, no reference.
        const Slots* slots = slots_.load(std::memory_order_relaxed);
        if (index >= slots->capacity) [[unlikely]]
            return {};
        const Slot& slot = slots->slots[index];
        return {slot.object.load(std::memory_order_relaxed),
                slot.rights.load(std::memory_order_relaxed), false};
    }
    // The same with a reference, from any table (another process's, too). Process context.
    RefOrNull<Object> share(u32 index) const;

    // Puts `object` into the lowest free slot >= `lowest` and < `limit`. Errors: mfile, nomem.
    Result<u32> install(Ref<Object> object, Rights rights, bool close_on_exec, u32 lowest,
                        u32 limit);
    // Reserves a slot to be filled or given back once nothing can fail. Errors: mfile, nomem.
    Result<u32> reserve(bool close_on_exec, u32 lowest, u32 limit);
    void fill_reserved(u32 index, Ref<Object> object, Rights rights);
    void release_reserved(u32 index);
    // Puts `object` at exactly `index`, closing what was there (dup2). Errors: badf (index >=
    // limit), nomem, busy (the slot is reserved by another thread).
    Result<> replace(u32 index, Ref<Object> object, Rights rights, bool close_on_exec, u32 limit);
    // Empties a slot. Errors: badf.
    Result<> close(u32 index);
    // The same, if it still holds `object`. Errors: badf.
    Result<> close_if(u32 index, const Object& object);
    // Takes out the slot's object, or only this one, without telling it. Errors: badf.
    Result<Ref<Object>> take(u32 index, const Object* only = nullptr);

    Result<bool> close_on_exec(u32 index) const; // errors: badf
    Result<> set_close_on_exec(u32 index, bool value);

    // A copy with the same slots (fork). Errors: nomem.
    Result<Ref<HandleTable>> clone(u32 limit = ~0u) const;
    void close_all_on_exec();
    // Closes the slots first..last (close_range).
    void close_range(u32 first, u32 last);
    // The lowest used index >= `from`, or nothing (/proc/self/fd). Errors: badf when there is none.
    Result<u32> next_used(u32 from) const;

    // How many threads share the table: 1 lets borrow() skip the reference. Kept by the
    // personality.
    void add_sharer() { sharers_.fetch_add(1, std::memory_order_relaxed); }
    void drop_sharer() { sharers_.fetch_sub(1, std::memory_order_relaxed); }
    u32 sharers() const { return sharers_.load(std::memory_order_relaxed); }

private:
    friend class Ref<HandleTable>;
    struct Slot {
        std::atomic<Object*> object{nullptr};
        std::atomic<Rights> rights{Rights::none};
        std::atomic<u16> changes{0}; // odd while object and rights are being changed
        u32 badge = 0;
    };
    // Two bitmaps (used, close-on-exec) and the slots, in one block; a table that grew leaves the
    // old one until an epoch later.
    struct Slots : Retired {
        u32 capacity = 0;
        u32 lowest_free = 0; // no free slot below
        u64* used = nullptr;
        u64* close_on_exec = nullptr;
        Slot* slots = nullptr;

        static void destroy(Retired& retired);
        static Slots* make(u32 capacity);
        bool is_used(u32 index) const;
        void mark(u32 index, bool cloexec);
        void clear(u32 index);
        u32 find_free(u32 from) const;
    };

    class SlotChange;
    class Outgrown;

    HandleTable() = default;
    Borrowed borrow_shared(u32 index) const;
    // To be called before `object` leaves its slot.
    void mark_if_shared(Object* object) const;
    Result<u32> claim(bool close_on_exec, u32 lowest, u32 limit, Outgrown& outgrown);
    Result<> grow(u32 wanted, Outgrown& outgrown);

    mutable Lock<lock_class::handle_table> lock_;
    std::atomic<Slots*> slots_{nullptr};
    std::atomic<u32> sharers_{1};
};

} // namespace core
