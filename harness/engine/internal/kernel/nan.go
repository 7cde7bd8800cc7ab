package kernel

import "math"

var nan32 = float32(math.NaN())
