"""Judges clips by classical image analysis: are colour, shape, motion and background those of the prompt?

    python evaluate.py prompts --count 200 > prompts.jsonl   lines {"file", "prompt", "seed", and the four labels}
    python evaluate.py images DIR --count 48 [--last]        first (and last) frames of drawn clips, and DIR/prompts.jsonl
    python evaluate.py clips prompts.jsonl DIR               judges the files of DIR (anything that ffmpeg reads)
    python evaluate.py torch --count 96                      generates with PyTorch from training/runs and judges
    python evaluate.py drawn --count 200                     judges drawn clips: how far the judge itself is right
    python evaluate.py coded --count 200                     the same after the VAE: what a perfect transformer reaches

Half the prompts are Chinese, and as many as there are ask for combinations that training never drew (HELD_OUT).
Clips of given images are also held to them: the object of the first frame is kept (place, size and colour at the
beginning), and where the last one is given, the path leads there, straight and without a jump.
--style NAME expects the clips to be in a style of shapes.py, and measures whether they are. --json FILE also writes
every verdict; --beside FILE compares how much moves with what was written for the same prompts.
"""
import argparse
import json
import random
import subprocess
import sys
from collections import deque
from pathlib import Path

import numpy as np
import torch

import sample
import shapes
from encode_pool import COMBINATIONS, HELD_OUT

APART = 45  # distance in RGB that tells the shape from the background


def prompts(count, seed):
    """Prompts that state all four attributes: every other one of a held-out combination, by turns in two languages."""
    rng = random.Random(f'evaluate {seed}')
    held_out, seen = sorted(HELD_OUT), [c for c in COMBINATIONS if c not in HELD_OUT]
    for i in range(count):
        labels = dict(zip(shapes.ATTRIBUTES, rng.choice(held_out if i % 4 < 2 else seen)))
        text, stated = shapes.caption(labels, rng, ('en', 'zh')[i % 2])
        while None in stated.values():
            text, stated = shapes.caption(labels, rng, ('en', 'zh')[i % 2])
        yield dict(file=f'{i:04}.mp4', prompt=text, seed=seed + i, held_out=i % 4 < 2, **labels)


def nearest(rgb, named):
    return min(named, key=lambda name: np.linalg.norm(np.subtract(rgb, named[name])))


def largest_part(mask):
    """The largest connected part of a mask [height, width]."""
    left, best = mask.copy(), []
    while left.any():
        start = tuple(np.argwhere(left)[0])
        left[start] = False
        part, queue = [start], deque([start])
        while queue:
            y, x = queue.popleft()
            for at in ((y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)):
                if 0 <= at[0] < mask.shape[0] and 0 <= at[1] < mask.shape[1] and left[at]:
                    left[at] = False
                    part.append(at)
                    queue.append(at)
        best = max(best, part, key=len)
    out = np.zeros_like(mask)
    if best:
        out[tuple(np.array(best).T)] = True
    return out


def outline(mask):
    """Overlap (intersection over union) of a mask with each shape of its area at its place."""
    ys, xs = np.nonzero(mask)
    area, scores = len(xs), {}
    y, x = np.mgrid[:mask.shape[0], :mask.shape[1]]
    for shape in shapes.SHAPES:
        probe = np.linspace(-1.5, 1.5, 121)
        px, py = np.meshgrid(probe, probe)
        unit = shapes._distance(shape, px, py) < 0
        radius = np.sqrt(area / (unit.mean() * 9))
        offset = py[unit].mean()  # the centre of mass is not the centre of a triangle
        best = 0.0
        for zoom in (0.94, 1.0, 1.06):
            r = radius * zoom
            fitted = shapes._distance(shape, (x - xs.mean()) / r, (y - ys.mean()) / r + offset) < 0
            best = max(best, (fitted & mask).sum() / max(1, (fitted | mask).sum()))
        scores[shape] = best
    return scores


