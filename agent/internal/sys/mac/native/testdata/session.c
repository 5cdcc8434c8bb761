// CoreGraphics and Security: the login session, input, displays.
#include "stub.h"

#include <math.h>

enum { ABSENT, NO, YES, NUMBER_YES };

static struct {
	int graphical, console, locked, asleep;
	double session_idle, hardware_idle;
	int32_t status;
	uint32_t id;
} now;

// stub_session sets the login session. The state of the lock is one of the four above.
void stub_session(int graphical, int console, int locked, int asleep, int32_t status, uint32_t number) {
	now.graphical = graphical;
	now.console = console;
	now.locked = locked;
	now.asleep = asleep;
	now.status = status;
	now.id = number;
}

// stub_idle sets the seconds since input came.
void stub_idle(double session, double hardware) {
	now.session_idle = session;
	now.hardware_idle = hardware;
}

static id value(int state) {
	id object = constant(state == NUMBER_YES ? NUMBER : BOOLEAN, "NSNumber");
	object->number = state != NO;
	return object;
}

uintptr_t CGSessionCopyCurrentDictionary(void) {
	if (!now.graphical)
		return 0;
	id dictionary = make(DICTIONARY, "NSDictionary");
	if (now.console)
		pair(dictionary, "kCGSSessionOnConsoleKey", value(now.console));
	if (now.locked)
		pair(dictionary, "CGSSessionScreenIsLocked", value(now.locked));
	return (uintptr_t)dictionary;
}

double CGEventSourceSecondsSinceLastEventType(int32_t state, uint32_t type) {
	if ((state != 0 && state != 1) || type != 0xffffffffu) {
		fault("CGEventSourceSecondsSinceLastEventType: state %d, type %x", state, type);
		return NAN;
	}
	return state ? now.hardware_idle : now.session_idle;
}

// The number of a display needs all 32 bits.
uintptr_t CGMainDisplayID(void) { return RUBBISH | 0xf0e0d0c1u; }

uintptr_t CGDisplayIsAsleep(uint32_t display) {
	if (display != 0xf0e0d0c1u)
		fault("CGDisplayIsAsleep: display %x", display);
	return INT32_RESULT(now.asleep);
}

uintptr_t SessionGetInfo(uint32_t session, uint32_t *number, uint32_t *attributes) {
	if (session != 0xffffffffu || !number || !attributes)
		fault("SessionGetInfo: of session %x", session);
	*number = now.id;
	*attributes = 0xffffffffu;
	return INT32_RESULT(now.status);
}
