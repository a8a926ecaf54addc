import subprocess
import sys

SCRIPT = """
import torch
from docvault.ai.smoothing import OUTLIER_PART, prepare_for_int8

class Attention(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key = torch.nn.Linear(4, 4), torch.nn.Linear(4, 4)
        self.wide, self.narrow, self.unused = torch.nn.Linear(4, 64), torch.nn.Linear(64, 4), torch.nn.Linear(4, 4)
    def forward(self, x):
        return self.narrow(torch.nn.functional.gelu(self.wide(self.query(x) * self.key(x))))

torch.manual_seed(3)
model = Attention()
loud = torch.randn(64, 4) * torch.tensor([1.0, 50.0, 0.1, 0.0])
before = model(loud)
untouched = model.unused.weight.clone()
seen = {}
prepare_for_int8(model, lambda text: model(loud), ["one", "two"])
assert torch.allclose(model(loud), before, rtol=1e-3, atol=1e-4), "it computes something else"
assert torch.equal(untouched, model.unused.weight)
assert model.narrow.get_submodule(OUTLIER_PART).in_features == 32
model.query.register_forward_pre_hook(lambda layer, given: seen.update(query=given[0]))
model.key.register_forward_pre_hook(lambda layer, given: seen.update(key=given[0]))
model.narrow.layer.register_forward_pre_hook(lambda layer, given: seen.update(narrow=given[0]))
model(loud)
assert (seen["narrow"].abs().amax(0) == 0).sum() >= 32, "the loud channels are left to the other half"
assert torch.equal(seen["query"], seen["key"]), "layers that read the same input are divided alike"
peaks = seen["query"].abs().amax(0)[:3]
assert peaks.max() / peaks.min() < 60, "the loud channel is still 500 times louder"
"""


def test_smoothing_evens_the_channels_and_keeps_the_result():
    """In a process of its own, for it needs torch."""
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
