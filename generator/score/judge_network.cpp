#include "generator/score/judge_network.hpp"

#include <cmath>
#include <string>

#include <ATen/ATen.h>

namespace generator {
namespace {

constexpr std::int64_t kFrame = 5;  // numbers of JudgedPicture::frame
constexpr double kEps = 1e-6;

at::Tensor by_heads(const at::Tensor& embedding, std::int64_t heads) {
    const auto parts = embedding.unflatten(-1, {heads, -1});
    return parts / parts.norm(2, {-1}, /*keepdim=*/true).clamp_min(kEps);
}

}  // namespace

JudgeNetwork::Config JudgeNetwork::Config::read(const Args& args) {
    Config c{};
    c.channels = args.integer("channels", 1, 8192);
    c.registers = args.integer("registers", 1, 256);
    c.text_channels = args.integer("text_channels", 1, 8192);
    c.queries = args.integer("queries", 1, 64);
    c.width = args.integer("width", 1, 8192);
    c.heads = args.integer("heads", 1, 256);
    c.quality_width = args.integer("quality_width", 1, 8192);
    c.match_width = args.integer("match_width", 1, 8192);
    c.step = int(args.integer("step", 1, 14));
    c.side = int(args.integer("side", 16, 2048));
    if (c.width % c.heads != 0) args.refuse_key("heads", "does not divide the width");
    return c;
}

JudgeNetwork::JudgeNetwork(const Config& c, Bundle& bundle)
    : registers_(c.registers),
      heads_(c.heads),
      queries_(bundle.take("queries", {c.queries, c.channels}, bundle.dtype())),
      embedding_(bundle.take("embedding", {c.views(), c.width}, bundle.dtype())),
      look_(Scope(bundle) / "look", (4 + c.queries) * c.channels, c.width),
      frame_(Scope(bundle) / "frame", kFrame, c.width),
      view_(Scope(bundle) / "view", c.width, c.width),
      picture_(Scope(bundle) / "picture", c.width, c.width),
      words1_(Scope(bundle) / "words1", 3 * c.text_channels, c.width),
      words2_(Scope(bundle) / "words2", c.width, c.width),
      quality1_(Scope(bundle) / "quality1", 2 * c.width, c.quality_width),
      quality2_(Scope(bundle) / "quality2", c.quality_width, 1),
      match1_(Scope(bundle) / "match1", c.views() * c.heads + 3 * c.width, c.match_width),
      match2_(Scope(bundle) / "match2", c.match_width, 1),
      total_(Scope(bundle) / "total", 2, 1) {}

at::Tensor JudgeNetwork::pool(const at::Tensor& tokens) const {
    const auto registers = tokens.narrow(1, 1, registers_);
    const auto patches = tokens.narrow(1, 1 + registers_, tokens.size(1) - 1 - registers_);
    const auto scores =
        at::linear(patches, queries_) / std::sqrt(double(tokens.size(2)));  // [B, P, Q]
    const auto gathered = at::bmm(scores.softmax(1).transpose(1, 2), patches);
    return at::cat({tokens.select(1, 0), registers.mean(1), patches.mean(1), patches.amax(1),
                    gathered.flatten(1)},
                   1);
}

at::Tensor JudgeNetwork::picture(const at::Tensor& pooled) const {
    return picture_(at::gelu(look_(pooled)));
}

at::Tensor JudgeNetwork::words(const at::Tensor& tokens) const {
    const auto pooled =
        at::cat({tokens.mean(1), tokens.amax(1), tokens.select(1, tokens.size(1) - 1)}, 1);
    return words2_(at::gelu(words1_(pooled)));
}

JudgeNetwork::Verdict JudgeNetwork::judge(const at::Tensor& pooled, const at::Tensor& frames,
                                          const at::Tensor& asked) const {
    const auto seen = at::gelu(look_(pooled) + frame_(frames) + embedding_);  // [V, W]
    const auto all = seen.mean(0, /*keepdim=*/true).expand_as(seen);
    Verdict verdict;
    verdict.quality_of_view = quality2_(at::gelu(quality1_(at::cat({seen, all}, 1)))).flatten();

    const auto views = by_heads(view_(seen), heads_);  // [V, H, W / H]
    const auto condition = by_heads(asked, heads_);    // [1, H, W / H]
    const auto cosines = (views * condition).sum(-1);  // [V, H]
    const auto mean = views.mean(0).flatten(), wanted = condition.flatten();
    verdict.cosine_of_view = cosines.mean(1);
    verdict.match =
        match2_(at::gelu(match1_(
                    at::cat({cosines.flatten(), wanted, mean, wanted * mean}).unsqueeze(0))))
            .flatten();
    verdict.total =
        total_(at::cat({verdict.quality_of_view.mean().view({1}), verdict.match}).unsqueeze(0))
            .flatten();
    return verdict;
}

}  // namespace generator
