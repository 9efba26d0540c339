{
	# The Node.js addon: the same probe core as the guest's agent, on this machine's own kernel.
	"targets": [
		{
			"target_name": "crcap",
			"sources": [
				"native/addon/addon.cc",
				"<!@(node -p \"['core', 'boundaries', 'criu'].flatMap((d) => require('fs').readdirSync('native/' + d).filter((f) => f.endsWith('.c')).map((f) => 'native/' + d + '/' + f)).join(' ')\")"
			],
			"include_dirs": [
				"<!@(node -p \"require('node-addon-api').include\")",
				"native/core"
			],
			"defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
			"cflags": ["-Wall", "-Wextra"],
			"cflags_c": ["-std=gnu11", "-fvisibility=hidden"],
			"cflags_cc": ["-std=gnu++17", "-fexceptions", "-fvisibility=hidden"],
			"cflags_cc!": ["-fno-exceptions"]
		}
	]
}
