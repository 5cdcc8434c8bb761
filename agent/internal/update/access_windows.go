package update

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// keepAccess gives a file the access list that another has: entries of its own and, unless that is closed to them, those of its
// folder.
func keepAccess(name, like string) error {
	descriptor, err := windows.GetNamedSecurityInfo(like, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return fmt.Errorf("access of %s: %w", like, err)
	}
	list, _, err := descriptor.DACL()
	if err != nil {
		return fmt.Errorf("access of %s: %w", like, err)
	}
	control, _, err := descriptor.Control()
	if err != nil {
		return fmt.Errorf("access of %s: %w", like, err)
	}
	what := windows.SECURITY_INFORMATION(windows.DACL_SECURITY_INFORMATION | windows.UNPROTECTED_DACL_SECURITY_INFORMATION)
	if control&windows.SE_DACL_PROTECTED != 0 {
		what = windows.DACL_SECURITY_INFORMATION | windows.PROTECTED_DACL_SECURITY_INFORMATION
	}
	if err := windows.SetNamedSecurityInfo(name, windows.SE_FILE_OBJECT, what, nil, nil, list, nil); err != nil {
		return fmt.Errorf("access of %s: %w", name, err)
	}
	return nil
}
