package win

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	msi                    = windows.NewLazySystemDLL("msi.dll")
	msiEnumRelatedProducts = msi.NewProc("MsiEnumRelatedProductsW")
	msiGetProductInfo      = msi.NewProc("MsiGetProductInfoW")
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

// PackageOf gives the path of the copy that Windows keeps of an installed package, by its product's code:
// https://learn.microsoft.com/windows/win32/api/msi/nf-msi-msigetproductinfow
func PackageOf(product string) (string, error) {
	code, err := windows.UTF16PtrFromString(product)
	if err != nil {
		return "", err
	}
	property, err := windows.UTF16PtrFromString("LocalPackage")
	if err != nil {
		return "", err
	}
	var path [windows.MAX_LONG_PATH]uint16
	letters := uint32(len(path))
	status, _, _ := msiGetProductInfo.Call(uintptr(unsafe.Pointer(code)), uintptr(unsafe.Pointer(property)), uintptr(unsafe.Pointer(&path[0])), uintptr(unsafe.Pointer(&letters)))
	if status != uintptr(windows.ERROR_SUCCESS) {
		return "", os.NewSyscallError("MsiGetProductInfo", windows.Errno(status))
	}
	return windows.UTF16ToString(path[:]), nil
}
