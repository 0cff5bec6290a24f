"""The embedded model's sizes, and faster forms of reference/trellis.py's networks for training: same parameters, gradients
through gathers, objects of a batch side by side in one padded tensor."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

import trellis

COND, LATENT = 192, 8
CONFIG = {
    "ss_flow": ("SparseStructureFlowModel", dict(
        resolution=16, in_channels=LATENT, out_channels=LATENT, model_channels=256, cond_channels=COND, num_blocks=6, num_heads=4,
        mlp_ratio=4, patch_size=2, pe_mode="ape", qk_rms_norm=True, use_fp16=False)),
    "ss_dec": ("SparseStructureDecoder", dict(
        out_channels=1, latent_channels=LATENT, num_res_blocks=1, num_res_blocks_middle=1, channels=[64, 16, 8], use_fp16=False)),
    "slat_flow": ("SLatFlowModel", dict(
        resolution=64, in_channels=8, out_channels=8, model_channels=128, cond_channels=COND, num_blocks=5, num_heads=2, mlp_ratio=4,
        patch_size=2, num_io_res_blocks=2, io_block_channels=[32], pe_mode="ape", qk_rms_norm=True, use_fp16=False)),
    "slat_dec_gs": ("SLatGaussianDecoder", dict(
        resolution=64, model_channels=96, latent_channels=8, num_blocks=2, num_heads=3, mlp_ratio=4, attn_mode="swin", window_size=8,
        use_fp16=False, representation_config={
            "lr": {"_xyz": 1.0, "_features_dc": 1.0, "_opacity": 1.0, "_scaling": 1.0, "_rotation": 0.1}, "perturb_offset": True,
            "voxel_size": 1.5, "num_gaussians": 32, "2d_filter_kernel_size": 0.1, "3d_filter_kernel_size": 9e-4,
            "scaling_bias": 4e-3, "opacity_bias": 0.1, "scaling_activation": "softplus"})),
}
VIT = dict(embed_dim=COND, depth=6, num_heads=3, img_size=224, patch_size=14, mlp_ratio=4, num_register_tokens=4)
TEXT = dict(hidden_size=COND, intermediate_size=4 * COND, num_hidden_layers=3, num_attention_heads=3, max_position_embeddings=77,
            hidden_act="quick_gelu")


def new(name):
    return trellis.CLASSES[CONFIG[name][0]](**CONFIG[name][1])


def new_flow(name):
    """With gates and output of zero (adaLN-zero)."""
    flow = new(name)
    for layer in [b.adaLN_modulation[1] for b in flow.blocks] + [flow.out_layer]:
        nn.init.zeros_(layer.weight), nn.init.zeros_(layer.bias)
    return flow


@torch.no_grad()
def new_vit():
    """With sines of the patch position: learned from noise of 0.02 they take hundreds of steps to matter."""
    vit = trellis.DinoV2(**VIT)
    c, side = vit.pos_embed.shape[2], math.isqrt(vit.pos_embed.shape[1] - 1)
    a = (torch.arange(side) + .5)[:, None] / side * (math.pi * 2 ** torch.linspace(-1, 2.6, c // 4))
    e = torch.cat([a.sin(), a.cos()], 1)
    vit.pos_embed[0, 1:] = torch.cat([e[:, None].expand(-1, side, -1), e[None].expand(side, -1, -1)], 2).flatten(0, 1)
    nn.init.normal_(vit.cls_token, std=.5), nn.init.normal_(vit.register_tokens, std=.5)
    return vit


def new_text(vocabulary):
    text = trellis.ClipText(vocab_size=vocabulary, **TEXT)
    for p in text.text_model["embeddings"].parameters():
        nn.init.normal_(p, std=.05)
    return text


# ------------------------------------------------------------------------------------------------ the transformer of both flows

def rms(x, norm):
    """trellis.MultiHeadRMSNorm in the type of x."""
    r = x.float().square().mean(-1, keepdim=True).clamp_min(1e-20).rsqrt()
    return (x * r * norm.gamma).to(x.dtype)


def modulate(h, shift, scale):
    return torch.addcmul(shift, F.layer_norm(h, h.shape[-1:], eps=1e-6), 1 + scale)


def dit_block(b, h, e, ctx, mask):
    """trellis.DiTBlock on h [B, L, C] fp32; e [B, C], ctx [B, Lc, Cc], mask [B, 1, 1, L] added to self-attention or None."""
    heads = lambda t: t.unflatten(-1, (b.self_attn.heads, -1)).transpose(1, 2)
    shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = b.adaLN_modulation(e).float()[:, None].chunk(6, 2)
    q, k, v = b.self_attn.to_qkv(modulate(h, shift_a, scale_a)).unflatten(-1, (3, b.self_attn.heads, -1)).unbind(-3)
    q, k = rms(q, b.self_attn.q_rms_norm), rms(k, b.self_attn.k_rms_norm)
    mask = None if mask is None else mask.to(q.dtype).expand(-1, 1, q.shape[1], -1)
    o = F.scaled_dot_product_attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), attn_mask=mask)
    h = torch.addcmul(h, gate_a, b.self_attn.to_out(o.transpose(1, 2).flatten(-2)).float())
    k, v = b.cross_attn.to_kv(ctx).chunk(2, -1)
    o = F.scaled_dot_product_attention(heads(b.cross_attn.to_q(b.norm2(h))), heads(k), heads(v))
    h = h + b.cross_attn.to_out(o.transpose(1, 2).flatten(-2)).float()
    return torch.addcmul(h, gate_m, b.mlp(modulate(h, shift_m, scale_m)).float())


def structure_flow(m, x, t, ctx, block=dit_block):
    B, C, R, p = x.shape[0], x.shape[1], m.res, m.p
    g = R // p
    h = x.reshape(B, C, g, p, g, p, g, p).permute(0, 2, 4, 6, 1, 3, 5, 7).reshape(B, g ** 3, C * p ** 3)
    h, e = m.input_layer(h).float() + m.pos_emb, m.t_embedder(t)
    for b in m.blocks:
        h = block(b, h, e, ctx, None)
    h = m.out_layer(F.layer_norm(h, h.shape[-1:], eps=1e-5)).float()
    return h.reshape(B, g, g, g, m.out_channels, p, p, p).permute(0, 4, 1, 5, 2, 6, 3, 7).reshape(B, m.out_channels, R, R, R)


# ------------------------------------------------------------------------------------------------ sparse

class SparseConv(torch.autograd.Function):
    """Submanifold convolution; the neighbour relation is symmetric, so the backward pass gathers as well. Under autocast in
    its type."""

    @staticmethod
    def forward(ctx, x, weight, bias, table):
        device = x.device.type
        dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else torch.float32
        x, w = x.to(dtype), weight.flatten(1, 3).to(dtype)                     # [out, 27, in]
        ctx.save_for_backward(x, w, table)
        return gather(x, table).flatten(1) @ w.flatten(1).t() + bias.to(dtype)

    @staticmethod
    def backward(ctx, g):
        x, w, table = ctx.saved_tensors
        g = g.to(x.dtype)
        gx = gather(g, table.flip(1)).flatten(1) @ w.permute(1, 0, 2).flatten(0, 1)
        gw = (g.t() @ gather(x, table).flatten(1)).view(w.shape)
        return gx, gw.float().reshape(w.shape[0], 3, 3, 3, -1), g.sum(0, dtype=torch.float32), None


class Gather(torch.autograd.Function):
    """rows[index]; the rows of the gradient are summed in fp32."""

    @staticmethod
    def forward(ctx, x, index):
        ctx.save_for_backward(index)
        ctx.n = len(x)
        return x.index_select(0, index)

    @staticmethod
    def backward(ctx, g):
        total = torch.zeros(ctx.n, *g.shape[1:], dtype=torch.float32, device=g.device)
        return total.index_add_(0, ctx.saved_tensors[0], g.float()).to(g.dtype), None


def gather(x, table):
    return F.pad(x, (0, 0, 0, 1)).index_select(0, table.reshape(-1)).view(*table.shape, -1)


def sparse_conv(layer, x, feats):
    return SparseConv.apply(feats, layer.conv.weight, layer.conv.bias, trellis.neighbours(x))


def coarsen(x):
    """As trellis.downsample, by one-dimensional keys and kept in x's cache: (coarse Sparse, each voxel's row there)."""
    if "coarse" not in x.cache:
        c, p = x.coords, x.coords[:, 1:] // 2
        key, index = torch.unique(((c[:, 0] * 64 + p[:, 0]) * 64 + p[:, 1]) * 64 + p[:, 2], return_inverse=True)
        coords = torch.stack([key // 64 ** 3, key // 4096 % 64, key // 64 % 64, key % 64], 1)
        x.cache["coarse"] = trellis.Sparse.of(coords, x.feats), index, torch.bincount(index).float()[:, None]
    return x.cache["coarse"]


def res_block(b, x, feats, e):
    """trellis.SparseResBlock -> (shape of the result, features)."""
    if b.down:
        y, index, count = coarsen(x)
        feats = feats.new_zeros(len(count), feats.shape[1], dtype=torch.float32).index_add(0, index, feats.float()) / (count + 1)
        y.cache["fine"], x = x, y
    elif b.up:
        x = x.cache["fine"]
        feats = Gather.apply(feats, coarsen(x)[1])
    # By a product, since the gradient of s[index] adds thousands of rows to the same one, one after the other.
    belongs = F.one_hot(x.coords[:, 0], len(e)).float()
    scale, shift = (belongs @ s for s in b.emb_layers(e).float().chunk(2, 1))
    h = sparse_conv(b.conv1, x, F.silu(b.norm1(feats)))
    h = sparse_conv(b.conv2, x, F.silu(modulate(h.float(), shift, scale)))
    return x, h + b.skip_connection(feats)


def latent_flow(m, x, t, ctx):
    """trellis.SLatFlow on a batch of objects -> [N, out] fp32."""
    h, e, skips = m.input_layer(x.feats), m.t_embedder(t), []
    for b in m.input_blocks:
        x, h = res_block(b, x, h, e)
        skips.append(h)
    h = h.float() + trellis.position_embedding(x.coords[:, 1:], m.channels)
    n = torch.tensor(x.lengths, device=h.device)
    width = -(-max(x.lengths) // 64) * 64
    place = x.coords[:, 0] * width + torch.arange(len(h), device=h.device) - (n.cumsum(0) - n)[x.coords[:, 0]]
    rows = torch.zeros(len(n) * width, h.shape[1], device=h.device).index_copy(0, place, h).view(len(n), width, -1)
    mask = torch.where(torch.arange(width, device=h.device) < n[:, None], 0., -1e4)[:, None, None]
    for b in m.blocks:
        rows = dit_block(b, rows, e, ctx, mask)
    h = rows.flatten(0, 1).index_select(0, place)
    for b, skip in zip(m.out_blocks, reversed(skips)):
        x, h = res_block(b, x, torch.cat([h.to(skip.dtype), skip], 1), e)
    return m.out_layer(F.layer_norm(h.float(), h.shape[-1:], eps=1e-5)).float()


# ------------------------------------------------------------------------------------------------ decoders

def window_table(x, size, shift):
    """int64 [windows, most]: rows of each window, N where shorter; and each voxel's place in that table."""
    c, w = x.coords, (x.coords[:, 1:] + shift) // size
    _, index = torch.unique(((c[:, 0] * 64 + w[:, 0]) * 64 + w[:, 1]) * 64 + w[:, 2], return_inverse=True)
    order, n = torch.argsort(index, stable=True), torch.bincount(index)
    slot, most, count = torch.empty_like(order), int(n.max()), torch.arange(len(c), device=c.device)
    slot[order] = count - (n.cumsum(0) - n)[index[order]]
    place = index * most + slot
    table = torch.full((len(n) * most,), len(c), device=c.device)
    table[place] = count
    return table.view(len(n), -1), place


def gaussian_hidden(m, x):
    """trellis.GaussianDecoder.features before its last norm and projection."""
    h = (m.input_layer(x.feats) + trellis.position_embedding(x.coords[:, 1:], m.channels)).float()
    tables = [window_table(x, m.window, m.window // 2 * s) for s in (0, 1)]
    for i, b in enumerate(m.blocks):
        table, place = tables[i % 2]
        H, C = b.attn.heads, h.shape[1]
        qkv = b.attn.to_qkv(F.layer_norm(h, (C,), eps=1e-6))
        qkv = qkv.new_zeros(table.numel(), 3 * C).index_copy(0, place, qkv)
        q, k, v = qkv.view(*table.shape, 3, H, C // H).permute(2, 0, 3, 1, 4)
        mask = torch.where(table < len(h), 0., -1e4)[:, None, None].to(q.dtype).expand(-1, 1, table.shape[1], -1)
        o = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        h = h + b.attn.to_out(o.transpose(1, 2).reshape(-1, C).index_select(0, place)).float()
        h = h + b.mlp(F.layer_norm(h, (C,), eps=1e-6)).float()
    return h
