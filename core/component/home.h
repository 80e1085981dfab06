// SPDX-License-Identifier: BSD-2-Clause
// A home: where the code of one instance runs for a while. An instance is moved by giving its
// strand the target of another home. All calls: process context, under the instance's lock.
#pragma once

#include "core/component/component_object.h"
#include "core/gate/strand.h"

namespace core {

class Instance;
class KernelEnv;

class Home : public RefCounted<Home> {
public:
    virtual ~Home() = default;
    Placement placement() const { return placement_; }

    // What the strand calls while the instance lives here.
    virtual StrandTarget target(KernelEnv& env) = 0;
    // The component's own stages. The strand has this home's target and does not run requests.
    // Errors: the component's; what ended the instance meanwhile.
    virtual Result<> start(Strand& strand) = 0;   // fresh arena
    virtual Result<> quiesce(Strand& strand) = 0; // before another home takes over
    virtual Result<> resume(Strand& strand) = 0;  // after that
    virtual Result<> stop(Strand& strand) = 0;
    // The arena is zeroed and gets what the state of another version means; resume follows. Errors:
    // also opnotsupp (the component cannot).
    virtual Result<> migrate(Strand& strand, const KernelMapping& old, u32 layout) = 0;

    // While every program that uses the instance waits for it: its threads, if it has some, run
    // before others. The threads of a home that is made by an urgent thread begin so.
    virtual void begin_urgency() {}
    virtual void end_urgency() {}

    struct Facts {
        u64 memory = 0; // bytes that its code and constants take
        base::Sha256Digest object_hash{};
        base::Sha256Digest text_hash{};
    };
    // For people who want to see that the bytes are the same everywhere. Errors: io.
    virtual Result<Facts> facts() = 0;

    // For faults on purpose, while the strand is held: the code as it lies there, and other bytes
    // in it. Only where no other instance runs it. Errors: inval, nomem.
    virtual std::span<const u8> text() = 0;
    virtual Result<> overwrite(u64 offset, std::span<const u8> bytes) = 0;
    // It may have been overwritten: no other life begins in it.
    bool is_spoiled() const { return spoiled_; }

protected:
    explicit Home(Placement placement) : placement_(placement) {}
    void mark_spoiled() { spoiled_ = true; }

private:
    const Placement placement_;
    bool spoiled_ = false;
};

// In the kernel: `builtin` or `module`. Errors: opnotsupp, nomem, noexec.
Result<Ref<Home>> make_kernel_home(Ref<ComponentObject> object, Placement placement);
// The same with text of its own, which may be overwritten; it counts as spoiled at once.
Result<Ref<Home>> make_private_kernel_home(Ref<ComponentObject> object, Placement placement);

// Who makes homes in processes of their own (core/server); none until that part has started.
using ServerHomeMaker = Result<Ref<Home>> (*)(Instance& instance);
void set_server_home_maker(ServerHomeMaker maker);
bool has_server_homes();

} // namespace core
