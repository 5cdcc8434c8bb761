package exe

import (
	"image"

	"github.com/tc-hib/winres"

	"github.com/dayline-project/dayline/installer/product"
)

// The sizes Windows asks for at the scales of 100 to 250 %, in pixels
// (https://learn.microsoft.com/windows/apps/design/style/iconography/app-icon-construction).
var iconSizes = []int{16, 20, 24, 32, 40, 48, 64, 256}

// Icon is the product's mark, drawn for each size.
func Icon() (*winres.Icon, error) {
	images := make([]image.Image, len(iconSizes))
	for i, size := range iconSizes {
		images[i] = product.Mark(size)
	}
	return winres.NewIconFromImages(images)
}
