// SPDX-License-Identifier: BSD-2-Clause
// /dev/hwrng and /dev/rtc0: sources of entropy and clocks that components offer. Every source that
// comes is mixed into the kernel's generator.
#include "abi/component/clock.h"
#include "abi/component/entropy.h"
#include "abi/linux/real_time_clock.h"
#include "base/calendar.h"
#include "base/memory_functions.h"
#include "core/device/plain_service.h"
#include "core/gate/worker.h"
#include "core/memory/frames.h"
#include "core/observe/log.h"
#include "core/task/thread.h"
#include "core/vm/user_memory.h"
#include "linux/devfs/device_file.h"
#include "linux/process/credentials.h"
#include "linux/system/random.h"

namespace linux {

namespace {

using component::Clock;
using component::Entropy;
using component::InterfaceId;
using core::PlainService;

constexpr DeviceNumber entropy_number{10, 183}; // admin-guide/devices.txt
constexpr DeviceNumber clock_number{249, 0};    // dynamic in Linux; Debian's is usually this

// What a source gave, in a frame that is cleared and goes with it.
class EntropyBytes {
public:
    // At most `wanted` bytes. Process context. Errors: nodev (no source), io, nomem.
    static Result<EntropyBytes> read(usize wanted) {
        auto service = core::find_plain_service(InterfaceId::entropy);
        if (!service)
            return Failure(Errno::nodev);
        EntropyBytes bytes(
            TRY(core::allocate_frame(core::PageUse::kernel, core::FrameContent::zeroed)));
        const usize size = wanted < page_size ? wanted : page_size;
        const std::span<u8> frame(bytes.frame_->bytes(), size);
        bytes.size_ = TRY((*service)->read_into(static_cast<u16>(Entropy::Operation::read), frame));
        return bytes;
    }
    EntropyBytes(EntropyBytes&&) = default;
    ~EntropyBytes() {
        if (frame_)
            memset(frame_->bytes(), 0, page_size);
    }
    std::span<const u8> bytes() const { return {frame_->bytes(), size_}; }

private:
    explicit EntropyBytes(core::PageRef frame) : frame_(std::move(frame)) {}
    core::PageRef frame_;
    usize size_ = 0;
};

class EntropyFile final : public DeviceFile {
public:
    EntropyFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}

    Result<usize> read(IoCursor& target, u64, IoFlags) override {
        usize done = 0;
        while (!target.empty()) {
            const auto part = EntropyBytes::read(target.left());
            if (!part)
                return done ? Result<usize>(done) : Failure(part.error());
            const Result<usize> moved = target.copy_to(part->bytes().data(), part->bytes().size());
            if (!moved)
                return done ? Result<usize>(done) : moved;
            done += *moved;
            if (*moved < part->bytes().size() ||
                core::Thread::current().sleep_interrupted(core::Sleep::interruptible))
                break;
        }
        return done;
    }
    Result<usize> write(IoCursor&, u64&, IoFlags) override { return Failure(Errno::inval); }
};

// Linux opens it for reading only (drivers/char/hw_random/core.c).
Result<Ref<OpenFile>> open_entropy(const DeviceNode&, const Path& path, u32 flags) {
    if ((flags & open_flag::access_mode) != open_flag::read_only)
        return Failure(Errno::inval);
    return Ref<OpenFile>(TRY(Ref<EntropyFile>::create(path, flags)));
}

// --- the clock

RtcTime time_of(u64 seconds) {
    const base::CalendarTime is = base::calendar_time_of(seconds);
    const u64 days = seconds / base::seconds_in_day;
    const auto number = [](u64 value) { return static_cast<i32>(value); };
    return {.second = number(is.second),
            .minute = number(is.minute),
            .hour = number(is.hour),
            .day_of_month = number(is.day),
            .month = number(is.month) - 1,
            .year = number(is.year) - 1900,
            .day_of_week = number((days + 4) % 7),
            .day_of_year = number(days - base::days_before_year(is.year))};
}

// Errors: inval.
Result<u64> seconds_of(const RtcTime& time) {
    constexpr i32 first = 70, last = 1000; // years since 1900
    if (time.year < first || time.year > last)
        return Failure(Errno::inval);
    const auto number = [](i32 value) { return static_cast<u32>(value); };
    const base::CalendarTime is{number(time.year) + 1900,  number(time.month) + 1,
                                number(time.day_of_month), number(time.hour),
                                number(time.minute),       number(time.second)};
    return base::is_sound(is) ? Result<u64>(base::seconds_of(is)) : Failure(Errno::inval);
}

class ClockFile final : public DeviceFile {
public:
    ClockFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}

