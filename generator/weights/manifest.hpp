// pipeline.json and the ckpts/NAME.json beside it: which networks there are, with which arguments,
// and how to sample. Layout as published with TRELLIS (microsoft/TRELLIS-image-large and
// TRELLIS-text-*). Throws Refused.
#pragma once

#include "generator/sample/schedule.hpp"
#include "generator/weights/args.hpp"
#include "generator/weights/files.hpp"

#include <string>
#include <vector>

namespace generator {

// What a pipeline is conditioned on.
enum class Input { picture, prompt };

// One network: its arguments have been read, its weights are still to be.
struct NetworkSpec {
    std::string role;        // its key in pipeline.json
    std::string path;        // "ckpts/ss_flow"
    std::string weights;     // "ckpts/ss_flow.safetensors"
    std::string class_name;  // "SparseStructureFlowModel"
    Args args;
};

struct Manifest {
    Input input = Input::picture;
    std::string tokenizer;  // folder of vocab.json and merges.txt; of a prompt pipeline
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

// One pipeline. Its encoder is NAME.json + NAME.safetensors like the other networks, or a folder of
// the name that pipeline.json gives, with config.json and model.safetensors as on the Hugging Face
// hub (a text encoder's with vocab.json and merges.txt). Networks of other roles (meshes, radiance
// fields) are not looked at. Fails with missing_file, and with bad_checkpoint naming the key:
// unknown class or sampler, value out of range, a path that leaves the folder.
Manifest read_manifest(const Files& files, const std::string& pipeline = "pipeline.json");

// All pipelines of a checkpoint, at most one of each input: pipeline.json, and text_pipeline.json
// where there is one.
std::vector<Manifest> read_manifests(const Files& files);

}  // namespace generator