def motion(centers, areas):
    """centers [frames, 2] as a share of the clip's side, areas [frames]."""
    third = max(1, len(centers) // 4)
    shift = centers[-third:].mean(0) - centers[:third].mean(0)
    growth = areas[-third:].mean() / areas[:third].mean()
    along, across = max(abs(shift)), min(abs(shift))
    if along > 0.12 and along > 2 * across:
        axis = int(abs(shift[1]) > abs(shift[0]))
        return (('left', 'right'), ('up', 'down'))[axis][int(shift[axis] > 0)]
    if along < 0.08 and growth > 1.6:
        return 'growing'
    if along < 0.05 and 0.75 < growth < 1.33:
        return 'still'
    return 'unclear'


def background_of(clip):
    """The colour of the frames' edges."""
    edge = np.concatenate([clip[:, :2].reshape(-1, 3), clip[:, -2:].reshape(-1, 3),
                           clip[:, :, :2].reshape(-1, 3), clip[:, :, -2:].reshape(-1, 3)])
    return np.median(edge, 0)


def color_of(inside, back):
    """The colour of an object's pixels [count, 3], without its soft edge."""
    far = np.linalg.norm(inside - back, axis=1)
    return np.median(inside[far >= np.median(far)], 0)


def place(frame, back):
    """Centre as a share of the sides, area as a share of the frame, and colour of the object in a frame; or None."""
    mask = largest_part(np.linalg.norm(frame - back, axis=2) > APART)
    if mask.sum() < 0.004 * mask.size:
        return None
    return np.argwhere(mask).mean(0)[::-1] / mask.shape[::-1], mask.mean(), color_of(frame[mask], back)


def same(shown, given):
    """Whether an object is where, as large as and of the colour that it was given: within 4 % of the side, a quarter of
    the area and 45 in RGB."""
    return bool(shown and given and np.linalg.norm(shown[0] - given[0]) < 0.04
                and 0.75 < shown[1] / given[1] < 1.33 and np.linalg.norm(shown[2] - given[2]) < APART)


def held_to(clip, first, last):
    """Whether a clip keeps the object of its first image and, given a last one, leads to it: monotonous, in steps of no
    more than a third of the way (or 5 % of the side), never further than 6 % of the side from the straight line."""
    clip = clip.astype(np.float32)
    back = background_of(clip)
    places = [place(frame, back) for frame in clip]
    begin, end = (None if image is None else place(image.astype(np.float32), background_of(image[None].astype(np.float32)))
                  for image in (first, last))
    verdict = dict(kept=same(places[0], begin))
    if last is not None:
        verdict['arrived'] = same(places[-1], end)
        way = end[0] - begin[0]
        length = np.linalg.norm(way)
        path = np.array([at[0] if at else (9, 9) for at in places]) - begin[0]
        along = path @ way / length if length > 0.05 else np.zeros(len(path))
        aside = np.linalg.norm(path - np.outer(along, way) / max(length, 1e-9), axis=1)
        steps = np.diff(along)
        verdict['joined'] = bool(aside.max() < 0.06 and steps.min() > -0.03 and steps.max() < max(length / 3, 0.05))
    return verdict


def filled(mask):
    """A mask and what it encloses."""
    return ~reached(~mask)


def reached(free):
    """The part of a mask that is connected to the frame's edge."""
    out = np.zeros_like(free)
    out[[0, -1]], out[:, [0, -1]] = free[[0, -1]], free[:, [0, -1]]
    while True:
        wide = out.copy()
        wide[1:] |= out[:-1]
        wide[:-1] |= out[1:]
        wide[:, 1:] |= out[:, :-1]
        wide[:, :-1] |= out[:, 1:]
        wide &= free
        if (wide == out).all():
            return out
        out = wide


def look(clip):
    """How a clip uint8 [frames, height, width, 3] is drawn, each as a mean over its second half: the contrast in the
    object's middle as a share of its strongest (core), how colourful the object is and how much darker than its background
    (chroma and darker, in 1/255); and how much changes from frame to frame (moves, mean of |difference|, in 1/255)."""
    clip = clip.astype(np.float32)
    back, seen = background_of(clip), []
    for frame in clip[len(clip) // 2:]:
        distance = np.linalg.norm(frame - back, axis=2)
        part = largest_part(distance > APART)
        if not part.any():
            continue
        whole, contrast = filled(part), np.percentile(distance[part], 90)
        at = np.argwhere(whole).mean(0)
        y, x = np.mgrid[:frame.shape[0], :frame.shape[1]]
        middle = np.hypot(y - at[0], x - at[1]) < max(1, 0.25 * np.sqrt(whole.sum() / np.pi))
        rgb = color_of(frame[part], back)
        seen.append((distance[middle].mean() / contrast, rgb.max() - rgb.min(), back.mean() - rgb.mean()))
    core, chroma, darker = map(float, np.mean(seen, 0)) if seen else (1.0, 0.0, 0.0)
    return dict(core=core, chroma=chroma, darker=darker, moves=float(abs(np.diff(clip, axis=0)).mean()))


def judge(clip, style=None):
    """What a clip uint8 [frames, height, width, 3] shows: a label or 'unclear' for each attribute."""
    clip = clip.astype(np.float32)
    colors, backgrounds = shapes.palette(style)
    back = background_of(clip)
    background = nearest(back, backgrounds)
    if np.linalg.norm(back - backgrounds[background]) > 60:
        background = 'unclear'
    nothing = dict(color='unclear', shape='unclear', motion='unclear', background=background)
    parts = [largest_part(np.linalg.norm(frame - back, axis=2) > APART) for frame in clip]
    masks = [filled(part) for part in parts] if style == 'outlined' else parts
    areas = np.array([mask.sum() for mask in masks], np.float32)
    if areas.min() < 0.004 * masks[0].size:
        return nothing  # at some time there is no shape
    centers = np.array([np.argwhere(mask).mean(0)[::-1] / mask.shape[::-1] for mask in masks])
    inside = np.concatenate([frame[mask] for frame, mask in zip(clip, parts)])
    rgb = color_of(inside, back)
    color = nearest(rgb, colors)
    if np.linalg.norm(rgb - colors[color]) > 80:
        color = 'unclear'
    scores = [outline(mask) for mask in masks[::2]]
    total = {shape: np.mean([score[shape] for score in scores]) for shape in shapes.SHAPES}
    best = max(total, key=total.get)
    return dict(color=color, shape=best if total[best] > 0.7 else 'unclear', motion=motion(centers, areas),
                background=background)


def read(path):
    """Any clip as uint8 [frames, height, width, 3], by ffmpeg."""
    size = subprocess.run(['ffprobe', '-v', 'error', '-select_streams', 'v', '-show_entries', 'stream=width,height',
                           '-of', 'csv=p=0', str(path)], capture_output=True, text=True, check=True).stdout.strip()
    width, height = map(int, size.strip(',').split(','))
    raw = subprocess.run(['ffmpeg', '-v', 'error', '-i', str(path), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
                         capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def generated(jobs, options):
    """Clips by PyTorch, a batch at a time; a batch shares one seed."""
    generate, size = sample.generator(options), 16
    for start in range(0, len(jobs), size):
        part = jobs[start:start + size]
        clips = generate([job['prompt'] for job in part], seed=part[0]['seed'], **sample.settings(options))
        if options.sheet and start == 0:
            sample.sheet(clips, options.sheet)
        yield from (clip.numpy() for clip in clips)


def drawn(jobs, options):
    rng = random.Random(0)
    for job in jobs:
        scene = shapes.random_scene(rng, **{name: job[name] for name in shapes.ATTRIBUTES})
        yield shapes.draw(scene, options.size, style=options.style)[0].transpose(1, 2, 3, 0)


def coded(jobs, options):
    """Drawn clips through the VAE and back."""
    from shipped import SHAPES, Shipped
    vae = Shipped(options.model or SHAPES).vae()
    for clip in drawn(jobs, options):
        with torch.no_grad():
            video = vae.decode(vae.encode(torch.from_numpy(clip).permute(3, 0, 1, 2)[None] / 127.5 - 1)[0])
        yield ((video[0].clamp(-1, 1) + 1) * 127.5).round().byte().permute(1, 2, 3, 0).numpy()


def with_images(jobs, folder, last, size):
    """Draws a clip for each job and writes its first frame, and its last one if asked, as pictures."""
    from PIL import Image
    folder.mkdir(parents=True, exist_ok=True)
    for job, clip in zip(jobs, drawn(jobs, argparse.Namespace(size=size, style=None))):
        for name, frame in (('first', clip[0]), ('last', clip[-1]))[:2 if last else 1]:
            job[name] = job['file'].replace('.mp4', f'-{name}.png')
            Image.fromarray(frame).save(folder / job[name])
        yield job


def picture(folder, name):
    from PIL import Image
    return np.asarray(Image.open(folder / name).convert('RGB')) if name else None


def drawn_alike(attribute, shown, asked, style):
    """Whether two labels are one to the eye: ink has fewer tones than there are colours."""
    named = dict(zip(('color', 'background'), shapes.palette(style))).get(attribute, {})
    return shown == asked or shown in named and named[shown] == named[asked]


def drawn_as(seen):
    """The style that a look belongs to: a hole in the middle, or grey on something lighter, which no plain shape is."""
    return 'outlined' if seen['core'] < 0.7 else 'ink' if seen['chroma'] < 70 and seen['darker'] > 20 else 'plain'


def moved(verdicts, earlier):
    """Prints how much moves from frame to frame, and the same for earlier verdicts on the same prompts."""
    before = {(v['prompt'], v['seed']): v['look']['moves'] for v in earlier}
    pairs = [(v['look']['moves'], before[v['prompt'], v['seed']]) for v in verdicts if (v['prompt'], v['seed']) in before
             and v['motion'] != 'still']
    now, then = np.array(pairs).T
    print(f'{"moves from frame to frame":25} {len(pairs):4} clips  {now.mean():.3f} beside {then.mean():.3f}: '
          f'{100 * (now.mean() / then.mean() - 1):+.1f} %; clip by clip, median {100 * (np.median(now / then) - 1):+.1f} %, '
          f'{100 * np.mean(abs(now / then - 1) < 0.15):.0f} % of them within 15 %')


def report(jobs, clips, options, folder=None):
    verdicts = []
    for job, clip in zip(jobs, clips):
        shown = judge(clip, options.style)
        right = {name: drawn_alike(name, shown[name], job[name], options.style) for name in shown}
        verdicts.append({**job, 'shown': shown, 'right': right, 'look': look(clip)})
        if job.get('first'):
            verdicts[-1]['held'] = held_to(clip, picture(folder, job['first']), picture(folder, job.get('last')))
    held = [verdict['held'] for verdict in verdicts if 'held' in verdict]
    if held:
        print(f'{"held to the images":25} {len(held):4} clips  '
              + '  '.join(f'{name} {100 * np.mean([h[name] for h in held]):5.1f} %' for name in held[0]))
    groups = {'all': lambda v: True, 'English': lambda v: v['prompt'].isascii(),
              'Chinese': lambda v: not v['prompt'].isascii(), 'combinations never drawn': lambda v: v.get('held_out')}
    for title, belongs in groups.items():
        some = [v['right'] for v in verdicts if belongs(v)]
        if some:
            shares = {name: np.mean([r[name] for r in some]) for name in shapes.ATTRIBUTES}
            every = np.mean([all(r.values()) for r in some])
            print(f'{title:25} {len(some):4} clips  ' + '  '.join(f'{n} {100 * s:5.1f} %' for n, s in shares.items())
                  + f'  all four {100 * every:5.1f} %')
    looks = [v['look'] for v in verdicts]
    print(f'{"look":25} {len(looks):4} clips  '
          + '  '.join(f'{n} {np.mean([seen[n] for seen in looks]):.3f}' for n in looks[0]) + '  drawn as '
          + ', '.join(f'{style} {100 * np.mean([drawn_as(seen) == style for seen in looks]):.1f} %'
                      for style in ('plain', *shapes.STYLES)))
    if options.beside:
        moved(verdicts, json.loads(Path(options.beside).read_text(encoding='utf-8')))
    for verdict in verdicts:
        wrong = {n: f'{verdict[n]} -> {verdict["shown"][n]}' for n, ok in verdict['right'].items() if not ok}
        wrong.update({n: 'no' for n, ok in verdict.get('held', {}).items() if not ok})
        if wrong:
            print(f'  {verdict["file"]} {verdict["prompt"]}: {wrong}')
    if options.json:
        Path(options.json).write_text(json.dumps(verdicts, ensure_ascii=False, indent=1, default=bool), encoding='utf-8')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=['prompts', 'images', 'clips', 'torch', 'drawn', 'coded'])
    parser.add_argument('jobs', nargs='?', type=Path)
    parser.add_argument('folder', nargs='?', type=Path)
    parser.add_argument('--count', type=int, default=96)
    parser.add_argument('--seed', type=int, default=100000)
    sample.arguments(parser)
    parser.add_argument('--style', choices=shapes.STYLES)
    parser.add_argument('--sheet', help='torch: a picture of the first clips')
    parser.add_argument('--last', action='store_true', help='images: last frames, too')
    parser.add_argument('--json')
    parser.add_argument('--beside', help='verdicts that --json wrote')
    options = parser.parse_args()
    if options.what == 'clips':
        jobs = [json.loads(line) for line in options.jobs.read_text(encoding='utf-8').splitlines() if line.strip()]
        report(jobs, (read(options.folder / job['file']) for job in jobs), options, options.jobs.parent)
        return
    jobs = list(prompts(options.count, options.seed))
    if options.what == 'images':
        lines = [json.dumps(job, ensure_ascii=False) for job in with_images(jobs, options.jobs, options.last, options.size)]
        (options.jobs / 'prompts.jsonl').write_text('\n'.join(lines) + '\n', encoding='utf-8')
        return
    if options.what == 'prompts':
        sys.stdout.reconfigure(encoding='utf-8')
        for job in jobs:
            print(json.dumps(job, ensure_ascii=False))
        return
    report(jobs, dict(torch=generated, drawn=drawn, coded=coded)[options.what](jobs, options), options)


if __name__ == '__main__':
    main()
