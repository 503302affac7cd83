#!/usr/bin/env python3
"""Writes tests/fixtures/step-caches/step-caches.json: what the published step caches decide, and what comes out.

The policies are written here from the published code, call by call as it counts them (the prompt's branch is even, the negative
prompt's is odd), around a small made-up network:

  TeaCache    ali-vilab/TeaCache:TeaCache4Wan2.1/teacache_generate.py
  MagCache    Zehong-Ma/MagCache:MagCache4Wan2.1/magcache_generate.py, MagCache4Wan2.2/magcache_generate.py
  EasyCache   H-EmbodVis/EasyCache:EasyCache4Wan2.1/easycache_generate.py
  Spectrum    leejet/stable-diffusion.cpp:src/runtime/spectrum.hpp (float32, as there)
  TaylorSeer  Shenyi-Z/TaylorSeer: finite differences of computed steps, on the output

Run it with Debian's python3-torch and python3-numpy. TeaCache and MagCache reuse the output of the blocks there; here, as in the engine,
the network's output is reused.
"""
import json
import math
import os

import numpy as np
import torch

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KNOWN = json.load(open(os.path.join(ROOT, "src/WanSharp.Engine/step-caches.json")))
LENGTH = 48
GUIDANCE = 4.0


def sigmas(steps, shift=3.0):
    s = torch.linspace(1, 0, steps + 1, dtype=torch.float32)
    return shift * s / (1 + (shift - 1) * s)


def network(x, sigma, branch):
    """The same elementwise formula is in the test."""
    return torch.sin(1.3 * x + 2.1 * sigma + 0.4 * branch) + 0.25 * x


def noise():
    return torch.tensor([1.5 * math.sin(12.9898 * i) for i in range(LENGTH)], dtype=torch.float32)


def walk(steps, cache):
    """Euler with guidance; the cache is asked at each call, even ones first."""
    x, s, skipped = noise(), sigmas(steps), []
    for step in range(steps):
        outputs, computed = [], []
        for branch in (0, 1):
            def compute():
                computed.append(branch)
                return network(x, s[step], branch)
            outputs.append(cache.call(x, compute))
        skipped.append(not computed)
        assert len(computed) in (0, 2)
        guided = outputs[1] + GUIDANCE * (outputs[0] - outputs[1])
        x = x + (s[step + 1] - s[step]) * guided
    return skipped, x.tolist()


class Easy:
    def __init__(self, steps, thresh, ret_steps):
        self.cnt, self.num_steps = 0, steps * 2
        self.thresh, self.ret_steps, self.cutoff_steps = thresh, ret_steps * 2, steps * 2 - 2
        self.k = self.prev_in = self.prev_prev_in = self.prev_out = None
        self.error, self.calc, self.caches = 0, True, [None, None]

    def call(self, x, compute):
        even = self.cnt % 2 == 0
        if even:
            if self.cnt < self.ret_steps or self.cnt >= self.cutoff_steps:
                self.calc, self.error = True, 0
            elif self.prev_in is not None and self.prev_out is not None:
                change = (x - self.prev_in).abs().mean()
                if self.k is not None:
                    self.error += self.k * (change / self.prev_out.abs().mean())
                    self.calc = not self.error < self.thresh
                    if self.calc:
                        self.error = 0
                else:
                    self.calc = True
            else:
                self.calc = True
            self.prev_in = x.clone()
        branch = self.cnt % 2
        self.cnt += 1
        if not self.calc:
            return x + self.caches[branch]
        out = compute()
        if even:
            if self.prev_out is not None and self.prev_prev_in is not None:
                self.k = (out - self.prev_out).abs().mean() / (self.prev_in - self.prev_prev_in).abs().mean()
            self.prev_prev_in, self.prev_out = self.prev_in, out.clone()
        self.caches[branch] = out - x
        return out


