"""The world of the Shapes model: one coloured shape that moves over a plain background, and sentences about it."""
import math
import random
from dataclasses import dataclass

import numpy as np
import torch

COLORS = {'red': (230, 35, 35), 'green': (30, 175, 60), 'blue': (35, 85, 235), 'yellow': (250, 222, 35),
          'purple': (150, 45, 195), 'orange': (255, 140, 25), 'white': (250, 250, 250), 'cyan': (35, 212, 228)}
BACKGROUNDS = {'black': (8, 8, 8), 'gray': (128, 128, 128), 'navy': (14, 20, 96), 'beige': (225, 205, 165)}
SHAPES = ('circle', 'square', 'triangle', 'star')
MOTIONS = {'left': (-1, 0), 'right': (1, 0), 'up': (0, -1), 'down': (0, 1), 'still': (0, 0), 'growing': (0, 0)}
ATTRIBUTES = {'color': tuple(COLORS), 'shape': SHAPES, 'motion': tuple(MOTIONS), 'background': tuple(BACKGROUNDS)}
FRAMES, FPS = 17, 8
STYLES = ('outlined', 'ink')  # other ways to draw the same scenes; a LoRA learns each
INK, PALE, PAPER = (16, 16, 16), (122, 122, 122), (225, 205, 165)  # ink, watered ink, and what it is laid on


# How far each shape reaches from its centre (half width, up, down) when its radius is 1; areas are about alike.
EXTENT = {'circle': (1.0, 1.0, 1.0), 'square': (0.9, 0.9, 0.9), 'triangle': (1.13, 1.3, 0.65),
          'star': (1.27, 1.33, 1.08)}


@dataclass(frozen=True)
class Scene:
    color: str
    shape: str
    motion: str
    background: str
    start: tuple  # centre in the first frame (x, y), as a share of the clip's side
    end: tuple  # centre in the last frame
    radius: tuple  # radius in the first and in the last frame
    tint: tuple  # small offsets of the shape's and the background's RGB, in 1/255

    @property
    def labels(self):
        return {name: getattr(self, name) for name in ATTRIBUTES}


def random_scene(rng, **fixed):
    """A scene with the given attributes; the rest, size, place and speed by chance. It never leaves the frame."""
    label = {name: fixed.get(name) or rng.choice(values) for name, values in ATTRIBUTES.items()}
    if label['motion'] == 'growing':
        first = rng.uniform(0.10, 0.13)
        radius = (first, first * rng.uniform(1.9, 2.4))
    else:
        radius = (rng.uniform(0.165, 0.21),) * 2
    wide, up, down = (extent * max(radius) + 0.02 for extent in EXTENT[label['shape']])
    low, high = (wide, up), (1 - wide, 1 - down)  # where the centre may be
    start, end = [], []
    for axis, direction in enumerate(MOTIONS[label['motion']]):
        room = high[axis] - low[axis]
        if direction == 0:
            a = b = rng.uniform(low[axis], high[axis])
        else:
            distance = min(room, rng.uniform(0.36, 0.56))
            a = rng.uniform(low[axis], high[axis] - distance)
            b = a + distance
            a, b = (a, b) if direction > 0 else (b, a)
        start.append(a)
        end.append(b)
    tint = tuple(rng.uniform(-7, 7) for _ in range(6))
    return Scene(**label, start=tuple(start), end=tuple(end), radius=radius, tint=tint)


def _distance(shape, x, y):
    """Signed distance (negative inside) to a shape of radius 1 at the origin, y pointing down."""
    if shape == 'circle':
        return np.hypot(x, y) - 1
    if shape == 'square':
        return np.maximum(abs(x), abs(y)) - 0.9
    if shape == 'triangle':
        slope = math.sqrt(3) / 2
        return np.maximum(abs(x) * slope - y * 0.5, y) - 0.65
    # A five-pointed star: fold the plane into one tenth, then the distance to that tenth's edge.
    outer, inner = 1.33, 0.62
    angle = np.arctan2(x, -y)
    sector = 2 * math.pi / 5
    angle = abs((angle + sector / 2) % sector - sector / 2)
    length = np.hypot(x, y)
    px, py = length * np.cos(angle), length * np.sin(angle)
    ix, iy = inner * math.cos(sector / 2), inner * math.sin(sector / 2)
    dx, dy = ix - outer, iy
    norm = math.hypot(dx, dy)
    return ((px - outer) * dy - py * dx) / norm


