"""Trains the tiny decoder of models/shapes on latents of its VAE, and writes it there: python train_tiny.py --minutes 25

    python train_tiny.py --minutes 25    (again to resume; minutes of one core's time)
    python train_tiny.py --export        models/shapes/taeshapes.safetensors, and the colours of latents in config.json

The decoder learns from drawn clips and the latents that the VAE makes of them, standardized as the transformer sees
them and with a little noise, because the transformer's are never exact. Needs models/shapes, not the other trainers' runs.
"""
import argparse
import json
import random
import time
from pathlib import Path

import torch

import optim
import shapes
import weights
from model import TINY_DECODER, VAE, TinyDecoder, Vae
from train_vae import psnr

HERE = Path(__file__).parent
MODEL = HERE.parent / 'models' / 'shapes'
CLIPS = 4  # a step


class Latents:
    """The shipped VAE's latents of drawn clips, standardized."""

    def __init__(self):
        config = json.loads((MODEL / 'config.json').read_text(encoding='utf-8'))['vae']
        self.mean, self.std = (torch.tensor(config[name]).view(1, -1, 1, 1, 1) for name in ('mean', 'std'))
        self.vae = Vae(**VAE)
        self.vae.load_state_dict({name: value.float() for name, value in weights.read(MODEL / 'vae.safetensors').items()})

    @torch.no_grad()
    def of(self, video):
        return (self.vae.encode(video)[0] - self.mean) / self.std

    @torch.no_grad()
    def decode(self, latents):
        return self.vae.decode(latents * self.std + self.mean).clamp(-1, 1)


class Pool:
    """Scenes and their latents, so that the loop rarely runs the VAE: one of a step's clips is new until it is full."""

    def __init__(self, latents, most=700):
        self.latents, self.most, self.scenes, self.values = latents, most, [], []

    def batch(self, rng, count):
        new = count if not self.scenes else int(len(self.scenes) < self.most)
        scenes = [shapes.random_scene(rng) for _ in range(new)]
        if new:
            self.values += self.latents.of(shapes.batch(scenes)[0]).half()
            self.scenes += scenes
        picked = [len(self.scenes) - 1 - i for i in range(new)] + [rng.randrange(len(self.scenes)) for _ in range(count - new)]
        video, cover = shapes.batch([self.scenes[i] for i in picked])
        return video, cover, torch.stack([self.values[i] for i in picked]).float()


class Judge:
    """Decibels on the clips that the VAE is judged by, whole and on the shape's pixels only."""

    def __init__(self, latents, count=12):
        rng = random.Random(999)
        self.video, self.cover = shapes.batch([shapes.random_scene(rng) for _ in range(count)])
        self.z = torch.cat([latents.of(self.video[i:i + 1]) for i in range(count)])

    @torch.no_grad()
    def __call__(self, decode):
        """decode makes clips in -1..1 of standardized latents."""
        out = torch.cat([decode(self.z[i:i + 1]) for i in range(len(self.z))])
        each = [psnr(o, v) for o, v in zip(out, self.video)]
        return sum(each) / len(each), psnr(out, self.video, (self.cover > 0.02).float())


