// What other programs show: trees of nodes with attributes. As on a Mac, each answer brings elements of its own.
#include "stub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ILLEGAL = -25201, INVALID = -25202, CANNOT_COMPLETE = -25204, UNSUPPORTED = -25205, ALREADY_REGISTERED = -25209,
	NOT_REGISTERED = -25210, DISABLED = -25211 };

// Where several attributes are asked for, OMITTED is left out, and for TWICE an error is given two times.
enum { OMITTED = 1, TWICE };

#define AX_VALUE ((enum kind)64)

struct attribute {
	struct attribute *next;
	id name, value;
	int32_t code; // what is answered in the value's place
};

struct node {
	struct node *next;
	struct program *program;
	long number; // 0 is the program's root
	int32_t code;
	struct attribute *attributes;
};

struct program {
	struct program *next;
	int32_t pid;
	int hangs;
	struct node *nodes;
};

struct registration {
	struct registration *next;
	struct node *node;
	id name;
	uintptr_t told;
};

struct observer {
	struct program *program;
	void (*callback)(id observer, id element, id notification, uintptr_t told);
	id source;
	// What it is to tell of, and what has come to be told.
	struct registration *registered, *due;
	int under_way;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed;
static struct program *programs;
static id observers[64];
static int trusted, hung;
static long messages;
static float timeout = 6;
static int timeouts;

__attribute__((constructor)) static void begin(void) {
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &monotonic);
}

static struct program *program_of(int32_t pid) {
	for (struct program *p = programs; p; p = p->next)
		if (p->pid == pid)
			return p;
	struct program *p = calloc(1, sizeof *p);
	p->pid = pid;
	p->next = programs;
	return programs = p;
}

static struct node *node_of(int32_t pid, long number) {
	struct program *program = program_of(pid);
	for (struct node *n = program->nodes; n; n = n->next)
		if (n->number == number)
			return n;
	struct node *n = calloc(1, sizeof *n);
	n->program = program;
	n->number = number;
	n->next = program->nodes;
	return program->nodes = n;
}

static id element_of(struct node *node) {
	id element = make(ELEMENT, 0);
	element->data = node;
	return element;
}

static struct attribute *attribute_of(struct node *node, id name) {
	for (struct attribute *a = node->attributes; a; a = a->next)
		if (equal(a->name, name))
			return a;
	return 0;
}

// A message to the program that an element is of, which answers with 0, or an error. The lock is held on return.
static int32_t message(id element, const char *who, struct node **node) {
	pthread_mutex_lock(&lock);
	if (!is(element, ELEMENT, who) || !element->data)
		return ILLEGAL;
	*node = element->data;
	messages++;
	if (!trusted)
		return DISABLED;
	struct program *program = (*node)->program;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	long long ns = until.tv_nsec + (long long)(timeout * 1e9);
	until.tv_sec += ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	if (program->hangs) {
		hung = 1;
		pthread_cond_broadcast(&changed);
	}
	int late = 0;
	while (program->hangs && !late)
		late = pthread_cond_timedwait(&changed, &lock, &until) == ETIMEDOUT;
	return late ? CANNOT_COMPLETE : (*node)->code;
}

static id copy(id value) {
	if (value->kind == ELEMENT)
		return element_of(value->data);
	if (value->kind != ARRAY)
		return retain(value);
	id array = array_of(value->length);
	for (long i = 0; i < value->length; i++)
		array->values[i] = copy(value->values[i]);
	return array;
}

// An answer, of +1, is put where the caller said; where there is an error, rubbish is.
static uintptr_t answer(int32_t code, id value, uintptr_t *out) {
	*out = code ? RUBBISH : (uintptr_t)value;
	pthread_mutex_unlock(&lock);
	return INT32_RESULT(code);
}

static int32_t value_of(struct node *node, id name, const char *who, id *value) {
	if (!is(name, STRING, who))
		return ILLEGAL;
	struct attribute *a = attribute_of(node, name);
	if (!a)
		return UNSUPPORTED;
	*value = a->value;
	return a->code;
}

uintptr_t AXIsProcessTrustedWithOptions(uintptr_t options) {
	if (options)
		fault("AXIsProcessTrustedWithOptions: would ask the person");
	return BOOLEAN_RESULT(trusted);
}

