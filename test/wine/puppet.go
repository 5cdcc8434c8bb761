package wine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/tc-hib/winres"
	"github.com/tc-hib/winres/version"

	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/script"
	"github.com/dayline-project/dayline/test/wine/order"
)

// Program is one of a person's programs, as its file tells it. Without description and product it has no version
// resource.
type Program struct {
	File, Description, Product string
}

// Puppet is an opened program and its window.
type Puppet struct {
	Program
	// Silent: nobody is told of what its window does, as where an event is lost.
	Silent bool

	process *process.Process
	conn    net.Conn
	title   string
}

// Title is the window's title as it was told last.
func (p *Puppet) Title() string { return p.title }

// put puts a program onto the machine and gives its path there.
func (m *Machine) put(program Program) (string, error) {
	plain, err := Build("./test/wine/puppet", "-H=windowsgui")
	if err != nil {
		return "", err
	}
	path := `C:\Program Files\` + program.File
	target := m.Path(path)
	text, err := os.Open(plain)
	if err != nil {
		return "", err
	}
	defer text.Close()
	file, err := os.OpenFile(target, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	defer file.Close()
	var info version.Info
	for key, value := range map[string]string{version.FileDescription: program.Description, version.ProductName: program.Product} {
		if value == "" {
			continue
		}
		if err := info.Set(version.LangDefault, key, value); err != nil {
			return "", err
		}
	}
	var resources winres.ResourceSet
	if program.Description+program.Product != "" {
		resources.SetVersionInfo(info)
	} else {
		resources.SetManifest(winres.AppManifest{})
	}
	return path, resources.WriteToEXE(file, text)
}

// Open starts a program, whose window comes to the front under a title.
func (m *Machine) Open(ctx context.Context, program Program, title string) (*Puppet, script.Did, error) {
	did := script.Did{Begun: time.Now()}
	p, err := m.open(ctx, program, title)
	if err != nil {
		return nil, did, fmt.Errorf("wine: open %s: %w", program.File, err)
	}
	m.puppets = append(m.puppets, p)
	// That its window is in front Wine tells nobody.
	front, err := p.Front()
	did.Seen = front.Seen
	return p, did, err
}

func (m *Machine) open(ctx context.Context, program Program, title string) (*Puppet, error) {
	path, err := m.put(program)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	p := &Puppet{Program: program, title: title}
	p.process, err = process.Start(process.Command{Name: strings.TrimSuffix(program.File, ".exe"), Path: "wine",
		Args: []string{path, listener.Addr().String(), title}, Env: m.env, Dir: m.dir})
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { listener.Close() })
	defer stop()
	if err := listener.(*net.TCPListener).SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	p.conn, err = listener.Accept()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, p.process.Tail())
	}
	return p, nil
}

// Front brings the window to the front.
func (p *Puppet) Front() (script.Did, error) {
	return p.do(order.Order{Do: order.Front, Silent: p.Silent})
}

// Retitle gives the window another title.
func (p *Puppet) Retitle(title string) (script.Did, error) {
	p.title = title
	return p.do(order.Order{Do: order.Title, Text: title, Silent: p.Silent})
}

// Input moves the pointer a little, as the person does.
func (p *Puppet) Input() (script.Did, error) { return p.do(order.Order{Do: order.Input}) }

// Post leaves a message for the window of a class.
func (p *Puppet) Post(class string, message uint32, wParam, lParam uintptr) (script.Did, error) {
	return p.do(order.Order{Do: order.Post, Text: class, Message: message, WParam: wParam, LParam: lParam})
}

// Send is Post that waits until the window has dealt with the message.
func (p *Puppet) Send(class string, message uint32, wParam, lParam uintptr) (script.Did, error) {
	return p.do(order.Order{Do: order.Send, Text: class, Message: message, WParam: wParam, LParam: lParam})
}

// Kill ends a process, by Windows' number of it.
func (p *Puppet) Kill(pid uint32) error {
	_, err := p.do(order.Order{Do: order.Kill, Message: pid})
	return err
}

// Close closes the program.
func (p *Puppet) Close() error {
	p.conn.Close()
	<-p.process.Done()
	return p.process.Err()
}

// do has the window obey and says when.
func (p *Puppet) do(o order.Order) (script.Did, error) {
	did := script.Did{Begun: time.Now()}
	if err := p.conn.SetDeadline(did.Begun.Add(patience)); err != nil {
		return did, fmt.Errorf("wine: %s: %w", p.File, err)
	}
	err := json.NewEncoder(p.conn).Encode(o)
	var answer order.Answer
	if err == nil {
		err = json.NewDecoder(p.conn).Decode(&answer)
	}
	if err == nil && answer.Error != "" {
		err = errors.New(answer.Error)
	}
	did.Seen = time.Now()
	if err != nil {
		return did, fmt.Errorf("wine: %s: %s: %w", p.File, o.Do, err)
	}
	return did, nil
}
