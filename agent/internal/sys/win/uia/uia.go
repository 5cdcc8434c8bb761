// Package uia binds the client side of UI Automation, as far as the agent asks it: elements of windows, their parts, and
// properties of them that were read in one question to their program. It decides nothing and logs nothing. All but this
// comment is built for Windows alone.
//
// https://learn.microsoft.com/windows/win32/winauto/uiauto-clientsoverview
package uia
