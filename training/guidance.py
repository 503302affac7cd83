"""Writes the table of docs/guidance.md: what each way of guiding does to clips of Shapes.

    python guidance.py FOLDER --wan ../path/to/wan --count 48

Makes clips of the same prompts and seeds in each way with `wan batch`, has evaluate.py judge what they show, and `wan compare` how near
they are to those of plain guidance and how much moves. Clips that are in FOLDER stay: a run that was stopped goes on.
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np

import evaluate
import shapes

PLAIN = 'scale 4'
ONE_PASS = 'scale 1, one pass'
LARGE = 'scale 12'
LONG = '33 frames'

# What each way is called, its settings, and the way that it is measured against.
WAYS = [
    (PLAIN, {}, PLAIN),
    (ONE_PASS, dict(guidance=1), PLAIN),
    ('`--cfg-zero 1`', dict(cfg_zero=1), PLAIN),
    ('`--slg 4@0.1-0.9`', dict(slg='4@0.1-0.9'), PLAIN),
    ('scale 1, `--nag 5,3.5,0.5`', dict(guidance=1, nag='5,3.5,0.5'), PLAIN),
    ('`--guidance-interval 0-0.5`', dict(guidance_interval='0-0.5'), PLAIN),
    ('`--apg 55,-0.75,0`', dict(apg='55,-0.75,0'), PLAIN),
    (LARGE, dict(guidance=12), PLAIN),
    ('scale 12, `--apg 10,-0.75,0`', dict(guidance=12, apg='10,-0.75,0'), PLAIN),
    (LONG, dict(frames=33), LONG),
    ('33 frames, `--riflex 1`', dict(frames=33, riflex=1), LONG),
]


def folder_of(options, settings):
    return options.folder / ('-'.join(f'{name}-{value}' for name, value in settings.items()).replace(',', '_') or 'plain')


def make(options, settings):
    """The clips of a way, and the prompts that they are of."""
    folder = folder_of(options, settings)
    folder.mkdir(parents=True, exist_ok=True)
    jobs = list(evaluate.prompts(options.count, options.seed))
    batch = folder.with_suffix('.jsonl')
    batch.write_text(''.join(
        json.dumps(dict(prompt=job['prompt'], seed=job['seed'], output=job['file'], cache=False, **settings), ensure_ascii=False) + '\n'
        for job in jobs), encoding='utf-8')
    if not all((folder / job['file']).exists() for job in jobs):
        subprocess.run([options.wan, 'batch', str(batch), '-o', str(folder), '--precision', 'fp32'], check=True, stdout=sys.stderr)
    return folder, jobs


def judged(folder, jobs):
    """How many in a hundred clips show each attribute that was asked for, and all of them."""
    right = []
    for job in jobs:
        shown = evaluate.judge(evaluate.read(folder / job['file']))
        right.append([shown[name] == job[name] for name in shapes.ATTRIBUTES])
    right = np.array(right)
    return [*(100 * right.mean(0)), 100 * right.all(1).mean()]


def compared(options, folder, plain):
    """SSIM against the clips that a way is measured against, and its motion as a share of theirs."""
    if folder == plain:
        return 1.0, 1.0
    answer = subprocess.run([options.wan, 'compare', str(folder), str(plain), '--json'], check=True, capture_output=True, text=True)
    pairs = json.loads(answer.stdout)['clips']
    moves = [pair['motion'] for pair in pairs if pair['motion'] is not None]
    return np.mean([pair['ssim'] for pair in pairs]), np.median(moves)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('folder', type=Path)
    parser.add_argument('--wan', default='wan', help='the program')
    parser.add_argument('--count', type=int, default=48)
    parser.add_argument('--seed', type=int, default=500000)
    options = parser.parse_args()
    print(f'| way | {" | ".join(shapes.ATTRIBUTES)} | all four | SSIM | motion |')
    print('| --- ' * (len(shapes.ATTRIBUTES) + 4) + '|')
    against = dict((name, settings) for name, settings, _ in WAYS)
    for name, settings, other in WAYS:
        folder, jobs = make(options, settings)
        ssim, motion = compared(options, folder, folder_of(options, against[other]))
        shares = ' | '.join(f'{share:.1f} %' for share in judged(folder, jobs))
        print(f'| {name} | {shares} | {ssim:.3f} | {motion:.2f} |', flush=True)


if __name__ == '__main__':
    main()
