"""ONNX Runtime's own quantiser on an export in fp32: python quantize.py MODEL IMAGES FOLDER

IMAGES is a file of the calibration images as the model takes them, uint8 [count, height, width, 3]. Writes
FOLDER/{int8-dynamic,int8-percentile,int8-entropy,int4}.onnx; needs onnx, onnx_ir and onnxruntime.
"""

import sys

import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_dynamic,
    quantize_static,
)
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process

model, images, folder = sys.argv[1:4]
height, width = (dim.dim_value for dim in onnx.load(model).graph.input[0].type.tensor_type.shape.dim[1:3])
pixels = np.fromfile(images, np.uint8).reshape(-1, height, width, 3)

prepared = f"{folder}/prepared.onnx"
quant_pre_process(model, prepared, skip_symbolic_shape=True)


class Reader(CalibrationDataReader):
    def __init__(self):
        # The calibrators want batches of one size.
        self.batches = iter([pixels[i : i + 4] for i in range(0, len(pixels) // 4 * 4, 4)])

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"images": batch}


quantize_dynamic(prepared, f"{folder}/int8-dynamic.onnx", weight_type=QuantType.QInt8, per_channel=True, reduce_range=True)
for method in (CalibrationMethod.Percentile, CalibrationMethod.Entropy):
    quantize_static(
        prepared,
        f"{folder}/int8-{method.name.lower()}.onnx",
        Reader(),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        # 7 bits, as processors without VNNI need; ViTune's have as many.
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["Gemm", "MatMul"],
        calibrate_method=method,
    )


def as_matmul(model):
    """The 4-bit quantiser knows MatMul alone: each Gemm by a constant becomes one, and an Add."""
    graph = model.graph
    constants = {each.name: each for each in graph.initializer}
    nodes = []
    for node in graph.node:
        transposed = any(each.name == "transB" and each.i for each in node.attribute)
        if node.op_type != "Gemm" or not transposed or node.input[1] not in constants:
            nodes.append(node)
            continue
        weight = onnx.numpy_helper.to_array(constants[node.input[1]])
        name = f"{node.input[1]}.transposed"
        if name not in constants:
            constants[name] = onnx.numpy_helper.from_array(np.ascontiguousarray(weight.T), name)
        has_bias = len(node.input) > 2
        product = f"{node.output[0]}.product" if has_bias else node.output[0]
        nodes.append(onnx.helper.make_node("MatMul", [node.input[0], name], [product]))
        if has_bias:
            nodes.append(onnx.helper.make_node("Add", [product, node.input[2]], [node.output[0]]))
    used = {name for node in nodes for name in node.input}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(each for name, each in constants.items() if name in used)
    return model


quantizer = MatMulNBitsQuantizer(as_matmul(onnx.load(model)), bits=4, block_size=32, is_symmetric=False)
quantizer.process()
quantizer.model.save_model_to_file(f"{folder}/int4.onnx")
