package shifts

import "math"

var brightnessShift = [Severities]float64{0.05, 0.1, 0.15, 0.2, 0.3}

// brightness raises the value V of the HSV colour model by c, with hue and saturation kept. Of a grey image V is the
// grey itself.
func brightness(severity int, _ uint64, s shape) apply {
	c := brightnessShift[severity-1]
	if s.c == 1 {
		return func(_ int, dst, src []uint8) {
			for k, v := range src {
				dst[k] = pixel(unit[v] + c)
			}
		}
	}
	return func(_ int, dst, src []uint8) {
		for ; len(src) >= 3; dst, src = dst[3:], src[3:] {
			hue, saturation, value := hsv(unit[src[0]], unit[src[1]], unit[src[2]])
			r, g, b := rgb(hue, saturation, min(value+c, 1))
			dst[0], dst[1], dst[2] = pixel(r), pixel(g), pixel(b)
		}
	}
}

// hsv and rgb convert between colour models, all components in [0,1] (A. R. Smith, "Color gamut transform pairs",
// SIGGRAPH 1978). As truncation shows the last bit of a result now and then, they compute in the order that the
// published images were computed in. Products are converted so that no compiler fuses them into sums.

// hsv returns hue, saturation and value; hue and saturation of grey are 0.
func hsv(r, g, b float64) (h, s, v float64) {
	v = max(r, g, b)
	delta := v - min(r, g, b)
	if delta == 0 {
		return 0, 0, v
	}
	// Of two channels that are both the largest, the later decides.
	switch v {
	case b:
		h = 4 + (r-g)/delta
	case g:
		h = 2 + (b-r)/delta
	default:
		h = (g - b) / delta
	}
	h /= 6
	if h < 0 {
		h++
	}
	return h, delta / v, v
}

func rgb(h, s, v float64) (r, g, b float64) {
	sector := math.Floor(h * 6)
	f := float64(h*6) - sector
	p := v * (1 - s)
	q := v * (1 - float64(f*s))
	t := v * (1 - float64((1-f)*s))
	switch int(sector) % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
