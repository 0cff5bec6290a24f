#include "tests/bench/rehearsal.hpp"
#include "tests/support/paths.hpp"

#include "generator/image/decode.hpp"
#include "generator/image/enhance.hpp"
#include "generator/image/prepare.hpp"
#include "generator/kernels/lanes.hpp"
#include "generator/trellis/trellis.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bench {
namespace {

std::string variable(const char* name, std::string otherwise) {
    const char* value = std::getenv(name);
    return value && *value ? value : std::move(otherwise);
}

const std::string kDensest = tests::project_path("ops/rehearsal/28_orange_crate.png");

std::vector<std::uint8_t> read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(file), {}};
}

void hide_registers(const std::string& most) {
    if (most == "avx2")
        generator::lanes::most = generator::lanes::Registers::avx2;
    else if (most != "all")
        throw std::runtime_error("MINER_BENCH_REGISTERS is avx2 or all");
}

generator::Generator& trellis() {
    static const auto made = [] {
        hide_registers(variable("MINER_BENCH_REGISTERS", "all"));
        config::Generator settings;
        settings.model = variable("MINER_BENCH_MODEL", "");
        settings.device = "cpu";
        settings.dtype = variable("MINER_BENCH_DTYPE", "fp32");
        return generator::make_trellis(settings).value();
    }();
    return *made;
}

generator::Image prepare(const generator::Image& rgba) {
    const auto chain = generator::parse_chain(config::Enhance{}.standard).value();
    return generator::prepare(generator::enhance(rgba, chain), model().picture_size).value();
}

}  // namespace

const std::vector<std::uint8_t>& picture_file() {
    static const auto bytes = read(variable("MINER_BENCH_PICTURE", kDensest));
    return bytes;
}

const generator::Image& picture() {
    static const auto decoded = generator::decode(picture_file()).value();
    return decoded;
}

const generator::Image& prepared_picture() {
    static const auto prepared = prepare(picture());
    return prepared;
}

const generator::ModelInfo& model() { return trellis().info(); }

Generation generate(const generator::Image& prepared) {
    const auto structure = trellis().generate_structure(prepared, kSeed, {}).value();
    auto generated = trellis().generate_splats(*structure, nullptr, {}).value();
    Generation made{structure->times(), structure->voxels(), std::move(generated.splats)};
    made.times.latent = generated.times.latent;
    made.times.gaussians = generated.times.gaussians;
    return made;
}

const generator::Splats& half_a_million() {
    static const auto cut = [] {
        const auto file = read(kDensest);
        auto splats = generate(prepare(generator::decode(file).value())).splats;
        constexpr std::size_t kCount = 500'000;
        if (splats.size() < kCount) throw std::runtime_error("the largest object is too small");
        splats.position.resize(kCount);
        splats.colour.resize(kCount);
        splats.scale.resize(kCount);
        splats.rotation.resize(kCount);
        splats.opacity.resize(kCount);
        return splats;
    }();
    return cut;
}

}  // namespace bench
