// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/manager.h"

#include "base/format.h"
#include "core/component/embedded.h"
#include "core/init/command_line.h"
#include "core/observe/log.h"
#include "core/sync/guarded.h"

namespace core {
namespace {

struct Registry {
    List<ComponentObject, &ComponentObject::link> objects; // owns a reference to each
    List<Instance, &Instance::link> instances;             // likewise, by number

    ComponentObject* find_object(std::string_view name) {
        for (ComponentObject& object : objects) {
            if (object.name() == name)
                return &object;
        }
        return nullptr;
    }
    // The next instance behind number `last`, whichever version of the component it runs.
    RefOrNull<Instance> next_instance_of(std::string_view component, u32 last) {
        for (Instance& instance : instances) {
            if (instance.number() > last && instance.object().name() == component)
                return RefOrNull<Instance>::share(&instance);
        }
        return nullptr;
    }
    // From then on there are no new instances. False: there is one that was made for no device.
    bool forget(ComponentObject& object) {
        for (Instance& instance : instances) {
            if (!instance.device() && instance.object().name() == object.name())
                return false;
        }
        object.link.unlink();
        object.drop_reference();
        return true;
    }
};

using MatchingGuard = LockGuard<lock_class::device_matching>;

struct Manager {
    Lock<lock_class::device_matching> matching; // Device::driver, and who is unloaded
    Guarded<Registry, lock_class::component> registry;
    Worker* worker = nullptr;
};
Manager* g_manager; // set once by start_component_manager

// The next one after number `last` that asked for attention, around again: one that keeps asking
// must not keep others from their turn.
RefOrNull<Instance> next_in_need(u32 last) {
    auto registry = g_manager->registry.lock();
    Instance* first = nullptr;
    for (Instance& instance : registry->instances) {
        if (!instance.needs_attention())
            continue;
        if (instance.number() > last)
            return RefOrNull<Instance>::share(&instance);
        if (!first)
            first = &instance;
    }
    return RefOrNull<Instance>::share(first);
}

// Instances that asked for attention, one after the other; no lock is held while one is looked
// after.
void look_after_instances(void*) {
    u32 last = 0;
    while (auto next = next_in_need(last)) {
        last = next->number();
        next->settle();
    }
}

bool has_instance(Registry& registry, std::string_view component, u32 number) {
    const base::Text<32> name("{}{}", component, number);
    for (Instance& instance : registry.instances) {
        if (instance.name() == name.view())
            return true;
    }
    return false;
}

// The first number that makes "virtio_blkN" a free name.
u32 free_number(Registry& registry, std::string_view component) {
    u32 number = 0;
    while (has_instance(registry, component, number))
        ++number;
    return number;
}

Result<Ref<Instance>> make_instance(Ref<ComponentObject> object, RefOrNull<Device> device,
                                    std::span<const Instance::Child> children, u32 number) {
    RefOrNull<Instance> made;
    {
        auto registry = g_manager->registry.lock();
        if (!object->link.is_linked())
            return Failure(Errno::noent); // unloaded meanwhile
        if (number == lowest_free)
            number = free_number(*registry, object->name());
        else if (has_instance(*registry, object->name(), number))
            return Failure(Errno::exist);
        const base::Text<32> name("{}{}", object->name(), number);
        Ref<Instance> instance = TRY(Instance::create(object, device, name.view(), children));
        Ref<Instance> kept = instance;
        registry->instances.push_back(*kept.release());
        made = instance;
    }
    const Placement placement =
        configured_placement(object->name(), made->name(), object->placement());
    if (const Result<> started = made->start(placement); !started) {
        LOG_WARNING("{}: does not start: {}", made->name(), started.error());
        end_instance(*made);
        return Failure(started.error());
    }
    return made.to_ref();
}

// `pith.without=NAME,…`: the kernel image is taken as if it did not hold these.
bool is_left_out(std::string_view component) {
    std::string_view list = boot_option("pith.without").value_or("");
    while (!list.empty()) {
        const usize comma = list.find(',');
        if (list.substr(0, comma) == component)
            return true;
        list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
    }
    return false;
}

RefOrNull<ComponentObject> find_driver(const Device& device) {
    auto registry = g_manager->registry.lock();
    for (ComponentObject& object : registry->objects) {
        const component::Descriptor& descriptor = object.descriptor();
        for (u32 i = 0; i < descriptor.match_count; ++i) {
            if (device.matches(descriptor.matches[i]))
                return RefOrNull<ComponentObject>::share(&object);
        }
    }
    return nullptr;
}

void device_changed(Device& device, bool present) {
    MatchingGuard guard(g_manager->matching);
    if (!present) {
        if (Instance* instance = device.driver) {
            device.driver = nullptr;
            if (device.is_removed())
                instance->give_up(); // no stop: there is nothing left to talk to
            end_instance(*instance);
        }
        return;
    }
    if (device.driver)
        return;
    auto object = find_driver(device);
    if (!object)
        return;
    auto instance = make_instance(object.to_ref(), Ref<Device>::share(device), {}, lowest_free);
    if (instance)
        device.driver = instance->get();
}

Result<> add_embedded(const EmbeddedObject& object) {
    const std::span<const u8> bytes(object.begin, static_cast<usize>(object.end - object.begin));
    const Placement placement = parse_placement(object.placement).value_or(Placement::builtin);
    return add_component(TRY(ComponentObject::embedded(object.name, bytes, placement)));
}

} // namespace

Result<> start_component_manager() {
    g_manager = new (base::fallible) Manager;
    if (!g_manager)
        return Failure(Errno::nomem);
    g_manager->worker = TRY(Worker::create("components", look_after_instances, nullptr)).release();
    for (usize i = 0; i < embedded_object_count; ++i) {
        if (is_left_out(embedded_objects[i].name))
            continue;
        if (const auto added = add_embedded(embedded_objects[i]); !added)
            LOG_ERROR("component {}: not loaded: {}", embedded_objects[i].name, added.error());
    }
    return {};
}

void wake_component_manager() {
    if (g_manager)
        g_manager->worker->kick();
}

Result<> add_component(Ref<ComponentObject> object) {
    auto registry = g_manager->registry.lock();
    if (registry->find_object(object->name()))
        return Failure(Errno::exist);
    registry->objects.push_back(*object.release());
    return {};
}

Result<> load_component(std::span<const u8> bytes) {
    Ref<ComponentObject> object = TRY(ComponentObject::copy_of(bytes));
    TRY(add_component(object));
    LOG_INFO("component {}: loaded, {} bytes", object->name(), bytes.size());
    for_each_device(
        [](Device& device, void*) {
            device_changed(device, true);
            return true;
        },
        nullptr);
    return {};
}

Result<> swap_component(std::string_view instance, std::span<const u8> bytes) {
    return TRY(find_instance(instance))->swap(bytes);
}

namespace {

// Calls `visit` with each instance of the component until it answers false; no lock of the registry
// is held meanwhile. Answers whether it never did.
template <typename Visit>
bool for_each_instance_of(std::string_view component, Visit visit) {
    for (u32 last = 0;;) {
        auto instance = g_manager->registry.lock()->next_instance_of(component, last);
        if (!instance)
            return true;
        last = instance->number();
        if (!visit(*instance))
            return false;
    }
}

void have_instances_stay(std::string_view component) {
    (void)for_each_instance_of(component, [](Instance& instance) {
        instance.stay();
        return true;
    });
}

// All of them, or none. `matching` is held.
bool retire_instances_of(std::string_view component) {
    if (for_each_instance_of(component, [](Instance& instance) { return instance.retire(); }))
        return true;
    have_instances_stay(component);
    return false;
}

} // namespace

Result<> unload_component(std::string_view name) {
    MatchingGuard guard(g_manager->matching);
    const Ref<ComponentObject> object = TRY(find_component(name));
    if (object->is_embedded() || !retire_instances_of(name))
        return Failure(Errno::busy);
    if (!g_manager->registry.lock()->forget(*object)) {
        have_instances_stay(name);
        return Failure(Errno::busy);
    }
    (void)for_each_instance_of(name, [](Instance& instance) {
        instance.device()->driver = nullptr;
        end_instance(instance);
        return true;
    });
    LOG_INFO("component {}: unloaded", name);
    return {};
}

void start_device_matching() { set_device_driver_listener(&device_changed); }

Result<Ref<Instance>> create_instance(std::string_view component,
                                      std::span<const Instance::Child> children, u32 number) {
    return make_instance(TRY(find_component(component)), nullptr, children, number);
}

void end_instance(Instance& instance) {
    Ref<Instance> last = Ref<Instance>::share(instance);
    instance.stop();
    auto registry = g_manager->registry.lock();
    if (!instance.link.is_linked())
        return;
    instance.link.unlink();
    instance.drop_reference();
}

Result<Ref<ComponentObject>> find_component(std::string_view name) {
    auto registry = g_manager->registry.lock();
    ComponentObject* object = registry->find_object(name);
    if (!object)
        return Failure(Errno::noent);
    return Ref<ComponentObject>::share(*object);
}

u32 users_of(const ComponentObject& object) {
    u32 count = 0;
    (void)for_each_instance_of(object.name(), [&](Instance& instance) {
        count += instance.is_used();
        return true;
    });
    return count;
}

Result<Ref<ComponentObject>> component_at(u32 index) {
    auto registry = g_manager->registry.lock();
    for (ComponentObject& object : registry->objects) {
        if (index-- == 0)
            return Ref<ComponentObject>::share(object);
    }
    return Failure(Errno::noent);
}

namespace {

template <typename Predicate>
Result<Ref<Instance>> find_first(Predicate predicate) {
    auto registry = g_manager->registry.lock();
    for (Instance& instance : registry->instances) {
        if (predicate(instance))
            return Ref<Instance>::share(instance);
    }
    return Failure(Errno::noent);
}

} // namespace

Result<Ref<Instance>> find_instance(std::string_view name) {
    return find_first([&](Instance& instance) { return instance.name() == name; });
}
Result<Ref<Instance>> find_instance(u32 number) {
    return find_first([&](Instance& instance) { return instance.number() == number; });
}
Result<Ref<Instance>> next_instance(u32 from) {
    return find_first([&](Instance& instance) { return instance.number() >= from; });
}

} // namespace core
