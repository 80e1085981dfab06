// SPDX-License-Identifier: BSD-2-Clause
// A mounted volume as the rest of the kernel uses it: requests to its component through the gate,
// data between page frames and the block device, space promised to dirty pages, commit. Locks:
// lock_class::volume inside; callers hold none of an equal or higher order.
#pragma once

#include "core/component/manager.h"
#include "core/device/block_device.h"
#include "core/file/change_set.h"
#include "core/file/volume_state.h"
#include "core/gate/gate.h"
#include "core/memory/page.h"
#include "core/observe/log_limit.h"
#include "core/sync/lock.h"
#include "core/sync/wait_queue.h"

namespace core::file {

using component::FileExchange;
using component::FileSystem;
using component::VolumeInfo;

class MountedVolume final : public RefCounted<MountedVolume>, private VolumeHost {
public:
    // Starts an instance of `component` ("ext4") for the volume. Errors: noent (no such
    // component), nodev (it offers nothing), nomem.
    static Result<Ref<MountedVolume>> create(Ref<BlockDevice> device, std::string_view component);
    ~MountedVolume();

    // `flags` are component::mount_flag; what the device allows is added. Errors: inval (no volume
    // of this kind; the log says why), uclean, io, rofs (it needs recovery, which may not write).
    Result<> mount(u32 flags);
    // Everything dirty was written back before. The volume is marked unused; it is read-only then.
    Result<> end_writing();
    // After a mount or end_writing(). Errors: rofs where device or format forbid it, io, uclean.
    Result<> begin_writing();
    // Metadata published so far is durable afterwards, and all data written so far.
    Result<> sync();
    // Blocks and inodes free now, without those promised.
    VolumeInfo statistics();
    const VolumeInfo& info() const { return info_; }
    BlockDevice& device() { return *device_; }

    // Space for delayed blocks. Errors: nospc.
    Result<> reserve(u64 blocks);
    void unreserve(u64 blocks);

    // Around a grant and the writing of its data: a commit waits for these, and they for it.
    class DataWrite {
    public:
        explicit DataWrite(MountedVolume& volume)
            : volume_(volume), begun_in_(volume_.begin_data()) {}
        ~DataWrite() { volume_.end_data(begun_in_); }
        DataWrite(const DataWrite&) = delete;
        DataWrite& operator=(const DataWrite&) = delete;

    private:
        friend class VolumeCall;
        MountedVolume& volume_;
        const u64 begun_in_;
    };

    // Moves data of consecutive blocks from `block` on. Errors: io.
    Result<> transfer(BlockRequest::Operation operation, u64 block,
                      std::span<const BufferPiece> pieces);

private:
    friend class Ref<MountedVolume>;
    friend class VolumeCall;
    friend class SpareBlock;

    // Metadata comes and goes through here.
    class DeviceSource final : public BlockSource {
    public:
        explicit DeviceSource(BlockDevice& device) : device_(device) {}
        Result<> read(u64 offset, std::span<u8> to) override { return device_.read(offset, to); }
        Result<> write(u64 offset, std::span<const u8> from) override {
            return device_.write(offset, from);
        }
        Result<> write_pieces(u64 offset, std::span<const std::span<const u8>> pieces) override;
        Result<> flush() override { return device_.flush(); }
        u64 size() const override { return device_.size_in_bytes(); }
        u32 sector_size() const override { return device_.sector_size(); }

    private:
        BlockDevice& device_;
    };

    // Buffers of requests, made in advance: what write-back needs allocates nothing.
    static constexpr u32 exchange_count = 8;
    // So many only for those inside a DataWrite: who holds another one may wait for a commit, which
    // waits for them.
    static constexpr u32 exchanges_for_data = 2;
    static constexpr u32 log_exchange = exchange_count; // one more, of whoever commits
    static constexpr unsigned exchange_order = 1;
    static constexpr u64 exchange_bytes = page_size << exchange_order;

