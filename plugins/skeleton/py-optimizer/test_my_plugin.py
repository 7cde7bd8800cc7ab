import unittest

import numpy as np

import my_plugin


class Rule(unittest.TestCase):
    def test_closed_form(self):
        """On ½ Σ h w², without momentum, the parameters after t steps are (1 − rate·h)^t times the first ones."""
        h, start = np.float32([10, 1, 0.1]), np.float32([1, -2, 3])
        w, velocity, rate = start.copy(), np.zeros(3, np.float32), 0.05
        for step in range(1, 21):
            my_plugin.update(w, velocity, h * w, rate, 0.0)
            want = (1 - rate * h.astype(np.float64)) ** step * start
            self.assertLess(np.abs(w - want).max(), 1e-5)

    def test_momentum(self):
        """With a constant gradient the velocity tends to g / (1 − momentum)."""
        w, velocity, g = np.zeros(2, np.float32), np.zeros(2, np.float32), np.float32([1, -3])
        for _ in range(200):
            my_plugin.update(w, velocity, g, 0.01, 0.9)
        self.assertLess(np.abs(velocity - g / (1 - 0.9)).max(), 1e-4)


if __name__ == "__main__":
    unittest.main()
