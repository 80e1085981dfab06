// SPDX-License-Identifier: BSD-2-Clause
// A device in the tree: what its bus found out about it, its windows and interrupts, and who drives
// it. Buses derive from Device for what they do differently.
#pragma once

#include <span>
#include <string_view>

#include "abi/component/component.h"
#include "base/list.h"
#include "base/ref.h"
#include "base/result.h"
#include "core/memory/kernel_map.h"

namespace core {

class DmaDomain;
class Instance;

struct DeviceWindow {
    enum class Kind : u32 { absent, memory_mapped, ports, storage };
    Kind kind = Kind::absent;
    u32 index = 0; // PCI: number of the base address register
    u64 start = 0; // physical address or first port
    u64 length = 0;
    bool is_wide = false; // PCI: may lie above 4 GiB
    bool is_prefetchable = false;
};

struct DeviceIdentity {
    component::DeviceBus bus = component::DeviceBus::none;
    u32 vendor = 0;
    u32 device = 0;
    u32 subsystem = 0;
    u32 class_code = 0;
    u32 revision = 0;
};

class Device : public RefCounted<Device> {
public:
    static constexpr usize maximum_windows = 8;
    // Called in the interrupt, interrupts off.
    using InterruptHandler = void (*)(void* argument, u32 line);

    virtual ~Device();

    // Its name in the tree: "0000:00:03.0", "virtio-mmio.0", "serial8250".
    std::string_view name() const { return {name_, name_length_}; }
    // Platform devices: what drivers match ("serial_16550").
    std::string_view platform_kind() const { return platform_kind_; }
    const DeviceIdentity& identity() const { return identity_; }
    std::span<const DeviceWindow> windows() const { return {windows_, window_count_}; }
    Device* parent() const { return parent_.get(); }
    // The alias udev loads modules by ("pci:v00001AF4d…"), written into `buffer`.
    std::string_view module_alias(std::span<char> buffer) const;
    bool matches(const component::DeviceMatch& match) const;
    bool is_removed() const { return removed_.load(std::memory_order_acquire); }

    // Makes windows reachable. Process context. Errors: nomem, inval.
    virtual Result<> open();
    // One access of 1, 2, 4 or 8 bytes, aligned and inside the window (the caller checked).
    virtual u64 read_register(u32 window, u64 offset, u32 width);
    virtual void write_register(u32 window, u64 offset, u32 width, u64 value);
    // Storage windows: the bytes from `offset` on that are contiguous.
    virtual Result<std::span<u8>> storage(u32, u64) { return Failure(Errno::inval); }
    // Configuration space; all ones where there is none.
    virtual u32 read_configuration(u32, u32) { return ~u32{0}; }
    virtual void write_configuration(u32, u32, u32) {}
    virtual u32 configuration_bytes() const { return 0; }
    virtual void set_bus_master(bool) {}
    // What it may reach in memory; null: all of it. After open(), which may refuse; it lasts.
    virtual DmaDomain* dma_domain() { return nullptr; }
    // Message-signalled interrupts: how many there are of the `wanted` ones (0: the line is used).
    virtual Result<u32> prepare_messages(u32) { return 0u; }
    virtual u32 interrupt_count() const { return 0; }
    virtual Result<> connect_interrupt(u32, InterruptHandler, void*) {
        return Failure(Errno::nodev);
    }
    virtual void disconnect_interrupt(u32) {}
    // A level-triggered line was masked when it fired; this lets it fire again.
    virtual void acknowledge_interrupt(u32) {}
    // The number people know its line by; 0: none.
    virtual u32 interrupt_line() const { return 0; }

    // The instance that drives it. Guarded by the manager.
    Instance* driver = nullptr;
    // Gone from its bus (surprise removal): reads give all ones.
    void mark_removed() { removed_.store(true, std::memory_order_release); }

    ListLink tree_link;

protected:
    Device(std::string_view name, const DeviceIdentity& identity);
    Result<> add_window(const DeviceWindow& window);
    DeviceWindow& window_at(u32 index) { return windows_[index]; }

    DeviceIdentity identity_;
    std::string_view platform_kind_;
    RefOrNull<Device> parent_;
    std::atomic<bool> removed_{false};

private:
    char name_[32] = {};
    usize name_length_;
    DeviceWindow windows_[maximum_windows];
    u32 window_count_ = 0;
    KernelMapping mappings_[maximum_windows];
};

// --- the tree. Process context.

// Adds a device a bus found and offers it to the component manager. Errors: exist (its name),
// nomem.
Result<> add_device(Ref<Device> device);
// It goes: its instance ends and its services are withdrawn. Of a device that leaves in order the
// driver takes leave first, so that it does nothing more; one that was pulled out is given up.
enum class Departure : u8 { in_order, pulled_out };
void remove_device(Device& device, Departure departure);
// Until `visit` answers false; no lock is held meanwhile.
void for_each_device(bool (*visit)(Device& device, void* argument), void* argument);
Result<Ref<Device>> find_device(std::string_view name); // errors: noent
using DeviceListener = void (*)(Device& device, bool present);
// The component manager's ear, and one for uevents.
void set_device_driver_listener(DeviceListener listener);
void set_device_listener(DeviceListener listener);

} // namespace core
