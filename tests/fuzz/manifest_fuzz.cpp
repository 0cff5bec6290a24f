// pipeline.json of a model that was fetched, and the JSON of its networks in the order in which
// they are read: texts with a zero byte between.
#include "generator/weights/manifest.hpp"
#include "generator/weights/refused.hpp"
#include "tests/fuzz/input.hpp"
#include "weights/listing.hpp"
#include "weights/model_plan.hpp"

namespace {

// Has every JSON that it is asked for.
class InTurn final : public generator::Files {
public:
    explicit InTurn(std::string_view texts) : texts_(texts) {}

    const std::string& where() const override { return where_; }
    bool has(const std::string& name) const override { return name.ends_with(".json"); }
    config::Result<generator::Bytes> open(const std::string&) const override {
        const auto text = fuzz::take(texts_);
        return generator::Bytes{std::as_bytes(std::span(text.data(), text.size())), nullptr};
    }

private:
    std::string where_ = "fuzz";
    mutable std::string_view texts_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto texts = fuzz::text(data, size);
    try {
        const auto manifest = generator::read_manifest(InTurn(texts));
        for (const auto* network :
             {&manifest.encoder, &manifest.structure_flow, &manifest.structure_decoder,
              &manifest.latent_flow, &manifest.gaussian_decoder})
            fuzz::require(generator::stays_inside(network->path));
        for (const auto& sampler : {manifest.structure_sampler, manifest.latent_sampler})
            fuzz::require(sampler.steps >= 1 && sampler.guided_from >= 0 && sampler.guided_to <= 1);
    } catch (const generator::Refused&) {
    }
    if (const auto wanted = weights::files_of_model("owner/name", fuzz::take(texts)))
        for (const auto& file : *wanted)
            fuzz::require(weights::is_plain_path(file.from) && weights::is_plain_path(file.to));
    return 0;
}
