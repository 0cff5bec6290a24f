#include "generator/models/config.hpp"

namespace generator {

std::int64_t read_heads(const Args& args, std::int64_t channels) {
    if (!args.has("num_heads")) {
        const auto each = args.integer_or("num_head_channels", 64, 1, channels);
        if (channels % each != 0)
            args.refuse_key("num_head_channels", "does not divide 'model_channels'");
        return channels / each;
    }
    const auto heads = args.integer("num_heads", 1, channels);
    if (channels % heads != 0) args.refuse_key("num_heads", "does not divide 'model_channels'");
    return heads;
}

BlockSize read_dit_block(const Args& args) {
    args.expect("pe_mode", {"ape"});
    args.expect("share_mod", false);
    BlockSize size{};
    size.channels = args.integer("model_channels", 1, 8192);
    size.condition_channels = args.integer("cond_channels", 1, 8192);
    size.heads = read_heads(args, size.channels);
    size.mlp_ratio = args.number_or("mlp_ratio", 4, 0.01, 64);
    size.qk_norm = args.flag_or("qk_rms_norm", false);
    size.qk_norm_cross = args.flag_or("qk_rms_norm_cross", false);
    return size;
}

}  // namespace generator
