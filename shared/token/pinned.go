package token

// PinProtocol is offered in ALPN, after those really spoken, by an agent that recognises the collector by a pin. A
// collector that has moved to a certificate of a public authority presents one of its own authority to these agents,
// so that they can still come and learn the new trust, however long they were away.
const PinProtocol = "dayline-pin/1"
