package duckdb

// held keeps the claims that have to be swept, in chains of blocks by part.
type held struct {
	blocks []*block
	// newest block of each part, counted from 1.
	newest []int32
}

type block struct {
	claims [31]claim
	count  int32
	// before is the next older block, counted from 1.
	before int32
}

func (h *held) put(part int32, one claim) {
	n := h.newest[part]
	if n == 0 || h.blocks[n-1].count == int32(len(h.blocks[n-1].claims)) {
		h.blocks = append(h.blocks, &block{before: n})
		n = int32(len(h.blocks))
		h.newest[part] = n
	}
	b := h.blocks[n-1]
	b.claims[b.count] = one
	b.count++
}

// of gives a part's claims, oldest first. They take effect at a moment of the unit, or later.
func (h *held) of(part, from int32, to []contender) []contender {
	var chain []int32
	for n := h.newest[part]; n > 0; n = h.blocks[n-1].before {
		chain = append(chain, n)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		b := h.blocks[chain[i]-1]
		for _, one := range b.claims[:b.count] {
			to = append(to, contender{one, part, max(from, one.began)})
		}
	}
	return to
}
