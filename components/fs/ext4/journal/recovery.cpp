// SPDX-License-Identifier: BSD-2-Clause
#include "components/fs/ext4/journal/recovery.h"

#include "components/fs/ext4/checksum.h"
#include "components/fs/ext4/journal/records.h"
#include "components/fs/ext4/journal/revoke_table.h"

namespace ext4::journal {

namespace {

struct Place {
    u32 block;
    u32 sequence;
};

// What the first pass learns.
struct Found {
    u32 end_sequence = 0; // of the first transaction that is not whole
    u32 records = 0;      // blocks that are no copies
    u32 transactions = 0;
    bool damaged = false;
};

class Recovery {
public:
    Recovery(Attempt& attempt, Log& log)
        : attempt_(attempt), log_(log), revoked_(attempt.volume().scratch) {}

    Result<> find_end();
    // Collects revoked blocks, then copies; as often as the table is too small.
    Result<> replay();
    // Everything copied is home; the log is empty.
    Result<> finish();

    const Found& found() const { return found_; }
    u32 copied() const { return copied_; }

private:
    struct Transaction {
        u32 sum = ~u32{0}; // version 1
        bool damaged = false;
    };
    enum class Step { go_on, stop };

    Result<Step> examine(Place& at, Transaction& transaction);
    Result<Step> examine_descriptor(Place& at, Transaction& transaction);
    template <typename Visit>
    Result<> for_each_record(Visit visit);
    Result<u32> count_tags(u32 block);
    Result<bool> collect(u32 round);
    Result<> copy_all(u32 round);
    Result<> copy_described(Place at, u32 round);
    Result<> copy(const LoggedBlock& logged, u32 from);
    Result<> publish();
    Result<> let_go();
    Result<std::span<const u8>> view(u32 block) {
        ++log_.views;
        return view_log(attempt_, log_, block);
    }

