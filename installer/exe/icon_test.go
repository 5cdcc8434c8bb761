package exe

import (
	"bytes"
	"image/png"
	"testing"

	"github.com/tc-hib/winres"
)

func TestTheIconHasEverySize(t *testing.T) {
	icon, err := Icon()
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := icon.SaveICO(&file); err != nil {
		t.Fatal(err)
	}
	if _, err := winres.LoadICO(bytes.NewReader(file.Bytes())); err != nil {
		t.Fatal(err)
	}
	if got := int(file.Bytes()[4]); got != len(iconSizes) {
		t.Errorf("%d of %d sizes", got, len(iconSizes))
	}
	if _, err := png.Decode(bytes.NewReader(file.Bytes()[bytes.Index(file.Bytes(), []byte("\x89PNG")):])); err != nil {
		t.Error(err)
	}
}
