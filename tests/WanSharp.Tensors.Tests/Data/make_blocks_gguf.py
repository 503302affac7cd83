"""Writes blocks.gguf: a tensor of each type, and beside it what ggml's own dequantize_row_* makes of it.

    python3 make_blocks_gguf.py path/to/libggml-base.so      (from the npm package @node-llama-cpp/linux-x64 3.22.1)
"""
import ctypes, pathlib, random, struct, sys

# name: (number in GGUF, elements and bytes of a block, places of the half-precision scales)
TYPES = {
    "q4_0": (2, 32, 18, (0,)), "q4_1": (3, 32, 20, (0, 2)), "q5_0": (6, 32, 22, (0,)), "q5_1": (7, 32, 24, (0, 2)),
    "q8_0": (8, 32, 34, (0,)),
    "q2_K": (10, 256, 84, (80, 82)), "q3_K": (11, 256, 110, (108,)), "q4_K": (12, 256, 144, (0, 2)), "q5_K": (13, 256, 176, (0, 2)),
    "q6_K": (14, 256, 210, (208,)),
}
SCALES = [0.0, -0.0, 1.0, -1.0, 6e-8, -6e-8, 65504.0, -65504.0]


def text(value):
    return struct.pack("<Q", len(value)) + value.encode()


def main():
    ggml = ctypes.CDLL(sys.argv[1])
    random.seed(11)
    tensors = []
    for name, (number, elements, size, scales) in TYPES.items():
        blocks = 512 // elements + (8 if elements == 32 else 1)
        data = bytearray(random.randbytes(blocks * size))
        for block in range(blocks):
            for at in scales:
                scale = random.choice(SCALES) if random.random() < 0.3 else random.gauss(0, 0.05)
                struct.pack_into("<e", data, block * size + at, scale)
        expected = (ctypes.c_float * (blocks * elements))()
        getattr(ggml, "dequantize_row_" + name)(bytes(data), expected, ctypes.c_int64(blocks * elements))
        tensors.append((name, [elements, blocks], number, bytes(data)))
        tensors.append((name + ".expected", [elements, blocks], 0, bytes(expected)))
    tensors.append(("f16", [3, 2], 1, struct.pack("<6e", *range(6))))
    tensors.append(("bf16", [2], 30, struct.pack("<2H", 0x3F80, 0xC000)))
    tensors.append(("five.dims", [24], 0, struct.pack("<24f", *range(24))))
    tensors.append(("odd", [32], 20, bytes(18)))

    notes = [
        (text("general.architecture"), 8, text("wan")), (text("count"), 4, struct.pack("<I", 7)),
        (text("scale"), 6, struct.pack("<f", 0.5)),
        (text("flag"), 7, b"\1"), (text("words"), 9, struct.pack("<IQ", 8, 2) + text("a") + text("b")),
        (text("long"), 9, struct.pack("<IQ", 8, 20) + text("word") * 20),
        (text("nested"), 9, struct.pack("<IQ", 9, 1) + struct.pack("<IQ", 0, 3) + b"abc"),
        (text("comfy.gguf.orig_shape.five.dims"), 9, struct.pack("<IQ5i", 5, 5, 2, 3, 1, 2, 2)),
    ]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(notes))
    header += b"".join(key + struct.pack("<I", kind) + value for key, kind, value in notes)
    body = b""
    for name, dims, number, data in tensors:
        header += text(name) + struct.pack(f"<I{len(dims)}QIQ", len(dims), *dims, number, len(body))
        body += data + bytes(-len(data) % 32)
    pathlib.Path(__file__).with_name("blocks.gguf").write_bytes(header + bytes(-len(header) % 32) + body)


main()
