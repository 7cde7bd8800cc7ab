import torch

import sharpbench.torch

sharpbench.torch.serve(torch.optim.SGD, lr=0.1)
