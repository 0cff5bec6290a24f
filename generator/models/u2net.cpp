#include "generator/models/u2net.hpp"

#include "generator/weights/refused.hpp"

#include <array>
#include <string>
#include <utility>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr double kBatchNormEps = 1e-5;

// Height 0 is RSU-4F: four stages, dilated by 1, 2, 4, 8 instead of pooled.
struct Stage {
    const char* name;
    std::int64_t height, in, middle, out;
};

constexpr std::array<Stage, 11> kLarge{{{"stage1", 7, 3, 32, 64},
                                        {"stage2", 6, 64, 32, 128},
                                        {"stage3", 5, 128, 64, 256},
                                        {"stage4", 4, 256, 128, 512},
                                        {"stage5", 0, 512, 256, 512},
                                        {"stage6", 0, 512, 256, 512},
                                        {"stage5d", 0, 1024, 256, 512},
                                        {"stage4d", 4, 1024, 128, 256},
                                        {"stage3d", 5, 512, 64, 128},
                                        {"stage2d", 6, 256, 32, 64},
                                        {"stage1d", 7, 128, 16, 64}}};
constexpr std::array<Stage, 11> kSmall{{{"stage1", 7, 3, 16, 64},
                                        {"stage2", 6, 64, 16, 64},
                                        {"stage3", 5, 64, 16, 64},
                                        {"stage4", 4, 64, 16, 64},
                                        {"stage5", 0, 64, 16, 64},
                                        {"stage6", 0, 64, 16, 64},
                                        {"stage5d", 0, 128, 16, 64},
                                        {"stage4d", 4, 128, 16, 64},
                                        {"stage3d", 5, 128, 16, 64},
                                        {"stage2d", 6, 128, 16, 64},
                                        {"stage1d", 7, 128, 16, 64}}};
constexpr std::size_t kDownStages = 6;

at::Tensor halved(const at::Tensor& x) {
    return at::max_pool2d(x, {2, 2}, {2, 2}, {0, 0}, {1, 1}, /*ceil_mode=*/true);
}

at::Tensor resized_like(const at::Tensor& x, const at::Tensor& y) {
    return at::upsample_bilinear2d(x, y.sizes().slice(2), /*align_corners=*/false);
}

at::Tensor relu_of(const U2Net::Convolution& convolution, const at::Tensor& x) {
    auto y = convolution(x);
    return y.relu_();
}

}  // namespace

// Where weights come from, asked in the order of the forward pass.
class U2Net::Source {
public:
    virtual ~Source() = default;

    // The channels that tell the two sizes apart: out of the second convolution.
    virtual std::int64_t middle_of_first_stage() const = 0;
    // `name` is the module's; with `norm` it is a convolution and a batch norm.
    virtual Convolution take(const std::string& name, std::int64_t in, std::int64_t out,
                             std::int64_t kernel, bool norm) = 0;

    Convolution dilated(const std::string& name, std::int64_t in, std::int64_t out,
                        std::int64_t dilation) {
        auto convolution = take(name, in, out, 3, true);
        convolution.dilation = dilation;
        return convolution;
    }

    Block block(const Stage& stage) {
        const bool pools = stage.height > 0;
        const auto height = pools ? stage.height : 4;
        const std::string at = std::string(stage.name) + ".rebnconv";
        Block block{.pools = pools, .in = dilated(at + "in", stage.in, stage.out, 1)};
        const auto dilation = [&](std::int64_t level) {
            if (!pools) return std::int64_t(1) << (level - 1);
            return std::int64_t(level == height ? 2 : 1);
        };
        for (std::int64_t i = 1; i <= height; ++i)
            block.down.push_back(dilated(at + std::to_string(i), i == 1 ? stage.out : stage.middle,
                                         stage.middle, dilation(i)));
        for (std::int64_t i = height - 1; i >= 1; --i)
            block.up.push_back(dilated(at + std::to_string(i) + "d", 2 * stage.middle,
                                       i == 1 ? stage.out : stage.middle, pools ? 1 : dilation(i)));
        return block;
    }
};

class U2Net::StateDict final : public Source {
public:
    StateDict(Safetensors file, at::Device device)
        : bundle_(std::move(file), device, at::kFloat), scope_(bundle_) {}

    static std::int64_t middle(const Safetensors& file) {
        const auto* second = file.find("stage1.rebnconv1.conv_s1.weight");
        if (!second || second->shape.empty())
            refuse(Errc::missing_tensor,
                   file.file() + ": stage1.rebnconv1.conv_s1.weight: no U2-Net");
        return second->shape[0];
    }
    void set_middle(std::int64_t middle) { middle_ = middle; }
    std::int64_t middle_of_first_stage() const override { return middle_; }

    Convolution take(const std::string& name, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, bool norm) override {
        const auto at = norm ? scope_ / name / "conv_s1" : scope_ / name;
        Convolution convolution{at.take("weight", {out, in, kernel, kernel}),
                                at.take("bias", {out})};
        if (!norm) return convolution;
        const auto bn = scope_ / name / "bn_s1";
        const auto factor =
            bn.take("weight", {out}) / at::sqrt(bn.take("running_var", {out}) + kBatchNormEps);
        convolution.weight = convolution.weight * factor.view({-1, 1, 1, 1});
        convolution.bias =
            (convolution.bias - bn.take("running_mean", {out})) * factor + bn.take("bias", {out});
        return convolution;
    }

