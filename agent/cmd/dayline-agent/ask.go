package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	pipe "github.com/dayline-project/dayline/agent/internal/session"
)

// askFor bounds a question to the service.
const askFor = 10 * time.Second

// errNotRunning: no service listens.
var errNotRunning = errors.New("the service does not run here (or keeps its state elsewhere: --state)")

// takeFor is how long the service may take to begin to read a question, before it is asked anew.
const takeFor = time.Second

// ask puts a question to the service and reads the answer into document.
func ask(state, what string, document any) error {
	return askWithin(context.Background(), state, what, document)
}

func askWithin(ctx context.Context, state, what string, document any) error {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	conn, err := put(ctx, socketOf(state), &pipe.Message{Ask: &pipe.Ask{What: what}})
	if err != nil {
		return err
	}
	defer conn.Close()
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

// put dials the service and sends a question until it is taken. A pipe that was opened just now may not be read yet:
// what nobody read was not asked.
func put(ctx context.Context, socket string, question *pipe.Message) (net.Conn, error) {
	for {
		conn, err := pipe.Dial(ctx, socket)
		if errors.Is(err, pipe.ErrNotTrusted) {
			return nil, err
		}
		if err != nil {
			return nil, errNotRunning
		}
		deadline, _ := ctx.Deadline()
		err = errors.Join(conn.SetReadDeadline(deadline), conn.SetWriteDeadline(time.Now().Add(takeFor)))
		if err == nil {
			err = pipe.Write(conn, question)
		}
		if err == nil {
			return conn, nil
		}
		conn.Close()
		if !errors.Is(err, os.ErrDeadlineExceeded) || ctx.Err() != nil {
			return nil, fmt.Errorf("the service did not take the question: %w", err)
		}
	}
}
