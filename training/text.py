"""Captions to embeddings, as the engine does it: pieces + eos, encoded at their real length, zeros after."""
import re

import sentencepiece
import torch

EOS = 1


class Tokenizer:

    def __init__(self, path):
        self.model = sentencepiece.SentencePieceProcessor(model_file=str(path))

    def __len__(self):
        return self.model.get_piece_size()

    def __call__(self, text, limit):
        return self.model.encode(re.sub(r'\s+', ' ', text).strip())[:limit - 1] + [EOS]


def padded(rows, length=None):
    """Lists of ids -> ids and mask [batch, tokens]."""
    length = length or max(map(len, rows))
    ids = torch.tensor([row + [0] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return ids, mask


@torch.no_grad()
def embed(encoder, tokenizer, texts, text_len):
    """[batch, longest + 1 (at most text_len), dim], zero after each prompt's end, and the prompts' lengths."""
    rows = [tokenizer(text, text_len) for text in texts]
    lengths = [len(row) for row in rows]
    return encoder(*padded(rows, min(text_len, max(lengths) + 1))), lengths
