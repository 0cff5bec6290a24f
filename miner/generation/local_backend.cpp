#include "miner/generation/local_backend.hpp"

#include "config/elapsed.hpp"
#include "generator/image/prepare.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace miner {
namespace {

// A generation takes every core for a while; the threads that it begins inherit this, and whoever
// asks for /health or hangs up is heard in between.
constexpr int kNiceness = 5;

class LocalRun final : public GenerationRun {
public:
    LocalRun(Lanes& lanes, Device& device, Input input)
        : lanes_(lanes), device_(device), input_(std::move(input)) {}

    asio::awaitable<config::Result<void>> read() override {
        if (!is_prompt(input_.request)) say("decode");
        auto decoded = co_await run_on(lanes_.cpu, [this] { return decode(input_.request); });
        if (!decoded) co_return decoded.error();
        source_ = std::move(*decoded);
        co_return config::Result<void>();
    }

    asio::awaitable<config::Result<void>> cut_out() override {
        using Matting = GenerationConfig::Matting;
        const auto matting = input_.generation_config.matting;
        for (auto* picture : pictures_in(source_)) {
            const bool wanted = matting == Matting::always ||
                                (matting == Matting::automatic && !generator::has_cutout(*picture));
            if (!wanted) continue;
            say("cut out");
            auto cut = co_await run_on(
                device_.lane, [this, picture] { return device_.generator->cut_out(*picture); });
            if (!cut) co_return cut.error();
            *picture = std::move(*cut);
        }
        co_return config::Result<void>();
    }

    asio::awaitable<StructureResult> generate_structure(storage::EnhancementChain chain,
                                                        std::uint64_t seed,
                                                        std::stop_token stop) override {
        StructureResult result;
        generator::Condition condition;  // an empty picture
        // For a model that takes no pictures there is no size to bring one to: it says so itself.
        if (is_prompt(source_))
            condition = source_;
        else if (size() > 0 && !co_await prepare_for(chain, result, condition))
            co_return result;
        say("structure");
        auto structure = co_await run_on(device_.lane, [&] {
            return device_.generator->generate_structure(condition, seed, stop);
        });
        if (!structure) {
            result.error = structure.error();
            co_return result;
        }
        const double prepare_ms = result.times.prepare;
        result.structure = std::move(*structure);
        result.times = result.structure->times();
        result.times.prepare = prepare_ms;
        co_return result;
    }

    asio::awaitable<SplatsResult> generate_splats(const generator::Structure& structure,
                                                  std::stop_token stop) override {
        SplatsResult result;
        std::optional<generator::Condition> plain_condition;
        if (input_.generation_config.stage2_uses_plain_picture && !is_prompt(source_)) {
            const std::vector<generator::Operation> none;
            auto plain = co_await prepared(plain_, none);
            if (!plain) {
                result.error = plain.error();
                co_return result;
            }
            plain_condition = std::move(*plain);
        }
        say("splats");
        std::optional<generator::DeviceMemory> memory;
        auto generated = co_await run_on(device_.lane, [&] {
            auto made = device_.generator->generate_splats(
                structure, plain_condition ? &*plain_condition : nullptr, stop);
            memory = device_.generator->memory();
            return made;
        });
        device_.memory = memory;
        if (generated)
            result.generated = std::move(*generated);
        else
            result.error = generated.error();
        co_return result;
    }

private:
    int size() const { return device_.generator->info().picture_size; }

    void say(std::string_view stage) const {
        if (input_.stage) input_.stage(stage);
    }

    // Enhanced and cropped, into `condition`; its time and fault go into `to`.
    asio::awaitable<bool> prepare_for(storage::EnhancementChain chain, StructureResult& to,
                                      generator::Condition& condition) {
        const auto& operations = input_.generation_config.enhancement(chain).chain;
        auto& kept = enhanced_[std::size_t(chain)];
        const bool is_there = kept.has_value();
        if (!is_there) say("prepare");
        const auto begin = std::chrono::steady_clock::now();
        auto made = co_await prepared(kept, operations);
        if (!is_there) to.times.prepare = config::milliseconds_since(begin);
        if (made)
            condition = std::move(*made);
        else
            to.error = made.error();
        co_return made.has_value();
    }

    // What the first attempt that asks for it makes, and the others take.
    asio::awaitable<config::Result<generator::Condition>> prepared(
        std::optional<generator::Condition>& kept,
        const std::vector<generator::Operation>& operations) {
        if (kept) co_return config::Result<generator::Condition>(*kept);
        auto made =
            co_await run_on(lanes_.cpu, [&] { return prepare(source_, operations, size()); });
        if (made) kept = *made;
        co_return made;
    }

    Lanes& lanes_;
    Device& device_;
    Input input_;
    generator::Condition source_;  // pictures as they came, or their objects alone; or words
    // What was prepared of it, by the enhancement's chain; and without any.
    std::array<std::optional<generator::Condition>, 3> enhanced_;
    std::optional<generator::Condition> plain_;
};

}  // namespace

asio::awaitable<config::Result<void>> LocalBackend::load(const MakeGenerator& make_generator,
                                                         config::Generator settings, Start start) {
    settings.device = name_;
    // Not for a GPU, which waits for its launches.
    const bool yields = !name_.starts_with("cuda");
    std::optional<generator::DeviceMemory> memory;
    auto made = co_await run_on(device_.lane, [&] {
        if (yields) ::setpriority(PRIO_PROCESS, id_t(::gettid()), kNiceness);
        auto generator = make_generator(settings);
        if (generator && start == Start::warm) {
            const auto warmed = (*generator)->warm_up();
            if (!warmed) generator = warmed.error();
        }
        if (generator) memory = (*generator)->memory();
        return generator;
    });
    if (!made) co_return made.error();
    device_.memory = memory;
    device_.generator = std::move(*made);
    co_return config::Result<void>();
}

asio::awaitable<void> LocalBackend::unload() {
    co_await run_on(device_.lane, [this] {
        device_.generator.reset();
        return true;
    });
}

std::unique_ptr<GenerationRun> LocalBackend::begin(GenerationRun::Input input) {
    return std::make_unique<LocalRun>(lanes_, device_, std::move(input));
}

}  // namespace miner
