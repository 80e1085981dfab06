// SPDX-License-Identifier: BSD-2-Clause
// From CPUID and the APIC ids (Intel SDM volume 2A CPUID, leaves 4 and 0BH; AMD64 manual volume 3,
// E.4.5 to E.4.15).
#include "linux/proc/cpu_topology.h"

#include <bit>

#include "core/sched/scheduler.h"
#include "linux/proc/x86_64/cpuid.h"

namespace linux {

namespace {

// How many low bits of an APIC id tell the threads of a core apart, and the CPUs of a package.
struct IdBits {
    u32 thread = 0;
    u32 package = 0;
};

u32 bits_for(u32 count) { return static_cast<u32>(std::bit_width(count - (count != 0))); }

IdBits id_bits() {
    if (cpuid(0).a >= 0xb && cpuid(0xb, 0).b != 0) // the levels are threads, then cores
        return {cpuid(0xb, 0).a & 31, cpuid(0xb, 1).a & 31};
    const CpuidLeaf basic = cpuid(1);
    const bool has_several = (basic.d >> 28 & 1) != 0;
    return {0, has_several ? bits_for(basic.b >> 16 & 0xff) : 0};
}

// The CPUs whose ids agree with that one's but for the lowest bits.
u64 cpus_like(u32 cpu, u32 ignored_bits) {
    const u32 wanted = arch::cpu_hardware_id(cpu) >> ignored_bits;
    u64 found = 0;
    for (u64 left = core::Scheduler::online_cpus(); left != 0; left &= left - 1) {
        const u32 other = static_cast<u32>(std::countr_zero(left));
        if (arch::cpu_hardware_id(other) >> ignored_bits == wanted)
            found |= u64{1} << other;
    }
    return found;
}

bool is_amd() { return cpuid(0).b == 0x6874'7541; } // "Auth"enticAMD

bool has_leaf(u32 leaf) { return cpuid(leaf & 0x8000'0000).a >= leaf; }

// How many low bits of an APIC id the CPUs that share a cache differ in, and how many of it the
// cache's own id leaves away.
struct Sharing {
    u32 cpu_bits = 0;
    u32 id_bits = 0;
};

// Leaf 4 of Intel, and AMD's with the same layout.
bool read_listed(u32 leaf, u32 index, CpuCache& cache, Sharing& sharing) {
    const CpuidLeaf r = cpuid(leaf, index);
    constexpr const char* types[] = {nullptr, "Data", "Instruction", "Unified"};
    const u32 type = r.a & 31;
    if (type == 0 || type > 3)
        return false;
    cache.type = types[type];
    cache.level = r.a >> 5 & 7;
    cache.line_bytes = (r.b & 0xfff) + 1;
    cache.partitions = (r.b >> 12 & 0x3ff) + 1;
    cache.ways = (r.b >> 22) + 1;
    cache.sets = r.c + 1;
    sharing.cpu_bits = sharing.id_bits = bits_for((r.a >> 14 & 0xfff) + 1);
    return true;
}

// AMD's older leaves, a register a cache. They do not tell who shares it; as on Linux the third
// level is the package's, though each CPU's has an id of its own.
bool read_classic(u32 index, CpuCache& cache, Sharing& sharing) {
    constexpr u32 ways_by_code[16] = {0, 1, 2, 0, 4, 0, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0};
    if (index < 2) {
        const CpuidLeaf first = cpuid(0x8000'0005);
        const u32 word = index == 0 ? first.c : first.d;
        cache = {.level = 1, .type = index == 0 ? "Data" : "Instruction", .line_bytes = word & 0xff,
                 .partitions = word >> 8 & 0xff, .ways = word >> 16 & 0xff,
                 .sets = (word >> 24) * 1024};
        sharing.cpu_bits = id_bits().thread;
    } else if (index < 4) {
        const CpuidLeaf second = cpuid(0x8000'0006);
        const u32 word = index == 2 ? second.c : second.d;
        cache = {.level = index, .type = "Unified", .line_bytes = word & 0xff,
                 .partitions = word >> 8 & 15, .ways = ways_by_code[word >> 12 & 15],
                 .sets = index == 2 ? (word >> 16) * 1024 : (word >> 18) * 512 * 1024};
        sharing.cpu_bits = index == 2 ? id_bits().thread : id_bits().package;
    } else {
        return false;
    }
    // `sets` holds bytes yet.
    const u32 bytes_a_set = cache.line_bytes * cache.partitions * cache.ways;
    if (bytes_a_set == 0 || cache.sets == 0)
        return false;
    cache.sets /= bytes_a_set;
    return true;
}

} // namespace

CpuPlace place_of_cpu(u32 cpu) {
    const IdBits bits = id_bits();
    const u32 id = arch::cpu_hardware_id(cpu);
    const u32 core = (id & ((1u << bits.package) - 1)) >> bits.thread;
    return {id >> bits.package, core, cpus_like(cpu, bits.thread), cpus_like(cpu, bits.package)};
}

bool find_cpu_cache(u32 cpu, u32 index, CpuCache& cache) {
    const bool has_amd_list = has_leaf(0x8000'001d) && (cpuid(0x8000'0001).c >> 22 & 1) != 0;
    Sharing sharing;
    bool found = false;
    if (has_amd_list)
        found = read_listed(0x8000'001d, index, cache, sharing);
    else if (is_amd())
        found = has_leaf(0x8000'0006) && read_classic(index, cache, sharing);
    else
        found = has_leaf(4) && read_listed(4, index, cache, sharing);
    if (!found)
        return false;
    cache.id = arch::cpu_hardware_id(cpu) >> sharing.id_bits;
    cache.shared_by = cpus_like(cpu, sharing.cpu_bits);
    return true;
}

} // namespace linux
