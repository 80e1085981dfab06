// SPDX-License-Identifier: BSD-2-Clause
#include "core/file/mounted_volume.h"

#include "base/split_mix.h"
#include "core/gate/worker_thread.h"
#include "core/init/task.h"
#include "core/memory/frames.h"
#include "core/observe/log.h"
#include "core/task/thread.h"
#include "core/time/clock.h"

namespace core::file {

namespace {

using VolumeGuard = LockGuard<lock_class::volume>;
using Operation = FileSystem::Operation;

// Nothing is announced: whoever mounts has the instance already.
class VolumeSink final : public ServiceSink {};

Result<Ref<ServiceSink>> bind_volume(const OfferedService&) {
    return Ref<ServiceSink>(TRY(Ref<VolumeSink>::create()));
}

void start_volumes() {
    MUST(register_interface(binding_of<FileSystem>(&bind_volume)), "interfaces are few");
}

INIT_TASK(volumes, "volumes", "components", &start_volumes);

} // namespace

MountedVolume::MountedVolume(Ref<BlockDevice> device, Ref<Instance> instance, Gate& gate)
    : device_(std::move(device)), instance_(std::move(instance)), gate_(gate), source_(*device_),
      state_(source_, *this), random_state_(core::now().value ^ reinterpret_cast<u64>(this)) {}

MountedVolume::~MountedVolume() {
    end_instance(*instance_);
    // Abandoned handlers may still wait for the device.
    (void)gone_queue().wait([this] { return waits_.load(std::memory_order_acquire) == 0; },
                            Sleep::uninterruptible);
    for (Page* page : exchanges_)
        if (page)
            free_block(*page, exchange_order);
}

Result<Ref<MountedVolume>> MountedVolume::create(Ref<BlockDevice> device,
                                                 std::string_view component) {
    Ref<Instance> instance = TRY(create_instance(component, {}));
    Gate* gate = instance->gate(0);
    auto* volume =
        gate ? new (base::fallible) MountedVolume(std::move(device), instance, *gate) : nullptr;
    if (!volume) {
        end_instance(*instance);
        return Failure(gate ? Errno::nomem : Errno::nodev);
    }
    Ref<MountedVolume> result = Ref<MountedVolume>::adopt(volume);
    if (volume->device_->is_retired())
        return Failure(Errno::nxio);
    TRY(volume->make_exchanges());
    return result;
}

Result<> MountedVolume::make_exchanges() {
    for (Page*& page : exchanges_)
        page = TRY(allocate_block(exchange_order, PageUse::kernel));
    free_exchanges_.store((1u << exchange_count) - 1, std::memory_order_release);
    return {};
}

u32 MountedVolume::take_exchange(Purpose purpose) {
    constexpr u32 for_data = (1u << exchanges_for_data) - 1;
    const u32 usable = purpose == Purpose::ordinary ? ~for_data : ~u32{0};
    u32 taken = exchange_count;
    auto try_take = [&] {
        u32 free = free_exchanges_.load(std::memory_order_relaxed);
        while ((free & usable) != 0) {
            const u32 index = static_cast<u32>(__builtin_ctz(free & usable));
            // Acquire: what the last user did to the buffer is over.
            if (free_exchanges_.compare_exchange_weak(free, free & ~(1u << index),
                                                      std::memory_order_acquire,
                                                      std::memory_order_relaxed)) {
                taken = index;
                return true;
            }
        }
        return false;
    };
    if (!try_take())
        (void)exchange_freed_.wait(try_take, Sleep::uninterruptible);
    return taken;
}

void MountedVolume::give_exchange(u32 index) {
    free_exchanges_.fetch_or(1u << index, std::memory_order_release);
    exchange_freed_.wake_all(); // not every one is of use to each who waits
}

Result<> VolumeCall::put(std::string_view first, std::string_view second) {
    if (first.size() + second.size() > text().size())
        return Failure(Errno::nametoolong);
    __builtin_memcpy(text().data(), first.data(), first.size());
    __builtin_memcpy(text().data() + first.size(), second.data(), second.size());
    arguments.first_length = static_cast<u16>(first.size());
    arguments.second_length = static_cast<u16>(second.size());
    return {};
}

Result<u64> MountedVolume::request(Operation operation, const FileSystem::Arguments& arguments,
                                   u32 exchange, ChangeSet& changes) {
    const component::VolumeServices services = changes.services();
    const BufferPiece piece{exchanges_[exchange]->physical(), exchange_bytes};
    GateCall call;
    call.request.operation = static_cast<u16>(operation);
    call.request.buffer = {component::ObjectId::own_request, component::BufferRights::read_write, 0,
                           exchange_bytes};
    call.request.set_payload(arguments);
    call.pieces = {&piece, 1};
    call.services = &services;
    return gate_.call(call);
}

Result<u64> VolumeCall::run(Operation operation) {
    ChangeSet changes(volume_.state_);
    for (bool committed = false;;) {
        const Result<u64> result = volume_.request(operation, arguments, index_, changes);
        if (!result && result.error() == Errno::inprogress && changes.take_progress())
            continue;
        const bool is_full = changes.wants_commit();
        // Freed blocks are withheld until the next commit: no space may mean only that.
        if (result || (!is_full && (result.error() != Errno::nospc || committed)))
            return result;
        // A grant is made inside a DataWrite, which a commit waits for: its caller tries again.
        if (operation == Operation::grant)
            return Failure(is_full ? Errno::again : Errno::nospc);
        committed |= !is_full;
        TRY(volume_.commit());
    }
}

// The one who commits, to the component.
class MountedVolume::Scribe final : public LogScribe {
public:
    explicit Scribe(MountedVolume& volume) : volume_(volume) {}
    FileExchange& exchange() override { return volume_.exchange_of(log_exchange); }
    u8* text() override {
        return volume_.exchanges_[log_exchange]->bytes() + component::exchange_text;
    }
    Result<> run(Operation operation) override {
        ChangeSet changes(volume_.state_, ChangeSet::Shows::logged);
        TRY(volume_.request(operation, {}, log_exchange, changes));
        return {};
    }

private:
    MountedVolume& volume_;
};

Result<> MountedVolume::mount(u32 flags) {
    namespace mount_flag = component::mount_flag;
    if (device_->read_only())
        flags |= mount_flag::read_only | mount_flag::read_only_device;
    {
        VolumeCall call(*this);
        call.arguments.flags = flags;
        TRY(call.run(Operation::mount));
        info_ = call.exchange().volume;
        VolumeGuard guard(lock_);
        state_.mounted(info_);
    }
    return info_.read_only ? Result<>() : begin_writing();
}

Result<> MountedVolume::begin_writing() {
    if (device_->read_only())
        return Failure(Errno::rofs);
    {
        VolumeCall call(*this);
        TRY(call.run(Operation::begin_writing));
        const component::LogLayout& log = call.exchange().log;
        if (log.pieces > call.text().size() / sizeof(component::BlockRange))
            return Failure(Errno::uclean);
        if (log.pieces != 0)
            TRY(state_.journal.attach(
                log, reinterpret_cast<const component::BlockRange*>(call.text().data())));
        info_.read_only = 0;
        VolumeGuard guard(lock_);
        state_.mount_state &= ~component::volume_state::read_only;
    }
    VolumeCall call(*this);
    TRY(call.run(Operation::finish_orphans));
    return {};
}

Result<> MountedVolume::end_writing() {
    {
        VolumeCall call(*this);
        TRY(call.run(Operation::sync));
    }
    // Clean only when everything else is home.
    TRY(commit());
    TRY(close_journal());
    {
        VolumeCall call(*this);
        TRY(call.run(Operation::unmount));
    }
    TRY(commit());
    info_.read_only = 1;
    VolumeGuard guard(lock_);
    state_.mount_state |= component::volume_state::read_only;
    return {};
}

Result<> MountedVolume::sync() {
    // The counts of the superblock go with the last transaction; without a log, with each.
    if (!state_.journal.is_attached()) {
        VolumeCall call(*this);
        TRY(call.run(Operation::sync));
    }
    return commit();
}

VolumeInfo MountedVolume::statistics() {
    VolumeGuard guard(lock_);
    VolumeInfo result = info_;
    const u64 free = state_.free_blocks > 0 ? static_cast<u64>(state_.free_blocks) : 0;
    result.free_blocks = free > state_.promised() ? free - state_.promised() : 0;
    result.free_inodes = state_.free_inodes > 0 ? static_cast<u64>(state_.free_inodes) : 0;
    if (result.reserved_blocks > result.free_blocks)
        result.reserved_blocks = result.free_blocks;
    return result;
}

Result<> MountedVolume::reserve(u64 blocks) {
    VolumeGuard guard(lock_);
    return state_.reserve(blocks);
}

void MountedVolume::unreserve(u64 blocks) {
    VolumeGuard guard(lock_);
    state_.unreserve(blocks);
}

u64 MountedVolume::begin_data() {
    u64 number = 0;
    auto try_begin = [&] {
        VolumeGuard guard(lock_);
        // With a log it belongs to the next transaction.
        if (committing_ && !state_.journal.is_attached())
            return false;
        number = state_.data_begun();
        return true;
    };
    if (!try_begin())
        (void)data_changes_.wait(try_begin, Sleep::uninterruptible);
    return number;
}

void MountedVolume::end_data(u64 begun_in) {
    {
        VolumeGuard guard(lock_);
        state_.data_done(begun_in);
    }
    data_changes_.wake_all();
}

void MountedVolume::wait_for_data(u64 number) {
    auto is_there = [&] {
        VolumeGuard guard(lock_);
        return state_.data_in_flight(number) == 0;
    };
    if (!is_there())
        (void)data_changes_.wait(is_there, Sleep::uninterruptible);
}

// Whether the caller is the one to commit; false when transaction `number` has been meanwhile.
bool MountedVolume::begin_commit(u64 number) {
    bool is_mine = false;
    auto try_begin = [&] {
        VolumeGuard guard(lock_);
        if (state_.committed >= number)
            return true;
        is_mine = !committing_;
        committing_ |= is_mine;
        return is_mine;
    };
    if (!try_begin())
        (void)data_changes_.wait(try_begin, Sleep::uninterruptible);
    return is_mine;
}

void MountedVolume::end_commit() {
    {
        VolumeGuard guard(lock_);
        committing_ = false;
    }
    data_changes_.wake_all();
}

// Those that come while one commits wait, and are then served by the next one together.
Result<> MountedVolume::commit() {
    u64 number;
    {
        VolumeGuard guard(lock_);
        number = state_.transaction;
    }
    if (!begin_commit(number))
        return {};
    Result<> outcome;
    if (state_.journal.is_attached()) {
        Scribe scribe(*this);
        outcome = state_.journal.commit(scribe);
    } else {
        // Data granted before is awaited, data to come waits.
        wait_for_data(0);
        wait_for_data(1);
        VolumeGuard guard(lock_);
        outcome = state_.commit_directly();
    }
    end_commit();
    return outcome;
}

Result<> MountedVolume::close_journal() {
    (void)begin_commit(~u64{0});
    Scribe scribe(*this);
    const Result<> outcome = state_.journal.close(scribe);
    end_commit();
    return outcome;
}

// As many consecutive pieces as there are, in requests of a few.
Result<> MountedVolume::DeviceSource::write_pieces(u64 offset,
                                                   std::span<const std::span<const u8>> pieces) {
    constexpr usize most = 32;
    while (!pieces.empty()) {
        BufferPiece parts[most];
        usize used = 0;
        u64 bytes = 0;
        // A block lies in two pages at most.
        while (!pieces.empty() && used + 2 <= most) {
            const std::span<const u8> piece = pieces.front();
            for (usize done = 0; done < piece.size();) {
                const u64 address = reinterpret_cast<u64>(piece.data()) + done;
                const u64 in_page = page_size - address % page_size;
                const u64 left = piece.size() - done;
                const u64 here = left < in_page ? left : in_page;
                parts[used++] = {core::physical_of(KernelVirt(address)), here};
                done += here;
            }
            bytes += piece.size();
            pieces = pieces.subspan(1);
        }
        BlockRequest request;
        request.operation = BlockRequest::Operation::write;
        request.sector = offset / 512;
        request.sectors = static_cast<u32>(bytes / 512);
        request.pieces = {parts, used};
        TRY(device_.transfer(request));
        offset += bytes;
    }
    return {};
}

Result<> MountedVolume::transfer(BlockRequest::Operation operation, u64 block,
                                 std::span<const BufferPiece> pieces) {
    const u32 sectors_per_block = info_.block_size / 512;
    u64 bytes = 0;
    for (const BufferPiece& piece : pieces)
        bytes += piece.length;
    BlockRequest request;
    request.operation = operation;
    request.sector = block * sectors_per_block;
    request.sectors = static_cast<u32>(bytes / 512);
    request.pieces = pieces;
    return device_->transfer(request);
}

// The strand goes to other handlers, the lock to whoever wants it.
void* MountedVolume::begin_wait() PITH_NO_ANALYSIS {
    waits_.fetch_add(1, std::memory_order_relaxed);
    lock_.release();
    return gate_.strand().park();
}

bool MountedVolume::end_wait(void* wait) PITH_NO_ANALYSIS {
    const bool goes_on = gate_.strand().try_unpark(static_cast<Strand::Activation*>(wait));
    if (goes_on) {
        lock_.acquire();
        end_of_wait();
    }
    return goes_on;
}

// The volume may be gone after it, unless the caller is a handler that goes on.
void MountedVolume::end_of_wait() {
    WaitQueue& queue = gone_queue(); // outlives this volume
    waits_.fetch_sub(1, std::memory_order_release);
    queue.wake_all();
}

void MountedVolume::abandon(void* wait) {
    end_of_wait();
    Strand::leave_abandoned(*static_cast<Strand::Activation*>(wait));
}

u64 MountedVolume::caller() { return reinterpret_cast<u64>(&Thread::current()); }

void MountedVolume::report(const char* text, usize length) {
    const LogLimit::Answer limit = report_limit_.ask(core::now());
    if (limit.left_out != 0)
        LOG_WARNING("{}: {} lines were left out", device_->name(), limit.left_out);
    if (limit.may_write)
        LOG_WARNING("{}: {}", device_->name(), std::string_view(text, length));
}

i64 MountedVolume::now() { return static_cast<i64>(wall_now().value); }

// For inode generations only: no secret.
u32 MountedVolume::random() {
    const u64 state = random_state_.fetch_add(base::split_mix_step, std::memory_order_relaxed);
    return static_cast<u32>(base::split_mix(state ^ core::now().value) >> 32);
}

} // namespace core::file
