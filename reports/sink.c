/* sink.c - the formats, by name. */
#include "sink.h"

#include <string.h>

#include "sink_json.h"
#include "sink_junit.h"
#include "sink_markdown.h"
#include "sink_sarif.h"
#include "sink_text.h"

const struct sink_ops *sink_find(const char *name)
{
	static const struct sink_ops *const all[] = { &sink_text, &sink_json, &sink_markdown, &sink_sarif, &sink_junit };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i]->name))
			return all[i];
	return NULL;
}
