"""Writes models/shapes from what training left behind: python export.py [--out DIR]

transformer, text_encoder and vae as safetensors (F16, official names), spiece.model and config.json. A network that
was not trained yet is written with its starting weights, so that an engine can be built against the files.
"""
import argparse
import json
import shutil
from pathlib import Path

import torch

import optim
import shapes
import weights
from model import TEXT_ENCODER, TRANSFORMER, VAE, TextEncoder, Transformer, Vae
from text import Tokenizer

HERE = Path(__file__).parent


def trained(path, key, network):
    """The named weights of a saved state, or the network's own with a warning."""
    state = optim.load(path)
    if state is None:
        print(f'{path} is not there: writing starting weights')
        return network.state_dict()
    network.load_state_dict(state[key])  # names and shapes must be those of model.py
    return state[key]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--runs', type=Path, default=HERE / 'runs')
    parser.add_argument('--out', type=Path, default=HERE.parent / 'models' / 'shapes')
    parser.add_argument('--size', type=int, default=64, help='side of the clips that the transformer was trained on')
    options = parser.parse_args()
    runs, out = options.runs, options.out
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)

    vocab = len(Tokenizer(runs / 'text' / 'spiece.model'))
    decoder = runs / 'vae' / 'decoder.pt'
    networks = {
        'text_encoder': trained(runs / 'text' / 'state.pt', 'encoder', TextEncoder(vocab, **TEXT_ENCODER)),
        'vae': trained(decoder if decoder.exists() else runs / 'vae' / 'state.pt', 'average', Vae(**VAE)),
        'transformer': trained(runs / 'dit' / 'state.pt', 'average', Transformer(**TRANSFORMER)),
    }
    for name, tensors in networks.items():
        weights.write(out / f'{name}.safetensors', tensors, {'format': 'wan', 'model': 'shapes', 'network': name})
    shutil.copyfile(runs / 'text' / 'spiece.model', out / 'spiece.model')

    statistics = optim.load(runs / 'dit' / 'statistics.pt')  # of the latents of many clips
    mean, std = statistics if statistics else (torch.zeros(VAE['z_dim']), torch.ones(VAE['z_dim']))
    config = {
        'format': 'wansharp.model', 'version': 1, 'name': 'shapes', 'variant': 'ti2v',
        'transformer': {'file': 'transformer.safetensors', **TRANSFORMER},
        'text_encoder': {'file': 'text_encoder.safetensors', 'vocab': vocab, **TEXT_ENCODER},
        'tokenizer': {'file': 'spiece.model'},
        'vae': {'file': 'vae.safetensors', **VAE, 'mean': [round(v, 5) for v in mean.tolist()],
                'std': [round(v, 5) for v in std.tolist()]},
        'defaults': {'width': options.size, 'height': options.size, 'frames': shapes.FRAMES, 'fps': shapes.FPS,
                     'steps': 20, 'shift': 3.0, 'guidance_scale': 4.0, 'sampler': 'unipc', 'negative_prompt': ''},
        'limits': {'width': options.size, 'height': options.size, 'frames': shapes.FRAMES},
    }
    (out / 'config.json').write_text(json.dumps(config, indent=2, ensure_ascii=False) + '\n', encoding='utf-8')
    for file in sorted(out.iterdir()):
        print(f'{file.name:28} {file.stat().st_size / 1e6:8.3f} MB')


if __name__ == '__main__':
    main()
