package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"time"

	pipe "github.com/dayline-project/dayline/agent/internal/session"
)

// askFor bounds a question to the service.
const askFor = 10 * time.Second

// errNotRunning: no service listens.
var errNotRunning = errors.New("the service does not run here (or keeps its state elsewhere: --state)")

// ask puts a question to the service and reads the answer into document.
func ask(state, what string, document any) error {
	conn, err := net.DialTimeout("unix", socketOf(state), askFor)
	if err != nil {
		return errNotRunning
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(askFor)); err != nil {
		return err
	}
	if err := pipe.Write(conn, &pipe.Message{Ask: &pipe.Ask{What: what}}); err != nil {
		return err
	}
	answer, err := pipe.Read(conn)
	switch {
	case err != nil:
		return fmt.Errorf("the service did not answer: %w", err)
	case answer.Answer == nil:
		return errors.New("the service answered something else")
	case answer.Answer.Error != "":
		return errors.New(answer.Answer.Error)
	}
	return json.Unmarshal(answer.Answer.Document, document)
}
