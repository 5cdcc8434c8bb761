package pkg

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // what Apple's own packages have
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"time"

	"github.com/dayline-project/dayline/installer/macho"
)

// file of a xar archive; one that has files itself is a folder.
type file struct {
	name    string
	content []byte
	// packed: the content is compressed already.
	packed bool
	files  []file
}

// The table of contents, of which libxar reads these parts.
type table struct {
	XMLName   xml.Name   `xml:"xar"`
	Created   string     `xml:"toc>creation-time"`
	Checksum  place      `xml:"toc>checksum"`
	Signature *signature `xml:"toc>signature,omitempty"`
	Message   *signature `xml:"toc>x-signature,omitempty"`
	Files     []entry    `xml:"toc>file"`
}

// place is that of something in the heap, which follows the table.
type place struct {
	Style  string `xml:"style,attr"`
	Offset int    `xml:"offset"`
	Size   int    `xml:"size"`
}

type entry struct {
	ID      int     `xml:"id,attr"`
	Data    *data   `xml:"data,omitempty"`
	Changed string  `xml:"ctime"`
	Written string  `xml:"mtime"`
	Read    string  `xml:"atime"`
	Group   string  `xml:"group"`
	GID     int     `xml:"gid"`
	User    string  `xml:"user"`
	UID     int     `xml:"uid"`
	Mode    string  `xml:"mode"`
	Type    string  `xml:"type"`
	Name    string  `xml:"name"`
	Files   []entry `xml:"file"`
}

type data struct {
	// Length is that in the heap, Size that of the file.
	Length   int `xml:"length"`
	Offset   int `xml:"offset"`
	Size     int `xml:"size"`
	Encoding struct {
		Style string `xml:"style,attr"`
	} `xml:"encoding"`
	Extracted sum `xml:"extracted-checksum"`
	Archived  sum `xml:"archived-checksum"`
}

type sum struct {
	Style string `xml:"style,attr"`
	Hex   string `xml:",chardata"`
}

func sumOf(content []byte) sum {
	hash := sha1.Sum(content)
	return sum{"sha1", hex.EncodeToString(hash[:])}
}

// How a file lies in the heap. What is called gzip is zlib.
const (
	asItIs     = "application/octet-stream"
	compressed = "application/x-gzip"
)

// xar is an archive that is being written.
type xar struct {
	at string
	// reserved bytes begin the heap: the table's checksum and the signatures.
	reserved int
	heap     []byte
	ids      int
}

// archive packs files, in the heap in this order. With a signer it is signed as productsign signs.
func archive(files []file, at time.Time, signer *macho.Signer) ([]byte, error) {
	x := xar{at: at.UTC().Format("2006-01-02T15:04:05Z")}
	t := table{Created: at.UTC().Format("2006-01-02T15:04:05"), Checksum: place{"sha1", 0, sha1.Size}}
	x.reserved = sha1.Size
	if signer != nil {
		if err := x.reserve(&t, signer, at); err != nil {
			return nil, err
		}
	}
	var err error
	if t.Files, err = x.entries(files); err != nil {
		return nil, err
	}
	text, err := xml.MarshalIndent(t, "", " ")
	if err != nil {
		return nil, err
	}
	text = append([]byte(xml.Header), text...)
	packed, err := deflate(text)
	if err != nil {
		return nil, err
	}
	checksum := sha1.Sum(packed)
	head := checksum[:]
	if signer != nil {
		if head, err = sign(checksum, signer, at); err != nil {
			return nil, err
		}
	}
	if len(head) != x.reserved {
		return nil, fmt.Errorf("xar: the signatures have %d bytes, not %d", len(head), x.reserved)
	}
	// The header: its own size, the format's version, the table's sizes, and which checksum it has: 1, SHA-1.
	whole := be.AppendUint16(be.AppendUint16([]byte("xar!"), 28), 1)
	whole = be.AppendUint64(be.AppendUint64(whole, uint64(len(packed))), uint64(len(text)))
	whole = append(be.AppendUint32(whole, 1), packed...)
	return append(append(whole, head...), x.heap...), nil
}

// entries puts files into the heap.
func (x *xar) entries(files []file) (all []entry, err error) {
	for _, f := range files {
		x.ids++
		e := entry{ID: x.ids, Changed: x.at, Written: x.at, Read: x.at, Group: "wheel", User: "root", Mode: "0644", Type: "file", Name: f.name}
		if f.files != nil {
			e.Mode, e.Type = "0755", "directory"
			if e.Files, err = x.entries(f.files); err != nil {
				return nil, err
			}
		} else if e.Data, err = x.put(f); err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	return all, nil
}

func (x *xar) put(f file) (*data, error) {
	d := &data{Size: len(f.content), Offset: x.reserved + len(x.heap), Extracted: sumOf(f.content)}
	archived := f.content
	d.Encoding.Style = asItIs
	if !f.packed {
		var err error
		if archived, err = deflate(f.content); err != nil {
			return nil, err
		}
		d.Encoding.Style = compressed
	}
	d.Length, d.Archived = len(archived), sumOf(archived)
	x.heap = append(x.heap, archived...)
	return d, nil
}

func deflate(content []byte) ([]byte, error) {
	var whole bytes.Buffer
	w, err := zlib.NewWriterLevel(&whole, zlib.BestCompression)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	return whole.Bytes(), err
}