uintptr_t AXUIElementCreateApplication(int32_t pid) {
	pthread_mutex_lock(&lock);
	id element = element_of(node_of(pid, 0));
	pthread_mutex_unlock(&lock);
	return (uintptr_t)element;
}

uintptr_t AXUIElementCreateSystemWide(void) { return (uintptr_t)element_of(0); }

uintptr_t AXUIElementGetTypeID(void) { return ELEMENT; }

uintptr_t AXUIElementSetMessagingTimeout(id element, float seconds) {
	if (!is(element, ELEMENT, "AXUIElementSetMessagingTimeout") || element->data)
		fault("AXUIElementSetMessagingTimeout: not for the whole process");
	if (!trusted)
		return INT32_RESULT(DISABLED);
	pthread_mutex_lock(&lock);
	timeout = seconds;
	timeouts++;
	pthread_mutex_unlock(&lock);
	return INT32_RESULT(0);
}

uintptr_t AXUIElementCopyAttributeValue(id element, id name, uintptr_t *out) {
	struct node *node;
	id value = 0;
	int32_t code = message(element, "AXUIElementCopyAttributeValue", &node);
	if (!code)
		code = value_of(node, name, "AXUIElementCopyAttributeValue", &value);
	return answer(code, code ? 0 : copy(value), out);
}

uintptr_t AXUIElementCopyAttributeValues(id element, id name, long from, long most, uintptr_t *out) {
	struct node *node;
	id value = 0;
	int32_t code = message(element, "AXUIElementCopyAttributeValues", &node);
	if (!code)
		code = value_of(node, name, "AXUIElementCopyAttributeValues", &value);
	if (!code && (value->kind != ARRAY || from < 0 || from >= value->length || most <= 0))
		code = ILLEGAL;
	if (code)
		return answer(code, 0, out);
	long length = value->length - from < most ? value->length - from : most;
	id array = array_of(length);
	for (long i = 0; i < length; i++)
		array->values[i] = copy(value->values[from + i]);
	return answer(0, array, out);
}

uintptr_t AXUIElementCopyMultipleAttributeValues(id element, id names, uint32_t options, uintptr_t *out) {
	static const char *who = "AXUIElementCopyMultipleAttributeValues";
	struct node *node;
	int32_t code = message(element, who, &node);
	if (options)
		fault("%s: options %u", who, options);
	if (!is(names, ARRAY, who))
		code = ILLEGAL;
	if (code)
		return answer(code, 0, out);
	id array = array_of(2 * names->length);
	array->length = 0;
	for (long i = 0; i < names->length; i++) {
		id value = 0;
		code = value_of(node, names->values[i], who, &value);
		if (code == OMITTED)
			continue;
		if (code) {
			value = make(AX_VALUE, 0);
			value->number = code;
		} else {
			value = copy(value);
		}
		array->values[array->length++] = value;
		if (code == TWICE)
			array->values[array->length++] = retain(value);
	}
	return answer(0, array, out);
}

uintptr_t AXValueGetTypeID(void) { return AX_VALUE; }

uintptr_t AXValueGetValue(id value, uint32_t kind, int32_t *to) {
	if (kind != 5)
		fault("AXValueGetValue: of type %u", kind);
	if (!is(value, AX_VALUE, "AXValueGetValue"))
		return BOOLEAN_RESULT(0);
	*to = value->number;
	return BOOLEAN_RESULT(1);
}

uintptr_t CFHash(id object) {
	if (!is(object, 0, "CFHash"))
		return 0;
	struct node *node = object->data;
	if (object->kind != ELEMENT || !node)
		return (uintptr_t)object;
	return (node->number + 1) * 0x9e3779b97f4a7c15u;
}

uintptr_t CFArrayGetTypeID(void) { return ARRAY; }
long CFArrayGetCount(id array) { return is(array, ARRAY, "CFArrayGetCount") ? array->length : 0; }

uintptr_t CFArrayGetValueAtIndex(id array, long at) {
	if (!is(array, ARRAY, "CFArrayGetValueAtIndex"))
		return 0;
	if (at < 0 || at >= array->length) {
		fault("CFArrayGetValueAtIndex: %ld of %ld", at, array->length);
		return 0;
	}
	return (uintptr_t)array->values[at];
}

