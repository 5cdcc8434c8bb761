package duckdb

// held keeps the claims that have to be swept, in chains of blocks by part.
type held struct {
	pages []*[pageBlocks]block
	count int32
	// free is the first block that is free again, counted from 1.
	free int32
	// newest block of each part, counted from 1.
	newest []int32
}

const pageBlocks = 64

type block struct {
	claims [31]claim
	count  int32
	// before is the next older block, counted from 1.
	before int32
}

func (h *held) block(n int32) *block { return &h.pages[(n-1)/pageBlocks][(n-1)%pageBlocks] }

func (h *held) put(part int32, one claim) {
	n := h.newest[part]
	if n == 0 || h.block(n).count == int32(len(block{}.claims)) {
		n = h.add(n)
		h.newest[part] = n
	}
	b := h.block(n)
	b.claims[b.count] = one
	b.count++
}

// add gives an empty block to follow another.
func (h *held) add(before int32) int32 {
	n := h.free
	if n > 0 {
		h.free = h.block(n).before
	} else {
		if h.count%pageBlocks == 0 {
			h.pages = append(h.pages, new([pageBlocks]block))
		}
		h.count++
		n = h.count
	}
	b := h.block(n)
	b.count, b.before = 0, before
	return n
}

// drop forgets a part's claims.
func (h *held) drop(part int32) {
	for n := h.newest[part]; n > 0; {
		b := h.block(n)
		n, b.before, h.free = b.before, h.free, n
	}
	h.newest[part] = 0
}

// of gives a part's claims, oldest first. They take effect at a moment of the unit, or later.
func (h *held) of(part, from int32, to []contender) []contender {
	count := 0
	for n := h.newest[part]; n > 0; n = h.block(n).before {
		count += int(h.block(n).count)
	}
	end := len(to) + count
	for len(to) < end {
		to = append(to, contender{})
	}
	for n := h.newest[part]; n > 0; n = h.block(n).before {
		b := h.block(n)
		for i := b.count - 1; i >= 0; i-- {
			end--
			to[end] = contender{b.claims[i], part, max(from, b.claims[i].began)}
		}
	}
	return to
}