def palette(style=None):
    """The colours and the backgrounds as a style draws them, by name. Ink knows only tones: the darker colours are ink, the
    lighter ones are watered down, and all of it is on paper."""
    if style != 'ink':
        return COLORS, BACKGROUNDS
    dark = {name for name, rgb in COLORS.items() if np.dot((0.299, 0.587, 0.114), rgb) < 130}
    return {name: INK if name in dark else PALE for name in COLORS}, dict.fromkeys(BACKGROUNDS, PAPER)


def coverage(shape, x, y, scale, style=None):
    """How much of each pixel a shape covers; x and y count from its centre in radii, a radius is ``scale`` pixels.

    Plain: all of the inside. Outlined: a line of three tenths of the radius along the edge. Ink: dense in the middle,
    paling towards an edge that bleeds into the paper.
    """
    distance = _distance(shape, x, y)
    inside = np.clip(0.5 - distance * scale, 0, 1)
    if style == 'outlined':
        return inside - np.clip(0.5 - (distance + np.maximum(0.3, 2 / scale)) * scale, 0, 1)
    if style == 'ink':
        depth = np.clip((0.16 - distance) / 0.5, 0, 1)
        return depth * depth * (3 - 2 * depth)
    return inside


def draw(scene, size=64, frames=FRAMES, total=FRAMES, style=None):
    """The first ``frames`` of ``total``: uint8 [3, frames, size, size], and coverage of the shape 0..1 [1, ...]."""
    moment = (np.arange(frames) / (total - 1)).reshape(-1, 1, 1)
    center = [a + (b - a) * moment for a, b in zip(scene.start, scene.end)]
    radius = scene.radius[0] + (scene.radius[1] - scene.radius[0]) * moment
    axis = (np.arange(size) + 0.5) / size
    x, y = (axis[None, None, :] - center[0]) / radius, (axis[None, :, None] - center[1]) / radius
    cover = coverage(scene.shape, x, y, radius * size, style)[None]  # [1, frames, size, size]
    colors, backgrounds = palette(style)
    front, back = (np.clip(np.add(rgb, tint), 0, 255).reshape(3, 1, 1, 1) for rgb, tint in (
        (colors[scene.color], scene.tint[:3]), (backgrounds[scene.background], scene.tint[3:])))
    video = back + (front - back) * cover
    return np.round(video).astype(np.uint8), cover.astype(np.float32)


def batch(scenes, size=64, frames=FRAMES, style=None):
    """Clips in -1..1 [batch, 3, frames, size, size], and their coverage [batch, 1, frames, size, size]."""
    clips, covers = zip(*(draw(scene, size, frames, style=style) for scene in scenes))
    return torch.from_numpy(np.stack(clips)).float() / 127.5 - 1, torch.from_numpy(np.stack(covers))


# ---------------------------------------------------------------------------------------------------- captions

