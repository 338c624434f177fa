#!/bin/sh
# slim.sh SITE_PACKAGES: takes from an image's Python what no run of simnet loads. Needs strip, from Debian's binutils.
#
# Dockerfile runs it; what is left is proven by tests/containers/prove.sh full.
set -eu
cd "$1"
# OpenVINO: plugins of devices that containers do not have, readers of other formats than ONNX and its own.
(cd openvino/libs && rm -f ./*_gpu_* ./*_npu_* cache.json ./*_tensorflow* ./*_pytorch_* ./*_paddle_* ./*_jax_* ./*_gguf_*)
# Panda3D: command-line tools, what it deploys games with, readers of films and models.
rm -rf panda3d_tools deploy_libs panda3d/libp3ffmpeg.so panda3d/libp3assimp.so
# Packages' own tests.
find . -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
# Symbols for debuggers. Libraries in *.libs have been edited by those who packed them, and strip would damage them.
find . -name '*.so*' -type f ! -path '*.libs/*' -exec strip --strip-unneeded {} +
# What installs.
rm -rf pip pip-*.dist-info setuptools setuptools-*.dist-info pkg_resources _distutils_hack distutils-precedence.pth
