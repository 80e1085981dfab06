// SPDX-License-Identifier: BSD-2-Clause
// Finding the rates of the cycle counter and the local APIC's timer: from the hypervisor or CPUID
// where they say, else against a counter of known rate for half a millisecond: the HPET, or the
// PIT's channel 0 (Intel 8254 data sheet).
#include "arch/x86_64/clock.h"

#include <string_view>

#include "arch/api/cpu.h"
#include "arch/x86_64/acpi.h"
#include "arch/x86_64/features.h"
#include "arch/x86_64/hpet.h"
#include "arch/x86_64/kvm_clock.h"
#include "arch/x86_64/local_apic.h"
#include "arch/x86_64/registers.h"
#include "core/observe/log.h"
#include "core/time/clock.h"

namespace arch {
namespace {

constexpr u64 pit_rate = 1'193'182;
constexpr u16 pit_channel0 = 0x40, pit_command = 0x43;
constexpr u64 samples_per_second = 2000; // a measurement takes half a millisecond

u64 rate_from_hypervisor() {
    if (!cpu_features().hypervisor)
        return 0;
    // Leaf 0x40000010: EAX is the counter's rate in kHz (KVM and VMware; Linux
    // Documentation/virt/kvm).
    if (cpuid(0x4000'0000).eax < 0x4000'0010)
        return 0;
    return u64{cpuid(0x4000'0010).eax} * 1000;
}

u64 rate_from_cpuid() {
    if (cpuid(0).eax < 0x15)
        return 0;
    const CpuidResult leaf = cpuid(0x15);
    return leaf.eax && leaf.ebx && leaf.ecx ? u64{leaf.ecx} * leaf.ebx / leaf.eax : 0;
}

// A counter of known rate that counts up, for some milliseconds at least.
struct Reference {
    std::string_view name;
    u64 rate;     // ticks in a second
    u64 (*read)(); // ticks since it was started; all ones: it has run out
};
constexpr u64 ran_out = ~u64{0};

u64 read_pit() {
    write_port8(pit_command, 0xc2); // latch status and count of channel 0
    const u8 status = read_port8(pit_channel0);
    const u32 low = read_port8(pit_channel0);
    const u32 count = low | u32{read_port8(pit_channel0)} << 8;
    if (status & 0x80) // the output is high from zero on
        return ran_out;
    return 0xffff - count;
}
Reference start_pit() {
    write_port8(pit_command, 0x30); // channel 0, both bytes, mode 0: counts down once
    write_port8(pit_channel0, 0xff);
    write_port8(pit_channel0, 0xff);
    return {"PIT", pit_rate, &read_pit};
}

u64 read_hpet() {
    static constinit u32 start = 0;
    static constinit bool is_started = false;
    if (!is_started)
        start = hpet_count();
    is_started = true;
    return hpet_count() - start;
}
Reference start_reference() {
    static constinit bool has_hpet = false, was_asked = false;
    if (!was_asked)
        has_hpet = start_hpet(platform().hpet_address);
    was_asked = true;
    return has_hpet ? Reference{"HPET", hpet_rate(), &read_hpet} : start_pit();
}

struct Sample {
    u64 cycles, apic_ticks, ticks;
};

// The machine's CPU may be taken away between two readings: of some attempts the quickest counts.
Sample take_sample(const Reference& reference) {
    constexpr unsigned attempts = 5;
    Sample best{};
    u64 narrowest = ~u64{0};
    for (unsigned i = 0; i < attempts; ++i) {
        const u64 start = timestamp();
        const u64 ticks = reference.read();
        const u32 apic = apic_timer_count();
        const u64 width = timestamp() - start;
        if (width >= narrowest)
            continue;
        narrowest = width;
        best = {start, apic, ticks};
    }
    return best;
}

struct Measurement {
    u64 cycles = 0;
    u64 apic_ticks = 0;
    u64 ticks = 0; // of the reference
};

// Counts all three for as long as the reference says. Zeros if it does not count, or if it ran out
// meanwhile.
Measurement measure_against(const Reference& reference) {
    start_apic_timer(0xffff'ffff);
    const Sample first = take_sample(reference);
    Measurement result;
    for (u32 tries = 0; tries < 20'000; ++tries) {
        const Sample last = take_sample(reference);
        if (last.ticks == ran_out || last.ticks < first.ticks)
            break;
        if (last.ticks - first.ticks < reference.rate / samples_per_second)
            continue;
        result = {last.cycles - first.cycles, first.apic_ticks - last.apic_ticks,
                  last.ticks - first.ticks};
        break;
    }
    start_apic_timer(0);
    return result;
}

} // namespace

void calibrate_clocks() {
    u64 rate = rate_from_hypervisor();
    if (rate == 0)
        rate = rate_from_kvm_clock();
    if (rate == 0)
        rate = rate_from_cpuid();
    const bool was_told = rate != 0;
    Reference reference = start_reference();
    Measurement measured = measure_against(reference);
    for (unsigned tries = 0; tries < 2 && measured.ticks == 0; ++tries) {
        reference = start_reference();
        measured = measure_against(reference);
    }
    if (!was_told && measured.ticks != 0)
        rate = measured.cycles * reference.rate / measured.ticks;
    u64 apic_rate = 1'000'000'000;
    if (measured.cycles != 0) // by the counter's own measure, so that a slow loop does not matter
        apic_rate = measured.apic_ticks * (rate / 1000) / measured.cycles * 1000;
    if (rate == 0)
        LOG_WARNING("clock: nothing tells the counter's rate; taking it for 1 GHz");
    core::set_clock_scale(rate);
    set_apic_timer_rate(apic_rate);
    LOG_INFO("clock: counter {} kHz, timer {} kHz, by {}", rate / 1000, apic_rate / 1000,
             was_told ? std::string_view("the processor") : reference.name);
}

i64 read_wall_clock() {
    // MC146818 real-time clock, registers 0..9, century in 0x32 as on every PC since ACPI.
    auto read = [](u8 index) {
        write_port8(0x70, index);
        return read_port8(0x71);
    };
    u8 raw[7];
    static constexpr u8 registers[7] = {0, 2, 4, 7, 8, 9, 0x32};
    for (int tries = 0; tries < 1000 && (read(0x0a) & 0x80); ++tries) {
    }
    for (unsigned i = 0; i < 7; ++i)
        raw[i] = read(registers[i]);
    const u8 mode = read(0x0b);
    if (raw[0] == 0xff && raw[1] == 0xff)
        return 0; // no such device
    if (!(mode & 4)) {
        for (u8& value : raw)
            value = static_cast<u8>((value & 0xf) + (value >> 4 & 7) * 10);
    }
    const i64 year = raw[6] >= 19 && raw[6] <= 22 ? raw[6] * 100 + raw[5] : 2000 + raw[5];
    // Days since 1970-01-01 of a date in the Gregorian calendar, with March as the first month.
    const i64 month = raw[4] > 2 ? raw[4] - 3 : raw[4] + 9;
    const i64 shifted = raw[4] > 2 ? year : year - 1;
    const i64 days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 +
                     (month * 153 + 2) / 5 + raw[3] - 1 - 719468;
    return ((days * 24 + raw[2]) * 60 + raw[1]) * 60 + raw[0];
}

} // namespace arch
