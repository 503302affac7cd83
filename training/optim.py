"""What the trainers share: a team of processes, Muon, a moving average of weights, state that survives being killed."""
import os

import torch
import torch.multiprocessing as mp


class Team:
    """Processes of one thread each that train one network in shared memory, on different samples.

    On a few cores shared with other work this wastes far less than one process with several threads, which stop for
    each other at every operation. A step: every member adds its gradients to the exchange; each then updates the
    parameters that it owns; all go on together.
    """

    def __init__(self, size):
        self.size = size
        self.barrier = mp.Barrier(size)

    def run(self, work, *arguments):
        """work(rank, team, *arguments) in every member; rank 0 is this process."""
        torch.set_num_threads(1)
        others = [mp.Process(target=work, args=(rank, self, *arguments), daemon=True) for rank in range(1, self.size)]
        for process in others:
            process.start()
        work(0, self, *arguments)

    def wait(self):
        self.barrier.wait(timeout=600)  # a member that died ends the others

    def agree(self, rank, value, cell):
        """The value that rank 0 has."""
        if rank == 0:
            cell.fill_(value)
        self.wait()
        return cell.item()


def orthogonalize(g, steps=5):
    """Newton-Schulz: matrices g [count, rows, columns] with their singular values pushed towards 1."""
    x = g.bfloat16()
    if g.size(1) > g.size(2):
        x = x.transpose(1, 2)
    x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).bfloat16()
    for _ in range(steps):
        a = x @ x.transpose(1, 2)
        x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return (x.transpose(1, 2) if g.size(1) > g.size(2) else x).float()


class Muon:
    """Orthogonalized momentum for matrices (kernels are flattened to [out, rest]), Adam for everything else.

    Parameters, gradients and momenta are in shared memory; member ``rank`` of a team updates its share of them.
    """

    def __init__(self, network, team, lr=0.02, adam_lr=2e-3, momentum=0.95, weight_decay=0.0, adam_names=()):
        network.share_memory()
        self.team, self.lr, self.adam_lr = team, lr, adam_lr
        self.momentum, self.weight_decay, self.steps = momentum, weight_decay, 0
        self.params = {name: p for name, p in network.named_parameters() if p.requires_grad}
        shared = lambda p, *lead: torch.zeros(*lead, *p.shape).share_memory_()
        self.grads = {name: shared(p, team.size) for name, p in self.params.items()}
        self.first = {name: shared(p) for name, p in self.params.items()}
        self.second, self.groups, load = {}, {}, [0] * team.size
        for name, p in sorted(self.params.items(), key=lambda item: -item[1].numel()):
            adam = p.dim() < 2 or min(p.size(0), p[0].numel()) < 4 or any(key in name for key in adam_names)
            if adam:
                self.second[name] = shared(p)
            shape = 'adam' if adam else (p.size(0), p[0].numel())
            owner = load.index(min(load))
            load[owner] += p.numel()
            self.groups.setdefault((owner, shape), []).append(name)  # one batch of matrices for each shape

    def state(self):
        return dict(first=self.first, second=self.second, steps=self.steps)

    def restore(self, state):
        self.steps = state['steps']
        for mine, saved in ((self.first, state['first']), (self.second, state['second'])):
            for name, value in saved.items():
                mine[name].copy_(value)

    @torch.no_grad()
    def step(self, rank, share):
        """One step at this share of the peak rates, by the mean of the members' gradients, which it then forgets."""
        self.steps += 1
        for name, p in self.params.items():
            if p.grad is not None:
                self.grads[name][rank].copy_(p.grad)
                p.grad = None
        self.team.wait()
        for (owner, shape), names in self.groups.items():
            if owner == rank:
                (self.adam if shape == 'adam' else self.muon)(names, share)
        self.team.wait()

    def muon(self, names, share):
        updates = []
        for name in names:
            grad, m = self.grads[name].mean(0), self.first[name]
            m.lerp_(grad, 1 - self.momentum)
            updates.append(grad.lerp(m, self.momentum).flatten(1))
        updates = orthogonalize(torch.stack(updates))  # [count, rows, columns]
        rate = share * self.lr
        scale = max(1, updates.size(1) / updates.size(2)) ** 0.5
        for name, update in zip(names, updates):
            p = self.params[name]
            p.mul_(1 - rate * self.weight_decay).add_(update.view_as(p), alpha=-rate * scale)

    def adam(self, names, share):
        for name in names:
            grad, m, v = self.grads[name].mean(0), self.first[name], self.second[name]
            m.lerp_(grad, 0.1)
            v.mul_(0.98).addcmul_(grad, grad, value=0.02)
            bias1, bias2 = 1 - 0.9 ** self.steps, 1 - 0.98 ** self.steps
            self.params[name].addcdiv_(m / bias1, (v / bias2).sqrt_().add_(1e-8), value=-share * self.adam_lr)


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


def autocast():
    """bf16 where the processor multiplies matrices of it; elsewhere it would be slower than fp32."""
    try:
        with open('/proc/cpuinfo') as file:
            flags = file.read()
        bf16 = 'avx512_bf16' in flags or 'amx_bf16' in flags
    except OSError:
        bf16 = False
    return torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16)


def save(path, state):
    """To a temporary name that is then renamed: a kill leaves the older state whole."""
    torch.save(state, f'{path}.partial')
    os.replace(f'{path}.partial', path)


def load(path):
    return torch.load(path, map_location='cpu') if os.path.exists(path) else None
