"""Times one network of training/model.py in PyTorch on its device, eager and compiled: device_peer.py NETWORK SHAPE WIDTHxHEIGHT FRAMES.

Weights and inputs are random: numbers are compared elsewhere. Prints one line of JSON.
"""
import json
import statistics
import sys
import time
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'training'))
import model

TRANSFORMERS = {
    '1.3b': {'dim': 1536, 'ffn_dim': 8960, 'num_heads': 12, 'num_layers': 30, 'text_len': 512, 'text_dim': 4096},
    '14b': {'dim': 5120, 'ffn_dim': 13824, 'num_heads': 40, 'num_layers': 40, 'text_len': 512, 'text_dim': 4096},
    'shapes': {'dim': 192, 'ffn_dim': 768, 'num_heads': 6, 'num_layers': 8, 'text_len': 64, 'text_dim': 128},
}
DECODERS = {'1.3b': {'dim': 96, 'num_res_blocks': 2}, '14b': {'dim': 96, 'num_res_blocks': 2}, 'shapes': {}}
RUNS = 3


def fused_attention(q, k, v, key_bias=None):
    """model.attention through PyTorch's own operator, which has flash kernels on devices."""
    q, k, v = (y.transpose(1, 2).to(v.dtype) for y in (q, k, v))
    bias = None if key_bias is None else key_bias[:, None, None].type_as(q)
    return torch.nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=bias).transpose(1, 2).flatten(2)


def network(kind, shape, latents, dtype):
    """The network, its products in a type and the rest in F32 as in the official code, and its inputs."""
    if kind == 'vae':
        module = model.Vae(**DECODERS[shape]).eval()
        call, inputs = module.decode, (torch.randn(latents),)
    else:
        sizes = TRANSFORMERS[shape]
        module = call = model.Transformer((1, 2, 2), in_dim=16, freq_dim=256, out_dim=16, **sizes).eval()
        inputs = torch.randn(latents), torch.tensor([[500.0]], dtype=torch.float64), torch.randn(1, sizes['text_len'], sizes['text_dim'])
    for name, layer in module.named_modules():
        if isinstance(layer, (torch.nn.Linear, torch.nn.modules.conv._ConvNd)) and not name.startswith(('time_', 'head.')):
            layer.to(dtype)
    return call, inputs


def measure(device, call, inputs, dtype):
    def once():
        with torch.no_grad(), torch.autocast(device, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16):
            call(*inputs)
        if device == 'cuda':
            torch.cuda.synchronize()

    once()  # compiles, allocates
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        once()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main():
    kind, shape, size, frames = sys.argv[1:]
    width, height = map(int, size.split('x'))
    latents = (1, 16, 1 + (int(frames) - 1) // 4, height // 8, width // 8)
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    if device == 'cuda':
        torch.set_default_device(device)
    if hasattr(torch.nn.functional, 'scaled_dot_product_attention'):
        model.attention = fused_attention
    runs = []
    for dtype, compiled in [(torch.float32, False), (torch.bfloat16, False), (torch.bfloat16, True)]:
        seconds, problem = None, None
        try:
            if compiled and not hasattr(torch, 'compile'):
                raise RuntimeError(f'PyTorch {torch.__version__} does not compile')
            call, inputs = network(kind, shape, latents, dtype)
            seconds = measure(device, torch.compile(call) if compiled else call, inputs, dtype)
        except (RuntimeError, TypeError) as error:
            problem = str(error).splitlines()[0]
        runs.append({'type': str(dtype).removeprefix('torch.'), 'compiled': compiled, 'seconds': seconds, 'problem': problem})
    print(json.dumps({'device': device, 'torch': torch.__version__, 'runs': runs, 'problem': None}))


if __name__ == '__main__':
    main()