def train(rank, team, decoder, optimizer, options):
    average, trained, state = optim.Average(decoder, 0.998), 0.0, optim.load(options.state)
    if state:
        decoder.load_state_dict(state['network'])
        optimizer.restore(state['optimizer'])
        average.weights, trained = state['average'], state['trained']
    rng = random.Random(f'tiny {optimizer.steps}')
    torch.manual_seed(optimizer.steps)
    latents, total = Latents(), 60 * options.minutes
    pool, judge, judged = Pool(latents), Judge(latents), TinyDecoder(**TINY_DECODER)
    clock, logged, saved, losses = time.process_time(), time.time(), time.time(), []
    while trained < total:
        video, cover, z = pool.batch(rng, CLIPS)
        weight = 1 + 4 * torch.nn.functional.max_pool3d(cover, (1, 5, 5), 1, (0, 2, 2))
        weight = weight / weight.mean()
        noise = torch.rand(CLIPS, 1, 1, 1, 1) * 0.1
        out = decoder(z + noise * torch.randn_like(z))  # in fp32: with so few channels ten times as fast as in bf16
        error = out * 2 - 1 - video
        loss = (weight * (error.abs() + 2 * error.pow(2))).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        share = trained / total
        optimizer.step(rank, min(1, (optimizer.steps + 1) / 50) * max(0.01, 1 - max(0, share - 0.3) / 0.7))
        average.update(decoder, optimizer.steps)
        losses.append(loss.item())
        now, spent = time.time(), time.process_time()
        trained, clock = trained + spent - clock, spent
        if now - logged > 30:
            print(f'{trained / 60:5.1f} min  step {optimizer.steps:5}  loss {sum(losses) / len(losses):.4f}', flush=True)
            logged, losses = now, []
        if now - saved > 300 or trained >= total:
            optim.save(options.state, dict(network=decoder.state_dict(), optimizer=optimizer.state(),
                                           average=average.weights, trained=trained))
            judged.load_state_dict(average.weights)
            print('unseen clips: %.2f dB, on the shape %.2f dB' % judge(lambda z: judged(z).clamp(0, 1) * 2 - 1), flush=True)
            saved, clock = time.time(), time.process_time()


@torch.no_grad()
def factors(latents, count=96):
    """The best linear map of a latent position's channels, with a constant, to the mean colour of its pixels in -1..1."""
    rng, rows, colors = random.Random('factors'), [], []
    for _ in range(count):
        video = shapes.batch([shapes.random_scene(rng)])[0]
        rows.append(latents.of(video).permute(0, 2, 3, 4, 1).reshape(-1, VAE['z_dim']))
        means = torch.nn.functional.avg_pool3d(video, (1, 8, 8))  # [1, 3, 17, 8, 8]
        later = means[:, :, 1:].unflatten(2, (-1, 4)).mean(3)
        colors.append(torch.cat([means[:, :, :1], later], 2).permute(0, 2, 3, 4, 1).reshape(-1, 3))
    rows, colors = torch.cat(rows).double(), torch.cat(colors).double()
    rows = torch.cat([rows, torch.ones(len(rows), 1).double()], 1)
    solution = torch.linalg.lstsq(rows, colors).solution
    error = (rows @ solution - colors).pow(2).mean().item()
    return solution[:-1].tolist(), solution[-1].tolist(), error


def export(options):
    latents, decoder = Latents(), TinyDecoder(**TINY_DECODER)
    tensors = optim.load(options.state)['average']
    decoder.load_state_dict({name: value.half().float() for name, value in tensors.items()})  # as they are stored
    config = json.loads((MODEL / 'config.json').read_text(encoding='utf-8'))['vae']
    file = MODEL / 'taeshapes.safetensors'
    weights.write(file, tensors, {'format': 'wan', 'model': 'shapes', 'network': 'tiny decoder', 'latents': 'standardized',
                                  'latents_mean': ' '.join(f'{value:g}' for value in config['mean'])})
    description = json.loads((MODEL / 'config.json').read_text(encoding='utf-8'))
    factor, bias, error = factors(latents)
    rounded = lambda row: [round(value, 4) for value in row]
    description['vae'].update(rgb_factors=[rounded(row) for row in factor], rgb_bias=rounded(bias))
    (MODEL / 'config.json').write_text(json.dumps(description, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    print(f'colours of latents: mean squared error {error:.5f}')
    judge = Judge(latents)
    print(f'{file.name}: {file.stat().st_size} bytes')
    for name, decode in (('it', lambda z: decoder(z).clamp(0, 1) * 2 - 1), ('the VAE', latents.decode)):
        print('unseen clips: %.2f dB, on the shape %.2f dB' % judge(decode), f'by {name}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=HERE / 'runs' / 'tiny')
    parser.add_argument('--minutes', type=float, default=25)
    parser.add_argument('--export', action='store_true', help='write what was trained so far')
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    options.state = options.run / 'state.pt'
    if options.export:
        export(options)
        return
    torch.manual_seed(0)
    decoder, team = TinyDecoder(**TINY_DECODER), optim.Team(1)
    team.run(train, decoder, optim.Muon(decoder, team, 0.02, adam_lr=2e-3), options)


if __name__ == '__main__':
    main()
