// SPDX-License-Identifier: BSD-2-Clause
// Address spaces without a program: what is mapped is reached through read_memory and write_memory.
#include "core/vm/address_space.h"

#include "base/memory_functions.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"
#include "core/vm/page_cache.h"

namespace core {
namespace {

constexpr Protection read_write = Protection::read | Protection::write;
constexpr u64 base_address = 0x10'0000'0000;

MapRequest fixed(u64 address, u64 length, Protection protection) {
    MapRequest request;
    request.address = UserVirt(address);
    request.length = Bytes(length);
    request.protection = protection;
    request.placement = MapRequest::Placement::fixed;
    return request;
}

Result<u8> peek(AddressSpace& space, u64 address) {
    u8 byte = 0;
    TRY(space.read_memory(UserVirt(address), {&byte, 1}));
    return byte;
}
Result<> poke(AddressSpace& space, u64 address, u8 byte) {
    return space.write_memory(UserVirt(address), {&byte, 1}, false);
}

u32 count_mappings(AddressSpace& space) {
    u32 count = 0;
    space.for_each(
        UserVirt(0),
        [](const Mapping&, void* counter) {
            ++*static_cast<u32*>(counter);
            return true;
        },
        &count);
    return count;
}

TEST(address_space, maps_and_unmaps) {
    const FrameCounts before = frame_counts();
    {
        auto space = AddressSpace::create();
        REQUIRE(space.has_value());
        EXPECT((*space)->map(fixed(base_address, 10 * page_size, read_write)).has_value());
        for (u64 i = 0; i < 10; ++i) {
            EXPECT(peek(**space, base_address + i * page_size).value_or(1) == 0);
            EXPECT(poke(**space, base_address + i * page_size + i, static_cast<u8>(i + 1)));
        }
        EXPECT((*space)->statistics().resident.value == 10);
        EXPECT((*space)->unmap(UserVirt(base_address + 3 * page_size), Bytes(2 * page_size)));
        EXPECT(!peek(**space, base_address + 3 * page_size));
        EXPECT(peek(**space, base_address + 5 * page_size + 5).value_or(0) == 6);
        EXPECT((*space)->statistics().resident.value == 8);
        EXPECT((*space)->statistics().mapped.value == 8);
        EXPECT(count_mappings(**space) == 2);
        // Bytes across a page's end.
        u8 bytes[100];
        memset(bytes, 0x44, sizeof bytes);
        EXPECT((*space)->write_memory(UserVirt(base_address + page_size - 50), bytes, false));
        u8 back[100]{};
        EXPECT((*space)->read_memory(UserVirt(base_address + page_size - 50), back));
        EXPECT(memcmp(bytes, back, sizeof bytes) == 0);
        EXPECT(!(*space)->read_memory(UserVirt(base_address + 3 * page_size - 50), back));
    }
    const FrameCounts after = frame_counts();
    EXPECT(after.anonymous == before.anonymous && after.page_tables == before.page_tables);
}

// More pages than one batch takes, in tables far apart, and tables whose mapping went before.
TEST(address_space, ends_with_no_table_left) {
    const FrameCounts before = frame_counts();
    {
        auto space = AddressSpace::create();
        REQUIRE(space.has_value());
        constexpr u64 length = 600 * page_size;
        constexpr u64 far = 0x7000'0000'0000;
        const u64 starts[] = {0x40'0000, base_address, base_address + (u64{2} << 30), far};
        for (const u64 address : starts) {
            EXPECT((*space)->map(fixed(address, length, read_write)).has_value());
            EXPECT((*space)->populate(UserVirt(address), Bytes(length), Access::write));
        }
        EXPECT((*space)->map(fixed(far - (u64{4} << 40), u64{4} << 40, read_write)).has_value());
        EXPECT((*space)->statistics().resident.value == 4 * 600);
        auto twin = (*space)->clone();
        REQUIRE(twin.has_value());
        EXPECT((*twin)->statistics().resident.value == 4 * 600);
        EXPECT((*space)->unmap(UserVirt(base_address), Bytes(length - page_size)));
        EXPECT((*space)->unmap(UserVirt(base_address + length - page_size), Bytes(page_size)));
        EXPECT((*space)->statistics().resident.value == 3 * 600);
        for (AddressSpace* each : {(*space).get(), (*twin).get()}) {
            each->clear();
            EXPECT(each->statistics().resident.value == 0);
            EXPECT(each->statistics().page_tables.value == 1);
        }
    }
    const FrameCounts after = frame_counts();
    EXPECT(after.anonymous == before.anonymous && after.page_tables == before.page_tables);
}

TEST(address_space, fills_in_runs) {
    const FrameCounts before = frame_counts();
    {
        auto created = AddressSpace::create();
        REQUIRE(created.has_value());
        AddressSpace& space = **created;
        const auto resident = [&] { return space.statistics().resident.value; };
        const auto at = [](u64 page) { return base_address + page * page_size; };
        EXPECT(space.map(fixed(base_address, 70 * page_size, read_write)).has_value());
        for (u64 page = 0; page < 16; ++page)
            EXPECT(poke(space, at(page), 1) && resident() == page + 1);
        EXPECT(poke(space, at(16), 1) && resident() == 32);
        for (u64 page = 17; page < 32; ++page)
            EXPECT(peek(space, at(page)).value_or(1) == 0 && poke(space, at(page), 2));
        EXPECT(resident() == 32);
        EXPECT(poke(space, at(48), 3) && resident() == 33);          // nothing before it
        EXPECT(poke(space, at(33), 3) && resident() == 34);          // not where a run begins
        EXPECT(poke(space, at(32), 3) && resident() == 35);          // one of the run is there
        EXPECT(space.unmap(UserVirt(at(10)), Bytes(10 * page_size))); // parts of a run
        EXPECT(resident() == 25);
        EXPECT(peek(space, at(20)).value_or(0) == 2 && !peek(space, at(19)));
        EXPECT(space.discard(UserVirt(at(20)), Bytes(12 * page_size)) && resident() == 13);
        EXPECT(peek(space, at(20)).value_or(1) == 0);
        for (u64 page = 49; page < 64; ++page)
            EXPECT(poke(space, at(page), 4));
        EXPECT(poke(space, at(64), 5) && peek(space, at(65)).value_or(1) == 0);
        EXPECT(space.statistics().mapped.value == 60); // a run would not have fitted
    }
    const FrameCounts after = frame_counts();
    EXPECT(after.anonymous == before.anonymous && after.page_tables == before.page_tables);
}

TEST(address_space, refuses_nonsense) {
    auto created = AddressSpace::create();
    REQUIRE(created.has_value());
    AddressSpace& space = **created;
    EXPECT(space.map(fixed(base_address + 1, page_size, read_write)).error() == Errno::inval);
    EXPECT(space.map(fixed(base_address, 0, read_write)).error() == Errno::inval);
    EXPECT(!space.map(fixed(0x7fff'ffff'f000, page_size, read_write)));
    EXPECT(!space.map(fixed(0xffff'8000'0000'0000, page_size, read_write)));
    EXPECT(!space.map(fixed(0, page_size, read_write)));
    EXPECT(!space.map(fixed(base_address, ~u64{0}, read_write)));
    EXPECT(space.unmap(UserVirt(base_address), Bytes(0)).error() == Errno::inval);
    EXPECT(space.protect(UserVirt(base_address), Bytes(page_size), read_write).error() ==
           Errno::nomem);
    EXPECT(space.map(fixed(base_address, 4 * page_size, Protection::read)).has_value());
    MapRequest taken = fixed(base_address + page_size, page_size, read_write);
    taken.placement = MapRequest::Placement::fixed_no_replace;
    EXPECT(space.map(taken).error() == Errno::exist);
    EXPECT(!poke(space, base_address, 1));
    MapRequest narrow = fixed(base_address, page_size, Protection::read);
    narrow.maximum = Protection::read;
    EXPECT(space.map(narrow).has_value());
    EXPECT(space.protect(UserVirt(base_address), Bytes(page_size), read_write).error() ==
           Errno::acces);
    space.limits.address_space = 4 * page_size;
    EXPECT(space.map(fixed(base_address + 100 * page_size, page_size, read_write)).error() ==
           Errno::nomem);
}

TEST(address_space, splits_and_merges) {
    auto created = AddressSpace::create();
    REQUIRE(created.has_value());
    AddressSpace& space = **created;
    EXPECT(space.map(fixed(base_address, 9 * page_size, read_write)).has_value());
    EXPECT(poke(space, base_address + 4 * page_size, 77));
    EXPECT(space.protect(UserVirt(base_address + 3 * page_size), Bytes(3 * page_size),
                         Protection::read));
    EXPECT(count_mappings(space) == 3);
    EXPECT(!poke(space, base_address + 4 * page_size, 1));
    EXPECT(poke(space, base_address + 2 * page_size, 1) && poke(space, base_address, 1));
    EXPECT(peek(space, base_address + 4 * page_size).value_or(0) == 77);
    EXPECT(space.protect(UserVirt(base_address + 3 * page_size), Bytes(3 * page_size),
                         Protection::none));
    EXPECT(!peek(space, base_address + 4 * page_size));
    EXPECT(space.protect(UserVirt(base_address + 3 * page_size), Bytes(3 * page_size), read_write));
    EXPECT(count_mappings(space) == 1);
    EXPECT(peek(space, base_address + 4 * page_size).value_or(0) == 77);
    EXPECT(space.map(fixed(base_address + 9 * page_size, page_size, read_write)).has_value());
    EXPECT(count_mappings(space) == 1);
    EXPECT(space.discard(UserVirt(base_address + 4 * page_size), Bytes(page_size)));
    EXPECT(peek(space, base_address + 4 * page_size).value_or(9) == 0);
}

TEST(address_space, finds_room) {
    auto created = AddressSpace::create();
    REQUIRE(created.has_value());
    AddressSpace& space = **created;
    space.map_base = 0x7000'0000'0000;
    u64 places[20];
    for (u64& place : places) {
        MapRequest request;
        request.length = Bytes(3 * page_size);
        request.protection = read_write;
        const auto found = space.map(request);
        REQUIRE(found.has_value());
        place = found->value;
        EXPECT(place + 3 * page_size <= space.map_base);
        EXPECT(poke(space, place + 2 * page_size, 5));
    }
    for (u64& place : places) {
        for (u64& other : places)
            EXPECT(&place == &other || place + 3 * page_size <= other ||
                   other + 3 * page_size <= place);
    }
    MapRequest low;
    low.length = Bytes(page_size);
    low.protection = read_write;
    low.below_4g = true;
    const auto found = space.map(low);
    REQUIRE(found.has_value());
    EXPECT(found->value + page_size <= u64{1} << 32);
}

TEST(address_space, remaps) {
    auto created = AddressSpace::create();
    REQUIRE(created.has_value());
    AddressSpace& space = **created;
    space.map_base = 0x7000'0000'0000;
    EXPECT(space.map(fixed(base_address, 3 * page_size, read_write)).has_value());
    for (u64 i = 0; i < 3; ++i)
        EXPECT(poke(space, base_address + i * page_size, static_cast<u8>(i + 1)));
    AddressSpace::RemapRequest grow;
    grow.old_address = UserVirt(base_address);
    grow.old_length = Bytes(3 * page_size);
    grow.new_length = Bytes(6 * page_size);
    EXPECT(space.remap(grow).value_or(UserVirt(0)).value == base_address);
    EXPECT(peek(space, base_address + 5 * page_size).value_or(9) == 0);
    EXPECT(space.map(fixed(base_address + 6 * page_size, page_size, Protection::read)));
    grow.old_length = Bytes(6 * page_size);
    grow.new_length = Bytes(8 * page_size);
    EXPECT(!space.remap(grow)); // no room, must not move
    grow.may_move = true;
    const auto moved = space.remap(grow);
    REQUIRE(moved.has_value());
    EXPECT(moved->value != base_address && !peek(space, base_address));
    for (u64 i = 0; i < 3; ++i)
        EXPECT(peek(space, moved->value + i * page_size).value_or(0) == i + 1);
    AddressSpace::RemapRequest shrink;
    shrink.old_address = *moved;
    shrink.old_length = Bytes(8 * page_size);
    shrink.new_length = Bytes(page_size);
    EXPECT(space.remap(shrink).has_value());
    EXPECT(!peek(space, moved->value + page_size));
}

TEST(address_space, clones_copy_on_write) {
    const FrameCounts before = frame_counts();
    {
        auto parent = AddressSpace::create();
        REQUIRE(parent.has_value());
        EXPECT((*parent)->map(fixed(base_address, 20 * page_size, read_write)).has_value());
        for (u64 i = 0; i < 20; ++i)
            EXPECT(poke(**parent, base_address + i * page_size, static_cast<u8>(i)));
        auto child = (*parent)->clone();
        REQUIRE(child.has_value());
        EXPECT(frame_counts().anonymous == before.anonymous + 20); // shared
        EXPECT(poke(**parent, base_address, 100) && poke(**child, base_address + page_size, 101));
        EXPECT(frame_counts().anonymous == before.anonymous + 22);
        EXPECT(peek(**child, base_address).value_or(9) == 0);
        EXPECT(peek(**parent, base_address + page_size).value_or(9) == 1);
        EXPECT(peek(**parent, base_address).value_or(0) == 100);
        EXPECT(peek(**child, base_address + page_size).value_or(0) == 101);
        auto grandchild = (*child)->clone();
        REQUIRE(grandchild.has_value());
        (*child)->clear();
        EXPECT(peek(**grandchild, base_address + page_size).value_or(0) == 101);
        EXPECT(peek(**grandchild, base_address + 19 * page_size).value_or(0) == 19);
    }
    const FrameCounts after = frame_counts();
    EXPECT(after.anonymous == before.anonymous && after.page_tables == before.page_tables);
}

struct ZeroBacking final : Backing {
    Result<> read_pages(u64, std::span<Page* const> pages) override {
        for (Page* page : pages)
            memset(page->bytes(), 0, page_size);
        return {};
    }
    Result<> write_pages(u64, std::span<Page* const>) override { return {}; }
    Result<> prepare_dirty(u64) override { return {}; }
};

TEST(address_space, maps_objects) {
    static constinit ZeroBacking backing;
    auto cache = PageCache::create(backing, true);
    REQUIRE(cache.has_value());
    (*cache)->set_size(4 * page_size);
    auto one = AddressSpace::create();
    auto two = AddressSpace::create();
    REQUIRE(one && two);
    MapRequest shared = fixed(base_address, 6 * page_size, read_write);
    shared.shared = true;
    shared.object = RefOrNull<MemoryObject>(*cache);
    MapRequest own = shared;
    own.shared = false;
    own.address = UserVirt(base_address + 16 * page_size);
    REQUIRE((*one)->map(shared) && (*two)->map(shared) && (*two)->map(own));
    EXPECT(poke(**one, base_address + page_size, 5));
    EXPECT(peek(**two, base_address + page_size).value_or(0) == 5);
    EXPECT(peek(**two, base_address + 17 * page_size).value_or(0) == 5);
    EXPECT(poke(**two, base_address + 17 * page_size, 6)); // a copy
    EXPECT(peek(**one, base_address + page_size).value_or(0) == 5);
    EXPECT(!peek(**one, base_address + 4 * page_size)); // beyond the object's end
    (*cache)->set_size(page_size);
    EXPECT(!peek(**one, base_address + page_size) && !peek(**two, base_address + page_size));
    // Linux takes private copies beyond a truncation away as well; peek of the rest still works.
    EXPECT(peek(**one, base_address).value_or(9) == 0);
    auto copy = (*two)->clone();
    REQUIRE(copy.has_value());
    EXPECT(poke(**copy, base_address, 8));
    EXPECT(peek(**one, base_address).value_or(0) == 8); // shared stays shared
}

// The pages of a small window, as arrays.
struct Model {
    static constexpr u32 pages = 48;
    bool mapped[pages]{};
    Protection protection[pages]{};
    u8 content[pages]{};

    u32 runs() const {
        u32 count = 0;
        for (u32 i = 0; i < pages; ++i) {
            if (mapped[i] && (i == 0 || !mapped[i - 1] || protection[i] != protection[i - 1]))
                ++count;
        }
        return count;
    }
};

Protection random_protection(TestRandom& random) {
    static constexpr Protection choices[] = {Protection::none, Protection::read, read_write,
                                             Protection::read | Protection::execute};
    return choices[random.below(4)];
}

void step(AddressSpace& space, Model& model, TestRandom& random) {
    const u64 first = random.below(Model::pages);
    const u64 count = 1 + random.below(Model::pages - first);
    const UserVirt address(base_address + first * page_size);
    const Bytes length(count * page_size);
    const Protection protection = random_protection(random);
    bool whole = true;
    for (u64 i = first; i < first + count; ++i)
        whole &= model.mapped[i];
    const u64 kind = random.below(5);
    if (kind == 0) {
        EXPECT(space.map(fixed(address.value, length.value, protection)).has_value());
    } else if (kind == 1) {
        EXPECT(space.unmap(address, length).has_value());
    } else if (kind == 2) {
        EXPECT(space.protect(address, length, protection).has_value() == whole);
    }
    bool before_hole = true; // protect changes what lies before the first hole
    for (u64 i = first; i < first + count; ++i) {
        before_hole &= model.mapped[i];
        if (kind == 0 || kind == 1)
            model.content[i] = 0;
        if (kind == 0 || kind == 1)
            model.mapped[i] = kind == 0;
        if (kind == 0 || (kind == 2 && before_hole))
            model.protection[i] = protection;
        if (kind < 3)
            continue;
        const bool may_write = model.mapped[i] && includes(model.protection[i], Protection::write);
        const u8 byte = static_cast<u8>(random.next());
        EXPECT(poke(space, base_address + i * page_size + 9, byte).has_value() == may_write);
        if (may_write)
            model.content[i] = byte;
    }
}

void compare(AddressSpace& space, const Model& model) {
    EXPECT(count_mappings(space) == model.runs());
    for (u64 i = 0; i < Model::pages; ++i) {
        const bool readable = model.mapped[i] && model.protection[i] != Protection::none;
        const auto byte = peek(space, base_address + i * page_size + 9);
        EXPECT(byte.has_value() == readable);
        EXPECT(!byte || *byte == model.content[i]);
    }
}

TEST(address_space, random_against_model) {
    const FrameCounts before = frame_counts();
    {
        auto space = AddressSpace::create();
        REQUIRE(space.has_value());
        Model model;
        TestRandom random(21);
        for (int round = 0; round < 60; ++round) {
            for (int i = 0; i < 10; ++i)
                step(**space, model, random);
            compare(**space, model);
            auto twin = (*space)->clone();
            REQUIRE(twin.has_value());
            const Model kept = model;
            for (int i = 0; i < 5; ++i)
                step(**space, model, random);
            compare(**twin, kept);
            compare(**space, model);
            if (random.below(3) == 0) { // go on with the copy
                *space = std::move(*twin);
                model = kept;
            }
        }
    }
    const FrameCounts after = frame_counts();
    EXPECT(after.anonymous == before.anonymous && after.page_tables == before.page_tables);
}

} // namespace
} // namespace core
