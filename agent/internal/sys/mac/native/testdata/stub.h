// What the parts of the stub library share. The library stands in for macOS's: it counts references, checks arguments and
// threads, and remembers the first fault. Functions of macOS are declared here as they are called, not as Apple's headers
// have it: what returns a Boolean or an int32_t fills the rest of the register with rubbish, as it may.
#ifndef STUB_H
#define STUB_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stddef.h>

enum kind {
	STRING = 1, URL, BOOLEAN, NUMBER, DICTIONARY, ARRAY, SOURCE, LOOP,
	CLASS, INSTANCE, ELEMENT, OBSERVER,
};

// An object of any kind. Dead ones are kept, so that their use is seen.
typedef struct object {
	enum kind kind;
	const char *class;      // the Objective-C class, of those that are sent messages
	atomic_long count;
	int immortal;           // constants and shared objects: retained and released at will
	void (*end)(struct object *);
	uint16_t *units;        // of a string: UTF-16
	long length;            // of a string: units; of an array or dictionary: entries
	struct object **keys, **values;
	int64_t number;
	void *data;             // whatever else its kind needs
} *id;

id make(enum kind kind, const char *class);        // +1
id constant(enum kind kind, const char *class);    // never ends
id keep(id object);                                // has it never end; returns it
id retain(id object);
void release(id object);
id autorelease(id object);
id string_of(const char *utf8);                    // +1
id url_of(const char *utf8);                       // +1
id array_of(long length);                          // +1, its values to be set by who makes it, each +1
id pair(id dictionary, const char *key, id value); // takes value's +1; returns the dictionary
int equal(id a, id b);
int is(id object, enum kind kind, const char *who); // a living object of that kind; else a fault

void fault(const char *format, ...);
long stub_living(void);

// rubbish is what the upper half of a register may hold.
#define RUBBISH ((uintptr_t)0xdeadbeef00000000u)
#define BOOLEAN_RESULT(v) (RUBBISH | 0xabcdef00u | ((v) ? 1u : 0u))
#define INT32_RESULT(v) (RUBBISH | (uint32_t)(int32_t)(v))

// A source that perform is called for, with info, on a loop's thread each time it is signalled.
id source_of(void (*perform)(void *), void *info); // +1
void source_signal(id source);                     // and wakes the loop it is in
int on_main(void);
// main_does runs f on the main thread as an event of its run loop, and waits for it.
void main_does(void (*f)(void *), void *argument);

#endif
