#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes workloads/networks/NAME.json and workloads/topologies/NAME.csv from the published layer tables.

    scripts/make_networks.py [FOLDER]      # FOLDER: the one that holds workloads/, default this tree

The JSON is a network by topology alone (docs/networks.md); the CSV has the same layers as SCALE-Sim
takes them: input sizes with the padding in them, groups as a layer each, depthwise as one filter
over all channels (N = 1, K = kernel x channels, which has the right number of multiplications).
"""
import json
import pathlib
import sys


class Network:
    def __init__(self, name, source, channels, height, width):
        self.head = {"name": name, "source": source,
                     "input": {"channels": channels, "height": height, "width": width}}
        self.layers, self.rows = [], []
        self.shape = {"input": (channels, height, width)}
        self.last = "input"

    def add(self, op, name=None, inputs=None, shape=None, **fields):
        """One layer; reads the one before unless told; returns its name."""
        name = name or f"{op}{sum(layer['op'] == op for layer in self.layers) + 1}"
        layer = {"name": name, "op": op}
        before = self.layers[-1]["name"] if self.layers else "input"
        if (inputs or [self.last]) != [before]:
            layer["inputs"] = inputs or [self.last]
        layer.update({k: v for k, v in fields.items() if v is not None})
        self.layers.append(layer)
        self.shape[name] = shape or self.shape[(inputs or [self.last])[0]]
        self.last = name
        return name

    def window(self, source, kernel, stride, pad):
        c, h, w = self.shape[source]
        kh, kw = kernel if isinstance(kernel, list) else (kernel, kernel)
        pads = pad if isinstance(pad, list) else [pad] * 4
        top, left, bottom, right = pads if len(pads) == 4 else pads * 2
        h, w = h + top + bottom, w + left + right
        return (c, h, w), (kh, kw), ((h - kh) // stride + 1, (w - kw) // stride + 1)

    def conv(self, filters, kernel, stride=1, pad=0, groups=1, name=None, source=None, bias=None,
             then=("batch_norm", "relu")):
        source = source or self.last
        (c, h, w), (kh, kw), out = self.window(source, kernel, stride, pad)
        name = self.add("conv", name, [source], (filters, *out), filters=filters, kernel=kernel,
                        stride=stride if stride != 1 else None, pad=pad or None,
                        groups=groups if groups != 1 else None, bias=bias,
                        then=list(then) or None)
        # Rows and columns that no window reads would make SCALE-Sim count one window more.
        h, w = (out[0] - 1) * stride + kh, (out[1] - 1) * stride + kw
        if groups == c == filters and groups > 1:
            self.rows.append((name, h, w, kh, kw, c, 1, stride))
        else:
            for g in range(groups):
                self.rows.append((name + (f"_group{g + 1}" if groups > 1 else ""), h, w, kh, kw,
                                  c // groups, filters // groups, stride))
        return name

    def pool(self, op, kernel, stride, pad=0, name=None, source=None, **fields):
        source = source or self.last
        (c, _, _), _, out = self.window(source, kernel, stride, pad)
        return self.add(op, name, [source], (c, *out), kernel=kernel,
                        stride=stride if stride != 1 else None, pad=pad or None, **fields)

    def concat(self, inputs, name=None):
        channels = sum(self.shape[i][0] for i in inputs)
        return self.add("concat", name, inputs, (channels, *self.shape[inputs[0]][1:]))

    def global_pool(self):
        return self.add("global_average_pool", shape=(self.shape[self.last][0], 1, 1))

    def flatten(self):
        c, h, w = self.shape[self.last]
        return self.add("flatten", shape=(c * h * w, 1, 1))

    def gemm(self, features, name=None, then=()):
        channels = self.shape[self.last][0]
        name = self.add("gemm", name, shape=(features, 1, 1), features=features,
                        then=list(then) or None)
        self.rows.append((name, 1, 1, 1, 1, channels, features, 1))
        return name

    def json(self):
        lines = [f"  {json.dumps(k)}: {json.dumps(v)}," for k, v in self.head.items()]
        layers = [f"    {json.dumps(layer)}" for layer in self.layers]
        return "{\n" + "\n".join(lines) + '\n  "layers": [\n' + ",\n".join(layers) + "\n  ]\n}\n"

    def csv(self):
        header = ("Layer name, IFMAP Height, IFMAP Width, Filter Height, Filter Width, Channels, "
                  "Num Filter, Strides,\n")
        return header + "".join(", ".join(map(str, row)) + ",\n" for row in self.rows)


def lenet5():
    n = Network("lenet5", "LeCun et al., Proc. IEEE 86, 1998; every filter of C3 reads every map", 1, 32, 32)
    n.conv(6, 5, then=["relu"], name="C1")
    n.pool("max_pool", 2, 2)
    n.conv(16, 5, then=["relu"], name="C3")
    n.pool("max_pool", 2, 2)
    n.conv(120, 5, then=["relu"], name="C5")
    n.flatten()
    n.gemm(84, "F6", ["relu"])
    n.gemm(10, "OUT")
    return n


def alexnet():
    n = Network("alexnet", "Krizhevsky, Sutskever, Hinton, NIPS 2012; two groups as on its two GPUs; without "
                "local response normalisation, which has no multiply-accumulates", 3, 227, 227)
    relu = ["relu"]
    n.conv(96, 11, 4, then=relu, name="conv1")
    n.pool("max_pool", 3, 2)
    n.conv(256, 5, 1, 2, 2, then=relu, name="conv2")
    n.pool("max_pool", 3, 2)
    n.conv(384, 3, 1, 1, then=relu, name="conv3")
    n.conv(384, 3, 1, 1, 2, then=relu, name="conv4")
    n.conv(256, 3, 1, 1, 2, then=relu, name="conv5")
    n.pool("max_pool", 3, 2)
    n.flatten()
    n.gemm(4096, "fc6", relu)
    n.gemm(4096, "fc7", relu)
    n.gemm(1000, "fc8")
    return n


def vgg16():
    n = Network("vgg16", "Simonyan, Zisserman, ICLR 2015, configuration D", 3, 224, 224)
    for block, (filters, count) in enumerate([(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)], 1):
        for i in range(count):
            n.conv(filters, 3, 1, 1, then=["relu"], name=f"conv{block}_{i + 1}")
        n.pool("max_pool", 2, 2)
    n.flatten()
    n.gemm(4096, "fc6", ["relu"])
    n.gemm(4096, "fc7", ["relu"])
    n.gemm(1000, "fc8")
    return n


def googlenet():
    n = Network("googlenet", "Szegedy et al., CVPR 2015, as torchvision has it: batch norm, no auxiliary outputs, "
                "3x3 in place of 5x5", 3, 224, 224)
    overhang = [0, 0, 1, 1]  # pools whose last window overhangs, as in the paper
    n.conv(64, 7, 2, 3, name="conv1")
    n.pool("max_pool", 3, 2, overhang)
    n.conv(64, 1, name="conv2")
    n.conv(192, 3, 1, 1, name="conv3")
    n.pool("max_pool", 3, 2, overhang)

    def inception(name, a, b1, b3, c1, c3, d):
        source = n.last
        branch1 = n.conv(a, 1, name=name + "/1x1", source=source)
        n.conv(b1, 1, name=name + "/3x3_reduce", source=source)
        branch2 = n.conv(b3, 3, 1, 1, name=name + "/3x3")
        n.conv(c1, 1, name=name + "/5x5_reduce", source=source)
        branch3 = n.conv(c3, 3, 1, 1, name=name + "/5x5")
        n.pool("max_pool", 3, 1, 1, name=name + "/pool", source=source)
        branch4 = n.conv(d, 1, name=name + "/pool_proj")
        n.concat([branch1, branch2, branch3, branch4], name)

    inception("3a", 64, 96, 128, 16, 32, 32)
    inception("3b", 128, 128, 192, 32, 96, 64)
    n.pool("max_pool", 3, 2, overhang)
    inception("4a", 192, 96, 208, 16, 48, 64)
    inception("4b", 160, 112, 224, 24, 64, 64)
    inception("4c", 128, 128, 256, 24, 64, 64)
    inception("4d", 112, 144, 288, 32, 64, 64)
    inception("4e", 256, 160, 320, 32, 128, 128)
    n.pool("max_pool", 2, 2)
    inception("5a", 256, 160, 320, 32, 128, 128)
    inception("5b", 384, 192, 384, 48, 128, 128)
    n.global_pool()
    n.flatten()
    n.gemm(1000, "fc")
    return n


def resnet(depth, blocks, bottleneck):
    n = Network(f"resnet{depth}", "He et al., CVPR 2016, as torchvision has it: stride in the 3x3 convolution",
                3, 224, 224)
    n.conv(64, 7, 2, 3, name="conv1")
    n.pool("max_pool", 3, 2, 1)
    for stage, count in enumerate(blocks, 2):
        width = 64 << (stage - 2)
        out = width * 4 if bottleneck else width
        for block in range(1, count + 1):
            name, source = f"conv{stage}_{block}", n.last
            stride = 2 if block == 1 and stage > 2 else 1
            shortcut = source
            if n.shape[source][0] != out or stride != 1:
                shortcut = n.conv(out, 1, stride, name=name + "/shortcut", then=["batch_norm"])
            if bottleneck:
                n.conv(width, 1, name=name + "/1x1_reduce", source=source)
                n.conv(width, 3, stride, 1, name=name + "/3x3")
                last = n.conv(out, 1, name=name + "/1x1", then=["batch_norm"])
            else:
                n.conv(width, 3, stride, 1, name=name + "/3x3_1", source=source)
                last = n.conv(out, 3, 1, 1, name=name + "/3x3_2", then=["batch_norm"])
            n.add("add", name, [last, shortcut], then=["relu"])
    n.global_pool()
    n.flatten()
    n.gemm(1000, "fc")
    return n


def resnet20():
    n = Network("resnet20", "He et al., CVPR 2016, section 4.2 (CIFAR-10): shortcuts without parameters, every "
                "second pixel and channels of zeros", 3, 32, 32)
    n.conv(16, 3, 1, 1, name="conv1")
    for stage, width in enumerate([16, 32, 64], 2):
        for block in range(1, 4):
            name, shortcut = f"conv{stage}_{block}", n.last
            stride = 2 if block == 1 and stage > 2 else 1
            if stride == 2:
                source, more = shortcut, width // 4
                n.pool("max_pool", 1, 2, name=name + "/every_second")
                shortcut = n.add("pad", name + "/shortcut", shape=(width, *n.shape[n.last][1:]),
                                 before=[more, 0, 0], after=[more, 0, 0])
            else:
                source = shortcut
            n.conv(width, 3, stride, 1, name=name + "/3x3_1", source=source)
            last = n.conv(width, 3, 1, 1, name=name + "/3x3_2", then=["batch_norm"])
            n.add("add", name, [last, shortcut], then=["relu"])
    n.global_pool()
    n.flatten()
    n.gemm(10, "fc")
    return n


def inception_v4():
    n = Network("inception_v4", "Szegedy et al., AAAI 2017, figure 9", 3, 299, 299)
    conv = n.conv
    same = {1: 0, 3: 1}

    def chain(name, source, *convs):
        """Convolutions (filters, kernel[, stride]) with the padding that keeps the size at stride 1."""
        n.last = source
        for i, (filters, kernel, *stride) in enumerate(convs, 1):
            if isinstance(kernel, list):
                pad = [(kernel[0] - 1) // 2, (kernel[1] - 1) // 2]
            else:
                pad = 0 if stride else same[kernel]
            conv(filters, kernel, *(stride or [1]), pad, name=f"{name}_{i}")
        return n.last

    conv(32, 3, 2, name="stem/conv1")
    conv(32, 3, name="stem/conv2")
    source = conv(64, 3, 1, 1, name="stem/conv3")
    pool = n.pool("max_pool", 3, 2, name="stem/pool1")
    source = n.concat([pool, conv(96, 3, 2, name="stem/conv4", source=source)], "stem/concat1")
    a = chain("stem/a", source, (64, 1))
    a = conv(96, 3, name="stem/a_2")
    b = chain("stem/b", source, (64, 1), (64, [1, 7]), (64, [7, 1]))
    b = conv(96, 3, name="stem/b_4")
    source = n.concat([a, b], "stem/concat2")
    a = conv(192, 3, 2, name="stem/conv5")
    n.concat([a, n.pool("max_pool", 3, 2, name="stem/pool2", source=source)], "stem/concat3")

    def average(name, source, filters):
        n.pool("average_pool", 3, 1, 1, name=name + "/pool", source=source)
        return conv(filters, 1, name=name + "/pool_proj")

    for i in range(1, 5):
        name, s = f"a{i}", n.last
        n.concat([chain(name + "/a", s, (96, 1)), chain(name + "/b", s, (64, 1), (96, 3)),
                  chain(name + "/c", s, (64, 1), (96, 3), (96, 3)), average(name, s, 96)], name)
    s = n.last
    n.concat([chain("reduction_a/a", s, (384, 3, 2)),
              chain("reduction_a/b", s, (192, 1), (224, 3), (256, 3, 2)),
              n.pool("max_pool", 3, 2, name="reduction_a/pool", source=s)], "reduction_a")
    for i in range(1, 8):
        name, s = f"b{i}", n.last
        n.concat([chain(name + "/a", s, (384, 1)),
                  chain(name + "/b", s, (192, 1), (224, [1, 7]), (256, [7, 1])),
                  chain(name + "/c", s, (192, 1), (192, [7, 1]), (224, [1, 7]), (224, [7, 1]),
                        (256, [1, 7])), average(name, s, 128)], name)
    s = n.last
    n.concat([chain("reduction_b/a", s, (192, 1), (192, 3, 2)),
              chain("reduction_b/b", s, (256, 1), (256, [1, 7]), (320, [7, 1]), (320, 3, 2)),
              n.pool("max_pool", 3, 2, name="reduction_b/pool", source=s)], "reduction_b")
    for i in range(1, 4):
        name, s = f"c{i}", n.last
        a = chain(name + "/a", s, (256, 1))
        b = chain(name + "/b", s, (384, 1))
        b1, b2 = chain(name + "/b1", b, (256, [1, 3])), chain(name + "/b2", b, (256, [3, 1]))
        c = chain(name + "/c", s, (384, 1), (448, [3, 1]), (512, [1, 3]))
        c1, c2 = chain(name + "/c1", c, (256, [1, 3])), chain(name + "/c2", c, (256, [3, 1]))
        n.concat([a, b1, b2, c1, c2, average(name, s, 256)], name)
    n.global_pool()
    n.flatten()
    n.gemm(1000, "fc")
    return n


def mobilenet_v1():
    n = Network("mobilenet_v1", "Howard et al., 2017, table 1, width 1; ReLU6 as in its authors' code, "
                "where the paper says ReLU", 3, 224, 224)
    then = ["batch_norm", "relu6"]
    n.conv(32, 3, 2, 1, name="conv1", then=then)
    channels = 32
    for i, (filters, stride) in enumerate([(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] +
                                          [(512, 1)] * 5 + [(1024, 2), (1024, 1)], 2):
        n.conv(channels, 3, stride, 1, channels, name=f"conv{i}/depthwise", then=then)
        n.conv(filters, 1, name=f"conv{i}/pointwise", then=then)
        channels = filters
    n.global_pool()
    n.flatten()
    n.gemm(1000, "fc")
    return n


def mobilenet_v2():
    n = Network("mobilenet_v2", "Sandler et al., CVPR 2018, table 2, width 1", 3, 224, 224)
    then = ["batch_norm", "relu6"]
    n.conv(32, 3, 2, 1, name="conv1", then=then)
    block = 0
    for expansion, filters, count, first in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                             (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for i in range(count):
            block += 1
            name, source, stride = f"block{block}", n.last, first if i == 0 else 1
            channels = n.shape[source][0]
            wide = channels * expansion
            if expansion > 1:
                n.conv(wide, 1, name=name + "/expand", then=then)
            n.conv(wide, 3, stride, 1, wide, name=name + "/depthwise", then=then)
            last = n.conv(filters, 1, name=name + "/project", then=["batch_norm"])
            if stride == 1 and channels == filters:
                n.add("add", name, [last, source])
    n.conv(1280, 1, name="conv_last", then=then)
    n.global_pool()
    n.flatten()
    n.gemm(1000, "fc")
    return n


def squeezenet():
    n = Network("squeezenet1_1", "Iandola et al., 2016, version 1.1 of its repository", 3, 224, 224)
    relu = ["relu"]

    def fire(number, squeeze, expand):
        source = n.conv(squeeze, 1, then=relu, name=f"fire{number}/squeeze")
        one = n.conv(expand, 1, then=relu, name=f"fire{number}/expand1x1")
        three = n.conv(expand, 3, 1, 1, then=relu, name=f"fire{number}/expand3x3", source=source)
        n.concat([one, three], f"fire{number}")

    n.conv(64, 3, 2, then=relu, name="conv1")
    n.pool("max_pool", 3, 2)
    fire(2, 16, 64)
    fire(3, 16, 64)
    n.pool("max_pool", 3, 2)
    fire(4, 32, 128)
    fire(5, 32, 128)
    n.pool("max_pool", 3, 2)
    fire(6, 48, 192)
    fire(7, 48, 192)
    fire(8, 64, 256)
    fire(9, 64, 256)
    n.conv(1000, 1, then=relu, name="conv10")
    n.global_pool()
    n.flatten()
    return n


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent)
    networks = [alexnet(), vgg16(), googlenet(), resnet(18, [2, 2, 2, 2], False), resnet20(),
                resnet(50, [3, 4, 6, 3], True), resnet(101, [3, 4, 23, 3], True),
                resnet(152, [3, 8, 36, 3], True), inception_v4(), mobilenet_v1(), mobilenet_v2(),
                squeezenet()]
    for network in [lenet5()] + networks:
        name = network.head["name"]
        for folder, suffix, text in [("networks", ".json", network.json()),
                                     ("topologies", ".csv", network.csv())]:
            path = root / "workloads" / folder
            if (name, folder) == ("lenet5", "networks"):
                continue  # that one is trained
            path.mkdir(parents=True, exist_ok=True)
            (path / (name + suffix)).write_text(text)


if __name__ == "__main__":
    main()
