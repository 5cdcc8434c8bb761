package duckdb

import "slices"

// held keeps the claims that have to be swept, in chains of blocks by part.
type held struct {
	// newest block of each part.
	newest []*block
	// free blocks, in a chain.
	free *block
}

type block struct {
	claims [31]claim
	count  int
	// before is the next older one.
	before *block
}

func (h *held) put(part int32, one claim) {
	b := h.newest[part]
	if b == nil || b.count == len(b.claims) {
		b = h.add(b)
		h.newest[part] = b
	}
	b.claims[b.count] = one
	b.count++
}

// add gives an empty block to follow another.
func (h *held) add(before *block) *block {
	b := h.free
	if b == nil {
		blocks := make([]block, 64)
		for i := range blocks[1:] {
			blocks[i].before = &blocks[i+1]
		}
		b = &blocks[0]
	}
	h.free = b.before
	b.count, b.before = 0, before
	return b
}

// drop forgets a part's claims.
func (h *held) drop(part int32) {
	for b := h.newest[part]; b != nil; {
		b, b.before, h.free = b.before, h.free, b
	}
	h.newest[part] = nil
}

// of gives a part's claims, oldest first. They take effect at a moment of the unit, or later.
func (h *held) of(part, from int32, to []contender) []contender {
	count := 0
	for b := h.newest[part]; b != nil; b = b.before {
		count += b.count
	}
	end := len(to) + count
	to = slices.Grow(to, count)[:end]
	for b := h.newest[part]; b != nil; b = b.before {
		claims := b.claims[:b.count]
		end -= len(claims)
		for i := range claims {
			to[end+i] = contender{claims[i], part, max(from, claims[i].began)}
		}
	}
	return to
}
