#include "generator/weights/onnx.hpp"

#include "generator/errc.hpp"
#include "tests/generator/weights/onnx_file.hpp"
#include "tests/support/catch.hpp"

#include <cstring>
#include <random>

using generator::Onnx;
using namespace tests::onnx;

namespace {

std::string floats(std::initializer_list<float> values) {
    std::string out(values.size() * 4, '\0');
    std::memcpy(out.data(), values.begin(), out.size());
    return out;
}

config::Result<Onnx> parse(const std::string& text) {
    return Onnx::parse({std::as_bytes(std::span(text)), nullptr}, "u2net.onnx");
}

std::string refusal(const std::string& text) {
    const auto onnx = parse(text);
    REQUIRE(onnx.has_error());
    CHECK(onnx.error().code == generator::Errc::bad_checkpoint);
    CHECK_THAT(onnx.error().detail, Catch::Contains("u2net.onnx"));
    return onnx.error().detail;
}

const std::string kGood =
    node("Conv", {"x", "w", "b"}) + node("Relu", {"y"}) + node("Conv", {"y", "w2", "b2"}) +
    tensor("w", {1, 2, 1, 1}, floats({1, 2})) + tensor("b", {1}, floats({3})) +
    tensor("w2", {2, 1, 1, 1}, floats({4, 5}), true) + tensor("b2", {2}, floats({6, 7}), true);

}  // namespace

TEST_CASE("convolutions come in the order of the graph with their weights") {
    const auto text = model(kGood);
    const auto onnx = parse(text).value();
    REQUIRE(onnx.convolutions().size() == 2);
    const auto& second = onnx.convolutions()[1];
    CHECK(second.weight_name == "w2");
    CHECK(second.weight.shape == std::vector<std::int64_t>{2, 1, 1, 1});
    float bias[2];
    REQUIRE(second.bias.data.size() == sizeof bias);
    std::memcpy(bias, second.bias.data.data(), sizeof bias);
    CHECK(bias[1] == 7);
}

TEST_CASE("a file that was cut anywhere is refused or holds what came before, never more") {
    const auto whole = model(kGood);
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK(parse(whole.substr(0, size)).has_error());
}

TEST_CASE("what is no graph of convolutions says why") {
    using Catch::Contains;
    CHECK_THAT(refusal(""), Contains("no graph"));
    CHECK_THAT(refusal("PNG and so on"), Contains("no ONNX"));
    CHECK_THAT(refusal(model(node("Conv", {"x", "w"}))), Contains("no weight and bias"));
    CHECK_THAT(refusal(model(node("Conv", {"x", "w", "b"}))), Contains("'w' is not in the file"));
    const auto with = [](const std::string& w) {
        return model(node("Conv", {"x", "w", "b"}) + w + tensor("b", {1}, floats({3})));
    };
    CHECK_THAT(refusal(with(tensor("w", {1, 2, 1, 1}, floats({1})))), Contains("'w' is no fp32"));
    CHECK_THAT(refusal(with(tensor("w", {1, 1, 1, 1}, floats({1}), false, 10))),
               Contains("'w' is no fp32"));
    CHECK_THAT(refusal(with(tensor("w", {0, 1}, ""))), Contains("'w' is no fp32"));
    // 2^32 * 2^32 * 2^32 * 2^32 elements wrap around to none.
    const std::uint64_t huge = std::uint64_t(1) << 32;
    CHECK_THAT(refusal(with(tensor("w", {huge, huge, huge, huge}, ""))),
               Contains("'w' is no fp32"));
    CHECK_THAT(refusal(with(bytes(5, std::string(40, '\x08')))), Contains("damaged"));
}

TEST_CASE("a convolution over anything but pictures is refused by its tensor and its dimensions") {
    using Catch::Contains;
    const auto with = [](const std::string& w, const std::string& b) {
        return refusal(model(node("Conv", {"x", "w", "b"}) + w + b));
    };
    const auto bias = tensor("b", {1}, floats({3}));
    // One number is what a shape without sides comes to.
    CHECK_THAT(with(tensor("w", {}, floats({1})), bias), Contains("'w' has 0 dimensions, not 4"));
    CHECK_THAT(with(tensor("w", {1, 2, 1}, floats({1, 2})), bias),
               Contains("'w' has 3 dimensions, not 4"));
    CHECK_THAT(with(tensor("w", {1, 1, 1, 1, 1}, floats({1})), bias),
               Contains("'w' has 5 dimensions, not 4"));
    CHECK_THAT(with(tensor("w", {1, 1, 1, 1}, floats({1})), tensor("b", {}, floats({3}))),
               Contains("'b' has 0 dimensions, not 1"));
}

TEST_CASE("random bytes do no harm") {
    std::mt19937 random(3);
    const auto whole = model(kGood);
    for (int i = 0; i < 20'000; ++i) {
        auto text = whole;
        for (int k = 0; k < 3; ++k) text[random() % text.size()] = char(random());
        const auto onnx = parse(text);
        if (!onnx) continue;
        for (const auto& each : onnx->convolutions()) {
            std::int64_t elements = 1;
            for (const auto side : each.weight.shape) elements *= side;
            REQUIRE(std::int64_t(each.weight.data.size()) == 4 * elements);
        }
    }
}
