# What is told can be found: by rule, object and container, also where these have no name.
package lib.report_test

import data.lib.report

test_names_the_object if {
	report.on("W1", {"kind": "Job", "metadata": {"name": "a"}}, "wrong") == {
		"msg": "W1: Job a: wrong",
		"details": {"rule": "W1"},
	}
}

test_names_the_container if {
	report.on_container("W1", {"kind": "Job", "metadata": {"name": "a"}}, {"name": "b"}, "wrong") == {
		"msg": "W1: Job a, container b: wrong",
		"details": {"rule": "W1", "container": "b"},
	}
}

test_bears_what_has_no_name if {
	report.on_container("W1", {"kind": "Pod"}, {}, "wrong").msg == "W1: Pod without a name, container without a name: wrong"
}
