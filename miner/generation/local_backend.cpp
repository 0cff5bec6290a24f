#include "miner/generation/local_backend.hpp"

#include "config/elapsed.hpp"
#include "generator/errc.hpp"
#include "generator/gpu.hpp"
#include "generator/image/prepare.hpp"
#include "miner/generation/on_device.hpp"
#include "network/await_all.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace miner {
namespace {

// A generation takes every core for a while; the threads that it begins inherit this, and whoever
// asks for /health or hangs up is heard in between.
constexpr int kNiceness = 5;

// What is known already of pictures that cannot be cut out, and one more, by its number from 1.
config::Error joined(const config::Result<void>& before, config::Error error, std::size_t number,
                     std::size_t of) {
    if (of > 1) error.detail = fmt::format("picture {} of {}: {}", number, of, error.detail);
    if (!before) error.detail = before.error().detail + "; " + error.detail;
    return error;
}

class LocalRun final : public GenerationRun {
public:
    LocalRun(Lanes& lanes, Device& device, Input input)
        : lanes_(lanes), device_(device), input_(std::move(input)) {}

    asio::awaitable<config::Result<void>> read() override {
        if (!is_prompt(input_.request)) say("decode");
        const auto& limits = input_.generation_config.picture_limits;
        auto decoded = co_await run_on(lanes_.cpu, [&] { return decode(input_.request, limits); });
        if (!decoded) co_return decoded.error();
        source_ = std::move(*decoded);
        co_return config::Result<void>();
    }

    asio::awaitable<config::Result<void>> cut_out() override {
        using Matting = GenerationConfig::Matting;
        const auto matting = input_.generation_config.matting;
        const auto pictures = pictures_in(source_);
        config::Result<void> end;  // the error of those in which no object was found
        std::size_t number = 0;
        for (auto* picture : pictures) {
            ++number;
            const bool wanted = matting == Matting::always ||
                                (matting == Matting::automatic && !generator::has_cutout(*picture));
            if (!wanted) continue;
            say("cut out");
            auto cut = co_await cut_out_of(*picture);
            // Here, as the pictures before it are cut out already.
            if (!cut && cut.error().code == generator::Errc::out_of_memory)
                cut = co_await cut_out_of(*picture);
            if (!cut) {
                if (cut.error().code != generator::Errc::bad_mask) co_return cut.error();
                end = joined(end, cut.error(), number, pictures.size());
                if (matting == Matting::always) break;  // all of them, or none is of use
                continue;
            }
            *picture = std::move(*cut);
        }
        co_return end;
    }

    asio::awaitable<StructureResult> generate_structure(storage::EnhancementChain chain,
                                                        std::uint64_t seed,
                                                        std::stop_token stop) override {
        StructureResult result;
        const generator::Condition none;  // an empty picture
        const generator::Condition* condition = &none;
        if (is_prompt(source_)) {
            condition = &source_;
        } else if (size() > 0) {
            // For a model that takes no pictures there is no size to bring it to: it says so
            // itself.
            const auto begin = std::chrono::steady_clock::now();
            const auto& enhancement = input_.generation_config.enhancement(chain);
            const bool is_there = is_prepared(enhancement);
            if (!is_there) say("prepare");
            const auto prepared = co_await prepared_by(enhancement);
            if (!is_there) result.times.prepare = config::milliseconds_since(begin);
            if (!prepared) {
                result.error = prepared.error();
                co_return result;
            }
            condition = *prepared;
        }
        say("structure");
        auto structure = co_await structure_of(*condition, seed, stop);
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
        const generator::Condition* plain_condition = nullptr;
        if (input_.generation_config.stage2_uses_plain_picture && !is_prompt(source_)) {
            const auto plain = co_await prepared_by(plain_);
            if (!plain) {
                result.error = plain.error();
                co_return result;
            }
            plain_condition = *plain;
        }
        say("splats");
        std::optional<generator::DeviceMemory> memory;
        auto generating = run_on_device(device_, stop, [&] {
            auto made = device_.generator->generate_splats(structure, plain_condition, stop);
            memory = device_.generator->memory();
            return made;
        });
        auto generated = co_await std::move(generating);
        device_.memory = memory;
        if (generated)
            result.generated = std::move(*generated);
        else
            result.error = generated.error();
        co_return result;
    }

private:
    using MadeStructure = config::Result<std::unique_ptr<generator::Structure>>;

