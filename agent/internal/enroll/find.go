package enroll

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// EnvironmentName is the variable `run` takes an enrolment string from; nothing else reads it, since every process of
// the same user can see it.
const EnvironmentName = "DAYLINE_ENROLL"

// maxStringBytes bounds what is read of a carrier.
const maxStringBytes = 8 << 10

// ErrNoString: no carrier held an enrolment string.
var ErrNoString = errors.New("there is no enrolment string: give it as an argument, or - to read it from standard input")

// Find gives the enrolment string: the argument, standard input where the argument is "-", or, without an argument,
// the carrier file an installer left. The string is not checked.
func Find(argument string, stdin io.Reader, carrier string) (string, error) {
	switch argument {
	case "-":
		return read(stdin)
	case "":
		file, err := os.Open(carrier)
		if errors.Is(err, fs.ErrNotExist) || carrier == "" {
			return "", ErrNoString
		}
		if err != nil {
			return "", fmt.Errorf("enroll: read the enrolment file: %w", err)
		}
		defer file.Close()
		return read(file)
	}
	return argument, nil
}

func read(r io.Reader) (string, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxStringBytes))
	if err != nil {
		return "", fmt.Errorf("enroll: read the enrolment string: %w", err)
	}
	text := fileMarks.Replace(string(raw))
	if strings.TrimSpace(text) == "" {
		return "", ErrNoString
	}
	return text, nil
}

// fileMarks takes away what Notepad and PowerShell on Windows put into a file of plain letters: a byte order mark, and
// the zeros of UTF-16.
var fileMarks = strings.NewReplacer("\xef\xbb\xbf", "", "\xff\xfe", "", "\x00", "")
