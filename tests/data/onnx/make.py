"""Writes the models beside this file (python3-onnx 1.12; they are committed, and this is how they were made)."""
import os
import struct

from onnx import TensorProto, helper

FOLDER = os.path.dirname(os.path.abspath(__file__))
F32, I64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL


def value(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def save(name, nodes, inputs, outputs, initializers=(), opset=17):
    graph = helper.make_graph(nodes, name, inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], producer_name="wansharp-tests")
    model.ir_version = 9 if opset > 17 else 8
    with open(os.path.join(FOLDER, name + ".onnx"), "wb") as file:
        file.write(model.SerializeToString())


# y = x * w, total = sum of y
save("scale",
     [helper.make_node("Mul", ["x", "w"], ["y"]), helper.make_node("ReduceSum", ["y"], ["total"], keepdims=0)],
     [value("x", F32, ["batch", 4]), value("w", F32, [4])],
     [value("y", F32, ["batch", 4]), value("total", F32, [])])

# out_T = in_T for every element type; the float8 numbers are newer than this onnx package
TYPES = {"F32": 1, "U8": 2, "I8": 3, "I32": 6, "I64": 7, "Bool": 9, "F16": 10, "BF16": 16, "F8E4M3": 17, "F8E5M2": 19}
save("types",
     [helper.make_node("Identity", ["in_" + t], ["out_" + t]) for t in TYPES],
     [value("in_" + t, number, ["n"]) for t, number in TYPES.items()],
     [value("out_" + t, number, ["n"]) for t, number in TYPES.items()],
     opset=19)

# y = x with the dimensions that `shape` holds: fails while running when they do not fit
save("reshape",
     [helper.make_node("Reshape", ["x", "shape"], ["y"])],
     [value("x", F32, ["n"]), value("shape", I64, ["rank"])],
     [value("y", F32, None)])

# y = x + x + ..., `count` times: runs as long as one likes
body = helper.make_graph(
    [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Add", ["sum", "sum"], ["next"])],
    "body",
    [value("i", I64, []), value("go", BOOL, []), value("sum", F32, ["n"])],
    [value("go_on", BOOL, []), value("next", F32, ["n"])])
save("loop",
     [helper.make_node("Loop", ["count", "", "x"], ["y"], body=body)],
     [value("count", I64, []), value("x", F32, ["n"])],
     [value("y", F32, ["n"])])

# y = x + w, where w is 1, 2, 3, 4 in a file of its own
weight = TensorProto(name="w", data_type=F32, dims=[4], data_location=TensorProto.EXTERNAL)
for key, text in (("location", "external.bin"), ("offset", "0"), ("length", "16")):
    weight.external_data.add(key=key, value=text)
save("external", [helper.make_node("Add", ["x", "w"], ["y"])], [value("x", F32, [4])], [value("y", F32, [4])], [weight])
with open(os.path.join(FOLDER, "external.bin"), "wb") as file:
    file.write(struct.pack("<4f", 1, 2, 3, 4))
