// SPDX-License-Identifier: BSD-2-Clause
// What a loop device's component calls as its child: block requests served from a part of an open
// file. One request at a time; which file, and which part of it, is changed between two of them.
#pragma once

#include "abi/component/block.h"
#include "core/component/child_service.h"
#include "core/sync/guarded.h"
#include "linux/vfs/open_file.h"

namespace linux {

class LoopBacking final : public core::ChildService, private core::Strand::Observer {
public:
    // The part of the file that is served.
    struct View {
        u64 offset = 0;   // bytes
        u64 capacity = 0; // sectors of 512 bytes, a multiple of sector_size
        u32 sector_size = 512;
        bool read_only = false;
    };

    static Result<Ref<LoopBacking>> create();
    ~LoopBacking() override;

    core::Gate& gate() override { return gate_; }
    void copy_properties(void* to) override;

    // What is served from the next request on; without a file there is no capacity. Answers the
    // file before this, which nothing here uses any more. Process context: waits for the request
    // that is being served.
    RefOrNull<OpenFile> serve(RefOrNull<OpenFile> file, const View& view);

private:
    friend class Ref<LoopBacking>;
    LoopBacking();

    using Block = component::Block;
    struct BackingEnv : component::Env {
        explicit BackingEnv(LoopBacking& backing) : owner(backing) {}
        LoopBacking& owner;
    };
    static component::Answer submit(component::Env& env, const component::Request& request);
    Result<u64> run(const component::Request& request);
    Result<> read(u64 offset, std::span<u8> to);
    Result<> write(u64 offset, std::span<const u8> from);

    BackingEnv env_{*this};
    core::Strand strand_;
    core::Gate gate_;
    // Of whoever is in the strand.
    RefOrNull<OpenFile> file_;
    View view_;
    core::Guarded<component::BlockProperties, core::lock_class::loop_table> properties_;
};

// Whether a file can be served so: regular with a page cache, or a block device.
bool can_back_loop(const OpenFile& file);
// Its length in bytes.
u64 size_of_backing(const OpenFile& file);

} // namespace linux
