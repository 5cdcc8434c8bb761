package product

import (
	"image"
	"image/color"
	"math"
)

// The mark on its grid of 32: the pages' icon.svg, where a sun rises over the line of the day.
const (
	grid        = 32
	corner      = 8
	strokeWidth = 2.4
)

var (
	ground = color.NRGBA{R: 0x1f, G: 0x6f, B: 0x62, A: 0xff}
	stroke = color.NRGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	lines  = [][2]point{
		{{7, 21}, {25, 21}},
		{{16, 8}, {16, 11}},
		{{7.8, 12.2}, {9.6, 14}},
		{{24.2, 12.2}, {22.4, 14}},
	}
	sun       = point{16, 21}
	sunRadius = 6.0
)

type point struct{ x, y float64 }

// Mark draws the product's mark, this many pixels wide and high.
func Mark(size int) *image.NRGBA {
	scale := float64(size) / grid
	drawing := image.NewNRGBA(image.Rect(0, 0, size, size))
	for y := range size {
		for x := range size {
			p := point{(float64(x) + 0.5) / scale, (float64(y) + 0.5) / scale}
			c := between(ground, stroke, covered(toStroke(p)*scale))
			c.A = uint8(math.Round(255 * covered(toGround(p)*scale)))
			drawing.SetNRGBA(x, y, c)
		}
	}
	return drawing
}

// covered is how much of a pixel lies within an edge this many pixels away; inside is negative.
func covered(distance float64) float64 { return min(1, max(0, 0.5-distance)) }

// toGround is the distance to the edge of the square with round corners.
func toGround(p point) float64 {
	const inner = grid/2 - corner
	x, y := math.Abs(p.x-grid/2)-inner, math.Abs(p.y-grid/2)-inner
	return math.Hypot(max(x, 0), max(y, 0)) + min(max(x, y), 0) - corner
}

// toStroke is the distance to the edge of the nearest line or of the sun's half circle, which ends on the first line.
func toStroke(p point) float64 {
	nearest := math.Inf(1)
	if p.y <= sun.y {
		nearest = math.Abs(math.Hypot(p.x-sun.x, p.y-sun.y) - sunRadius)
	}
	for _, l := range lines {
		nearest = min(nearest, toLine(p, l[0], l[1]))
	}
	return nearest - strokeWidth/2
}

func toLine(p, from, to point) float64 {
	along := point{to.x - from.x, to.y - from.y}
	at := ((p.x-from.x)*along.x + (p.y-from.y)*along.y) / (along.x*along.x + along.y*along.y)
	at = min(1, max(0, at))
	return math.Hypot(p.x-from.x-at*along.x, p.y-from.y-at*along.y)
}

func between(a, b color.NRGBA, share float64) color.NRGBA {
	mixed := func(a, b uint8) uint8 { return uint8(math.Round(float64(a) + share*(float64(b)-float64(a)))) }
	return color.NRGBA{R: mixed(a.R, b.R), G: mixed(a.G, b.G), B: mixed(a.B, b.B), A: mixed(a.A, b.A)}
}
