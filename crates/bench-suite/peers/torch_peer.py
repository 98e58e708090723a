"""PyTorch or ONNX Runtime as a contender for convolution and pooling: a child of bench-suite that
it asks for one batch per round.

Lines on standard input, one answer each on standard output (raw bytes follow where noted):

  image CHANNELS ROWS COLUMNS, then the bytes of an image in f32  ->  ok
  kernel RESULTS CHANNELS ROWS COLUMNS, then its bytes  ->  ok
  use PEER OP STRIDE  ->  ok; PEER is torch or onnxruntime, OP conv2d, max_pool2d or avg_pool2d,
      without padding; the window of a pool is the stride
  call PEER       ->  out, then the bytes of the output
  time PEER TIMES ->  ns NANOSECONDS, read here: the pipe is not timed

The first line is "PEER:VERSION ..." of those that are there, or "missing WHY". What cannot be done
is answered by "error WHY". The argument is how many threads each gets.
"""

import os
import sys
from time import perf_counter_ns

THREADS = int(sys.argv[1])
os.environ["OMP_NUM_THREADS"] = str(THREADS)

requests = sys.stdin.buffer
answers = sys.stdout.buffer


def answer(line, payload=None):
    answers.write(line.encode() + b"\n")
    if payload is not None:
        answers.write(payload)
    answers.flush()


found, missing = [], []
try:
    import numpy as np
except ImportError as error:
    answer(f"missing {error}")
    sys.exit()
try:
    import torch

    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    found.append(f"torch:{torch.__version__}")
except Exception as error:  # a broken installation raises what it likes
    missing.append(f"torch: {error}")
try:
    import onnx
    import onnxruntime

    found.append(f"onnxruntime:{onnxruntime.__version__}")
except Exception as error:
    missing.append(f"onnxruntime: {error}")
if not found:
    answer("missing " + " ".join("; ".join(missing).split()))
    sys.exit()

operands = {}
runs = {}


def array_from_input(shape):
    array = np.empty(shape, np.float32)
    target = memoryview(array.reshape(-1).view(np.uint8))
    filled = 0
    while filled < len(target):
        got = requests.readinto(target[filled:])
        if not got:
            sys.exit()
        filled += got
    return array


def load(name, *shape):
    shape = tuple(int(extent) for extent in shape)
    operands[name] = array_from_input((1, *shape) if name == "image" else shape)
    answer("ok")


def of_torch(op, stride):
    image = torch.from_numpy(operands["image"])
    if op == "conv2d":
        kernel = torch.from_numpy(operands["kernel"])
        return lambda: torch.nn.functional.conv2d(image, kernel, stride=stride)
    pool = getattr(torch.nn.functional, op)
    return lambda: pool(image, stride)


def of_onnxruntime(op, stride):
    image = operands["image"]
    value, node = onnx.helper.make_tensor_value_info, onnx.helper.make_node
    constants = []
    if op == "conv2d":
        constants = [onnx.numpy_helper.from_array(operands["kernel"], "w")]
        work = node("Conv", ["x", "w"], ["y"], strides=[stride] * 2)
    else:
        name = {"max_pool2d": "MaxPool", "avg_pool2d": "AveragePool"}[op]
        work = node(name, ["x"], ["y"], kernel_shape=[stride] * 2, strides=[stride] * 2)
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        [work], "g", [value("x", kind, image.shape)], [value("y", kind, None)], constants
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)])
    model.ir_version = 9
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    # Inputs and output exist before: what its users do where time matters.
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", onnxruntime.OrtValue.ortvalue_from_numpy(image))
    binding.bind_output("y")
    session.run_with_iobinding(binding)
    output = binding.get_outputs()[0]
    binding.bind_ortvalue_output("y", output)

    def call():
        session.run_with_iobinding(binding)
        return output

    return call


def use(peer, op, stride):
    runs[peer] = {"torch": of_torch, "onnxruntime": of_onnxruntime}[peer](op, int(stride))
    answer("ok")


def call(peer):
    answer("out", np.ascontiguousarray(runs[peer]().numpy()).tobytes())


def timed(peer, times):
    work = runs[peer]
    start = perf_counter_ns()
    for _ in range(int(times)):
        work()
    answer(f"ns {perf_counter_ns() - start}")


COMMANDS = {
    "image": lambda *shape: load("image", *shape),
    "kernel": lambda *shape: load("kernel", *shape),
    "use": use,
    "call": call,
    "time": timed,
}
answer(" ".join(found))
for line in requests:
    command, *words = line.decode().split()
    try:
        COMMANDS[command](*words)
    except Exception as error:  # whatever it is, the other side decides
        answer("error " + " ".join(str(error).split()))