    void expect_all_taken() const { bundle_.expect_all_taken(); }

private:
    Bundle bundle_;
    Scope scope_;
    std::int64_t middle_ = 0;
};

class U2Net::Graph final : public Source {
public:
    Graph(const Onnx& file, at::Device device) : file_(file), device_(device) {}

    std::int64_t middle_of_first_stage() const override {
        const auto& convolutions = file_.convolutions();
        if (convolutions.size() < 2) refuse(Errc::bad_checkpoint, file_.file() + ": no U2-Net");
        return convolutions[1].weight.shape.front();
    }

    Convolution take(const std::string& name, std::int64_t in, std::int64_t out,
                     std::int64_t kernel, bool) override {
        if (next_ == file_.convolutions().size())
            refuse(Errc::missing_tensor, file_.file() + ": ends before " + name);
        const auto& convolution = file_.convolutions()[next_++];
        const std::vector<std::int64_t> shape{out, in, kernel, kernel};
        if (convolution.weight.shape != shape || convolution.bias.shape != std::vector{out})
            refuse(Errc::misshapen_tensor, file_.file() + ": '" + convolution.weight_name +
                                               "', which should be " + name +
                                               ", has another shape: no U2-Net");
        return {to_tensor(convolution.weight).to(device_), to_tensor(convolution.bias).to(device_)};
    }

    void expect_all_taken() const {
        if (next_ < file_.convolutions().size())
            refuse(Errc::extra_tensor, file_.file() + ": '" +
                                           file_.convolutions()[next_].weight_name +
                                           "' is more than a U2-Net has");
    }

private:
    const Onnx& file_;
    at::Device device_;
    std::size_t next_ = 0;
};

U2Net::U2Net(Source& source) {
    const bool small = source.middle_of_first_stage() == kSmall[0].middle;
    const auto& stages = small ? kSmall : kLarge;
    for (std::size_t i = 0; i < stages.size(); ++i)
        (i < kDownStages ? down_ : up_).push_back(source.block(stages[i]));
    // side1 to side5 look at stage1d to stage5d, side6 at stage6.
    for (std::size_t i = 1; i <= kDownStages; ++i) {
        const auto& stage = i == kDownStages ? stages[kDownStages - 1] : stages[stages.size() - i];
        sides_.push_back(source.take("side" + std::to_string(i), stage.out, 1, 3, false));
    }
    out_ = source.take("outconv", std::int64_t(kDownStages), 1, 1, false);
    const auto count = [&](const Convolution& each) {
        parameters_ += each.weight.numel() + each.bias.numel();
    };
    for (const auto* blocks : {&down_, &up_})
        for (const auto& block : *blocks) {
            count(block.in);
            for (const auto& each : block.down) count(each);
            for (const auto& each : block.up) count(each);
        }
    for (const auto& side : sides_) count(side);
    count(out_);
}

U2Net U2Net::read(Safetensors file, at::Device device) {
    const auto middle = StateDict::middle(file);
    StateDict source(std::move(file), device);
    source.set_middle(middle);
    U2Net net(source);
    source.expect_all_taken();
    return net;
}

U2Net U2Net::read(const Onnx& file, at::Device device) {
    Graph source(file, device);
    U2Net net(source);
    source.expect_all_taken();
    return net;
}

at::Tensor U2Net::Convolution::operator()(const at::Tensor& x) const {
    const auto padding = dilation * (weight.size(2) / 2);
    return at::conv2d(x, weight, bias, /*stride=*/{1, 1}, {padding, padding}, {dilation, dilation});
}

at::Tensor U2Net::Block::operator()(const at::Tensor& x) const {
    const auto x_in = relu_of(in, x);
    std::vector<at::Tensor> levels;
    auto h = x_in;
    for (std::size_t i = 0; i < down.size(); ++i) {
        const bool bottom = i + 1 == down.size();
        h = relu_of(down[i], i == 0 || bottom || !pools ? h : halved(h));
        if (!bottom) levels.push_back(h);
    }
    for (const auto& convolution : up) {
        const auto beside = std::move(levels.back());
        levels.pop_back();
        if (h.sizes().slice(2) != beside.sizes().slice(2)) h = resized_like(h, beside);
        h = relu_of(convolution, at::cat({h, beside}, 1));
    }
    return h + x_in;
}

at::Tensor U2Net::saliency(const at::Tensor& x) const {
    std::vector<at::Tensor> levels;
    auto h = x;
    for (std::size_t i = 0; i < down_.size(); ++i) {
        h = down_[i](i == 0 ? h : halved(h));
        levels.push_back(h);
    }
    std::vector<at::Tensor> outs{h};  // coarse to fine
    for (std::size_t i = 0; i < up_.size(); ++i) {
        const auto& beside = levels[levels.size() - 2 - i];
        h = up_[i](at::cat({resized_like(h, beside), beside}, 1));
        outs.push_back(h);
    }
    std::vector<at::Tensor> sides;
    for (std::size_t i = 0; i < sides_.size(); ++i) {
        const auto side = sides_[i](outs[outs.size() - 1 - i]);
        sides.push_back(i == 0 ? side : resized_like(side, sides.front()));
    }
    return at::sigmoid(out_(at::cat(sides, 1)));
}

}  // namespace generator
