// SPDX-License-Identifier: BSD-2-Clause
#include "linux/memory/shared_memory.h"

#include "base/memory_functions.h"

namespace linux {

namespace {

class ZeroBacking final : public core::Backing {
public:
    Result<> read_pages(u64, std::span<core::Page* const> pages) override {
        for (core::Page* page : pages)
            memset(page->bytes(), 0, page_size);
        return {};
    }
    Result<> write_pages(u64, std::span<core::Page* const>) override { return {}; }
    Result<> prepare_dirty(u64) override { return {}; }
};

constinit ZeroBacking g_backing;

} // namespace

Result<Ref<core::PageCache>> create_shared_memory(u64 size) {
    Ref<core::PageCache> cache = TRY(core::PageCache::create(g_backing, true));
    cache->set_size(size);
    return cache;
}

} // namespace linux
