// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/manager.h"

#include "base/format.h"
#include "core/component/embedded.h"
#include "core/observe/log.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Registry {
    List<ComponentImage, &ComponentImage::link> images; // owns a reference to each
    List<Instance, &Instance::link> instances;          // likewise
};

struct Manager {
    Guarded<Registry, lock_class::component> registry;
    Worker* worker = nullptr;
};
Manager* g_manager; // set once by start_component_manager

// Instances that asked for attention, one after the other; no lock is held while one is looked
// after.
void look_after_instances(void*) {
    while (true) {
        RefOrNull<Instance> next;
        {
            auto registry = g_manager->registry.lock();
            for (Instance& instance : registry->instances) {
                if (instance.needs_attention()) {
                    next = RefOrNull<Instance>::share(&instance);
                    break;
                }
            }
        }
        if (!next)
            return;
        next->settle();
    }
}

// The first number that makes "virtio_blkN" a free name.
u32 free_number(Registry& registry, std::string_view component) {
    for (u32 number = 0;; ++number) {
        const base::Text<32> name("{}{}", component, number);
        bool taken = false;
        for (Instance& instance : registry.instances)
            taken = taken || instance.name() == name.view();
        if (!taken)
            return number;
    }
}

Result<Ref<Instance>> make_instance(Ref<ComponentImage> image, RefOrNull<Device> device,
                                    std::span<const Instance::Child> children) {
    RefOrNull<Instance> made;
    {
        auto registry = g_manager->registry.lock();
        const base::Text<32> name("{}{}", image->name(), free_number(*registry, image->name()));
        Ref<Instance> instance = TRY(Instance::create(image, device, name.view(), children));
        Ref<Instance> kept = instance;
        registry->instances.push_back(*kept.release());
        made = instance;
    }
    if (const Result<> started = made->start(); !started) {
        LOG_WARNING("{}: does not start: {}", made->name(), started.error());
        end_instance(*made);
        return Failure(started.error());
    }
    return made.to_ref();
}

RefOrNull<ComponentImage> find_driver(const Device& device) {
    auto registry = g_manager->registry.lock();
    for (ComponentImage& image : registry->images) {
        const component::Descriptor& descriptor = image.descriptor();
        for (u32 i = 0; i < descriptor.match_count; ++i) {
            if (device.matches(descriptor.matches[i]))
                return RefOrNull<ComponentImage>::share(&image);
        }
    }
    return nullptr;
}

void device_changed(Device& device, bool present) {
    if (!present) {
        if (Instance* instance = device.driver) {
            device.driver = nullptr;
            instance->give_up(); // no stop: there is nothing left to talk to
            end_instance(*instance);
        }
        return;
    }
    if (device.driver)
        return;
    auto image = find_driver(device);
    if (!image)
        return;
    auto instance = make_instance(image.to_ref(), Ref<Device>::share(device), {});
    if (instance)
        device.driver = instance->get();
}

} // namespace

Result<> start_component_manager() {
    g_manager = new (base::fallible) Manager;
    if (!g_manager)
        return Failure(Errno::nomem);
    g_manager->worker = TRY(Worker::create("components", look_after_instances, nullptr)).release();
    for (usize i = 0; i < embedded_object_count; ++i) {
        const EmbeddedObject& object = embedded_objects[i];
        const auto added = add_component(
            object.name, {object.begin, static_cast<usize>(object.end - object.begin)});
        if (!added)
            LOG_ERROR("component {}: not loaded: {}", object.name, added.error());
    }
    return {};
}

void wake_component_manager() {
    if (g_manager)
        g_manager->worker->kick();
}

Result<> add_component(std::string_view name, std::span<const u8> bytes) {
    if (find_component(name))
        return Failure(Errno::exist);
    Ref<ComponentImage> image = TRY(ComponentImage::load(name, bytes));
    auto registry = g_manager->registry.lock();
    registry->images.push_back(*image.release());
    return {};
}

void start_device_matching() { set_device_driver_listener(&device_changed); }

Result<Ref<Instance>> create_instance(std::string_view component,
                                      std::span<const Instance::Child> children) {
    return make_instance(TRY(find_component(component)), nullptr, children);
}

void end_instance(Instance& instance) {
    Ref<Instance> last = Ref<Instance>::share(instance);
    if (instance.state() == InstanceState::running)
        instance.stop();
    auto registry = g_manager->registry.lock();
    if (!instance.link.is_linked())
        return;
    instance.link.unlink();
    instance.drop_reference();
}

Result<Ref<ComponentImage>> find_component(std::string_view name) {
    auto registry = g_manager->registry.lock();
    for (ComponentImage& image : registry->images) {
        if (image.name() == name)
            return Ref<ComponentImage>::share(image);
    }
    return Failure(Errno::noent);
}

Result<Ref<Instance>> find_instance(std::string_view name) {
    auto registry = g_manager->registry.lock();
    for (Instance& instance : registry->instances) {
        if (instance.name() == name)
            return Ref<Instance>::share(instance);
    }
    return Failure(Errno::noent);
}

void for_each_instance(bool (*visit)(Instance&, void*), void* argument) {
    auto registry = g_manager->registry.lock();
    for (Instance& instance : registry->instances) {
        if (!visit(instance, argument))
            return;
    }
}

} // namespace core
