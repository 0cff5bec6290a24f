"""`distance` and `render` of shapes.py, compiled: sdf.cpp for tensors on a CPU, sdf.cu for those on a GPU.

Libraries are built when first needed, with g++ or nvcc, in build/nano of the checkout.
"""
import ctypes
import functools
import math
import pathlib
import subprocess

import torch

HERE = pathlib.Path(__file__).resolve().parent
CPU = ["g++", "-O3", "-march=native", "-ffast-math", "-fopenmp", "-shared", "-fPIC"]
GPU = ["nvcc", "-O3", "-std=c++17", "-arch=native", "-shared", "-Xcompiler", "-fPIC"]


class World(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("kind", "center", "half", "rot", "color", "extra")] + [("K", ctypes.c_long)]


@functools.cache
def library(gpu):
    source, command = HERE / ("sdf.cu" if gpu else "sdf.cpp"), GPU if gpu else CPU
    target = HERE.parent.parent / "build/nano" / ("sdf_cuda.so" if gpu else "sdf.so")
    if not target.exists() or target.stat().st_mtime < max(f.stat().st_mtime for f in (source, HERE / "primitives.hpp")):
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([*command, str(source), "-o", str(target)], check=True)
    return ctypes.CDLL(str(target))


def call(name, world, inputs, output_shapes, numbers):
    """Call nano_NAME(world, inputs, outputs, numbers) -> outputs."""
    tensors = [world[key].contiguous() for key in ("kind", "center", "half", "rot", "color", "extra")]
    inputs = [t.contiguous().float() for t in inputs]
    outputs = [torch.empty(shape, device=inputs[0].device) for shape in output_shapes]
    gpu = inputs[0].is_cuda
    last = ctypes.c_void_p(torch.cuda.current_stream().cuda_stream) if gpu else torch.get_num_threads()
    fault = getattr(library(gpu), "nano_" + name)(
        ctypes.byref(World(*(t.data_ptr() for t in tensors), tensors[0].shape[1])),
        *(ctypes.c_void_p(t.data_ptr()) for t in (*inputs, *outputs)), *numbers, last)
    if gpu and fault:
        raise RuntimeError(f"nano_{name}: CUDA error {fault}")
    return outputs


def distance(world, p):
    B, Q = p.shape[:2]
    return call("distance", world, [p], [(B, Q), (B, Q, 3)], [ctypes.c_long(B), ctypes.c_long(Q)])


def render(world, yaw, pitch, size, steps=48, fov=math.radians(40), radius=2.0):
    n, device = len(yaw), yaw.device
    eye = radius * torch.stack([yaw.sin() * pitch.cos(), -yaw.cos() * pitch.cos(), pitch.sin()], -1)
    forward = -eye / radius
    right = torch.stack([yaw.cos(), yaw.sin(), torch.zeros_like(yaw)], -1)
    up = torch.linalg.cross(right, forward)
    s = ((torch.arange(size, device=device) + .5) / size * 2 - 1) * math.tan(fov / 2)
    y, x = torch.meshgrid(-s, s, indexing="ij")
    ray = forward[:, None] + x.reshape(1, -1, 1) * right[:, None] + y.reshape(1, -1, 1) * up[:, None]
    numbers = [ctypes.c_float(radius), *(ctypes.c_long(v) for v in (steps, n, size * size))]
    rgba, = call("trace", world, [eye, torch.nn.functional.normalize(ray, dim=-1)], [(n, size * size, 4)], numbers)
    return rgba.reshape(n, size, size, 4).permute(0, 3, 1, 2)
