// SPDX-License-Identifier: BSD-2-Clause
// What CPUID says, in the form programs parse (AMD64 manual volume 3 appendix E; Intel SDM volume
// 2A CPUID).
#include "linux/proc/cpu_information.h"

#include <bit>

#include "core/sched/scheduler.h"
#include "core/time/clock.h"
#include "linux/proc/cpu_topology.h"
#include "linux/proc/x86_64/cpuid.h"

namespace linux {

namespace {

using Leaf = CpuidLeaf;

// Names of feature bits, lowest first; nullptr where there is none or Linux shows none.
constexpr const char* basic_d[32] = {
    "fpu",  "vme",     "de",  "pse", "tsc",  "msr",  "pae",  "mce",  "cx8", "apic", nullptr,
    "sep",  "mtrr",    "pge", "mca", "cmov", "pat",  "pse36", "pn",  "clflush", nullptr, "dts",
    "acpi", "mmx",     "fxsr", "sse", "sse2", "ss",  "ht",   "tm",   "ia64", "pbe"};
constexpr const char* basic_c[32] = {
    "pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl", "vmx",    "smx",    "est",
    "tm2",    "ssse3",     nullptr,  "sdbg",    "fma",    "cx16",   "xtpr",   "pdcm",
    nullptr,  "pcid",      "dca",    "sse4_1",  "sse4_2", "x2apic", "movbe",  "popcnt",
    "tsc_deadline_timer", "aes", "xsave", nullptr, "avx",  "f16c",  "rdrand", "hypervisor"};
constexpr const char* extended_d[32] = {
    nullptr, nullptr,    nullptr,   nullptr,   nullptr, nullptr, nullptr,    nullptr,
    nullptr, nullptr,    nullptr,   "syscall", nullptr, nullptr, nullptr,    nullptr,
    nullptr, nullptr,    nullptr,   "mp",      "nx",    nullptr, "mmxext",   nullptr,
    nullptr, "fxsr_opt", "pdpe1gb", "rdtscp",  nullptr, "lm",    "3dnowext", "3dnow"};
constexpr const char* extended_c[32] = {
    "lahf_lm", "cmp_legacy", "svm",  "extapic", "cr8_legacy", "abm",  "sse4a", "misalignsse",
    "3dnowprefetch", "osvw", "ibs",  "xop",     "skinit",     "wdt",  nullptr, "lwp",
    "fma4",    "tce",        nullptr, "nodeid_msr", nullptr,  "tbm",  "topoext", "perfctr_core",
    "perfctr_nb", nullptr,   "bpext", "ptsc",   "perfctr_llc", "mwaitx", nullptr, nullptr};
constexpr const char* seven_b[32] = {
    "fsgsbase", "tsc_adjust", "sgx",   "bmi1",     "hle",      "avx2",   nullptr,  "smep",
    "bmi2",     "erms",       "invpcid", "rtm",    "cqm",      nullptr,  "mpx",    "rdt_a",
    "avx512f",  "avx512dq",   "rdseed", "adx",     "smap",     "avx512ifma", nullptr, "clflushopt",
    "clwb",     "intel_pt",   "avx512pf", "avx512er", "avx512cd", "sha_ni", "avx512bw", "avx512vl"};
constexpr const char* seven_c[32] = {
    nullptr,      "avx512vbmi",   "umip",          "pku",       "ospke",
    "waitpkg",    "avx512_vbmi2", nullptr,         "gfni",      "vaes",
    "vpclmulqdq", "avx512_vnni",  "avx512_bitalg", "tme",       "avx512_vpopcntdq",
    nullptr,      "la57",         nullptr,         nullptr,     nullptr,
    nullptr,      nullptr,        "rdpid",         nullptr,     "bus_lock_detect",
    "cldemote",   nullptr,        "movdiri",       "movdir64b", "enqcmd",
    "sgx_lc",     nullptr};
constexpr const char* seven_d[32] = {
    nullptr, nullptr, "avx512_4vnniw", "avx512_4fmaps", "fsrm", nullptr, nullptr, nullptr,
    "avx512_vp2intersect", nullptr, "md_clear", nullptr, nullptr, nullptr, "serialize", nullptr,
    "tsxldtrk", nullptr, "pconfig", "arch_lbr", nullptr, nullptr, "amx_bf16", "avx512_fp16",
    "amx_tile", "amx_int8", nullptr, nullptr, "flush_l1d", "arch_capabilities", nullptr, nullptr};

void write_flags(base::FormatSink& sink, u32 bits, const char* const (&names)[32]) {
    for (u32 i = 0; i < 32; ++i)
        if ((bits >> i & 1) && names[i])
            base::format(sink, " {}", names[i]);
}

void write_all_flags(base::FormatSink& sink) {
    const Leaf basic = cpuid(1), extended = cpuid(0x8000'0001);
    sink.write("flags\t\t:");
    write_flags(sink, basic.d, basic_d);
    write_flags(sink, extended.d, extended_d);
    sink.write(" constant_tsc rep_good nopl");
    write_flags(sink, basic.c, basic_c);
    write_flags(sink, extended.c, extended_c);
    if (cpuid(0).a >= 7) {
        const Leaf seven = cpuid(7);
        write_flags(sink, seven.b, seven_b);
        write_flags(sink, seven.c, seven_c);
        write_flags(sink, seven.d, seven_d);
    }
    sink.write("\n");
}

void write_names(base::FormatSink& sink) {
    const Leaf zero = cpuid(0);
    char vendor[12];
    __builtin_memcpy(vendor, &zero.b, 4);
    __builtin_memcpy(vendor + 4, &zero.d, 4);
    __builtin_memcpy(vendor + 8, &zero.c, 4);
    const u32 signature = cpuid(1).a;
    const u32 base_family = signature >> 8 & 15;
    const u32 family = base_family == 15 ? base_family + (signature >> 20 & 0xff) : base_family;
    const u32 base_model = signature >> 4 & 15;
    const u32 model = base_family >= 6 ? base_model | (signature >> 12 & 0xf0) : base_model;
    char brand[49] = {};
    if (cpuid(0x8000'0000).a >= 0x8000'0004)
        for (u32 i = 0; i < 3; ++i) {
            const Leaf part = cpuid(0x8000'0002 + i);
            __builtin_memcpy(brand + 16 * i, &part, 16);
        }
    std::string_view name(brand);
    while (name.starts_with(' '))
        name.remove_prefix(1);
    while (name.ends_with(' '))
        name.remove_suffix(1);
    base::format(sink, "vendor_id\t: {}\ncpu family\t: {}\nmodel\t\t: {}\nmodel name\t: {}\n",
                 std::string_view(vendor, 12), family, model, name);
    base::format(sink, "stepping\t: {}\n", signature & 15);
}

// Cycles of the time stamp counter in a second.
u64 cycles_per_second() { return core::nanos_to_cycles(base::nanos_per_second); }

void write_cpu(base::FormatSink& sink, u32 cpu) {
    const u64 khz = cycles_per_second() / 1000;
    base::format(sink, "processor\t: {}\n", cpu);
    write_names(sink);
    base::format(sink, "microcode\t: 0x1\ncpu MHz\t\t: {}.{:03}\ncache size\t: 512 KB\n",
                 khz / 1000, khz % 1000);
    const CpuPlace place = place_of_cpu(cpu);
    const int siblings = std::popcount(place.package_cpus);
    base::format(sink, "physical id\t: {}\nsiblings\t: {}\ncore id\t\t: {}\ncpu cores\t: {}\n",
                 place.package, siblings, place.core, siblings / std::popcount(place.core_cpus));
    const u32 apic = arch::cpu_hardware_id(cpu);
    base::format(sink, "apicid\t\t: {}\ninitial apicid\t: {}\n", apic, apic);
    base::format(sink, "fpu\t\t: yes\nfpu_exception\t: yes\ncpuid level\t: {}\nwp\t\t: yes\n",
                 cpuid(0).a);
    write_all_flags(sink);
    const u64 bogus = khz * 2; // in thousandths
    const u32 line = (cpuid(1).b >> 8 & 0xff) * 8;
    const Leaf sizes = cpuid(0x8000'0008);
    base::format(sink,
                 "bugs\t\t:\nbogomips\t: {}.{:02}\nclflush size\t: {}\ncache_alignment\t: {}\n",
                 bogus / 1000, bogus % 1000 / 10, line, line);
    base::format(sink, "address sizes\t: {} bits physical, {} bits virtual\npower management:\n\n",
                 sizes.a & 0xff, sizes.a >> 8 & 0xff);
}

} // namespace

Result<> write_cpu_information(base::FormatSink& sink) {
    const u64 online = core::Scheduler::online_cpus();
    for (u32 cpu = 0; cpu < 64; ++cpu)
        if (online >> cpu & 1)
            write_cpu(sink, cpu);
    return {};
}

} // namespace linux
