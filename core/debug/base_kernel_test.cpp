// SPDX-License-Identifier: BSD-2-Clause
// Tests of base/, which itself knows no kernel: heap, list, references, formats, memory functions.
#include <string_view>

#include "base/bits.h"
#include "base/box.h"
#include "base/format.h"
#include "base/heap.h"
#include "base/list.h"
#include "base/memory_functions.h"
#include "base/ref.h"
#include "core/debug/kernel_test.h"
#include "core/debug/test_threads.h"

namespace core {
namespace {

struct Item {
    u64 key = 0;
    base::HeapNode<Item> node;
    ListLink link;
};
struct Less {
    bool operator()(const Item& a, const Item& b) const { return a.key < b.key; }
};

TEST(base, pairing_heap_against_model) {
    constexpr u32 count = 300;
    static constinit Item items[count]{};
    base::PairingHeap<Item, &Item::node, Less> heap;
    TestRandom random(2);
    u32 queued = 0;
    auto least = [&] {
        const Item* best = nullptr;
        for (const Item& item : items) {
            if (item.node.queued && (!best || item.key < best->key))
                best = &item;
        }
        return best;
    };
    for (int step = 0; step < 10'000; ++step) {
        Item& item = items[random.below(count)];
        const u64 kind = random.below(5);
        if (kind == 0 && queued != 0) {
            const u64 key = least()->key;
            Item* top = heap.pop();
            REQUIRE(top != nullptr);
            EXPECT(top->key == key && !top->node.queued);
            --queued;
        } else if (item.node.queued) {
            heap.remove(item);
            --queued;
        } else {
            item.key = random.below(1000);
            heap.push(item);
            ++queued;
        }
        EXPECT(heap.empty() == (queued == 0));
        EXPECT(queued == 0 || heap.top()->key == least()->key);
    }
    u64 last = 0;
    while (Item* item = heap.pop()) {
        EXPECT(item->key >= last);
        last = item->key;
        --queued;
    }
    EXPECT(queued == 0);
}

TEST(base, list) {
    Item items[6];
    for (u64 i = 0; i < 6; ++i)
        items[i].key = i;
    List<Item, &Item::link> list, other;
    list.push_back(items[1]);
    list.push_back(items[2]);
    list.push_front(items[0]);
    other.push_back(items[4]);
    other.push_back(items[5]);
    list.splice_back(other);
    EXPECT(other.empty());
    list.insert_before(items[4], items[3]);
    u64 expected = 0;
    for (Item& item : list) {
        EXPECT(item.key == expected++);
        if (item.key % 2 == 0)
            list.remove(item); // the loop may
    }
    EXPECT(expected == 6);
    EXPECT(list.pop_front() == &items[1] && list.pop_front() == &items[3]);
    EXPECT(list.pop_front() == &items[5] && list.pop_front() == nullptr);
    EXPECT(!items[0].link.is_linked());
}

struct Shared : RefCounted<Shared> {
    explicit Shared(u32& counter) : deaths(counter) {}
    ~Shared() { ++deaths; }
    u32& deaths;
};

TEST(base, references) {
    u32 deaths = 0;
    {
        auto first = Ref<Shared>::create(deaths);
        REQUIRE(first.has_value());
        Ref<Shared> second = *first;
        EXPECT(second->reference_count() == 2);
        RefOrNull<Shared> third(second);
        EXPECT(second->reference_count() == 3 && third);
        third = nullptr;
        EXPECT(second->reference_count() == 2 && deaths == 0);
        EXPECT(second->try_add_reference());
        second->drop_reference();
    }
    EXPECT(deaths == 1);
    auto box = Box<u64>::create(5ull);
    REQUIRE(box.has_value());
    Box<u64> moved = std::move(*box);
    EXPECT(*moved == 5);
}

TEST(base, formats) {
    auto check = [](std::string_view wanted, std::string_view pattern, auto... arguments) {
        const base::Text<128> text(pattern, arguments...);
        EXPECT(text.view() == wanted);
    };
    check("1 -2 3", "{} {} {}", 1u, -2, u64{3});
    check("0x1f 00ff 7b", "{:#x} {:04x} {:x}", 31, 255, 123);
    check("[   42] [42   ]", "[{:5}] [{:<5}]", 42, 42);
    check("-9223372036854775808", "{}", i64{-0x7fff'ffff'ffff'ffff - 1});
    check("{} true c text ENOENT", "{{}} {} {} {} {}", true, 'c', std::string_view("text"),
          std::string_view("ENOENT"));
    check("{?}", "{}");
    check("noent", "{}", Errno::noent);
    const base::Text<4> cut("{}", 123456);
    EXPECT(cut.view() == "1234");
}

TEST(base, memory_functions) {
    u8 source[200], target[200], model[200];
    TestRandom random(4);
    for (int round = 0; round < 2000; ++round) {
        for (usize i = 0; i < 200; ++i) {
            source[i] = static_cast<u8>(random.next());
            model[i] = target[i] = static_cast<u8>(random.next());
        }
        const usize from = random.below(100), to = random.below(100), size = random.below(100);
        memcpy(target + to, source + from, size);
        for (usize i = 0; i < size; ++i)
            model[to + i] = source[from + i];
        bool same = true;
        for (usize i = 0; i < 200; ++i)
            same &= target[i] == model[i];
        EXPECT(same);
        EXPECT(memcmp(target, model, 200) == 0);
        memmove(target + to, target + from, size); // may overlap
        for (usize i = 0; i < size; ++i)
            source[i] = model[from + i];
        same = true;
        for (usize i = 0; i < size; ++i)
            same &= target[to + i] == source[i];
        EXPECT(same);
        memset(target + from, 0x5c, size);
        for (usize i = 0; i < size; ++i)
            same &= target[from + i] == 0x5c;
        EXPECT(same);
        EXPECT(size == 0 || memcmp(target + from, source, size) != 0 || source[0] == 0x5c);
    }
    EXPECT(memcmp("abc", "abd", 3) < 0 && memcmp("\xff", "\x01", 1) > 0);
    EXPECT(strlen("four") == 4);
}

TEST(base, checked_arithmetic) {
    EXPECT(base::checked_add<u64>(~u64{0}, 1).error() == Errno::overflow);
    EXPECT(base::checked_add<u64>(1, 2).value_or(0) == 3);
    EXPECT(!base::checked_multiply<u64>(u64{1} << 33, u64{1} << 31));
    EXPECT(base::log2_up(1) == 0 && base::log2_up(5) == 3 && base::log2_down(5) == 2);
    EXPECT(base::align_up<u64>(4097, 4096) == 8192 && base::align_down<u64>(4097, 4096) == 4096);
}

} // namespace
} // namespace core
