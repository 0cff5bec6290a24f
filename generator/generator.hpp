// A picture or a prompt in, Gaussians out, in two stages: `generate_structure` is stage 1, whose
// voxels already tell how many Gaussians there will be; `generate_splats` is stage 2: latent flow
// and decoder. The one seam between the miner and its model; tests put a fake here.
//
// One lane creates a Generator and is the only one to call it. Both stages poll their stop_token
// between sampler steps and fail with Errc::cancelled. A Structure belongs to the Generator that
// made it and must die before it.
#pragma once

#include "config/result.hpp"
#include "config/settings.hpp"
#include "generator/asset.hpp"
#include "generator/gpu.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>
#include <vector>

namespace generator {

struct ModelInfo {
    std::string name;      // "trellis-nano (embedded)" or the folder
    std::string device;    // "cpu", "cuda:0"
    std::string dtype;     // "fp32", "fp16", "bf16"
    int picture_size = 0;  // side of the square picture that it takes; 0: it takes none
    bool takes_prompts = false;
    int resolution = 0;           // voxels along an edge
    int gaussians_per_voxel = 0;  // a constant of the checkpoint
    std::int64_t parameters = 0;
    std::string device_choice = {};  // as DeviceChoice::words
    std::string unused_gpu = {};     // as DeviceChoice::unused
};

// What to make, in words; UTF-8.
struct Prompt {
    std::string text;
};

// Several pictures of one object, at least one, as TRELLIS's multi-image modes take them.
struct Views {
    enum class Mode {
        stochastic,  // the steps of both samplers take the pictures in turn
        averaged,    // every step takes the mean of their velocities (TRELLIS's "multidiffusion")
    };
    std::vector<Image> pictures;
    Mode mode = Mode::stochastic;
};

// A picture is RGB, picture_size squared, as image/prepare makes it.
using Condition = std::variant<Image, Views, Prompt>;

// What stage 1 gives: the sparse structure of one object, with all that stage 2 needs to go on:
// condition, voxels, state of the noise.
class Structure {
public:
    virtual ~Structure() = default;
    virtual std::int64_t voxels() const = 0;
    virtual std::int64_t gaussians()
        const = 0;  // what stage 2 will make: voxels * gaussians_per_voxel
    virtual const StageTimes& times() const = 0;
};

struct GeneratedSplats {
    Splats splats;
    StageTimes times;  // of this stage
};

class Generator {
public:
    virtual ~Generator() = default;

    virtual const ModelInfo& info() const = 0;

    // Nothing for a CPU, whose memory is the machine's.
    virtual std::optional<DeviceMemory> memory() const { return std::nullopt; }

    // Pays now what is otherwise paid by the first task: seconds on a GPU, nothing on a CPU. Later
    // tasks take as long as any, whatever their shape.
    virtual config::Result<void> warm_up() { return {}; }

    // RGBA -> its object alone, RGBA, at most 1024 pixels a side, as TRELLIS removes a background.
    // Errc::bad_mask when no object can be told from it.
    virtual config::Result<Image> cut_out(const Image& rgba) = 0;

    // The same seed gives the same voxels, to the bit on one machine. Errc::no_voxels when nothing
    // came out, wrong_input when info() says that it does not take such, bad_prompt.
    virtual config::Result<std::unique_ptr<Structure>> generate_structure(
        const Condition& condition, std::uint64_t seed, std::stop_token stop) = 0;

    // repaint: what conditions stage 2 in place of the structure's own, of the same kind; null to
    // keep that.
    virtual config::Result<GeneratedSplats> generate_splats(const Structure& structure,
                                                            const Condition* repaint,
                                                            std::stop_token stop) = 0;
};

}  // namespace generator
