// SPDX-License-Identifier: BSD-2-Clause
// The home outside the kernel. What the strand calls are functions of the kernel with the shape of
// handlers, which enter the process and bring back what the component's handler answered.
#include "core/component/home.h"
#include "core/component/instance.h"
#include "core/gate/patience.h"
#include "core/init/task.h"
#include "core/server/server_process.h"

namespace core::server {
namespace {

using component::Answer;
using component::Env;
using component::Handlers;
using component::Request;
using component::server::Entry;
using component::server::HandlerPage;

Answer submit(Env&, const Request& request) {
    HandlerThread& thread = HandlerThread::current();
    thread.page().requests[0] = request;
    const HandlerThread::Words words = thread.run_handler(Entry::submit, 0);
    static_assert(sizeof words == sizeof(Answer));
    return __builtin_bit_cast(Answer, words);
}
void submit_batch(Env&, Batch* batch) {
    HandlerThread& thread = HandlerThread::current();
    HandlerPage& page = thread.page();
    page.running = 0;
    batch->running = &page.running;
    for (u32 i = 0; i < batch->count; ++i)
        page.requests[i] = batch->calls[i]->request;
    const u64 said = thread.run_handler(Entry::submit_batch, batch->count).first;
    const u32 answered = said < batch->count ? static_cast<u32>(said) : batch->count;
    for (u32 i = 0; i < answered; ++i)
        batch->answers[i] = page.answers[i];
    batch->answered = answered;
}
template <Entry What>
void run_event(Env&, u32 number) {
    HandlerThread::current().run_handler(What, number);
}
Result<> enter_stage(Entry stage, u64 argument) {
    const u64 said = HandlerThread::current().run_handler(stage, argument).first;
    if (said != 0)
        return Failure(static_cast<Errno>(said & 0xfff));
    return {};
}
template <Entry What>
Result<> run_stage(Env&) {
    return enter_stage(What, 0);
}
Result<> run_migration(Env&, const u64* layout) { return enter_stage(Entry::migrate, *layout); }

// Those that the component has.
Handlers handlers_like(const Handlers& component) {
    Handlers handlers;
    handlers.submit = submit;
    handlers.interrupt = component.interrupt ? run_event<Entry::interrupt> : nullptr;
    handlers.timer = component.timer ? run_event<Entry::timer> : nullptr;
    return handlers;
}

class ServerHome final : public Home {
public:
    explicit ServerHome(Ref<ServerProcess> process)
        : Home(Placement::server), process_(std::move(process)) {}
    ~ServerHome() override { process_->stop(); }

    StrandTarget target(KernelEnv& env) override {
        const bool batches = process_->instance().strand().never_waits();
        return {&env, handlers_like(component()), process_.get(),
                batches ? &submit_batch : nullptr};
    }
    Result<> start(Strand& strand) override { return stage<Entry::start>(strand, true); }
    Result<> quiesce(Strand& strand) override {
        return stage<Entry::quiesce>(strand, component().quiesce != nullptr);
    }
    Result<> resume(Strand& strand) override {
        return stage<Entry::resume>(strand, component().resume != nullptr);
    }
    Result<> stop(Strand& strand) override {
        return stage<Entry::stop>(strand, component().stop != nullptr);
    }
    Result<> migrate(Strand& strand, const KernelMapping& old, u32 layout) override {
        if (!component().migrate)
            return Failure(Errno::opnotsupp);
        struct Migration {
            Strand& strand;
            const KernelMapping& old;
            u64 layout;
            Result<> outcome;
        } migration{strand, old, layout, {}};
        process_->run_job(
            [](HandlerThread& thread, void* argument) {
                auto& job = *static_cast<Migration*>(argument);
                job.outcome = thread.process().show_old_arena(thread, job.old);
                if (job.outcome)
                    job.outcome = job.strand.run_stage(&run_migration, &job.layout);
                thread.process().hide_old_arena(job.old);
            },
            &migration);
        return migration.outcome;
    }
    void begin_urgency() override { process_->for_each_thread(&HandlerThread::begin_urgency); }
    void end_urgency() override { process_->for_each_thread(&HandlerThread::end_urgency); }
    Result<Facts> facts() override {
        struct Hashing {
            Result<> outcome;
            component::server::Facts facts;
        } hashing;
        process_->run_job(
            [](HandlerThread& thread, void* argument) {
                auto& job = *static_cast<Hashing*>(argument);
                job.outcome = thread.run_alone(Entry::facts, 0);
                job.facts = thread.page().facts;
            },
            &hashing);
        if (!hashing.outcome)
            return Failure(Errno::io);
        Facts facts;
        facts.memory = process_->code_size();
        __builtin_memcpy(&facts.object_hash, hashing.facts.object_hash, sizeof facts.object_hash);
        __builtin_memcpy(&facts.text_hash, hashing.facts.text_hash, sizeof facts.text_hash);
        return facts;
    }

    std::span<const u8> text() override { return process_->text(); }
    Result<> overwrite(u64 offset, std::span<const u8> bytes) override {
        if (offset > text().size() || bytes.size() > text().size() - offset)
            return Failure(Errno::inval);
        mark_spoiled();
        process_->overwrite(offset, bytes);
        return {};
    }

private:
    const Handlers& component() const {
        return process_->instance().object().descriptor().handlers;
    }
    // On a thread of the process, as all its handlers.
    template <Entry What>
    Result<> stage(Strand& strand, bool exists) {
        if (!exists)
            return {};
        struct Stage {
            Strand& strand;
            Result<> outcome;
        } stage{strand, {}};
        process_->run_job(
            [](HandlerThread&, void* argument) {
                auto& job = *static_cast<Stage*>(argument);
                job.outcome = job.strand.run_stage(&run_stage<What>);
            },
            &stage);
        return stage.outcome;
    }

    const Ref<ServerProcess> process_;
};

Result<Ref<Home>> make_home(Instance& instance) {
    return Ref<Home>(TRY(Ref<ServerHome>::create(TRY(ServerProcess::create(instance)))));
}

void start_servers() {
    (void)hang_limit(); // measured here, where nobody waits
    set_server_home_maker(&make_home);
}

INIT_TASK(servers, "servers", "", &start_servers);

} // namespace
} // namespace core::server
