"""Holds model.py to numbers that the official code produced: python check_parity.py FIXTURES.

FIXTURES holds folders dit-t2v, dit-ti2v, umt5 and vae21, each with config.json, weights.safetensors (official names)
and io.safetensors (inputs and expected outputs by case).
"""
import json
import sys
from pathlib import Path

import torch

import weights
from model import TextEncoder, Transformer, Vae

LIMITS = {'dit': 3e-5, 'umt5': 1e-4, 'vae21': 1e-4}  # the fixtures' own tolerances, maximum absolute error


def load(folder):
    config = json.loads((folder / 'config.json').read_text())
    return config, weights.read(folder / 'weights.safetensors'), weights.read(folder / 'io.safetensors')


def build(kind, config, tensors):
    arguments = {k: v for k, v in config['model'].items() if k not in ('dropout', 'attn_scales', 'window_size')}
    network = kind(**arguments)
    network.load_state_dict(tensors)
    return network.eval()


def check_umt5(folder):
    config, tensors, io = load(folder)
    network = build(TextEncoder, config, tensors)
    for case in config['cases']:
        mask = io[f'{case}.in.mask']
        out = network(io[f'{case}.in.ids'], mask)
        yield ((out - io[f'{case}.out.full']) * mask[..., None]).abs().max()


def check_vae(folder):
    config, tensors, io = load(folder)
    network = build(Vae, config, tensors)
    mean, inv_std = (io[name].view(1, -1, 1, 1, 1) for name in ('mean', 'inv_std'))
    for case in config['cases']:
        mu = (network.encode(io[f'{case}.in.video'][None])[0] - mean) * inv_std
        yield (mu[0] - io[f'{case}.out.mu']).abs().max()
        z = io.get(f'{case}.in.z', io[f'{case}.out.mu'])[None]
        yield (network.decode(z / inv_std + mean)[0] - io[f'{case}.out.video_raw']).abs().max()


def check_transformer(folder):
    config, tensors, io = load(folder)
    network = build(Transformer, config, tensors)
    for case in config['cases']:
        t, i = io[f'{case}.in.t'], 0
        while f'{case}.in.x.{i}' in io:
            x, context = io[f'{case}.in.x.{i}'][None], io[f'{case}.in.context.{i}'][None]
            tokens = x[0, 0].numel() // 4
            rows = t[i][:tokens] if t.dim() == 2 else t[i:i + 1]
            padded = torch.cat([context, context.new_zeros(1, network.text_len - context.size(1), context.size(2))], 1)
            expected = io[f'{case}.out.{i}']
            yield (network(x, rows[None].double(), padded)[0] - expected).abs().max()
            if context.size(1) < network.text_len:  # the same with the padding counted instead of carried
                short = padded[:, :context.size(1) + 1]
                yield (network(x, rows[None].double(), short, [context.size(1)])[0] - expected).abs().max()
            i += 1


def main():
    root, failed = Path(sys.argv[1]), False
    checks = {'umt5': check_umt5, 'vae21': check_vae, 'dit-t2v': check_transformer, 'dit-ti2v': check_transformer}
    with torch.no_grad():
        for name, check in checks.items():
            error, limit = max(float(e) for e in check(root / name)), LIMITS[name.split('-')[0]]
            failed |= not error <= limit
            print(f'{name:10} largest error {error:.2e}, limit {limit:.0e}: {"pass" if error <= limit else "FAIL"}')
    sys.exit(failed)


if __name__ == '__main__':
    main()
