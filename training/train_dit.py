"""Trains the transformer on the pool of encoded clips by flow matching: python train_dit.py --minutes 80

Again to resume; the schedule follows the minutes trained. Needs runs/text, runs/vae and runs/dit/pool.pt.
"""
import argparse
import random
import time
from pathlib import Path

import torch

import optim
import shapes
from model import TEXT_ENCODER, TRANSFORMER, TextEncoder, Transformer
from text import Tokenizer, embed

EMPTY, FIRST_CLEAN, ENDS_CLEAN = 0.10, 0.20, 0.07  # shares of samples: no caption; given frames
SHIFT = 3.0


class Pool:
    """Standardized latents and labels of the clips encoded so far; encode_pool.py may still be adding to them."""

    def __init__(self, run):
        self.path, self.time = run / 'pool.pt', None
        self.mean, self.std = (s.view(1, -1, 1, 1, 1) for s in optim.load(run / 'statistics.pt'))
        self.refresh()

    def refresh(self):
        changed = self.path.stat().st_mtime
        if changed != self.time:
            saved, self.time = optim.load(self.path), changed
            self.latents, self.labels = (saved['latents'].float() - self.mean) / self.std, saved['labels']


def noisy(z, rng):
    """Noisy latents, velocity noise - z, timesteps [batch, latent frames] and which frames are to be predicted."""
    batch, _, frames = z.shape[:3]
    sigma = torch.randn(batch, 1, generator=rng).sigmoid()
    sigma = SHIFT * sigma / (1 + (SHIFT - 1) * sigma)
    given = torch.rand(batch, generator=rng)
    hidden = torch.ones(batch, frames)
    hidden[given < FIRST_CLEAN + ENDS_CLEAN, 0] = 0
    hidden[given < ENDS_CLEAN, -1] = 0
    sigma = sigma * hidden  # [batch, latent frames]: a frame that is given has no noise and timestep 0
    noise = torch.randn(z.shape, generator=rng)
    amount = sigma[:, None, :, None, None]
    return (1 - amount) * z + amount * noise, noise - z, sigma * 1000, hidden


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=Path(__file__).parent / 'runs')
    parser.add_argument('--minutes', type=float, default=80)
    parser.add_argument('--batch', type=int, default=16, help='clips a worker')
    parser.add_argument('--workers', type=int, default=2, help='processes; the cores that there are')
    parser.add_argument('--lr', type=float, default=0.02)
    parser.add_argument('--adam-lr', type=float, default=2e-3)
    options = parser.parse_args()
    options.cell = torch.zeros(()).double().share_memory_()
    torch.manual_seed(0)

    tokenizer = Tokenizer(options.runs / 'text' / 'spiece.model')
    encoder = TextEncoder(len(tokenizer), **TEXT_ENCODER)
    encoder.load_state_dict(optim.load(options.runs / 'text' / 'state.pt')['encoder'])
    transformer, team = Transformer(**TRANSFORMER), optim.Team(options.workers)
    optimizer = optim.Muon(transformer, team, options.lr, options.adam_lr, weight_decay=0.05,
                           adam_names=('head.head', 'patch_embedding'))
    team.run(train, transformer, optimizer, options, tokenizer, encoder)


def train(rank, team, transformer, optimizer, options, tokenizer, encoder):
    pool = Pool(options.runs / 'dit')
    average = optim.Average(transformer, 0.998)
    trained, path = 0.0, options.runs / 'dit' / 'state.pt'
    state = optim.load(path)
    if state:
        if rank == 0:
            transformer.load_state_dict(state['network'])
        optimizer.restore(state['optimizer'])
        average.weights, trained = state['average'], state['trained']
    team.wait()
    words, rng = random.Random(f'{optimizer.steps} {rank}'), torch.Generator()
    rng.manual_seed(optimizer.steps * team.size + rank)
    clock, logged, saved, losses, total = time.time(), time.time(), time.time(), [], options.minutes * 60

    while trained < total:
        if optimizer.steps % 100 == 0:
            pool.refresh()
        picks = torch.randint(len(pool.labels), (options.batch,), generator=rng)
        texts = ['' if words.random() < EMPTY else shapes.caption(pool.labels[i], words)[0] for i in picks]
        context, lengths = embed(encoder, tokenizer, texts, TRANSFORMER['text_len'])
        x, velocity, t, hidden = noisy(pool.latents[picks], rng)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            out = transformer(x, t, context, lengths)
        error = (out.float() - velocity).pow(2).mean((1, 3, 4))  # [batch, latent frames]
        loss = (error * hidden).sum() / hidden.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), 1.0)
        warm, cool = min(1, (optimizer.steps + 1) / 100), min(1, max(0.01, (1 - trained / total) / 0.6))
        optimizer.step(rank, warm * cool)
        now = time.time()
        trained = team.agree(rank, trained + now - clock, options.cell)
        clock = now
        if rank > 0:
            continue
        average.update(transformer, optimizer.steps)
        losses.append(loss.item())
        if now - logged > 30:
            print(f'{trained / 60:5.1f} min  step {optimizer.steps:6}  loss {sum(losses) / len(losses):.4f}', flush=True)
            logged, losses = now, []
        if now - saved > 120 or trained >= total:
            optim.save(path, dict(network=transformer.state_dict(), optimizer=optimizer.state(),
                                  average=average.weights, trained=trained))
            saved = now


if __name__ == '__main__':
    main()
