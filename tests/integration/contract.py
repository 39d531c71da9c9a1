"""Compares what the gateway answers with its contract, docs/openapi/openapi.json: operation, status, content type, headers, body.

Stricter than the contract is with clients: an object has the members that are documented and no others. Schemas have their
references resolved once, so that a comparison costs a fraction of a millisecond.
"""
import gzip
import json
import os
import re

import jsonschema

FILE = os.environ.get("HELIOGRAPH_CONTRACT") or os.path.join(
    os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs", "openapi", "openapi.json")
METHODS = {"get", "put", "post", "delete", "options", "head", "patch"}
PROBLEM = "application/problem+json"
FORMATS = jsonschema.FormatChecker(formats=())


@FORMATS.checks("uuid")
def is_uuid(value):
    return not isinstance(value, str) or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


class ContractViolation(AssertionError):
    pass


def segment_pattern(path):
    """A regular expression for a path template, and how literal it is: the more literal of two that match wins."""
    parts = re.split(r"\{[^}]*\}", path)
    return re.compile("[^/]+".join(re.escape(part) for part in parts)), [not part.startswith("{") for part in path.split("/")]


class Contract:
    def __init__(self, document=None):
        if document is None:
            with open(FILE, encoding="utf-8") as file:
                document = json.load(file)
        self.document, self.violations = document, []
        self.paths = sorted(((*segment_pattern(path), path) for path in document["paths"]), key=lambda entry: entry[1], reverse=True)
        self.validators, self.found = {}, {}
        self.problem = self._validator(document["components"]["schemas"]["Problem"])

    def resolve(self, node):
        while isinstance(node, dict) and "$ref" in node:
            target = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            node = target
        return node

    def _closed(self, schema):
        """The schema without references, its objects closed."""
        schema = self.resolve(schema)
        if isinstance(schema, list):
            return [self._closed(item) for item in schema]
        if not isinstance(schema, dict):
            return schema
        made = {name: {key: self._closed(item) for key, item in value.items()} if name == "properties"
                else value if name in ("enum", "const", "required", "default", "example", "examples") else self._closed(value)
                for name, value in schema.items()}
        if "allOf" in made:
            made = self._merged(made)
        if "properties" in made:
            made.setdefault("additionalProperties", False)
        return made

    @staticmethod
    def _merged(schema):
        """The parts of an allOf as one object: closed alone, each would refuse the members of the others."""
        parts = [*schema.pop("allOf"), schema]
        return {"type": "object", "required": [name for part in parts for name in part.get("required", ())],
                "properties": {name: value for part in parts for name, value in part.get("properties", {}).items()}}

    def _validator(self, schema):
        closed = self._closed(schema)
        jsonschema.Draft202012Validator.check_schema(closed)
        return jsonschema.Draft202012Validator(closed, format_checker=FORMATS)

    def operation(self, method, target):
        """(path template or None, operation or None) that a request is for."""
        path = target.split("?", 1)[0]
        template = self.found.get(path)
        if template is None:
            template = next((template for pattern, _, template in self.paths if pattern.fullmatch(path)), None)
            if len(self.found) < 10_000:
                self.found[path] = template
        item = self.document["paths"].get(template, {}) if template else {}
        return template, item.get("get" if method == "HEAD" else method.lower())

    def check(self, method, target, answer):
        """Raises ContractViolation and keeps it: a thread's exception may be lost, the list is not."""
        problem = self.fault(method, target, answer)
        if problem:
            text = f"{method} {target} answered {answer!r}, against the contract: {problem}"
            self.violations.append(text)
            raise ContractViolation(text)

    def fault(self, method, target, answer):
        """None, or a sentence about what the contract does not say so."""
        template, operation = self.operation(method, target)
        if method == "OPTIONS" and answer.status in (200, 204):
            return None
        if operation is None:
            return self._fault_of_refusal(self._refusals(template), answer, method == "HEAD")
        responses = operation["responses"]
        status = str(answer.status)
        key = status if status in responses else f"{status[0]}XX" if f"{status[0]}XX" in responses else "default"
        response = self.resolve(responses.get(key))
        if response is None:
            return f"{template} has no response {status}"
        if key == "default" and answer.status not in response.get("x-statuses", ()):
            return f"{template} does not answer {status}, and not everything may"
        return self._fault_of_headers(response, answer) or self._fault_of_body(
            (template, method, key), response, answer, method == "HEAD")

    def _refusals(self, template):
        """What a method that is not documented may get. An optional tag's paths need not be there."""
        optional = {tag["name"] for tag in self.document["tags"] if tag.get("x-optional")}
        item = self.document["paths"].get(template, {})
        tags = {tag for method in METHODS & item.keys() for tag in item[method]["tags"]}
        return {501} | ({404} if template is None else {404, 405} if tags & optional else {405})

    def _fault_of_refusal(self, statuses, answer, is_head):
        everywhere = self.document["components"]["responses"]["Refused"]["x-statuses"]
        if answer.status not in statuses and (answer.status == 404 or answer.status not in everywhere):
            return "there is no such operation, so nothing but a refusal may answer"
        if answer.status == 405 and "allow" not in answer.headers:
            return "405 without Allow"
        if answer.headers.get("content-type") != PROBLEM:
            return f"the content type {answer.headers.get('content-type')} is no problem's"
        return None if is_head else self._fault_of_json(self.problem, answer.body)

    def _fault_of_headers(self, response, answer):
        for name, header in response.get("headers", {}).items():
            header, value = self.resolve(header), answer.headers.get(name.lower())
            if value is None:
                if header.get("required"):
                    return f"the header {name} is missing"
                continue
            validator = self.validators.get(id(header))
            if validator is None:
                validator = self.validators[id(header)] = self._validator(header["schema"])
            error = next(validator.iter_errors(value), None)
            if error:
                return f"the header {name}: {error.message}"
        return None

    def _fault_of_body(self, key, response, answer, is_head):
        content = response.get("content")
        if content is None:
            return "a body where none is documented" if answer.body else None
        given = answer.headers.get("content-type", "").split(";")[0].strip()
        if "*/*" in content:
            return None
        if given not in content:
            return f"the content type {given!r} is none of {sorted(content)}"
        if is_head or not given.endswith("json"):
            return None
        validator = self.validators.get((key, given))
        if validator is None:
            validator = self.validators[(key, given)] = self._validator(content[given]["schema"])
        body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
        return self._fault_of_json(validator, body) or self._fault_of_status(given, answer)

    def _fault_of_json(self, validator, body):
        try:
            value = json.loads(body)
        except ValueError as error:
            return f"the body is no JSON: {error}"
        error = next(validator.iter_errors(value), None)
        return f"the body at /{'/'.join(map(str, error.absolute_path))}: {error.message}" if error else None

    def _fault_of_status(self, content_type, answer):
        if content_type == PROBLEM and json.loads(answer.body)["status"] != answer.status:
            return "the problem's status is not the answer's"
        return None
