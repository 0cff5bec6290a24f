// pipeline.json and the ckpts/NAME.json beside it: which networks there are, with which arguments,
// and how to sample. Layout as published with TRELLIS (microsoft/TRELLIS-image-large). Throws
// Refused.
#pragma once

#include "generator/sample/schedule.hpp"
#include "generator/weights/args.hpp"
#include "generator/weights/files.hpp"

#include <string>
#include <vector>

namespace generator {

// One network: NAME.json has been read, NAME.safetensors is still to be.
struct NetworkSpec {
    std::string role;        // its key in pipeline.json
    std::string path;        // "ckpts/ss_flow"
    std::string class_name;  // "SparseStructureFlowModel"
    Args args;
};

struct Manifest {
    NetworkSpec encoder;
    NetworkSpec structure_flow;
    NetworkSpec structure_decoder;
    NetworkSpec latent_flow;
    NetworkSpec gaussian_decoder;
    SamplerSettings structure_sampler;
    SamplerSettings latent_sampler;
    std::vector<double> latent_mean;
    std::vector<double> latent_std;
};

// The picture pipeline. Networks of other roles (meshes, radiance fields) are not looked at. Fails
// with missing_file, and with bad_checkpoint naming the key: unknown class or sampler, value out of
// range, a path that leaves the folder.
Manifest read_manifest(const Files& files);

}  // namespace generator
