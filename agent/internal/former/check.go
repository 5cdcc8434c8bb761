package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
)

const (
	boltMagic    = 0xED0CDAED
	boltVersion  = 2
	pageHeader   = 16
	elementSize  = 16
	metaSize     = 64
	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10
	bucketFlag   = 0x01
	noFreelist   = ^uint64(0)
	maxDepth     = 32
	maxPageBytes = 64 << 20
)

type pageCount struct{ all, free, size int64 }

var errDamaged = errors.New("damaged")

type checker struct {
	file     io.ReaderAt
	pageSize int64
	// pages is how many the file uses (bbolt's high water mark).
	pages uint64
	seen  []bool
}

func checkPages(file io.ReaderAt, size int64) (pageCount, error) {
	meta, err := newestMeta(file, size)
	if err != nil {
		return pageCount{}, err
	}
	c := &checker{file: file, pageSize: int64(meta.pageSize), pages: meta.pages}
	if c.pages < 4 || c.pages > uint64(size/c.pageSize) {
		return pageCount{}, damaged("%d pages in a file of %d bytes", c.pages, size)
	}
	c.seen = make([]bool, c.pages)
	c.seen[0], c.seen[1] = true, true
	if err := c.tree(meta.root, nil, nil, 0); err != nil {
		return pageCount{}, err
	}
	free, err := c.freelist(meta.freelist)
	if err != nil {
		return pageCount{}, err
	}
	return pageCount{all: int64(c.pages), free: free, size: c.pageSize}, nil
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errDamaged}, args...)...)
}

type metaPage struct {
	pageSize              uint32
	root, freelist, pages uint64
	txid                  uint64
}

// newestMeta chooses as bbolt does: of the two the valid one of the later transaction.
func newestMeta(file io.ReaderAt, size int64) (metaPage, error) {
	first, found := readMeta(file, 0)
	pageSize := int64(first.pageSize)
	if !found {
		// bbolt then looks for the second at each possible page size.
		for pageSize = 1 << 10; pageSize <= 1<<24 && pageSize < size; pageSize <<= 1 {
			if second, ok := readMeta(file, pageSize); ok && int64(second.pageSize) == pageSize {
				return second, nil
			}
		}
		return metaPage{}, damaged("no valid first page")
	}
	if pageSize < 1<<10 || pageSize > 1<<24 || pageSize&(pageSize-1) != 0 {
		return metaPage{}, damaged("page size %d", pageSize)
	}
	if second, ok := readMeta(file, pageSize); ok && second.pageSize == first.pageSize && second.txid > first.txid {
		return second, nil
	}
	return first, nil
}

func readMeta(file io.ReaderAt, offset int64) (metaPage, bool) {
	var raw [pageHeader + metaSize]byte
	if _, err := file.ReadAt(raw[:], offset); err != nil {
		return metaPage{}, false
	}
	body, word := raw[pageHeader:], binary.LittleEndian
	sum := fnv.New64a()
	sum.Write(body[:56])
	if word.Uint32(body) != boltMagic || word.Uint32(body[4:]) != boltVersion || word.Uint64(body[56:]) != sum.Sum64() {
		return metaPage{}, false
	}
	return metaPage{
		pageSize: word.Uint32(body[8:]), root: word.Uint64(body[16:]), freelist: word.Uint64(body[32:]),
		pages: word.Uint64(body[40:]), txid: word.Uint64(body[48:]),
	}, true
}

// page reads a page with its overflow and marks all of it as seen.
func (c *checker) page(id uint64) ([]byte, error) {
	if id < 2 || id >= c.pages {
		return nil, damaged("page %d is outside the file", id)
	}
	var header [pageHeader]byte
	if _, err := c.file.ReadAt(header[:], int64(id)*c.pageSize); err != nil {
		return nil, damaged("page %d cannot be read: %w", id, err)
	}
	overflow := uint64(binary.LittleEndian.Uint32(header[12:]))
	if binary.LittleEndian.Uint64(header[:]) != id || id+overflow >= c.pages || (int64(overflow)+1)*c.pageSize > maxPageBytes {
		return nil, damaged("page %d has a wrong header", id)
	}
	for at := id; at <= id+overflow; at++ {
		if c.seen[at] {
			return nil, damaged("page %d is used twice", at)
		}
		c.seen[at] = true
	}
	page := make([]byte, (int64(overflow)+1)*c.pageSize)
	if _, err := c.file.ReadAt(page, int64(id)*c.pageSize); err != nil {
		return nil, damaged("page %d cannot be read: %w", id, err)
	}
	return page, nil
}

