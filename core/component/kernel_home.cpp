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
    Result<Facts> facts() override {
        return Facts{image_->memory_size(), image_->object_hash(), image_->text_hash()};
    }

private:
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

} // namespace core
