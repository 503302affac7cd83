"""Draws and encodes the clips that the transformer learns from: python encode_pool.py --each 8

Writes runs/dit/pool.pt: latents (F16, not standardized) [clips, 16, 5, size / 8, size / 8] and their labels, and
runs/dit/statistics.pt: mean and std of each channel. Resumable: a pool that is there is only added to, and its
statistics stay as they are, because the transformer is trained for them.
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

COMBINATIONS = list(itertools.product(*shapes.ATTRIBUTES.values()))  # 768 of (color, shape, motion, background)
HELD_OUT = set(random.Random(2024).sample(COMBINATIONS, 24))  # never drawn for training: evaluate.py asks for them
ROUND = 768 - 24


@torch.no_grad()
def encode(vae, video):
    with torch.autocast('cpu', dtype=torch.bfloat16):
        return vae.encode(video)[0].half()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=Path(__file__).parent / 'runs')
    parser.add_argument('--each', type=int, default=8, help='clips of every combination')
    parser.add_argument('--size', type=int, default=64)
    options = parser.parse_args()
    (options.runs / 'dit').mkdir(parents=True, exist_ok=True)
    path = options.runs / 'dit' / 'pool.pt'
    vae = Vae(**VAE)
    vae.load_state_dict(optim.load(options.runs / 'vae' / 'state.pt')['average'])
    pool = optim.load(path) or dict(latents=torch.empty(0), labels=[])
    start = time.time()
    while len(pool['labels']) < options.each * ROUND:
        index = len(pool['labels']) // ROUND
        rng = random.Random(f'pool {index}')
        labels = [dict(zip(shapes.ATTRIBUTES, values)) for values in COMBINATIONS if values not in HELD_OUT]
        rng.shuffle(labels)  # so that the first clips are a fair sample
        scenes = [shapes.random_scene(rng, **label) for label in labels]
        latents = [encode(vae, shapes.batch(scenes[i:i + 12], options.size)[0]) for i in range(0, ROUND, 12)]
        pool['latents'] = torch.cat([pool['latents'].half(), *latents]) if len(pool['labels']) else torch.cat(latents)
        pool['labels'] += labels
        optim.save(path, pool)
        if index == 0:
            z = pool['latents'].float()
            optim.save(options.runs / 'dit' / 'statistics.pt', (z.mean((0, 2, 3, 4)), z.std((0, 2, 3, 4))))
        print(f'{len(pool["labels"])} clips, {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
