#include "generator/trellis/networks.hpp"

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

Bundle read_bundle(const Files& files, const NetworkSpec& spec, const ComputeTarget& target) {
    return Bundle(or_refuse(Safetensors::parse(or_refuse(files.open(spec.weights)),
                                               files.where() + "/" + spec.weights)),
                  target.device, target.dtype);
}

}  // namespace

NetworkConfigs NetworkConfigs::read(const Manifest& m) {
    NetworkConfigs c{{},
                     {},
                     StructureFlow::Config::read(m.structure_flow.args),
                     StructureDecoder::Config::read(m.structure_decoder.args),
                     LatentFlow::Config::read(m.latent_flow.args),
                     GaussianDecoder::Config::read(m.gaussian_decoder.args)};
    std::int64_t channels = 0;
    if (m.input == Input::prompt)
        channels = c.text_encoder.emplace(ClipText::Config::read(m.encoder.args)).channels;
    else
        channels = c.encoder.emplace(DinoV2::Config::read(m.encoder.args)).channels;
    const std::string encoder =
        m.input == Input::prompt ? "the text encoder" : "the picture encoder";
    const std::string latent = "the latent flow";
    expect_same(m.structure_flow, "cond_channels", c.structure_flow.block.condition_channels,
                channels, encoder);
    expect_same(m.latent_flow, "cond_channels", c.latent_flow.block.condition_channels, channels,
                encoder);
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

Networks Networks::read(const Files& files, const ComputeTarget& target, Manifest m,
                        const Networks* twin) {
    const auto bundle_of = [&](const NetworkSpec& spec) {
        return read_bundle(files, spec, target);
    };
    return build(bundle_of, files, std::move(m), twin);
}

Networks Networks::random(const Files& files, const ComputeTarget& target, Manifest m) {
    const auto bundle_of = [&](const NetworkSpec&) {
        return Bundle::random(target.device, target.dtype);
    };
    return build(bundle_of, files, std::move(m), nullptr);
}

Networks Networks::build(const BundleOf& bundle_of, const Files& files, Manifest m,
                         const Networks* twin) {
    const auto c = NetworkConfigs::read(m);
    std::int64_t parameters = 0;
    // A network takes all of its weights from its bundle.
    const auto weights = [&](const NetworkSpec& spec, auto make) {
        auto bundle = bundle_of(spec);
        auto network = make(bundle);
        bundle.expect_all_taken();
        parameters += bundle.parameters();
        return network;
    };
    // A copy of a network is another handle on the same weights.
    const auto flow = [&]<class Network>(NetworkSpec Manifest::*which, Network Networks::*member,
                                         const auto& config) {
        const auto& spec = m.*which;
        if (twin && (twin->manifest.*which).path == spec.path) return twin->*member;
        return weights(spec, [&](Bundle& bundle) { return Network(config, bundle); });
    };
    std::optional<DinoV2> encoder;
    std::optional<TextEncoder> text_encoder;
    if (c.encoder)
        encoder = weights(m.encoder, [&](Bundle& bundle) { return DinoV2(*c.encoder, bundle); });
    if (c.text_encoder) {
        auto tokenizer = Tokenizer::read(files, m.tokenizer);
        text_encoder = weights(m.encoder, [&](Bundle& bundle) {
            return TextEncoder(std::move(tokenizer), *c.text_encoder, bundle);
        });
    }
    auto structure_flow =
        flow(&Manifest::structure_flow, &Networks::structure_flow, c.structure_flow);
    auto structure_decoder =
        flow(&Manifest::structure_decoder, &Networks::structure_decoder, c.structure_decoder);
    auto latent_flow = flow(&Manifest::latent_flow, &Networks::latent_flow, c.latent_flow);
    auto gaussian_decoder =
        flow(&Manifest::gaussian_decoder, &Networks::gaussian_decoder, c.gaussian_decoder);
    return {std::move(m),
            c,
            std::move(encoder),
            std::move(text_encoder),
            std::move(structure_flow),
            std::move(structure_decoder),
            std::move(latent_flow),
            std::move(gaussian_decoder),
            parameters};
}

}  // namespace generator