    Attempt& attempt_;
    Log& log_;
    RevokeTable revoked_;
    Found found_;
    u32 rounds_ = 1;
    u32 edits_ = 0;       // in the change set
    u32 uncommitted_ = 0; // published, not yet home
    u32 copied_ = 0;
};

// What was viewed stays in memory until something is published, be it nothing.
Result<> Recovery::let_go() {
    constexpr u32 most_views = 64;
    return log_.views < most_views ? Result<>() : publish();
}

Result<u32> Recovery::count_tags(u32 block) {
    const std::span<const u8> bytes = TRY(view(block));
    TagReader tags(log_);
    LoggedBlock logged;
    u32 count = 0;
    while (tags.next(bytes, logged))
        ++count;
    return count;
}

// The blocks a descriptor speaks of, as far as there are checksums to check them by.
Result<Recovery::Step> Recovery::examine_descriptor(Place& at, Transaction& transaction) {
    const std::span<const u8> bytes = TRY(view(at.block));
    if (!tail_matches(log_, bytes))
        return Step::stop;
    const u32 count = TRY(count_tags(at.block));
    if (count + 1 >= log_.size())
        return Step::stop;
    const bool one_sum = !log_.has_checksums() && (log_.compatible & compatible::checksum);
    if (one_sum)
        transaction.sum = crc32_big_endian(transaction.sum, bytes);
    TagReader tags(log_);
    LoggedBlock logged;
    for (u32 i = 1; i <= count && (one_sum || log_.has_checksums()); ++i) {
        const std::span<const u8> data = TRY(view(log_.after(at.block, i)));
        tags.next(bytes, logged);
        if (one_sum)
            transaction.sum = crc32_big_endian(transaction.sum, data);
        else if (!data_matches(log_, logged, at.sequence, data))
            transaction.damaged = true;
    }
    found_.records += 1;
    at.block = log_.after(at.block, count + 1);
    return Step::go_on;
}

Result<Recovery::Step> Recovery::examine(Place& at, Transaction& transaction) {
    const std::span<const u8> bytes = TRY(view(at.block));
    const Header* header = header_of(bytes, at.sequence);
    if (!header)
        return Step::stop;
    switch (static_cast<BlockType>(u32{header->type})) {
    case BlockType::descriptor: return examine_descriptor(at, transaction);
    case BlockType::revoke:
        if (!tail_matches(log_, bytes))
            return Step::stop;
        break;
    case BlockType::commit:
        // A commit block that is torn was never reported: its transaction does not count.
        if (!commit_matches(log_, bytes, transaction.sum))
            return Step::stop;
        if (transaction.damaged) {
            found_.damaged = true;
            return Step::stop;
        }
        transaction = {};
        ++at.sequence;
        ++found_.transactions;
        break;
    default: return Step::stop;
    }
    ++found_.records;
    at.block = log_.after(at.block);
    return Step::go_on;
}

Result<> Recovery::find_end() {
    Place at{log_.start, log_.sequence};
    Transaction transaction;
    found_.end_sequence = at.sequence;
    // Each block of the log at most once.
    for (u32 passed = 0; passed < log_.size();) {
        const u32 before = at.block;
        if (TRY(examine(at, transaction)) == Step::stop)
            break;
        passed += at.block > before ? at.block - before : at.block + log_.size() - before;
        if (passed <= log_.size())
            found_.end_sequence = at.sequence;
        TRY(let_go());
    }
    return {};
}

// Visits the records of all whole transactions. `visit` answers whether to go on.
template <typename Visit>
Result<> Recovery::for_each_record(Visit visit) {
    Place at{log_.start, log_.sequence};
    u32 left = found_.records;
    while (at.sequence != found_.end_sequence && left-- > 0) {
        const Header* header = header_of(TRY(view(at.block)), at.sequence);
        if (!header) // copying has overwritten the log itself
            return attempt_.damaged("ext4: the journal overwrites itself");
        const auto type = static_cast<BlockType>(u32{header->type});
        const u32 copies = type == BlockType::descriptor ? TRY(count_tags(at.block)) : 0;
        if (!TRY(visit(type, at)))
            return {};
        at.block = log_.after(at.block, (copies + 1) % log_.size());
        if (type == BlockType::commit)
            ++at.sequence;
        if (edits_ == 0)
            TRY(let_go());
    }
    return {};
}

// False when the table is too small.
Result<bool> Recovery::collect(u32 round) {
    revoked_.clear();
    bool fits = true;
    TRY(for_each_record([&](BlockType type, Place at) -> Result<bool> {
        if (type != BlockType::revoke)
            return true;
        RevokeReader reader(log_, TRY(view(at.block)));
        for (u64 block; fits && reader.next(block);)
            if (RevokeTable::round_of(block, rounds_) == round)
                fits = revoked_.add(block, at.sequence);
        return fits;
    }));
    return fits;
}

Result<> Recovery::publish() {
    TRY(attempt_.publish(0, false));
    log_.views = 0;
    uncommitted_ += edits_;
    edits_ = 0;
    // Dirty blocks stay in memory.
    constexpr u32 most_uncommitted = 1024;
    if (uncommitted_ < most_uncommitted)
        return {};
    uncommitted_ = 0;
    const VolumeServices& services = attempt_.services();
    if (const i32 status = services.commit(services.home))
        return Failure(static_cast<Errno>(status));
    return {};
}

Result<> Recovery::copy(const LoggedBlock& logged, u32 from) {
    // In this order: the block may be what says where the log lies.
    const std::span<const u8> bytes = TRY(view(from));
    const std::span<u8> home = TRY(attempt_.create(logged.block));
    if (bytes.data() != home.data())
        __builtin_memcpy(home.data(), bytes.data(), home.size());
    if (logged.flags & tag_flag::escaped)
        *record_at<Big32>(home, 0) = magic;
    ++copied_;
    constexpr u32 most_edits = 64;
    return ++edits_ < most_edits ? Result<>() : publish();
}

Result<> Recovery::copy_described(Place at, u32 round) {
    TagReader tags(log_);
    LoggedBlock logged;
    for (u32 from = at.block; tags.next(TRY(view(at.block)), logged);) {
        from = log_.after(from);
        if (RevokeTable::round_of(logged.block, rounds_) == round &&
            !revoked_.is_revoked(logged.block, at.sequence))
            TRY(copy(logged, from));
    }
    return {};
}

Result<> Recovery::copy_all(u32 round) {
    TRY(for_each_record([&](BlockType type, Place at) -> Result<bool> {
        if (type == BlockType::descriptor)
            TRY(copy_described(at, round));
        return true;
    }));
    return publish();
}

Result<> Recovery::replay() {
    // A log no machine has written may revoke more than is worth the time.
    constexpr u64 most_work = 4'000'000;
    for (u32 round = 0; round < rounds_;) {
        if (TRY(collect(round))) {
            TRY(copy_all(round));
            ++round;
            continue;
        }
        // To begin again is harmless: a block's last copy is the same.
        rounds_ *= 2;
        round = 0;
        if (u64{rounds_} * found_.records > most_work) {
            attempt_.report("ext4: cannot use the journal: it revokes too many blocks");
            return Failure(Errno::inval);
        }
    }
    return {};
}

Result<> Recovery::finish() {
    const VolumeServices& services = attempt_.services();
    if (const i32 status = services.commit(services.home))
        return Failure(static_cast<Errno>(status));
    auto* super = record_at<Superblock>(TRY(edit_log_superblock(attempt_, log_)), 0);
    super->start = 0;
    // One further, so that nothing a damaged end left behind is ever taken for what comes next.
    super->sequence = found_.end_sequence + 1;
    super->error = 0;
    seal_log_superblock(*super);
    TRY(attempt_.publish(0, false));
    if (const i32 status = services.commit(services.home))
        return Failure(static_cast<Errno>(status));
    return {};
}

} // namespace

Result<Recovered> recover(Attempt& attempt) {
    Log log = TRY(open_log(attempt));
    Recovered result;
    result.damaged = log.error != 0;
    if (log.start != 0) {
        Recovery recovery(attempt, log);
        TRY(recovery.find_end());
        TRY(recovery.replay());
        TRY(recovery.finish());
        result.transactions = recovery.found().transactions;
        result.blocks = recovery.copied();
        result.damaged |= recovery.found().damaged;
    }
    return result;
}

} // namespace ext4::journal
