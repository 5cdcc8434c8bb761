package app

import (
	"bytes"
	"encoding/binary"
	"image/png"

	"github.com/dayline-project/dayline/installer/product"
)

// The sizes that iconutil writes as PNG, in pixels, and their types; @2x has a type of its own.
var iconTypes = []struct {
	kind string
	size int
}{{"ic11", 32}, {"ic12", 64}, {"ic07", 128}, {"ic13", 256}, {"ic08", 256}, {"ic14", 512}, {"ic09", 512}, {"ic10", 1024}}

// drawIcon gives the product's mark as an .icns: a header, then each size under a header of its own, all big-endian.
func drawIcon() ([]byte, error) {
	var content bytes.Buffer
	drawn := map[int][]byte{}
	for _, t := range iconTypes {
		if drawn[t.size] == nil {
			var image bytes.Buffer
			if err := png.Encode(&image, product.Mark(t.size)); err != nil {
				return nil, err
			}
			drawn[t.size] = image.Bytes()
		}
		content.Write(element(t.kind, drawn[t.size]))
	}
	return element("icns", content.Bytes()), nil
}

func element(kind string, content []byte) []byte {
	return append(binary.BigEndian.AppendUint32([]byte(kind), uint32(8+len(content))), content...)
}
