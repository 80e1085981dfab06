// SPDX-License-Identifier: BSD-2-Clause
// The loader on a real component object, whole and damaged. The build makes the object with the
// flags of every component (PITH_TEST_OBJECT names the file).
#include "core/component/object_loader.h"

#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "core/memory/kernel_map.h"

namespace core {
namespace {

std::vector<u8> read_object() {
    std::ifstream file(PITH_TEST_OBJECT, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A copy that ends where the sanitizer looks.
struct Copy {
    explicit Copy(const std::vector<u8>& from) : bytes(new u64[(from.size() + 7) / 8]) {
        std::memcpy(bytes.get(), from.data(), from.size());
        size = from.size();
    }
    std::span<const u8> view() const { return {reinterpret_cast<const u8*>(bytes.get()), size}; }
    u8* data() { return reinterpret_cast<u8*>(bytes.get()); }
    std::unique_ptr<u64[]> bytes;
    usize size;
};

class ObjectLoader : public testing::Test {
protected:
    void SetUp() override { ASSERT_GT(object.size(), 1000u) << PITH_TEST_OBJECT; }
    elf::Header& header(Copy& copy) { return *reinterpret_cast<elf::Header*>(copy.data()); }
    std::span<elf::Section> sections(Copy& copy) {
        return {reinterpret_cast<elf::Section*>(copy.data() + header(copy).section_offset),
                header(copy).section_count};
    }
    std::string name_of(Copy& copy, const elf::Section& section) {
        const elf::Section& names = sections(copy)[header(copy).name_section];
        return reinterpret_cast<const char*>(copy.data()) + names.offset + section.name;
    }
    const std::vector<u8> object = read_object();
};

TEST_F(ObjectLoader, loadsAndFindsTheDescriptor) {
    Copy copy(object);
    auto plan = ObjectPlan::create(copy.view());
    ASSERT_TRUE(plan) << ObjectPlan::reason();
    EXPECT_EQ(plan->text_size() % page_size, 0u);
    KernelMapping memory =
        MUST(KernelMapping::allocate(Bytes(plan->size()), KernelProtection::read_write), "memory");
    auto at = plan->place({memory.as<u8>(), plan->size()}, memory.address().value, 42);
    ASSERT_TRUE(at) << ObjectPlan::reason();
    MUST(memory.protect(Bytes(0), Bytes(plan->text_size()), KernelProtection::read_execute),
         "ours");
    MUST(memory.protect(Bytes(plan->text_size()), Bytes(plan->data_size()),
                        KernelProtection::read_only),
         "ours");
    const auto& descriptor = *reinterpret_cast<const component::Descriptor*>(*at);
    EXPECT_EQ(descriptor.magic, component::descriptor_magic);
    EXPECT_STREQ(descriptor.name, "ramdisk");
    const u64 start = reinterpret_cast<u64>(descriptor.handlers.start);
    EXPECT_LT(start - memory.address().value, plan->text_size());
}

TEST_F(ObjectLoader, theSameBytesAtAnotherPlaceDifferOnlyInRelocations) {
    Copy copy(object);
    auto plan = ObjectPlan::create(copy.view());
    ASSERT_TRUE(plan);
    std::vector<u8> a(plan->size()), b(plan->size());
    ASSERT_TRUE(plan->place(a, 0x1000'0000, 1));
    ASSERT_TRUE(plan->place(b, 0xffff'ffff'c000'0000, 1));
    // Code is position independent: not one byte of it differs.
    EXPECT_EQ(std::memcmp(a.data(), b.data(), plan->text_size()), 0);
    EXPECT_NE(
        std::memcmp(a.data() + plan->text_size(), b.data() + plan->text_size(), plan->data_size()),
        0);
}

TEST_F(ObjectLoader, refusesWritableData) {
    Copy copy(object);
    int changed = 0;
    for (elf::Section& section : sections(copy)) {
        if ((section.flags & elf::flag_allocate) && section.size &&
            name_of(copy, section).starts_with(".rodata")) {
            section.flags |= elf::flag_write;
            ++changed;
        }
    }
    ASSERT_GT(changed, 0);
    EXPECT_EQ(ObjectPlan::create(copy.view()).error(), Errno::noexec);
    EXPECT_STREQ(ObjectPlan::reason(), "writable data");
}

TEST_F(ObjectLoader, refusesZeroedData) {
    Copy copy(object);
    for (elf::Section& section : sections(copy)) {
        if ((section.flags & elf::flag_allocate) && section.size &&
            name_of(copy, section).starts_with(".rodata"))
            section.type = elf::section_zeroed;
    }
    EXPECT_FALSE(ObjectPlan::create(copy.view()));
    EXPECT_STREQ(ObjectPlan::reason(), "writable data (.bss)");
}

TEST_F(ObjectLoader, refusesAnUndefinedSymbol) {
    Copy copy(object);
    for (elf::Section& section : sections(copy)) {
        if (section.type != elf::section_symbols)
            continue;
        auto* symbols = reinterpret_cast<elf::Symbol*>(copy.data() + section.offset);
        for (u64 i = 1; i < section.size / sizeof(elf::Symbol); ++i) {
            if (symbols[i].name != 0)
                symbols[i].section = elf::index_undefined;
        }
    }
    EXPECT_FALSE(ObjectPlan::create(copy.view()));
    EXPECT_STREQ(ObjectPlan::reason(), "an undefined symbol");
}

TEST_F(ObjectLoader, refusesPositionDependentRelocations) {
    for (u32 type : {9u, 10u, 11u, 41u, 42u}) { // GOTPCREL, 32, 32S, the relaxable ones
        Copy copy(object);
        for (elf::Section& section : sections(copy)) {
            if (section.type != elf::section_relocations)
                continue;
            auto* entries = reinterpret_cast<elf::Relocation*>(copy.data() + section.offset);
            for (u64 i = 0; i < section.size / sizeof(elf::Relocation); ++i)
                entries[i].info = (entries[i].info & ~u64{0xffff'ffff}) | type;
        }
        auto plan = ObjectPlan::create(copy.view());
        ASSERT_TRUE(plan);
        std::vector<u8> memory(plan->size());
        EXPECT_FALSE(plan->place(memory, 0x10000, 0));
    }
}

TEST_F(ObjectLoader, refusesARelocationOutOfRange) {
    Copy copy(object);
    bool changed = false;
    for (elf::Section& section : sections(copy)) {
        if (section.type != elf::section_relocations)
            continue;
        auto* entries = reinterpret_cast<elf::Relocation*>(copy.data() + section.offset);
        for (u64 i = 0; i < section.size / sizeof(elf::Relocation); ++i) {
            if (entries[i].type() == elf::relocation_plt32) {
                entries[i].addend = i64{1} << 40;
                changed = true;
            }
        }
    }
    ASSERT_TRUE(changed);
    auto plan = ObjectPlan::create(copy.view());
    ASSERT_TRUE(plan);
    std::vector<u8> memory(plan->size());
    EXPECT_FALSE(plan->place(memory, 0x10000, 0));
    EXPECT_STREQ(ObjectPlan::reason(), "a relocation out of range");
}

// Nothing a file may hold makes the loader read or write where it should not.
TEST_F(ObjectLoader, damagedObjects) {
    u64 random = 1;
    const auto next = [&random] {
        random = random * 6364136223846793005u + 1442695040888963407u;
        return random >> 33;
    };
    u64 loaded = 0;
    const u64 table = reinterpret_cast<const elf::Header*>(object.data())->section_offset;
    for (int i = 0; i < 4000; ++i) {
        Copy copy(object);
        const u64 count = 1 + next() % 4;
        for (u64 k = 0; k < count; ++k) {
            // Mostly where structures are: headers, the section table, and anywhere.
            const u64 where = next() % 3;
            const u64 at = where == 0   ? next() % 64
                           : where == 1 ? table + next() % (object.size() - table)
                                        : next() % object.size();
            copy.data()[at] = next() % 2 ? static_cast<u8>(next()) : static_cast<u8>(0xff);
        }
        if (i % 16 == 0)
            copy.size = next() % object.size();
        auto plan = ObjectPlan::create(copy.view());
        if (!plan)
            continue;
        std::vector<u8> memory(plan->size());
        loaded += plan->place(memory, 0x10000, 0).has_value();
    }
    EXPECT_GT(loaded, 100u); // the damage hit what does not matter
}

} // namespace
} // namespace core