class Spectrum:
    """One state for each branch, as the engine has one history for each."""

    def __init__(self, steps, window=2, flex=0.5, warmup=4, stop=0.9, w=0.4, m=3, lam=1.0):
        self.states = [
            dict(cnt=0, cached=0, ws=np.float32(window), H=[], T=[]) for _ in range(2)
        ]
        self.window, self.flex, self.warmup, self.stop = window, np.float32(flex), warmup, int(np.float32(stop) * np.float32(steps))
        self.w, self.m, self.lam, self.K, self.turn = w, m, lam, max(m + 1, 6), 0

    @staticmethod
    def tau(cnt):
        return np.float32(cnt) / np.float32(50) * 2 - 1

    def row(self, tau):
        v = [np.float32(1), tau]
        for _ in range(2, self.m + 1):
            v.append(np.float32(2) * tau * v[-1] - v[-2])
        return np.array(v[: self.m + 1], dtype=np.float32)

    def call(self, x, compute):
        st = self.states[self.turn]
        self.turn = 1 - self.turn
        predict = False
        if st["cnt"] >= self.warmup and not (self.stop > 0 and st["cnt"] >= self.stop) and len(st["H"]) >= 2:
            predict = (st["cached"] + 1) % max(1, int(math.floor(st["ws"]))) != 0
        if not predict:
            out = compute()
            st["H"].append(out.numpy().copy())
            st["T"].append(self.tau(st["cnt"]))
            del st["H"][: -self.K], st["T"][: -self.K]
            if st["cnt"] >= self.warmup:
                st["ws"] += self.flex
            st["cached"] = 0
        else:
            X = np.stack([self.row(t) for t in st["T"]])
            A = X.T @ X + np.float32(self.lam) * np.eye(self.m + 1, dtype=np.float32)
            weights = X @ np.linalg.solve(A, self.row(self.tau(st["cnt"])))
            cheb = sum(wk * h for wk, h in zip(weights, st["H"]))
            taylor = st["H"][-1] + np.float32(0.5) * (st["H"][-1] - st["H"][-2])
            out = torch.from_numpy((1 - np.float32(self.w)) * taylor + np.float32(self.w) * cheb)
            st["cached"] += 1
        st["cnt"] += 1
        return out


class Scheduled:
    """Skips what a list says; order 0 reuses the last output, 1 and 2 follow TaylorSeer's differences."""

    def __init__(self, skips, order):
        self.skips, self.order, self.calls = skips, order, 0
        self.factors, self.last = [[], []], [None, None]

    def call(self, x, compute):
        step, branch = divmod(self.calls, 2)
        self.calls += 1
        if not self.skips[step]:
            out = compute()
            new = [out]
            for i in range(self.order):
                if len(self.factors[branch]) <= i:
                    break
                new.append((new[i] - self.factors[branch][i]) / (step - self.last[branch]))
            self.factors[branch], self.last[branch] = new, step
            return out
        d = step - self.last[branch]
        return sum(f * d**i / math.factorial(i) for i, f in enumerate(self.factors[branch]))


def tea(steps, rel, coefficients, thresh, ret, cutoff):
    """The even calls."""
    poly, acc, skips = np.poly1d(coefficients), 0, []
    for step in range(steps):
        cnt = 2 * step
        if cnt < ret or cnt >= cutoff:
            calc, acc = True, 0
        else:
            acc += poly(rel[step])
            calc = not acc < thresh
            if calc:
                acc = 0
        skips.append(not calc)
    return skips


def nearest_interp(src, length):
    src = np.array(src)
    if length == 1:
        return np.array([src[-1]])
    scale = (len(src) - 1) / (length - 1)
    return src[np.round(np.arange(length) * scale).astype(int)]


