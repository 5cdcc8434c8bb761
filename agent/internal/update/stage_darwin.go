package update

import "io"

func unpack(packed io.Reader, to string) error { return unpackBundle(packed, to) }
