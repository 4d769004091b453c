# What looks like a secret, and what only reminds of one.
package lib.secrets_test

import data.lib.secrets

# In two parts, so that nobody who searches this repository for secrets takes them for real ones.
test_recognises[note] if {
	some note, parts in {
		"a private key": ["-----BE", "GIN PRIVATE KEY-----\nMIIE"],
		"a password in a URL": ["url: postgres://inventory_api:pw@", "db.example/inventory"],
		"a proxy's password": ["http://user:pw@", "proxy.example:3128"],
		"a key of AWS": ["id: AKI", "AIOSFODNN7EXAMPLE"],
		"a session of AWS": ["ASI", "AIOSFODNN7EXAMPLE"],
		"a token of GitHub": ["gh", "p_abcdefghijklmnopqrst"],
		"a token of Grafana": ["gl", "sa_abcdefghijklmnopqrst"],
		"a key of Google": ["AI", "zaabcdefghijklmnopqrstuvwxyz123456789"],
		"a token of Google": ["ya", "29.abcdefghijklmnopqrst"],
		"a token of Slack": ["xo", "xb-abcdefghij"],
		"a secret of Entra ID": ["abc8", "Q~abcdefghijklmnopqrstuvwxyz1234"],
		"a JSON Web Token": ["Bearer ey", "JhbGciOi.eyJzdWIi.c2lnbmF0dXJl"],
	}
	secrets.holds_one(concat("", parts))
}

test_bears[text] if {
	some text in [
		"",
		"postgres://inventory_api@db.example:5432/inventory?sslmode=verify-full",
		"https://idp.example:8443/realms/main",
		"http://a:3128, mail to b@example.com",
		"-----BEGIN CERTIFICATE-----",
		"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		"password_file: /etc/inventory/database/password",
		"arn:aws:iam::111122223333:role/collector",
	]
	not secrets.holds_one(text)
}

test_recognises_the_name[name] if {
	some name in ["PGPASSWORD", "API_TOKEN", "clientSecret", "AWS_ACCESS_KEY_ID", "SENTRY_DSN", "CONNECTION_STRING"]
	secrets.is_named_like_one(name)
}

test_bears_the_name[name] if {
	some name in ["INVENTORY_CONFIG", "INVENTORY_LOG_LEVEL", "HTTP_PROXY", "AWS_ROLE_ARN"]
	not secrets.is_named_like_one(name)
}

test_finds_every_secret_of_a_pod if {
	secrets.names_in({"spec": {
		"imagePullSecrets": [{"name": "registry"}],
		"initContainers": [{"envFrom": [{"secretRef": {"name": "set"}}, {"configMapRef": {"name": "no"}}]}],
		"containers": [{"env": [
			{"name": "A", "valueFrom": {"secretKeyRef": {"name": "variable", "key": "a"}}},
			{"name": "B", "value": "no"},
		]}],
		"volumes": [
			{"secret": {"secretName": "volume"}},
			{"projected": {"sources": [{"secret": {"name": "projected"}}, {"configMap": {"name": "no"}}]}},
			{"configMap": {"name": "no"}},
		],
	}}) == {"registry", "set", "variable", "volume", "projected"}
}