    Result<u64> ioctl(u32 request, u64 argument) override {
        auto clock = core::find_plain_service(InterfaceId::clock);
        if (!clock)
            return Failure(Errno::nodev);
        switch (request) {
        case rtc_request::read_time: {
            const u64 seconds = TRY((*clock)->call(static_cast<u16>(Clock::Operation::read_time)));
            TRY(core::UserOut<RtcTime>(argument).write(time_of(seconds)));
            return u64{0};
        }
        case rtc_request::set_time: {
            if (!capable(Capability::sys_time))
                return Failure(Errno::acces);
            const u64 seconds = TRY(seconds_of(TRY(core::UserIn<RtcTime>(argument).read())));
            TRY((*clock)->call(static_cast<u16>(Clock::Operation::set_time), {seconds}));
            return u64{0};
        }
        // What a clock without interrupts answers (drivers/rtc/interface.c).
        case rtc_request::update_on:
        case rtc_request::update_off:
        case rtc_request::alarm_on:
        case rtc_request::alarm_off:
        case rtc_request::alarm_set:
        case rtc_request::alarm_read:
        case rtc_request::wake_alarm_set:
        case rtc_request::wake_alarm_read: return Failure(Errno::inval);
        default: return Failure(Errno::notty);
        }
    }
    // Without interrupts none ever comes to be read.
    Result<usize> read(IoCursor&, u64, IoFlags) override { return Failure(Errno::again); }
    Result<usize> write(IoCursor&, u64&, IoFlags) override { return Failure(Errno::inval); }

    ~ClockFile() override { g_open.clear(std::memory_order_release); }
    // One program has it at a time.
    static Result<Ref<OpenFile>> open(const DeviceNode&, const Path& path, u32 flags) {
        if (g_open.test_and_set(std::memory_order_acquire))
            return Failure(Errno::busy);
        auto made = Ref<ClockFile>::create(path, flags);
        if (!made) {
            g_open.clear(std::memory_order_release);
            return Failure(made.error());
        }
        return Ref<OpenFile>(std::move(*made));
    }

private:
    static constinit std::atomic_flag g_open;
};
constinit std::atomic_flag ClockFile::g_open;

// --- as services come and go

void mix_in(void*) {
    constexpr usize seed_bytes = 64;
    const auto seed = EntropyBytes::read(seed_bytes);
    if (seed)
        mix_random(seed->bytes());
    else if (seed.error() != Errno::nodev)
        LOG_WARNING("hwrng: gives nothing: {}", seed.error());
}
constinit core::Worker* g_mixer = nullptr; // set once at start

void show(std::string_view name, DeviceNumber number, DeviceNode::Open open) {
    const auto shown =
        register_device_node(name, DeviceType::character, number.major, number.minor, 0600, open);
    if (!shown && shown.error() != Errno::exist) // the second of its kind
        LOG_WARNING("{}: not shown: {}", name, shown.error());
}

void service_changed(InterfaceId interface) {
    const bool is_there = core::find_plain_service(interface).has_value();
    const bool entropy = interface == InterfaceId::entropy;
    if (!is_there)
        (void)unregister_device_node(DeviceType::character,
                                     entropy ? entropy_number : clock_number);
    else if (entropy)
        show("hwrng", entropy_number, &open_entropy);
    else
        show("rtc0", clock_number, &ClockFile::open);
    if (is_there && entropy)
        g_mixer->kick();
}

} // namespace

Result<> start_service_devices() {
    name_device_major(DeviceType::character, clock_number.major, "rtc");
    g_mixer = TRY(core::Worker::create("hwrng", &mix_in, nullptr)).release();
    for (const InterfaceId interface : {InterfaceId::entropy, InterfaceId::clock}) {
        core::set_plain_service_listener(
            interface, [](PlainService& service, bool) { service_changed(service.interface()); });
        service_changed(interface);
    }
    return {};
}

} // namespace linux
