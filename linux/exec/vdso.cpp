// SPDX-License-Identifier: BSD-2-Clause
#include "linux/exec/vdso.h"

#include "base/memory_functions.h"
#include "core/memory/frames.h"
#include "core/time/clock.h"

extern "C" {
extern const u8 vdso_image[], vdso_image_end[];
}

namespace linux {

namespace {

constexpr u64 page_count = 2;

class VdsoObject final : public core::MemoryObject {
public:
    Result<core::PageRef> page_for_mapping(u64 index, core::Access) override {
        if (index >= page_count)
            return Failure(Errno::fault);
        return core::PageRef::share(*pages[index]);
    }
    core::PageRef try_page(u64 index) override {
        return index < page_count ? core::PageRef::share(*pages[index]) : core::PageRef();
    }
    core::Page* pages[page_count] = {};
};

constinit VdsoObject* g_object = nullptr; // lives for ever
constinit std::atomic<bool> g_updating{false};

ClockPage& clock_page() { return *reinterpret_cast<ClockPage*>(g_object->pages[0]->bytes()); }

// Changes the page with readers kept off by the sequence number.
template <typename Change>
void change_clock_page(Change change) {
    if (!g_object)
        return;
    while (g_updating.exchange(true, std::memory_order_acquire))
        arch::spin_pause();
    ClockPage& page = clock_page();
    const u32 sequence = page.sequence.load(std::memory_order_relaxed);
    page.sequence.store(sequence + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    change(page);
    // Release: a reader that sees the even number sees the whole change.
    page.sequence.store(sequence + 2, std::memory_order_release);
    g_updating.store(false, std::memory_order_release);
}

} // namespace

Result<> start_vdso() {
    Ref<VdsoObject> object = TRY(Ref<VdsoObject>::create());
    for (core::Page*& page : object->pages) {
        core::PageRef frame =
            TRY(core::allocate_frame(core::PageUse::object, core::FrameContent::zeroed));
        frame->set(core::page_flag::uptodate);
        page = frame.release();
        page->object = object.get();
        page->index = static_cast<u64>(&page - object->pages);
    }
    const usize size = static_cast<usize>(vdso_image_end - vdso_image);
    VERIFY(size <= page_size);
    memcpy(object->pages[1]->bytes(), vdso_image, size);
    g_object = object.release();
    update_clock_page();
    return {};
}

void update_clock_page() {
    change_clock_page([](ClockPage& page) {
        const core::ClockScale& scale = core::clock_scale();
        page.base = scale.base_cycles;
        page.multiplier = scale.multiplier;
        page.shift = scale.shift;
        page.wall_offset = core::wall_offset();
        page.usable = scale.shift > 0 && scale.shift < 64;
    });
}

void set_time_zone(i32 minutes_west, i32 daylight) {
    change_clock_page([&](ClockPage& page) {
        page.minutes_west = minutes_west;
        page.daylight = daylight;
    });
}

void get_time_zone(i32& minutes_west, i32& daylight) {
    minutes_west = g_object ? clock_page().minutes_west : 0;
    daylight = g_object ? clock_page().daylight : 0;
}

Result<u64> map_vdso(core::AddressSpace& space) {
    if (!g_object)
        return 0;
    core::MapRequest place;
    place.length = Bytes(page_count * page_size);
    const UserVirt start = TRY(space.map(place));
    core::MapRequest data;
    data.address = start;
    data.length = Bytes(page_size);
    data.placement = core::MapRequest::Placement::fixed;
    data.protection = core::Protection::read;
    data.maximum = core::Protection::read;
    data.object = RefOrNull<core::MemoryObject>::share(g_object);
    data.label = "[vvar]";
    TRY(space.map(data));
    core::MapRequest code = data;
    code.address = start + page_size;
    code.protection = code.maximum = core::Protection::read | core::Protection::execute;
    code.object_page = 1;
    code.label = "[vdso]";
    TRY(space.map(code));
    return code.address.value;
}

} // namespace linux
