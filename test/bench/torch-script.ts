/**
 * The same networks, steps and attacks in PyTorch, as a practitioner writes them: all timesteps merged for convolutions
 * and norms, the first of them once per image (direct coding), a loop over time for neurons, autograd for the rest.
 *
 * Reads one JSON object per line: `{"id", "shape", "features", "hidden", "batch", "timesteps", "device"}` builds a
 * network on `cpu` or `cuda` (timesteps null: an ANN), `{"run", "what", "threads"}` runs it once and answers `{"milliseconds", "cpuMilliseconds"}`.
 */
export const torchScript = `
import json, sys, time
import torch
from torch import nn
import torch.nn.functional as F

class Spike(torch.autograd.Function):
    @staticmethod
    def forward(ctx, distance):
        ctx.save_for_backward(distance)
        return (distance >= 0).to(distance.dtype)
    @staticmethod
    def backward(ctx, upstream):
        distance, = ctx.saved_tensors
        return upstream * F.relu(1 - distance.abs())

class Neuron(nn.Module):
    def __init__(self, timesteps):
        super().__init__()
        self.timesteps = timesteps
        self.threshold = nn.Parameter(torch.tensor(0.3))
    def forward(self, x):
        if self.timesteps is None:
            return F.relu(x)
        parts = x.view(self.timesteps, -1, *x.shape[1:]) if self.isMerged else x.unsqueeze(0).expand(self.timesteps, *x.shape)
        membrane, spikes = 0, []
        for t in range(self.timesteps):
            membrane = membrane + parts[t]
            spike = Spike.apply(membrane - self.threshold)
            membrane = membrane * (1 - spike)
            spikes.append(spike)
        return torch.cat(spikes)

class Network(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.timesteps = spec['timesteps']
        height, width, channels = spec['shape']
        layers, first = [], True
        def neuron():
            nonlocal first
            layer = Neuron(self.timesteps)
            layer.isMerged, first = not first, False
            return layer
        for feature in spec['features']:
            if feature == 'pool':
                layers.append(nn.AvgPool2d(2)); height //= 2; width //= 2
                continue
            layers += [nn.Conv2d(channels, feature, 3, padding=1, bias=False), nn.BatchNorm2d(feature), neuron()]
            channels = feature
        layers.append(nn.Flatten())
        features = channels * height * width
        for units in spec['hidden']:
            layers += [nn.Linear(features, units, bias=False), neuron()]
            features = units
        layers.append(nn.Linear(features, 10))
        for layer in layers:
            if isinstance(layer, (nn.Conv2d, nn.Linear)): nn.init.kaiming_uniform_(layer.weight, nonlinearity='relu')
        self.layers = nn.Sequential(*layers)
        self.device = spec['device']
        self.to(self.device)
        self.images = torch.rand(spec['batch'], spec['shape'][2], *spec['shape'][:2]).to(self.device)
        self.labels = (torch.arange(spec['batch']) % 10).to(self.device)
        self.optimiser = torch.optim.SGD(self.parameters(), lr=0.001, momentum=0.9, weight_decay=0.001)
    def forward(self, images):
        logits = self.layers((images - 0.5) / 0.25)
        return logits if self.timesteps is None else logits.view(self.timesteps, -1, 10).mean(0)
    def finetune(self):
        self.train()
        self.optimiser.zero_grad(set_to_none=True)
        F.cross_entropy(self(self.images), self.labels).backward()
        self.optimiser.step()
    def pgd10(self):
        self.eval()
        epsilon = 2 / 255
        images = (self.images + epsilon * (2 * torch.rand_like(self.images) - 1)).clamp(0, 1)
        for _ in range(10):
            images.requires_grad_()
            gradient, = torch.autograd.grad(F.cross_entropy(self(images), self.labels, reduction='sum'), images)
            with torch.no_grad():
                moved = images + 0.25 * epsilon * gradient.sign()
                images = torch.min(torch.max(moved, self.images - epsilon), self.images + epsilon).clamp(0, 1)

# As ours, in all of float32.
torch.backends.cudnn.allow_tf32 = False
torch.manual_seed(0)
networks = {}
print(json.dumps({'version': torch.__version__, 'cuda': torch.cuda.is_available()}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if 'id' in request:
        networks[request['id']] = Network(request)
        continue
    torch.set_num_threads(request['threads'])
    network = networks[request['run']]
    start, cpu = time.perf_counter(), time.process_time()
    getattr(network, request['what'])()
    if network.device == 'cuda': torch.cuda.synchronize()
    took, used = time.perf_counter() - start, time.process_time() - cpu
    print(json.dumps({'milliseconds': 1000 * took, 'cpuMilliseconds': 1000 * used}), flush=True)
`;
