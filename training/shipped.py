"""The networks of a model folder such as models/shapes, as the engine reads them: what LoRAs are trained on."""
import json
from pathlib import Path

import torch

import weights
from model import TextEncoder, Transformer, Vae
from text import Tokenizer

SHAPES = Path(__file__).parent.parent / 'models' / 'shapes'


def _filled(network, path):
    network.load_state_dict(weights.read(path))
    return network.eval().requires_grad_(False)


class Shipped:
    """Reads each network when it is asked for; none of them is trained."""

    def __init__(self, folder=SHAPES):
        self.folder = Path(folder)
        self.config = json.loads((self.folder / 'config.json').read_text(encoding='utf-8'))
        self.mean, self.std = (torch.tensor(self.config['vae'][name]).view(1, -1, 1, 1, 1) for name in ('mean', 'std'))

    def _sizes(self, network):
        return {name: value for name, value in self.config[network].items() if name not in ('file', 'mean', 'std')}

    def _file(self, network):
        return self.folder / self.config[network]['file']

    def tokenizer(self):
        return Tokenizer(self._file('tokenizer'))

    def encoder(self):
        return _filled(TextEncoder(**self._sizes('text_encoder')), self._file('text_encoder'))

    def vae(self):
        return _filled(Vae(**self._sizes('vae')), self._file('vae'))

    def transformer(self):
        return _filled(Transformer(**self._sizes('transformer')), self._file('transformer'))
