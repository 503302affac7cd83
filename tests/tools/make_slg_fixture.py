"""Adds skip-layer guidance to tests/fixtures/guidance from the original code: python3 make_slg_fixture.py WAN

WAN is a checkout of Wan-Video/Wan2.1. Its wan/modules/model.py runs with the weights of tests/fixtures/dit-t2v in float32, attention
by PyTorch's own. As in NVlabs/rcm:rcm/networks/wan2pt1.py ("block_idx in slg_layers and is_uncond: continue") and
deepbeepmeep/Wan2GP:models/wan/modules/model.py, the pass without the prompt leaves a block out; both predictions are then combined
as always.
"""
import json
import struct
import sys
import types
from pathlib import Path

import numpy as np
import torch

FIXTURES = Path(__file__).parent.parent / 'fixtures'
TYPES = {'F32': np.float32, 'F16': np.float16, 'I64': np.int64}
SKIPPED, SCALE = 1, 5.0


def read(path):
    data = path.read_bytes()
    length = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    header.pop('__metadata__', None)
    body = data[8 + length :]
    return {
        name: np.frombuffer(body[slice(*one['data_offsets'])], TYPES[one['dtype']]).reshape(one['shape']) for name, one in header.items()
    }


def write(path, tensors):
    header, body = {}, b''
    for name, tensor in sorted(tensors.items()):
        content = np.ascontiguousarray(tensor, np.float32).tobytes()
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack('<Q', len(text)) + text + body)


def flash_attention(q, k, v, q_lens=None, k_lens=None, **_):
    """q, k, v [batch, tokens, heads, dim]; keys beyond k_lens do not count."""
    scores = torch.einsum('bqhd,bkhd->bhqk', q, k) / q.size(-1) ** 0.5
    if k_lens is not None:
        beyond = torch.arange(k.size(1))[None, :] >= k_lens[:, None]
        scores = scores.masked_fill(beyond[:, None, None, :], float('-inf'))
    return torch.einsum('bhqk,bkhd->bqhd', scores.softmax(-1), v)


def original(folder):
    def module(name, **members):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__dict__.update(members)

    module('diffusers')
    module('diffusers.configuration_utils', ConfigMixin=object, register_to_config=lambda init: init)
    module('diffusers.models')
    module('diffusers.models.modeling_utils', ModelMixin=torch.nn.Module)
    module('wan')
    module('wan.modules')
    sys.modules['wan.modules'].__path__ = []
    module('wan.modules.attention', flash_attention=flash_attention)
    module('wan.modules.model')
    source = (Path(folder) / 'wan/modules/model.py').read_text()
    made = sys.modules['wan.modules.model'].__dict__
    made['__package__'] = 'wan.modules'
    exec(compile(source, 'model.py', 'exec'), made)
    return made['WanModel']


@torch.no_grad()
def main():
    config = json.loads((FIXTURES / 'dit-t2v/config.json').read_text())['model']
    config['patch_size'] = tuple(config['patch_size'])
    model = original(sys.argv[1])(**config).eval().float()
    weights = read(FIXTURES / 'dit-t2v/weights.safetensors')
    model.load_state_dict({name: torch.from_numpy(value.copy()).float() for name, value in weights.items()})
    given = read(FIXTURES / 'dit-t2v/io.safetensors')
    x, t = torch.from_numpy(given['case0.in.x.0'].copy()), torch.tensor([int(given['case0.in.t'][0])])
    prompt, negative = (torch.from_numpy(given[f'case0.in.context.{i}'].copy()) for i in (0, 1))
    tokens = x.shape[1] * x.shape[2] * x.shape[3] // 4

    def velocity(context):
        return model([x], t, [context], tokens)[0]

    conditional, plain = velocity(prompt), velocity(negative)
    alone = given['case0.out.0']
    print('difference to the fixture of the transformer', np.abs(conditional.numpy() - alone).max())
    left_out = model.blocks[SKIPPED]
    left_out.forward = lambda x, *_, **__: x
    skipping = velocity(negative)
    path = FIXTURES / 'guidance/io.safetensors'
    out = skipping + SCALE * (conditional - skipping)
    kept = {name: value for name, value in read(path).items() if not name.startswith('slg.')}
    made = {'c': conditional, 'u': skipping, 'out': out}
    write(path, kept | {f'slg.{name}': value.numpy()[None] for name, value in made.items()})
    print('a block left out changes the prediction by', (skipping - plain).abs().max().item())


main()