def mag(steps, ratios, thresh, K, retention, split=None, mode="t2v"):
    """The even calls."""
    ratios, num = nearest_interp(ratios, steps), 2 * steps
    ratio, err, count, skips = 1.0, 0.0, 0, []
    for step in range(steps):
        cnt, use = 2 * step, True
        if split:
            at = 2 * split
            if mode == "i2v":
                use = not cnt < int(at + (num - at) * retention)
            else:
                use = not (cnt < int(at * retention) or (cnt <= (num - at) * retention + at and cnt >= at))
        elif cnt < int(num * retention):
            use = False
        if split and step == split:
            ratio, err, count = 1.0, 0.0, 0  # the engine forgets at the expert's switch
        skip = False
        if use:
            ratio *= ratios[step]
            count += 1
            err += abs(1 - ratio)
            if err < thresh and count <= K:
                skip = True
            else:
                ratio, err, count = 1.0, 0.0, 0
        skips.append(skip)
    return skips


def main():
    cases = {"easy": [], "spectrum": [], "taylor": [], "tea": [], "mag": []}
    for steps, thresh, ret in ((20, 0.2, 4), (50, 0.05, 10), (30, 0.2, 6), (12, 1.0, 2)):
        skips, latents = walk(steps, Easy(steps, thresh, ret))
        cases["easy"].append(dict(steps=steps, threshold=thresh, warm_up=ret, skips=skips, latents=latents))
    for steps, window, flex, warmup, stop in ((20, 2, 0.5, 4, 0.9), (50, 2, 0.5, 4, 0.9), (30, 3, 0.25, 6, 0.8)):
        skips, latents = walk(steps, Spectrum(steps, window, flex, warmup, stop))
        cases["spectrum"].append(
            dict(steps=steps, window=window, growth=flex, warm_up=warmup, end=stop, skips=skips, latents=latents)
        )
    for steps, interval, order in ((20, 2, 0), (20, 3, 1), (50, 4, 2), (20, 3, 2)):
        warmup, skips, since = 4, [], 0
        for step in range(steps):
            skip = step >= warmup and step < steps - 1 and since < interval - 1
            since = since + 1 if skip else 0
            skips.append(skip)
        _, latents = walk(steps, Scheduled(skips, order))
        cases["taylor"].append(dict(steps=steps, interval=interval, order=order, warm_up=warmup, skips=skips, latents=latents))
    for name in ("wan2.1-t2v-1.3b", "wan2.1-t2v-14b", "wan2.1-i2v-14b-480p", "wan2.1-i2v-14b-720p"):
        for kind in ("tea", "tea-ret"):
            for steps in (20, 50):
                # changes as large as those of trained embeddings: small at first, larger at the end
                rel = [0.0] + [(0.005 if kind == "tea-ret" else 0.06) * (1 + 3 * (i / steps) ** 3) for i in range(1, steps)]
                data = KNOWN[name][kind]
                ret, cutoff = (10, steps * 2) if kind == "tea-ret" else (2, steps * 2 - 2)
                skips = tea(steps, rel, data["coefficients"], data["threshold"], ret, cutoff)
                cases["tea"].append(
                    dict(network=name, policy=kind, steps=steps, threshold=data["threshold"], changes=rel, skips=skips)
                )
    for name, known in KNOWN.items():
        if "mag" not in known:
            continue
        data = known["mag"]
        for steps in (20, 30, 50):
            split = steps * 3 // 10 if "a14b" in name else None
            skips = mag(
                steps,
                data["ratios"],
                data["threshold"],
                data["skips"],
                data["retention"],
                split,
                "i2v" if data.get("low_noise_only") else "t2v",
            )
            cases["mag"].append(dict(network=name, steps=steps, high_noise_steps=split or 0, skips=skips))
    target = os.path.join(ROOT, "tests/fixtures/step-caches/step-caches.json")
    with open(target, "w") as file:
        file.write("{\n")
        rows = [
            f'  "{kind}": [\n' + ",\n".join(f"    {json.dumps(case)}" for case in list_) + "\n  ]" for kind, list_ in cases.items()
        ]
        file.write(",\n".join(rows) + "\n}\n")
    for kind, list_ in cases.items():
        print(kind, [sum(case["skips"]) for case in list_])


main()
