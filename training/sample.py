"""Generates clips with PyTorch, to look at the training: python sample.py sheet.png --seed 1 "a red circle ..." ..."""
import argparse
from pathlib import Path

import torch
from PIL import Image

import optim
from model import TEXT_ENCODER, TRANSFORMER, VAE, TextEncoder, Transformer, Vae
from text import Tokenizer, embed


class Generator:

    def __init__(self, runs=Path(__file__).parent / 'runs', transformer_weights=None):
        self.tokenizer = Tokenizer(runs / 'text' / 'spiece.model')
        self.encoder = TextEncoder(len(self.tokenizer), **TEXT_ENCODER)
        self.encoder.load_state_dict(optim.load(runs / 'text' / 'state.pt')['encoder'])
        self.vae = Vae(**VAE)
        decoder = runs / 'vae' / 'decoder.pt'
        self.vae.load_state_dict(optim.load(decoder if decoder.exists() else runs / 'vae' / 'state.pt')['average'])
        self.mean, self.std = (s.view(1, -1, 1, 1, 1) for s in optim.load(runs / 'dit' / 'statistics.pt'))
        self.transformer = Transformer(**TRANSFORMER)
        self.transformer.load_state_dict(transformer_weights or optim.load(runs / 'dit' / 'state.pt')['average'])

    @torch.no_grad()
    def latents(self, prompts, seed=0, steps=20, shift=3.0, guidance=4.0, size=64, frames=17, known=None):
        """DPM-Solver++ 2M on the flow's sigmas. ``known``: {latent frame: standardized latents [batch, 16, h, w]}."""
        noise = torch.Generator().manual_seed(seed)
        count, length = len(prompts), 1 + (frames - 1) // 4
        x = torch.randn(count, VAE['z_dim'], length, size // 8, size // 8, generator=noise)
        context, lengths = embed(self.encoder, self.tokenizer, [*prompts, *[''] * count], TRANSFORMER['text_len'])
        sigmas = torch.linspace(1, 0, steps + 1, dtype=torch.float64)
        sigmas = shift * sigmas / (1 + (shift - 1) * sigmas)
        previous, previous_step = None, None
        for sigma, following in zip(sigmas.tolist(), sigmas.tolist()[1:]):
            t = torch.full((count, length), 1000 * sigma, dtype=torch.float64)
            for frame, value in (known or {}).items():
                x[:, :, frame], t[:, frame] = value, 0
            with torch.autocast('cpu', dtype=torch.bfloat16):
                with_text, without = self.transformer(torch.cat([x, x]), torch.cat([t, t]), context, lengths).chunk(2)
            x0 = x - sigma * (without + guidance * (with_text - without))
            if following == 0:
                x = x0
                break
            clamp = min(sigma, 0.9999)
            step = torch.tensor(((1 - following) / following) / ((1 - clamp) / clamp)).log().item()  # in log SNR / 2
            estimate = x0 if previous is None else x0 + (x0 - previous) * step / previous_step / 2
            x = following / sigma * x + (1 - following) * (1 - torch.tensor(-step).exp().item()) * estimate
            previous, previous_step = x0, step
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


def sheet(clips, path, every=2):
    """A row for each clip [batch, frames, height, width, 3]."""
    Image.fromarray(clips[:, ::every].transpose(1, 2).flatten(0, 1).flatten(1, 2).numpy()).save(path)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('sheet')
    parser.add_argument('prompts', nargs='+')
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--steps', type=int, default=20)
    parser.add_argument('--guidance', type=float, default=4.0)
    options = parser.parse_args()
    sheet(Generator()(options.prompts, seed=options.seed, steps=options.steps, guidance=options.guidance), options.sheet)


if __name__ == '__main__':
    main()
