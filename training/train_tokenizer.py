"""Trains the tokenizer, a SentencePiece Unigram model of at most 512 pieces, on drawn captions: python train_tokenizer.py"""
import argparse
import itertools
import random
from pathlib import Path

import sentencepiece

import shapes

EXTRA = ['a', 'an', 'the', 'video', 'shows', 'clip', '一个', '视频', '背景']  # words that strangers use beside ours


def sentences(rng, per_scene=12):
    for values in itertools.product(*shapes.ATTRIBUTES.values()):
        labels = dict(zip(shapes.ATTRIBUTES, values))
        for _ in range(per_scene):
            yield shapes.caption(labels, rng)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--run', type=Path, default=Path(__file__).parent / 'runs' / 'text')
    options = parser.parse_args()
    options.run.mkdir(parents=True, exist_ok=True)
    corpus = options.run / 'captions.txt'
    corpus.write_text('\n'.join([*sentences(random.Random(0)), *EXTRA]), encoding='utf-8')
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(options.run / 'spiece'), model_type='unigram', vocab_size=512,
        hard_vocab_limit=False, character_coverage=1.0, byte_fallback=True, normalization_rule_name='nmt_nfkc',
        add_dummy_prefix=True, pad_id=0, eos_id=1, unk_id=2, bos_id=-1, split_by_unicode_script=True,
        num_threads=1, minloglevel=2)
    tokenizer = sentencepiece.SentencePieceProcessor(model_file=str(options.run / 'spiece.model'))
    print(f'{tokenizer.get_piece_size()} pieces')
    for text in ('a red circle moving left on a black background', '一个红色圆形向左移动，黑色背景', '深蓝色背景上，蓝色的三角形变大'):
        print(tokenizer.encode(text, out_type=str))


if __name__ == '__main__':
    main()
