"""What the trainers share: Muon, a moving average of weights, saved state that survives being killed."""
import os

import torch


def orthogonalize(g, steps=5):
    """Newton-Schulz: g [rows, columns] with its singular values pushed towards 1."""
    x = g.bfloat16() if g.numel() > 4096 else g.float()
    transposed = x.size(0) > x.size(1)
    if transposed:
        x = x.t()
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        a = x @ x.t()
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return (x.t() if transposed else x).float()


class Muon(torch.optim.Optimizer):
    """Orthogonalized momentum for matrices (kernels are flattened to [out, rest]), Adam for everything else."""

    def __init__(self, network, lr=0.02, adam_lr=2e-3, momentum=0.95, weight_decay=0.0, adam_names=()):
        matrices, vectors = [], []
        for name, p in network.named_parameters():
            if p.requires_grad:
                adam = p.dim() < 2 or min(p.size(0), p[0].numel()) < 4 or any(key in name for key in adam_names)
                (vectors if adam else matrices).append(p)
        groups = [dict(params=matrices, muon=True, peak=lr, lr=lr), dict(params=vectors, muon=False, peak=adam_lr, lr=adam_lr)]
        super().__init__(groups, dict(momentum=momentum, weight_decay=weight_decay))

    def set_rate(self, share):
        for group in self.param_groups:
            group['lr'] = group['peak'] * share

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, momentum = group['lr'], group['momentum']
            for p in group['params']:
                if p.grad is None:
                    continue
                g, state = p.grad, self.state[p]
                state['step'] = state.get('step', 0) + 1
                if group['muon']:
                    m = state.setdefault('m', torch.zeros_like(p))
                    m.lerp_(g, 1 - momentum)
                    update = orthogonalize(g.lerp(m, momentum).flatten(1))
                    rows, columns = update.shape
                    p.mul_(1 - lr * group['weight_decay'])
                    p.add_(update.view_as(p), alpha=-lr * max(1, rows / columns) ** 0.5)
                else:
                    m, v = state.setdefault('m', torch.zeros_like(p)), state.setdefault('v', torch.zeros_like(p))
                    m.lerp_(g, 0.1)
                    v.mul_(0.98).addcmul_(g, g, value=0.02)
                    n = state['step']
                    p.addcdiv_(m / (1 - 0.9 ** n), (v / (1 - 0.98 ** n)).sqrt_().add_(1e-8), value=-lr)


class Average:
    """An exponential moving average of a network's weights, shorter at the start."""

    def __init__(self, network, decay):
        self.decay = decay
        self.weights = {name: p.detach().clone() for name, p in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network, step):
        share = 1 - min(self.decay, (step + 1) / (step + 10))
        for name, p in network.state_dict().items():
            self.weights[name].lerp_(p, share)


def save(path, state):
    """To a temporary name that is then renamed: a kill leaves the older state whole."""
    torch.save(state, f'{path}.partial')
    os.replace(f'{path}.partial', path)


def load(path):
    return torch.load(path, map_location='cpu') if os.path.exists(path) else None
