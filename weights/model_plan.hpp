// Which files of which repositories make up a model folder that the generator can load: what a
// published pipeline.json names, the networks of other repositories and the encoders included.
// Pure.
#pragma once

#include "config/result.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weights {

struct PublishedModel {
    std::string_view name;        // "trellis-image-large": as `miner weights fetch` takes it
    std::string_view repository;  // "microsoft/TRELLIS-image-large"
    std::string_view doc;
};

std::span<const PublishedModel> published_models();
const PublishedModel* find_published(std::string_view name);  // null when there is none

// A file of some repository and where it goes.
struct Wanted {
    std::string repository;
    std::string from;               // path in the repository
    std::string to;                 // path in the model's folder
    std::string revision = "main";  // branch, tag or commit
};

// What `pipeline` (the text of the repository's pipeline.json) needs beside itself: configuration
// and weights of the four networks that lead to Gaussians, and the encoder. A network of another
// repository ("OWNER/NAME/ckpts/NET") goes to ckpts/NET, an encoder to the folder that the pipeline
// names. Fails with malformed, naming the key.
config::Result<std::vector<Wanted>> files_of_model(std::string_view repository,
                                                   std::string_view pipeline);

}  // namespace weights
