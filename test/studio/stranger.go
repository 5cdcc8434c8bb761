package studio

import "context"

// stranger has a computer of which every text would be more than a text, if a page let it.
var stranger = worker{
	account: "<b>eve</b>", starts: 8, works: 8,
	computers: []computer{{"<script>hit('device')</script>", "linux", "<i>13</i>"}},
	trade: trade{{
		app: "<script>hit('app')</script>", product: "<img src=x onerror=hit('product')>", weight: 1, minutes: 5,
		titles: []string{
			"<script>hit('title')</script>", "\u202Egnp.eciovni\u202C turned", "bell\a and\x1b[31m red", "<img src=x onerror=hit('title')>",
		},
	}},
}

// Stranger has one more computer join and send six weeks, whose every text tries to be more than text.
func (s *Studio) Stranger(ctx context.Context) error {
	link, err := s.Collector.Link(ctx)
	if err != nil {
		return err
	}
	return s.join(ctx, link, &stranger)
}
