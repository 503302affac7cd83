"""The networks of a Wan model and a tiny decoder for its latents, with the tensor names of the official checkpoints.

* ``TextEncoder``  umT5 encoder            (Wan-Video/Wan2.1: wan/modules/t5.py, T5Encoder)
* ``Vae``          causal video autoencoder (Wan-Video/Wan2.1: wan/modules/vae.py, WanVAE_)
* ``TinyDecoder``  latents to frames        (madebyollin/taehv: taehv.py, TAEHV)
* ``Transformer``  diffusion transformer    (Wan-Video/Wan2.2: wan/modules/model.py, WanModel)

Every one computes on whole batches of clips of one size, which is what training needs. The official VAE works on
one frame, then on four frames at a time, with caches between; ``Vae`` gives the same numbers in one pass, because a
causal convolution with zeros in front is what those caches amount to (``check_parity.py`` holds it to that).
Weights stay in fp32; training runs the forward pass under bf16 autocast, with fp32 islands where ``.float()`` says so.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F


class GeluFunction(torch.autograd.Function):
    """GELU by tanh, as x * sigmoid(u): three times as fast here as torch's own, forward and back."""

    A, B = 2 * math.sqrt(2 / math.pi), 2 * math.sqrt(2 / math.pi) * 0.044715

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        wide = x.float()
        return (wide.square().mul_(GeluFunction.B).add_(GeluFunction.A).mul_(wide).sigmoid_().mul_(wide)).type_as(x)

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0].float()
        square = x.square()
        s = (square * GeluFunction.B).add_(GeluFunction.A).mul_(x).sigmoid_()
        slope = square.mul_(3 * GeluFunction.B).add_(GeluFunction.A).mul_(x).mul_(1 - s).add_(1).mul_(s)
        return slope.mul_(grad).type_as(grad)


class Gelu(nn.Module):

    def forward(self, x):
        return GeluFunction.apply(x)


# ----------------------------------------------------------------------------------------------- text encoder


class T5Norm(nn.Module):
    """RMS norm without mean or bias."""

    def __init__(self, dim, eps=1e-6):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.float().pow(2).mean(-1, keepdim=True) + self.eps)


class RelativePosition(nn.Module):
    """A bias per head for each bucket of distances: exact when near, logarithmic when far."""

    def __init__(self, num_buckets, num_heads, max_distance=128):
        super().__init__()
        self.num_buckets = num_buckets
        self.max_distance = max_distance
        self.embedding = nn.Embedding(num_buckets, num_heads)

    def buckets(self, length):
        position = torch.arange(length)
        offset = position[None, :] - position[:, None]  # [query, key]
        half = self.num_buckets // 2
        exact = half // 2
        distance = offset.abs()
        far = exact + (torch.log(distance.clamp_min(1).float() / exact) / math.log(self.max_distance / exact)
                       * (half - exact)).long()
        far = far.clamp_max(half - 1)
        return (offset > 0).long() * half + torch.where(distance < exact, distance, far)

    def forward(self, length):
        return self.embedding(self.buckets(length)).permute(2, 0, 1)[None]  # [1, heads, query, key]


