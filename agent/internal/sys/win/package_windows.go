package win

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	msi                    = windows.NewLazySystemDLL("msi.dll")
	msiEnumRelatedProducts = msi.NewProc("MsiEnumRelatedProductsW")
)

// ProductOf gives the code of the installed package that belongs to a family of packages, by the family's upgrade code;
// "" where none is installed. Codes are in braces:
// https://learn.microsoft.com/windows/win32/api/msi/nf-msi-msienumrelatedproductsw
func ProductOf(family string) (string, error) {
	code, err := windows.UTF16PtrFromString(family)
	if err != nil {
		return "", err
	}
	var product [39]uint16
	status, _, _ := msiEnumRelatedProducts.Call(uintptr(unsafe.Pointer(code)), 0, 0, uintptr(unsafe.Pointer(&product[0])))
	switch windows.Errno(status) {
	case windows.ERROR_SUCCESS:
		return windows.UTF16ToString(product[:]), nil
	case windows.ERROR_NO_MORE_ITEMS:
		return "", nil
	}
	return "", os.NewSyscallError("MsiEnumRelatedProducts", windows.Errno(status))
}
