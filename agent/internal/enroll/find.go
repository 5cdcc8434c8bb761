package enroll

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/dayline-project/dayline/shared/token"
)

// EnvironmentName is the variable `run` takes an enrolment string from; nothing else reads it, since every process of
// the same user can see it.
const EnvironmentName = "DAYLINE_ENROLL"

// maxStringBytes bounds what is read of a file or of standard input.
const maxStringBytes = 8 << 10

// ErrNoString: there was no enrolment string where one was looked for.
var ErrNoString = errors.New("there is no enrolment string: give it as an argument, or - to read it from standard input")

// Read gives the enrolment string that is all there is to read; ErrNoString where that is nothing. It is not checked.
func Read(r io.Reader) (string, error) {
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

// ReadFile gives the enrolment string in a file, as Read does.
func ReadFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("enroll: read the enrolment file: %w", err)
	}
	defer file.Close()
	return Read(file)
}

// ReadPackage gives the enrolment string that a downloaded package carries: inside, or else in its file's name, which
// tells it too where the file itself cannot be read. ErrNoString where it carries none.
func ReadPackage(path string) (string, error) {
	text, inside := readInside(path)
	if inside == nil {
		return text, nil
	}
	text, err := token.FindInName(filepath.Base(path))
	if errors.Is(err, token.ErrNoString) {
		err = inside
	}
	if errors.Is(err, token.ErrNoString) {
		err = ErrNoString
	}
	return text, err
}

func readInside(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("enroll: read the package: %w", err)
	}
	defer file.Close()
	return token.FindStamp(file)
}
