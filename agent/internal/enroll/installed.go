package enroll

import (
	"errors"
	"io"
	"math"
	"os"

	"github.com/dayline-project/dayline/shared/token"
)

// Installed is the copy of the package that the system keeps for repairs, where anybody may read it; path is empty where there is
// none. The installer had what it carries kept already.
func Installed(path func() (string, error)) Carrier {
	find := func() (string, error) { return "", ErrNoString }
	return Carrier{Name: "the installed package", Find: find, remove: func() error {
		path, err := path()
		if err != nil || path == "" {
			return err
		}
		return erase(path)
	}}
}

// erase takes the enrolment string out of a package, which is then what it was before one was written into it.
func erase(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, err := token.FindStamp(file); errors.Is(err, token.ErrNoString) {
		return nil
	}
	rooms, err := token.FindReserved(io.NewSectionReader(file, 0, math.MaxInt64))
	for _, room := range rooms {
		if err == nil {
			_, err = file.WriteAt(make([]byte, room.Size), room.At)
		}
	}
	return errors.Join(err, file.Close())
}
