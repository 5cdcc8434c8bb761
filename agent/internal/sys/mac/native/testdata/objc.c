// Objective-C's runtime and the classes that are asked: NSWorkspace and its notifications, NSRunningApplication,
// NSProcessInfo.
#include "stub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uintptr_t (*method)(id self, const char *selector, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

// A class that was made by the program.
struct class {
	char name[80];
	int registered;
	struct { const char *selector; method does; } methods[32];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static id made[4];

// A selector is its name, the same for equal names.
uintptr_t sel_registerName(const char *name) {
	static char *names[200];
	pthread_mutex_lock(&lock);
	int i = 0;
	while (names[i] && strcmp(names[i], name))
		i++;
	if (!names[i])
		names[i] = strdup(name);
	pthread_mutex_unlock(&lock);
	return (uintptr_t)names[i];
}

static const char *const classes[] = {"NSObject", "NSWorkspace", "NSDistributedNotificationCenter", "NSProcessInfo"};

uintptr_t objc_getClass(const char *name) {
	static id known[4];
	for (int i = 0; i < 4; i++)
		if (!strcmp(classes[i], name))
			return (uintptr_t)(known[i] ? known[i] : (known[i] = constant(CLASS, classes[i])));
	for (int i = 0; i < 4; i++)
		if (made[i] && !strcmp(((struct class *)made[i]->data)->name, name))
			return (uintptr_t)made[i];
	return 0;
}

uintptr_t objc_allocateClassPair(id super, const char *name, size_t extra) {
	if (!is(super, CLASS, "objc_allocateClassPair") || strcmp(super->class, "NSObject") || extra)
		fault("objc_allocateClassPair: %zu bytes more", extra);
	if (objc_getClass(name))
		return 0;
	struct class *class = calloc(1, sizeof *class);
	snprintf(class->name, sizeof class->name, "%s", name);
	int i = 0;
	while (made[i])
		i++;
	made[i] = constant(CLASS, class->name);
	made[i]->data = class;
	return (uintptr_t)made[i];
}

uintptr_t class_addMethod(id object, const char *selector, method does, const char *types) {
	struct class *class = object->data;
	if (class->registered || strcmp(types, "v@:@"))
		fault("class_addMethod: %s of %s", selector, types);
	int i = 0;
	for (; class->methods[i].selector; i++)
		if (class->methods[i].selector == selector)
			return BOOLEAN_RESULT(0);
	class->methods[i].selector = selector;
	class->methods[i].does = does;
	return BOOLEAN_RESULT(1);
}

void objc_registerClassPair(id object) { ((struct class *)object->data)->registered = 1; }

// Applications: an NSRunningApplication's data.

struct application {
	int32_t pid;
	char *name, *bundle, *path;
};

static id autoreleased_string(const char *text) { return text ? autorelease(string_of(text)) : 0; }

static uintptr_t app_pid(id self) { return INT32_RESULT(((struct application *)self->data)->pid); }
static id app_name(id self) { return autoreleased_string(((struct application *)self->data)->name); }
static id app_bundle(id self) { return autoreleased_string(((struct application *)self->data)->bundle); }

static id app_url(id self) {
	struct application *app = self->data;
	return app->path ? autorelease(url_of(app->path)) : 0;
}

static id url_path(id self) { return autorelease(retain(self->data)); }

static void end_app(id self) {
	struct application *app = self->data;
	free(app->name);
	free(app->bundle);
	free(app->path);
	app->name = app->bundle = app->path = 0;
}

static char *copy(const char *text) { return text && *text ? strdup(text) : 0; }

static id new_app(int32_t pid, const char *name, const char *bundle, const char *path) {
	id object = make(INSTANCE, "NSRunningApplication");
	struct application *app = object->data = calloc(1, sizeof *app);
	*app = (struct application){pid, copy(name), copy(bundle), copy(path)};
	object->end = end_app;
	return object;
}

// NSWorkspace.

static id front;

void stub_front(int32_t pid, const char *name, const char *bundle, const char *path) {
	pthread_mutex_lock(&lock);
	if (front)
		release(front);
	front = pid ? new_app(pid, name, bundle, path) : 0;
	pthread_mutex_unlock(&lock);
}

static id shared(const char *class, id *object) { return *object ? *object : (*object = constant(INSTANCE, class)); }

static id workspace, own_center, distributed_center, process;

static id shared_workspace(id self) { return shared("NSWorkspace", &workspace); }
static id workspace_center(id self) { return shared("NSNotificationCenter", &own_center); }
static id default_center(id self) { return shared("NSDistributedNotificationCenter", &distributed_center); }
static id process_info(id self) { return shared("NSProcessInfo", &process); }

static id workspace_front(id self) {
	pthread_mutex_lock(&lock);
	id app = front ? autorelease(retain(front)) : 0;
	pthread_mutex_unlock(&lock);
	return app;
}

// Notification centers: who is told of what, on the main thread alone.

static struct observation { id center, observer, name; const char *method; } observations[200];

static id observe(id self, const char *selector, id observer, const char *method, id name, id sender) {
	if (!on_main() || !is(observer, INSTANCE, selector) || !is(name, STRING, selector) || sender) {
		fault("%s: off the main thread, or of something else", selector);
		return 0;
	}
	int i = 0;
	while (observations[i].center)
		i++;
	observations[i] = (struct observation){self, observer, retain(name), method};
	return 0;
}

static id observe_distributed(id self, const char *selector, id observer, const char *method, id name, id sender, uintptr_t behaviour) {
	if (behaviour != 4)
		fault("%s: suspension behaviour %zu", selector, (size_t)behaviour);
	return observe(self, selector, observer, method, name, sender);
}

static id unobserve(id self, const char *selector, id observer) {
	if (!on_main() || !is(observer, INSTANCE, selector))
		fault("%s: off the main thread, or of something else", selector);
	for (int i = 0; i < 200; i++)
		if (observations[i].center == self && observations[i].observer == observer) {
			release(observations[i].name);
			observations[i].center = 0;
		}
	return 0;
}

// stub_observed is how many notifications are told to somebody.
long stub_observed(void) {
	long n = 0;
	for (int i = 0; i < 200; i++)
		n += observations[i].center != 0;
	return n;
}

static id note_info(id self) { return self->values ? autorelease(retain(self->values[0])) : 0; }
static uintptr_t info_object(id self, const char *selector, id key) {
	uintptr_t CFDictionaryGetValue(id, id);
	return CFDictionaryGetValue(self, key);
}

struct post {
	const char *name;
	id app;
	int told;
};

static uintptr_t message(id, const char *, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t);

static void tell(void *argument) {
	struct post *post = argument;
	id name = string_of(post->name);
	// As the system's own, left to the pool of who runs the loop.
	id note = autorelease(make(INSTANCE, "NSNotification"));
	if (post->app) {
		note->values = calloc(1, sizeof *note->values);
		note->values[0] = pair(make(DICTIONARY, "NSDictionary"), "NSWorkspaceApplicationKey", post->app);
		note->length = 1;
	}
	// Distributed notifications and those of the workspace have different names: one list does for both.
	for (int i = 0; i < 200; i++)
		if (observations[i].center && equal(observations[i].name, name)) {
			int distributed = observations[i].center == distributed_center;
			if (distributed != !strncmp(post->name, "com.apple.", 10))
				fault("%s: asked of the other center", post->name);
			long before = stub_living();
			message(observations[i].observer, observations[i].method, (uintptr_t)note, 0, 0, 0, 0);
			if (stub_living() > before)
				fault("%s: what was made in the callback outlives it", post->name);
			post->told++;
		}
	release(name);
}

// stub_post tells of a notification, of an application where pid is not 0, and returns how many took it, after they did.
int stub_post(const char *name, int32_t pid, const char *app, const char *bundle, const char *path) {
	struct post post = {.name = name, .app = pid ? new_app(pid, app, bundle, path) : 0};
	main_does(tell, &post);
	return post.told;
}

#define NOTIFICATION(symbol) \
	id symbol; \
	__attribute__((constructor)) static void make_##symbol(void) { symbol = keep(string_of(#symbol)); }
NOTIFICATION(NSWorkspaceApplicationKey)
NOTIFICATION(NSWorkspaceDidActivateApplicationNotification)
NOTIFICATION(NSWorkspaceDidTerminateApplicationNotification)
NOTIFICATION(NSWorkspaceSessionDidResignActiveNotification)
NOTIFICATION(NSWorkspaceSessionDidBecomeActiveNotification)
NOTIFICATION(NSWorkspaceWillSleepNotification)
NOTIFICATION(NSWorkspaceDidWakeNotification)
NOTIFICATION(NSWorkspaceScreensDidSleepNotification)
NOTIFICATION(NSWorkspaceScreensDidWakeNotification)
NOTIFICATION(NSWorkspaceWillPowerOffNotification)

// NSProcessInfo: the activity that is under way.

static atomic_int activities;

// stub_activities is how many are.
int stub_activities(void) { return activities; }

static id begin_activity(id self, const char *selector, uint64_t options, id reason) {
	if (options != 0x00efffff || !is(reason, STRING, selector))
		fault("%s: options %llx", selector, (unsigned long long)options);
	activities++;
	return autorelease(make(INSTANCE, "Activity"));
}

static id end_activity(id self, const char *selector, id activity) {
	if (is(activity, INSTANCE, selector) && !strcmp(activity->class, "Activity"))
		activities--;
	return 0;
}

// Messages.

static id new_object(id self) {
	id object = make(INSTANCE, ((struct class *)self->data)->name);
	object->data = self;
	return object;
}

static id message_retain(id self) { return retain(self); }
static id message_release(id self) { release(self); return 0; }

static const struct { const char *class, *selector; void *does; } methods[] = {
	{"NSWorkspace", "sharedWorkspace", shared_workspace},
	{"NSWorkspace", "notificationCenter", workspace_center},
	{"NSWorkspace", "frontmostApplication", workspace_front},
	{"NSDistributedNotificationCenter", "defaultCenter", default_center},
	{"NSNotificationCenter", "addObserver:selector:name:object:", observe},
	{"NSNotificationCenter", "removeObserver:", unobserve},
	{"NSDistributedNotificationCenter", "addObserver:selector:name:object:suspensionBehavior:", observe_distributed},
	{"NSDistributedNotificationCenter", "removeObserver:", unobserve},
	{"NSRunningApplication", "processIdentifier", app_pid},
	{"NSRunningApplication", "localizedName", app_name},
	{"NSRunningApplication", "bundleIdentifier", app_bundle},
	{"NSRunningApplication", "executableURL", app_url},
	{"NSURL", "path", url_path},
	{"NSNotification", "userInfo", note_info},
	{"NSDictionary", "objectForKey:", info_object},
	{"NSProcessInfo", "processInfo", process_info},
	{"NSProcessInfo", "beginActivityWithOptions:reason:", begin_activity},
	{"NSProcessInfo", "endActivity:", end_activity},
	{0, "retain", message_retain},
	{0, "release", message_release},
};

static uintptr_t message(id self, const char *selector, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e) {
	if (!self)
		return 0;
	if (!is(self, 0, selector))
		return 0;
	// Of an own class, its objects' data is the class, and a class's own data its methods.
	if (self->kind == CLASS && self->data && !strcmp(selector, "new"))
		return (uintptr_t)new_object(self);
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (!strcmp(methods[i].selector, selector) && (!methods[i].class || (self->class && !strcmp(methods[i].class, self->class))))
			return ((method)methods[i].does)(self, selector, a, b, c, d, e);
	for (int i = 0; i < 4; i++)
		if (made[i] && self->data == made[i]) {
			struct class *class = made[i]->data;
			for (int j = 0; class->methods[j].selector; j++)
				if (class->methods[j].selector == selector)
					return class->methods[j].does(self, selector, a, b, c, d, e);
		}
	fault("%s is sent to %s, which has no such method", selector, self->class ? self->class : "something");
	return 0;
}

uintptr_t objc_msgSend(id self, const char *selector, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uintptr_t e) {
	return message(self, selector, a, b, c, d, e);
}
