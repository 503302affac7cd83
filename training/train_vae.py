"""Trains the VAE on drawn clips: single frames first, then 9 frames, at last whole clips of 17.

    python train_vae.py --minutes 40          (again to resume; the schedule follows the minutes trained, not steps)
    python train_vae.py --decoder-minutes 25  (after the encoder is frozen: only the decoder, latents stay as they are)
"""
import argparse
import math
import random
import time
from pathlib import Path

import torch
from PIL import Image

import optim
import shapes
from model import VAE, Vae

STAGES = [(0.25, 1, 12), (0.85, 9, 2), (1.00, 17, 1)]  # until this share of the time: frames, clips a worker


def inflate(vae):
    """Starts every kernel as if the past did not matter, and temporal resampling as repeating frames."""
    for name, p in vae.named_parameters():
        if p.dim() != 5 or p.size(2) != 3:
            continue
        p.data[:, :, :2] = 0
        if 'time_conv' in name:
            p.data[:] = 0
            p.data[:, :, 2, 0, 0] = torch.eye(p.size(1)).repeat(p.size(0) // p.size(1), 1)
    for name, p in vae.named_parameters():
        if name.endswith('residual.6.weight'):
            p.data *= 0.3
        if name.endswith('proj.weight'):
            p.data.zero_()


def psnr(a, b, weight=None):
    error = (a - b).clamp(-2, 2).pow(2) / 4
    mse = error.mean() if weight is None else (error * weight).sum() / (weight.sum() * 3)
    return -10 * math.log10(mse.item() + 1e-10)


@torch.no_grad()
def evaluate(weights, sheet=None, count=12, size=64):
    """PSNR of unseen clips, whole and on the shape's pixels only."""
    vae = Vae(**VAE)
    vae.load_state_dict(weights)
    rng = random.Random(999)
    video, cover = shapes.batch([shapes.random_scene(rng) for _ in range(count)], size)
    mu, _ = vae.encode(video)
    out = vae.decode(mu).clamp(-1, 1)
    if sheet:
        rows = torch.cat([video[:8, :, ::4], out[:8, :, ::4]], 4)
        rows = ((rows + 1) * 127.5).round().byte().permute(0, 3, 2, 4, 1).flatten(0, 1).flatten(1, 2)
        Image.fromarray(rows.numpy()).save(sheet)
    each = [psnr(o, v) for o, v in zip(out, video)]
    return sum(each) / len(each), psnr(out, video, (cover > 0.02).float()), mu.std().item()


def draw(rng, frames, clips, size):
    scenes = [shapes.random_scene(rng) for _ in range(clips)]
    if frames == 1:  # any moment of the clip
        clip, cover = zip(*(shapes.draw(s, size, 1) for s in (at_moment(s, rng.random()) for s in scenes)))
    else:
        total = frames if rng.random() < 0.4 else shapes.FRAMES
        clip, cover = zip(*(shapes.draw(s, size, frames, total) for s in scenes))
    as_batch = lambda arrays: torch.stack([torch.from_numpy(a) for a in arrays])
    return as_batch(clip).float() / 127.5 - 1, as_batch(cover)


def at_moment(scene, share):
    mix = lambda a, b: a + (b - a) * share
    here = tuple(mix(a, b) for a, b in zip(scene.start, scene.end))
    return shapes.Scene(**scene.labels, start=here, end=here, radius=(mix(*scene.radius),) * 2, tint=scene.tint)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=Path(__file__).parent / 'runs' / 'vae')
    parser.add_argument('--minutes', type=float, default=40)
    parser.add_argument('--decoder-minutes', type=float, default=0)
    parser.add_argument('--size', type=int, default=64)
    parser.add_argument('--workers', type=int, default=2, help='processes; the cores that there are')
    parser.add_argument('--lr', type=float, default=0.02)
    parser.add_argument('--kl', type=float, default=3e-5)
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    options.cell = torch.zeros(()).double().share_memory_()
    torch.manual_seed(0)

    decoder_only = options.decoder_minutes > 0
    options.total = 60 * (options.decoder_minutes if decoder_only else options.minutes)
    options.state = options.run / ('decoder.pt' if decoder_only else 'state.pt')
    vae = Vae(**VAE)
    inflate(vae)
    if decoder_only:
        vae.load_state_dict(optim.load(options.run / 'state.pt')['average'])
        vae.encoder.requires_grad_(False)
        vae.conv1.requires_grad_(False)
    team, slow = optim.Team(options.workers), 0.08 if decoder_only else 1
    optimizer = optim.Muon(vae, team, options.lr * slow, adam_lr=2e-3 * slow)
    team.run(train, vae, optimizer, options)


def train(rank, team, vae, optimizer, options):
    average = optim.Average(vae, 0.995)
    trained, cell = 0.0, options.cell
    state = optim.load(options.state)
    if state:
        if rank == 0:
            vae.load_state_dict(state['network'])
        optimizer.restore(state['optimizer'])
        average.weights, trained = state['average'], state['trained']
    team.wait()
    decoder_only = options.decoder_minutes > 0
    rng = random.Random(f'{optimizer.steps} {rank}')
    torch.manual_seed(optimizer.steps * team.size + rank)
    clock, logged, saved, losses = time.time(), time.time(), time.time(), []

    while trained < options.total:
        share = trained / options.total
        frames, clips = (17, 1) if decoder_only else next((f, c) for until, f, c in STAGES if share < until)
        video, cover = draw(rng, frames, clips, options.size)
        weight = 1 + 4 * torch.nn.functional.max_pool3d(cover, (1, 5, 5), 1, (0, 2, 2))
        weight = weight / weight.mean()
        with torch.autocast('cpu', dtype=torch.bfloat16):
            with torch.set_grad_enabled(not decoder_only):
                mu, log_var = vae.encode(video)
            mu, log_var = mu.float(), log_var.float().clamp(-12, 4)
            out = vae.decode(mu + (0.5 * log_var).exp() * torch.randn_like(mu)).float()
        error = out - video
        kl = (mu.pow(2) + log_var.exp() - 1 - log_var).mean() / 2
        loss = (weight * (error.abs() + 2 * error.pow(2))).mean() + options.kl * kl
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        warm, cool = min(1, (optimizer.steps + 1) / 50), max(0.01, 1 - max(0, share - 0.3) / 0.7)
        optimizer.step(rank, warm * cool)
        now = time.time()
        trained = team.agree(rank, trained + now - clock, cell)
        clock = now
        if rank > 0:
            continue
        average.update(vae, optimizer.steps)
        losses.append(loss.item())
        if now - logged > 30:
            mse = (weight * error.pow(2)).mean().item() / 4
            print(f'{trained / 60:5.1f} min  step {optimizer.steps:5}  {frames:2} frames  '
                  f'loss {sum(losses) / len(losses):.4f}  weighted {-10 * math.log10(mse):.2f} dB  kl {kl.item():.2f}',
                  flush=True)
            logged, losses = now, []
        if now - saved > 120 or trained >= options.total:
            optim.save(options.state, dict(network=vae.state_dict(), optimizer=optimizer.state(),
                                           average=average.weights, trained=trained))
            whole, shape, std = evaluate(average.weights, options.run / 'sheet.png')
            print(f'unseen clips: {whole:.2f} dB, on the shape {shape:.2f} dB, std of latents {std:.2f}', flush=True)
            saved = time.time()


if __name__ == '__main__':
    main()
