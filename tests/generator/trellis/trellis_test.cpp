#include "generator/trellis/trellis.hpp"

#include "generator/errc.hpp"
#include "tests/generator/golden.hpp"
#include "tests/generator/text_folder.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"

#include <ATen/record_function.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using generator::Errc;

std::unique_ptr<generator::Generator> make(const std::string& folder,
                                           const std::string& dtype = "auto") {
    config::Generator settings;
    settings.model = folder;
    settings.device = "cpu";
    settings.dtype = dtype;
    auto made = generator::make_trellis(settings);
    if (!made) throw std::runtime_error(made.error().message());
    return std::move(*made);
}

template <std::size_t kWidth>
at::Tensor tensor_of(const std::vector<std::array<float, kWidth>>& rows) {
    return at::from_blob(const_cast<float*>(rows.data()->data()),
                         {std::int64_t(rows.size()), std::int64_t(kWidth)})
        .clone();
}

at::Tensor tensor_of(const std::vector<float>& values) {
    return at::from_blob(const_cast<float*>(values.data()), {std::int64_t(values.size()), 1})
        .clone();
}

// The first name that the file has: golden/tiny's, or golden/text's.
at::Tensor either(const tests::Golden& golden, const char* name, const char* other) {
    return golden[golden.has(name) ? name : other];
}

// Picture or prompt to splats through the public interface alone, against the tensors that the
// reference made.
void check_end_to_end(generator::Generator& trellis, const tests::Golden& golden,
                      const generator::Condition& condition) {
    const auto stage1 = trellis.generate_structure(condition, golden.seed(), {});
    REQUIRE(stage1.has_value());
    REQUIRE((*stage1)->voxels() == golden["coords"].size(0));
    REQUIRE((*stage1)->gaussians() == (*stage1)->voxels() * trellis.info().gaussians_per_voxel);
    const auto stage2 = trellis.generate_splats(**stage1, nullptr, {});
    REQUIRE(stage2.has_value());
    const auto& splats = stage2->splats;
    REQUIRE(std::int64_t(splats.size()) == (*stage1)->gaussians());

    const auto error = [&](const at::Tensor& got, const char* name, const char* other) {
        const auto want = either(golden, name, other);
        return tests::relative_error(golden.stored(got, "gaussian_index").view(want.sizes()), want);
    };
    CHECK(error(tensor_of(splats.position), "xyz", "xyz") < tests::kTolerances.fp32);
    CHECK(error(tensor_of(splats.colour), "features_dc", "sh_dc") < tests::kTolerances.fp32);
    CHECK(error(tensor_of(splats.opacity), "opacity", "opacity") < tests::kTolerances.fp32);
    CHECK(error(tensor_of(splats.scale), "scaling", "scale") < tests::kTolerances.fp32);
    CHECK(error(tensor_of(splats.rotation), "rotation_raw", "rotation") < tests::kTolerances.fp32);

    for (const double ms :
         {(*stage1)->times().encode, (*stage1)->times().structure, (*stage1)->times().occupancy,
          stage2->times.latent, stage2->times.gaussians}) {
        CHECK(ms > 0);
    }
    CHECK(stage2->times.encode < 0);
}

// Tests that give a picture.
void check_end_to_end(generator::Generator& trellis, const tests::Golden& golden) {
    check_end_to_end(trellis, golden, golden.picture());
}

// Counts torch's operators, this thread's alone, while it lives: how far something has come, which
// no clock says on a busy machine.
class OperatorCount {
public:
    using Told = std::function<void(std::int64_t count)>;

    static std::int64_t of(const std::function<void()>& work, Told told = {}) {
        count_ = 0;
        told_ = std::move(told);
        const auto handle =
            at::addThreadLocalCallback(at::RecordFunctionCallback([](const at::RecordFunction&) {
                ++count_;
                if (told_) told_(count_);
                return std::unique_ptr<at::ObserverContext>();
            }));
        work();
        at::removeCallback(handle);
        return count_;
    }

private:
    static inline thread_local std::int64_t count_ = 0;
    static inline thread_local Told told_;
};

}  // namespace

TEST_CASE("a checkpoint folder turns the golden picture into the golden splats", "[golden]") {
    const auto folder = tests::golden_folder();
    const auto trellis = make(folder);
    CHECK(trellis->info().name == folder);
    CHECK(trellis->info().device == "cpu");
    CHECK(trellis->info().dtype == "fp32");
    check_end_to_end(*trellis, tests::Golden(folder));
}

TEST_CASE("a checkpoint that shares no size with the others does so too", "[golden]") {
    const std::string folder = tests::project_path("tests/golden/odd");
    check_end_to_end(*make(folder), tests::Golden(folder));
}

