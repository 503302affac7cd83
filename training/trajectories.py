"""What the transformer makes with guidance, on its way from noise: what a LoRA of four steps learns from.

    python trajectories.py --count 3000

Each trajectory starts from its own noise and caption and is solved in many small steps; the states at the sigmas of a
four-step run are kept, so that one step can learn to go from each to the next. Every sixth has its first frame given.
Writes runs/distilled/NNNN.pt, sixteen trajectories each; those that are there stay.
"""
import argparse
import random
import time
from pathlib import Path

import torch

import optim
import shapes
from encode_pool import COMBINATIONS, HELD_OUT
from model import TRANSFORMER, VAE
from sample import RUNS, Generator, Solver
from shipped import SHAPES
from text import embed

STEPS, SHIFT = 4, 5.0  # of the run that is learnt
SMALL = (1, 2, 3, 4)  # steps of the solver in each of its steps
GIVEN, BATCH = 6, 16  # every sixth trajectory has its first frame given
FRAMES, SIDE = 5, 8  # latents


def warped(u):
    return SHIFT * u / (1 + (SHIFT - 1) * u)


SIGMAS = [warped(1 - i / STEPS) for i in range(STEPS + 1)]


def timesteps(sigma, given):
    """[batch, latent frames]: 0 for a first frame that is given."""
    t = torch.full((len(given), FRAMES), 1000.0 * sigma, dtype=torch.float64)
    t[given, 0] = 0
    return t


@torch.no_grad()
def solve(generator, prompts, x, given, guidance):
    """The states at SIGMAS [5, batch, ...] of trajectories that start from x, where frame 0 of the given ones is clean."""
    context, lengths = embed(generator.encoder, generator.tokenizer, [*prompts, *[''] * len(prompts)],
                             TRANSFORMER['text_len'])
    first, states, solver = x[given, :, 0].clone(), [x.clone()], Solver()
    for i, count in enumerate(SMALL):
        for k in range(count):
            sigma, following = (warped(1 - (i + j / count) / STEPS) for j in (k, k + 1))
            velocity = generator.predict(x, timesteps(sigma, given), context, lengths, guidance)
            x = solver.step(x, velocity, sigma, following)
            x[given, :, 0] = first
        states.append(x.clone())
    return torch.stack(states)


@torch.no_grad()
def begin(generator, rng, noise):
    """Captions, noise and which first frames are given: those of drawn clips."""
    labels = [c for c in COMBINATIONS if c not in HELD_OUT]
    scenes = [shapes.random_scene(rng, **dict(zip(shapes.ATTRIBUTES, rng.choice(labels)))) for _ in range(BATCH)]
    x = torch.randn(BATCH, VAE['z_dim'], FRAMES, SIDE, SIDE, generator=noise)
    given = torch.arange(BATCH) % GIVEN == GIVEN - 1
    frames = shapes.batch([scene for scene, one in zip(scenes, given) if one], frames=1)[0]
    x[given, :, 0] = ((generator.vae.encode(frames)[0] - generator.mean) / generator.std)[:, :, 0]
    return [shapes.caption(scene.labels, rng)[0] for scene in scenes], x, given


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--model', type=Path, default=SHAPES)
    parser.add_argument('--count', type=int, default=3000)
    parser.add_argument('--guidance', type=float, default=4.0)
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = options.runs / 'distilled'
    run.mkdir(parents=True, exist_ok=True)
    generator, start = Generator(model=options.model), time.time()
    for index in range(-(-options.count // BATCH)):
        path = run / f'{index:04}.pt'
        if path.exists():
            continue
        prompts, x, given = begin(generator, random.Random(f'trajectories {index}'), torch.Generator().manual_seed(index))
        states = solve(generator, prompts, x, given, options.guidance)
        optim.save(path, dict(prompts=prompts, states=states.half(), given=given))
        print(f'{(index + 1) * BATCH} trajectories, {time.time() - start:.0f} s', flush=True)


if __name__ == '__main__':
    main()
