// SPDX-License-Identifier: BSD-2-Clause
#include "core/vm/page_tree.h"

#include "base/immortal.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"
#include "core/memory/frames.h"

namespace core {
namespace {

constexpr u32 page_count = 200;

struct Model {
    PageTree tree;
    PageRef pages[page_count];
    u64 indices[page_count]{};
    bool inside[page_count]{};

    bool fill() {
        for (PageRef& page : pages) {
            auto taken = allocate_frame(PageUse::kernel, FrameContent::undefined);
            if (!taken)
                return false;
            page = std::move(*taken);
        }
        return true;
    }
    bool is_taken(u64 index) const {
        for (u32 i = 0; i < page_count; ++i) {
            if (inside[i] && indices[i] == index)
                return true;
        }
        return false;
    }
    // The lowest index in first..last-1, by looking at all of them.
    const Page* next(u64 first, u64 last) const {
        u32 best = page_count;
        for (u32 i = 0; i < page_count; ++i) {
            if (inside[i] && indices[i] >= first && indices[i] < last &&
                (best == page_count || indices[i] < indices[best]))
                best = i;
        }
        return best == page_count ? nullptr : pages[best].get();
    }
    void toggle(u32 i, u64 index) {
        if (inside[i]) {
            EXPECT(tree.remove(indices[i]) == pages[i].get());
            inside[i] = false;
        } else if (!is_taken(index)) {
            REQUIRE(tree.reserve(index).has_value());
            pages[i]->index = index;
            tree.insert(index, *pages[i]);
            indices[i] = index;
            inside[i] = true;
        }
    }
};

u64 random_index(TestRandom& random) {
    switch (random.below(4)) {
    case 0: return random.below(64);
    case 1: return random.below(5000);
    case 2: return random.below(u64{1} << 36);
    default: return random.next() >> 12; // as far as a 64-bit file offset reaches
    }
}

TEST(page_tree, random_against_model) {
    static constinit Immortal<Model> storage;
    Model& model = *storage;
    const u64 free = frame_counts().free;
    REQUIRE(model.fill());
    TestRandom random(5);
    for (int step = 0; step < 4000; ++step) {
        const u32 i = static_cast<u32>(random.below(page_count));
        model.toggle(i, random_index(random));
        const u64 probe = random.below(2) ? random_index(random) : model.indices[i];
        EXPECT((model.tree.find(probe) != nullptr) == model.is_taken(probe));
        EXPECT(model.tree.find(model.indices[i]) == (model.inside[i] ? model.pages[i].get()
                                                     : model.is_taken(model.indices[i])
                                                         ? model.tree.find(model.indices[i])
                                                         : nullptr));
        const u64 first = random_index(random), last = first + random_index(random);
        EXPECT(model.tree.next(first, last) == model.next(first, last));
    }
    EXPECT(model.tree.remove(~u64{0} >> 12) == nullptr || model.is_taken(~u64{0} >> 12));
    for (u32 i = 0; i < page_count; ++i) {
        if (model.inside[i])
            model.toggle(i, 0);
        model.pages[i] = PageRef();
    }
    EXPECT(model.tree.empty());
    EXPECT(model.tree.next(0, ~u64{0}) == nullptr);
    EXPECT(frame_counts().free + frame_counts().slab >= free);
}

TEST(page_tree, edges) {
    PageTree tree;
    EXPECT(tree.find(0) == nullptr && tree.find(~u64{0}) == nullptr);
    EXPECT(tree.remove(0) == nullptr && tree.next(0, ~u64{0}) == nullptr);
    auto page = allocate_frame(PageUse::kernel, FrameContent::undefined);
    REQUIRE(page.has_value());
    for (u64 index : {u64{0}, u64{63}, u64{64}, u64{4095}, u64{4096}, u64{1} << 40, ~u64{0} - 1}) {
        REQUIRE(tree.reserve(index).has_value());
        (*page)->index = index;
        tree.insert(index, **page);
        EXPECT(tree.find(index) == page->get());
        EXPECT(tree.find(index ^ 1) == nullptr);
        EXPECT(tree.next(index, ~u64{0}) == page->get());
        EXPECT(tree.next(0, index) == nullptr);
        EXPECT(tree.next(0, index + 1) == page->get());
        EXPECT(tree.next(index + 1, ~u64{0}) == nullptr);
        EXPECT(tree.remove(index) == page->get());
        EXPECT(tree.remove(index) == nullptr);
        EXPECT(tree.empty());
    }
}

} // namespace
} // namespace core
