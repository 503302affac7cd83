"""Trains a LoRA for the transformer of a model folder, which stays as it is.

    python train_lora.py outlined --steps 500            a style, from the pool of encode_pool.py --style outlined
    python train_lora.py distilled --rank 12 --steps 1500  four steps without guidance, from what trajectories.py writes

Again to resume. What is learnt so far is in runs/NAME/NAME.safetensors; the end puts it into the model folder's loras/.
"""
import argparse
import random
import time
from pathlib import Path
from types import SimpleNamespace

import torch

import lora
import optim
import shapes
from model import TRANSFORMER
from sample import RUNS
from shipped import SHAPES, Shipped
from text import embed
from train_dit import EMPTY, Pool, noisy
from trajectories import SIGMAS, STEPS, timesteps

SHARES = (0.1, 0.2, 0.3, 0.4)  # of samples for each of the four steps: the last goes the furthest
OWN_AFTER, OWN = 0.4, 0.5  # from this share of the time on, this share of batches starts from the student's own states


class StyleSamples:
    """Flow matching on clips drawn in a style."""

    def __init__(self, run, texts):
        self.pool, self.texts = Pool(run), texts

    def draw(self, count, words, rng, done, transformer):
        picks = torch.randint(len(self.pool.labels), (count,), generator=rng)
        texts = ['' if words.random() < EMPTY else shapes.caption(self.pool.labels[i], words)[0] for i in picks]
        x, velocity, t, hidden = noisy(self.pool.latents[picks], rng)
        return x, t, velocity, hidden, self.texts(texts)


class TrajectorySamples:
    """From a state of a guided trajectory to the next in one step; later also from where the student itself comes to."""

    def __init__(self, run, texts):
        self.run, self.texts, self.states, self.given, self.prompts, self.files = run, texts, None, None, [], 0
        self.refresh()

    def refresh(self):
        files = sorted(self.run.glob('[0-9]*.pt'))
        new = [optim.load(path) for path in files[self.files:]]
        if new:
            states = torch.cat([one['states'] for one in new], 1)
            given = torch.cat([one['given'] for one in new])
            self.states = states if self.states is None else torch.cat([self.states, states], 1)
            self.given = given if self.given is None else torch.cat([self.given, given])
            self.prompts += [prompt for one in new for prompt in one['prompts']]
            self.files = len(files)

    def draw(self, count, words, rng, done, transformer):
        if words.random() < 0.02:
            self.refresh()
        picks = torch.randint(len(self.prompts), (count,), generator=rng)
        at = torch.multinomial(torch.tensor(SHARES), count, True, generator=rng).sort()[0]
        states, given = self.states[:, picks].float(), self.given[picks]
        context = self.texts([self.prompts[i] for i in picks])
        x = states[at, torch.arange(count)]
        if done > OWN_AFTER and words.random() < OWN:
            x = self.walk(transformer, states[0], given, at, context)
        sigma, following = (torch.tensor(SIGMAS)[at + k].view(-1, 1, 1, 1, 1) for k in (0, 1))
        velocity = (x - states[at + 1, torch.arange(count)]) / (sigma - following)
        t = torch.cat([timesteps(SIGMAS[step], given[i:i + 1]) for i, step in enumerate(at.tolist())])
        hidden = torch.ones(count, x.size(2))
        hidden[given, 0] = 0
        return x, t, velocity, hidden, context

    @torch.no_grad()
    def walk(self, transformer, x, given, at, context):
        """The student's own states before its step ``at``, which is sorted."""
        x = x.clone()
        for step in range(STEPS - 1):
            rest = (at > step).nonzero().flatten()
            if len(rest) == 0:
                break
            v = transformer(x[rest], timesteps(SIGMAS[step], given[rest]), context[0][rest],
                            [context[1][i] for i in rest])
            first = x[rest, :, 0]
            x[rest] = x[rest] + (SIGMAS[step + 1] - SIGMAS[step]) * v
            x[rest, :, 0] = torch.where(given[rest].view(-1, 1, 1, 1), first, x[rest, :, 0])
        return x


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('name', choices=[*shapes.STYLES, 'distilled'])
    parser.add_argument('--runs', type=Path, default=RUNS)
    parser.add_argument('--model', type=Path, default=SHAPES)
    parser.add_argument('--steps', type=int, default=500)
    parser.add_argument('--rank', type=int, default=8)
    parser.add_argument('--batch', type=int, default=16, help='clips a worker')
    parser.add_argument('--workers', type=int, default=1, help='processes; the cores that there are')
    parser.add_argument('--lr', type=float, default=2e-3)
    options = parser.parse_args()
    torch.manual_seed(0)
    shipped = Shipped(options.model)
    transformer, team = lora.attach(shipped.transformer(), options.rank), optim.Team(options.workers)
    optimizer = optim.Muon(transformer, team, adam_lr=options.lr, adam_names=('.lora_',))
    team.run(train, transformer, optimizer, options, shipped.tokenizer(), shipped.encoder())


def train(rank, team, transformer, optimizer, options, tokenizer, encoder):
    run = options.runs / options.name
    samples = (TrajectorySamples if options.name == 'distilled' else StyleSamples)(
        run, lambda texts: embed(encoder, tokenizer, texts, TRANSFORMER['text_len']))
    factors = SimpleNamespace(state_dict=lambda: {name: p.detach() for name, p in lora.learned(transformer).items()})
    average, trained, state = optim.Average(factors, 0.98), 0.0, optim.load(run / 'state.pt')
    if state:
        if rank == 0:
            transformer.load_state_dict(state['factors'], strict=False)
        optimizer.restore(state['optimizer'])
        average.weights, trained = state['average'], state['trained']
    team.wait()
    words, rng = random.Random(f'{optimizer.steps} {rank}'), torch.Generator()
    rng.manual_seed(optimizer.steps * team.size + rank)
    clock, logged, saved, losses = time.time(), time.time(), time.time(), []

    while optimizer.steps < options.steps:
        done = optimizer.steps / options.steps
        x, t, velocity, hidden, context = samples.draw(options.batch, words, rng, done, transformer)
        with optim.autocast():
            out = transformer(x, t, *context)
        error = (out.float() - velocity).pow(2).mean((1, 3, 4))  # [batch, latent frames]
        loss = (error * hidden).sum() / hidden.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(lora.learned(transformer).values()), 1.0)
        warm, cool = min(1, (optimizer.steps + 1) / 30), min(1, (1 - done) / 0.6)
        optimizer.step(rank, warm * cool)
        now = time.time()
        trained, clock = trained + now - clock, now
        if rank > 0:
            continue
        average.update(factors, optimizer.steps)
        losses.append(loss.item())
        if now - logged > 30:
            print(f'{trained / 60:5.1f} min  step {optimizer.steps:6}  loss {sum(losses) / len(losses):.4f}', flush=True)
            logged, losses = now, []
        if now - saved > 60 or optimizer.steps == options.steps:
            optim.save(run / 'state.pt', dict(factors=factors.state_dict(), optimizer=optimizer.state(),
                                              average=average.weights, trained=trained))
            write(run / f'{options.name}.safetensors', average.weights, options)
            saved = now
    if rank == 0:
        out = options.model / 'loras' / f'{options.name}.safetensors'
        out.parent.mkdir(exist_ok=True)
        write(out, average.weights, options)


def write(path, factors, options):
    lora.write(path, factors, {'model': 'shapes', 'name': options.name})


if __name__ == '__main__':
    main()