uintptr_t CFStringCreateArrayBySeparatingStrings(uintptr_t allocator, id text, id separator) {
	static const char *who = "CFStringCreateArrayBySeparatingStrings";
	if (!is(text, STRING, who) || !is(separator, STRING, who))
		return 0;
	if (allocator || separator->length != 1)
		fault("%s: a separator of %ld", who, separator->length);
	id array = array_of(text->length + 1);
	array->length = 0;
	for (long from = 0, to = 0; to <= text->length; to++)
		if (to == text->length || text->units[to] == separator->units[0]) {
			id part = make(STRING, "NSString");
			part->units = calloc(to - from + 1, sizeof *part->units);
			memcpy(part->units, text->units + from, (to - from) * sizeof *part->units);
			part->length = to - from;
			array->values[array->length++] = part;
			from = to + 1;
		}
	return (uintptr_t)array;
}

// Observers.

static void unlink_registration(struct registration **at) {
	struct registration *r = *at;
	*at = r->next;
	release(r->name);
	free(r);
}

static struct registration **registration_of(struct observer *observer, struct node *node, id name) {
	struct registration **at = &observer->registered;
	while (*at && ((*at)->node != node || !equal((*at)->name, name)))
		at = &(*at)->next;
	return at;
}

static void link_registration(struct registration **at, struct node *node, id name, uintptr_t told) {
	while (*at)
		at = &(*at)->next;
	struct registration *r = *at = calloc(1, sizeof *r);
	r->node = node;
	r->name = retain(name);
	r->told = told;
}

// tell is what an observer's source does: what is due, one after the other.
static void tell(void *argument) {
	id object = argument;
	struct observer *observer = object->data;
	pthread_mutex_lock(&lock);
	observer->under_way = 1;
	while (observer->due) {
		struct registration *due = observer->due;
		id element = element_of(due->node), name = retain(due->name);
		uintptr_t told = due->told;
		unlink_registration(&observer->due);
		pthread_mutex_unlock(&lock);
		observer->callback(object, element, name, told);
		release(element);
		release(name);
		pthread_mutex_lock(&lock);
	}
	observer->under_way = 0;
	pthread_mutex_unlock(&lock);
}

static void end_observer(id object) {
	struct observer *observer = object->data;
	pthread_mutex_lock(&lock);
	if (observer->under_way)
		fault("an observer ended below a notification of its own");
	for (int i = 0; i < 64; i++)
		if (observers[i] == object)
			observers[i] = 0;
	while (observer->registered)
		unlink_registration(&observer->registered);
	while (observer->due)
		unlink_registration(&observer->due);
	pthread_mutex_unlock(&lock);
	release(observer->source);
}

uintptr_t AXObserverCreate(int32_t pid, void (*callback)(id, id, id, uintptr_t), uintptr_t *out) {
	pthread_mutex_lock(&lock);
	int at = 0;
	while (at < 63 && observers[at])
		at++;
	if (!callback || observers[at])
		fault("AXObserverCreate: no callback, or too many");
	if (!trusted)
		return answer(DISABLED, 0, out);
	id object = observers[at] = make(OBSERVER, 0);
	struct observer *observer = object->data = calloc(1, sizeof *observer);
	observer->program = program_of(pid);
	observer->callback = callback;
	observer->source = source_of(tell, object);
	object->end = end_observer;
	return answer(0, object, out);
}

uintptr_t AXObserverGetRunLoopSource(id object) {
	return is(object, OBSERVER, "AXObserverGetRunLoopSource") ? (uintptr_t)((struct observer *)object->data)->source : 0;
}

// Both go to the program, and so may have to wait for it.
static uintptr_t change(id object, id element, id name, const char *who, uintptr_t told) {
	struct node *node;
	int32_t code = message(element, who, &node);
	uintptr_t nothing;
	if (!is(object, OBSERVER, who) || !is(name, STRING, who))
		return answer(ILLEGAL, 0, &nothing);
	struct observer *observer = object->data;
	if (!code && observer->program != node->program)
		code = ILLEGAL;
	if (!code) {
		struct registration **at = registration_of(observer, node, name);
		if (told && *at)
			code = ALREADY_REGISTERED;
		else if (told)
			link_registration(at, node, name, told);
		else if (*at)
			unlink_registration(at);
		else
			code = NOT_REGISTERED;
	}
	return answer(code, 0, &nothing);
}

