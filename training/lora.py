"""Low-rank additions to the transformer's linear layers, in files with ComfyUI's names.

``diffusion_model.blocks.0.self_attn.q.lora_A.weight`` [rank, in], ``….lora_B.weight`` [out, rank] and ``….alpha``: a
layer's weight becomes weight + strength * alpha / rank * B @ A.
"""
import math

import torch
import torch.nn as nn

import weights

PREFIX = 'diffusion_model.'


class Adapted(nn.Module):
    """A frozen linear layer and what is learned beside it; nothing at first, because B begins as zeros."""

    def __init__(self, base, rank):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.lora_A = nn.Linear(base.in_features, rank, bias=False)
        self.lora_B = nn.Linear(rank, base.out_features, bias=False)
        nn.init.normal_(self.lora_A.weight, std=1 / math.sqrt(base.in_features))
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x):
        return self.base(x) + self.lora_B(self.lora_A(x))


def linears(transformer):
    """The linear layers of every block, by name."""
    return {name: layer for name, layer in transformer.named_modules()
            if isinstance(layer, nn.Linear) and name.startswith('blocks.')}


def attach(transformer, rank):
    """Freezes a transformer but for new low-rank layers beside each linear layer of its blocks."""
    transformer.requires_grad_(False)
    for name, layer in linears(transformer).items():
        parent, _, last = name.rpartition('.')
        setattr(transformer.get_submodule(parent), last, Adapted(layer, rank))
    return transformer


def learned(transformer):
    """The low-rank factors of a transformer that ``attach`` changed: {'blocks.0.self_attn.q.lora_A.weight': tensor}."""
    return {name: p for name, p in transformer.named_parameters() if '.lora_' in name}


def write(path, factors, metadata):
    """Factors as a LoRA file; alpha is the rank, so that strength 1 is what was trained."""
    tensors = {}
    for name, value in factors.items():
        tensors[PREFIX + name] = value
        if name.endswith('.lora_A.weight'):
            tensors[PREFIX + name.replace('.lora_A.weight', '.alpha')] = torch.tensor(float(value.size(0)))
    weights.write(path, tensors, {'format': 'pt', **metadata})


def merge(transformer, path, strength=1.0):
    """Adds a LoRA file to a transformer's weights."""
    tensors, layers = weights.read(path), linears(transformer)
    pairs = [name for name in tensors if name.endswith('.lora_A.weight')]
    if not pairs or len(tensors) != 3 * len(pairs):
        raise ValueError(f'{path}: expected lora_A, lora_B and alpha for each layer')
    for name in pairs:
        key = name[:-len('.lora_A.weight')]
        down, up = tensors[name].float(), tensors[f'{key}.lora_B.weight'].float()
        alpha = tensors[f'{key}.alpha'].item()
        with torch.no_grad():
            layers[key[len(PREFIX):]].weight.add_(up @ down, alpha=strength * alpha / down.size(0))
