// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/mapping.h"

#include "base/immortal.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/vm/memory_object.h"

namespace core {
namespace {

constexpr u32 slots = 300; // mapping i lies in i*16..i*16+15

struct Model {
    MappingSet set;
    Mapping* mappings[slots]{};

    Mapping* first_ending_after(u64 address) {
        for (Mapping* mapping : mappings) {
            if (mapping && mapping->end > address)
                return mapping;
        }
        return nullptr;
    }
    void check_order() {
        Mapping* expected = nullptr;
        Mapping* at = set.first();
        for (Mapping* mapping : mappings) {
            if (!mapping)
                continue;
            REQUIRE(at == mapping);
            EXPECT(set.previous(*at) == expected);
            expected = at;
            at = set.next(*at);
        }
        EXPECT(at == nullptr);
        EXPECT(set.last() == expected);
        EXPECT(set.empty() == (expected == nullptr));
    }
};

TEST(mapping_set, random_against_model) {
    static constinit Immortal<Model> storage;
    Model& model = *storage;
    TestRandom random(9);
    for (int step = 0; step < 6000; ++step) {
        const u32 i = static_cast<u32>(random.below(slots));
        Mapping*& mapping = model.mappings[i];
        if (mapping) {
            model.set.erase(*mapping);
            delete mapping;
            mapping = nullptr;
        } else {
            mapping = new (base::fallible) Mapping();
            REQUIRE(mapping != nullptr);
            mapping->start = i * 16 + random.below(8);
            mapping->end = mapping->start + 1 + random.below(8);
            model.set.insert(*mapping);
        }
        const u64 probe = random.below(slots * 16 + 32);
        EXPECT(model.set.first_ending_after(probe) == model.first_ending_after(probe));
        if (step % 100 == 0)
            model.check_order();
    }
    for (Mapping*& mapping : model.mappings) {
        if (mapping) {
            model.set.erase(*mapping);
            delete mapping;
            mapping = nullptr;
        }
    }
    model.check_order();
}

} // namespace
} // namespace core
