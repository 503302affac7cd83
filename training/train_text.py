"""Trains the text encoder to tell what a caption says, in both languages: python train_text.py --minutes 4

Four heads (colour, shape, motion, background; a further class: not said) read the embeddings' mean. The heads are then
thrown away and the encoder is frozen: the transformer learns from its embeddings.
"""
import argparse
import random
import time
from pathlib import Path

import torch
import torch.nn as nn
import torch.nn.functional as F

import optim
import shapes
from model import TEXT_ENCODER, TRANSFORMER, TextEncoder
from text import Tokenizer, padded


class Heads(nn.Module):
    """Labels from the mean of the embeddings, and from the end token alone."""

    def __init__(self, dim):
        super().__init__()
        sizes = [len(values) + 1 for values in shapes.ATTRIBUTES.values()]
        self.mean = nn.ModuleList([nn.Linear(dim, size) for size in sizes])
        self.end = nn.ModuleList([nn.Linear(dim, size) for size in sizes])

    def forward(self, x, mask):
        mean = x.sum(1) / mask.sum(1, keepdim=True)  # [batch, dim]
        end = x[torch.arange(len(x)), mask.sum(1) - 1]  # [batch, dim]
        return [[head(y) for head in heads] for y, heads in ((mean, self.mean), (end, self.end))]


def draw(rng, tokenizer, count, text_len):
    rows, labels = [], []
    for _ in range(count):
        truth = {name: rng.choice(values) for name, values in shapes.ATTRIBUTES.items()}
        text, stated = shapes.caption(truth, rng)
        rows.append(tokenizer(text, text_len))
        labels.append([len(values) if stated[name] is None else values.index(stated[name])
                       for name, values in shapes.ATTRIBUTES.items()])
    ids, mask = padded(rows)
    return ids, mask, torch.tensor(labels)  # labels [count, 4]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--run', type=Path, default=Path(__file__).parent / 'runs' / 'text')
    parser.add_argument('--minutes', type=float, default=4)
    options = parser.parse_args()
    torch.manual_seed(0)
    tokenizer, text_len = Tokenizer(options.run / 'spiece.model'), TRANSFORMER['text_len']
    encoder = TextEncoder(len(tokenizer), **TEXT_ENCODER)
    nn.init.normal_(encoder.token_embedding.weight, std=0.5)
    heads = Heads(TEXT_ENCODER['dim'])
    both = nn.ModuleList([encoder, heads])
    optimizer = torch.optim.AdamW(both.parameters(), 2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    step, trained, path = 0, 0.0, options.run / 'state.pt'
    state = optim.load(path)
    if state:
        both.load_state_dict(state['network'])
        optimizer.load_state_dict(state['optimizer'])
        step, trained = state['step'], state['trained']
    rng, clock, logged = random.Random(step), time.time(), time.time()
    held_out = draw(random.Random(-1), tokenizer, 1000, text_len)
    while trained < options.minutes * 60:
        for group in optimizer.param_groups:
            group['lr'] = 2e-3 * min(1, (step + 1) / 50) * max(0.02, 1 - trained / (options.minutes * 60))
        ids, mask, labels = draw(rng, tokenizer, 128, text_len)
        noise = (torch.rand(ids.shape) < 0.03) & (ids > 2)
        ids = torch.where(noise, torch.randint(3, len(tokenizer), ids.shape), ids)
        outputs = heads(encoder(ids, mask), mask)
        loss = sum(F.cross_entropy(y, labels[:, i]) for group in outputs for i, y in enumerate(group))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(both.parameters(), 1.0)
        optimizer.step()
        step += 1
        now = time.time()
        trained, clock = trained + now - clock, now
        if now - logged > 20 or trained >= options.minutes * 60:
            with torch.no_grad():
                ids, mask, labels = held_out
                x = encoder(ids, mask)
                right = [[(y.argmax(1) == labels[:, i]).float().mean().item() for i, y in enumerate(group)]
                         for group in heads(x, mask)]
            print(f'{trained / 60:.1f} min  step {step}  loss {loss.item():.4f}  right: ' +
                  ' | '.join(' '.join(f'{r:.3f}' for r in group) for group in right) +
                  f'  std of embeddings {x[mask > 0].std().item():.2f}', flush=True)
            optim.save(path, dict(network=both.state_dict(), encoder=encoder.state_dict(),
                                  optimizer=optimizer.state_dict(), step=step, trained=trained))
            logged = now


if __name__ == '__main__':
    main()