    int size() const { return device_.generator->info().picture_size; }

    void say(std::string_view stage) const {
        if (input_.stage) input_.stage(stage);
    }

    asio::awaitable<config::Result<generator::Image>> cut_out_of(const generator::Image& picture) {
        auto cutting =
            run_on_device(device_, {}, [&] { return device_.generator->cut_out(picture); });
        co_return co_await std::move(cutting);
    }

    // What later steps will want is prepared beside, where a GPU leaves the cores free for it.
    asio::awaitable<MadeStructure> structure_of(const generator::Condition& condition,
                                                std::uint64_t seed, std::stop_token stop) {
        std::optional<MadeStructure> made;
        const auto on_device = [&]() -> asio::awaitable<void> {
            auto generating = run_on_device(device_, stop, [&] {
                return device_.generator->generate_structure(condition, seed, stop);
            });
            auto structure = co_await std::move(generating);
            made.emplace(std::move(structure));
        };
        std::vector<asio::awaitable<void>> beside;
        beside.push_back(on_device());
        if (device_.leaves_cores_free() && !is_prompt(source_) && size() > 0)
            beside.push_back(prepare_ahead(stop));
        co_await network::await_all(std::move(beside));
        co_return std::move(*made);
    }

    // One that fails is tried again, and says so, where it is needed.
    asio::awaitable<void> prepare_ahead(std::stop_token stop) {
        const auto& config = input_.generation_config;
        std::vector<const Enhancement*> ahead;
        if (config.stage2_uses_plain_picture) ahead.push_back(&plain_);
        if (input_.with_candidates) ahead.push_back(&config.standard);
        if (input_.with_candidates) ahead.push_back(&config.extreme);
        for (const auto* each : ahead) {
            const auto prepared = co_await prepared_by(*each);
            if (!prepared || stop.stop_requested()) co_return;
        }
    }

    bool is_prepared(const Enhancement& enhancement) const {
        return prepared_.count(enhancement.words) > 0;
    }

    // The pictures enhanced and cropped; made once, for all attempts. Fails as prepare() does.
    asio::awaitable<config::Result<const generator::Condition*>> prepared_by(
        const Enhancement& enhancement) {
        const auto& words = enhancement.words;
        if (!is_prepared(enhancement)) {
            auto made = co_await run_on(
                lanes_.cpu, [&] { return prepare(source_, enhancement.chain, size()); });
            if (!made) co_return made.error();
            prepared_.try_emplace(words, std::move(*made));
        }
        co_return &prepared_.at(words);
    }

    Lanes& lanes_;
    Device& device_;
    Input input_;
    generator::Condition source_;  // pictures as they came, or their objects alone; or words
    const Enhancement plain_;
    std::map<std::string, generator::Condition> prepared_;  // by the words of the enhancement
};

}  // namespace

asio::awaitable<config::Result<void>> LocalBackend::load(const MakeGenerator& make_generator,
                                                         config::Generator settings, Start start) {
    settings.device = name_;
    // Not for a GPU, which waits for its launches.
    const bool yields = !generator::may_be_gpu(name_, generator::machine_facts());
    std::optional<generator::DeviceMemory> memory;
    auto making = run_on_device(device_, {}, [&] {
        if (yields) ::setpriority(PRIO_PROCESS, id_t(::gettid()), kNiceness);
        auto generator = make_generator(settings);
        if (generator && start == Start::warm) {
            const auto warmed = (*generator)->warm_up();
            if (!warmed) generator = warmed.error();
        }
        if (generator) memory = (*generator)->memory();
        return generator;
    });
    auto made = co_await std::move(making);
    if (!made) co_return made.error();
    device_.memory = memory;
    device_.generator = std::move(*made);
    device_.longest_deafness = patience_.value_or(DeviceLane::deafness_on(info().device));
    co_return config::Result<void>();
}

asio::awaitable<void> LocalBackend::unload() {
    auto ending = run_on_device(device_, {}, [this] {
        device_.generator.reset();
        return true;
    });
    co_await std::move(ending);
}

std::unique_ptr<GenerationRun> LocalBackend::begin(GenerationRun::Input input) {
    return std::make_unique<LocalRun>(lanes_, device_, std::move(input));
}

}  // namespace miner
