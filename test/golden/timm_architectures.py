"""Writes what timm's names of vision transformers stand for: `src/trainer/nn/families/timmArchitectures.json`.

    python timm_architectures.py      (in an environment with timm)

A row for each name of timm's modules vision_transformer, eva and deit: `class`, and under `args` what the name gives to the class besides
the class's own defaults. A value that is no plain number, text or list has the name of the Python object. `size` is that of the name's
first pretrained_cfg, which goes for a config.json that has none.
"""

import functools
import inspect
import json
from pathlib import Path

import timm
from timm.models import deit, eva, vision_transformer

TARGET = Path(__file__).resolve().parents[2] / "src" / "trainer" / "nn" / "families" / "timmArchitectures.json"


class Caught(Exception):
    pass


def catch(cls, _variant, _pretrained=False, **kwargs):
    raise Caught(cls, kwargs)


def plain(value):
    if isinstance(value, functools.partial):
        return {"name": value.func.__name__, **{key: plain(each) for key, each in value.keywords.items()}}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else value.__name__


def row(name: str) -> dict:
    try:
        timm.create_model(name)
    except Caught as caught:
        cls, kwargs = caught.args
    defaults = {key: parameter.default for key, parameter in inspect.signature(cls.__init__).parameters.items()}
    left_out = ("pretrained_cfg", "pretrained_cfg_overlay", "pretrained_filter_fn", "pretrained_strict", "feature_cfg", "cache_dir", "weight_init")
    args = {key: plain(value) for key, value in kwargs.items() if key not in left_out and not (key in defaults and defaults[key] == value)}
    cfg = timm.get_pretrained_cfg(name)
    size = cfg.input_size[-1] if cfg and cfg.fixed_input_size else 224
    return {"class": cls.__name__, "args": args, "size": size}


def main() -> None:
    for module in (vision_transformer, eva, deit):
        module.build_model_with_cfg = catch
    names = sorted(name for module in ("vision_transformer", "eva", "deit") for name in timm.list_models(module=module))
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row(name))}" for name in names)
    TARGET.write_text("{\n" + lines + "\n}\n")
    print(len(names), "names of timm", timm.__version__)


if __name__ == "__main__":
    main()
