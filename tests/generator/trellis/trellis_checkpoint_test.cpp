// Settings and checkpoints that no generator can be made of, and what is said of them.
#include "generator/errc.hpp"
#include "generator/trellis/trellis.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <unistd.h>

namespace {

using generator::Errc;

// A copy of the golden checkpoint that a test may damage.
class Copy {
public:
    Copy()
        : folder_(std::filesystem::temp_directory_path() /
                  ("trellis_test_" + std::to_string(::getpid()))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::copy(tests::project_path("tests/golden/tiny"), folder_,
                              std::filesystem::copy_options::recursive);
    }
    ~Copy() { std::filesystem::remove_all(folder_); }

    std::filesystem::path path(const std::string& name = "") const {
        return name.empty() ? folder_ : folder_ / name;
    }

    void replace(const std::string& name, const std::string& what, const std::string& with) const {
        std::ifstream in(path(name));
        std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto at = text.find(what);
        if (at == std::string::npos) throw std::runtime_error(name + " lacks " + what);
        text.replace(at, what.size(), with);
        std::ofstream(path(name)) << text;
    }

    config::Error error(const std::string& device = "cpu") const {
        config::Generator settings;
        settings.model = folder_;
        settings.device = device;
        const auto made = generator::make_trellis(settings);
        if (made) throw std::runtime_error("it was read");
        return made.error();
    }

private:
    std::filesystem::path folder_;
};

}  // namespace

TEST_CASE("a device that is not there says what there is") {
    const Copy copy;
    CHECK(copy.error("cuda:99").code == Errc::bad_device);
    CHECK(copy.error("cuda:99").detail.find("cuda:99") != std::string::npos);
    CHECK(copy.error("tpu").detail.find("cuda:N") != std::string::npos);
    CHECK(copy.error("cuda:x").code == Errc::bad_device);
    config::Generator settings;
    settings.dtype = "fp8";
    CHECK(generator::make_trellis(settings).error().code == Errc::bad_device);
}

TEST_CASE("memory is told of the GPU that the settings mean, and of none on a CPU") {
    config::Generator settings;
    settings.device = "cpu";
    const auto report = generator::look_at_device(settings).value();
    CHECK_FALSE(report.memory.has_value());
    CHECK(report.choice.words == "cpu: as the settings say");
    settings.device = "cuda:99";
    CHECK(generator::look_at_device(settings).error().code == Errc::bad_device);
}

TEST_CASE("a folder without a checkpoint says which file is missing") {
    config::Generator settings;
    settings.model = "/nonexistent";
    settings.device = "cpu";
    const auto made = generator::make_trellis(settings);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().code == Errc::missing_file);
    CHECK(made.error().detail.find("/nonexistent/pipeline.json") != std::string::npos);
}

TEST_CASE("a weights file cut short is a bad checkpoint that names it") {
    const Copy copy;
    const auto file = copy.path("ckpts/ss_flow.safetensors");
    std::filesystem::resize_file(file, std::filesystem::file_size(file) / 2);
    CHECK(copy.error().code == Errc::bad_checkpoint);
    CHECK(copy.error().detail.find("ss_flow.safetensors") != std::string::npos);
}

TEST_CASE("a checkpoint that lacks any of its files names it") {
    for (const char* name :
         {"pipeline.json", "ckpts/ss_flow.json", "ckpts/ss_flow.safetensors", "ckpts/ss_dec.json",
          "ckpts/ss_dec.safetensors", "ckpts/slat_flow.json", "ckpts/slat_flow.safetensors",
          "ckpts/gs_dec.json", "ckpts/gs_dec.safetensors", "ckpts/dinov2_tiny_reg.json",
          "ckpts/dinov2_tiny_reg.safetensors"}) {
        INFO(name);
        const Copy copy;
        std::filesystem::remove(copy.path(name));
        CHECK(copy.error().code == Errc::missing_file);
        // An encoder may also lie in a folder of its name: both places are meant.
        const auto stem = std::filesystem::path(name).stem().string();
        CHECK(copy.error().detail.find(stem) != std::string::npos);
    }
}

TEST_CASE("a tensor of NaNs names itself and its file") {
    const Copy copy;
    const auto file = copy.path("ckpts/gs_dec.safetensors");
    // The last tensor's last bytes are the file's.
    std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
    bytes.seekp(-64, std::ios::end);
    bytes << std::string(64, '\xff');
    bytes.close();
    CHECK(copy.error().code == Errc::bad_checkpoint);
    CHECK(copy.error().detail.find("gs_dec.safetensors: ") != std::string::npos);
    CHECK(copy.error().detail.find("no finite number") != std::string::npos);
}

TEST_CASE("networks and weights that do not fit say where") {
    SECTION("a key that no such network has") {
        for (const char* name : {"ss_flow", "ss_dec", "slat_flow", "gs_dec"}) {
            const Copy copy;
            const auto file = "ckpts/" + std::string(name) + ".json";
            copy.replace(file.c_str(), "\"use_fp16\"", "\"rotary\": true, \"use_fp16\"");
            CHECK(copy.error().code == Errc::bad_checkpoint);
            CHECK(copy.error().detail.find(file + ": args: 'rotary'") != std::string::npos);
        }
    }
    SECTION("a patch that its levels do not come to") {
        const Copy copy;
        copy.replace("ckpts/slat_flow.json", "\"patch_size\": 2", "\"patch_size\": 4");
        CHECK(copy.error().detail.find("'patch_size' is not 2") != std::string::npos);
    }
    SECTION("one block more than the file has") {
        const Copy copy;
        copy.replace("ckpts/ss_flow.json", "\"num_blocks\": 2", "\"num_blocks\": 3");
        CHECK(copy.error().code == Errc::missing_tensor);
        CHECK(copy.error().detail.find("blocks.2.norm2.weight") != std::string::npos);
    }
    SECTION("one block less") {
        const Copy copy;
        copy.replace("ckpts/ss_flow.json", "\"num_blocks\": 2", "\"num_blocks\": 1");
        CHECK(copy.error().code == Errc::extra_tensor);
        CHECK(copy.error().detail.find("blocks.1.adaLN_modulation.1.bias") != std::string::npos);
    }
    SECTION("other Gaussians for each voxel") {
        const Copy copy;
        copy.replace("ckpts/gs_dec.json", "\"num_gaussians\": 8", "\"num_gaussians\": 9");
        CHECK(copy.error().code == Errc::misshapen_tensor);
        CHECK(copy.error().detail.find(
                  "out_layer.weight is [112, 64], the network needs [126, 64]") !=
              std::string::npos);
    }
    SECTION("a condition of another width than the encoder's") {
        const Copy copy;
        copy.replace("ckpts/slat_flow.json", "\"cond_channels\": 64", "\"cond_channels\": 32");
        CHECK(copy.error().code == Errc::bad_checkpoint);
        CHECK(copy.error().detail.find("'cond_channels' is 32, but the picture encoder has 64") !=
              std::string::npos);
    }
    SECTION("a resolution that the decoder does not reach") {
        const Copy copy;
        copy.replace("ckpts/gs_dec.json", "\"resolution\": 32", "\"resolution\": 64");
        CHECK(copy.error().detail.find("'resolution' is 64, but the structure decoder has 32") !=
              std::string::npos);
    }
    SECTION("a normalisation of another length") {
        const Copy copy;
        copy.replace("pipeline.json", "2.377650737762451,", "");
        CHECK(copy.error().detail.find("slat_normalization") != std::string::npos);
    }
}
