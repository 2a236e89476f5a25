"""How each operation is counted: the table that Lu et al. (2017) imply, extended to today's networks.

Their Tables 2, 3, 5 and 6 print millions of operations for each layer type; a rule is given for matrix
products alone (section 5.2). The rules for biases, pooling, ReLU, local response normalisation,
BatchNorm, Scale and sums are those that reproduce the printed rows from Caffe's networks, to which
tests/test_caffe.py holds them. The others are in the same spirit: a multiply-accumulate once, and
anything else once. Names of operations are aten's, without overload and without the `_` of in place.
"""

# kind of a row: what one row of that kind counts, as `macs` and `other_ops`
RULES = {
    "conv": (
        "1 MAC for each weight of a filter at each output element; other_ops: 1 for each output element if there is a"
        " bias"
    ),
    "fc": (
        "product with learnt weights: rows x columns x depth MACs; other_ops: 1 for each output element if there is a"
        " bias"
    ),
    "matmul": "product of two activations (attention): rows x columns x depth MACs",
    "norm": (
        "BatchNorm 3 an element; LayerNorm and GroupNorm 5, since mean and variance come from the input; a vector's"
        " length 1"
    ),
    "scale": (
        "learnt factor and shift of a normalisation, 1 an element (a layer of its own in Caffe; its bytes count with"
        " the norm)"
    ),
    "lrn": "local response normalisation, 4 an element",
    "relu": "ReLU and ReLU6, 1 an element",
    "activation": "every other activation function, 1 an element, whatever its formula",
    "pool": (
        "the window's size for each output element, at the border too; for adaptive windows and averages, each element"
        " that is read"
    ),
    "eltwise": "sum, product, quotient, power, exponential or bound of elements, 1 an output element",
    "softmax": "3 an element: exponential, sum, quotient",
    "concat": "no operation, only bytes",
    "resize": "the weighted neighbours of an output element: nearest 0, bilinear 4, bicubic 16",
    "not counted": "dropout in evaluation, copies, padding, indexing and views",
}

# aten operation: kind, operations for each element of the output
PER_OUTPUT = {
    **dict.fromkeys(("relu", "hardtanh", "threshold"), ("relu", 1)),
    **dict.fromkeys(("sigmoid", "tanh", "gelu", "silu", "elu", "leaky_relu", "mish", "softplus"), ("activation", 1)),
    **dict.fromkeys(("hardswish", "hardsigmoid", "log_sigmoid_forward", "_prelu_kernel"), ("activation", 1)),
    **dict.fromkeys(
        ("add", "sub", "rsub", "mul", "div", "neg", "abs", "exp", "log", "pow", "sqrt", "rsqrt"), ("eltwise", 1)
    ),
    **dict.fromkeys(("reciprocal", "clamp", "clamp_min", "clamp_max", "maximum", "minimum"), ("eltwise", 1)),
    **dict.fromkeys(("_softmax", "_safe_softmax", "_log_softmax"), ("softmax", 3)),
    **dict.fromkeys(("cat", "stack"), ("concat", 0)),
    "upsample_nearest2d": ("resize", 0),
    "upsample_bilinear2d": ("resize", 4),
    "upsample_bicubic2d": ("resize", 16),
}
# aten operation: kind, operations for each element of the input
PER_INPUT = {**dict.fromkeys(("mean", "sum", "amax", "max"), ("pool", 1)), "linalg_vector_norm": ("norm", 1)}

MATRIX_PRODUCTS = {"mm": 0, "bmm": 0, "mv": 0, "addmm": 1, "baddbmm": 1, "addmv": 1}  # where the left factor stands
BATCH_NORMS = ("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training")
WINDOWS = ("max_pool2d_with_indices", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool3d_with_indices")

VIEWS = (
    "view",
    "_unsafe_view",
    "reshape",
    "_reshape_alias",
    "alias",
    "as_strided",
    "t",
    "transpose",
    "permute",
    "expand",
    "detach",
)
PARTS = (
    "squeeze",
    "unsqueeze",
    "select",
    "slice",
    "split",
    "split_with_sizes",
    "unsafe_split",
    "unsafe_chunk",
    "unbind",
    "narrow",
    "unfold",
    "tril",
    "triu",
    "where",
)
COPIES = (
    "clone",
    "copy",
    "_to_copy",
    "lift_fresh",
    "constant_pad_nd",
    "roll",
    "flip",
    "pixel_shuffle",
    "fill",
    "zero",
    "masked_fill",
)
LOOK_UPS = ("index", "index_select", "gather", "embedding", "_fused_sdp_choice")
NEW = ("empty", "zeros", "ones", "full", "arange", "scalar_tensor", "empty_strided")
LIKE = ("empty_like", "zeros_like", "ones_like", "full_like", "new_empty", "new_zeros", "new_ones", "new_full")
FREE = frozenset((*VIEWS, *PARTS, *COPIES, *LOOK_UPS, *NEW, *LIKE))
