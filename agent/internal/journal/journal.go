// Package journal keeps the service's log where no console shows it and no other journal takes it in: a small file, and
// of warnings and errors the system's event log. Both are bounded.
package journal
