"""Makes tests/fixtures/dit-vace and vace-conditions from the original code:

    python3 make_vace_fixtures.py FOLDER

FOLDER holds the folder wan of Wan-Video/Wan2.1. Weights are random, of few channels, rounded to F16 and computed with in F32. What the
code imports and does not need here (flash attention on a GPU, readers of videos, Diffusers' base classes) has stand-ins.
"""
import importlib.util
import sys
import types
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from make_pixel_fixtures import FIXTURES, module, rounded, write

SEED = 4100


def attention(q, k, v, q_lens=None, k_lens=None, **_):
    """[batch, length, heads, dim] each; keys beyond a sample's length are not attended to."""
    q, k, v = (value.transpose(1, 2) for value in (q, k, v))
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if k_lens is not None:
        hidden = torch.arange(k.shape[2])[None, :] >= k_lens[:, None]
        scores = scores.masked_fill(hidden[:, None, None, :], float('-inf'))
    return (scores.softmax(-1) @ v).transpose(1, 2)


def dot_product_attention(q, k, v):
    """torch.nn.functional.scaled_dot_product_attention, which came with torch 2."""
    return (q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5).softmax(-1) @ v


def rearrange(x, pattern, t=None):
    """The two patterns of vae.py."""
    if pattern.startswith('b c t'):
        return x.transpose(1, 2).flatten(0, 1)
    return x.unflatten(0, (x.shape[0] // t, t)).transpose(1, 2)


def load(folder):
    class Base(torch.nn.Module):
        pass

    class Mixin:
        pass

    F.scaled_dot_product_attention = dot_product_attention
    module('einops', rearrange=rearrange)
    module('diffusers')
    module('diffusers.configuration_utils', ConfigMixin=Mixin, register_to_config=lambda init: init)
    module('diffusers.models')
    module('diffusers.models.modeling_utils', ModelMixin=Base)
    for name in ('wan', 'wan.modules'):
        module(name).__path__ = [str(Path(folder) / name.replace('.', '/'))]
    module('wan.modules.attention', flash_attention=attention)
    for name in ('model', 'vace_model', 'vae'):
        spec = importlib.util.spec_from_file_location(f'wan.modules.{name}', Path(folder) / f'wan/modules/{name}.py')
        made = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = made
        spec.loader.exec_module(made)
    return sys.modules['wan.modules.vace_model'], sys.modules['wan.modules.vae']


def functions_of(folder):
    """The methods of WanVace that make conditions, without the class: it wants a GPU."""
    source = (Path(folder) / 'wan/vace.py').read_text()
    body = source[source.index('    def vace_encode_frames'):source.index('    def prepare_source')]
    scope = {'torch': torch, 'F': F}
    exec(compile('class Conditions:\n' + body, 'vace.py', 'exec'), scope)
    return scope['Conditions']


def save(name, config, weights, io, readme):
    import json

    folder = FIXTURES / name
    folder.mkdir(exist_ok=True)
    if weights:
        write(folder / ('vae.safetensors' if name == 'vace-conditions' else 'weights.safetensors'), weights)
    write(folder / 'io.safetensors', {key: value.numpy().astype(np.float32) for key, value in io.items()})
    (folder / 'config.json').write_text(json.dumps(config, indent=1) + '\n')
    (folder / 'README.txt').write_text(readme + ' Made by tests/tools/make_vace_fixtures.py from the original code.\n')
    print(name, {key: (list(value.shape), round(float(value.float().std()), 3)) for key, value in io.items()})


@torch.no_grad()
def network(vace):
    torch.manual_seed(SEED)
    model = dict(model_type='vace', patch_size=[1, 2, 2], text_len=12, in_dim=16, dim=48, ffn_dim=64, freq_dim=16, text_dim=24,
                 out_dim=16, num_heads=2, num_layers=4, qk_norm=True, cross_attn_norm=True, eps=1e-6, vace_layers=[0, 2],
                 vace_in_dim=96)
    built = vace.VaceWanModel(**{**model, 'patch_size': tuple(model['patch_size'])})
    for parameter in built.parameters():
        parameter.copy_(torch.randn_like(parameter) * (0.3 if parameter.dim() == 1 else 1.2 / parameter[0].numel() ** 0.5))
    built, weights = rounded(built)
    io, sizes = {}, {'case0': ((3, 6, 8), 1.0, 437), 'case1': ((2, 8, 4), 0.6, 12), 'case2': ((1, 4, 4), 1.7, 999)}
    for case, ((frames, height, width), scale, t) in sizes.items():
        latents, context = torch.randn(16, frames, height, width), torch.randn(7, 24)
        control = torch.randn(96, frames, height, width)
        timesteps = torch.tensor([t], dtype=torch.float32)
        tokens = frames * height * width // 4
        io[f'{case}.in.x.0'], io[f'{case}.in.control.0'], io[f'{case}.in.context.0'] = latents, control, context
        io[f'{case}.in.t'], io[f'{case}.in.control_strength'] = timesteps, torch.tensor([scale])
        mids = {}
        hooks = [
            *(block.register_forward_hook(lambda _, __, out, i=i: mids.__setitem__(f'block{i}', out))
              for i, block in enumerate(built.blocks)),
            *(block.register_forward_hook(lambda _, __, out, i=i: mids.__setitem__(f'block{i}_hint', out[1]))
              for i, block in zip((0, 2), built.vace_blocks)),
        ]
        out = built([latents], timesteps, [control], [context], tokens, vace_context_scale=scale)
        for hook in hooks:
            hook.remove()
        io |= {f'{case}.mid.{key}': value for key, value in mids.items()}
        io[f'{case}.out.0'] = out[0]
    save('dit-vace', {'fixture': 'dit-vace', 'seed': SEED, 'model': model, 'cases': list(sizes),
                      'source': 'Wan-Video/Wan2.1:wan/modules/vace_model.py VaceWanModel'}, weights, io,
         'Wan2.1 VaceWanModel. Every second block has one of the control next to it; the cases differ in shape and strength.')


def blocks(x, side):
    return x.repeat_interleave(side, -1).repeat_interleave(side, -2)


@torch.no_grad()
def conditions(vae_module, folder):
    torch.manual_seed(SEED + 1)
    config = dict(dim=2, z_dim=16, dim_mult=[1, 2, 4, 4], num_res_blocks=1, attn_scales=[], temperal_downsample=[False, True, True],
                  dropout=0.0)
    built = vae_module.WanVAE_(**config)
    for parameter in built.parameters():
        if parameter.dim() > 3 and parameter.shape[-1] > 1 or parameter.dim() == 5:
            parameter.copy_(torch.randn_like(parameter) * 1.2 / parameter[0].numel() ** 0.5)
    built, weights = rounded(built)

    class Vae:
        """As wan.modules.vae.WanVAE, whose constructor reads a file."""
        mean = torch.tensor([-0.7571, -0.7089, -0.9113, 0.1075, -0.1745, 0.9653, -0.1517, 1.5508,
                             0.4134, -0.0715, 0.5517, -0.3632, -0.1922, -0.9497, 0.2503, -0.2921])
        std = torch.tensor([2.8184, 1.4541, 2.3275, 2.6558, 1.2196, 1.7708, 2.6052, 2.0743,
                            3.2687, 2.1526, 2.8652, 1.5579, 1.6382, 1.1253, 2.8251, 1.9160])

        def encode(self, videos):
            return [built.encode(video.unsqueeze(0), [self.mean, 1.0 / self.std]).float().squeeze(0) for video in videos]

    maker = functions_of(folder)()
    maker.vae, maker.vae_stride = Vae(), (4, 8, 8)
    io, cases = {}, {'inpaint': (9, 32, 48, 0), 'references': (5, 32, 32, 2), 'still': (1, 32, 16, 1), 'grey': (5, 16, 32, 0)}
    for case, (frames, height, width, references) in cases.items():
        pixels = blocks(torch.randint(0, 256, (3, frames, height // 8, width // 8)).float(), 8)
        mask = blocks((torch.rand(1, frames, height // 4, width // 4) > 0.5).float(), 4) * 255
        if case == 'grey':
            mask = torch.randint(0, 256, mask.shape).float()
        shown = [torch.randint(0, 256, (3, 1, height, width)).float() for _ in range(references)]
        io[f'{case}.in.frames'], io[f'{case}.in.mask'] = pixels, mask
        for i, reference in enumerate(shown):
            io[f'{case}.in.reference.{i}'] = reference
        video, refs = pixels / 127.5 - 1, [[reference / 127.5 - 1 for reference in shown] or None]
        masks = torch.clamp((mask / 127.5 - 1 + 1) / 2, min=0, max=1)
        latents = maker.vace_encode_frames([video], refs, masks=[masks])
        io[f'{case}.out.control'] = maker.vace_latent(latents, maker.vace_encode_masks([masks], refs))[0]
    save('vace-conditions', {'fixture': 'vace-conditions', 'seed': SEED + 1, 'vae': config, 'cases': list(cases),
                             'source': 'Wan-Video/Wan2.1:wan/vace.py vace_encode_frames, vace_encode_masks, vace_latent'}, weights, io,
         'The control of Wan2.1 VACE: frames and mask of a video, and reference images, through a small VAE.')


if __name__ == '__main__':
    original_vace, original_vae = load(sys.argv[1])
    network(original_vace)
    conditions(original_vae, sys.argv[1])
