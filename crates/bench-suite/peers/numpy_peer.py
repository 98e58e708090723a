"""NumPy as a contender: a child of bench-suite that it asks for one batch per round.

Lines on standard input, one answer each on standard output (raw bytes follow where noted):

  load DTYPE X_LEN Y_LEN SCALAR LEAST GREATEST, then the bytes of x and y  ->  ok
  matrices M K N, after load: x becomes M x K, y K x N, the output M x N  ->  ok
  call OP        ->  value WORDS; or out, then the bytes of the output
  time OP TIMES  ->  ns NANOSECONDS, read here: the pipe is not timed

The first line is the version and the operations ("OP", or "OP:DTYPE" for some types only), or
"missing WHY". What cannot be done is answered by "error WHY". Outputs exist before (`out=`), as
for the kernels. The argument is how many threads BLAS gets.
"""

import os
import sys
from itertools import repeat
from time import perf_counter_ns, sleep

THREADS = int(sys.argv[1])
# BLAS reads these when it is loaded.
for variable in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ[variable] = str(THREADS)
# OpenBLAS's threads spin for 2^26 cycles after a call: nobody else is to run meanwhile. It uses one
# for products of up to so many terms.
SPIN_SECONDS = 0.035
ALONE_TERMS_MAX = 262_144

requests = sys.stdin.buffer
answers = sys.stdout.buffer


def answer(line, payload=None):
    answers.write(line.encode() + b"\n")
    if payload is not None:
        answers.write(payload)
    answers.flush()


try:
    import numpy as np
except ImportError as error:
    answer(f"missing {error}")
    sys.exit()

DTYPES = {
    "f32": np.float32,
    "f64": np.float64,
    "i32": np.int32,
    "i64": np.int64,
    "u8": np.uint8,
    "bool": np.bool_,
}

REDUCTIONS = {
    "sum": "x.sum()",
    "sum_wide": "x.sum(dtype=np.float64)",
    "mean": "x.mean()",
    "dot": "x.dot(y)",
    "min": "x.min()",
    "max": "x.max()",
    "min_max": "x.min(), x.max()",
    # NumPy has no type that holds any sum of i64.
    "sum_exact:i32": "x.sum(dtype=np.int64)",
    "sum_exact:u8": "x.sum(dtype=np.uint64)",
    "sum_wrapping": "x.sum(dtype=x.dtype)",
    "dot_wrapping": "x.dot(y)",
    "mean_exact": "x.mean()",
    "any": "x.any()",
    "all": "x.all()",
    "count_true": "np.count_nonzero(x)",
}

ELEMENTWISE = {
    "add": "np.add(x, y, out=out)",
    "add_in_place": "np.add(out, y, out=out)",
    "add_scalar": "np.add(x, scalar, out=out)",
    "add_scalar_in_place": "np.add(out, scalar, out=out)",
    "sub": "np.subtract(x, y, out=out)",
    "mul": "np.multiply(x, y, out=out)",
    "mul_scalar": "np.multiply(x, scalar, out=out)",
    "div": "np.divide(x, y, out=out)",
    "neg": "np.negative(x, out=out)",
    "abs": "np.absolute(x, out=out)",
    "axpy": "np.multiply(y, scalar, out=spare); np.add(out, spare, out=out)",
    "scale_add": "np.multiply(x, scalar, out=out); np.add(out, y, out=out)",
    "relu": "np.maximum(x, zero, out=out)",
    "clamp": "np.clip(x, least, greatest, out=out)",
    "matmul": "np.matmul(x, y, out=out)",
}

names = {"np": np, "repeat": repeat, "clock": perf_counter_ns}
batches = {}


def code_of(op):
    if op in ELEMENTWISE:
        return ELEMENTWISE[op]
    dtype = names["dtype"]
    return REDUCTIONS.get(op) or REDUCTIONS[f"{op}:{dtype}"]


def batch_of(op):
    """The loop over an operation, compiled: no call of our own lies in what is timed."""
    code = code_of(op)
    if code not in batches:
        made = {}
        arguments = "x, y, out, spare, scalar, zero, least, greatest"
        exec(
            f"def batch(times, {arguments}):\n"
            " start = clock()\n"
            f" for _ in repeat(None, times):\n  {code}\n"
            " return clock() - start\n",
            names,
            made,
        )
        batches[code] = made["batch"]
    return batches[code]


def array_from_input(dtype, length):
    array = np.empty(length, dtype)
    target = memoryview(array.view(np.uint8))
    filled = 0
    while filled < len(target):
        got = requests.readinto(target[filled:])
        if not got:
            sys.exit()
        filled += got
    return array


def load(dtype, x_len, y_len, scalar, least, greatest):
    kind = DTYPES[dtype]
    x, y = (array_from_input(kind, int(length)) for length in (x_len, y_len))
    read = float if issubclass(kind, np.floating) else int
    names.update(
        dtype=dtype,
        x=x,
        y=y,
        # As the operand of what is done in place.
        out=x.copy(),
        spare=np.empty_like(x),
        scalar=kind(read(scalar)),
        zero=kind(0),
        least=kind(read(least)),
        greatest=kind(read(greatest)),
    )
    answer("ok")


def matrices(m, k, n):
    m, k, n = int(m), int(k), int(n)
    names.update(
        x=names["x"].reshape(m, k),
        y=names["y"].reshape(k, n),
        out=np.full((m, n), np.nan, names["x"].dtype),
    )
    answer("ok")


def call(op):
    if op in ELEMENTWISE:
        exec(ELEMENTWISE[op], names)
        answer("out", names["out"].view(np.uint8).data)
        return
    value = eval(code_of(op), names)
    parts = value if isinstance(value, tuple) else (value,)
    words = (repr(float(v)) if isinstance(v, np.floating) else str(int(v)) for v in parts)
    answer("value " + " ".join(words))


def timed(op, times):
    arguments = [names[k] for k in ("x", "y", "out", "spare", "scalar", "zero", "least", "greatest")]
    ns = batch_of(op)(int(times), *arguments)
    if THREADS > 1 and names["x"].size * names["y"].shape[-1] > ALONE_TERMS_MAX:
        sleep(SPIN_SECONDS)
    answer(f"ns {ns}")


np.seterr(all="ignore")
COMMANDS = {"load": load, "matrices": matrices, "call": call, "time": timed}
answer(" ".join([np.__version__, *REDUCTIONS, *ELEMENTWISE]))
for line in requests:
    command, *words = line.decode().split()
    try:
        COMMANDS[command](*words)
    except Exception as error:  # whatever it is, the other side decides
        answer("error " + " ".join(str(error).split()))
