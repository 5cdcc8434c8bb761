package linux

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// What is done on a computer stays there, and is found there; services do what their units say.
func TestMachine(t *testing.T) {
	t.Parallel()
	m := New(t)
	do := func(command string) string {
		t.Helper()
		said, err := m.Run(t.Context(), nil, "sh", "-ec", command)
		if err != nil {
			t.Fatal(err)
		}
		return said
	}
	if left, err := m.Left(); err != nil || len(left) > 0 {
		t.Errorf("a new computer has %q: %v", left, err)
	}
	do(`mkdir /etc/here; echo x >/etc/here/x; rm /etc/passwd; cat /etc/group >/tmp/group; cat /tmp/group >/etc/group; echo y >>/etc/hosts`)
	want := []string{"/etc/here", "/etc/here/x", "/etc/hosts", "/etc/passwd"}
	if left, err := m.Left(); err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %q, %v", left, err)
	}
	if _, err := os.Stat("/etc/here"); err == nil {
		t.Error("it is on this machine")
	}
	if text, err := os.ReadFile(m.Path("/etc/here/x")); err != nil || string(text) != "x\n" {
		t.Errorf("%q, %v", text, err)
	}

	mustDo(t, m.StandIn("apt", `exit "$2"`))
	if _, err := m.Run(t.Context(), nil, "apt", "install", "7"); err == nil || !strings.Contains(err.Error(), "status 7") {
		t.Errorf("the stand-in: %v", err)
	}
	if called, err := m.Called(); err != nil || !slices.Equal(called, []string{"apt install 7"}) {
		t.Errorf("called: %q, %v", called, err)
	}
	if called, err := m.Called(); err != nil || len(called) > 0 {
		t.Errorf("called again: %q, %v", called, err)
	}

	do(`printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' 'StateDirectory=sleeper' 'StateDirectoryMode=0700' 'UMask=0077' '[Install]' 'WantedBy=multi-user.target' >/etc/systemd/system/sleeper.service
systemctl daemon-reload; systemctl enable --now sleeper.service`)
	if said := do(`systemctl is-active sleeper; systemctl is-enabled sleeper; stat -c %a /var/lib/sleeper`); said != "active\nenabled\n700\n" {
		t.Errorf("the service: %s", said)
	}
	first := do(`cat /run/services/sleeper.service.pid`)
	if second := do(`systemctl restart sleeper; cat /run/services/sleeper.service.pid`); second == first {
		t.Error("it was not started again")
	}
	do(`sed -i '/^ExecStart/a Restart=always\nRestartSec=0' /etc/systemd/system/sleeper.service; systemctl daemon-reload; systemctl restart sleeper; systemctl kill sleeper`)
	running := `until systemctl is-active sleeper; do sleep 0.05; done; cat /run/services/sleeper.service.pid`
	third := do(running)
	mustDo(t, m.Reboot(t.Context()))
	if fourth := do(running); fourth == third {
		t.Error("it was not started with the computer")
	}
	if said := do(`systemctl stop sleeper; for _ in 1 2 3 4 5 6 7 8; do systemctl start sleeper & done; wait; until ps -eo args | grep "^/usr/bin/sleep"; do sleep 0.05; done | wc -l`); said != "1\n" {
		t.Errorf("asked for at once it runs %s times", said)
	}
	do(`systemctl disable --now sleeper; rm -r /etc/systemd/system/sleeper.service /var/lib/sleeper`)
	if left, err := m.Left(); err != nil || !slices.Equal(left, want) {
		t.Errorf("left: %q, %v", left, err)
	}
	if said, err := m.Run(t.Context(), nil, "systemctl", "is-active", "sleeper"); err == nil || !strings.Contains(said, "inactive") {
		t.Errorf("the service: %s, %v", said, err)
	}
}

func mustDo(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