class T5Attention(nn.Module):

    def __init__(self, dim, dim_attn, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(dim, dim_attn, bias=False)
        self.k = nn.Linear(dim, dim_attn, bias=False)
        self.v = nn.Linear(dim, dim_attn, bias=False)
        self.o = nn.Linear(dim_attn, dim, bias=False)

    def forward(self, x, bias):
        def heads(y):
            return y.unflatten(2, (self.num_heads, -1)).transpose(1, 2)  # [batch, heads, tokens, head_dim]

        q, k, v = heads(self.q(x)), heads(self.k(x)), heads(self.v(x))
        scores = q @ k.transpose(2, 3) + bias  # T5 does not scale by head_dim ** -0.5
        y = scores.float().softmax(-1).type_as(v) @ v
        return self.o(y.transpose(1, 2).flatten(2))  # [batch, tokens, dim]


class T5FeedForward(nn.Module):

    def __init__(self, dim, dim_ffn):
        super().__init__()
        self.gate = nn.Sequential(nn.Linear(dim, dim_ffn, bias=False), Gelu())
        self.fc1 = nn.Linear(dim, dim_ffn, bias=False)
        self.fc2 = nn.Linear(dim_ffn, dim, bias=False)

    def forward(self, x):
        return self.fc2(self.fc1(x) * self.gate(x))


class T5Block(nn.Module):

    def __init__(self, dim, dim_attn, dim_ffn, num_heads, num_buckets):
        super().__init__()
        self.norm1 = T5Norm(dim)
        self.attn = T5Attention(dim, dim_attn, num_heads)
        self.norm2 = T5Norm(dim)
        self.ffn = T5FeedForward(dim, dim_ffn)
        self.pos_embedding = RelativePosition(num_buckets, num_heads)  # umT5: a table for each block

    def forward(self, x, mask_bias):
        x = x + self.attn(self.norm1(x), self.pos_embedding(x.size(1)) + mask_bias)
        return x + self.ffn(self.norm2(x))


class TextEncoder(nn.Module):

    def __init__(self, vocab, dim, dim_attn, dim_ffn, num_heads, num_layers, num_buckets, shared_pos=False):
        super().__init__()
        if shared_pos:
            raise ValueError('umT5 has a position table in every block: shared_pos must be false')
        self.token_embedding = nn.Embedding(vocab, dim)
        self.blocks = nn.ModuleList(
            [T5Block(dim, dim_attn, dim_ffn, num_heads, num_buckets) for _ in range(num_layers)])
        self.norm = T5Norm(dim)
        for name, weight in self.named_parameters():
            if name.endswith(('.attn.q.weight',)):
                nn.init.normal_(weight, std=(dim * dim_attn / num_heads) ** -0.5)
            elif weight.dim() == 2 and 'embedding' not in name:
                nn.init.normal_(weight, std=weight.size(1) ** -0.5)
            elif 'pos_embedding' in name:
                nn.init.normal_(weight, std=0.1)

    def forward(self, ids, mask):
        """ids, mask (1 = token): [batch, tokens] -> [batch, tokens, dim], zero where the mask is 0."""
        mask_bias = torch.zeros(mask.shape).masked_fill_(mask == 0, torch.finfo(torch.float32).min)[:, None, None]
        x = self.token_embedding(ids)
        for block in self.blocks:
            x = block(x, mask_bias)
        return self.norm(x) * mask[..., None]


# --------------------------------------------------------------------------------------------------------- VAE


class CausalConv3d(nn.Conv3d):
    """A 3D convolution that sees only the present and the past: zeros stand before the first frame."""

    def __init__(self, in_dim, out_dim, kernel):
        super().__init__(in_dim, out_dim, kernel)
        time, height, width = self.kernel_size
        self.pads = (width // 2, width // 2, height // 2, height // 2, time - 1, 0)

    def forward(self, x):
        return super().forward(F.pad(x, self.pads) if any(self.pads) else x)


class ChannelNorm(nn.Module):
    """Unit length over the channels of each pixel, then a gain for each channel."""

    def __init__(self, dim, image=False):
        super().__init__()
        self.scale = dim ** 0.5
        self.gamma = nn.Parameter(torch.ones(dim, 1, 1) if image else torch.ones(dim, 1, 1, 1))

    def forward(self, x):
        length = torch.linalg.vector_norm(x, dim=1, keepdim=True, dtype=torch.float32).clamp_min(1e-12)
        return x * (self.scale / length).type_as(x) * self.gamma.type_as(x)


def over_frames(layer, x):
    """Runs an image layer on every frame of x [batch, channels, frames, height, width]."""
    batch, frames = x.size(0), x.size(2)
    y = layer(x.transpose(1, 2).flatten(0, 1))  # [batch * frames, channels, height, width]
    return y.unflatten(0, (batch, frames)).transpose(1, 2)


class Downsample(nn.Module):
    """Halves height and width; with ``time`` also the frames after the first, in causal pairs."""

    def __init__(self, dim, time):
        super().__init__()
        self.resample = nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(dim, dim, 3, stride=2))
        self.time_conv = nn.Conv3d(dim, dim, (3, 1, 1), stride=(2, 1, 1)) if time else None

    def forward(self, x):
        x = over_frames(self.resample, x)  # [batch, dim, frames, height / 2, width / 2]
        if self.time_conv is None or x.size(2) == 1:
            return x
        return torch.cat([x[:, :, :1], self.time_conv(x).type_as(x)], 2)  # [.., 1 + (frames - 1) / 2, ..]


class Upsample(nn.Module):
    """Doubles height and width; with ``time`` also every frame but the first, which knows no other frame."""

    def __init__(self, dim, time):
        super().__init__()
        self.resample = nn.Sequential(nn.Upsample(scale_factor=2.0, mode='nearest'),
                                      nn.Conv2d(dim, dim // 2, 3, padding=1))
        self.time_conv = CausalConv3d(dim, dim * 2, (3, 1, 1)) if time else None

    def forward(self, x):
        if self.time_conv is not None and x.size(2) > 1:
            later = self.time_conv(x[:, :, 1:]).unflatten(1, (2, -1))  # [batch, 2, dim, frames - 1, height, width]
            later = later.permute(0, 2, 3, 1, 4, 5).flatten(2, 3)  # [batch, dim, 2 * (frames - 1), height, width]
            x = torch.cat([x[:, :, :1], later.type_as(x)], 2)
        return over_frames(self.resample, x)  # [batch, dim / 2, frames, height * 2, width * 2]


class ResidualBlock(nn.Module):

    def __init__(self, in_dim, out_dim):
        super().__init__()
        self.residual = nn.Sequential(
            ChannelNorm(in_dim), nn.SiLU(), CausalConv3d(in_dim, out_dim, 3),
            ChannelNorm(out_dim), nn.SiLU(), nn.Identity(), CausalConv3d(out_dim, out_dim, 3))
        self.shortcut = CausalConv3d(in_dim, out_dim, 1) if in_dim != out_dim else nn.Identity()

    def forward(self, x):
        return self.shortcut(x) + self.residual(x)


class FrameAttention(nn.Module):
    """One head of self-attention among the pixels of each frame."""

    def __init__(self, dim):
        super().__init__()
        self.norm = ChannelNorm(dim, image=True)
        self.to_qkv = nn.Conv2d(dim, dim * 3, 1)
        self.proj = nn.Conv2d(dim, dim, 1)

    def attend(self, x):
        q, k, v = self.to_qkv(self.norm(x)).flatten(2).chunk(3, dim=1)  # [images, dim, pixels]
        weights = (q.transpose(1, 2) @ k * x.size(1) ** -0.5).float().softmax(-1).type_as(v)
        return self.proj((v @ weights.transpose(1, 2)).view_as(x))

    def forward(self, x):
        return x + over_frames(self.attend, x)


def vae_middle(dim):
    return nn.Sequential(ResidualBlock(dim, dim), FrameAttention(dim), ResidualBlock(dim, dim))


def vae_head(dim, out_dim):
    return nn.Sequential(ChannelNorm(dim), nn.SiLU(), CausalConv3d(dim, out_dim, 3))


class Encoder(nn.Module):

    def __init__(self, dim, z_dim, dim_mult, num_res_blocks, time_downsample):
        super().__init__()
        dims = [dim * m for m in [1] + list(dim_mult)]
        layers = []
        for level, (in_dim, out_dim) in enumerate(zip(dims, dims[1:])):
            layers += [ResidualBlock(in_dim if i == 0 else out_dim, out_dim) for i in range(num_res_blocks)]
            if level < len(dim_mult) - 1:
                layers.append(Downsample(out_dim, time_downsample[level]))
        self.conv1 = CausalConv3d(3, dims[0], 3)
        self.downsamples = nn.Sequential(*layers)
        self.middle = vae_middle(dims[-1])
        self.head = vae_head(dims[-1], z_dim)

    def forward(self, x):
        return self.head(self.middle(self.downsamples(self.conv1(x))))


class Decoder(nn.Module):

    def __init__(self, dim, z_dim, dim_mult, num_res_blocks, time_upsample):
        super().__init__()
        dims = [dim * m for m in [dim_mult[-1]] + list(dim_mult)[::-1]]
        layers = []
        for level, (in_dim, out_dim) in enumerate(zip(dims, dims[1:])):
            if level > 0:
                in_dim //= 2  # the upsampling before this level halved the channels
            layers += [ResidualBlock(in_dim if i == 0 else out_dim, out_dim) for i in range(num_res_blocks + 1)]
            if level < len(dim_mult) - 1:
                layers.append(Upsample(out_dim, time_upsample[level]))
        self.conv1 = CausalConv3d(z_dim, dims[0], 3)
        self.middle = vae_middle(dims[0])
        self.upsamples = nn.Sequential(*layers)
        self.head = vae_head(dims[-1], 3)

    def forward(self, z):
        return self.head(self.upsamples(self.middle(self.conv1(z))))


class Vae(nn.Module):
    """Clips [batch, 3, 1 + 4 n, height, width] in -1..1 <-> latents [batch, z_dim, 1 + n, height / 8, width / 8]."""

    def __init__(self, dim=16, z_dim=16, dim_mult=(1, 2, 4, 4), num_res_blocks=1,
                 temperal_downsample=(False, True, True)):
        super().__init__()
        self.encoder = Encoder(dim, z_dim * 2, dim_mult, num_res_blocks, temperal_downsample)
        self.conv1 = CausalConv3d(z_dim * 2, z_dim * 2, 1)
        self.conv2 = CausalConv3d(z_dim, z_dim, 1)
        self.decoder = Decoder(dim, z_dim, dim_mult, num_res_blocks, temperal_downsample[::-1])

    def encode(self, video):
        """The mean and log variance of the latents, each [batch, z_dim, 1 + n, height / 8, width / 8]."""
        return self.conv1(self.encoder(video)).chunk(2, dim=1)

    def decode(self, z):
        return self.decoder(self.conv2(z))


# ------------------------------------------------------------------------------------------------- tiny decoder


class Clamp(nn.Module):
    """Keeps latents within -3..3, softly."""

    def forward(self, x):
        return 3 * torch.tanh(x / 3)


class MemoryBlock(nn.Module):
    """Three convolutions that see a frame and the one before it (zeros before the first)."""

    def __init__(self, dim):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(2 * dim, dim, 3, padding=1), nn.ReLU(), nn.Conv2d(dim, dim, 3, padding=1),
                                  nn.ReLU(), nn.Conv2d(dim, dim, 3, padding=1))

    def forward(self, x, clips):
        frames = x.unflatten(0, (clips, -1))
        past = F.pad(frames, (0, 0, 0, 0, 0, 0, 1, 0))[:, :-1].flatten(0, 1)
        return F.relu(self.conv(torch.cat([x, past], 1)) + x)


class Grow(nn.Module):
    """Makes ``times`` frames of each."""

    def __init__(self, dim, times):
        super().__init__()
        self.dim, self.conv = dim, nn.Conv2d(dim, dim * times, 1, bias=False)

    def forward(self, x):
        y = self.conv(x)
        return y.reshape(-1, self.dim, *y.shape[2:])


class TinyDecoder(nn.Module):
    """Standardized latents [batch, z_dim, 1 + n, height / 8, width / 8] -> frames [batch, 3, 1 + 4 n, height, width] in 0..1."""

    def __init__(self, z_dim=16, dims=(20, 20, 18, 16), time_upsample=(False, True, True)):
        super().__init__()
        layers = [Clamp(), nn.Conv2d(z_dim, dims[0], 3, padding=1), nn.ReLU()]
        for dim, out_dim, time in zip(dims, dims[1:], time_upsample):
            layers += [MemoryBlock(dim), MemoryBlock(dim), MemoryBlock(dim), nn.Upsample(scale_factor=2),
                       Grow(dim, 2 if time else 1), nn.Conv2d(dim, out_dim, 3, padding=1, bias=False)]
        layers += [nn.ReLU(), nn.Conv2d(dims[-1], 3, 3, padding=1)]
        self.decoder = nn.Sequential(*layers)
        self.trim = 2 ** sum(time_upsample) - 1

    def forward(self, z):
        x = z.transpose(1, 2).flatten(0, 1)  # [batch * frames, z_dim, height / 8, width / 8]
        for layer in self.decoder:
            x = layer(x, z.size(0)) if isinstance(layer, MemoryBlock) else layer(x)
        return x.unflatten(0, (z.size(0), -1))[:, self.trim:].transpose(1, 2)


# ------------------------------------------------------------------------------------------------- transformer


def sinusoids(dim, position):
    """position [...] -> [..., dim]: cosines, then sines, computed in fp64."""
    half = dim // 2
    rates = torch.pow(10000, -torch.arange(half, dtype=torch.float64) / half)
    angles = position.double()[..., None] * rates
    return torch.cat([angles.cos(), angles.sin()], -1).float()


def rope_table(grid, head_dim):
    """Rotations of every token of a grid (frames, height, width): complex [tokens, 1, head_dim / 2]."""
    side = 2 * (head_dim // 6)
    angles = []
    for axis, (size, dim) in enumerate(zip(grid, (head_dim - 2 * side, side, side))):
        rates = 1.0 / torch.pow(10000, torch.arange(0, dim, 2, dtype=torch.float64) / dim)
        shape = [1, 1, 1, -1]
        shape[axis] = size
        angles.append((torch.arange(size, dtype=torch.float64)[:, None] * rates).view(shape).expand(*grid, -1))
    angles = torch.cat(angles, -1).flatten(0, 2)[:, None]  # [tokens, 1, head_dim / 2]
    return torch.polar(torch.ones_like(angles), angles).to(torch.complex64)


def rotate(x, rope):
    """x [batch, tokens, heads, head_dim]: consecutive pairs are complex numbers, turned by the table."""
    return torch.view_as_real(torch.view_as_complex(x.float().unflatten(-1, (-1, 2))) * rope).flatten(-2)


class RmsNorm(nn.Module):

    def __init__(self, dim, eps):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x):
        x = x.float()
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


def attention(q, k, v, key_bias=None):
    """[batch, tokens, heads, head_dim] each -> [batch, tokens, heads * head_dim]."""
    q, k, v = (y.transpose(1, 2).to(v.dtype) for y in (q, k, v))  # [batch, heads, tokens, head_dim]
    scores = (q * q.size(-1) ** -0.5) @ k.transpose(2, 3)
    if key_bias is not None:
        scores = scores + key_bias[:, None, None].type_as(scores)
    return (scores.softmax(-1, dtype=torch.float32).to(v.dtype) @ v).transpose(1, 2).flatten(2)


class Attention(nn.Module):

    def __init__(self, dim, num_heads, eps):
        super().__init__()
        self.num_heads = num_heads
        self.q = nn.Linear(dim, dim)
        self.k = nn.Linear(dim, dim)
        self.v = nn.Linear(dim, dim)
        self.o = nn.Linear(dim, dim)
        self.norm_q = RmsNorm(dim, eps)
        self.norm_k = RmsNorm(dim, eps)

    def heads(self, x):
        return x.unflatten(2, (self.num_heads, -1))  # [batch, tokens, heads, head_dim]


class SelfAttention(Attention):

    def forward(self, x, rope):
        q, k, v = self.heads(self.norm_q(self.q(x))), self.heads(self.norm_k(self.k(x))), self.heads(self.v(x))
        return self.o(attention(rotate(q, rope), rotate(k, rope), v))


class CrossAttention(Attention):

    def forward(self, x, context, key_bias):
        q, k, v = self.norm_q(self.q(x)), self.norm_k(self.k(context)), self.v(context)
        return self.o(attention(self.heads(q), self.heads(k), self.heads(v), key_bias))


def layer_norm(x, eps, weight=None, bias=None):
    return F.layer_norm(x.float(), x.shape[-1:], weight, bias, eps)


def modulate(x, scale, shift):
    """x [batch, tokens, dim], scale and shift [batch, rows, dim]: each row rules tokens / rows tokens in turn."""
    rows = scale.size(1)
    return torch.addcmul(shift[:, :, None], x.unflatten(1, (rows, -1)), 1 + scale[:, :, None]).flatten(1, 2)


def add_gated(x, y, scale):
    """x + y * scale, where each row of scale [batch, rows, dim] rules tokens / rows tokens in turn."""
    split = (scale.size(1), -1)
    return torch.addcmul(x.unflatten(1, split), y.float().unflatten(1, split), scale[:, :, None]).flatten(1, 2)


class Block(nn.Module):

    def __init__(self, dim, ffn_dim, num_heads, cross_attn_norm, eps):
        super().__init__()
        self.eps = eps
        self.self_attn = SelfAttention(dim, num_heads, eps)
        self.norm3 = nn.LayerNorm(dim, eps=eps) if cross_attn_norm else None
        self.cross_attn = CrossAttention(dim, num_heads, eps)
        self.ffn = nn.Sequential(nn.Linear(dim, ffn_dim), Gelu(), nn.Linear(ffn_dim, dim))
        self.modulation = nn.Parameter(torch.randn(1, 6, dim) / dim ** 0.5)

    def forward(self, x, e, context, key_bias, rope):
        """x [batch, tokens, dim] in fp32, e [batch, rows, 6, dim], context [batch, text tokens, dim]."""
        e = (self.modulation[:, None] + e).unbind(2)  # six of [batch, rows, dim]
        x = add_gated(x, self.self_attn(modulate(layer_norm(x, self.eps), e[1], e[0]), rope), e[2])
        norm = x if self.norm3 is None else layer_norm(x, self.eps, self.norm3.weight, self.norm3.bias)
        x = x + self.cross_attn(norm, context, key_bias).float()
        return add_gated(x, self.ffn(modulate(layer_norm(x, self.eps), e[4], e[3])), e[5])


class Head(nn.Module):

    def __init__(self, dim, out_dim, eps):
        super().__init__()
        self.eps = eps
        self.head = nn.Linear(dim, out_dim)
        self.modulation = nn.Parameter(torch.randn(1, 2, dim) / dim ** 0.5)

    def forward(self, x, e):
        shift, scale = (self.modulation[:, None] + e[:, :, None]).unbind(2)
        return self.head(modulate(layer_norm(x, self.eps), scale, shift))


class Transformer(nn.Module):

    def __init__(self, patch_size, text_len, in_dim, dim, ffn_dim, freq_dim, text_dim, out_dim, num_heads, num_layers,
                 qk_norm=True, cross_attn_norm=True, eps=1e-6, model_type='ti2v'):
        super().__init__()
        if not qk_norm:
            raise ValueError('every Wan model normalizes queries and keys: qk_norm must be true')
        self.patch_size, self.out_dim, self.text_len = tuple(patch_size), out_dim, text_len
        self.freq_dim, self.head_dim = freq_dim, dim // num_heads
        self.patch_embedding = nn.Conv3d(in_dim, dim, self.patch_size, self.patch_size)
        self.text_embedding = nn.Sequential(nn.Linear(text_dim, dim), Gelu(), nn.Linear(dim, dim))
        self.time_embedding = nn.Sequential(nn.Linear(freq_dim, dim), nn.SiLU(), nn.Linear(dim, dim))
        self.time_projection = nn.Sequential(nn.SiLU(), nn.Linear(dim, dim * 6))
        self.blocks = nn.ModuleList([Block(dim, ffn_dim, num_heads, cross_attn_norm, eps) for _ in range(num_layers)])
        self.head = Head(dim, out_dim * math.prod(self.patch_size), eps)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
        nn.init.xavier_uniform_(self.patch_embedding.weight.flatten(1))
        nn.init.zeros_(self.head.head.weight)

    def forward(self, x, t, context, context_lens=None):
        """The velocity noise - x0, as x.

        x: latents [batch, channels, frames, height, width].
        t: timesteps 0..1000 [batch, rows], where rows is 1, the latent frames or the tokens.
        context: text embeddings [batch, text tokens <= text_len, text_dim], zero beyond each prompt's length.
        context_lens: the prompts' lengths. If given, context may be cut to any length above the longest; the
            missing zero rows, all alike, then count as the last one that is present: same result, less work.
        """
        patches = self.patch_embedding(x)  # [batch, dim, frames, height / 2, width / 2]
        grid = patches.shape[2:]
        tokens = patches.float().flatten(2).transpose(1, 2)  # [batch, tokens, dim]
        with torch.autocast('cpu', enabled=False):
            e = self.time_embedding(sinusoids(self.freq_dim, t))  # [batch, rows, dim]
            rows = self.time_projection(e).unflatten(2, (6, -1))  # [batch, rows, 6, dim]
        key_bias = None
        if context_lens is not None:
            key_bias = torch.zeros(context.shape[:2])
            key_bias[:, -1] = math.log(self.text_len - context.size(1) + 1)  # the last row stands for this many
        context = self.text_embedding(context)
        rope = rope_table(grid, self.head_dim)
        for block in self.blocks:
            tokens = block(tokens, rows, context, key_bias, rope)
        with torch.autocast('cpu', enabled=False):
            y = self.head(tokens, e)  # [batch, tokens, patch * out_dim]
        y = y.unflatten(1, grid).unflatten(-1, (*self.patch_size, self.out_dim))
        return y.permute(0, 7, 1, 4, 2, 5, 3, 6).flatten(6, 7).flatten(4, 5).flatten(2, 3)


# ------------------------------------------------------------------------------------- the sizes of Shapes


TRANSFORMER = dict(model_type='ti2v', patch_size=[1, 2, 2], text_len=64, in_dim=16, dim=192, ffn_dim=768,
                   freq_dim=256, text_dim=128, out_dim=16, num_heads=6, num_layers=8, qk_norm=True,
                   cross_attn_norm=True, eps=1e-6)
TEXT_ENCODER = dict(dim=128, dim_attn=128, dim_ffn=256, num_heads=4, num_layers=3, num_buckets=32, shared_pos=False)
TINY_DECODER = dict(z_dim=16, dims=[20, 20, 18, 16], time_upsample=[False, True, True])
VAE = dict(dim=16, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=1, temperal_downsample=[False, True, True])
