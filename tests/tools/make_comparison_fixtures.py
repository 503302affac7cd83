"""Makes tests/data/comparison from the original code: python3 make_comparison_fixtures.py LPIPS SSIM.py

LPIPS is the folder lpips of richzhang/PerceptualSimilarity, SSIM.py is VainF/pytorch-msssim's pytorch_msssim/ssim.py. The classifiers
are torchvision's, with fewer channels and random weights, so that the files stay small; what compares their features is the original.
Two pictures of 182 x 177 pixels are made by a formula that the test repeats.
"""
import json
import struct
import sys
import types
from pathlib import Path

import numpy as np
import torch
from torch import nn

DATA = Path(__file__).parent.parent / 'data' / 'comparison'
WIDTH, HEIGHT = 182, 177
ALEX = [6, 8, 10, 7, 5]
VGG = [4, 4, 6, 6, 8, 8, 8, 7, 7, 7, 5, 5, 5]


def alexnet(**_):
    c = ALEX
    layers = [nn.Conv2d(3, c[0], 11, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(c[0], c[1], 5, padding=2), nn.ReLU(),
              nn.MaxPool2d(3, 2), nn.Conv2d(c[1], c[2], 3, padding=1), nn.ReLU(), nn.Conv2d(c[2], c[3], 3, padding=1), nn.ReLU(),
              nn.Conv2d(c[3], c[4], 3, padding=1), nn.ReLU()]
    return types.SimpleNamespace(features=nn.Sequential(*layers))


def vgg16(**_):
    layers, channels, widths = [], 3, iter(VGG)
    for count in (2, 2, 3, 3, 3):
        for _ in range(count):
            width = next(widths)
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return types.SimpleNamespace(features=nn.Sequential(*layers))


def original(folder):
    """The original class, over classifiers of ours in place of torchvision's."""
    vision = types.ModuleType('torchvision')
    vision.models = types.SimpleNamespace(alexnet=alexnet, vgg16=vgg16)
    package = types.ModuleType('lpips')
    package.__path__ = [str(folder)]
    package.normalize_tensor = lambda x, eps=1e-10: x / (torch.sqrt(torch.sum(x ** 2, dim=1, keepdim=True)) + eps)
    sys.modules.update({'torchvision': vision, 'lpips': package})
    import importlib
    return importlib.import_module('lpips.lpips')


def distances(lpips, kind, widths, pictures):
    torch.manual_seed(len(kind))
    network = lpips.LPIPS(pretrained=False, net=kind, verbose=False)
    network.chns = widths
    for i, width in enumerate(widths):
        setattr(network, f'lin{i}', lpips.NetLinLayer(width, use_dropout=True))
    network.lins = nn.ModuleList([getattr(network, f'lin{i}') for i in range(5)])
    for layer in network.lins:
        layer.model[-1].weight.data.abs_()  # trained ones are not negative
    network.eval()
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.startswith(('lins.', 'scaling_layer.'))}
    save(DATA / f'{kind}.safetensors', state)
    with torch.no_grad():
        return float(network(pictures[0] / 127.5 - 1, pictures[1] / 127.5 - 1))


def save(path, tensors):
    header, data = {}, b''
    for name, tensor in tensors.items():
        raw = tensor.float().numpy().tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + data)


def picture(step):
    """[1, 3, height, width], 0 to 255: the value of pixel i of channel c is (i * step + c * 41 + i * i // 97) % 251, halved and raised."""
    i = np.arange(WIDTH * HEIGHT, dtype=np.int64)
    planes = [((i * step + c * 41 + i * i // 97) % 251) // 2 + (i // WIDTH) % 120 for c in range(3)]
    return torch.tensor(np.stack(planes).reshape(1, 3, HEIGHT, WIDTH), dtype=torch.float32)


def main():
    DATA.mkdir(parents=True, exist_ok=True)
    pictures = (picture(1), picture(3))
    lpips = original(Path(sys.argv[1]))
    module = {'__name__': 'ssim'}
    exec(compile(Path(sys.argv[2]).read_text(), 'ssim', 'exec'), module)
    expected = {
        'alex': distances(lpips, 'alex', ALEX, pictures),
        'vgg': distances(lpips, 'vgg', [VGG[1], VGG[3], VGG[6], VGG[9], VGG[12]], pictures),
        'ssim': float(module['ssim'](pictures[0].double(), pictures[1].double())),
        'ms_ssim': float(module['ms_ssim'](pictures[0].double(), pictures[1].double())),
        'psnr': float(10 * torch.log10(255 ** 2 / ((pictures[0] - pictures[1]) ** 2).mean())),
    }
    (DATA / 'expected.json').write_text(json.dumps(expected, indent=2) + '\n')
    print(expected)


main()