EN = {
    'color': {'purple': ['purple', 'purple', 'violet'], 'cyan': ['cyan', 'cyan', 'turquoise']},
    'shape': {'circle': ['circle', 'circle', 'circle', 'disc', 'ball'], 'star': ['star', 'star', 'five-pointed star']},
    'background': {'gray': ['gray', 'grey'], 'navy': ['navy', 'navy', 'navy blue', 'dark blue']},
    'motion': {
        **{way: [f'moving {way}', f'moving {way}', f'moving to the {way}', f'moves {way}', f'moves to the {way}',
                 f'goes {way}', f'going {way}', f'sliding {way}', f'drifting to the {way}', f'slides to the {way}',
                 f'is moving {way}', f'travels {way}', f'that moves {way}', f'moving from {other} to {way}',
                 f'moves from {other} to {way}', f'going from {other} to {way}']
           for way, other in (('left', 'right'), ('right', 'left'))},
        **{way: [f'moving {way}', f'moving {way}', f'moving {way}wards', f'moves {way}', f'moves {way}ward',
                 f'goes {way}', f'going {way}', f'sliding {way}', f'drifting {way}', verb, f'is moving {way}',
                 f'travels {way}', f'that moves {way}', f'moving from {source}', f'moves from {source}',
                 f'going from {source}']
           for way, verb, source in (('up', 'rising', 'bottom to top'), ('down', 'falling', 'top to bottom'))},
        'still': ['staying still', 'standing still', 'not moving', 'that does not move', 'is still', 'stays still',
                  'at rest', 'stationary', 'still', 'motionless'],
        'growing': ['growing', 'growing', 'growing larger', 'growing bigger', 'that grows', 'grows', 'getting bigger',
                    'gets larger', 'is growing', 'expanding', 'becoming bigger'],
    },
}
ZH = {
    'color': {'red': ['红色'], 'green': ['绿色'], 'blue': ['蓝色'], 'yellow': ['黄色'], 'purple': ['紫色'],
              'orange': ['橙色', '橙色', '橘色'], 'white': ['白色'], 'cyan': ['青色']},
    'shape': {'circle': ['圆形', '圆形', '圆', '圆圈'], 'square': ['正方形', '方形', '方块'], 'triangle': ['三角形'],
              'star': ['星形', '五角星', '星星']},
    'background': {'black': ['黑色'], 'gray': ['灰色'], 'navy': ['深蓝色', '藏青色', '海军蓝'], 'beige': ['米色', '米黄色']},
    'motion': {
        **{way: [f'向{zh}移动', f'向{zh}移动', f'向{zh}移动', f'往{zh}移动', f'向{zh}运动', f'朝{zh}移动', f'向{zh}边移动',
                 f'向{zh}滑动', f'从{other}向{zh}移动', f'从{other}到{zh}移动', f'正在向{zh}移动', f'往{zh}走', f'慢慢向{zh}移动']
           for way, zh, other in (('left', '左', '右'), ('right', '右', '左'))},
        **{way: [f'向{zh}移动', f'向{zh}移动', f'向{zh}移动', f'往{zh}移动', f'向{zh}运动', f'朝{zh}移动', verb,
                 f'向{zh}滑动', f'从{other}向{zh}移动', f'从{other}到{zh}移动', f'正在向{zh}移动', f'往{zh}走', f'慢慢向{zh}移动']
           for way, zh, other, verb in (('up', '上', '下', '上升'), ('down', '下', '上', '下降'))},
        'still': ['静止', '静止不动', '不动', '保持静止', '保持不动', '没有移动', '停在原地'],
        'growing': ['变大', '变大', '逐渐变大', '越来越大', '正在变大', '慢慢变大', '不断变大', '放大'],
    },
}
EN_FORMS = [
    ('{a} {color} {shape} {motion} on {b} {background} background', 6),
    ('{a} {color} {shape} {motion}, {background} background', 2),
    ('{color} {shape}, {motion}, {background} background', 2),
    ('{color} {shape} {motion} on {background}', 1),
    ('{color} {shape} {motion} on {b} {background} background', 1),
    ('{b} {background} background: {a} {color} {shape} {motion}', 1),
    ('{background} background: {a} {color} {shape} {motion}', 1),
    ('on {b} {background} background, {a} {color} {shape} {motion}', 2),
    ('{a} {color} {shape} {motion} in front of {b} {background} background', 1),
    ('{a} {color} {shape} on {b} {background} background, {motion}', 2),
    ('{a} {color} {shape} {motion} over {b} {background} background', 1),
    ('a video of {a} {color} {shape} {motion} on {b} {background} background', 1),
    ('the {color} {shape} {motion}, the background is {background}', 1),
    ('the {shape} is {color} and {motion}; the background is {background}', 1),
]
EN_ADJECTIVE = {'still': ['still', 'motionless', 'stationary'], 'growing': ['growing', 'expanding']}
EN_ADJECTIVE_FORMS = [('{c} {motion} {color} {shape} on {b} {background} background', 2),
                      ('{motion} {color} {shape}, {background} background', 1)]
