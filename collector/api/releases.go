package api

import (
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strconv"
	"time"

	"connectrpc.com/connect"

	"github.com/dayline-project/dayline/collector"
	"github.com/dayline-project/dayline/collector/access"
	"github.com/dayline-project/dayline/collector/shelf"
	adminv1 "github.com/dayline-project/dayline/shared/gen/dayline/admin/v1"
	"github.com/dayline-project/dayline/shared/gen/dayline/admin/v1/adminv1connect"
	"github.com/dayline-project/dayline/shared/release"
)

// ReleasePath is where a release is uploaded: packages are larger than any message, and a browser can stream a form alone.
const ReleasePath = filesPath + "release"

// maxUnread of an upload that was refused is taken in all the same, so that whoever sends it lives to read why.
const maxUnread = release.MaxPackageBytes

// ListReleases tells what is on the shelf, and which of it installer links hand out for each system.
func (a adminService) ListReleases(context.Context, *connect.Request[adminv1.ListReleasesRequest]) (*connect.Response[adminv1.ListReleasesResponse], error) {
	by := a.Releases.Vouched()
	answer := &adminv1.ListReleasesResponse{Trusted: int32(by.Trusted.Version), Channel: a.channelShown(by)}
	for _, one := range a.Releases.List() {
		answer.Releases = append(answer.Releases, releaseShown(one, by))
	}
	updates := a.Config().Account.Updates
	for _, system := range []string{release.Windows, release.MacOS, release.Linux} {
		choice := &adminv1.ReleaseChoice{Os: system, Pinned: updates.Of(system).Pinned}
		chosen, err := a.Releases.Choose(system, choice.Pinned)
		if err != nil {
			choice.Problem = err.Error()
		} else {
			choice.Version = chosen.Version.String()
		}
		answer.Choices = append(answer.Choices, choice)
	}
	return connect.NewResponse(answer), nil
}

// channelShown is nil where there is none.
func (a adminService) channelShown(by shelf.Vouched) *adminv1.ReleaseChannel {
	c := by.Channel
	switch {
	case by.Problem != nil:
		return &adminv1.ReleaseChannel{Problem: by.Problem.Error()}
	case c == nil:
		return nil
	}
	return &adminv1.ReleaseChannel{
		Version: int32(c.Version), Issued: instant(c.IssuedAt), Expires: instant(c.ExpiresAt), Expired: c.Expired(a.Now()), Withdrawn: c.Withdrawn,
	}
}

func releaseShown(one *shelf.Release, by shelf.Vouched) *adminv1.Release {
	shown := &adminv1.Release{Version: one.Version.String(), Issued: instant(one.IssuedAt), Signed: one.Problem == nil && by.Trusted.Version > 0}
	if one.Problem != nil {
		shown.Problem = one.Problem.Error()
	}
	for _, p := range one.Packages {
		file := &adminv1.ReleasePackage{Name: p.Name, Os: p.OS, Arch: p.Arch, Kind: p.Kind, Bytes: float64(p.Size), Sha256: p.SHA256}
		if held, err := one.Package(p.OS, p.Arch, p.Kind); err != nil {
			file.Problem = err.Error()
		} else if p.Installs() {
			file.Carrier = string(held.Stamp.Carrier())
		}
		shown.Packages = append(shown.Packages, file)
	}
	return shown
}

// RemoveRelease takes a release off the shelf. Links hand out the next one, and downloads that are going on end as they began.
func (a adminService) RemoveRelease(ctx context.Context, req *connect.Request[adminv1.RemoveReleaseRequest]) (*connect.Response[adminv1.RemoveReleaseResponse], error) {
	if err := a.Releases.Remove(req.Msg.Version); err != nil {
		return nil, err
	}
	a.Rollouts.Changed()
	if err := a.audit(ctx, "release.remove", req.Msg.Version, nil); err != nil {
		return nil, err
	}
	return connect.NewResponse(&adminv1.RemoveReleaseResponse{}), nil
}

