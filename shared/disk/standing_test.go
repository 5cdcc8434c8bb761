package disk

import "testing"

func TestStandingOnWindows(t *testing.T) {
	const me, other, users = "S-1-5-21-1-2-3-1001", "S-1-5-21-1-2-3-1002", "S-1-5-32-545"
	for _, test := range []struct {
		name string
		access
		owns string
		want Standing
	}{
		{"the system's", access{owner: sidSystem, writers: []string{sidSystem, sidAdministrators}}, sidAdministrators, Guarded},
		{"an administrator's, inherited as it is", access{owner: sidAdministrators, writers: []string{sidSystem, sidAdministrators, sidCreator}}, sidAdministrators, Guarded},
		{"the installer's", access{owner: sidInstaller}, sidAdministrators, Guarded},
		{"open to users", access{owner: sidAdministrators, writers: []string{users}}, sidAdministrators, Open},
		{"without a list", access{owner: sidSystem, writers: []string{"anybody"}}, sidAdministrators, Open},
		{"a junction", access{link: true, owner: sidSystem}, sidAdministrators, Foreign},
		{"another's", access{owner: other}, sidAdministrators, Foreign},
		{"made by an administrator's program without full rights", access{owner: me}, sidAdministrators, Foreign},
		{"the same, for the system itself", access{owner: me}, sidSystem, Foreign},
		{"given to the system, and still the giver's to change", access{owner: sidSystem, writers: []string{me}}, sidAdministrators, Open},
		{"of one who tries it out", access{owner: me, writers: []string{me, sidSystem}}, me, Guarded},
		{"of another, for one who tries it out", access{owner: other}, me, Foreign},
		{"where what one makes is one's group's", access{owner: me, writers: []string{me}}, "S-1-5-21-1-2-3-513", Guarded},
	} {
		if got := test.standing(me, test.owns); got != test.want {
			t.Errorf("%s: %v, want %v", test.name, got, test.want)
		}
	}
}
