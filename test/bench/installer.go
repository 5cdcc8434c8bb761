package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/dayline-project/dayline/collector/stamp"
	"github.com/dayline-project/dayline/installer/exe"
	packer "github.com/dayline-project/dayline/installer/linux"
	"github.com/dayline-project/dayline/installer/msi"
	"github.com/dayline-project/dayline/shared/release"
	"github.com/dayline-project/dayline/shared/token"
	"github.com/dayline-project/dayline/test/desktop"
	"github.com/dayline-project/dayline/test/linux"
	"github.com/dayline-project/dayline/test/process"
	"github.com/dayline-project/dayline/test/rig"
	"github.com/dayline-project/dayline/test/wine"
)

// atOnce is how many download a package at the same time.
const atOnce = 200

// measureInstaller makes a link and installs by it (T11), and downloads from it what is stamped, many at once.
func measureInstaller(ctx context.Context, bin rig.Binaries) (figures []figure, err error) {
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	collector, err := rig.NewCollector(bin, dir, rig.Options{})
	if err != nil {
		return nil, err
	}
	if err := collector.Start(ctx); err != nil {
		return nil, err
	}
	defer collector.Stop()
	packages, err := releaseAgent(ctx, bin, collector)
	if err != nil {
		return nil, err
	}
	stamping, err := measureStamping(packages)
	if err != nil {
		return nil, err
	}
	first, err := measureFirstEpisode(ctx, dir, collector)
	if err != nil {
		return nil, err
	}
	windows, err := measureFirstOnWindows(ctx, collector)
	if err != nil {
		return nil, err
	}
	downloads, err := measureDownloads(ctx, collector)
	return slices.Concat(first, windows, stamping, downloads), err
}

// releaseAgent packs the agent and puts it on the collector's shelf; it gives the packages for Linux.
func releaseAgent(ctx context.Context, bin rig.Binaries, collector *rig.Collector) ([]rig.Packed, error) {
	version, err := release.ParseVersion("0.2.0")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(bin.Agent())
	if err != nil {
		return nil, err
	}
	p := packer.Package{Agent: packer.Agent{Version: version, Built: time.Now(), Arch: release.AMD64}, Program: program}
	var packages []rig.Packed
	for kind, pack := range map[string]func() ([]byte, error){release.Deb: p.Deb, release.RPM: p.RPM, release.Tar: p.Tar} {
		whole, err := pack()
		if err != nil {
			return nil, err
		}
		packages = append(packages, rig.Packed{OS: release.Linux, Arch: p.Arch, Kind: kind, Content: whole})
	}
	forWindows, err := packForWindows(ctx, version)
	if err != nil {
		return nil, err
	}
	_, err = collector.Release(ctx, version, append(packages, forWindows)...)
	return packages, err
}

// packForWindows makes the package of an agent that sees the desktop from its first start, which Wine's services do as
// interactive ones alone: see test/wine/interactive.
func packForWindows(ctx context.Context, version release.Version) (packed rig.Packed, err error) {
	p := msi.Package{Agent: exe.Agent{Version: version, Built: time.Now(), Arch: release.AMD64}}
	if p.Executable, err = p.Agent.Build(ctx); err != nil {
		return packed, err
	}
	whole, err := p.Build(ctx)
	if err != nil {
		return packed, err
	}
	dir, err := os.MkdirTemp("", "dl")
	if err != nil {
		return packed, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "agent.msi")
	if err := os.WriteFile(file, whole, 0o644); err != nil {
		return packed, err
	}
	const interactive = "UPDATE ServiceInstall SET ServiceType=272" // winnt.h: SERVICE_INTERACTIVE_PROCESS, WIN32_OWN_PROCESS
	if said, err := exec.CommandContext(ctx, "msibuild", file, "-q", interactive).CombinedOutput(); err != nil {
		return packed, fmt.Errorf("msibuild: %w\n%s", err, said)
	}
	whole, err = os.ReadFile(file)
	return rig.Packed{OS: release.Windows, Arch: release.AMD64, Kind: release.MSI, Content: whole}, err
}

// measureStamping times what a download costs besides sending it.
func measureStamping(packages []rig.Packed) ([]figure, error) {
	text := token.Token{Addresses: []string{"127.0.0.1:9"}, Trust: token.TrustPin, Secret: token.NewSecret()}.Encode()
	var worst time.Duration
	for _, p := range packages {
		opened, err := stamp.Open(p.Kind, bytes.NewReader(p.Content), int64(len(p.Content)))
		if err != nil {
			return nil, err
		}
		for range 100 {
			from := time.Now()
			if _, err := opened.With(text); err != nil {
				return nil, err
			}
			worst = max(worst, time.Since(from))
		}
	}
	return []figure{{"stamping a package", "≤ 20 ms", fmt.Sprintf("%.2f ms", worst.Seconds()*1000), "the slowest of 100 of each of deb, rpm, tar.gz"}}, nil
}