// takeRelease answers POST ReleasePath: a form with what is signed and then packages that release.json lists, each a file by its name.
// Who may remove a release may add one. What is refused is told as for a file.
func (a adminService) takeRelease(w http.ResponseWriter, r *http.Request) {
	added, err := a.addRelease(w, r)
	if collector.CodeOf(err) == collector.Internal && r.Context().Err() == nil {
		a.Log.Error("release not added", "error", err)
	}
	if err != nil {
		_, _ = io.CopyN(io.Discard, r.Body, maxUnread) // to whoever is gone, nothing is told
		plainRefusal(w, err)
		return
	}
	text, err := jsonCodec{}.Marshal(added)
	if err != nil {
		plainRefusal(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}

func (a adminService) addRelease(w http.ResponseWriter, r *http.Request) (*adminv1.AddReleaseResponse, error) {
	ctx := r.Context()
	if err := access.Permit(viewerOf(ctx), adminv1connect.AdminServiceRemoveReleaseProcedure); err != nil {
		return nil, err
	}
	r.Body = &patientBody{r.Body, http.NewResponseController(w)}
	form, err := r.MultipartReader()
	if err != nil {
		return nil, collector.Refuse(collector.BadRequest, "", "a release is sent as multipart/form-data")
	}
	added, err := a.Releases.Add(func() (string, io.Reader, error) {
		if err := stillAllowed(ctx); err != nil {
			return "", nil, err
		}
		part, err := form.NextPart()
		if err != nil {
			return "", nil, cutOff(err)
		}
		return part.FileName(), partReader{part}, nil
	})
	if err != nil {
		return nil, err
	}
	a.Rollouts.Changed()
	by := a.Releases.Vouched()
	answer := &adminv1.AddReleaseResponse{Trusted: int32(added.Trusted)}
	if added.Channel != nil || by.Problem != nil { // new keys may not have signed the one that is there
		answer.Channel = a.channelShown(by)
	}
	if added.Release != nil {
		answer.Release = releaseShown(added.Release, by)
	}
	return answer, a.auditAdded(ctx, added, answer)
}

func (a adminService) auditAdded(ctx context.Context, added shelf.Added, answer *adminv1.AddReleaseResponse) error {
	if added.Trusted > 0 {
		if err := a.audit(ctx, "release.keys", strconv.Itoa(added.Trusted), map[string]any{"keys": a.Releases.Vouched().Trusted.IDs()}); err != nil {
			return err
		}
	}
	if c := added.Channel; c != nil {
		detail := map[string]any{"expires": instant(c.ExpiresAt), "withdrawn": c.Withdrawn}
		for system, aim := range c.Systems {
			detail[system], detail[system+"_floor"] = aim.Newest, aim.Floor
		}
		if err := a.audit(ctx, "release.channel", strconv.Itoa(c.Version), detail); err != nil {
			return err
		}
	}
	if added.Release == nil {
		return nil
	}
	names := make([]string, len(added.Release.Packages))
	for i, p := range added.Release.Packages {
		names[i] = p.Name
	}
	return a.audit(ctx, "release.add", added.Release.Version.String(), map[string]any{
		"issued": instant(added.Release.IssuedAt), "packages": names, "signed": answer.Release.Signed,
	})
}

// partReader says of a form that breaks off what that is.
type partReader struct{ part *multipart.Part }

// Read of io.Reader.
func (p partReader) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	return n, cutOff(err)
}

func cutOff(err error) error {
	if err == nil || err == io.EOF { // the form's own end; that of a body that ends before it comes in other words
		return err
	}
	return collector.Refuse(collector.BadRequest, "", "the upload ended before its end, or came too slowly; nothing was changed")
}

// patientBody gives each piece of a body its own time in place of one for the whole, and the answer its time after the last.
type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read of io.Reader.
func (p *patientBody) Read(b []byte) (int, error) {
	now := time.Now()
	if err := errors.Join(p.control.SetReadDeadline(now.Add(bodyWithin)), p.control.SetWriteDeadline(now.Add(answerWithin))); err != nil {
		return 0, err
	}
	return p.ReadCloser.Read(b)
}
