// SPDX-License-Identifier: MIT
/*
 * The Node.js addon: runs a case on this machine's own kernel, off the event loop.
 * The typed side of this interface is runner/targets/addon.ts.
 */
#include <napi.h>

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "crprobe.h"

namespace
{

/* Facts are a line each; a kernel configuration does not travel in them, so this is ample. */
constexpr size_t FACTS_MAX = 64 * 1024;

/* Calls the core on a thread of the pool, and settles a promise with the text that it wrote. */
class Task : public Napi::AsyncWorker
{
      public:
	explicit Task(Napi::Env env, size_t space)
	    : Napi::AsyncWorker(env), deferred(Napi::Promise::Deferred::New(env)), out(space)
	{
	}

	Napi::Promise Promise() const
	{
		return deferred.Promise();
	}

      protected:
	/* Calls the core; returns the length that it wrote, or -errno. */
	virtual int Call(char *buffer, size_t length) = 0;

	void Execute() override
	{
		length = Call(out.data(), out.size());
		if (length < 0)
			SetError(std::strerror(-length));
	}

	void OnOK() override
	{
		deferred.Resolve(Napi::String::New(Env(), out.data(), static_cast<size_t>(length)));
	}

	void OnError(const Napi::Error &error) override
	{
		error.Value().Set("errno", Napi::Number::New(Env(), -length));
		deferred.Reject(error.Value());
	}

      private:
	Napi::Promise::Deferred deferred;
	std::vector<char> out;
	int length = 0;
};

class RunTask : public Task
{
      public:
	RunTask(Napi::Env env, std::string program, unsigned int deadline_ms, std::string self)
	    : Task(env, CR_PAYLOAD_MAX), program(std::move(program)), deadline_ms(deadline_ms),
	      self(std::move(self))
	{
	}

      protected:
	int Call(char *buffer, size_t length) override
	{
		return cr_run_case(program.c_str(), deadline_ms, self.c_str(), buffer, length);
	}

      private:
	std::string program;
	unsigned int deadline_ms;
	std::string self;
};

class FactsTask : public Task
{
      public:
	explicit FactsTask(Napi::Env env) : Task(env, FACTS_MAX)
	{
	}

      protected:
	int Call(char *buffer, size_t length) override
	{
		return cr_facts(buffer, length);
	}
};

/* A C string ends at its first NUL: an argument that holds one would be cut without a word. */
bool IsPlain(const std::string &text)
{
	return !text.empty() && text.find('\0') == std::string::npos;
}

Napi::Value Queue(Task *task)
{
	/* The worker deletes itself once it has settled the promise. */
	Napi::Promise promise = task->Promise();
	task->Queue();
	return promise;
}

/* run(program, deadlineMs, crprobePath) */
Napi::Value Run(const Napi::CallbackInfo &info)
{
	Napi::Env env = info.Env();

	if (info.Length() != 3 || !info[0].IsString() || !info[1].IsNumber() || !info[2].IsString())
		throw Napi::TypeError::New(env,
					   "run takes a program, a deadline and crprobe's path");
	std::string program = info[0].As<Napi::String>();
	int64_t deadline_ms = info[1].As<Napi::Number>().Int64Value();
	std::string self = info[2].As<Napi::String>();

	if (!IsPlain(program) || program.size() >= CR_PROGRAM_MAX)
		throw Napi::RangeError::New(env, "the program is empty, too long, or holds a NUL");
	if (deadline_ms < 1 || deadline_ms > INT32_MAX)
		throw Napi::RangeError::New(env, "the deadline must be 1 to 2147483647 ms");
	if (!IsPlain(self))
		throw Napi::RangeError::New(env, "crprobe's path is empty or holds a NUL");
	return Queue(new RunTask(env, std::move(program), static_cast<unsigned int>(deadline_ms),
				 std::move(self)));
}

/* facts() */
Napi::Value Facts(const Napi::CallbackInfo &info)
{
	return Queue(new FactsTask(info.Env()));
}

Napi::Object Init(Napi::Env env, Napi::Object exports)
{
	exports.Set("run", Napi::Function::New(env, Run, "run"));
	exports.Set("facts", Napi::Function::New(env, Facts, "facts"));
	exports.Set("version", Napi::String::New(env, CRPROBE_VERSION));
	return exports;
}

} // namespace

NODE_API_MODULE(crcap, Init)
