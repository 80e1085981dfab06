// SPDX-License-Identifier: BSD-2-Clause
#include "core/component/home.h"
#include "core/component/instance.h"

namespace core {
namespace {

class KernelHome final : public Home {
public:
    KernelHome(Ref<ComponentObject> object, Ref<ComponentImage> image, Placement placement)
        : Home(placement), object_(std::move(object)), image_(std::move(image)) {}
    ~KernelHome() override {
        if (in_use_)
            image_->end_use();
        image_ = nullptr;
        object_->trim();
    }
    Result<> open() {
        TRY(image_->begin_use());
        in_use_ = true;
        return {};
    }

    StrandTarget target(KernelEnv& env) override { return {&env, handlers()}; }
    Result<> start(Strand& strand) override { return strand.run_stage(handlers().start); }
    Result<> quiesce(Strand& strand) override { return strand.run_stage(handlers().quiesce); }
    Result<> resume(Strand& strand) override { return strand.run_stage(handlers().resume); }
    Result<> stop(Strand& strand) override { return strand.run_stage(handlers().stop); }
    Result<> migrate(Strand& strand, const KernelMapping& old, u32 layout) override {
        if (!handlers().migrate)
            return Failure(Errno::opnotsupp);
        const Migration migration{handlers().migrate, {old.as<u8>(), old.size().value}, layout};
        return strand.run_stage(
            +[](component::Env& env, const Migration* it) {
                return it->handler(env, it->old, it->layout);
            },
            &migration);
    }
    Result<Facts> facts() override {
        return Facts{image_->memory_size(), image_->object_hash(), image_->text_hash()};
    }

    std::span<const u8> text() override { return image_->text(); }
    Result<> overwrite(u64 offset, std::span<const u8> bytes) override {
        return is_spoiled() ? image_->overwrite(offset, bytes) : Failure(Errno::inval);
    }
    void own_image() { mark_spoiled(); }

private:
    struct Migration {
        decltype(component::Handlers::migrate) handler;
        std::span<const u8> old;
        u32 layout;
    };
    const component::Handlers& handlers() const { return image_->descriptor().handlers; }

    const Ref<ComponentObject> object_;
    RefOrNull<ComponentImage> image_;
    bool in_use_ = false;
};

} // namespace

Result<Ref<Home>> make_kernel_home(Ref<ComponentObject> object, Placement placement) {
    Ref<ComponentImage> image = TRY(object->image_for(placement));
    Ref<KernelHome> home =
        TRY(Ref<KernelHome>::create(std::move(object), std::move(image), placement));
    TRY(home->open());
    return Ref<Home>(std::move(home));
}

Result<Ref<Home>> make_private_kernel_home(Ref<ComponentObject> object, Placement placement) {
    Ref<ComponentImage> image = TRY(ComponentImage::load(object->name(), object->bytes()));
    Ref<KernelHome> home =
        TRY(Ref<KernelHome>::create(std::move(object), std::move(image), placement));
    home->own_image();
    TRY(home->open());
    return Ref<Home>(std::move(home));
}

} // namespace core
