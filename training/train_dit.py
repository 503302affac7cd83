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
    parser.add_argument('--batch', type=int, default=32)
    parser.add_argument('--lr', type=float, default=0.02)
    parser.add_argument('--adam-lr', type=float, default=2e-3)
    options = parser.parse_args()
    run = options.runs / 'dit'
    torch.manual_seed(0)

    tokenizer = Tokenizer(options.runs / 'text' / 'spiece.model')
    encoder = TextEncoder(len(tokenizer), **TEXT_ENCODER)
    encoder.load_state_dict(optim.load(options.runs / 'text' / 'state.pt')['encoder'])
    pool = optim.load(run / 'pool.pt')
    mean, std = (s.view(1, -1, 1, 1, 1) for s in optim.load(run / 'statistics.pt'))
    latents = (pool['latents'].float() - mean) / std

    transformer = Transformer(**TRANSFORMER)
    optimizer = optim.Muon(transformer, options.lr, options.adam_lr, weight_decay=0.05,
                           adam_names=('head.head', 'patch_embedding'))
    average = optim.Average(transformer, 0.998)
    step, trained = 0, 0.0
    state = optim.load(run / 'state.pt')
    if state:
        transformer.load_state_dict(state['network'])
        optimizer.load_state_dict(state['optimizer'])
        average.weights, step, trained = state['average'], state['step'], state['trained']
    words, rng = random.Random(step), torch.Generator().manual_seed(step)
    clock, logged, saved, losses, total = time.time(), time.time(), time.time(), [], options.minutes * 60

    while trained < total:
        share = trained / total
        optimizer.set_rate(min(1, (step + 1) / 100) * min(1, max(0.01, (1 - share) / 0.6)))
        picks = torch.randint(len(latents), (options.batch,), generator=rng)
        texts = ['' if words.random() < EMPTY else shapes.caption(pool['labels'][i], words)[0] for i in picks]
        context, lengths = embed(encoder, tokenizer, texts, TRANSFORMER['text_len'])
        x, velocity, t, hidden = noisy(latents[picks], rng)
        with torch.autocast('cpu', dtype=torch.bfloat16):
            out = transformer(x, t, context, lengths)
        error = (out.float() - velocity).pow(2).mean((1, 3, 4))  # [batch, latent frames]
        loss = (error * hidden).sum() / hidden.sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(transformer.parameters(), 1.0)
        optimizer.step()
        average.update(transformer, step)
        losses.append(loss.item())
        step += 1
        now = time.time()
        trained, clock = trained + now - clock, now
        if now - logged > 30:
            print(f'{trained / 60:5.1f} min  step {step:6}  loss {sum(losses) / len(losses):.4f}', flush=True)
            logged, losses = now, []
        if now - saved > 120 or trained >= total:
            optim.save(run / 'state.pt', dict(network=transformer.state_dict(), optimizer=optimizer.state_dict(),
                                              average=average.weights, step=step, trained=trained))
            saved = now


if __name__ == '__main__':
    main()