ZH_FORMS = [
    ('一个{color}{shape}{motion}，{background}背景', 5),
    ('一个{color}的{shape}{motion}，{background}背景', 2),
    ('{color}{shape}{motion}，{background}背景', 2),
    ('{color}{shape}，{motion}，{background}背景', 1),
    ('{background}背景上，{color}的{shape}{motion}', 2),
    ('{background}背景上，一个{color}{shape}{motion}', 2),
    ('{background}背景上一个{color}{shape}{motion}', 1),
    ('在{background}背景上，一个{color}的{shape}{motion}', 2),
    ('{background}背景，一个{color}{shape}{motion}', 1),
    ('{background}的背景，{color}{shape}{motion}', 1),
    ('一个{color}{shape}在{background}背景上{motion}', 3),
    ('{color}的{shape}在{background}的背景前{motion}', 1),
    ('背景是{background}，{color}{shape}{motion}', 1),
]
PARTIAL_FORMS = {  # what a sentence leaves out, chance decides
    'en': [('{a} {color} {shape} {motion}', 2), ('{a} {color} {shape} on {b} {background} background', 1),
           ('{a} {color} {shape}', 1)],
    'zh': [('一个{color}{shape}{motion}', 2), ('一个{color}{shape}，{background}背景', 1), ('一个{color}的{shape}', 1)],
}


def _article(word):
    return 'an' if word[0] in 'aeiou' else 'a'


def caption(labels, rng, language=None):
    """A sentence for {color, shape, motion, background}, and the labels that it states (None: left open)."""
    language = language or rng.choice(('en', 'zh'))
    partial = rng.random() < 0.06
    words = {}
    for name, value in labels.items():
        options = (EN if language == 'en' else ZH)[name].get(value, [value])
        words[name] = rng.choice(options)
    forms = PARTIAL_FORMS[language] if partial else EN_FORMS if language == 'en' else ZH_FORMS
    if language == 'en' and not partial and labels['motion'] in EN_ADJECTIVE and rng.random() < 0.2:
        forms = EN_ADJECTIVE_FORMS
        words['motion'] = rng.choice(EN_ADJECTIVE[labels['motion']])
    form = rng.choices([f for f, _ in forms], [w for _, w in forms])[0]
    if labels['motion'] in ('still',) and '{motion}，' in form and language == 'zh':
        words['motion'] = rng.choice(('静止', '静止不动'))
    text = form.format(**words, a=_article(words['color']), b=_article(words['background']), c=_article(words['motion']))
    if language == 'en':
        if rng.random() < 0.35:
            text = text[0].upper() + text[1:]
        text += rng.choice(('', '', '', '.'))
    else:
        text += rng.choice(('', '', '', '。'))
        if rng.random() < 0.1:
            text = text.replace('，', ',')
    stated = {name: value if '{' + name + '}' in form else None for name, value in labels.items()}
    return text, stated


def main():
    """Prints captions and writes a contact sheet of drawn clips: python shapes.py sheet.png [outlined|ink]."""
    import sys

    from PIL import Image
    rng = random.Random(0)
    scenes = [random_scene(rng) for _ in range(12)]
    video, _ = batch(scenes, style=sys.argv[2] if len(sys.argv) > 2 else None)
    for scene in scenes:
        print(caption(scene.labels, rng)[0])
    rows = ((video[:, :, ::4] + 1) * 127.5).byte().permute(0, 3, 2, 4, 1).flatten(0, 1).flatten(1, 2)
    Image.fromarray(rows.numpy()).save(sys.argv[1])


if __name__ == '__main__':
    main()
