"""Makes tests/fixtures/rrdb-x4, rrdb-x2, compact-x4, span-x2 and rife-* from the original code:

    python3 make_pixel_fixtures.py FOLDER

FOLDER holds XPixelGroup/BasicSR's basicsr/archs/arch_util.py, rrdbnet_arch.py and srvgg_arch.py,
hongyuanyu/SPAN's basicsr/archs/span_arch.py, and
Fannovel16/ComfyUI-Frame-Interpolation's vfi_models/rife/rife_arch.py, which has the networks of hzwer/Practical-RIFE's versions.
Weights are random, of few channels, rounded to F16 and computed with in F32.
"""
import json
import struct
import sys
import types
from pathlib import Path

import numpy as np
import torch

FIXTURES = Path(__file__).parent.parent / 'fixtures'
NAMES = {np.dtype('float32'): 'F32', np.dtype('float16'): 'F16'}


class Registry:
    def register(self, *_, **__):
        return lambda kind: kind


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made
    return made


def original(folder, file, package='archs'):
    made = module(f'{package}.{file[:-3]}')
    made.__package__ = package
    exec(compile((Path(folder) / file).read_text(), file, 'exec'), made.__dict__)
    return made


def write(path, tensors):
    header, offset = {}, 0
    arrays = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    for name, array in arrays.items():
        header[name] = {'dtype': NAMES[array.dtype], 'shape': list(array.shape), 'data_offsets': [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    path.write_bytes(struct.pack('<Q', len(text)) + text + b''.join(array.tobytes() for array in arrays.values()))


def rounded(network, grow=1.0):
    """Weights as they are stored, which the network has from here on."""
    weights = {key: (value * grow if value.dim() == 4 else value).half() for key, value in network.state_dict().items()}
    network.load_state_dict({key: value.float() for key, value in weights.items()})
    return network.eval(), {key: value.numpy() for key, value in weights.items()}


def save(name, config, weights, io, readme):
    folder = FIXTURES / name
    folder.mkdir(exist_ok=True)
    write(folder / 'weights.safetensors', weights)
    write(folder / 'io.safetensors', {key: value.numpy().astype(np.float32) for key, value in io.items()})
    (folder / 'config.json').write_text(json.dumps(config, indent=1) + '\n')
    (folder / 'README.txt').write_text(readme + ' Made by tests/tools/make_pixel_fixtures.py from the original file.\n')
    print(name, {key: (list(value.shape), round(float(value.std()), 3)) for key, value in io.items()})


@torch.no_grad()
def upscaler(name, seed, network, sizes, grow, source):
    torch.manual_seed(seed)
    for parameter in network.parameters():
        if parameter.dim() == 1:
            torch.nn.init.uniform_(parameter, -0.2, 0.3)  # biases, and slopes that differ
    network, weights = rounded(network, grow)
    io = {}
    for i, (height, width) in enumerate(sizes):
        frames = torch.rand(1, 3, height, width)
        io[f'case{i}.in.frames'] = frames
        io[f'case{i}.out.enlarged'] = network(frames)
    config = {'fixture': 'upscaler', 'seed': seed, 'cases': [f'case{i}' for i in range(len(sizes))], 'source': source}
    save(name, config, weights, io, f'A network that enlarges frames ({source}; here with few channels and random weights).')


@torch.no_grad()
def rife(archs, name, seed, version, widths):
    torch.manual_seed(seed)
    network = archs.IFNet(arch_ver=version)
    for i, width in enumerate(widths):
        inputs = getattr(network, f'block{i}').conv0[0][0].in_channels
        setattr(network, f'block{i}', archs.IFBlock(inputs, c=width, arch_ver=version))
    for key, parameter in network.named_parameters():
        if key.endswith('beta'):
            torch.nn.init.uniform_(parameter, 0.2, 1.2)
    network, weights = rounded(network, 1.6)
    height, width = 40, 72
    scales = [16, 8, 4, 2, 1] if version == '4.26' else [8, 4, 2, 1]
    smooth = lambda: torch.nn.functional.interpolate(torch.rand(1, 3, 10, 18), (height, width), mode='bicubic').clamp(0, 1)
    io = {'in.first': smooth(), 'in.second': smooth()}
    times = [0.25, 0.5]
    for i, time in enumerate(times):
        io[f'out.{i}'] = network(io['in.first'], io['in.second'], torch.full((1, 1, 1, 1), time), list(scales), False, True, False)
    assert (io['out.1'] - (io['in.first'] + io['in.second']) / 2).abs().mean() > 0.05  # pixels move
    assert (io['out.0'] - io['out.1']).abs().max() > 0.05  # and time counts
    source = f'hzwer/Practical-RIFE {version}, as in Fannovel16/ComfyUI-Frame-Interpolation:vfi_models/rife/rife_arch.py'
    config = {'fixture': 'rife', 'seed': seed, 'times': times, 'source': source}
    save(name, config, weights, io, f'A network that makes frames between frames ({source}; here with few channels and random weights).')


if __name__ == '__main__':
    folder = sys.argv[1]
    module('basicsr'), module('basicsr.utils', get_root_logger=None)
    module('basicsr.utils.registry', ARCH_REGISTRY=Registry())
    module('torchvision', __version__='0.14')
    module('archs'), module('basicsr.ops'), module('basicsr.ops.dcn', ModulatedDeformConvPack=object, modulated_deform_conv=None)
    original(folder, 'arch_util.py')
    rrdb, compact = original(folder, 'rrdbnet_arch.py').RRDBNet, original(folder, 'srvgg_arch.py').SRVGGNetCompact
    bsr = 'XPixelGroup/BasicSR:basicsr/archs/'
    upscaler('rrdb-x4', 31, rrdb(3, 3, 4, num_feat=8, num_block=2, num_grow_ch=4), [(9, 12)], 2.2, bsr + 'rrdbnet_arch.py')
    upscaler('rrdb-x2', 32, rrdb(3, 3, 2, num_feat=8, num_block=1, num_grow_ch=4), [(10, 14)], 2.2, bsr + 'rrdbnet_arch.py')
    upscaler('compact-x4', 33, compact(3, 3, num_feat=12, num_conv=3, upscale=4), [(9, 12), (1, 5)], 1.5, bsr + 'srvgg_arch.py')
    span = original(folder, 'span_arch.py').SPAN
    upscaler('span-x2', 34, span(3, 3, feature_channels=4, upscale=2), [(9, 12)], 1.0, 'hongyuanyu/SPAN:basicsr/archs/span_arch.py')
    module('comfy'), module('comfy.model_management', get_torch_device=lambda: torch.device('cpu'))
    archs = original(folder, 'rife_arch.py')
    rife(archs, 'rife-4.6', 46, '4.6', [12, 8, 8, 6])
    rife(archs, 'rife-4.7', 47, '4.7', [12, 8, 8, 6])
    rife(archs, 'rife-4.17', 417, '4.17', [12, 8, 8, 6])
    rife(archs, 'rife-4.26', 426, '4.26', [12, 8, 8, 6, 4])
