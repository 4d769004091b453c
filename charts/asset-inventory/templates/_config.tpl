{{/* The product's own configuration, one document for each component: it holds what that component needs and nothing of the others. */}}

{{- define "inventory.config.database" -}}
{{- $postgres := .root.Values.postgres -}}
{{- $authority := ternary "&sslrootcert=/etc/inventory/postgres-ca/ca.crt" "" (and (ne $postgres.caSecret.name "") (hasPrefix "verify" $postgres.sslMode)) -}}
tenant: {{ .root.Values.tenant | quote }}
database:
  url: {{ printf "postgres://inventory_%s@%s:%d/%s?sslmode=%s%s" .role $postgres.host (int $postgres.port) $postgres.database $postgres.sslMode $authority | quote }}
  password_file: /etc/inventory/database/password
{{- end -}}

{{- define "inventory.config.auth" -}}
{{- if eq .auth.mode "token" -}}
mode: token
tokens:
  {{- toYaml .auth.tokens | nindent 2 }}
{{- else -}}
mode: oidc
issuer: {{ .root.Values.authProxy.issuerUrl | quote }}
audience: {{ default .root.Values.authProxy.clientId .auth.audience | quote }}
tenant_claim: {{ .auth.tenantClaim | quote }}
scopes_claim: {{ toJson .auth.scopesClaims }}
{{- if .root.Values.authProxy.caSecret.name }}
ca_file: /etc/inventory/issuer-ca/ca.crt
{{- end }}
{{- with .auth.tenants }}
tenants: {{ toJson . }}
{{- end }}
{{- with .auth.scopes }}
scopes: {{ toJson . }}
{{- end }}
{{- end -}}
{{- end -}}

{{- define "inventory.config.api" -}}
{{ include "inventory.config.database" (dict "root" . "role" "api") }}
api:
  listen: {{ ternary "127.0.0.1:8080" "0.0.0.0:8080" (eq .Values.authProxy.mode "sidecar") | quote }}
  auth:
    {{- include "inventory.config.auth" (dict "root" . "auth" .Values.api.auth) | nindent 4 }}
ops: { port: 9090 }
{{- /* Which collectors there are and how fresh each must be, for the alerts; their secrets stay where they run. */}}
{{- $budgets := dict }}
{{- range $name, $values := .Values.collectors }}
{{- if $values.enabled }}
{{- $_ := set $budgets $name (dict "freshness_budget" (printf "%ds" (int $values.freshnessBudgetSeconds))) }}
{{- end }}
{{- end }}
{{- with $budgets }}
collectors:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.prune.enabled }}
prune: { freshness_budget: {{ int .Values.prune.freshnessBudgetSeconds }}s }
{{- end }}
{{- end -}}

{{- define "inventory.config.ingest" -}}
{{ include "inventory.config.database" (dict "root" . "role" "ingest") }}
ingest:
  listen: "0.0.0.0:8081"
  auth:
    {{- include "inventory.config.auth" (dict "root" . "auth" .Values.ingest.auth) | nindent 4 }}
  requests_per_minute: {{ .Values.ingest.requestsPerMinute }}
  {{- with .Values.ingest.allowHosts }}
  allow_hosts: {{ toJson . }}
  {{- end }}
ops: { port: 9090 }
{{- end -}}

{{- define "inventory.config.collector" -}}
{{ include "inventory.config.database" (dict "root" .root "role" "collector") }}
{{- with .values.config }}
collectors:
  {{ $.collector }}:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- end -}}

{{- define "inventory.config.prune" -}}
{{ include "inventory.config.database" (dict "root" . "role" "prune") }}
retention:
  {{- toYaml .Values.prune.retention | nindent 2 }}
{{- end -}}

{{- define "inventory.config.migrate" -}}
{{ include "inventory.config.database" (dict "root" . "role" "migrate") }}
{{- end -}}
