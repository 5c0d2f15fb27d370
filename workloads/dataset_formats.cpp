// SPDX-License-Identifier: Apache-2.0
#include "workloads/dataset.h"

namespace systolog::workloads {

namespace {

const DataFormat kFormats[] = {
    {"idx", "MNIST's format: a file of images, a file of labels; plain or gzip", true, false,
     read_idx},
    {"cifar10", "CIFAR-10's binary files: records of a label and 32x32 pixels; plain or gzip",
     false, false, read_cifar10},
    {"images", "a folder of JPEG and PNG files, labels.csv names them and their classes", false,
     true, read_images},
    {"npy", "NumPy's arrays: X.npy, labels in X_labels.npy; FP32 as it is, bytes preprocessed",
     false, false, read_npy},
};

}  // namespace

std::span<const DataFormat> data_formats() { return kFormats; }

const DataFormat* find_data_format(std::string_view name) {
  for (const DataFormat& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace systolog::workloads
