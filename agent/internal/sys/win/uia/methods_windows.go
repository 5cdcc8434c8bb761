package uia

import "golang.org/x/sys/windows"

// The places of methods in their tables, which follow the order of the interfaces in UIAutomationClient.h of the Windows
// SDK, behind the three of IUnknown. The test holds them against that order.
//
// https://learn.microsoft.com/windows/win32/api/uiautomationclient/
const (
	unknownRelease = 2

	// IUIAutomation, and IUIAutomation2 behind it.
	automationElementFromHandleBuildCache = 10
	automationCreateCacheRequest          = 20
	automationCreateTrueCondition         = 21
	automationPutConnectionTimeout        = 61
	automationPutTransactionTimeout       = 63

	// IUIAutomationCacheRequest
	requestAddProperty = 3

	// IUIAutomationElement
	elementFindAllBuildCache      = 8
	elementBuildUpdatedCache      = 9
	elementGetCachedPropertyValue = 12

	// IUIAutomationElementArray
	arrayGetLength  = 3
	arrayGetElement = 4

	// maxMethods is the length of the longest table.
	maxMethods = 85
)

// The class CUIAutomation8 and its interface IUIAutomation2, which Windows has since version 8.
//
// https://learn.microsoft.com/windows/win32/api/uiautomationclient/nn-uiautomationclient-iuiautomation2
var (
	automation8 = windows.GUID{Data1: 0xe22ad333, Data2: 0xb25f, Data3: 0x460c, Data4: [8]byte{0x83, 0xd0, 0x05, 0x81, 0x10, 0x73, 0x95, 0xc9}}
	automation2 = windows.GUID{Data1: 0x34723aff, Data2: 0x0c9d, Data3: 0x49d0, Data4: [8]byte{0x98, 0x96, 0x7a, 0xb5, 0x2d, 0xf8, 0xcd, 0x8a}}
)

// Property is a property of elements.
//
// https://learn.microsoft.com/windows/win32/winauto/uiauto-automation-element-propids
type Property int32

// The properties read here.
const (
	ControlType      Property = 30003
	Name             Property = 30005
	HasKeyboardFocus Property = 30008
	AutomationID     Property = 30011
	ClassName        Property = 30012
	Value            Property = 30045
)

// The values of ControlType met here.
//
// https://learn.microsoft.com/windows/win32/winauto/uiauto-controltype-ids
const (
	ComboBox = 50003
	ToolBar  = 50021
	Custom   = 50025
	Group    = 50026
	Pane     = 50033
)