uintptr_t AXObserverAddNotification(id object, id element, id name, uintptr_t told) {
	if (!told)
		fault("AXObserverAddNotification: nothing to bring along");
	return change(object, element, name, "AXObserverAddNotification", told);
}

uintptr_t AXObserverRemoveNotification(id object, id element, id name) {
	return change(object, element, name, "AXObserverRemoveNotification", 0);
}

// What tests do.

void stub_ax_trust(int is_trusted) { trusted = is_trusted; }
float stub_ax_timeout(void) { return timeout; }
int stub_ax_timeouts(void) { return timeouts; }
long stub_ax_messages(void) { return messages; }

void stub_ax_hang(int32_t pid, int hangs) {
	pthread_mutex_lock(&lock);
	program_of(pid)->hangs = hangs;
	hung = 0;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

// stub_ax_await_hung waits until a question was put to a program that hangs.
void stub_ax_await_hung(void) {
	pthread_mutex_lock(&lock);
	while (!hung)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

// stub_ax_fail has an attribute of a node, or the whole node where it has no name, answer with an error.
void stub_ax_fail(int32_t pid, long number, const char *name, int32_t code) {
	pthread_mutex_lock(&lock);
	struct node *node = node_of(pid, number);
	if (*name) {
		struct attribute *a = calloc(1, sizeof *a);
		a->name = string_of(name);
		a->code = code;
		a->next = node->attributes;
		node->attributes = a;
	} else {
		node->code = code;
	}
	pthread_mutex_unlock(&lock);
}

id stub_ax_element(int32_t pid, long number) {
	pthread_mutex_lock(&lock);
	id element = element_of(node_of(pid, number));
	pthread_mutex_unlock(&lock);
	return element;
}

// stub_ax_set gives a node an attribute, before others of that name, and takes the value's +1; 0 is an empty list.
void stub_ax_set(int32_t pid, long number, const char *name, id value) {
	stub_ax_fail(pid, number, name, 0);
	node_of(pid, number)->attributes->value = value ? value : array_of(0);
}

// stub_ax_add adds a value, and takes its +1, to the list that a node's newest attribute is.
void stub_ax_add(int32_t pid, long number, id value) {
	id list = node_of(pid, number)->attributes->value;
	list->values = realloc(list->values, (list->length + 1) * sizeof *list->values);
	list->values[list->length++] = value;
}

// stub_ax_post tells who follows a node, or the root of its program.
void stub_ax_post(int32_t pid, long number, const char *notification) {
	id name = string_of(notification);
	pthread_mutex_lock(&lock);
	struct node *node = node_of(pid, number);
	for (int i = 0; i < 64; i++) {
		struct observer *observer = observers[i] ? observers[i]->data : 0;
		for (struct registration *r = observer ? observer->registered : 0; r; r = r->next)
			if (equal(r->name, name) && (r->node == node || r->node == node_of(pid, 0))) {
				link_registration(&observer->due, node, name, r->told);
				source_signal(observer->source);
			}
	}
	pthread_mutex_unlock(&lock);
	release(name);
}

// stub_ax_registered is how many notifications of a node are followed.
int stub_ax_registered(int32_t pid, long number) {
	pthread_mutex_lock(&lock);
	int found = 0;
	for (int i = 0; i < 64; i++) {
		struct observer *observer = observers[i] ? observers[i]->data : 0;
		for (struct registration *r = observer ? observer->registered : 0; r; r = r->next)
			found += r->node == node_of(pid, number);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

// stub_ax_end ends all programs; who held elements of theirs, holds them still.
void stub_ax_end(void) {
	pthread_mutex_lock(&lock);
	for (struct program *p = programs; p; p = p->next)
		for (struct node *n = p->nodes; n; n = n->next) {
			for (struct attribute *a = n->attributes; a; a = a->next) {
				release(a->name);
				if (a->value)
					release(a->value);
			}
			n->attributes = 0;
			n->code = INVALID;
		}
	programs = 0;
	timeouts = messages = 0;
	pthread_mutex_unlock(&lock);
}
