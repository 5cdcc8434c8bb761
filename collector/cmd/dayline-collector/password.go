package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// maxTypedBytes of a password's line: more than any password has.
const maxTypedBytes = 1 << 10

// readPassword reads a password: of a terminal twice and unseen, of anything else the first line.
func readPassword(in io.Reader, words io.Writer, whose string) (string, error) {
	lines := bufio.NewReader(io.LimitReader(in, 2*maxTypedBytes))
	file, ok := in.(*os.File)
	if !ok {
		return readLine(lines)
	}
	unseen, err := hideTyping(file)
	if err != nil {
		return readLine(lines) // no terminal
	}
	defer unseen()
	fmt.Fprintf(words, "Password of %s: ", whose)
	first, err := readLine(lines)
	fmt.Fprint(words, "\nAgain: ")
	if err != nil {
		return "", err
	}
	second, err := readLine(lines)
	fmt.Fprintln(words)
	if err == nil && first != second {
		err = errors.New("the two are not the same")
	}
	return first, err
}

func readLine(lines *bufio.Reader) (string, error) {
	line, err := lines.ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", usage("a password is wanted, typed or as one line of standard input")
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return line, err
}

// hideTyping turns a terminal's echo off until show is called. See termios(3).
func hideTyping(terminal *os.File) (show func(), err error) {
	descriptor := int(terminal.Fd())
	before, err := unix.IoctlGetTermios(descriptor, unix.TCGETS)
	if err != nil {
		return nil, err
	}
	hidden := *before
	hidden.Lflag &^= unix.ECHO
	if err := unix.IoctlSetTermios(descriptor, unix.TCSETS, &hidden); err != nil {
		return nil, err
	}
	return func() { _ = unix.IoctlSetTermios(descriptor, unix.TCSETS, before) }, nil
}
