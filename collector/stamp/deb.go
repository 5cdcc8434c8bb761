package stamp

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/dayline-project/dayline/shared/tail"
	"github.com/dayline-project/dayline/shared/unit"
)

// enrollPlace is where the agent finds the string: root's alone to read, from the first moment on.
const enrollPlace = "." + unit.EnrollFile

// A .deb is an ar archive (deb(5)): a magic line, and before each member 60 bytes of text, its name first and its size last.
const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	// arMembers is more than any package has.
	arMembers = 16
)

// arMember is one member; at is where its header begins.
type arMember struct {
	name     string
	at, size int64
}

func (m arMember) content() int64 { return m.at + arHeader }
func (m arMember) end() int64     { return m.content() + m.size + m.size%2 }

// openDeb: the string is a file of the package's, in the end of its data, the last member. One after it would be a signature
// of what comes before: it would hold no more.
func openDeb(source io.ReaderAt, size int64) (Carrier, func(text string) ([]piece, error), error) {
	members, err := arMembersOf(source, size)
	if err != nil {
		return None, nil, err
	}
	if len(members) < 3 || members[0].name != "debian-binary" || !strings.HasPrefix(members[1].name, "control.tar") || !strings.HasPrefix(members[2].name, "data.tar") {
		return None, nil, errors.New("it is no .deb: debian-binary, control.tar or data.tar is missing")
	}
	data := members[2]
	if len(members) > 3 || data.name != "data.tar.gz" {
		return None, nil, nil
	}
	first, ends, err := archiveIn(io.NewSectionReader(source, data.content(), data.size))
	if err != nil {
		return None, nil, fmt.Errorf("%s: %w", data.name, err)
	}
	header := make([]byte, arHeader)
	if _, err := source.ReadAt(header, data.at); err != nil || !ends {
		return None, nil, err
	}
	return Inside, func(text string) ([]piece, error) {
		end, err := tail.With(enrollPlace, text+"\n", first.ModTime)
		if err != nil {
			return nil, err
		}
		kept := data.size - tail.Size()
		longer := bytes.Clone(header)
		copy(longer[48:58], fmt.Sprintf("%-10d", kept+int64(len(end))))
		if (kept+int64(len(end)))%2 == 1 {
			end = append(end, '\n')
		}
		return []piece{part(0, data.at), own(longer), part(data.content(), data.content()+kept), own(end)}, nil
	}, nil
}

func arMembersOf(source io.ReaderAt, size int64) ([]arMember, error) {
	magic := make([]byte, len(arMagic))
	if _, err := source.ReadAt(magic, 0); err != nil || string(magic) != arMagic {
		return nil, errors.New("it is no .deb: it does not begin as an ar archive does")
	}
	var members []arMember
	for at := int64(len(arMagic)); at < size; {
		header := make([]byte, arHeader)
		if _, err := source.ReadAt(header, at); err != nil {
			return nil, fmt.Errorf("it is cut short: %w", err)
		}
		held, err := strconv.ParseInt(strings.TrimRight(string(header[48:58]), " "), 10, 64)
		m := arMember{strings.TrimRight(string(header[:16]), " /"), at, held}
		if err != nil || string(header[58:]) != "`\n" || held < 0 || held > size-m.content() || len(members) == arMembers {
			return nil, fmt.Errorf("what stands at byte %d begins no member of an ar archive", at)
		}
		members, at = append(members, m), m.end()
	}
	return members, nil
}
