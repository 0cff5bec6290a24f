"""Muon for the matrices inside blocks, AdamW for the rest, over a budget of wall-clock time."""
import time

import torch
import torch.nn as nn


class Muon:
    """Orthogonalised momentum (Jordan et al. 2024), step sizes matched to AdamW's; matrices of one shape go together."""

    COEFFICIENTS = (3.4445, -4.7750, 2.0315)

    def __init__(self, matrices, momentum=.95, decay=.02):
        self.momentum, self.decay, groups = momentum, decay, {}
        for p in matrices:
            groups.setdefault(p.shape, []).append(p)
        self.groups = [(list(ps), [torch.zeros_like(p) for p in ps]) for ps in groups.values()]

    @torch.no_grad()
    def step(self, rate):
        for params, buffers in self.groups:
            grads = [p.grad if p.grad is not None else torch.zeros_like(p) for p in params]
            torch._foreach_lerp_(buffers, grads, 1 - self.momentum)
            update = torch.stack(torch._foreach_lerp(grads, buffers, self.momentum))
            tall = update.shape[1] > update.shape[2]
            x = (update.mT if tall else update).bfloat16()
            x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
            a, b, c = self.COEFFICIENTS
            for _ in range(5):
                s = x @ x.mT
                x = a * x + (b * s + c * s @ s) @ x
            x = (x.mT if tall else x).to(update.dtype) * (.2 * max(update.shape[1:]) ** .5)
            torch._foreach_mul_(params, 1 - rate * self.decay)
            torch._foreach_add_(params, list(x.unbind(0)), alpha=-rate)
            for p in params:
                p.grad = None

    def state(self):
        return [b for _, buffers in self.groups for b in buffers]


class Optimiser:
    """groups: (modules, AdamW's rate, Muon's rate or None). Rates rise over `warm` steps, stay, and fall to nothing over the
    last `fall` of the `seconds`."""

    def __init__(self, groups, seconds, warm=50, fall=.6):
        self.adam, self.muon, self.params = [], [], []
        for modules, rate, muon_rate in groups:
            named = [(n, p) for m in modules for n, p in m.named_parameters()]
            matrices = [p for n, p in named if muon_rate and p.ndim == 2 and ("blocks." in n or ".layers." in n) and min(p.shape) > 16]
            taken = {id(p) for p in matrices}
            rest = [p for _, p in named if id(p) not in taken]
            self.adam.append((torch.optim.AdamW(rest, lr=rate, betas=(.9, .98), weight_decay=.01, fused=rest[0].is_cuda), rate))
            if matrices:
                self.muon.append((Muon(matrices), muon_rate))
            self.params += [p for _, p in named]
        self.seconds, self.begun, self.warm, self.fall, self.n = seconds, time.time(), warm, fall, 0

    def spent(self):
        return time.time() - self.begun

    def step(self, loss=None):
        """Differentiate `loss` (or use the gradients already there) and update; False when the budget is used up."""
        self.n += 1
        left = max(0., 1 - self.spent() / self.seconds)
        factor = min(1, self.n / self.warm, .01 + left / self.fall)
        if loss is not None:
            loss.backward()
        nn.utils.clip_grad_norm_(self.params, 1., foreach=True)
        for adam, rate in self.adam:
            for group in adam.param_groups:
                group["lr"] = rate * factor
            adam.step()
        for muon, rate in self.muon:
            muon.step(rate * factor)
        for p in self.params:
            p.grad = None
        return left > 0


class Average:
    """Moving average of modules' parameters, over as many steps as a fourth of those made, at most a thousand."""

    def __init__(self, modules):
        self.live = [p for m in modules.values() for p in m.parameters()]
        self.mean = [p.detach().clone() for p in self.live]
        self.modules, self.n = modules, 0

    @torch.no_grad()
    def update(self):
        self.n += 1
        torch._foreach_lerp_(self.mean, self.live, max(.001, 1 / (self.n / 4 + 1)))

    @torch.no_grad()
    def state(self):
        """{module: its state dict with averaged parameters}"""
        means, result = iter(self.mean), {}
        for key, module in self.modules.items():
            result[key] = {**module.state_dict(), **{name: next(means).clone() for name, _ in module.named_parameters()}}
        return result
