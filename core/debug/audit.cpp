// SPDX-License-Identifier: BSD-2-Clause
#include "core/debug/audit.h"

#ifdef PITH_DEBUG

#include "arch/api/audit.h"
#include "arch/api/cpu.h"
#include "arch/api/kernel_table.h"
#include "core/memory/kernel_map.h"
#include "core/memory/physical.h"
#include "core/observe/log.h"
#include "core/observe/panic.h"
#include "core/task/thread.h"

extern "C" {
extern const u8 kernel_image_start[];
extern const u8 kernel_text_start[];
extern const u8 kernel_text_end[];
extern const u8 kernel_constants_end[];
extern const u8 kernel_image_end[];
extern const u8 boot_stack_guard[];
}

namespace core {
namespace {

struct Range {
    u64 start, end;
    bool touches(const arch::KernelPage& page) const {
        return page.address < end && start < page.address + page.size;
    }
};

u64 value_of(const u8* symbol) { return reinterpret_cast<u64>(symbol); }

struct Audit {
    u32 findings = 0;
    Range text{value_of(kernel_text_start), (value_of(kernel_text_end) + 0xfff) & ~u64{0xfff}};
    Range constants{text.end, value_of(kernel_constants_end)};
    Range data{value_of(kernel_constants_end), value_of(kernel_image_end)};
    Range alias{0, 0};
    u64 text_pages = 0, constant_pages = 0;

    void found(const char* what, u64 address) {
        ++findings;
        LOG_ERROR("audit: {} at {:#x}", std::string_view(what), address);
    }
    void look_at(const arch::KernelPage& page) {
        if (page.write && page.execute)
            found("page writable and executable", page.address);
        if (page.user || page.some_user)
            found("page open to programs", page.address);
        if (page.address >> 63 == 0)
            found("page in the user half", page.address);
        if (alias.touches(page) && page.write)
            found("text or constants writable in the map of all memory", page.address);
        if (text.touches(page)) {
            ++text_pages;
            if (page.write || !page.execute)
                found("text with other rights", page.address);
        } else if (page.execute && !in_kernel_area(page.address)) {
            found("executable page that is no text", page.address);
        }
        if (constants.touches(page)) {
            ++constant_pages;
            if (page.write)
                found("constants writable", page.address);
        }
        if (data.touches(page) && !page.write)
            found("data not writable", page.address);
    }
    void expect_guard(const char* what, u64 address) {
        if (arch::kernel_page_address(address) != 0)
            found(what, address);
    }

private:
    static bool in_kernel_area(u64 address) { // text of components
        return address >= arch::kernel_area_start && address < arch::kernel_area_end;
    }
};

} // namespace

u32 audit_page_tables() {
    Audit audit;
    audit.alias.start = value_of(kernel_text_view(KernelVirt(kernel_image_start)));
    audit.alias.end = audit.alias.start + (audit.constants.end - value_of(kernel_image_start));
    arch::for_each_kernel_page([](const arch::KernelPage& page,
                                  void* argument) { static_cast<Audit*>(argument)->look_at(page); },
                               &audit);
    if (audit.text_pages == 0 || audit.constant_pages == 0)
        audit.found("no text or constants mapped", audit.text.start);
    audit.expect_guard("no guard below the first stack", value_of(boot_stack_guard));
    audit.expect_guard("no guard below a thread's stack",
                       Thread::current().stack_bottom() - page_size);
    arch::for_each_exception_stack(
        [](u64 bottom, void* argument) {
            static_cast<Audit*>(argument)->expect_guard("no guard below an exception stack",
                                                        bottom - page_size);
        },
        &audit);
    audit.expect_guard("page at address 0", 0);
    return audit.findings;
}

void audit_cpu() {
    if (const char* what = arch::missing_protection())
        panic(
            base::Text<96>("audit: CPU {}: {}", arch::cpu_index(), std::string_view(what)).view());
}

} // namespace core

#endif
