// SPDX-License-Identifier: BSD-2-Clause
// Kernel memory for tests in a Linux process: physical addresses are the process's own. Frames are
// heap blocks, so that the address sanitizer sees who goes beyond them; mappings are real,
// protection included.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

#include "base/allocate.h"
#include "core/memory/frames.h"
#include "core/memory/kernel_map.h"

namespace core {
namespace {

std::mutex g_mutex;
std::map<u64, Page*> g_pages_by_address; // by the address of a block's first byte

Result<Page*> make_block(u64 bytes) {
    Page* page = new (base::fallible) Page{};
    void* memory = page ? std::aligned_alloc(bytes, bytes) : nullptr;
    if (!memory) {
        delete page;
        return Failure(Errno::nomem);
    }
    std::memset(memory, 0, bytes);
    page->references = 1;
    page->index = reinterpret_cast<u64>(memory);
    std::lock_guard guard(g_mutex);
    g_pages_by_address[page->index] = page;
    return page;
}

void free_page(Page& page) {
    {
        std::lock_guard guard(g_mutex);
        g_pages_by_address.erase(page.index);
    }
    std::free(reinterpret_cast<void*>(page.index));
    delete &page;
}

} // namespace

PhysAddr Page::physical() const { return PhysAddr(index); }
u8* Page::bytes() const { return reinterpret_cast<u8*>(index); }

Page& page_of(PhysAddr address) {
    std::lock_guard guard(g_mutex);
    auto after = g_pages_by_address.upper_bound(address.value);
    VERIFY(after != g_pages_by_address.begin());
    return *(--after)->second;
}
Page& page_of_kernel(const void* address) {
    return page_of(PhysAddr(reinterpret_cast<u64>(address)));
}
void release_page(Page& page) {
    if (page.references.fetch_sub(1) == 1)
        free_page(page);
}
Result<PageRef> allocate_frame(PageUse, FrameContent) {
    return PageRef::adopt(*TRY(make_block(page_size)));
}
Result<Page*> allocate_block(unsigned order, PageUse, bool) {
    return make_block(page_size << order);
}
void free_block(Page& first, unsigned) { free_page(first); }

u8* physical_view(PhysAddr address) { return reinterpret_cast<u8*>(address.value); }
void retain_memory(PhysAddr, u64) {} // no device here writes behind a test's back
PhysAddr physical_of(KernelVirt address) { return PhysAddr(address.value); }

Result<KernelMapping> KernelMapping::allocate(Bytes size, KernelProtection) {
    void* memory =
        mmap(nullptr, size.value, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        return Failure(Errno::nomem);
    return adopt(KernelVirt(memory), size);
}
Result<KernelMapping> KernelMapping::map_device(PhysAddr, Bytes, CacheMode) {
    return Failure(Errno::inval);
}
Result<> KernelMapping::protect(Bytes offset, Bytes size, KernelProtection protection) {
    const int bits = protection == KernelProtection::read_only      ? PROT_READ
                     : protection == KernelProtection::read_execute ? PROT_READ | PROT_EXEC
                                                                    : PROT_READ | PROT_WRITE;
    if (mprotect(as<u8>() + offset.value, size.value, bits) != 0)
        return Failure(Errno::inval);
    return {};
}
KernelMapping::~KernelMapping() {
    if (!address_.is_null() && owns_frames_)
        munmap(as<u8>(), size_.value);
}

} // namespace core
