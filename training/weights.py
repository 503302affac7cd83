"""Safetensors files: eight bytes of header length, a JSON header, then the tensors' bytes."""
import json
import os
import struct

import numpy as np
import torch

READ = {'F32': np.float32, 'F16': np.float16, 'I64': np.int64, 'I32': np.int32, 'U8': np.uint8}


def read(path):
    """Every tensor of a file, BF16 widened to F32."""
    with open(path, 'rb') as file:
        data = file.read()
    length = struct.unpack('<Q', data[:8])[0]
    header = json.loads(data[8:8 + length])
    tensors = {}
    for name, entry in header.items():
        if name == '__metadata__':
            continue
        begin, end = (8 + length + offset for offset in entry['data_offsets'])
        if entry['dtype'] == 'BF16':
            array = (np.frombuffer(data[begin:end], np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            array = np.frombuffer(data[begin:end], READ[entry['dtype']])
        tensors[name] = torch.from_numpy(array.copy()).reshape(entry['shape'])
    return tensors


def write(path, tensors, metadata):
    """Writes tensors as F16, in order of name, to a temporary name that is then renamed."""
    arrays = {name: tensors[name].detach().to(torch.float16).contiguous().numpy() for name in sorted(tensors)}
    header, offset = {'__metadata__': metadata}, 0
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise ValueError(f'{path}: {name} does not fit F16 (largest value {tensors[name].abs().max():.3g})')
        header[name] = {'dtype': 'F16', 'shape': list(array.shape), 'data_offsets': [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    with open(f'{path}.partial', 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text)
        for array in arrays.values():
            file.write(array.tobytes())
    os.replace(f'{path}.partial', path)
