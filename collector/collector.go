// Package collector holds the nouns of the collector and the interfaces between its rooms: devices, logins, people,
// links, uploads, reports, and one error vocabulary. It depends on nothing but the shared packages.
package collector
