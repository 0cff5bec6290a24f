#include "generator/models/u2net.hpp"

#include "generator/image/decode.hpp"
#include "generator/models/matting.hpp"
#include "tests/generator/golden.hpp"
#include "tests/generator/weights/onnx_file.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/paths.hpp"
#include "tests/support/temporary_folder.hpp"

#include <boost/json/parse.hpp>

#include <fstream>
#include <iterator>
#include <span>
#include <string>

using generator::Errc;

namespace {

const std::string kFolder = tests::project_path("tests/golden/u2netp");

generator::Safetensors tensors(const std::string& folder, const std::string& name) {
    return generator::or_refuse(generator::Safetensors::parse(
        generator::or_refuse(generator::folder_files(folder)->open(name)), name));
}

// A folder with u2netp.safetensors and golden.safetensors.
std::string folder() {
    const char* other = std::getenv("MINER_GOLDEN");
    return other && generator::folder_files(other)->has("u2netp.safetensors") ? other : kFolder;
}

generator::Image picture(const std::string& name) {
    std::ifstream in(kFolder + "/" + name, std::ios::binary);
    const std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    return generator::decode(bytes).value();
}

generator::Image rgb_of(const generator::Image& rgba) {
    generator::Image rgb{rgba.width, rgba.height, 3, {}};
    for (std::size_t i = 0; i < rgba.pixels.size(); ++i)
        if (i % 4 != 3) rgb.pixels.push_back(rgba.pixels[i]);
    return rgb;
}

}  // namespace

TEST_CASE("u2netp with batch norms meets the golden saliency", "[golden]") {
    const auto net = generator::U2Net::read(tensors(folder(), "u2netp.safetensors"), at::kCPU);
    const auto golden = tensors(folder(), "golden.safetensors");
    const auto input = generator::to_tensor(*golden.find("input")).to(at::kFloat);
    const auto want = generator::to_tensor(*golden.find("d0"));
    CHECK(tests::relative_error(net.saliency(input), want) < tests::kTolerances.fp32);
}

TEST_CASE("the published weights see in a picture what ONNX Runtime sees", "[golden]") {
    const generator::Matting matting("", at::kCPU);
    const auto golden = tensors(kFolder, "real.safetensors");
    const auto coffee = rgb_of(picture("coffee.png"));
    const auto input = generator::matting_input(coffee);
    CHECK(input[0]
              .slice(1, 0, 320, 40)
              .equal(generator::to_tensor(*golden.find("coffee.input_rows"))));
    CHECK(tests::relative_error(matting.saliency_of(coffee),
                                generator::to_tensor(*golden.find("coffee.saliency"))) <
          tests::kTolerances.other_runtime);
    const auto chelsea = matting.saliency_of(rgb_of(picture("chelsea.png")));
    CHECK(tests::relative_error(chelsea.slice(0, 0, 320, 16),
                                generator::to_tensor(*golden.find("chelsea.saliency_rows"))) <
          tests::kTolerances.other_runtime);
    const auto mask = matting.mask_of(coffee);
    const auto want = picture("coffee_mask.png");
    REQUIRE(mask.pixels.size() * 4 == want.pixels.size());
    int furthest = 0;
    std::size_t others = 0;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
        const int distance = std::abs(int(mask.pixels[i]) - int(want.pixels[4 * i]));
        furthest = std::max(furthest, distance);
        others += distance > 0;
    }
    // Saliency is cut off to bytes, so that a last digit of another runtime's may turn one.
    INFO(furthest << " apart at most, " << others << " of " << mask.pixels.size() << " pixels");
    CHECK(furthest <= 1);
    CHECK(others < mask.pixels.size() / 500);
}

TEST_CASE("a picture with a background loses it") {
    const generator::Matting matting("", at::kCPU);
    const auto cut = matting.cut_out(picture("chelsea.png"));
    REQUIRE(cut.has_value());
    CHECK(cut->channels == 4);
    CHECK(cut->pixels[3] < 10);  // the corner is background
    const auto middle = (std::size_t(cut->height / 2) * cut->width + cut->width / 2) * 4 + 3;
    CHECK(cut->pixels[middle] > 245);
}

TEST_CASE("the full size is read from its graph, convolution by convolution") {
    std::ifstream in(kFolder + "/u2net.json");
    const auto golden = boost::json::parse(std::string{std::istreambuf_iterator<char>(in), {}});
    std::string nodes, tensors;
    int index = 0;
    for (const auto& each : golden.at("convolutions").as_array()) {
        const auto size = [&](int i) { return std::uint64_t(each.at(i).as_int64()); };
        const auto name = std::to_string(index++);
        const auto zeros = [](std::uint64_t count) { return std::string(count * 4, '\0'); };
        nodes += tests::onnx::node("Conv", {"x", "w" + name, "b" + name});
        tensors += tests::onnx::tensor("w" + name, {size(1), size(0), size(2), size(2)},
                                       zeros(size(0) * size(1) * size(2) * size(2)));
        tensors += tests::onnx::tensor("b" + name, {size(1)}, zeros(size(1)));
    }
    const auto file = tests::onnx::model(nodes + tensors);
    const auto graph =
        generator::Onnx::parse({std::as_bytes(std::span(file)), nullptr}, "u2net.onnx").value();
    const auto net = generator::U2Net::read(graph, at::kCPU);
    CHECK(net.parameters() == golden.at("parameters"));
    const auto saliency = net.saliency(at::randn({1, 3, 64, 64}));
    CHECK(saliency.sizes() == at::IntArrayRef{1, 1, 64, 64});
    CHECK(saliency.eq(0.5).all().item<bool>());  // of no weights
}

TEST_CASE("weights of another network are refused by name") {
    const auto refusal = [](auto read) {
        try {
            read();
        } catch (const generator::Refused& refused) {
            return refused.error();
        }
        FAIL("not refused");
        return config::Error{};
    };
    const auto dino = tests::project_path("tests/golden/tiny/ckpts");
    CHECK(refusal([&] {
              generator::U2Net::read(tensors(dino, "dinov2_tiny_reg.safetensors"), at::kCPU);
          }).code == Errc::missing_tensor);
    CHECK(refusal([] { generator::Matting("/nowhere/u2net.onnx", at::kCPU); }).code ==
          Errc::missing_file);
    const auto not_onnx = refusal([] { generator::Matting(kFolder + "/coffee.png", at::kCPU); });
    CHECK(not_onnx.code == Errc::bad_checkpoint);
    CHECK_THAT(not_onnx.detail, Catch::Contains("coffee.png"));
}

TEST_CASE("a graph whose second convolution has a single number as its weight is no U2-Net") {
    const std::string one(4, '\0');
    const auto file = tests::onnx::model(
        tests::onnx::node("Conv", {"x", "w", "b"}) + tests::onnx::node("Conv", {"y", "v", "b"}) +
        tests::onnx::tensor("w", {1, 1, 1, 1}, one) + tests::onnx::tensor("v", {}, one) +
        tests::onnx::tensor("b", {1}, one));
    const tests::TemporaryFolder folder;
    const auto path = (folder.path() / "other.onnx").string();
    std::ofstream(path, std::ios::binary) << file;
    try {
        const generator::Matting matting(path, at::kCPU);
        FAIL("not refused");
    } catch (const generator::Refused& refused) {
        CHECK(refused.error().code == Errc::bad_checkpoint);
        CHECK_THAT(refused.error().detail, Catch::Contains("convolution 1: its tensor 'v'"));
    }
}
