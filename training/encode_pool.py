"""Draws and encodes the clips that the transformer learns from: python encode_pool.py --each 8

Writes runs/dit/pool.pt: latents (F16, not standardized) [clips, 16, 5, size / 8, size / 8] and their labels, and
runs/dit/statistics.pt: mean and std of each channel. Resumable: a pool that is there is only added to, and its
statistics stay as they are, because the transformer is trained for them.

With --style NAME the clips are drawn in that style, for a LoRA to learn from: runs/NAME/ takes them, encoded by the VAE
of --model and with its statistics.
"""
import argparse
import itertools
import random
import time
from pathlib import Path

import torch

import optim
import shapes
from model import VAE, Vae
from shipped import SHAPES, Shipped

COMBINATIONS = list(itertools.product(*shapes.ATTRIBUTES.values()))  # 768 of (color, shape, motion, background)
HELD_OUT = set(random.Random(2024).sample(COMBINATIONS, 24))  # never drawn for training: evaluate.py asks for them
ROUND = 768 - 24


@torch.no_grad()
def encode(vae, video):
    with optim.autocast():
        return vae.encode(video)[0].half()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=Path(__file__).parent / 'runs')
    parser.add_argument('--each', type=int, default=8, help='clips of every combination')
    parser.add_argument('--size', type=int, default=64)
    parser.add_argument('--style', choices=shapes.STYLES)
    parser.add_argument('--model', type=Path, default=SHAPES, help='whose VAE and statistics a style is encoded with')
    options = parser.parse_args()
    run = options.runs / (options.style or 'dit')
    run.mkdir(parents=True, exist_ok=True)
    path, statistics = run / 'pool.pt', run / 'statistics.pt'
    if options.style:
        shipped = Shipped(options.model)
        vae = shipped.vae()
        optim.save(statistics, (shipped.mean.flatten(), shipped.std.flatten()))
    else:
        vae = Vae(**VAE)
        vae.load_state_dict(optim.load(options.runs / 'vae' / 'state.pt')['average'])
    pool = optim.load(path) or dict(latents=torch.empty(0), labels=[])
    start = time.time()
    while len(pool['labels']) < options.each * ROUND:
        index = len(pool['labels']) // ROUND
        rng = random.Random(f'pool {index}' if options.style is None else f'pool {options.style} {index}')
        labels = [dict(zip(shapes.ATTRIBUTES, values)) for values in COMBINATIONS if values not in HELD_OUT]
        rng.shuffle(labels)  # so that the first clips are a fair sample
        scenes = [shapes.random_scene(rng, **label) for label in labels]
        latents = [encode(vae, shapes.batch(scenes[i:i + 12], options.size, style=options.style)[0])
                   for i in range(0, ROUND, 12)]
        pool['latents'] = torch.cat([pool['latents'].half(), *latents]) if len(pool['labels']) else torch.cat(latents)
        pool['labels'] += labels
        optim.save(path, pool)
        if not statistics.exists():
            z = pool['latents'].float()
            optim.save(statistics, (z.mean((0, 2, 3, 4)), z.std((0, 2, 3, 4))))
        print(f'{len(pool["labels"])} clips, {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
