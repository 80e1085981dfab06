// SPDX-License-Identifier: BSD-2-Clause
#include "core/object/handle_table.h"

#include "base/box.h"

namespace core {

HandleTable::Slots* HandleTable::Slots::make(u32 capacity) {
    const usize words = (capacity + 63) / 64;
    const usize size = sizeof(Slots) + 2 * words * sizeof(u64) + capacity * sizeof(Slot);
    auto* memory = static_cast<u8*>(::operator new(size, base::fallible));
    if (!memory)
        return nullptr;
    auto* made = new (memory) Slots();
    made->capacity = capacity;
    made->lowest_free = 0;
    made->used = reinterpret_cast<u64*>(memory + sizeof(Slots));
    made->close_on_exec = made->used + words;
    made->slots = reinterpret_cast<Slot*>(made->close_on_exec + words);
    for (usize i = 0; i < 2 * words; ++i)
        made->used[i] = 0;
    for (u32 i = 0; i < capacity; ++i)
        new (&made->slots[i]) Slot();
    return made;
}

bool HandleTable::Slots::is_used(u32 index) const {
    return index < capacity && (used[index / 64] >> index % 64 & 1);
}

void HandleTable::Slots::mark(u32 index, bool cloexec) {
    used[index / 64] |= u64{1} << index % 64;
    const u64 bit = u64{1} << index % 64;
    close_on_exec[index / 64] = (close_on_exec[index / 64] & ~bit) | (cloexec ? bit : 0);
    if (index == lowest_free)
        ++lowest_free;
}

void HandleTable::Slots::clear(u32 index) {
    used[index / 64] &= ~(u64{1} << index % 64);
    if (index < lowest_free)
        lowest_free = index;
}

u32 HandleTable::Slots::find_free(u32 from) const {
    if (from < lowest_free)
        from = lowest_free;
    while (from < capacity) {
        const u64 free = ~used[from / 64] >> from % 64;
        if (free != 0)
            return from + static_cast<u32>(__builtin_ctzll(free));
        from = (from / 64 + 1) * 64;
    }
    return capacity > from ? capacity : from;
}

void HandleTable::Slots::destroy(Retired& retired) {
    ::operator delete(static_cast<void*>(static_cast<Slots*>(&retired)));
}

namespace {

constexpr u32 first_capacity = 64;

} // namespace

using TableLock = LockGuard<lock_class::handle_table>;

// A change to a slot that readers without the lock may be looking at: they see all of it or none.
class HandleTable::SlotChange {
public:
    explicit SlotChange(Slot& slot) : slot_(slot) { count(std::memory_order_relaxed); }
    ~SlotChange() { count(std::memory_order_release); }
    SlotChange(const SlotChange&) = delete;
    SlotChange& operator=(const SlotChange&) = delete;

    void set(Object* object, Rights rights) {
        // Release: whoever sees these has seen the odd count before them, and a whole object.
        slot_.rights.store(rights, std::memory_order_release);
        slot_.object.store(object, std::memory_order_release);
    }

private:
    void count(std::memory_order order) {
        slot_.changes.store(slot_.changes.load(std::memory_order_relaxed) + 1, order);
    }
    Slot& slot_;
};

// The slots that a larger table replaced; goes once no reader looks at them.
class HandleTable::Outgrown {
public:
    Outgrown() = default;
    ~Outgrown() {
        if (slots_)
            retire(*slots_, Slots::destroy);
    }
    Outgrown(const Outgrown&) = delete;
    Outgrown& operator=(const Outgrown&) = delete;