    MountedVolume(Ref<BlockDevice> device, Ref<Instance> instance, Gate& gate);
    class Scribe;
    Result<> make_exchanges();
    Result<u64> request(FileSystem::Operation operation, const FileSystem::Arguments& arguments,
                        u32 exchange, ChangeSet& changes);
    FileExchange& exchange_of(u32 index) {
        return *reinterpret_cast<FileExchange*>(exchanges_[index]->bytes());
    }
    enum class Purpose : u8 { ordinary, inside_data_write };
    u32 take_exchange(Purpose purpose);
    void give_exchange(u32 index);
    u64 begin_data();
    void end_data(u64 begun_in);
    bool begin_commit(u64 number);
    void end_commit();
    Result<> commit();
    Result<> close_journal();

    // VolumeHost
    void report(const char* text, usize length) override;
    i64 now() override;
    u32 random() override;
    void lock() override PITH_NO_ANALYSIS { lock_.acquire(); }
    void unlock() override PITH_NO_ANALYSIS { lock_.release(); }
    void wait_for_data(u64 number) override;
    void* begin_wait() override;
    bool end_wait(void* wait) override;
    [[noreturn]] void abandon(void* wait) override;
    u64 caller() override;
    void end_of_wait();

    BlockUse device_;
    Ref<Instance> instance_; // owns the gate
    Gate& gate_;
    DeviceSource source_;
    VolumeInfo info_;
    Lock<lock_class::volume> lock_;
    VolumeState state_;       // guarded by lock_
    bool committing_ = false; // guarded by lock_
    WaitQueue data_changes_;  // data_in_flight, committing_
    Page* exchanges_[exchange_count + 1] = {};
    std::atomic<u32> free_exchanges_{0}; // a bit each
    WaitQueue exchange_freed_;
    std::atomic<u32> waits_{0}; // handlers that wait for the device, abandoned ones too
    std::atomic<u64> random_state_{0};
    LogLimit report_limit_;
};

// Memory for one block, made in advance, for use inside a DataWrite. Whoever holds one starts no
// VolumeCall: there are only so many of both.
class SpareBlock {
public:
    explicit SpareBlock(MountedVolume& volume)
        : volume_(volume), index_(volume.take_exchange(MountedVolume::Purpose::inside_data_write)) {
    }
    ~SpareBlock() { volume_.give_exchange(index_); }
    SpareBlock(const SpareBlock&) = delete;
    SpareBlock& operator=(const SpareBlock&) = delete;

    u8* bytes() { return volume_.exchanges_[index_]->bytes(); }
    PhysAddr physical() const { return volume_.exchanges_[index_]->physical(); }

private:
    MountedVolume& volume_;
    const u32 index_;
};

// One request to the volume's component: fill in exchange and text, run, read the answer there.
// Process context, no lock of order `volume` or above held; waits for a buffer if all are in use.
class VolumeCall {
public:
    explicit VolumeCall(MountedVolume& volume)
        : VolumeCall(volume, MountedVolume::Purpose::ordinary) {}
    // For a grant, which is asked for inside its DataWrite.
    explicit VolumeCall(const MountedVolume::DataWrite& writing)
        : VolumeCall(writing.volume_, MountedVolume::Purpose::inside_data_write) {}
    ~VolumeCall() { volume_.give_exchange(index_); }
    VolumeCall(const VolumeCall&) = delete;
    VolumeCall& operator=(const VolumeCall&) = delete;

    FileExchange& exchange() { return *reinterpret_cast<FileExchange*>(bytes()); }
    std::span<u8> text() {
        return {bytes() + component::exchange_text,
                MountedVolume::exchange_bytes - component::exchange_text};
    }
    // Puts names (a value) into the text, one behind the other. Errors: nametoolong.
    Result<> put(std::string_view first, std::string_view second = {});
    FileSystem::Arguments arguments;

    // Errors: the operation's; io when the component has been given up.
    Result<u64> run(FileSystem::Operation operation);

private:
    VolumeCall(MountedVolume& volume, MountedVolume::Purpose purpose)
        : volume_(volume), index_(volume.take_exchange(purpose)) {
        exchange() = {};
    }
    u8* bytes() { return volume_.exchanges_[index_]->bytes(); }

    MountedVolume& volume_;
    const u32 index_;
};

} // namespace core::file
