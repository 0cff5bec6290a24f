#include "generator/trellis_networks.hpp"

#include "generator/weights/refused.hpp"

#include <utility>

namespace generator {
namespace {

void expect_same(const NetworkSpec& spec, const char* key, std::int64_t value, std::int64_t other,
                 const std::string& whose) {
    if (value == other) return;
    spec.args.refuse_key(
        key, "is " + std::to_string(value) + ", but " + whose + " has " + std::to_string(other));
}

// Reads one network's weights, all of them.
template <class Network, class Config>
Network read_network(const Files& files, const NetworkSpec& spec, const Config& config,
                     const Place& place, std::int64_t& parameters) {
    const std::string name = spec.path + ".safetensors";
    Bundle bundle(
        or_refuse(Safetensors::parse(or_refuse(files.open(name)), files.where() + "/" + name)),
        place.device, place.dtype);
    Network network(config, bundle);
    bundle.expect_all_taken();
    parameters += bundle.parameters();
    return network;
}

}  // namespace

NetworkConfigs NetworkConfigs::read(const Manifest& m) {
    NetworkConfigs c{DinoV2::Config::read(m.encoder.args),
                     StructureFlow::Config::read(m.structure_flow.args),
                     StructureDecoder::Config::read(m.structure_decoder.args),
                     LatentFlow::Config::read(m.latent_flow.args),
                     GaussianDecoder::Config::read(m.gaussian_decoder.args)};
    const std::string encoder = "the picture encoder", latent = "the latent flow";
    expect_same(m.structure_flow, "cond_channels", c.structure_flow.block.condition_channels,
                c.encoder.channels, encoder);
    expect_same(m.latent_flow, "cond_channels", c.latent_flow.block.condition_channels,
                c.encoder.channels, encoder);
    expect_same(m.structure_decoder, "latent_channels", c.structure_decoder.latent_channels,
                c.structure_flow.channels, "the structure flow");
    expect_same(m.gaussian_decoder, "latent_channels", c.gaussian_decoder.latent_channels,
                c.latent_flow.channels, latent);
    expect_same(m.gaussian_decoder, "resolution", c.gaussian_decoder.resolution, c.resolution(),
                "the structure decoder");
    for (const auto* list : {&m.latent_mean, &m.latent_std}) {
        if (std::int64_t(list->size()) != c.latent_flow.channels) {
            refuse(Errc::bad_checkpoint, "pipeline.json: 'slat_normalization' holds " +
                                             std::to_string(list->size()) + " numbers, but " +
                                             latent + " has " +
                                             std::to_string(c.latent_flow.channels) + " channels");
        }
    }
    return c;
}

Networks Networks::read(const Files& files, const Place& place) {
    auto m = read_manifest(files);
    const auto c = NetworkConfigs::read(m);
    std::int64_t parameters = 0;
    auto encoder = read_network<DinoV2>(files, m.encoder, c.encoder, place, parameters);
    auto structure_flow =
        read_network<StructureFlow>(files, m.structure_flow, c.structure_flow, place, parameters);
    auto structure_decoder = read_network<StructureDecoder>(files, m.structure_decoder,
                                                            c.structure_decoder, place, parameters);
    auto latent_flow =
        read_network<LatentFlow>(files, m.latent_flow, c.latent_flow, place, parameters);
    auto gaussian_decoder = read_network<GaussianDecoder>(files, m.gaussian_decoder,
                                                          c.gaussian_decoder, place, parameters);
    return {std::move(m),
            c,
            std::move(encoder),
            std::move(structure_flow),
            std::move(structure_decoder),
            std::move(latent_flow),
            std::move(gaussian_decoder),
            parameters};
}

}  // namespace generator
