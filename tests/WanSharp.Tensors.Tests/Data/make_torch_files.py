"""Writes the *.pth files here with PyTorch (made with Debian's python3-torch 1.13)."""
import pathlib, shutil, zipfile
import torch

here = pathlib.Path(__file__).parent
base = torch.arange(24, dtype=torch.float32)

model = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Linear(2, 1))
for parameter in model.parameters():
    parameter.data = torch.arange(parameter.numel(), dtype=torch.float32).reshape(parameter.shape)
torch.save(model.state_dict(), here / "module.pth")

torch.save({
    "plain": base.reshape(2, 3, 4), "window": base[4:10], "row": base.reshape(4, 6)[2], "transposed": base.reshape(4, 6).t(),
    "expanded": base[:2].reshape(2, 1).expand(2, 3),
    "parameter": torch.nn.Parameter(base[:3].clone()), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
    "f16": torch.tensor([1.5, -2], dtype=torch.float16), "bf16": torch.tensor([1.5, -2], dtype=torch.bfloat16),
    "f64": torch.tensor([1.5], dtype=torch.float64),
    "i64": torch.tensor([-(2 ** 40), 7]), "i8": torch.tensor([-5], dtype=torch.int8), "u8": torch.tensor([250], dtype=torch.uint8),
    "bool": torch.tensor([True, False]),
    "note": "text", "step": 7, "big": 2 ** 40, "rate": 0.5, "none": None, "list": [1, (2, 3), {"k": 4}],
}, here / "kinds.pth")
torch.save({"step": 3, "state_dict": {"a": base[:2].clone()}}, here / "nested.pth")
torch.save(base, here / "bare_tensor.pth")
torch.save({"a": base}, here / "legacy.pth", _use_new_zipfile_serialization=False)

zipfile.ZIP64_LIMIT = 0
for name, method in (("zip64.pth", zipfile.ZIP_STORED), ("compressed.pth", zipfile.ZIP_DEFLATED)):
    with zipfile.ZipFile(here / "module.pth") as source, zipfile.ZipFile(here / name, "w", method) as target:
        for entry in source.namelist():
            target.writestr(entry, source.read(entry))
