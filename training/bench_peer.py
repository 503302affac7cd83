"""Runs a network of model.py for ``wan bench --peer torch``: what PyTorch makes of the same weights and inputs.

The first line of standard input says what to load, every further line what to run; an answer is a line of JSON:

    {"network": "dit" | "vae" | "text", "arguments": {..}, "weights": "..index.json", "inputs": "..safetensors", "threads": 2}
    {"precision": "f32" | "bf16", "output": null | "file for the raw F32 values"}
"""
import json
import struct
import sys
import time
from pathlib import Path

try:
    import numpy as np
    import torch
except ImportError as error:
    print(json.dumps({'missing': error.name}), flush=True)
    sys.exit()

from model import TextEncoder, Transformer, Vae

TYPES = {'F32': torch.float32, 'F16': torch.float16, 'BF16': torch.bfloat16, 'I64': torch.int64}


def mapped(path):
    """Every tensor of a safetensors file, as views of the mapped file."""
    data = np.memmap(path, np.uint8, 'c')
    length = struct.unpack('<Q', data[:8].tobytes())[0]
    header = json.loads(data[8:8 + length].tobytes())
    tensors = {}
    for name, entry in header.items():
        if name != '__metadata__':
            begin, end = (8 + length + offset for offset in entry['data_offsets'])
            tensors[name] = torch.from_numpy(data[begin:end]).view(TYPES[entry['dtype']]).view(entry['shape'])
    return tensors


def checkpoint(index):
    files = sorted(set(json.loads(Path(index).read_text())['weight_map'].values()))
    return {name: tensor for file in files for name, tensor in mapped(Path(index).parent / file).items()}


def without_initial_values():
    """Random initial values of 1.4 billion weights, all to be replaced, would be most of the loading time."""
    for name in ('xavier_uniform_', 'kaiming_uniform_', 'uniform_', 'normal_', 'zeros_', 'ones_'):
        setattr(torch.nn.init, name, lambda tensor, *_, **__: tensor)


class Network:
    """One precision of the network; what is not converted is shared with the other through the mapped file."""

    def __init__(self, kind, arguments, tensors, precision):
        self.kind, self.precision = kind, precision
        self.module = {'dit': Transformer, 'vae': Vae, 'text': TextEncoder}[kind](**arguments).eval()
        if kind == 'vae':  # decoding only
            del self.module.encoder, self.module.conv1
        products = {name for name, layer in self.module.named_modules()
                    if isinstance(layer, (torch.nn.Linear, torch.nn.modules.conv._ConvNd))
                    and not name.startswith(('time_', 'head.'))}  # these stay in F32, as in the official code
        for name, parameter in self.module.named_parameters():
            narrow = precision == 'bf16' and name.rpartition('.')[0] in products
            parameter.requires_grad_(False)
            parameter.data = tensors[name].to(torch.bfloat16 if narrow else torch.float32)

    def __call__(self, x):
        with torch.no_grad(), torch.autocast('cpu', dtype=torch.bfloat16, enabled=self.precision == 'bf16'):
            if self.kind == 'dit':
                return self.module(x['latents'], x['timesteps'].double(), x['context'])
            if self.kind == 'text':
                return self.module(x['ids'], x['mask'])
            mean, std = (x[name].view(1, -1, 1, 1, 1) for name in ('mean', 'std'))
            return self.module.decode(x['latents'] * std + mean).clamp(-1, 1)


def main():
    request = json.loads(sys.stdin.readline())
    torch.set_num_threads(request['threads'])
    without_initial_values()
    tensors, inputs, networks = checkpoint(request['weights']), mapped(request['inputs']), {}

    def run(precision):
        if precision not in networks:
            networks[precision] = Network(request['network'], request['arguments'], tensors, precision)
        started = time.perf_counter()
        output = networks[precision](inputs)
        return output, time.perf_counter() - started

    run('f32')
    print(json.dumps({'version': torch.__version__, 'threads': torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        output, seconds = run(order['precision'])
        if order['output']:
            output.float().contiguous().numpy().tofile(order['output'])
        print(json.dumps({'seconds': seconds}), flush=True)


if __name__ == '__main__':
    main()
