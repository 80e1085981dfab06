// SPDX-License-Identifier: BSD-2-Clause
// The table through which a component reaches the world, filled in by each home (kernel, server
// host, test process). Components use the wrapper in env.h; only homes include this for more.
// Every call answers a value >= 0 or -errno. A home that sees a wrong argument (window, offset,
// block, request it does not serve) ends the instance. Entries are only ever added at the end.
#pragma once

#include "abi/component/request.h"
#include "base/types.h"

namespace component {

class Env;

// A contiguous piece of a buffer as the device sees it.
struct DmaSegment {
    u64 address;
    u64 length;
};

// Memory shared with a device: zeroed, owned by the kernel, kept over moves and crashes.
struct DmaBlock {
    u32 index = 0; // in the instance
    u32 reserved = 0;
    u64 address = 0; // for the device
    u64 length = 0;
};

// A view of a published record: read-only, from the core's cache; valid until released or until
// the handler returns, whichever is first.
struct RecordView {
    const u8* data;
    u32 length;
    u32 pin;
    u64 version;
};

enum class ChangeKind : u32 {
    write,  // replace `length` bytes at `offset`; the rest stays
    create, // a record that needs no reading: zeroed, then written
    forget, // drop the record without writing it (a freed metadata block)
    action, // the store's own meaning (reservation, grant, journal head): see the interface
};

// One record of a change set. `version` is the one seen when the decision was taken; ignored for
// create. `bytes` is read during the call and not kept.
struct RecordChange {
    u32 store;
    ChangeKind kind;
    u64 key;
    u64 version;
    u32 offset;
    u32 length;
    const void* bytes;
};

enum class LogLevel : u32 { error = 3, warning = 4, notice = 5, info = 6, debug = 7 };

// Facts about the device an instance drives, and about its configuration.
enum class DeviceFact : u32 {
    bus,        // DeviceBus
    vendor,     // PCI vendor or virtio vendor
    device,     // PCI device or virtio device type
    subsystem,  // PCI subsystem vendor << 16 | subsystem device
    class_code, // PCI class << 16 | subclass << 8 | interface
    revision,
    window_count,    // MMIO and port windows
    interrupt_count, // lines that may be enabled now
    dma_bits,        // width of a device address
};

enum class DeviceBus : u64 { none = 0, platform = 1, pci = 2, virtio_mmio = 3 };

struct WindowInfo {
    u64 length;
    u32 kind;  // 0 absent, 1 memory mapped, 2 ports, 3 memory (storage owned by the core)
    u32 index; // PCI: number of the base address register
};

// What a component announces: see Env::offer. `properties` is the interface's Properties.
struct ServiceOffer {
    InterfaceId interface;
    u32 property_bytes;
    u64 fingerprint;
    const void* properties;
    char name[32]; // wished for ("vda"); the core may choose another
};

enum class ControlKind : u32 {
    bus_master,            // value 0 or 1
    message_interrupts,    // wanted number of MSI-X or MSI vectors; answers how many there are (0:
                           // none)
    release_early_console, // the polled console of the kernel lets go of this device
};

struct EnvTable {
    u32 size; // bytes in this table
    u32 abi;  // env_abi

    // Time and diagnosis.
    i64 (*log)(Env*, LogLevel, const char* text, u64 length);
    i64 (*now)(Env*);                     // monotonic nanoseconds
    i64 (*wall_clock)(Env*);              // nanoseconds since 1970
    i64 (*sleep_until)(Env*, u64 moment); // waits: lets other handlers in
    i64 (*set_timer)(Env*, u32 timer, u64 moment);
    i64 (*cancel_timer)(Env*, u32 timer);
    i64 (*random)(Env*, void* to, u64 length);
    i64 (*configuration)(Env*, const char* key, u64 key_length, char* value, u64 capacity);
    i64 (*count)(Env*, u32 counter, u64 amount);
    i64 (*trace)(Env*, u32 event, u64 a, u64 b);
    i64 (*fail)(Env*, u32 error, const char* why, u64 length);

    // The device.
    i64 (*device_fact)(Env*, DeviceFact);
    i64 (*window_info)(Env*, u32 window, WindowInfo*);
    i64 (*read_register)(Env*, u32 window, u64 offset, u32 width, u64* value);
    i64 (*write_register)(Env*, u32 window, u64 offset, u32 width, u64 value);
    i64 (*window_memory)(Env*, u32 window, u64 offset, u8** view); // bytes contiguous from there
    i64 (*read_configuration_space)(Env*, u32 offset, u32 width);
    i64 (*control)(Env*, ControlKind, u64 value);
    i64 (*enable_interrupt)(Env*, u32 line);
    i64 (*disable_interrupt)(Env*, u32 line);
    i64 (*acknowledge_interrupt)(Env*, u32 line); // lets a level line be raised again

    // Memory for the device.
    i64 (*allocate_dma)(Env*, u64 length, u64 alignment, DmaBlock*);
    i64 (*free_dma)(Env*, u32 block);
    i64 (*dma_view)(Env*, u32 block, u8** view);
    i64 (*dma_block)(Env*, u32 index, DmaBlock*); // blocks kept from before a move

    // Buffers of requests.
    i64 (*map_buffer)(Env*, u64 request, const Buffer*, DmaSegment* segments, u32 capacity);
    i64 (*unmap_buffer)(Env*, u64 request);
    i64 (*buffer_view)(Env*, u64 request, const Buffer*, u64 offset, u8** view);
    i64 (*copy_from_buffer)(Env*, u64 request, const Buffer*, u64 offset, void* to, u64 length);
    i64 (*copy_to_buffer)(Env*, u64 request, const Buffer*, u64 offset, const void*, u64 length);

    // Services and requests.
    i64 (*offer)(Env*, const ServiceOffer*);
    i64 (*update_offer)(Env*, u32 service, const void* properties, u64 length);
    i64 (*withdraw)(Env*, u32 service);
    i64 (*complete)(Env*, u64 request, u32 status, u64 value);
    i64 (*deliver)(Env*, u32 service, u32 event, const void* bytes, u64 length);

    // Child sessions.
    i64 (*child_count)(Env*);
    i64 (*child_properties)(Env*, u32 child, u64 fingerprint, void* properties, u64 capacity);
    i64 (*call_child)(Env*, u32 child, Request*, Reply*); // waits: lets other handlers in

    // Published records.
    i64 (*read_record)(Env*, u32 store, u64 key, RecordView*); // may wait
    i64 (*release_record)(Env*, u32 store, u32 pin);
    i64 (*publish)(Env*, u64 request, const RecordChange* changes, u64 count);
    i64 (*was_published)(Env*, u64 request); // 1 if a replayed request's change set was applied

    // The table of calls a client lends for the time of one request (VolumeServices).
    i64 (*request_services)(Env*, u64 request, const void** table);
};

inline constexpr u32 env_abi = 1;

} // namespace component
