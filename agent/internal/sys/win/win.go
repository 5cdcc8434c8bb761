// Package win binds what of Windows the agent asks: windows and their processes, hooks and notices, clocks, login
// sessions, pipes. It decides nothing and logs nothing. All but this comment is built for Windows alone.
package win
