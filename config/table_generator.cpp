// Rows of the table: what makes splats, and what scores them.
#include "config/shapes.hpp"
#include "config/table.hpp"

namespace config {

void add_generator(Rows& rows) {
    // clang-format off
    rows.insert(rows.end(), {
        {.name = "generator.model",
         .field = [](Settings& s) -> Field { return &s.generator.model; },
         .doc = "Folder of a TRELLIS checkpoint (pipeline.json, ckpts/), or the name of one that `miner weights "
                "fetch` brought; empty: the small embedded model, which is for rehearsals only.",
         .path = true},
        {.name = "generator.device",
         .field = [](Settings& s) -> Field { return &s.generator.device; },
         .doc = "Where to generate; auto takes the first GPU, and the CPU only on a machine without one; none: only where generator.remote says.",
         .shape = &kDeviceShape},
        {.name = "generator.devices",
         .field = [](Settings& s) -> Field { return &s.generator.devices; },
         .doc = "Several devices of this machine at once, each with the model to itself; "
                "empty: the one of generator.device.",
         .shape = &kOneDeviceShape},
        {.name = "generator.remote",
         .field = [](Settings& s) -> Field { return &s.generator.remote; },
         .doc = "Addresses of other machines' `miner serve`, which get tasks like the devices here do: whoever has "
                "the least to do. One may be that of a load balancer with any number of them behind it, which is learnt.",
         .shape = &kHttpShape},
        {.name = "generator.remote_token",
         .field = [](Settings& s) -> Field { return &s.generator.remote_token; },
         .doc = "Their http.token, if they have one.",
         .shape = &kTokenShape,
         .secret = true},
        {.name = "generator.dtype",
         .field = [](Settings& s) -> Field { return &s.generator.dtype; },
         .doc = "Precision; auto is fp32 on a CPU, the reference, and fp16 on a GPU.",
         .choices = {"auto", "fp32", "fp16", "bf16"}},
        {.name = "generator.threads",
         .field = [](Settings& s) -> Field { return &s.generator.threads; },
         .doc = "CPU threads to generate and score with; 0: all cores.",
         .unit = "threads",
         .least = 0,
         .most = 1'024},
        {.name = "generator.seed",
         .field = [](Settings& s) -> Field { return &s.generator.seed; },
         .doc = "The same seed gives the same result on the same machine; -1: a new one for each task.",
         .least = -1,
         .most = kLargestSeed},
        {.name = "generator.deadline",
         .field = [](Settings& s) -> Field { return &s.generator.deadline; },
         .doc = "A task's generation is given up after so long, retries included.",
         .unit = "s",
         .least = 1,
         .most = 86'400},
        {.name = "generator.matting",
         .field = [](Settings& s) -> Field { return &s.generator.matting; },
         .doc = "Cuts the object out of its background: auto: of pictures that have no transparency, and goes on "
                "without where that fails; always; never.",
         .choices = {"auto", "always", "never"}},
        {.name = "generator.matting_model",
         .field = [](Settings& s) -> Field { return &s.generator.matting_model; },
         .doc = "U2-Net weights for it: u2net.onnx or u2netp.onnx as rembg keeps them, or .safetensors; "
                "empty: the embedded u2netp.",
         .path = true},
        {.name = "generator.max_pixels",
         .field = [](Settings& s) -> Field { return &s.generator.max_pixels; },
         .doc = "A picture of a validator or of a caller of /generate with more pixels, or a side longer than a 256th "
                "of that and than 4096, is refused, before any is made: each takes 12 bytes while the picture is enhanced. `miner generate` and `miner batch` take 20 million of the "
                "operator's own.",
         .unit = "pixels",
         .least = 65'536,
         .most = 20'000'000},
        {.name = "score.model",
         .field = [](Settings& s) -> Field { return &s.score.model; },
         .doc = "Folder of the networks that a validator scores with (quality/, text/, picture/, "
                "lpips/), or validator-scorer, which `miner weights fetch` brought: what `miner "
                "score` and candidates.* score with; embedded: the small judge of the embedded model's "
                "world, for rehearsals only; empty: not used.",
         .path = true},
        {.name = "score.device",
         .field = [](Settings& s) -> Field { return &s.score.device; },
         .doc = "Where to score; auto takes the first GPU, and the CPU only on a machine without one.",
         .shape = &kSomeDeviceShape},
        {.name = "score.dtype",
         .field = [](Settings& s) -> Field { return &s.score.dtype; },
         .doc = "Precision of the scoring networks; auto is fp32 on a CPU, and fp16 on a GPU.",
         .choices = {"auto", "fp32", "fp16", "bf16"}},
        {.name = "picture_service.url",
         .field = [](Settings& s) -> Field { return &s.picture_service.url; },
         .doc = "Server that makes a picture of each prompt, which the model then takes: one that speaks the OpenAI "
                "images API, as stable-diffusion.cpp does. Without a path of its own /v1/images/generations is asked. "
                "If it fails, or if this is empty, the model gets the prompt itself.",
         .shape = &kServiceShape},
        {.name = "picture_service.model",
         .field = [](Settings& s) -> Field { return &s.picture_service.model; },
         .doc = "Model that the server is asked for; empty: its own."},
        {.name = "picture_service.key",
         .field = [](Settings& s) -> Field { return &s.picture_service.key; },
         .doc = "Key that the server is shown, as a bearer token. "
                "Better from a variable than from a flag, which others on this machine can read.",
         .variables = {"OPENAI_API_KEY"},
         .shape = &kKeyShape,
         .secret = true},
        {.name = "picture_service.size",
         .field = [](Settings& s) -> Field { return &s.picture_service.size; },
         .doc = "Side of the picture that the server is asked for.",
         .unit = "pixels",
         .least = 64,
         .most = 2'048},
        {.name = "picture_service.deadline",
         .field = [](Settings& s) -> Field { return &s.picture_service.deadline; },
         .doc = "The server is given up after so long; it counts against generator.deadline too.",
         .unit = "s",
         .least = 0.1,
         .most = 600},
    });
    // clang-format on
}

}  // namespace config
