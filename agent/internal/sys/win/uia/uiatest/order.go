package uiatest

import "slices"

// unknown are the methods that each interface begins with.
//
// https://learn.microsoft.com/windows/win32/api/unknwn/nn-unknwn-iunknown
var unknown = []string{"QueryInterface", "AddRef", "Release"}

// order is the order of the interfaces' methods behind IUnknown's in UIAutomationClient.h of the Windows SDK 10.0.26100,
// by the pages of the interfaces below https://learn.microsoft.com/windows/win32/api/uiautomationclient/ (which list
// them by name). Of elements those behind the last one used are left out.
var order = map[string][]string{
	"IUIAutomation2": {
		// nn-uiautomationclient-iuiautomation
		"CompareElements", "CompareRuntimeIds", "GetRootElement", "ElementFromHandle", "ElementFromPoint", "GetFocusedElement",
		"GetRootElementBuildCache", "ElementFromHandleBuildCache", "ElementFromPointBuildCache", "GetFocusedElementBuildCache",
		"CreateTreeWalker", "get_ControlViewWalker", "get_ContentViewWalker", "get_RawViewWalker", "get_RawViewCondition",
		"get_ControlViewCondition", "get_ContentViewCondition", "CreateCacheRequest", "CreateTrueCondition",
		"CreateFalseCondition", "CreatePropertyCondition", "CreatePropertyConditionEx", "CreateAndCondition",
		"CreateAndConditionFromArray", "CreateAndConditionFromNativeArray", "CreateOrCondition", "CreateOrConditionFromArray",
		"CreateOrConditionFromNativeArray", "CreateNotCondition", "AddAutomationEventHandler", "RemoveAutomationEventHandler",
		"AddPropertyChangedEventHandlerNativeArray", "AddPropertyChangedEventHandler", "RemovePropertyChangedEventHandler",
		"AddStructureChangedEventHandler", "RemoveStructureChangedEventHandler", "AddFocusChangedEventHandler",
		"RemoveFocusChangedEventHandler", "RemoveAllEventHandlers", "IntNativeArrayToSafeArray", "IntSafeArrayToNativeArray",
		"RectToVariant", "VariantToRect", "SafeArrayToRectNativeArray", "CreateProxyFactoryEntry", "get_ProxyFactoryMapping",
		"GetPropertyProgrammaticName", "GetPatternProgrammaticName", "PollForPotentialSupportedPatterns",
		"PollForPotentialSupportedProperties", "CheckNotSupported", "get_ReservedNotSupportedValue",
		"get_ReservedMixedAttributeValue", "ElementFromIAccessible", "ElementFromIAccessibleBuildCache",
		// nn-uiautomationclient-iuiautomation2
		"get_AutoSetFocus", "put_AutoSetFocus", "get_ConnectionTimeout", "put_ConnectionTimeout", "get_TransactionTimeout",
		"put_TransactionTimeout",
	},
	// nn-uiautomationclient-iuiautomationelement
	"IUIAutomationElement": {
		"SetFocus", "GetRuntimeId", "FindFirst", "FindAll", "FindFirstBuildCache", "FindAllBuildCache", "BuildUpdatedCache",
		"GetCurrentPropertyValue", "GetCurrentPropertyValueEx", "GetCachedPropertyValue",
	},
	// nn-uiautomationclient-iuiautomationelementarray
	"IUIAutomationElementArray": {"get_Length", "GetElement"},
	// nn-uiautomationclient-iuiautomationcacherequest
	"IUIAutomationCacheRequest": {
		"AddProperty", "AddPattern", "Clone", "get_TreeScope", "put_TreeScope", "get_TreeFilter", "put_TreeFilter",
		"get_AutomationElementMode", "put_AutomationElementMode",
	},
	// nn-uiautomationclient-iuiautomationcondition
	"IUIAutomationCondition": {},
	// https://learn.microsoft.com/windows/win32/api/unknwn/nn-unknwn-iclassfactory
	"IClassFactory": {"CreateInstance", "LockServer"},
}

// Place is where an interface has a method in its table; -1 where it has none.
func Place(of, method string) int {
	return slices.Index(slices.Concat(unknown, order[of]), method)
}