TEST_CASE("the embedded model turns its golden picture into its golden splats", "[golden]") {
    const auto trellis = make("");
    CHECK(trellis->info().name == "trellis-nano (embedded)");
    CHECK(trellis->info().picture_size == 224);
    CHECK(trellis->info().resolution == 64);
    CHECK(trellis->info().gaussians_per_voxel == 32);
    CHECK(trellis->info().parameters > 10'000'000);
    check_end_to_end(*trellis, tests::Golden(tests::project_path("tests/golden/nano")));
}

TEST_CASE("the embedded model turns its golden prompt into its golden splats", "[golden]") {
    const auto trellis = make("");
    CHECK(trellis->info().takes_prompts);
    check_end_to_end(
        *trellis,
        tests::Golden(tests::project_path("tests/golden/nano"), "golden.safetensors", "text."),
        generator::Prompt{"a white snowman with a green hat"});
}

TEST_CASE("a folder for prompts turns the golden prompt into the golden splats", "[golden]") {
    const tests::TextFolder folder(tests::golden_text_folder());
    const auto trellis = make(folder.path());
    CHECK(trellis->info().takes_prompts);
    CHECK(trellis->info().picture_size == 0);
    check_end_to_end(
        *trellis, tests::Golden(tests::golden_text_folder() + "/pipe", "text_golden.safetensors"),
        generator::Prompt{folder.prompt()});
}

TEST_CASE("what a checkpoint does not take is an error that names it and says which does") {
    const auto pictures = make(tests::project_path("tests/golden/tiny"));
    const auto no_prompt = pictures->generate_structure(generator::Prompt{"a chair"}, 1, {});
    REQUIRE_FALSE(no_prompt.has_value());
    CHECK(no_prompt.error().code == Errc::wrong_input);
    CHECK(no_prompt.error().detail.find("golden/tiny makes splats from pictures") !=
          std::string::npos);
    CHECK_FALSE(pictures->info().takes_prompts);

    const tests::TextFolder folder(tests::project_path("tests/golden/text"));
    const auto prompts = make(folder.path());
    const auto no_picture = prompts->generate_structure(generator::Image{}, 1, {});
    REQUIRE_FALSE(no_picture.has_value());
    CHECK(no_picture.error().code == Errc::wrong_input);
    CHECK(no_picture.error().detail.find("TRELLIS-image") != std::string::npos);
}

