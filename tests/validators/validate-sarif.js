// validate-sarif.js - hold SARIF files against the official schema: node validate-sarif.js FILE...
const fs = require("fs");
const Ajv = require("ajv-draft-04");
const addFormats = require("ajv-formats");
const schema = require("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json");

// One pattern of the schema is no regular expression in Unicode mode.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats(ajv);
const validate = ajv.compile(schema);
let wrong = 0;
for (const file of process.argv.slice(2)) {
	if (validate(JSON.parse(fs.readFileSync(file, "utf8"))))
		continue;
	wrong++;
	for (const error of validate.errors.slice(0, 10))
		console.log(`${file}: ${error.instancePath} ${error.message}`);
}
process.exit(wrong ? 1 : 0);
