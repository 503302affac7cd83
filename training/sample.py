"""Generates clips with PyTorch, to look at the training: python sample.py sheet.png --seed 1 "a red circle ..." ...

--model DIR takes the networks of a model folder instead of training's; --lora FILE[:STRENGTH] adds a LoRA to them.
"""
import argparse
import math
from pathlib import Path

import torch
from PIL import Image

import lora
import optim
from model import TEXT_ENCODER, TRANSFORMER, VAE, TextEncoder, Transformer, Vae
from shipped import Shipped
from text import Tokenizer, embed

RUNS = Path(__file__).parent / 'runs'


class Generator:

    def __init__(self, runs=RUNS, model=None, loras=()):
        if model:
            shipped = Shipped(model)
            self.tokenizer, self.encoder, self.vae = shipped.tokenizer(), shipped.encoder(), shipped.vae()
            self.mean, self.std, self.transformer = shipped.mean, shipped.std, shipped.transformer()
        else:
            self.tokenizer = Tokenizer(runs / 'text' / 'spiece.model')
            self.encoder = TextEncoder(len(self.tokenizer), **TEXT_ENCODER)
            self.encoder.load_state_dict(optim.load(runs / 'text' / 'state.pt')['encoder'])
            self.vae = Vae(**VAE)
            decoder = runs / 'vae' / 'decoder.pt'
            self.vae.load_state_dict(optim.load(decoder if decoder.exists() else runs / 'vae' / 'state.pt')['average'])
            self.mean, self.std = (s.view(1, -1, 1, 1, 1) for s in optim.load(runs / 'dit' / 'statistics.pt'))
            self.transformer = Transformer(**TRANSFORMER)
            self.transformer.load_state_dict(optim.load(runs / 'dit' / 'state.pt')['average'])
        for text in loras:
            path, _, strength = str(text).partition(':')
            lora.merge(self.transformer, path, float(strength or 1))

    def predict(self, x, t, context, lengths, guidance):
        """The velocity, guided unless guidance is 1; then context has no empty prompts after the others."""
        with optim.autocast():
            if guidance == 1:
                return self.transformer(x, t, context, lengths)
            with_text, without = self.transformer(torch.cat([x, x]), torch.cat([t, t]), context, lengths).chunk(2)
        return without + guidance * (with_text - without)

    @torch.no_grad()
    def latents(self, prompts, seed=0, steps=20, shift=3.0, guidance=4.0, size=64, frames=17, known=None, euler=False):
        """DPM-Solver++ 2M, or Euler's method, on the flow's sigmas. ``known``: {latent frame: standardized latents
        [batch, 16, h, w]}."""
        noise = torch.Generator().manual_seed(seed)
        count, length = len(prompts), 1 + (frames - 1) // 4
        x = torch.randn(count, VAE['z_dim'], length, size // 8, size // 8, generator=noise)
        texts = prompts if guidance == 1 else [*prompts, *[''] * count]
        context, lengths = embed(self.encoder, self.tokenizer, texts, TRANSFORMER['text_len'])
        sigmas = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
        sigmas = shift * sigmas / (1 + (shift - 1) * sigmas)
        solver = Solver(euler)
        for sigma, following in zip(sigmas.tolist(), sigmas.tolist()[1:]):
            t = torch.full((count, length), 1000 * sigma, dtype=torch.float64)
            for frame, value in (known or {}).items():
                x[:, :, frame], t[:, frame] = value, 0
            x = solver.step(x, self.predict(x, t, context, lengths, guidance), sigma, following)
        for frame, value in (known or {}).items():
            x[:, :, frame] = value
        return x

    @torch.no_grad()
    def decode(self, latents):
        """Standardized latents -> uint8 clips [batch, frames, height, width, 3]."""
        clips = [self.vae.decode(z[None] * self.std + self.mean)[0] for z in latents]
        return ((torch.stack(clips).clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 4, 1)

    def __call__(self, prompts, **settings):
        return self.decode(self.latents(prompts, **settings))


class Solver:
    """DPM-Solver++ 2M, or Euler's method: from one sigma of the flow to the next."""

    def __init__(self, euler=False):
        self.euler, self.previous, self.previous_step = euler, None, None

    def step(self, x, velocity, sigma, following):
        x0 = x - sigma * velocity
        if following == 0:
            return x0
        if self.euler:
            return x + (following - sigma) * velocity
        clamp = min(sigma, 0.9999)
        step = math.log(((1 - following) / following) / ((1 - clamp) / clamp))  # in log SNR / 2
        estimate = x0 if self.previous is None else x0 + (x0 - self.previous) * step / self.previous_step / 2
        self.previous, self.previous_step = x0, step
        return following / sigma * x + (1 - following) * (1 - math.exp(-step)) * estimate


def sheet(clips, path, every=2):
    """A row for each clip [batch, frames, height, width, 3]."""
    Image.fromarray(clips[:, ::every].transpose(1, 2).flatten(0, 1).flatten(1, 2).numpy()).save(path)


def arguments(parser):
    """What every script that generates can be told."""
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--model', type=Path, help='a model folder instead of --runs')
    parser.add_argument('--lora', action='append', default=[], help='FILE or FILE:STRENGTH; may be repeated')
    parser.add_argument('--steps', type=int, default=20)
    parser.add_argument('--shift', type=float, default=3.0)
    parser.add_argument('--guidance', type=float, default=4.0)
    parser.add_argument('--size', type=int, default=64)
    parser.add_argument('--euler', action='store_true', help="Euler's method instead of DPM-Solver++ 2M")


def generator(options):
    return Generator(options.runs, options.model, options.lora)


def settings(options):
    return dict(steps=options.steps, shift=options.shift, guidance=options.guidance, size=options.size, euler=options.euler)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('sheet')
    parser.add_argument('prompts', nargs='+')
    parser.add_argument('--seed', type=int, default=0)
    arguments(parser)
    options = parser.parse_args()
    sheet(generator(options)(options.prompts, seed=options.seed, **settings(options)), options.sheet)


if __name__ == '__main__':
    main()
