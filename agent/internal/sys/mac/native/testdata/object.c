// CoreFoundation's objects: references, strings, numbers, dictionaries, autorelease pools.
#include "stub.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char first_fault[400];
static atomic_long living, open_pools;

void fault(const char *format, ...) {
	pthread_mutex_lock(&lock);
	if (!first_fault[0]) {
		va_list arguments;
		va_start(arguments, format);
		vsnprintf(first_fault, sizeof first_fault, format, arguments);
		va_end(arguments);
	}
	pthread_mutex_unlock(&lock);
}

// stub_fault is the first fault since it was last asked for; empty for none.
const char *stub_fault(void) {
	static char told[sizeof first_fault];
	pthread_mutex_lock(&lock);
	memcpy(told, first_fault, sizeof told);
	first_fault[0] = 0;
	pthread_mutex_unlock(&lock);
	return told;
}

// stub_living is how many objects were made and did not end.
long stub_living(void) { return living; }

// stub_pools is how many autorelease pools are open.
long stub_pools(void) { return open_pools; }

id make(enum kind kind, const char *class) {
	id object = calloc(1, sizeof *object);
	object->kind = kind;
	object->class = class;
	object->count = 1;
	living++;
	return object;
}

id keep(id object) {
	object->immortal = 1;
	living--;
	return object;
}

id constant(enum kind kind, const char *class) { return keep(make(kind, class)); }

int is(id object, enum kind kind, const char *who) {
	if (!object) {
		fault("%s: nothing was given", who);
		return 0;
	}
	if (object->count <= 0) {
		fault("%s: the object, of kind %d, ended already", who, object->kind);
		return 0;
	}
	if (kind && object->kind != kind) {
		fault("%s: an object of kind %d where %d is due", who, object->kind, kind);
		return 0;
	}
	return 1;
}

id retain(id object) {
	if (is(object, 0, "retain") && !object->immortal)
		object->count++;
	return object;
}

void release(id object) {
	if (!is(object, 0, "release") || object->immortal || --object->count > 0)
		return;
	living--;
	if (object->end)
		object->end(object);
	for (long i = 0; i < object->length; i++) {
		if (object->keys)
			release(object->keys[i]);
		if (object->values)
			release(object->values[i]);
	}
	// A string's units stay: who reads them later is told, not crashed.
}

uintptr_t CFRetain(id object) { return (uintptr_t)retain(object); }
void CFRelease(id object) { release(object); }

uintptr_t CFGetTypeID(id object) { return is(object, 0, "CFGetTypeID") ? object->kind : 0; }
uintptr_t CFBooleanGetTypeID(void) { return BOOLEAN; }
uintptr_t CFNumberGetTypeID(void) { return NUMBER; }
uintptr_t CFStringGetTypeID(void) { return STRING; }
uintptr_t CFURLGetTypeID(void) { return URL; }

// Autorelease pools: a stack for each thread.

struct pool {
	struct pool *below;
	id *objects;
	long length;
};

static __thread struct pool *top;

uintptr_t objc_autoreleasePoolPush(void) {
	struct pool *pool = calloc(1, sizeof *pool);
	pool->below = top;
	top = pool;
	open_pools++;
	return (uintptr_t)pool;
}

void objc_autoreleasePoolPop(struct pool *pool) {
	if (pool != top || !pool) {
		fault("objc_autoreleasePoolPop: not this thread's innermost pool");
		return;
	}
	for (long i = 0; i < pool->length; i++)
		release(pool->objects[i]);
	top = pool->below;
	free(pool->objects);
	free(pool);
	open_pools--;
}

id autorelease(id object) {
	if (!top) {
		fault("autorelease of kind %d without a pool", object->kind);
		return object;
	}
	top->objects = realloc(top->objects, (top->length + 1) * sizeof *top->objects);
	top->objects[top->length++] = object;
	return object;
}

// Strings.

