#include "generator/trellis/need.hpp"

#include "generator/score/scorer.hpp"

#include "generator/weights/refused.hpp"
#include "generator/weights/safetensors.hpp"

#include <algorithm>
#include <set>
#include <string>

#include <ATen/Context.h>

namespace generator {
namespace {

constexpr std::int64_t kScorerNumbers =
    681'118'209;  // as `miner bench --model validator-scorer` counts them

int bytes_of(at::ScalarType dtype) { return dtype == at::kFloat ? 4 : 2; }

// Numbers in a file of weights; nothing but its header is read.
std::int64_t numbers_in(const Files& files, const NetworkSpec& spec) {
    const auto file = or_refuse(Safetensors::parse(or_refuse(files.open(spec.weights)),
                                                   files.where() + "/" + spec.weights));
    std::int64_t numbers = 0;
    for (const auto& [name, tensor] : file.tensors())
        numbers += std::int64_t(tensor.data.size() / size_in_bytes(tensor.dtype));
    return numbers;
}

FlowSize size_of(const NetworkConfigs& configs) {
    std::int64_t tokens = 0;
    if (configs.encoder) {
        const auto side = configs.encoder->picture_size / configs.encoder->patch_size;
        tokens = side * side + 1 + configs.encoder->registers;
    } else if (configs.text_encoder) {
        tokens = configs.text_encoder->length;
    }
    return {configs.latent_flow.blocks,
            configs.latent_flow.block.channels,
            tokens,
            configs.gaussian_decoder.channels,
            configs.latent_flow.io_channels.empty() ? 0 : configs.latent_flow.io_channels.front(),
            !configs.encoder};
}

}  // namespace

MemoryNeed need_of(const NetworkConfigs& configs, std::int64_t parameters, at::ScalarType dtype) {
    const int each = bytes_of(dtype);
    return model_need(parameters * each, size_of(configs), each);
}

MemoryNeed need_of(const Files& files, const std::vector<Manifest>& manifests,
                   at::ScalarType dtype) {
    MemoryNeed all;
    std::set<std::string> counted;
    for (const auto& manifest : manifests) {
        std::int64_t parameters = 0;
        for (const auto* spec :
             {&manifest.encoder, &manifest.structure_flow, &manifest.structure_decoder,
              &manifest.latent_flow, &manifest.gaussian_decoder})
            if (counted.insert(spec->weights).second) parameters += numbers_in(files, *spec);
        const auto one = need_of(NetworkConfigs::read(manifest), parameters, dtype);
        all.weights += one.weights;
        // One pipeline works at a time.
        all.workspace = std::max(all.workspace, one.workspace);
        all.overhead = one.overhead;
    }
    return all;
}

MemoryNeed published_scorer_need(at::ScalarType dtype) {
    return scorer_need(kScorerNumbers * bytes_of(dtype));
}

MemoryNeed scorer_memory_need(const config::Score& settings) {
    return published_scorer_need(settings.dtype == "fp32" ? at::kFloat : at::kHalf);
}

std::optional<Fit> look_whether_it_fits(const MemoryNeed& need, const ComputeTarget& target) {
    if (target.device.is_cpu()) return std::nullopt;
    at::globalContext().lazyInitDevice(target.device.type());
    const auto memory = target.memory();
    if (!memory) return std::nullopt;
    Fit fit{need, *memory, target.dtype == at::kFloat};
    if (fit.cannot_be())
        refuse(fit.never_can_be() ? Errc::device_too_small : Errc::out_of_memory,
               describe(fit) + " on " + target.device_name() + ": " + remedy_of(fit));
    return fit;
}

}  // namespace generator
