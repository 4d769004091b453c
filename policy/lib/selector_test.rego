# Selectors as Kubernetes reads them.
package lib.selector_test

import data.lib.selector

labels := {"app": "api", "tier": ""}

expression(key, operator, values) := {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}

test_matches[what] if {
	some what, chosen in {
		"everything by nothing": {},
		"everything by null": {"matchLabels": null, "matchExpressions": null},
		"labels": {"matchLabels": {"app": "api"}},
		"In": expression("app", "In", ["web", "api"]),
		"NotIn": expression("app", "NotIn", ["web"]),
		"NotIn of what is not there": expression("zone", "NotIn", ["a"]),
		"Exists": expression("tier", "Exists", null),
		"DoesNotExist": expression("zone", "DoesNotExist", null),
	}
	selector.matches(chosen, labels)
}

test_does_not_match[what] if {
	some what, chosen in {
		"by null": null,
		"another label": {"matchLabels": {"app": "web"}},
		"a label that is not there": {"matchLabels": {"zone": "a"}},
		"In": expression("app", "In", ["web"]),
		"In of what is not there": expression("zone", "In", ["a"]),
		"NotIn": expression("app", "NotIn", ["web", "api"]),
		"Exists": expression("zone", "Exists", null),
		"DoesNotExist": expression("tier", "DoesNotExist", null),
		"an operator that is unknown": expression("app", "Like", ["a"]),
		"one of two": object.union({"matchLabels": {"app": "api"}}, expression("zone", "Exists", null)),
	}
	not selector.matches(chosen, labels)
}

test_no_labels_are_chosen_by_nothing_alone if {
	selector.matches({}, {})
	selector.matches({}, null)
	not selector.matches({"matchLabels": {"app": "api"}}, null)
}
