import torch

import sharpbench.torch

sharpbench.torch.serve(torch.optim.AdamW)