static int valid_utf8(const unsigned char *s, long n, uint16_t *out, long *length) {
	*length = 0;
	for (long i = 0; i < n;) {
		uint32_t c = s[i];
		int more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		if (c >= 0x80)
			c &= 0x3f >> more;
		for (i++; more--; i++) {
			if (i >= n || (s[i] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[i] & 0x3f);
		}
		if (c >= 0x10000) {
			out[(*length)++] = 0xd800 + ((c - 0x10000) >> 10);
			out[(*length)++] = 0xdc00 + ((c - 0x10000) & 0x3ff);
		} else {
			out[(*length)++] = c;
		}
	}
	return 1;
}

uintptr_t CFStringCreateWithBytes(uintptr_t allocator, const unsigned char *bytes, long n, uint32_t encoding, uint8_t external) {
	if (allocator || n < 0 || encoding != 0x08000100 || external)
		fault("CFStringCreateWithBytes: %ld bytes, encoding %x", n, encoding);
	uint16_t *units = calloc(n + 1, sizeof *units);
	long length;
	if (!valid_utf8(bytes, n, units, &length))
		return 0;
	id string = make(STRING, "NSString");
	string->units = units;
	string->length = length;
	return (uintptr_t)string;
}

id string_of(const char *utf8) {
	return (id)CFStringCreateWithBytes(0, (const unsigned char *)utf8, strlen(utf8), 0x08000100, 0);
}

long CFStringGetLength(id string) { return is(string, STRING, "CFStringGetLength") ? string->length : 0; }

struct range { long from, n; };

long CFStringGetBytes(id string, struct range range, uint32_t encoding, uint8_t loss, uint8_t external, unsigned char *to, long most, long *used) {
	long from = range.from, n = range.n;
	*used = 0;
	if (!is(string, STRING, "CFStringGetBytes"))
		return 0;
	if (from < 0 || n < 0 || from + n > string->length || encoding != 0x08000100 || loss != '?' || external || most < 0)
		fault("CFStringGetBytes: from %ld, %ld of %ld units, encoding %x, %ld bytes", from, n, string->length, encoding, most);
	long taken = 0;
	while (taken < n) {
		const uint16_t *u = string->units + from + taken;
		uint32_t c = u[0];
		int width = 1;
		if (c >= 0xd800 && c < 0xdc00 && taken + 1 < n && u[1] >= 0xdc00 && u[1] < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (u[1] - 0xdc00);
			width = 2;
		} else if (c >= 0xd800 && c < 0xe000) {
			c = loss;
		}
		int bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
		if (*used + bytes > most)
			break;
		unsigned char *p = to + *used;
		static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
		p[0] = first[bytes] | c >> 6 * (bytes - 1);
		for (int i = 1; i < bytes; i++)
			p[i] = 0x80 | (c >> 6 * (bytes - 1 - i) & 0x3f);
		*used += bytes;
		taken += width;
	}
	return taken;
}

int equal(id a, id b) {
	if (a == b || a->kind != STRING || b->kind != STRING)
		return a == b;
	return a->length == b->length && !memcmp(a->units, b->units, a->length * sizeof *a->units);
}

uintptr_t CFURLGetString(id url) { return is(url, URL, "CFURLGetString") ? (uintptr_t)url->data : 0; }

// Booleans, numbers, dictionaries, arrays.

uintptr_t CFBooleanGetValue(id object) { return BOOLEAN_RESULT(is(object, BOOLEAN, "CFBooleanGetValue") && object->number); }

uintptr_t CFNumberGetValue(id object, long kind, int64_t *value) {
	if (kind != 4)
		fault("CFNumberGetValue: of kind %ld", kind);
	if (!is(object, NUMBER, "CFNumberGetValue"))
		return BOOLEAN_RESULT(0);
	*value = object->number;
	return BOOLEAN_RESULT(1);
}

id array_of(long length) {
	id array = make(ARRAY, 0);
	array->values = calloc(length + 1, sizeof *array->values);
	array->length = length;
	return array;
}

id pair(id dictionary, const char *key, id value) {
	long n = dictionary->length + 1;
	dictionary->keys = realloc(dictionary->keys, n * sizeof *dictionary->keys);
	dictionary->values = realloc(dictionary->values, n * sizeof *dictionary->values);
	dictionary->keys[n - 1] = string_of(key);
	dictionary->values[n - 1] = value;
	dictionary->length = n;
	return dictionary;
}

uintptr_t CFDictionaryGetValue(id dictionary, id key) {
	if (!is(dictionary, DICTIONARY, "CFDictionaryGetValue") || !is(key, 0, "CFDictionaryGetValue"))
		return 0;
	for (long i = 0; i < dictionary->length; i++)
		if (equal(dictionary->keys[i], key))
			return (uintptr_t)dictionary->values[i];
	return 0;
}

// What tests make by themselves.

uintptr_t stub_string(const uint16_t *units, long length) {
	id string = make(STRING, "NSString");
	string->units = calloc(length + 1, sizeof *units);
	memcpy(string->units, units, length * sizeof *units);
	string->length = length;
	return (uintptr_t)string;
}

static void end_url(id url) { release(url->data); }

id url_of(const char *utf8) {
	id url = make(URL, "NSURL");
	url->data = string_of(utf8);
	url->end = end_url;
	return url;
}

uintptr_t stub_url(const char *utf8) { return (uintptr_t)url_of(utf8); }

uintptr_t stub_number(enum kind kind, int64_t number) {
	id object = make(kind, "NSNumber");
	object->number = number;
	return (uintptr_t)object;
}