    void hold(Slots& slots) { slots_ = &slots; }

private:
    Slots* slots_ = nullptr;
};

Result<Ref<HandleTable>> HandleTable::create() {
    HandleTable* table = new (base::fallible) HandleTable();
    if (!table)
        return Failure(Errno::nomem);
    Ref<HandleTable> made = Ref<HandleTable>::adopt(table);
    Slots* slots = Slots::make(first_capacity);
    if (!slots)
        return Failure(Errno::nomem);
    table->slots_.store(slots);
    return made;
}

HandleTable::~HandleTable() {
    Slots* slots = slots_.load();
    if (!slots)
        return;
    close_range(0, slots->capacity - 1);
    ::operator delete(slots_.load());
}

RefOrNull<Object> HandleTable::share(u32 index) const {
    TableLock guard(lock_);
    const Slots* slots = slots_.load(std::memory_order_relaxed);
    if (index >= slots->capacity)
        return nullptr;
    return RefOrNull<Object>::share(slots->slots[index].object.load(std::memory_order_relaxed));
}

Borrowed HandleTable::borrow_shared(u32 index) const {
    for (;;) {
        Borrowed found; // before the guard: a reference too many is dropped after it
        const EpochGuard epoch;
        const Slots* slots = slots_.load(std::memory_order_acquire);
        if (index >= slots->capacity)
            return {};
        const Slot& slot = slots->slots[index];
        const u16 changes = slot.changes.load(std::memory_order_acquire);
        const Rights rights = slot.rights.load(std::memory_order_acquire);
        Object* object = slot.object.load(std::memory_order_acquire);
        // Without a reference left it is on its way out of the slot, where the next look finds what
        // came after it.
        if (object && !object->try_add_reference())
            continue;
        found = Borrowed(object, rights, true);
        // Acquire above keeps this look behind the others.
        if ((changes & 1) == 0 && slot.changes.load(std::memory_order_relaxed) == changes)
            return found;
    }
}

void HandleTable::mark_if_shared(Object* object) const {
    if (object && sharers() != 1)
        object->keep_memory_for_readers();
}

Result<> HandleTable::grow(u32 wanted, Outgrown& outgrown) {
    Slots* old = slots_.load(std::memory_order_relaxed);
    u32 capacity = old->capacity;
    while (capacity <= wanted)
        capacity *= 2;
    Slots* grown = Slots::make(capacity);
    if (!grown)
        return Failure(Errno::nomem);
    for (u32 i = 0; i < old->capacity; ++i) {
        grown->slots[i].object.store(old->slots[i].object.load(std::memory_order_relaxed),
                                     std::memory_order_relaxed);
        grown->slots[i].rights.store(old->slots[i].rights.load(std::memory_order_relaxed),
                                     std::memory_order_relaxed);
        grown->slots[i].badge = old->slots[i].badge;
    }
    const usize words = (old->capacity + 63) / 64;
    for (usize i = 0; i < words; ++i) {
        grown->used[i] = old->used[i];
        grown->close_on_exec[i] = old->close_on_exec[i];
    }
    grown->lowest_free = old->lowest_free;
    slots_.store(grown, std::memory_order_release);
    outgrown.hold(*old);
    return {};
}

Result<u32> HandleTable::claim(bool close_on_exec, u32 lowest, u32 limit,
                               Outgrown& outgrown) {
    if (lowest >= limit)
        return Failure(Errno::mfile);
    Slots* slots = slots_.load(std::memory_order_relaxed);
    const u32 index = slots->find_free(lowest);
    if (index >= limit)
        return Failure(Errno::mfile);
    if (index >= slots->capacity) {
        TRY(grow(index, outgrown));
        slots = slots_.load(std::memory_order_relaxed);
    }
    slots->mark(index, close_on_exec);
    return index;
}

Result<u32> HandleTable::install(Ref<Object> object, Rights rights, bool close_on_exec, u32 lowest,
                                 u32 limit) {
    Outgrown outgrown;
    TableLock guard(lock_);
    const u32 index = TRY(claim(close_on_exec, lowest, limit, outgrown));
    SlotChange(slots_.load(std::memory_order_relaxed)->slots[index]).set(object.release(), rights);
    return index;
}

Result<u32> HandleTable::reserve(bool close_on_exec, u32 lowest, u32 limit) {
    Outgrown outgrown;
    TableLock guard(lock_);
    return claim(close_on_exec, lowest, limit, outgrown);
}

void HandleTable::fill_reserved(u32 index, Ref<Object> object, Rights rights) {
    TableLock guard(lock_);
    SlotChange(slots_.load(std::memory_order_relaxed)->slots[index]).set(object.release(), rights);
}

void HandleTable::release_reserved(u32 index) {
    TableLock guard(lock_);
    slots_.load(std::memory_order_relaxed)->clear(index);
}

Result<> HandleTable::replace(u32 index, Ref<Object> object, Rights rights, bool close_on_exec,
                              u32 limit) {
    if (index >= limit)
        return Failure(Errno::badf);
    RefOrNull<Object> old;
    Outgrown outgrown;
    {
        TableLock guard(lock_);
        if (index >= slots_.load(std::memory_order_relaxed)->capacity)
            TRY(grow(index, outgrown));
        Slots* slots = slots_.load(std::memory_order_relaxed);
        Slot& slot = slots->slots[index];
        Object* before = slot.object.load(std::memory_order_relaxed);
        if (!before && slots->is_used(index))
            return Failure(Errno::busy);
        slots->mark(index, close_on_exec);
        mark_if_shared(before);
        SlotChange(slot).set(object.release(), rights);
        old = RefOrNull<Object>::adopt(before);
    }
    if (old)
        old->handle_closed();
    return {};
}

Result<Ref<Object>> HandleTable::take(u32 index, const Object* only) {
    TableLock guard(lock_);
    Slots* slots = slots_.load(std::memory_order_relaxed);
    if (index >= slots->capacity)
        return Failure(Errno::badf);
    Slot& slot = slots->slots[index];
    Object* object = slot.object.load(std::memory_order_relaxed);
    if (!object || (only && object != only))
        return Failure(Errno::badf);
    mark_if_shared(object);
    SlotChange(slot).set(nullptr, Rights::none);
    slots->clear(index);
    return Ref<Object>::adopt(object);
}

Result<> HandleTable::close(u32 index) {
    Ref<Object> object = TRY(take(index));
    object->handle_closed();
    return {};
}

Result<> HandleTable::close_if(u32 index, const Object& object) {
    Ref<Object> taken = TRY(take(index, &object));
    taken->handle_closed();
    return {};
}

Result<bool> HandleTable::close_on_exec(u32 index) const {
    TableLock guard(lock_);
    const Slots* slots = slots_.load(std::memory_order_relaxed);
    if (index >= slots->capacity || !slots->slots[index].object.load(std::memory_order_relaxed))
        return Failure(Errno::badf);
    return (slots->close_on_exec[index / 64] >> index % 64 & 1) != 0;
}

Result<> HandleTable::set_close_on_exec(u32 index, bool value) {
    TableLock guard(lock_);
    Slots* slots = slots_.load(std::memory_order_relaxed);
    if (index >= slots->capacity || !slots->slots[index].object.load(std::memory_order_relaxed))
        return Failure(Errno::badf);
    const u64 bit = u64{1} << index % 64;
    u64& word = slots->close_on_exec[index / 64];
    word = value ? word | bit : word & ~bit;
    return {};
}

Result<Ref<HandleTable>> HandleTable::clone(u32 limit) const {
    Ref<HandleTable> copy = TRY(create());
    Outgrown outgrown;
    TableLock guard(lock_);
    const Slots* from = slots_.load(std::memory_order_relaxed);
    // Nobody else sees the copy: its own lock, of the same class, is not needed.
    if (from->capacity > first_capacity)
        TRY(copy->grow(from->capacity - 1, outgrown));
    Slots* to = copy->slots_.load(std::memory_order_relaxed);
    for (u32 word = 0; word < (from->capacity + 63) / 64; ++word) {
        for (u64 bits = from->used[word]; bits != 0; bits &= bits - 1) {
            const u32 index = word * 64 + static_cast<u32>(__builtin_ctzll(bits));
            Object* object = from->slots[index].object.load(std::memory_order_relaxed);
            if (!object || index >= limit)
                continue; // reserved: not open yet
            object->add_reference();
            to->slots[index].object.store(object, std::memory_order_relaxed);
            to->slots[index].rights.store(from->slots[index].rights.load(std::memory_order_relaxed),
                                          std::memory_order_relaxed);
            to->slots[index].badge = from->slots[index].badge;
            to->mark(index, from->close_on_exec[word] >> index % 64 & 1);
        }
    }
    return copy;
}

void HandleTable::close_all_on_exec() {
    const u32 capacity = slots_.load()->capacity;
    for (u32 index = 0; index < capacity; ++index) {
        if (auto marked = close_on_exec(index); marked && *marked)
            (void)close(index);
    }
}

void HandleTable::close_range(u32 first, u32 last) {
    u32 index = first;
    while (auto next = next_used(index)) {
        if (*next > last)
            return;
        (void)close(*next);
        index = *next + 1;
    }
}

Result<u32> HandleTable::next_used(u32 from) const {
    TableLock guard(lock_);
    const Slots* slots = slots_.load(std::memory_order_relaxed);
    for (u32 index = from; index < slots->capacity; ++index) {
        const u64 rest = slots->used[index / 64] >> index % 64;
        if (rest == 0) {
            index = (index / 64 + 1) * 64 - 1;
            continue;
        }
        index += static_cast<u32>(__builtin_ctzll(rest));
        if (slots->slots[index].object.load(std::memory_order_relaxed))
            return index;
    }
    return Failure(Errno::badf);
}

} // namespace core
