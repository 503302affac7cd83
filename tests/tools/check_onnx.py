"""Has python3-onnx judge every .onnx file of a folder: its own reading of the format, of each operator and of all shapes.

usage: check_onnx.py FOLDER
"""
import pathlib
import sys

import onnx


def check(path):
    onnx.checker.check_model(str(path))  # By path, so that external data is looked for too.
    model = onnx.load(str(path), load_external_data=False)
    onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)


def with_runtime_operators_rehomed(path):
    """ONNX Runtime keeps one operator of its own in the standard domain, which the checker cannot know: a copy says so."""
    model = onnx.load(str(path), load_external_data=False)
    strangers = [node for node in model.graph.node if node.op_type == "SimplifiedLayerNormalization"]
    for node in strangers:
        node.domain = "com.microsoft"
    if strangers and not any(opset.domain == "com.microsoft" for opset in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    copy = path.with_suffix(".checked")  # Beside the original, because external data is found from there.
    copy.write_bytes(model.SerializeToString())
    return copy


failures = 0
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    copy = with_runtime_operators_rehomed(file)
    try:
        check(copy)
    except Exception as error:
        failures += 1
        print(f"{file.name}: {error}")
    finally:
        copy.unlink()
sys.exit(1 if failures else 0)
