package stream

// Split cuts a record that is longer than a batch may say (a computer left locked over the holidays) into consecutive
// ones of at most MaxFor, all ended by the same word. An observed length is told up to MaxFor.
func Split(record *Record) []Record {
	rest := *record
	rest.ObservedFor = min(rest.ObservedFor, MaxFor)
	var parts []Record
	for rest.For > MaxFor {
		part := rest
		part.For = MaxFor
		parts = append(parts, part)
		rest.Start, rest.For = rest.Start.Add(MaxFor), rest.For-MaxFor
	}
	return append(parts, rest)
}