TEST_CASE("prompts of any kind make splats, and too long ones an error") {
    const auto trellis = make("");
    for (const std::string& prompt :
         {std::string(), std::string(100'000, 'x'), std::string("\0\x01\x1b[31m\xff\xfe", 9),
          std::string("\xf0\x9f\x9a\x80\xf0\x9f\x91\xa8\xe2\x80\x8d\xf0\x9f\x91\xa9")}) {
        INFO(prompt.substr(0, 40));
        CHECK(trellis->generate_structure(generator::Prompt{prompt}, 3, {}).has_value());
    }
    const auto stage1 =
        trellis->generate_structure(generator::Prompt{std::string(200'000, 'x')}, 3, {});
    REQUIRE_FALSE(stage1.has_value());
    CHECK(stage1.error().code == Errc::bad_prompt);
}

TEST_CASE("a seed gives the same splats to the bit, another seed others") {
    const tests::Golden golden(tests::project_path("tests/golden/tiny"));
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    const auto once = trellis->generate_structure(golden.picture(), 7, {});
    const auto again = trellis->generate_structure(golden.picture(), 7, {});
    const auto other = trellis->generate_structure(golden.picture(), 8, {});
    REQUIRE((once && again && other));
    const auto a = trellis->generate_splats(**once, nullptr, {}),
               b = trellis->generate_splats(**again, nullptr, {});
    const auto twice = trellis->generate_splats(**once, nullptr, {}),
               c = trellis->generate_splats(**other, nullptr, {});
    REQUIRE((a && b && c && twice));
    CHECK((a->splats.position == b->splats.position));
    CHECK(a->splats.opacity == b->splats.opacity);
    CHECK(a->splats.opacity == twice->splats.opacity);
    CHECK((a->splats.position != c->splats.position));
}

TEST_CASE("another picture can repaint stage 2 without moving the voxels") {
    const tests::Golden golden(tests::project_path("tests/golden/tiny"));
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    const auto stage1 = trellis->generate_structure(golden.picture(), 7, {});
    REQUIRE(stage1.has_value());
    const generator::Condition own = golden.picture();
    auto shaded = golden.picture();
    for (auto& byte : shaded.pixels) byte /= 4;
    const generator::Condition dark = shaded;
    const auto plain = trellis->generate_splats(**stage1, nullptr, {});
    const auto same = trellis->generate_splats(**stage1, &own, {});
    const auto repainted = trellis->generate_splats(**stage1, &dark, {});
    REQUIRE((plain && same && repainted));
    CHECK((plain->splats.colour == same->splats.colour));
    CHECK(same->times.encode > 0);
    CHECK((plain->splats.colour != repainted->splats.colour));
    CHECK(plain->splats.size() == repainted->splats.size());
}

TEST_CASE("several pictures are taken in turn or averaged as TRELLIS does", "[golden]") {
    using Mode = generator::Views::Mode;
    // No pair of both: Catch2 3 would print it by a template of libtorch's, which takes no such
    // Mode.
    const auto mode = GENERATE(Mode::stochastic, Mode::averaged);
    const std::string name = mode == Mode::averaged ? "averaged." : "stochastic.";
    const tests::Golden views(tests::project_path("tests/golden"), "views.safetensors", name);
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    const auto picture = tests::Golden(tests::project_path("tests/golden/tiny")).picture();
    auto mirrored = picture;
    for (int y = 0; y < picture.height; ++y)
        for (int x = 0; x < picture.width; ++x)
            for (int c = 0; c < 3; ++c)
                mirrored.pixels[std::size_t((y * picture.width + x) * 3 + c)] =
                    picture
                        .pixels[std::size_t((y * picture.width + picture.width - 1 - x) * 3 + c)];
    const auto stage1 =
        trellis->generate_structure(generator::Views{{picture, mirrored}, mode}, 7, {});
    REQUIRE(stage1.has_value());
    REQUIRE((*stage1)->voxels() == views["voxels"].item<std::int64_t>());
    const auto stage2 = trellis->generate_splats(**stage1, nullptr, {});
    REQUIRE(stage2.has_value());
    const auto every = [](const at::Tensor& rows) { return rows.slice(0, 0, rows.size(0), 101); };
    CHECK(tests::relative_error(every(tensor_of(stage2->splats.position)), views["xyz"]) <
          tests::kTolerances.fp32);
    CHECK(tests::relative_error(every(tensor_of(stage2->splats.opacity)).squeeze(1),
                                views["opacity"]) < tests::kTolerances.fp32);
}

TEST_CASE("a stop that was requested cancels both steps") {
    const tests::Golden golden(tests::project_path("tests/golden/tiny"));
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    std::stop_source stop;
    const auto stage1 = trellis->generate_structure(golden.picture(), 7, {});
    REQUIRE(stage1.has_value());
    stop.request_stop();
    CHECK(trellis->generate_structure(golden.picture(), 7, stop.get_token()).error().code ==
          Errc::cancelled);
    CHECK(trellis->generate_splats(**stage1, nullptr, stop.get_token()).error().code ==
          Errc::cancelled);
}

TEST_CASE("a stop in the middle of a flow ends it at the next step") {
    const tests::Golden golden(tests::project_path("tests/golden/tiny"));
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    REQUIRE(trellis->generate_structure(golden.picture(), 7, {}).has_value());
    // How many operators ran in all when stopping is asked for at one of them; nothing when it came
    // too late for stage 1. How many there are depends on the number of threads.
    const auto stopped_at = [&](std::int64_t when) -> std::optional<std::int64_t> {
        std::stop_source stop;
        bool ended = false;
        const auto count = OperatorCount::of(
            [&] {
                const auto stage1 =
                    trellis->generate_structure(golden.picture(), 7, stop.get_token());
                if (!stage1.has_value()) CHECK(stage1.error().code == Errc::cancelled);
                ended = !stage1.has_value();
            },
            [&](std::int64_t now) {
                if (now == when) stop.request_stop();
            });
        return ended ? std::optional(count) : std::nullopt;
    };
    // Asked for just after it was looked for, it ends where that is done the next time.
    std::vector<std::int64_t> looks;
    for (auto at = stopped_at(1); at && looks.size() < 100; at = stopped_at(looks.back() + 1))
        looks.push_back(*at);
    CHECK(std::is_sorted(looks.begin(), looks.end(), std::less_equal<>()));
    constexpr std::size_t kSteps = 6;  // of the structure flow, in its pipeline.json
    CHECK(looks.size() >= kSteps);
    CHECK(looks.size() < 100);
}

TEST_CASE("a picture of another size than the encoder's is refused") {
    const auto trellis = make(tests::project_path("tests/golden/tiny"));
    generator::Image picture{8, 8, 3, std::vector<std::uint8_t>(8 * 8 * 3)};
    const auto stage1 = trellis->generate_structure(picture, 1, {});
    REQUIRE_FALSE(stage1.has_value());
    CHECK(stage1.error().detail.find("518") != std::string::npos);
}
