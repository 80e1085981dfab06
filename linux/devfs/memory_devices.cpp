// SPDX-License-Identifier: BSD-2-Clause
// /dev/null, zero, full, random and urandom.
#include "core/task/thread.h"
#include "linux/devfs/device_file.h"
#include "linux/devfs/kmsg.h"
#include "linux/memory/shared_memory.h"
#include "linux/process/credentials.h"
#include "linux/system/random.h"

namespace linux {

namespace {

// Fills a reader's buffers with zeroes, stopping for a signal now and then.
Result<usize> read_zeroes(IoCursor& target) {
    constexpr usize piece = 64 * 1024;
    usize done = 0;
    while (!target.empty()) {
        const usize wanted = target.left() < piece ? target.left() : piece;
        const Result<usize> filled = target.fill_zero(wanted);
        if (!filled)
            return done ? Result<usize>(done) : filled;
        done += *filled;
        if (*filled < wanted || target.empty() ||
            core::Thread::current().sleep_interrupted(core::Sleep::interruptible))
            break;
    }
    return done;
}

class NullFile final : public DeviceFile {
public:
    NullFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}
    Result<usize> read(IoCursor&, u64, IoFlags) override { return usize{0}; }
    Result<usize> write(IoCursor& source, u64&, IoFlags) override { return source.left(); }
    Result<> flags_changed(u32) override { return {}; }
};

class ZeroFile final : public DeviceFile {
public:
    ZeroFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}
    Result<usize> read(IoCursor& target, u64, IoFlags) override { return read_zeroes(target); }
    Result<usize> write(IoCursor& source, u64&, IoFlags) override { return source.left(); }
    Result<> prepare_map(core::MapRequest& request) override {
        if (request.shared) {
            const u64 size = request.length.value + (request.object_page << page_shift);
            request.object = Ref<core::MemoryObject>(TRY(create_shared_memory(size)));
        }
        request.owner = Ref<core::Object>::share(*this);
        return {};
    }
};

class FullFile final : public DeviceFile {
public:
    FullFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}
    Result<usize> read(IoCursor& target, u64, IoFlags) override { return read_zeroes(target); }
    Result<usize> write(IoCursor&, u64&, IoFlags) override { return Failure(Errno::nospc); }
};

class RandomFile final : public DeviceFile {
public:
    RandomFile(const Path& path, u32 flags) : DeviceFile(path, flags) {}

    Result<usize> read(IoCursor& target, u64, IoFlags) override {
        usize done = 0;
        while (!target.empty()) {
            u8 bytes[256];
            const usize part = target.left() < sizeof(bytes) ? target.left() : sizeof(bytes);
            random_bytes({bytes, part});
            const Result<usize> moved = target.copy_to(bytes, part);
            __builtin_memset(bytes, 0, sizeof(bytes));
            if (!moved)
                return done ? Result<usize>(done) : moved;
            done += *moved;
            if (*moved < part ||
                core::Thread::current().sleep_interrupted(core::Sleep::interruptible))
                break;
        }
        return done;
    }

    Result<usize> write(IoCursor& source, u64&, IoFlags) override {
        usize done = 0;
        while (!source.empty()) {
            u8 bytes[64];
            const Result<usize> moved = source.copy_from(bytes, sizeof(bytes));
            if (!moved)
                return done ? Result<usize>(done) : moved;
            mix_random({bytes, *moved});
            done += *moved;
        }
        return done;
    }

    Result<u64> ioctl(u32 request, u64 argument) override;
};

Result<u64> RandomFile::ioctl(u32 request, u64 argument) {
    constexpr u32 get_count = 0x8004'5200, add_to_count = 0x4004'5201, add_entropy = 0x4008'5203;
    constexpr u32 zap_count = 0x5204, clear_pool = 0x5206, reseed = 0x5207;
    switch (request) {
    case get_count: TRY(core::UserOut<i32>(argument).write(256)); return u64{0};
    case add_to_count:
    case zap_count:
    case clear_pool:
    case reseed: return capable(Capability::sys_admin) ? Result<u64>(u64{0}) : Failure(Errno::perm);
    case add_entropy: {
        if (!capable(Capability::sys_admin))
            return Failure(Errno::perm);
        struct Head {
            i32 bits, size;
        };
        const Head head = TRY(core::UserIn<Head>(argument).read());
        if (head.bits < 0 || head.size < 0)
            return Failure(Errno::inval);
        IoCursor source(UserVirt(argument + sizeof(Head)), static_cast<usize>(head.size));
        u64 nowhere = 0;
        TRY(write(source, nowhere, {}));
        return u64{0};
    }
    default: return Failure(Errno::inval);
    }
}

} // namespace

Result<> register_memory_devices() {
    constexpr u32 memory_major = 1; // Documentation/admin-guide/devices.txt
    const auto add = [](std::string_view name, u32 minor, u32 mode, DeviceNode::Open open) {
        return register_device_node(name, DeviceType::character, memory_major, minor, mode, open);
    };
    name_device_major(DeviceType::character, memory_major, "mem");
    TRY(add("null", 3, 0666, open_as<NullFile>));
    TRY(add("zero", 5, 0666, open_as<ZeroFile>));
    TRY(add("full", 7, 0666, open_as<FullFile>));
    TRY(add("random", 8, 0666, open_as<RandomFile>));
    TRY(add("urandom", 9, 0666, open_as<RandomFile>));
    TRY(add("kmsg", 11, 0644, open_kmsg));
    return {};
}

} // namespace linux