// measureFirstEpisode pastes a link's line into a shell where somebody works, by the default settings.
func measureFirstEpisode(ctx context.Context, dir string, collector *rig.Collector) ([]figure, error) {
	screen, err := desktop.Start(ctx, filepath.Join(dir, "desk"))
	if err != nil {
		return nil, err
	}
	defer screen.Close()
	if _, err := screen.OpenTerminal(ctx, "Shell"); err != nil {
		return nil, err
	}
	machine, err := linux.Start(ctx, dir, "/tmp/.X11-unix")
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	if err := machine.Login(screen.Env()); err != nil {
		return nil, err
	}
	from := time.Now()
	installer, err := collector.Installer(ctx, release.Linux)
	if err != nil {
		return nil, err
	}
	if _, err := machine.Run(ctx, nil, "sh", "-c", installer.Commands["deb amd64"]); err != nil {
		return nil, err
	}
	installed := time.Since(from)
	err = arrives(ctx, collector, "")
	return []figure{{"T11 link to first episode in a report", "≤ 60 s", fmt.Sprintf("%.1f s", time.Since(from).Seconds()),
		fmt.Sprintf("deb, by its line, default settings; %.1f s of it download and dpkg", installed.Seconds())}}, err
}

// arrives waits until an episode of a program is in the report; of any where it has no name.
func arrives(ctx context.Context, collector *rig.Collector, program string) error {
	return process.Wait(ctx, 10*time.Minute, "an episode is in the report", func() error {
		rows, err := collector.Activity(ctx)
		if err == nil && !slices.ContainsFunc(rows, func(r rig.Row) bool { return program == "" || r.App == program }) {
			err = rig.ErrNoRows
		}
		return err
	})
}

// measureFirstOnWindows runs a package downloaded by a link where somebody has a window in front, by the default settings.
func measureFirstOnWindows(ctx context.Context, collector *rig.Collector) ([]figure, error) {
	machine, err := wine.Start(ctx)
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	window, _, err := machine.Open(ctx, wine.Program{File: "letters.exe", Product: "Letters"}, "Letter")
	if err != nil {
		return nil, err
	}
	// Nothing is recorded before there was input.
	if _, err := window.Input(); err != nil {
		return nil, err
	}
	from := time.Now()
	installer, err := collector.Installer(ctx, release.Windows)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(machine.Path(`C:\dayline.msi`))
	if err != nil {
		return nil, err
	}
	_, err = download(ctx, client(), installer.Address+"/download/amd64/msi", file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	if _, err := machine.Run(ctx, "msiexec", "/qn", "/i", `C:\dayline.msi`); err != nil {
		return nil, err
	}
	installed := time.Since(from)
	err = arrives(ctx, collector, window.File)
	return []figure{{"T11 likewise, Windows", "≤ 60 s", fmt.Sprintf("%.1f s", time.Since(from).Seconds()),
		fmt.Sprintf("msi under Wine, default settings; %.1f s of it download and msiexec", installed.Seconds())}}, err
}

// measureDownloads has many download a stamped package at once.
func measureDownloads(ctx context.Context, collector *rig.Collector) ([]figure, error) {
	installer, err := collector.Installer(ctx, release.Linux)
	if err != nil {
		return nil, err
	}
	client, address := client(), installer.Address+"/download/amd64/deb"
	from := time.Now()
	alone, err := download(ctx, client, address, io.Discard)
	if err != nil {
		return nil, err
	}
	single := time.Since(from)
	collectorPID := collector.Process().PID()
	before, used := memory(collectorPID), cpu(collectorPID)

	ended := make(chan error, atOnce)
	from = time.Now()
	for range atOnce {
		go func() {
			_, err := download(ctx, client, address, io.Discard)
			ended <- err
		}()
	}
	for range atOnce {
		err = errors.Join(err, <-ended)
	}
	took := time.Since(from)
	grown := max(0, peakMemory(collectorPID)-before)
	return []figure{{fmt.Sprintf("%d stamped downloads at once", atOnce), "fine on 2 cores", fmt.Sprintf("%.1f s", took.Seconds()),
		fmt.Sprintf("%.1f MB each, %.0f MB/s by HTTPS to readers on the same cores; one alone %.0f ms; the collector used %.1f s of processor and %.2f MB more memory for each",
			float64(alone)/1e6, float64(atOnce*alone)/1e6/took.Seconds(), single.Seconds()*1000, (cpu(collectorPID) - used).Seconds(), float64(grown)/1e6/atOnce)}}, err
}

// client is somebody's browser. Whose certificate it is is not the question here.
func client() *http.Client {
	return &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
}

func download(ctx context.Context, client *http.Client, address string, to io.Writer) (size int64, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	size, err = io.Copy(to, answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = errors.New(answer.Status)
	}
	return size, err
}
