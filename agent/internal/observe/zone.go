package observe

import "time"

// The parts of a zone's year: the TIME_ZONE_ID_… of GetTimeZoneInformation. A zone without summer time has neither.
const (
	standardTime = 1
	daylightTime = 2
)

// aheadOfUTC is how far ahead of UTC a zone of Windows is in a part of its year. Windows counts minutes, the other way,
// and those of the part come on top:
// https://learn.microsoft.com/windows/win32/api/timezoneapi/ns-timezoneapi-time_zone_information
func aheadOfUTC(part uint32, bias, standard, daylight int32) time.Duration {
	switch part {
	case standardTime:
		bias += standard
	case daylightTime:
		bias += daylight
	}
	return -time.Duration(bias) * time.Minute
}
