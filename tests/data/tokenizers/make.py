"""Writes the small tokenizer models beside it and what sentencepiece 0.1.97 makes of some strings: python make.py

The models have what the large fixture has not: byte pieces, user-defined and unused pieces, equal scores, other white space rules.
"""
import json
from pathlib import Path

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as format

HERE = Path(__file__).parent
NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
SPECIAL = [('<pad>', 0, CONTROL), ('</s>', 0, CONTROL), ('<unk>', 0, UNKNOWN)]
BYTES = [(f'<0x{value:02X}>', 0, BYTE) for value in range(256)]
WORDS = [('▁', -2, NORMAL), ('a', -3, NORMAL), ('b', -3, NORMAL), ('c', -3, NORMAL), ('ab', -4, NORMAL), ('bc', -4, NORMAL),
         ('abc', -9, UNUSED), ('▁a', -3.5, NORMAL), ('caa', -7.75, NORMAL), ('é', -5, NORMAL), ('红', -5, NORMAL), ('红色', -6, NORMAL),
         ('<x>', 0, USER_DEFINED), ('<x><x>', 0, USER_DEFINED), ('a  b', 0, USER_DEFINED), (' ', -2.5, NORMAL)]
MODELS = {
    'bytes': dict(pieces=SPECIAL + BYTES + WORDS, byte_fallback=True),
    'plain': dict(pieces=SPECIAL + WORDS, remove_extra_whitespaces=False),
    'spaces': dict(pieces=SPECIAL + WORDS, add_dummy_prefix=False, escape_whitespaces=False),
    'positive': dict(pieces=SPECIAL + [(text, score + 6, kind) for text, score, kind in WORDS]),
}
TEXTS = ['', ' ', 'a', 'abc', 'abcabc', 'abcaabc', 'cab abc', '  a  b  ', 'a  b', 'a b', 'ab\tc', 'é', 'e\u0301',
         '红色', '红的', '红红色色', '😀', 'a😀😀b', '<x>', '<x><x><x>', 'a<x>b', ' <x> ', '<x', '▁a', '▁', '\0', 'a\0b', 'xyz', '</s>', '<0x41>',
         'a' * 50, 'abc' * 30, '\ufffd', '\u3000a\u3000']


def main():
    cases = {}
    for name, settings in MODELS.items():
        model = format.ModelProto()
        for text, score, kind in settings['pieces']:
            model.pieces.add(piece=text, score=score, type=kind)
        model.trainer_spec.model_type = model.trainer_spec.UNIGRAM
        model.trainer_spec.byte_fallback = settings.get('byte_fallback', False)
        model.normalizer_spec.add_dummy_prefix = settings.get('add_dummy_prefix', True)
        model.normalizer_spec.remove_extra_whitespaces = settings.get('remove_extra_whitespaces', True)
        model.normalizer_spec.escape_whitespaces = settings.get('escape_whitespaces', True)
        (HERE / f'{name}.model').write_bytes(model.SerializeToString())
        tokenizer = sentencepiece.SentencePieceProcessor(model_proto=model.SerializeToString())
        cases[name] = [dict(text=text, ids=tokenizer.encode(text)) for text in TEXTS]
    rows = [f'  "{name}": [\n' + ',\n'.join('    ' + json.dumps(case) for case in values) + '\n  ]' for name, values in cases.items()]
    (HERE / 'cases.json').write_text('{\n' + ',\n'.join(rows) + '\n}\n')


if __name__ == '__main__':
    main()