// tree checks the page and all below it; its keys have to lie in [least, below), where not nil.
func (c *checker) tree(id uint64, least, below []byte, depth int) error {
	if depth > maxDepth {
		return damaged("page %d is too deep", id)
	}
	page, err := c.page(id)
	if err != nil {
		return err
	}
	return c.elements(page, least, below, depth)
}

// elements checks a branch or leaf page, in the file or inline in a bucket's value.
func (c *checker) elements(page, least, below []byte, depth int) error {
	word := binary.LittleEndian
	id, flags, count := word.Uint64(page), word.Uint16(page[8:]), int(word.Uint16(page[10:]))
	if flags != branchPage && flags != leafPage || flags == branchPage && count == 0 || pageHeader+count*elementSize > len(page) {
		return damaged("page %d is neither branch nor leaf, or overfull", id)
	}
	type child struct {
		id  uint64
		key []byte
	}
	var children []child
	last := least
	for i := range count {
		at := pageHeader + i*elementSize
		element := page[at:]
		flag, pos, keySize, valueSize := uint32(0), word.Uint32(element), word.Uint32(element[4:]), uint32(0)
		if flags == leafPage {
			flag, pos, keySize, valueSize = word.Uint32(element), word.Uint32(element[4:]), word.Uint32(element[8:]), word.Uint32(element[12:])
		}
		start := uint64(at) + uint64(pos)
		if start < uint64(pageHeader+count*elementSize) || start+uint64(keySize)+uint64(valueSize) > uint64(len(page)) || keySize == 0 {
			return damaged("page %d: element %d is outside it", id, i)
		}
		key := page[start : start+uint64(keySize)]
		if order := bytes.Compare(key, last); last != nil && (order < 0 || order == 0 && i > 0) || below != nil && bytes.Compare(key, below) >= 0 {
			return damaged("page %d: key %d is out of order", id, i)
		}
		last = key
		switch {
		case flags == branchPage:
			children = append(children, child{word.Uint64(element[8:]), key})
		case flag > bucketFlag:
			return damaged("page %d: element %d is of no known kind", id, i)
		case flag == bucketFlag:
			if err := c.bucket(page[start+uint64(keySize):][:valueSize], depth); err != nil {
				return err
			}
		}
	}
	for i, next := range children {
		upper := below
		if i+1 < len(children) {
			upper = children[i+1].key
		}
		if err := c.tree(next.id, next.key, upper, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// bucket checks the value of a bucket: its root page, or a small page inline.
func (c *checker) bucket(value []byte, depth int) error {
	if len(value) < 16 {
		return damaged("a bucket is cut off")
	}
	if root := binary.LittleEndian.Uint64(value); root != 0 {
		return c.tree(root, nil, nil, depth+1)
	}
	inline := value[16:]
	if len(inline) < pageHeader || binary.LittleEndian.Uint16(inline[8:]) != leafPage {
		return damaged("a small bucket is cut off")
	}
	return c.elements(inline, nil, nil, maxDepth)
}

// freelist counts the free pages and refuses one that is in use, or listed twice.
func (c *checker) freelist(id uint64) (int64, error) {
	if id == noFreelist {
		return 0, damaged("there is no list of free pages") // this package always writes one
	}
	page, err := c.page(id)
	if err != nil {
		return 0, err
	}
	word := binary.LittleEndian
	count, at := uint64(word.Uint16(page[10:])), uint64(pageHeader)
	if count == 0xFFFF {
		count, at = word.Uint64(page[at:]), at+8
	}
	if word.Uint16(page[8:]) != freelistPage || count > uint64(len(page))/8 || at+count*8 > uint64(len(page)) {
		return 0, damaged("the list of free pages is malformed")
	}
	for i := range count {
		free := word.Uint64(page[at+i*8:])
		if free < 2 || free >= c.pages || c.seen[free] {
			return 0, damaged("page %d is free and in use", free)
		}
		c.seen[free] = true
	}
	return int64(count), nil
}
