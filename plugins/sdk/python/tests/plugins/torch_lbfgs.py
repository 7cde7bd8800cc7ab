import torch

import sharpbench.torch

sharpbench.torch.serve(torch.optim.LBFGS, line_search_fn="strong_wolfe", cost=20)
