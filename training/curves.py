"""Draws the curves of a training from its logs: python curves.py curves.png

The logs are logs/vae.txt, logs/decoder.txt and logs/dit.txt, what the trainers printed: the decibels of the VAE on
unseen clips, and the transformer's loss.
"""
import re
import sys
from pathlib import Path

from PIL import Image, ImageDraw

LOGS = Path(__file__).parent / 'logs'
WIDTH, HEIGHT, MARGIN = 420, 260, 48
INK, GRID = (40, 40, 40), (225, 225, 225)


def unseen(path):
    """Minutes, decibels over the frame and on the shape, at every evaluation of a VAE's log."""
    minutes, points = 0.0, []
    for line in path.read_text().splitlines():
        if match := re.match(r' *([\d.]+) min', line):
            minutes = float(match[1])
        if match := re.match(r'unseen clips: ([\d.]+) dB, on the shape ([\d.]+) dB', line):
            points.append((minutes, float(match[1]), float(match[2])))
    return points


def losses(path):
    return [(float(m[1]), float(m[2])) for m in re.finditer(r'([\d.]+) min +step +\d+ +loss ([\d.]+)', path.read_text())]


def chart(draw, left, title, unit, curves, low, high):
    """Axes and curves {name: (colour, [(minutes, value)])} in a box that begins at ``left``."""
    last = max(x for _, points in curves.values() for x, _ in points)
    box = (left + MARGIN, MARGIN, left + WIDTH - 12, HEIGHT - MARGIN)

    def at(x, y):
        return (box[0] + (box[2] - box[0]) * x / last, box[3] - (box[3] - box[1]) * (y - low) / (high - low))

    draw.text((box[0], 14), title, fill=INK)
    for i in range(5):
        value = low + (high - low) * i / 4
        draw.line([at(0, value), at(last, value)], fill=GRID)
        draw.text((left + 8, at(0, value)[1] - 5), f'{value:.4g}', fill=INK)
        draw.text((at(last * i / 4, low)[0] - 8, box[3] + 6), f'{last * i / 4:.0f}', fill=INK)
    draw.text((box[0], HEIGHT - 20), f'minutes trained; {unit}', fill=INK)
    for row, (name, (color, points)) in enumerate(curves.items()):
        draw.line([at(x, min(max(y, low), high)) for x, y in points], fill=color, width=2)
        draw.text((box[2] - 150, box[3] - 16 * (len(curves) - row)), name, fill=color)


def main():
    first, decoder = unseen(LOGS / 'vae.txt'), unseen(LOGS / 'decoder.txt')
    vae = first + [(first[-1][0] + minutes, *values) for minutes, *values in decoder]  # one after the other
    picture = Image.new('RGB', (2 * WIDTH, HEIGHT), 'white')
    draw = ImageDraw.Draw(picture)
    chart(draw, 0, 'VAE, clips never seen', 'dB (PSNR)', {
        'whole frame': ((31, 119, 180), [(x, frame) for x, frame, _ in vae]),
        'on the shape': ((214, 39, 40), [(x, shape) for x, _, shape in vae])}, 8, 32)
    chart(draw, WIDTH, 'Transformer, flow matching', 'mean loss of half a minute', {
        'loss': ((44, 160, 44), losses(LOGS / 'dit.txt'))}, 0, 1)
    picture.save(sys.argv[1])


if __name__ == '__main__':
    main()
