// Run loops: one for each thread, of the default mode alone.
#define _GNU_SOURCE
#include "stub.h"

#include <errno.h>
#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

id kCFRunLoopDefaultMode;

struct source {
	void (*perform)(void *);
	void *info;
	int signalled;
	id loop; // that it is in; borrowed
};

enum { MOST = 1024 };

struct loop {
	pid_t thread;
	pthread_cond_t wake;
	id sources[MOST];
	int awake;
};

// One lock for all: the stub need not be quick.
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static id main_loop;
static __thread id own_loop;

static id new_loop(pid_t thread) {
	id object = constant(LOOP, 0);
	struct loop *loop = object->data = calloc(1, sizeof *loop);
	loop->thread = thread;
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&loop->wake, &monotonic);
	return object;
}

__attribute__((constructor)) static void begin(void) {
	kCFRunLoopDefaultMode = constant(STRING, "NSString");
	main_loop = new_loop(getpid());
}

int on_main(void) { return gettid() == getpid(); }

uintptr_t pthread_main_np(void) { return INT32_RESULT(on_main()); }

uintptr_t CFRunLoopGetMain(void) { return (uintptr_t)main_loop; }

uintptr_t CFRunLoopGetCurrent(void) {
	if (!own_loop)
		own_loop = on_main() ? main_loop : new_loop(gettid());
	return (uintptr_t)own_loop;
}

static void end_source(id object) {
	struct source *source = object->data;
	if (source->loop)
		fault("a source ended that is in a loop");
}

id source_of(void (*perform)(void *), void *info) {
	id object = make(SOURCE, 0);
	struct source *source = object->data = calloc(1, sizeof *source);
	source->perform = perform;
	source->info = info;
	object->end = end_source;
	return object;
}

// CFRunLoopSourceContext of CFRunLoop.h.
struct context {
	long version;
	void *info, *retain, *release, *describe, *equal, *hash, *schedule, *cancel;
	void (*perform)(void *);
};

uintptr_t CFRunLoopSourceCreate(uintptr_t allocator, long order, struct context *context) {
	if (allocator || order || context->version || !context->perform || context->retain || context->cancel)
		fault("CFRunLoopSourceCreate: version %ld, order %ld", context->version, order);
	id source = source_of(context->perform, context->info);
	// It is copied: nothing of the caller's is held.
	memset(context, 0xff, sizeof *context);
	return (uintptr_t)source;
}

void CFRunLoopAddSource(id object, id source_object, id mode) {
	if (!is(object, LOOP, "CFRunLoopAddSource") || !is(source_object, SOURCE, "CFRunLoopAddSource"))
		return;
	if (mode != kCFRunLoopDefaultMode)
		fault("CFRunLoopAddSource: another mode");
	struct source *source = source_object->data;
	struct loop *loop = object->data;
	pthread_mutex_lock(&lock);
	int at = 0;
	while (at < MOST - 1 && loop->sources[at])
		at++;
	if (source->loop || loop->sources[at])
		fault("CFRunLoopAddSource: the source is in a loop, or the loop is full");
	loop->sources[at] = retain(source_object);
	source->loop = object;
	pthread_mutex_unlock(&lock);
}

void CFRunLoopSourceInvalidate(id object) {
	if (!is(object, SOURCE, "CFRunLoopSourceInvalidate"))
		return;
	struct source *source = object->data;
	pthread_mutex_lock(&lock);
	struct loop *loop = source->loop ? source->loop->data : 0;
	source->loop = 0;
	for (int i = 0; loop && i < MOST; i++)
		if (loop->sources[i] == object) {
			loop->sources[i] = 0;
			release(object);
		}
	pthread_mutex_unlock(&lock);
}

static void wake(id object) {
	struct loop *loop = object->data;
	loop->awake = 1;
	pthread_cond_broadcast(&loop->wake);
}

// A source that is signalled is not seen before its loop is woken.
void CFRunLoopSourceSignal(id object) {
	if (!is(object, SOURCE, "CFRunLoopSourceSignal"))
		return;
	pthread_mutex_lock(&lock);
	((struct source *)object->data)->signalled = 1;
	pthread_mutex_unlock(&lock);
}

void CFRunLoopWakeUp(id object) {
	if (!is(object, LOOP, "CFRunLoopWakeUp"))
		return;
	pthread_mutex_lock(&lock);
	wake(object);
	pthread_mutex_unlock(&lock);
}

void source_signal(id object) {
	struct source *source = object->data;
	pthread_mutex_lock(&lock);
	source->signalled = 1;
	if (source->loop)
		wake(source->loop);
	pthread_mutex_unlock(&lock);
}

enum { FINISHED = 1, STOPPED, TIMED_OUT, HANDLED };

uintptr_t CFRunLoopRunInMode(id mode, double seconds, uint8_t once) {
	if (mode != kCFRunLoopDefaultMode || !(seconds > 0) || once != 1)
		fault("CFRunLoopRunInMode: %f s, once %d", seconds, once);
	struct loop *loop = ((id)CFRunLoopGetCurrent())->data;
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)fmin(seconds, 1e6);
	pthread_mutex_lock(&lock);
	for (;;) {
		int some = 0;
		for (int i = 0; i < MOST; i++) {
			id object = loop->sources[i];
			if (!object)
				continue;
			some = 1;
			struct source *source = object->data;
			if (!source->signalled)
				continue;
			source->signalled = 0;
			retain(object);
			pthread_mutex_unlock(&lock);
			source->perform(source->info);
			release(object);
			return INT32_RESULT(HANDLED);
		}
		if (!some) {
			pthread_mutex_unlock(&lock);
			return INT32_RESULT(FINISHED);
		}
		while (!loop->awake)
			if (pthread_cond_timedwait(&loop->wake, &lock, &until) == ETIMEDOUT) {
				pthread_mutex_unlock(&lock);
				return INT32_RESULT(TIMED_OUT);
			}
		loop->awake = 0;
	}
}

// What the system does on the main thread comes from a source as well.

struct doing {
	void (*f)(void *);
	void *argument;
	sem_t done;
};

static void does(void *argument) {
	struct doing *doing = argument;
	doing->f(doing->argument);
	sem_post(&doing->done);
}

void main_does(void (*f)(void *), void *argument) {
	struct doing doing = {.f = f, .argument = argument};
	sem_init(&doing.done, 0, 0);
	id source = source_of(does, &doing);
	CFRunLoopAddSource(main_loop, source, kCFRunLoopDefaultMode);
	source_signal(source);
	while (sem_wait(&doing.done))
		;
	CFRunLoopSourceInvalidate(source);
	release(source);
}
