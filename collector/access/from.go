package access

// From is where somebody signs in from, as sessions and the audit log show it.
type From struct {
	// Address of the network, without a port; empty on the local socket.
	Address string
	// Browser as "Firefox on Linux"; empty where it was none.
	Browser string
}
