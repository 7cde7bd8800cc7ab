package shifts

var saturations = [Severities]struct{ factor, shift float64 }{{0.3, 0}, {0.1, 0}, {1.5, 0}, {2, 0.1}, {2.5, 0.2}}

// saturate changes the saturation S of the HSV colour model to S·c + d. Grey images have none and stay as they are.
func saturate(severity int, _ uint64, s shape) apply {
	p := saturations[severity-1]
	return func(_ int, dst, src []uint8) {
		if s.c == 1 {
			copy(dst, src)
			return
		}
		for ; len(src) >= 3; dst, src = dst[3:], src[3:] {
			hue, saturation, value := hsv(unit[src[0]], unit[src[1]], unit[src[2]])
			r, g, b := rgb(hue, min(max(float64(saturation*p.factor)+p.shift, 0), 1), value)
			dst[0], dst[1], dst[2] = pixel(r), pixel(g), pixel(b)
		}
	}
}
