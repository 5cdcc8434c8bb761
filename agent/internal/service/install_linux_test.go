package service

import "testing"

func TestAPathThatAUnitWouldReadAsTwoIsRefused(t *testing.T) {
	if err := plainPath("/opt/my agent/dayline-agent"); err == nil {
		t.Error("a path that a unit would read as two was taken")
	}
}

func TestWhereNoSystemdRunsInstallSaysSo(t *testing.T) {
	if managed() {
		t.Log("systemd runs here: nothing is installed by a test")
		return
	}
	if err := Install("/usr/bin/dayline-agent", func(string) {}); err != ErrNoServiceManager {
		t.Errorf("install: %v", err)
	}
}
